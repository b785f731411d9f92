"""The account: API Gateway's own settings in a region."""

from __future__ import annotations

import re

from apps.accounts.models import AccountSettings
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException
from apps.control_plane.locking import hold
from apps.control_plane.patching import LISTS_PATHS, Patch, PatchTable, Rule, replaceable
from apps.control_plane.registry import Shape, operation

_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")
_API_KEY_VERSION = "4"


@operation("GetAccount")
def get_account(caller: Caller, request: Shape) -> Shape:
    """The settings; until they are first changed, AWS's defaults."""
    row = AccountSettings.objects.filter(account_id=caller.account_id, region=caller.region).first()
    return account_shape(row or AccountSettings(account_id=caller.account_id, region=caller.region))


@operation("UpdateAccount")
def update_account(caller: Caller, request: Shape) -> Shape:
    """Patch the settings. Throttle limits are not AWS's callers' to change; see `UpdateAccountThrottle`."""
    row = settings_of(caller)
    hold(row)
    _PATCHES.apply(row, request.get("patchOperations"))
    row.save()
    return account_shape(row)


def settings_of(caller: Caller) -> AccountSettings:
    """The caller's settings, which are created when there are none."""
    row, _ = AccountSettings.objects.get_or_create(account_id=caller.account_id, region=caller.region)
    return row


def account_shape(row: AccountSettings) -> Shape:
    """AWS's Account."""
    shape: Shape = {
        "throttleSettings": {"burstLimit": row.throttle_burst_limit, "rateLimit": float(row.throttle_rate_limit)},
        "features": ["UsagePlans"] if row.usage_plans_enabled else [],
        "apiKeyVersion": _API_KEY_VERSION,
    }
    if row.cloudwatch_role_arn:
        shape["cloudwatchRoleArn"] = row.cloudwatch_role_arn
    return shape


def _role_arn(value: str | None) -> str:
    if value and not _ROLE_ARN.fullmatch(value):
        raise BadRequestException("The role ARN does not have required permissions configured. Please grant trust "
                                  "permission for API Gateway and add the required role policy.")  # fmt: skip
    return value or ""


def _features(row: AccountSettings, patch: Patch) -> None:
    if patch.value != "UsagePlans":
        raise BadRequestException(f"Invalid feature specified: {patch.value}. Valid values are UsagePlans")
    if patch.op == "remove":
        raise BadRequestException("Usage Plans cannot be disabled once enabled")
    row.usage_plans_enabled = True


_PATCHES = PatchTable(
    (
        replaceable("/cloudwatchRoleArn", "cloudwatch_role_arn", _role_arn),
        Rule("/features", {"add": _features, "remove": _features}),
    ),
    LISTS_PATHS,
)
