"""What `registry.call` does for every operation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.db import IntegrityError

from apps.accounts.models import AuditEvent
from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import AccessDeniedException, ConflictException
from apps.usage_plans.models import ApiKey, UsagePlan

pytestmark = pytest.mark.django_db(transaction=True)

BORROWED = ("apigateway", "CreateVpcLink")


@pytest.fixture
def perform() -> Iterator[dict[tuple[str, str], registry.Operation]]:
    """The table of operations, put back as it was."""
    before = dict(registry._operations)
    yield registry._operations
    registry._operations.clear()
    registry._operations.update(before)


def request() -> dict[str, object]:
    return {
        "name": "a link",
        "targetArns": ["arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/a/b"],
    }


def test_an_operation_that_loses_a_race_for_a_name_is_a_conflict_and_leaves_nothing(caller: Caller, perform):
    def twice(caller: Caller, request: registry.Shape) -> registry.Shape:
        for _ in range(2):
            UsagePlan.objects.create(account_id=caller.account_id, region=caller.region, plan_id="same", name="n")
        return {}

    perform[BORROWED] = twice

    with pytest.raises(ConflictException, match="concurrent modification"):
        registry.call(caller, *BORROWED, request())

    assert not UsagePlan.objects.exists()


def test_a_row_that_breaks_a_rule_of_ours_is_not_called_a_conflict(caller: Caller, perform):
    def incomplete(caller: Caller, request: registry.Shape) -> registry.Shape:
        ApiKey.objects.create(
            account_id=caller.account_id, region=caller.region, value="v", value_digest="d", enabled=None
        )
        return {}

    perform[BORROWED] = incomplete

    with pytest.raises(IntegrityError):
        registry.call(caller, *BORROWED, request())


def test_a_refused_operation_is_audited_with_its_error(caller: Caller):
    with pytest.raises(registry.AwsError):
        registry.call(caller, "apigateway", "DeleteRestApi", {"restApiId": "unknown000"})

    event = AuditEvent.objects.get()
    assert (event.operation, event.error, event.resource) == ("DeleteRestApi", "NotFoundException", "unknown000")


def test_the_audit_log_keeps_no_value_of_a_key(caller: Caller):
    registry.call(caller, "apigateway", "CreateApiKey", {"name": "k", "value": "a-value-that-stays-secret"})

    assert "stays-secret" not in str(AuditEvent.objects.get().request)


def test_what_a_viewer_is_refused_is_audited(caller: Caller):
    viewer = replace(caller, role="viewer")

    with pytest.raises(AccessDeniedException):
        registry.call(viewer, "apigateway", "DeleteRestApi", {"restApiId": "a1b2c3d4e5"})

    event = AuditEvent.objects.get()
    assert (event.operation, event.error, event.resource) == ("DeleteRestApi", "AccessDeniedException", "a1b2c3d4e5")
