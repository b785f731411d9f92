"""Access keys: the key pairs with which the AWS CLI and the SDKs sign. A key acts with the role of its member."""

from __future__ import annotations

from apps.accounts.models import AccessKey, Membership
from apps.control_plane.caller import Caller
from apps.control_plane.errors import (
    AccessDeniedException,
    BadRequestException,
    LimitExceededException,
    NotFoundException,
)
from apps.control_plane.registry import Shape, operation
from apps.core import ids
from apps.deployments import publisher

MAX_KEYS_PER_MEMBER = 5


@operation("CreateAccessKey", "gatehouse")
def create_access_key(caller: Caller, request: Shape) -> Shape:
    """A new key pair of the caller, or of the member whom an owner names. Its secret is in this answer alone."""
    name = request.get("userName") or own_name(caller)
    member = Membership.objects.filter(account_id=caller.account_id, user__username=name).select_related("user").first()
    if member is None:
        raise BadRequestException("Invalid user name specified: access keys belong to members of the account")
    _check_may_change(caller, name)
    if AccessKey.objects.filter(account_id=caller.account_id, user=member.user).count() >= MAX_KEYS_PER_MEMBER:
        raise LimitExceededException(f"A member can have at most {MAX_KEYS_PER_MEMBER} access keys. Delete one first.")
    secret = ids.secret_access_key()
    row = AccessKey.objects.create(account_id=caller.account_id, user=member.user, secret=secret)
    publisher.publish_credentials(caller.account_id)
    return {**access_key_shape(row), "secretAccessKey": secret}


@operation("UpdateAccessKey", "gatehouse")
def update_access_key(caller: Caller, request: Shape) -> Shape:
    """Activate or deactivate a key pair; it acts at once."""
    row = _find(caller, request["accessKeyId"])
    row.active = request["active"]
    row.save(update_fields=["active"])
    publisher.publish_credentials(caller.account_id)
    return access_key_shape(row)


@operation("DeleteAccessKey", "gatehouse")
def delete_access_key(caller: Caller, request: Shape) -> Shape:
    """Delete a key pair that has been deactivated."""
    row = _find(caller, request["accessKeyId"])
    if row.active:
        raise BadRequestException("The access key is active. Deactivate it first, and see that nothing needs it.")
    row.delete()
    publisher.publish_credentials(caller.account_id)
    return {}


def access_key_shape(row: AccessKey) -> Shape:
    """The AccessKey of `service-2.json`, without its secret."""
    name = row.user.get_username() if row.user else ""
    return {"accessKeyId": row.pk, "userName": name, "active": row.active, "createdDate": row.created}


def own_name(caller: Caller) -> str:
    """The user name of a caller who is a person: the end of `arn:aws:iam::123456789012:user/mira`."""
    kind, _, name = caller.principal.rpartition(":")[2].partition("/")
    return name if kind == "user" else ""


def _find(caller: Caller, key_id: str) -> AccessKey:
    row = AccessKey.objects.filter(pk=key_id, account_id=caller.account_id).select_related("user").first()
    if row is None:
        raise NotFoundException("Invalid access key identifier specified")
    _check_may_change(caller, row.user.get_username() if row.user else "")
    return row


def _check_may_change(caller: Caller, name: str) -> None:
    """Owners may change every key of the account, others their own."""
    if caller.role != Membership.Role.OWNER and name != own_name(caller):
        raise AccessDeniedException("Only owners of the account may change the access keys of others.")
