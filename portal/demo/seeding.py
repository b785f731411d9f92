"""The demo: the pet shop's API on a stage, offered in the developer portal under two plans. All of it by operations."""

from __future__ import annotations

from pathlib import Path

from django.db import transaction

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.deployments.models import Stage
from apps.portals.models import ProductStage

STAGE = "prod"
SLUG = "petstore"
BACKEND = "backend"

_DEFINITION = Path(__file__).with_name("petstore.yaml")
_PLANS = (
    {
        "name": "Free",
        "description": "For trying things out: 5 requests a second, 1,000 a day.",
        "throttle": {"rateLimit": 5.0, "burstLimit": 10},
        "quota": {"limit": 1_000, "period": "DAY"},
    },
    {
        "name": "Pro",
        "description": "For programs that people rely on: 50 requests a second, 1,000,000 a month.",
        "throttle": {"rateLimit": 50.0, "burstLimit": 100},
        "quota": {"limit": 1_000_000, "period": "MONTH"},
    },
)
_DESCRIPTION = """\
Browse the pets of a small shop, add one of your own, and take it home again.

1. Subscribe with an application: the **Free** plan is active at once, **Pro** asks the shop first.
2. Send the application's key in the header `x-api-key`.
3. Watch your usage grow, and see what happens when you call faster than your plan allows.
"""


def seed(caller: Caller, backend: str) -> str:
    """Make the demo in one transaction; answers the id of its API. `backend` is the pet shop's `HOST:PORT`."""
    with transaction.atomic():
        api_id: str = registry.call(caller, "apigateway", "ImportRestApi", {"body": _DEFINITION.read_bytes()})["id"]
        registry.call(
            caller,
            "apigateway",
            "CreateDeployment",
            {
                "restApiId": api_id,
                "stageName": STAGE,
                "description": "The shop opens",
                "variables": {BACKEND: backend},
            },
        )
        covered = {"apiStages": [{"apiId": api_id, "stage": STAGE}]}
        plans = [registry.call(caller, "apigateway", "CreateUsagePlan", {**plan, **covered}) for plan in _PLANS]
        product = registry.call(
            caller,
            "gatehouse",
            "CreateProduct",
            {
                "slug": SLUG,
                "name": "PetStore",
                "summary": "Pets that look for a home, for programs that look for an API.",
                "description": _DESCRIPTION,
                "stages": [{"restApiId": api_id, "stageName": STAGE}],
                "usagePlans": [
                    {"usagePlanId": plan["id"], "approvalRequired": number > 0} for number, plan in enumerate(plans)
                ],
            },
        )
        registry.call(caller, "gatehouse", "PublishProduct", {"productId": product["productId"]})
    return api_id


def existing(caller: Caller) -> str | None:
    """The id of the demo's API that was made before, as the demo's product tells; None without one."""
    offered = ProductStage.objects.filter(product__slug=SLUG, stage__name=STAGE, product__account_id=caller.account_id)
    return offered.values_list("stage__rest_api_id", flat=True).first()


def point_at(caller: Caller, api_id: str, backend: str) -> None:
    """Tell the demo's stage where the pet shop is now, unless it knows."""
    stage = Stage.objects.filter(rest_api_id=api_id, name=STAGE).first()
    if stage is None or stage.variables.get(BACKEND) == backend:
        return
    operations = [{"op": "replace", "path": f"/variables/{BACKEND}", "value": backend}]
    request = {"restApiId": api_id, "stageName": STAGE, "patchOperations": operations}
    registry.call(caller, "apigateway", "UpdateStage", request)
