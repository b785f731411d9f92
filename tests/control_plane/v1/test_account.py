"""The account's settings in a region."""

from __future__ import annotations

from typing import Any

import pytest

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException
from tests.builders import a_caller, call

ROLE = "arn:aws:iam::123456789012:role/logs"


def update(caller: Caller, op: str, path: str, value: str) -> dict[str, Any]:
    return call(caller, "UpdateAccount", patchOperations=[{"op": op, "path": path, "value": value}])


def test_settings_begin_with_awss_defaults(caller: Caller) -> None:
    assert call(caller, "GetAccount") == {
        "throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0},
        "features": ["UsagePlans"],
        "apiKeyVersion": "4",
    }


def test_the_role_for_logs_is_kept_by_region(caller: Caller) -> None:
    assert update(caller, "replace", "/cloudwatchRoleArn", ROLE)["cloudwatchRoleArn"] == ROLE
    assert call(caller, "GetAccount")["cloudwatchRoleArn"] == ROLE
    assert "cloudwatchRoleArn" not in call(a_caller(region="eu-west-1"), "GetAccount")
    assert "cloudwatchRoleArn" not in update(caller, "replace", "/cloudwatchRoleArn", "")


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        (("replace", "/cloudwatchRoleArn", "logs"), "The role ARN does not have required permissions"),
        (("add", "/features", "Canaries"), "Invalid feature specified: Canaries"),
        (("remove", "/features", "UsagePlans"), "Usage Plans cannot be disabled once enabled"),
        (("replace", "/throttleSettings/rateLimit", "1"), "Invalid patch path"),
    ],
)
def test_what_is_not_the_callers_to_change_is_refused(
    caller: Caller, patch: tuple[str, str, str], message: str
) -> None:
    with pytest.raises(BadRequestException, match=message):
        update(caller, *patch)
