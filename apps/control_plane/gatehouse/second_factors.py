"""Second factors: authenticator apps with which people sign in to the console, and whether an account asks for them."""

from __future__ import annotations

import time

from django.conf import settings
from django.utils import timezone

from apps.accounts.models import Account, Membership, RecoveryCode, SecondFactor, User
from apps.control_plane.caller import Caller
from apps.control_plane.errors import (
    AccessDeniedException,
    BadRequestException,
    ConflictException,
    NotFoundException,
)
from apps.control_plane.gatehouse.access_keys import own_name
from apps.control_plane.registry import Shape, operation
from apps.core import totp

ISSUER = "Gatehouse"
WRONG_CODE = "That code is not right, or it has been used. Wait for the next one and try again."


@operation("GetSecondFactor", "gatehouse")
def get_second_factor(caller: Caller, request: Shape) -> Shape:
    """Whether somebody of the account signs in with a second factor; oneself, unless a name is given."""
    user = _member(caller, request.get("userName") or own_name(caller)).user
    factor = _confirmed(user)
    return {
        "userName": user.get_username(),
        "active": factor is not None,
        "recoveryCodesLeft": user.recovery_codes.count() if factor else 0,
        "accountRequires": _account(caller).second_factor_required,
        **({"confirmedDate": factor.confirmed} if factor else {}),
    }


@operation("CreateSecondFactor", "gatehouse")
def create_second_factor(caller: Caller, request: Shape) -> Shape:
    """A fresh secret for one's app. One that was never confirmed gives way to it; one that asks for codes does not."""
    user = _oneself(caller)
    if _confirmed(user) is not None:
        raise ConflictException("You have an authenticator app already. Take it away first.")
    secret = totp.new_secret()
    SecondFactor.objects.update_or_create(user=user, defaults={"secret": secret, "last_step": -1})
    return {"secret": secret, "enrollmentUri": totp.enrollment_uri(secret, user.get_username(), ISSUER)}


@operation("ConfirmSecondFactor", "gatehouse")
def confirm_second_factor(caller: Caller, request: Shape) -> Shape:
    """The first code of the app. From now on signing in asks for one."""
    user = _oneself(caller)
    factor = SecondFactor.objects.filter(user=user, confirmed=None).first()
    if factor is None:
        raise ConflictException("There is no authenticator app to confirm. Begin anew.")
    if not _use_code(factor, request["code"]):
        raise BadRequestException(WRONG_CODE)
    factor.confirmed = timezone.now()
    factor.save(update_fields=["confirmed"])
    return {"recoveryCodes": _renew_recovery_codes(user)}


@operation("CreateRecoveryCodes", "gatehouse")
def create_recovery_codes(caller: Caller, request: Shape) -> Shape:
    """New recovery codes; those there were are worth nothing."""
    user = _oneself(caller)
    _verify(user, request["code"])
    return {"recoveryCodes": _renew_recovery_codes(user)}


@operation("DeleteSecondFactor", "gatehouse")
def delete_second_factor(caller: Caller, request: Shape) -> Shape:
    """Take one's own app away, which only somebody who holds it can."""
    user = _oneself(caller)
    _verify(user, request["code"])
    _take_away(user)
    return {}


@operation("VerifySecondFactor", "gatehouse")
def verify_second_factor(caller: Caller, request: Shape) -> Shape:
    """The second step of signing in."""
    user = _oneself(caller)
    by = _verify(user, request["code"])
    return {"by": by, "recoveryCodesLeft": user.recovery_codes.count()}


@operation("ResetSecondFactor", "gatehouse")
def reset_second_factor(caller: Caller, request: Shape) -> Shape:
    """Take a member's app away, who has lost it and the recovery codes.

    It guards everything that the person belongs to, so owners do this only for those of their own account alone; the operator can always.
    """
    _check_owner(caller)
    user = _member(caller, request["userName"]).user
    elsewhere = Membership.objects.filter(user=user).exclude(account_id=caller.account_id).exists()
    if own_name(caller) and (elsewhere or user.is_staff or user.is_superuser):
        raise ConflictException(
            "This person belongs to other accounts too, or administers the installation: whoever operates it can do this."
        )
    if not _take_away(user):
        raise NotFoundException("This person has no second factor.")
    return {}


@operation("GetAccountSecurity", "gatehouse")
def get_account_security(caller: Caller, request: Shape) -> Shape:
    """What the account asks of its people."""
    return {"secondFactorRequired": _account(caller).second_factor_required}


@operation("PutAccountSecurity", "gatehouse")
def put_account_security(caller: Caller, request: Shape) -> Shape:
    """Ask everybody for a second factor, or leave it to them. Who has none sets one up before they see another page."""
    _check_owner(caller)
    account = _account(caller)
    account.second_factor_required = request["secondFactorRequired"]
    account.save(update_fields=["second_factor_required"])
    return get_account_security(caller, {})


def _verify(user: User, code: str) -> str:
    """Take a code of the app or a recovery code, once; raises BadRequestException. Tells which it was."""
    factor = _confirmed(user)
    if factor is None:
        raise ConflictException("There is no authenticator app.")
    if _use_code(factor, code):
        return "code"
    digest = totp.recovery_code_digest(code, settings.RECOVERY_CODE_KEY)
    deleted, _ = RecoveryCode.objects.filter(user=user, digest=digest).delete()
    if deleted != 1:
        raise BadRequestException(WRONG_CODE)
    return "recoveryCode"


def _use_code(factor: SecondFactor, code: str) -> bool:
    """Whether it is a code of the app that is newer than those taken before; of two at once, one wins."""
    step = totp.matching_step(str(factor.secret), "".join(code.split()), time.time())
    newer = SecondFactor.objects.filter(pk=factor.pk, last_step__lt=step) if step is not None else None
    return newer is not None and newer.update(last_step=step) == 1


def _renew_recovery_codes(user: User) -> list[str]:
    codes = totp.new_recovery_codes()
    user.recovery_codes.all().delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, digest=totp.recovery_code_digest(code, settings.RECOVERY_CODE_KEY)) for code in codes
    )
    return codes


def _take_away(user: User) -> bool:
    user.recovery_codes.all().delete()
    deleted, _ = SecondFactor.objects.filter(user=user).delete()
    return deleted > 0


def _confirmed(user: User) -> SecondFactor | None:
    return SecondFactor.objects.filter(user=user).exclude(confirmed=None).first()


def _oneself(caller: Caller) -> User:
    return _member(caller, own_name(caller)).user


def _member(caller: Caller, name: str) -> Membership:
    rows = Membership.objects.filter(account_id=caller.account_id, user__username=name).select_related("user")
    row = rows.first()
    if row is None:
        raise NotFoundException("Invalid user name specified")
    return row


def _account(caller: Caller) -> Account:
    return Account.objects.get(pk=caller.account_id)


def _check_owner(caller: Caller) -> None:
    if caller.role != Membership.Role.OWNER:
        raise AccessDeniedException("Only owners of the account may change what it asks of its people.")
