"""Callers who have shown a certificate: what functions and authorizers of each kind of API are told of it."""

from __future__ import annotations

from typing import Any

import pytest
import trustme

from apps.core.documents import ApiMapping, DomainDocument
from apps.core.secrets import DocumentSeal
from apps.core.v2_documents import V2Authorizer
from gateway_runtime.tls.contexts import trust_of
from gateway_runtime.tls.peer import TlsPeer
from tests.gateway_runtime.plane import http_apis
from tests.gateway_runtime.plane.authorizers import by_function, grant, guarded
from tests.gateway_runtime.plane.builders import API, SECRET, lambda_proxy, rest_api, stage
from tests.gateway_runtime.plane.certified import certified, pem_of
from tests.gateway_runtime.plane.harness import FakeClock, GatewayHarness
from tests.gateway_runtime.plane.http_apis import HTTP_API, http_api, route
from tests.gateway_runtime.plane.sockets import LAMBDA

NAME = "mutual.example.com"
TOLD = {
    "clientCertPem": "-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n",
    "subjectDN": "CN=anna",
    "issuerDN": "CN=Clients",
    "serialNumber": "0a:1b",
    "validity": {"notBefore": "May 28 12:30:02 2019 GMT", "notAfter": "Aug  5 09:36:04 2021 GMT"},
}
CLIENTS = trustme.CA()
OK = {"statusCode": 200}


def a_name(api_id: str, stage_name: str = "prod") -> DomainDocument:
    mapping = (ApiMapping(base_path="", api_id=api_id, stage_name=stage_name),)
    members = {"mutual_tls": True, "trust_store": pem_of(CLIENTS), "mappings": mapping}
    return certified(NAME, trustme.CA(), DocumentSeal(SECRET), **members)


@pytest.fixture
def anna(clock: FakeClock) -> TlsPeer:
    """The other end of a connection on which a trusted certificate was shown."""
    peer = TlsPeer(NAME, trust_of(pem_of(CLIENTS)))
    peer.expires_at = clock.now + 60
    plain = {name: value for name, value in TOLD.items() if name != "validity"} | {
        f"validity.{name}": value
        for name, value in TOLD["validity"].items()  # type: ignore[attr-defined]
    }
    peer.identity = {f"clientCert.{name}": str(value) for name, value in plain.items()}
    return peer


def events(gateway: GatewayHarness) -> list[Any]:
    return [invocation.event for invocation in gateway.functions.invocations]


async def test_a_function_and_an_authorizer_of_a_rest_api_are_told(gateway: GatewayHarness, anna: TlsPeer) -> None:
    gateway.functions.runs("gatekeeper", grant())
    gateway.functions.runs("pets", OK)
    asks = by_function(kind="REQUEST", identity_sources=("method.request.header.X-Who",))
    gateway.serve(rest_api(guarded("/pets", lambda_proxy("pets")), asks, stage("prod")), a_name(API))

    answer = await gateway.get("/pets", host=NAME, peer=anna, x_who="anna")

    assert answer.status == 200
    assert [event["requestContext"]["identity"]["clientCert"] for event in events(gateway)] == [TOLD, TOLD]


@pytest.mark.parametrize("version", ["1.0", "2.0"])
async def test_a_function_and_an_authorizer_of_an_http_api_are_told(
    gateway: GatewayHarness, anna: TlsPeer, version: str
) -> None:
    asks = V2Authorizer(
        id="auth01", name="who", type="REQUEST", uri=LAMBDA.format(gateway.functions.runs("who", grant())),
        payload_format_version=version,
    )  # fmt: skip
    behind = http_apis.function(gateway.functions.runs("pets", OK), version)
    guarded_route = route("GET /pets", behind, authorization_type="CUSTOM", authorizer_id="auth01")
    gateway.serve(*http_api(guarded_route, authorizers=(asks,)), a_name(HTTP_API, "$default"))

    answer = await gateway.get("/pets", host=NAME, peer=anna)

    assert answer.status == 200
    place = "authentication" if version == "2.0" else "identity"
    assert [event["requestContext"][place]["clientCert"] for event in events(gateway)] == [TOLD, TOLD]


async def test_nothing_is_told_where_no_certificate_was_asked_for(gateway: GatewayHarness, anna: TlsPeer) -> None:
    behind = http_apis.function(gateway.functions.runs("pets", OK))
    gateway.serve(*http_api(route("GET /pets", behind)))

    await gateway.get("/pets", host=http_apis.HOST, peer=anna)

    assert "authentication" not in events(gateway)[0]["requestContext"]


async def test_a_certificate_that_ends_while_the_connection_lasts_is_trusted_no_longer(
    gateway: GatewayHarness, anna: TlsPeer, clock: FakeClock
) -> None:
    gateway.functions.runs("pets", OK)
    gateway.serve(
        rest_api(guarded("/pets", lambda_proxy("pets"), authorization_type="NONE"), stage("prod")), a_name(API)
    )

    before = await gateway.get("/pets", host=NAME, peer=anna)
    clock.pass_seconds(61)
    after = await gateway.get("/pets", host=NAME, peer=anna)

    assert (before.status, after.status) == (200, 403)
    assert after.json() == {"message": "Forbidden"}
