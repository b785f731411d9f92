"""Usage plans, API keys and limits of accounts become documents."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from apps.accounts.models import AccountSettings
from apps.core import documents
from apps.deployments.plan_documents import account_document, keys_documents, plan_document
from apps.usage_plans.models import QuotaExtension, UsagePlanStage
from tests.rows import REGION, make_key, make_plan


def test_a_plan_document_tells_limits_and_stages(account):
    plan = make_plan(
        account, throttle_rate_limit=5, throttle_burst_limit=10, quota_limit=1000, quota_period="WEEK", quota_offset=2
    )
    UsagePlanStage.objects.create(
        plan=plan, rest_api_id="a1", stage_name="prod", throttle={"/pets/GET": {"rateLimit": 1, "burstLimit": 2}}
    )

    document = plan_document(plan)

    assert document.throttle == documents.Throttle(rate=5.0, burst=10)
    assert document.quota == documents.Quota(limit=1000, period="WEEK", offset=2)
    assert document.stages[0].method_throttles == {"/pets/GET": documents.Throttle(rate=1.0, burst=2)}


@pytest.mark.parametrize("key", ["//GET", "/GET"])
def test_a_plan_s_throttle_of_the_root_has_one_key_however_it_is_written(account, key):
    plan = make_plan(account)
    UsagePlanStage.objects.create(
        plan=plan, rest_api_id="a1", stage_name="prod", throttle={key: {"rateLimit": 1, "burstLimit": 2}}
    )

    assert list(plan_document(plan).stages[0].method_throttles) == ["/GET"]


def test_a_plan_without_limits_has_none(account):
    document = plan_document(make_plan(account))

    assert (document.throttle, document.quota) == (None, None)


def test_a_keys_document_tells_plans_expiry_and_the_latest_extension(account):
    first, second = make_plan(account, "first"), make_plan(account, "second")
    key = make_key(account, "mine", second, first, expires_at=datetime(2030, 1, 1, tzinfo=UTC))
    membership = key.plans.get(plan=first)
    QuotaExtension.objects.create(membership=membership, period_start=date(2026, 2, 1), requests=7)
    QuotaExtension.objects.create(membership=membership, period_start=date(2026, 1, 1), requests=5)

    shard = documents.key_shard(key.key_id)
    document = keys_documents(account.id, REGION, [shard])[shard]

    assert len(document.keys) == 1
    told = document.keys[0]
    assert told.plan_ids == (second.plan_id, first.plan_id)
    assert told.expires_at == datetime(2030, 1, 1, tzinfo=UTC).timestamp()
    assert told.quota_extensions == {first.plan_id: documents.QuotaExtension(period_start="2026-02-01", requests=7)}
    assert b"value-of-mine" not in documents.encode(document)


def test_keys_are_read_with_as_many_queries_for_many_as_for_one(account, django_assert_max_num_queries):
    plan = make_plan(account)
    keys = [make_key(account, f"key{number}", plan) for number in range(30)]

    with django_assert_max_num_queries(5):
        found = keys_documents(account.id, REGION, {documents.key_shard(key.key_id) for key in keys})

    assert sum(len(document.keys) for document in found.values()) == 30


def test_an_account_document_tells_the_accounts_limits(account):
    settings = AccountSettings(account=account, region=REGION, throttle_rate_limit=100, throttle_burst_limit=50)

    assert account_document(settings).throttle == documents.Throttle(rate=100, burst=50)


def test_an_account_whose_limits_nobody_has_set_has_those_that_the_runtime_assumes(account):
    settings = AccountSettings(account=account, region=REGION)

    assert account_document(settings).throttle == documents.ACCOUNT_THROTTLE
