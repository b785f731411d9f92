"""Policies of members: what their signed calls of APIs may do, beyond what their role lets them."""

from __future__ import annotations

import re

from apps.accounts.models import Membership, UserPolicy
from apps.control_plane.caller import Caller
from apps.control_plane.errors import (
    AccessDeniedException,
    BadRequestException,
    LimitExceededException,
    NotFoundException,
)
from apps.control_plane.gatehouse.access_keys import own_name
from apps.control_plane.registry import Shape, operation
from apps.core.iam import IllFormedPolicy, compile_policy
from apps.deployments import publisher

MAX_POLICIES = 10
LONGEST_DOCUMENT = 6_144  # characters
_NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)


@operation("PutUserPolicy", "gatehouse")
def put_user_policy(caller: Caller, request: Shape) -> Shape:
    """Give a member a policy, or write one of its name anew; it acts at once."""
    _check_owner(caller)
    member, name, document = _member(caller, request), request["policyName"], request["policyDocument"]
    if not _NAME.fullmatch(name):
        raise BadRequestException("The specified value for policyName is invalid. It must match [\\w+=,.@-]{1,128}")
    try:
        compile_policy(document, principals=False, longest=LONGEST_DOCUMENT)
    except IllFormedPolicy as error:
        raise BadRequestException(f"The policy is not well formed. {error}") from error
    if not member.policies.filter(name=name).exists() and member.policies.count() >= MAX_POLICIES:
        raise LimitExceededException(f"A member can have at most {MAX_POLICIES} policies.")
    row, _ = UserPolicy.objects.update_or_create(membership=member, name=name, defaults={"document": document})
    publisher.publish_credentials(caller.account_id)
    return _shape(row, request)


@operation("GetUserPolicy", "gatehouse")
def get_user_policy(caller: Caller, request: Shape) -> Shape:
    """One policy of a member."""
    return _shape(_find(caller, request), request)


@operation("ListUserPolicies", "gatehouse")
def list_user_policies(caller: Caller, request: Shape) -> Shape:
    """The policies of a member, by name."""
    return {"items": [_shape(row, request) for row in _member(caller, request).policies.order_by("name")]}


@operation("DeleteUserPolicy", "gatehouse")
def delete_user_policy(caller: Caller, request: Shape) -> Shape:
    """Take a policy from a member; it ends at once."""
    _check_owner(caller)
    _find(caller, request).delete()
    publisher.publish_credentials(caller.account_id)
    return {}


def _shape(row: UserPolicy, request: Shape) -> Shape:
    return {"userName": request["userName"], "policyName": row.name, "policyDocument": row.document}


def _member(caller: Caller, request: Shape) -> Membership:
    name = request["userName"]
    if caller.role == Membership.Role.VIEWER and name != own_name(caller):
        raise AccessDeniedException("Viewers may see their own policies only.")
    row = Membership.objects.filter(account_id=caller.account_id, user__username=name).first()
    if row is None:
        raise NotFoundException("Invalid user name specified")
    return row


def _find(caller: Caller, request: Shape) -> UserPolicy:
    row = _member(caller, request).policies.filter(name=request["policyName"]).first()
    if row is None:
        raise NotFoundException("Invalid policy name specified")
    return row


def _check_owner(caller: Caller) -> None:
    if caller.role != Membership.Role.OWNER:
        raise AccessDeniedException("Only owners of the account may change what its members may do.")
