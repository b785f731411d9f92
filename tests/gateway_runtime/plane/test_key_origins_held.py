"""API keys that may be used from some networks and websites alone."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from apps.core.trusted_proxies import TrustedProxies
from tests.gateway_runtime.plane.builders import get, key, keys, mock, plan, rest_api, stage
from tests.gateway_runtime.plane.harness import GatewayHarness
from tests.gateway_runtime.plane.test_trusted_proxies import behind, request

KEY = "a-key-of-twenty-bytes"
SHOP = "https://shop.example.com"


def serve(gateway: GatewayHarness, **members: Any) -> None:
    gateway.stories.per_second = 1
    route = get("/pets", mock()).with_key()
    gateway.serve(rest_api(route, stage("prod", log="$context.status")), plan(), keys(key(KEY, **members)))


@pytest.mark.parametrize(
    ("members", "headers", "status"),
    [
        ({"source_networks": ("192.0.2.0/24",)}, {}, 200),
        ({"source_networks": ("198.51.100.0/24",)}, {}, 403),
        ({"websites": (SHOP,)}, {"origin": SHOP}, 200),
        ({"websites": (SHOP,)}, {"origin": "https://evil.com"}, 403),
        ({"websites": (SHOP,)}, {"referer": f"{SHOP}/cart"}, 200),
        ({"websites": (SHOP,)}, {}, 403),
        ({}, {"origin": "https://evil.com"}, 200),
    ],
)
async def test_a_key_works_from_its_networks_and_websites(
    gateway: GatewayHarness, members: dict[str, Any], headers: dict[str, str], status: int
) -> None:
    serve(gateway, **members)

    answers = [await gateway.get("/prod/pets", x_api_key=KEY, **headers) for _ in range(2)]

    assert [answer.status for answer in answers] == [status] * 2
    if status == 403:
        assert answers[0].json() == {"message": "Forbidden"}
        assert answers[0].header("x-amzn-errortype") == "ForbiddenException"
        assert gateway.stories.kept[0].error == "INVALID_API_KEY"
        assert "the key is not for" in gateway.stories.kept[0].detail


async def test_a_refused_call_draws_on_nothing(gateway: GatewayHarness) -> None:
    serve(gateway, source_networks=("198.51.100.0/24",))

    await gateway.get("/prod/pets", x_api_key=KEY)

    assert gateway.meter.uses == []


async def test_behind_a_trusted_proxy_the_caller_s_address_counts(gateway: GatewayHarness) -> None:
    serve(gateway, source_networks=("198.51.100.0/24",))

    async with behind(gateway, TrustedProxies((ip_network("127.0.0.0/8"),))) as edge:
        for caller in ("198.51.100.9", "203.0.113.1"):
            await edge.talk(request(x_api_key=KEY, x_forwarded_for=caller))

    assert gateway.logs.lines == ["200\n", "403\n"]
