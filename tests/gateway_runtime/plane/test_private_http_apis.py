"""Private integrations of HTTP APIs: a V2 VPC link leads to whatever stands for the ARN that the integration names."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from apps.client_certificates.issuing import issue
from apps.core.documents import LinksDocument, LoadBalancer, Target
from tests.gateway_runtime.plane.backend import Backend
from tests.gateway_runtime.plane.builders import PLACE
from tests.gateway_runtime.plane.harness import Answer, GatewayHarness
from tests.gateway_runtime.plane.http_apis import HOST, http_api, proxy, route

BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/shop/50dc6c495c0c9188"
LISTENER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2"
SERVICE = "arn:aws:servicediscovery:us-east-1:123456789012:service/srv-e4anhexample0004"


def links(*targets: Target, arn: str = BALANCER) -> LinksDocument:
    return LinksDocument(**PLACE, links={"link01": ()}, balancers={arn: LoadBalancer(targets=targets)})


def api(uri: str, **members: Any) -> tuple[Any, ...]:
    integration = proxy(uri, connection_type="VPC_LINK", connection_id="link01", **members)
    return http_api(route("ANY /{proxy+}", integration), stage="prod", variables={"arn": LISTENER})


async def call(gateway: GatewayHarness, path: str = "/prod/pets?a=1") -> Answer:
    return await gateway.call("GET", path, host=HOST)


@pytest.mark.parametrize("uri", [LISTENER, "${stageVariables.arn}"])
async def test_a_listener_stands_for_its_load_balancer(gateway: GatewayHarness, backend: Backend, uri: str) -> None:
    gateway.serve(*api(uri), links(Target(host="127.0.0.1", port=backend.port)))

    answer = await call(gateway)

    assert answer.status == 200
    assert [request.target for request in backend.requests] == ["/prod/pets?a=1"]


async def test_a_service_of_cloud_map_is_found_by_its_name(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.serve(*api(SERVICE), links(Target(host="localhost", port=backend.port), arn=SERVICE))

    assert (await call(gateway)).status == 200
    assert len(backend.requests) == 1


@pytest.mark.parametrize("arn", [SERVICE, LISTENER.replace("/shop/", "/other/")])
async def test_what_nothing_stands_for_is_an_error_of_configuration(
    gateway: GatewayHarness, backend: Backend, arn: str
) -> None:
    gateway.serve(*api(arn), links(Target(host="127.0.0.1", port=backend.port)))

    answer = await call(gateway)

    assert (answer.status, answer.json()) == (500, {"message": "Internal Server Error"})


async def test_a_target_that_is_away_is_unavailable(gateway: GatewayHarness) -> None:
    gateway.serve(*api(LISTENER), links(Target(host="127.0.0.1", port=1)))

    assert (await call(gateway)).status == 503


async def test_a_server_name_turns_tls_on_and_has_to_be_in_the_certificate(
    gateway: GatewayHarness, tmp_path: Path
) -> None:
    server = issue(datetime.now(UTC).replace(microsecond=0))
    pem = tmp_path / "server.pem"
    pem.write_text(server.certificate + server.private_key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    asked: list[str | None] = []
    context.sni_callback = lambda connection, name, context: asked.append(name)

    async with Backend(context) as backend:
        target = Target(host="127.0.0.1", port=backend.port)
        gateway.serve(*api(LISTENER, server_name_to_verify="shop.example.com"), links(target))
        answer = await call(gateway)

        assert answer.status == 503, "the certificate is nobody's that is trusted"
        assert backend.requests == []
    assert asked == ["shop.example.com"]
