"""People: who belongs to an account and in which role. There is always an owner."""

from __future__ import annotations

import re

from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from apps.accounts.models import AccessKey, Membership, User
from apps.control_plane.caller import Caller
from apps.control_plane.errors import (
    AccessDeniedException,
    BadRequestException,
    ConflictException,
    NotFoundException,
)
from apps.control_plane.gatehouse.access_keys import own_name
from apps.control_plane.paging import page, paged
from apps.control_plane.registry import Shape, operation
from apps.deployments import publisher

_USER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@operation("ListMemberships", "gatehouse")
def list_memberships(caller: Caller, request: Shape) -> Shape:
    """The people of the account, by user name."""
    rows = (
        Membership.objects.filter(account_id=caller.account_id)
        .select_related("user__second_factor")
        .prefetch_related("user__identities", "teams")
    )
    found, position = page(rows, request, "user__username")
    return paged([membership_shape(row) for row in found], position)


@operation("GetMembership", "gatehouse")
def get_membership(caller: Caller, request: Shape) -> Shape:
    """One member of the account."""
    return membership_shape(_find(caller, request["userName"]))


@operation("CreateUser", "gatehouse")
def create_user(caller: Caller, request: Shape) -> Shape:
    """A new person, who is a member of the account. They have no password until they set one themselves."""
    _check_owner(caller)
    name, email = request["userName"], request["email"].strip()
    if not _USER_NAME.fullmatch(name):
        raise BadRequestException(
            "Invalid user name specified: letters, digits, '.', '_' and '-', at most 64, beginning with a letter or digit"
        )
    try:
        validate_email(email)
    except ValidationError as error:
        raise BadRequestException("Invalid e-mail address specified") from error
    role = _role(request["role"])
    if User.objects.filter(username__iexact=name).exists():
        raise ConflictException(f"A person with the user name {name} exists already.")
    if User.objects.filter(email__iexact=email).exists():
        raise ConflictException(f"A person with the e-mail address {email} exists already.")
    user = User(username=name, email=email)
    user.set_unusable_password()
    user.save()
    return membership_shape(_join(caller, user, role))


@operation("CreateInvitation", "gatehouse")
def create_invitation(caller: Caller, request: Shape) -> Shape:
    """A secret with which a person who has no password sets one, once. It is in this answer alone.

    It opens everything that the person belongs to, so it is made only for one who belongs to this account and no other.
    """
    _check_owner(caller)
    user = _find(caller, request["userName"]).user
    elsewhere = Membership.objects.filter(user=user).exclude(account_id=caller.account_id).exists()
    if (
        user.has_usable_password()
        or user.identities.exists()
        or elsewhere
        or user.is_staff
        or user.is_superuser
        or not user.is_active
    ):
        raise ConflictException("Only somebody without a password, who belongs to this account alone, can be invited.")
    return {"userName": user.get_username(), "invitation": invitation_of(user)}


@operation("PutMembership", "gatehouse")
def put_membership(caller: Caller, request: Shape) -> Shape:
    """Give somebody a role in the account, or another one.

    People are named by user name: an e-mail address may be claimed by somebody who has not confirmed it.
    """
    _check_owner(caller)
    role = _role(request["role"])
    user = _person(request["userName"])
    row = Membership.objects.filter(account_id=caller.account_id, user=user).first()
    if row is None:
        return membership_shape(_join(caller, user, role))
    if role != Membership.Role.OWNER:
        _check_not_last_owner(row)
    row.role = role
    row.save(update_fields=["role"])
    publisher.publish_credentials(caller.account_id)
    return membership_shape(row)


@operation("DeleteMembership", "gatehouse")
def delete_membership(caller: Caller, request: Shape) -> Shape:
    """Take somebody out of the account, with their access keys. Owners may do so with everybody, others with themselves."""
    row = _find(caller, request["userName"])
    if row.user.get_username() != own_name(caller):
        _check_owner(caller)
    _check_not_last_owner(row)
    AccessKey.objects.filter(account_id=caller.account_id, user=row.user).delete()
    row.delete()
    publisher.publish_credentials(caller.account_id)
    return {}


def invitation_of(user: User) -> str:
    """The secret; it fits until the person sets a password or signs in, for three days."""
    return f"{urlsafe_base64_encode(str(user.pk).encode())}.{default_token_generator.make_token(user)}"


def invited(invitation: str) -> User | None:
    """The person whom an invitation is for; None when it is none, was used or is too old."""
    encoded, _, token = invitation.partition(".")
    try:
        key = int(urlsafe_base64_decode(encoded).decode())
    except ValueError:
        return None
    user = User.objects.filter(pk=key, is_active=True).first()
    if user is None or user.has_usable_password() or not default_token_generator.check_token(user, token):
        return None
    return user


def membership_shape(row: Membership) -> Shape:
    """The Membership of `service-2.json`."""
    user = row.user
    return {
        "userName": user.get_username(),
        "email": user.email,
        "role": row.role,
        "teams": sorted(team.name for team in row.teams.all()),
        "active": user.is_active,
        "hasPassword": user.has_usable_password(),
        "hasIdentity": bool(user.identities.all()),
        "hasSecondFactor": has_second_factor(user),
    }


def has_second_factor(user: User) -> bool:
    """Whether signing in asks the person for a code; their rows are best read with `user__second_factor`."""
    factor = getattr(user, "second_factor", None)
    return factor is not None and factor.confirmed is not None


def _join(caller: Caller, user: User, role: str) -> Membership:
    row = Membership.objects.create(user=user, account_id=caller.account_id, role=role)
    publisher.publish_credentials(caller.account_id)
    return row


def _find(caller: Caller, name: str) -> Membership:
    rows = Membership.objects.filter(account_id=caller.account_id, user__username=name).select_related("user")
    row = rows.first()
    if row is None:
        raise NotFoundException("Invalid user name specified")
    return row


def _person(name: str) -> User:
    found = User.objects.filter(username=name, is_active=True).first()
    if found is None:
        raise NotFoundException("Nobody has this user name.")
    return found


def _role(role: str) -> str:
    if role not in Membership.Role.values:
        raise BadRequestException(
            f"Invalid role specified: {role}. Valid values are {', '.join(Membership.Role.values)}"
        )
    return role


def _check_owner(caller: Caller) -> None:
    if caller.role != Membership.Role.OWNER:
        raise AccessDeniedException("Only owners of the account may change who belongs to it.")


def _check_not_last_owner(row: Membership) -> None:
    owners = Membership.objects.filter(account_id=row.account_id, role=Membership.Role.OWNER, user__is_active=True)
    if row.role == Membership.Role.OWNER and not owners.exclude(pk=row.pk).exists():
        raise ConflictException("The account needs an owner. Make somebody else one first.")
