"""HTTP and WebSocket APIs, and routing rules, are published and not served yet: calls of them say so, and harm nobody else."""

from __future__ import annotations

import pytest

from apps.core.documents import RoutingRule
from apps.core.v2_documents import V2DeploymentDocument, V2Route, V2StageDocument
from tests.gateway_runtime.plane.builders import API, PLACE, domain, get, mock, rest_api, stage
from tests.gateway_runtime.plane.harness import GatewayHarness

HTTP_API = "httpapi000"
HOST = "api.example.com"


def pets() -> tuple[V2DeploymentDocument, V2StageDocument]:
    """An HTTP API with a default stage."""
    place = {**PLACE, "api_id": HTTP_API, "protocol_type": "HTTP", "deployment_id": "dep001"}
    route = V2Route(id="route01", key="$default")
    return V2DeploymentDocument(**place, api_name="pets", routes=(route,)), V2StageDocument(
        **place, stage_name="$default"
    )


@pytest.mark.parametrize("path", ["/", "/pets", "/prod/pets"])
async def test_a_call_of_an_http_api_says_that_it_is_not_implemented(gateway: GatewayHarness, path: str) -> None:
    gateway.serve(*pets())

    answer = await gateway.get(path, host=f"{HTTP_API}.execute-api.localhost")

    assert (answer.status, answer.header("x-amzn-errortype")) == (501, "NotImplementedException")
    assert answer.json() == {"message": "Serving HTTP and WebSocket APIs is not implemented"}


async def test_a_rest_api_beside_it_serves(gateway: GatewayHarness) -> None:
    gateway.serve(*pets(), rest_api(get("/pets", mock(200, "pets")), stage("prod")))

    assert (await gateway.get("/prod/pets")).body == b"pets"


async def test_an_http_api_that_is_taken_away_is_unknown(gateway: GatewayHarness) -> None:
    deployment, at = pets()
    gateway.serve(deployment, at)

    gateway.withdraw(at)

    assert (await gateway.get("/", host=f"{HTTP_API}.execute-api.localhost")).status == 403


async def test_a_domain_name_whose_rules_would_count_says_that_they_are_not_implemented(
    gateway: GatewayHarness,
) -> None:
    rule = RoutingRule(priority=1, api_id=API, stage_name="prod")
    gateway.serve(
        rest_api(get("/pets", mock(200, "pets")), stage("prod")),
        domain(HOST, ("", API, "prod"), rules=(rule,), routing_mode="ROUTING_RULE_THEN_BASE_PATH_MAPPING"),
        domain("mapped.example.com", ("", API, "prod"), rules=(rule,)),
    )

    answers = [await gateway.get("/pets", host=host) for host in (HOST, "mapped.example.com")]

    assert [answer.status for answer in answers] == [501, 200]
