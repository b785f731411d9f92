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

from apps.accounts.models import AccessKey, Account, Membership, Team, User
from apps.deployments.models import Deployment, Stage
from apps.domain_names.models import DomainName, RoutingRule
from apps.functions.models import Function, FunctionCode, FunctionVersion
from apps.metering.models import TrafficMinute
from apps.portals.models import Audience, Product
from apps.rest_apis.models import Resource, RestApi
from apps.usage_plans.models import ApiKey, UsagePlan, UsagePlanKey, UsagePlanStage
from apps.v2_apis.models import VpcLink as SubnetLink
from apps.vpc_links.models import LoadBalancer, VpcLink
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
    "/console/products/new/": (16, 120),
    "/console/logs/": (16, 120),
    "/console/log-files/": (16, 120),
    "/console/api-keys/new/": (14, 60),
    "/console/choices/public_stages/?q=api": (14, 20),
    "/console/usage-plans/new/": (12, 60),
    "/console/products/": (14, 120),
    "/console/subscriptions/": (16, 120),
    "/console/domain-names/": (14, 120),
    "/console/domain-names/of/api.example.com/": (36, 150),
    "/console/access-associations/": (14, 120),
    "/console/vpc-links/": (16, 120),
    "/console/load-balancers/": (36, 120),
    "/console/certificates/": (16, 120),
    "/console/client-certificates/": (14, 120),
    "/console/functions/": (14, 120),
    "/console/functions/of/function000/": (36, 150),
    "/console/functions/of/function000/invocations/": (14, 120),
    "/console/token-issuer/": (16, 120),
    "/console/portal/pages/": (14, 120),
    "/console/portal/audiences/": (16, 120),
    "/console/portal/webhooks/": (14, 120),
    "/console/portals/": (16, 120),
    "/console/audit/": (16, 150),
    "/console/people/": (20, 150),
    "/console/access-keys/": (14, 120),
    "/console/account/": (16, 120),
    "/console/import/": (14, 60),
    "/console/apis/api0000007/": (30, 120),
    "/console/apis/api0000007/stages/": (30, 120),
    "/console/apis/api0000007/deployments/": (30, 120),
    "/console/apis/api0000007/authorizers/": (30, 120),
    "/console/apis/api0000007/models/": (30, 120),
    "/console/apis/api0000007/validators/": (30, 120),
    "/console/apis/api0000007/documentation/versions/": (30, 120),
}

# Those of the developer portal, with as much behind them.
PORTAL_BOUNDS = {
    "/": (20, 150),
    "/products/": (20, 150),
    "/search/?q=product": (24, 120),
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


def much_else(account: Account) -> None:
    """What other lists are of: as much as their limits let be, or 200."""
    mine: dict[str, Any] = {"account": account, "region": REGION}
    names = [
        DomainName(name=name, endpoint_configuration={"types": ["REGIONAL"]}, **mine)
        for name in ("api.example.com", *(f"{at}.example.com" for at in range(119)))
    ]
    DomainName.objects.bulk_create(names)
    RoutingRule.objects.bulk_create(
        RoutingRule(domain_name=names[0], rule_id=f"rule{at}", priority=at + 1, rest_api_id="api0000007", stage="prod")
        for at in range(1_000)
    )
    VpcLink.objects.bulk_create(
        VpcLink(link_id=f"link{at:03}", name="shop", target_arns=["arn"], **mine) for at in range(200)
    )
    SubnetLink.objects.bulk_create(
        SubnetLink(link_id=f"link{at:03}", name="shop", subnet_ids=["subnet-1"], **mine) for at in range(200)
    )
    LoadBalancer.objects.bulk_create(LoadBalancer(arn=f"arn:aws:x:us-east-1:1:b/{at:02}", **mine) for at in range(50))
    AccessKey.objects.bulk_create(AccessKey(pk=f"AKIA{at:016}", account=account, secret="x") for at in range(500))
    Team.objects.bulk_create(Team(account=account, name=f"team-{at:03}") for at in range(100))
    Audience.objects.bulk_create(Audience(account=account, name=f"group-{at:03}") for at in range(100))
    people = [User(username=f"person{at:03}", email=f"person{at}@example.com") for at in range(300)]
    User.objects.bulk_create(people)
    Membership.objects.bulk_create(Membership(user=one, account=account, role="viewer") for one in people)
    Product.objects.bulk_create(
        Product(product_id=f"product{at:03}", name=f"product {at}", slug=f"product-{at}", published=True, **mine)
        for at in range(200)
    )
    code = FunctionCode.objects.create(digest="0" * 64, body=b"PK\x05\x06" + bytes(18), size=22)
    functions = [Function(name=f"function{at:03}", **mine) for at in range(200)]
    Function.objects.bulk_create(functions)
    FunctionVersion.objects.bulk_create(
        FunctionVersion(function=one, version="$LATEST", code=code, runtime="python3.12", handler="app.handler")
        for one in functions
    )


def test_pages_of_a_large_account_are_few_questions_and_small(owner: Client, account: Account, valkey: Any) -> None:
    many_rows(account)
    much_traffic(account)
    much_else(account)
    owner.get(reverse("console:home"))
    bounds = {**BOUNDS, **PORTAL_BOUNDS}
    found = {}

    for address in bounds:
        began = time.monotonic()
        with CaptureQueriesContext(connection) as questions:
            page = owner.get(address)
        took = time.monotonic() - began
        assert page.status_code == 200, address
        found[address] = (len(questions), len(page.content) / 1_000)
        print(f"{address}: {len(questions)} questions, {len(page.content) / 1_000:.0f} kB, {took * 1_000:.0f} ms")

    beyond = {one: told for one, told in found.items() if told[0] > bounds[one][0] or told[1] > bounds[one][1]}
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
