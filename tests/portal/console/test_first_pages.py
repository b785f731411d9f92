"""With 500 APIs and 10,000 keys a page asks as few questions, and is as small, as with a handful."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Account
from apps.deployments.models import Deployment, Stage
from apps.metering.models import TrafficMinute
from apps.rest_apis.models import Resource, RestApi
from apps.usage_plans.models import ApiKey, UsagePlan, UsagePlanKey, UsagePlanStage
from tests.counted import answers, report

REGION = "us-east-1"
APIS, KEYS, PLANS = 500, 10_000, 200

# The most questions to the database, and the most kilobytes, of each page.
BOUNDS = {
    "/console/": (20, 120),
    "/console/?q=api": (18, 120),
    "/console/api-keys/": (14, 120),
    "/console/api-keys/?q=robot": (14, 120),
    "/console/api-keys/key0000007/": (20, 60),
    "/console/customers/": (18, 120),
    "/console/customers/of/customer7/": (20, 120),
    "/console/usage-plans/": (14, 120),
    "/console/usage-plans/plan000/": (22, 120),
    "/console/palette/?q=robot": (14, 20),
    "/console/palette/?q=api": (14, 20),
    "/console/dashboard/": (22, 120),
    "/console/dashboard/?period=30d": (22, 120),
    "/console/apis/api0000007/traffic/": (28, 120),
    "/console/apis/api0000007/traffic/?period=30d": (28, 120),
    "/console/products/new/": (16, 150),
    "/console/logs/": (16, 120),
}


def many_rows(account: Account) -> None:
    """Rows as operations leave them, but for what no list reads."""
    mine: dict[str, Any] = {"account": account, "region": REGION}
    apis = [RestApi(id=f"api{at:07}", name=f"api {at}", **mine) for at in range(APIS)]
    RestApi.objects.bulk_create(apis)
    Resource.objects.bulk_create(Resource(rest_api=api, path="/") for api in apis)
    document = "{" + " " * 20_000 + "}"
    deployments = [
        Deployment(rest_api=api, deployment_id=f"d{at}", document=document, draft_revision=0)
        for at, api in enumerate(apis)
    ]
    Deployment.objects.bulk_create(deployments)
    Stage.objects.bulk_create(Stage(rest_api=one.rest_api, name="prod", deployment=one) for one in deployments)
    keys = [
        ApiKey(
            key_id=f"key{at:07}",
            name=f"robot {at}",
            value="x",
            value_digest=f"{at:032}",
            enabled=True,
            customer_id=f"customer{at % 40}",
            **mine,
        )
        for at in range(KEYS)
    ]
    ApiKey.objects.bulk_create(keys, batch_size=1_000)
    plans = [
        UsagePlan(plan_id=f"plan{at:03}", name=f"plan {at}", quota_limit=100, quota_period="DAY", **mine)
        for at in range(PLANS)
    ]
    UsagePlan.objects.bulk_create(plans)
    UsagePlanKey.objects.bulk_create(
        (UsagePlanKey(plan=plans[0], api_key=key) for key in keys[:9_500]), batch_size=1_000
    )
    UsagePlanStage.objects.bulk_create(
        UsagePlanStage(plan=plan, rest_api_id="api0000007", stage_name="prod") for plan in plans
    )


def much_traffic(account: Account) -> None:
    """A day of all APIs, and an hour of a thousand keys by the minute."""
    mine = {"account_id": account.id, "region": REGION}
    for hour in range(0, 24, 6):
        report(*(answers(f"api{at:07}", 5, ago=60 * hour + 5, **mine) for at in range(APIS)))
    now = timezone.now().replace(second=0, microsecond=0)
    TrafficMinute.objects.bulk_create(
        (
            TrafficMinute(
                **mine, api_id="api0000007", stage_name="prod", resource="/pets", method="GET", key_id=f"key{at:07}",
                minute=now - timedelta(minutes=minute), count=1, latency_ms=5, latency_buckets={"40": 1},
            )
            for minute in range(60)
            for at in range(1_000)
        ),
        batch_size=2_000,
    )  # fmt: skip


def test_pages_of_a_large_account_are_few_questions_and_small(owner: Client, account: Account, valkey: Any) -> None:
    many_rows(account)
    much_traffic(account)
    owner.get(reverse("console:home"))
    found = {}

    for address in BOUNDS:
        began = time.monotonic()
        with CaptureQueriesContext(connection) as questions:
            page = owner.get(address)
        took = time.monotonic() - began
        assert page.status_code == 200, address
        found[address] = (len(questions), len(page.content) / 1_000)
        print(f"{address}: {len(questions)} questions, {len(page.content) / 1_000:.0f} kB, {took * 1_000:.0f} ms")

    beyond = {one: told for one, told in found.items() if told[0] > BOUNDS[one][0] or told[1] > BOUNDS[one][1]}
    assert beyond == {}


def test_a_key_beyond_those_that_are_offered_is_added_by_its_id(owner: Client, account: Account, valkey: Any) -> None:
    mine: dict[str, Any] = {"account": account, "region": REGION}
    ApiKey.objects.bulk_create(
        ApiKey(key_id=f"key{at:07}", name=f"robot {at}", value="x", value_digest=f"{at:032}", **mine)
        for at in range(201)
    )
    UsagePlan.objects.create(plan_id="plan000", name="plan", **mine)
    page = owner.get("/console/usage-plans/plan000/").content.decode()
    assert "key0000200" in page
    assert "key0000000" not in page

    owner.post("/console/usage-plans/plan000/keys/add/", {"key": "key0000000"})

    assert UsagePlanKey.objects.get().api_key.key_id == "key0000000"
