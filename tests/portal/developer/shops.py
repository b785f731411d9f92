"""Products for developers, made through the operations: two plans open to all, one that asks for approval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from tests import builders


@dataclass(frozen=True)
class Shop:
    """The product "PetStore" and where its parts are."""

    caller: Caller
    api_id: str
    product_id: str
    free: str
    pro: str
    partner: str

    def call(self, operation: str, /, **members: Any) -> dict[str, Any]:
        return registry.call(self.caller, "gatehouse", operation, members)


def make_product(caller: Caller, slug: str, name: str, *, publish: bool = True) -> Shop:
    """A product over an API of its own: `GET /pets` wants a key, `GET /health` does not."""
    api_id = builders.a_rest_api(
        caller,
        {
            "/pets": {"GET": builders.mock(api_key_required=True), "POST": builders.mock(api_key_required=True)},
            "/health": {"GET": builders.mock()},
        },
        name=name,
    )
    stage = (api_id, builders.a_stage(caller, api_id))
    quota = {"limit": 1000, "period": "MONTH"}
    free = builders.a_plan(caller, stage, name="Free", throttle={"rateLimit": 5, "burstLimit": 10}, quota=quota)
    pro = builders.a_plan(caller, stage, name="Pro", quota={**quota, "limit": 100_000})
    partner = builders.a_plan(caller, stage, name="Partner")
    product = registry.call(
        caller,
        "gatehouse",
        "CreateProduct",
        {
            "slug": slug,
            "name": name,
            "summary": "A small pet shop.",
            "description": "# Welcome\n\nCalls carry a **key**.",
            "stages": [{"restApiId": api_id, "stageName": "prod"}],
            "usagePlans": [
                {"usagePlanId": free},
                {"usagePlanId": pro},
                {"usagePlanId": partner, "approvalRequired": True},
            ],
        },
    )
    if publish:
        registry.call(caller, "gatehouse", "PublishProduct", {"productId": product["productId"]})
    return Shop(caller, api_id, product["productId"], free, pro, partner)
