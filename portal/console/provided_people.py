"""Whom the provider's word lets in: the person that its claims mean, as a member of the account in the role that they give."""

from __future__ import annotations

import re
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import IntegrityError, transaction

from apps.accounts.models import Account, Membership, ProvidedIdentity, User
from apps.control_plane import registry
from apps.control_plane.caller import Caller, system_caller
from apps.core.single_sign_on import SingleSignOn

_NO_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 56


class NotAdmitted(Exception):
    """The person is who they say, and stays out. The message is for the log; `shown` is for the page."""

    def __init__(self, message: str, shown: str) -> None:
        super().__init__(message)
        self.shown = shown


def admitted(given: SingleSignOn, claims: dict[str, Any], source_ip: str) -> User:
    """The person, who is a member afterwards, by audited operations. Raises NotAdmitted, or AwsError of an operation."""
    email = _address(claims)
    role = _role(given, claims, email)
    account = _account(given)
    caller = system_caller(account.pk, settings.ENVIRONMENT.region, "console", "single-sign-on")
    caller = Caller(**{**caller.__dict__, "source_ip": source_ip})
    try:
        with transaction.atomic():
            user = (
                _known(given, claims)
                or _linked(given, claims, email, account)
                or _created(given, claims, email, role, caller)
            )
    except IntegrityError as error:
        raise NotAdmitted(
            "two sign-ins at once", "Somebody has just signed in with this identity. Try again."
        ) from error
    if not user.is_active:
        raise NotAdmitted("deactivated", "This user has been deactivated.")
    _give_role(given, user, role, caller)
    return user


def _address(claims: dict[str, Any]) -> str:
    email = claims.get("email")
    return email.strip() if isinstance(email, str) and "@" in email and len(email) <= 254 else ""


def _role(given: SingleSignOn, claims: dict[str, Any], email: str) -> str:
    """The role that the person gets. Whoever is in none of the domains, or in no group that gives one, gets none."""
    if given.domains:
        confirmed = claims.get("email_verified") is True
        if not confirmed or email.rpartition("@")[2].lower() not in given.domains:
            raise NotAdmitted(
                f"{email!r} is in no domain that is let in", "Your address is not one of those that are let in."
            )
    if not given.roles:
        return Membership.Role.VIEWER.value
    found = claims.get(given.groups_claim)
    groups = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    role = given.role_of(frozenset(group for group in groups if isinstance(group, str)))
    if role is None:
        raise NotAdmitted("no group gives a role", "You are in no group that is let in.")
    return role


def _account(given: SingleSignOn) -> Account:
    rows = (
        Account.objects.filter(pk=given.account_id) if given.account_id else Account.objects.order_by("created", "pk")
    )
    account = rows.first()
    if account is None:
        raise NotAdmitted("there is no such account", "There is no account to sign in to.")
    return account


def _known(given: SingleSignOn, claims: dict[str, Any]) -> User | None:
    rows = ProvidedIdentity.objects.filter(issuer=given.issuer, subject=claims["sub"]).select_related("user")
    row = rows.first()
    return None if row is None else row.user


def _linked(given: SingleSignOn, claims: dict[str, Any], email: str, account: Account) -> User | None:
    """Somebody who is here already with this very address, which both sides have confirmed.

    An address that only somebody claims would hand the person over to whoever registered with it first. Who administers the installation is
    nobody's to hand over.
    """
    user = User.objects.filter(email__iexact=email).first() if email else None
    if user is None:
        return None
    invited = user.memberships.filter(account=account).exists() and not user.has_usable_password()
    confirmed = EmailAddress.objects.filter(user=user, email__iexact=email, verified=True).exists()
    if claims.get("email_verified") is not True or not (invited or confirmed) or user.is_staff or user.is_superuser:
        raise NotAdmitted(
            f"{email!r} belongs to somebody who is not known to be the same",
            "Somebody with your address is here already, and it is not certain that this is you. Ask whoever operates this installation.",
        )
    ProvidedIdentity.objects.create(user=user, issuer=given.issuer, subject=claims["sub"])
    return user


def _created(given: SingleSignOn, claims: dict[str, Any], email: str, role: str, caller: Caller) -> User:
    if not email:
        raise NotAdmitted("there is no e-mail address", "The sign-in service does not tell your e-mail address.")
    name = _free_name(str(claims.get("preferred_username") or email.partition("@")[0]))
    registry.call(caller, "gatehouse", "CreateUser", {"userName": name, "email": email, "role": role})
    user = User.objects.get(username=name)
    ProvidedIdentity.objects.create(user=user, issuer=given.issuer, subject=claims["sub"])
    return user


def _free_name(wanted: str) -> str:
    plain = _NO_NAME.sub("-", wanted.partition("@")[0]).strip("._-")[:_LONGEST_NAME] or "user"
    names = (plain, *(f"{plain}-{number}" for number in range(2, 1_000)))
    return next(name for name in names if not User.objects.filter(username__iexact=name).exists())


def _give_role(given: SingleSignOn, user: User, role: str, caller: Caller) -> None:
    """The groups decide at every sign-in; without any, who is a member already keeps the role that owners gave."""
    row = Membership.objects.filter(user=user, account_id=caller.account_id).first()
    if row is not None and (not given.roles or row.role == role):
        return
    registry.call(caller, "gatehouse", "PutMembership", {"userName": user.get_username(), "role": role})
