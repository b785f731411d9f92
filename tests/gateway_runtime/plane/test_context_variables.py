"""Every `$context` variable that AWS documents for access logs has a value in its story, or a reason to have none."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from apps.core.documents import TokenIssuer
from apps.core.environment import VpcEndpoint
from apps.core.v2_documents import V2Authorizer
from gateway_runtime.exchange import Exchange
from gateway_runtime.mapping.access_log_format import needs_times
from gateway_runtime.mapping.context import variable
from gateway_runtime.mapping.log_variables import log_variable
from gateway_runtime.ports import FunctionAnswer
from gateway_runtime.tls.peer import TLS_KEY, TlsPeer, verified_identity
from tests.conformance import context_variables
from tests.gateway_runtime.plane import http_apis, sockets
from tests.gateway_runtime.plane.authorizers import by_function, grant, guarded
from tests.gateway_runtime.plane.backend import Answer, Backend
from tests.gateway_runtime.plane.builders import (
    API,
    domain,
    get,
    http,
    http_proxy,
    key,
    keys,
    mock,
    plan,
    post,
    response,
    rest_api,
    stage,
)
from tests.gateway_runtime.plane.harness import GatewayHarness
from tests.gateway_runtime.plane.signing import credentials, send, sign
from tests.gateway_runtime.plane.sockets import LAMBDA, Path, Refused, Socket
from tests.issuer import Issuer

KEY = "a-very-long-s3cret"
SHOP = "shop.example.com"
PET = json.dumps({"type": "object", "required": ["name"]})
NOT_JSON = b"{}"

Tell = Callable[[GatewayHarness, Backend, str], Awaitable[Any]]
STORIES: dict[tuple[str, str], Tell] = {}


def story(kind: str, name: str) -> Callable[[Tell], Tell]:
    def add(tell: Tell) -> Tell:
        STORIES[kind, name] = tell
        return tell

    return add


CASES = [
    pytest.param(kind, name, tale, pattern, id=f"{kind} {name}")
    for kind, table in context_variables.ALL.items()
    for name, (tale, pattern) in table.items()
]


@pytest.mark.parametrize(("kind", "name", "tale", "pattern"), CASES)
async def test_a_documented_variable_has_its_value(
    gateway: GatewayHarness, backend: Backend, kind: str, name: str, tale: str, pattern: str
) -> None:
    backend.answers(200, b"{}", x_amzn_requestid="theirs-1", x_amz_id_2="more-1")

    value = await STORIES[kind, tale](gateway, backend, f"$context.{name}")

    assert re.fullmatch(pattern, value or gateway.logs.lines[-1].rstrip("\n"))


@pytest.mark.parametrize("name", context_variables.WITHOUT)
async def test_what_cannot_be_known_shows_as_a_dash(gateway: GatewayHarness, name: str) -> None:
    gateway.serve(rest_api(get("/pets", mock()), stage("prod", log=f"$context.{name}")))

    await gateway.get("/prod/pets")

    assert gateway.logs.lines == ["-\n"]


def gatekeeper(gateway: GatewayHarness, **members: Any) -> str:
    """A function that takes 40 ms and lets in, as Lambda answers."""

    def decide(event: Any) -> FunctionAnswer:
        gateway.clock.pass_seconds(0.04)
        answer = json.dumps(grant(context={"colour": "green"}, **members)).encode()
        return FunctionAnswer(answer, headers=((b"x-amzn-requestid", b"asked-1"),))

    return gateway.functions.runs("gatekeeper", decide)


def refuse(gateway: GatewayHarness) -> str:
    return gateway.functions.runs("gatekeeper", FunctionAnswer(b'{"errorMessage":"Unauthorized"}', "Unhandled"))


def exchange_over_tls() -> Exchange:
    """A request on a connection whose client has shown a certificate."""
    peer = TlsPeer("shop.example.com", "trust")
    peer.version, peer.cipher, peer.expires_at = "TLSv1.3", "TLS_AES_256_GCM_SHA384", 2.0
    peer.identity = {
        "clientCert.clientCertPem": "PEM", "clientCert.subjectDN": "CN=alice", "clientCert.issuerDN": "CN=authority",
        "clientCert.serialNumber": "0a:0b", "clientCert.validity.notBefore": "the beginning",
        "clientCert.validity.notAfter": "the end",
    }  # fmt: skip
    exchange = Exchange({"state": {TLS_KEY: peer}}, None, None)
    exchange.identity = verified_identity(exchange.scope, "trust", 1.0)
    return exchange


@story("REST", "mutual TLS")
@story("HTTP", "mutual TLS")
async def with_a_certificate(gateway: GatewayHarness, backend: Backend, text: str) -> str | None:
    read = variable(text.removeprefix("$context."))
    assert read is not None
    return read(exchange_over_tls())


# REST -------------------------------------------------------------------------------------------------


@story("REST", "plain")
async def plain(gateway: GatewayHarness, backend: Backend, text: str) -> None:
    route = get("/pets/{id}", http_proxy(backend.url)).with_key()
    gateway.serve(rest_api(route, stage("prod", log=text)), plan(), keys(key(KEY)))
    await gateway.get("/prod/pets/7", x_api_key=KEY, user_agent="a browser")


@story("REST", "refused")
async def refused(gateway: GatewayHarness, backend: Backend, text: str) -> None:
    route = post("/pets", mock(), validate_body=True, request_models={"application/json": "Pet"})
    gateway.serve(replace(rest_api(route, stage("prod", log=text)), models={"Pet": PET}))
    await gateway.post("/prod/pets", b"{}", content_type="application/json")


@story("REST", "broken")
async def broken(gateway: GatewayHarness, backend: Backend, text: str) -> None:
    backend.answer = Answer(raw=b"nonsense\r\n\r\n")
    gateway.serve(rest_api(get("/pets", http_proxy(backend.url)), stage("prod", log=text)))
    await gateway.get("/prod/pets")


@story("REST", "custom domain name")
async def on_a_custom_domain_name(gateway: GatewayHarness, backend: Backend, text: str) -> None:
    gateway.serve(rest_api(get("/pets", mock()), stage("prod", log=text)), domain(SHOP, ("v1/shop", API, "prod")))
    for _ in range(2):  # what is remembered of the first request holds for the second
        await gateway.get("/v1/shop/pets", host=SHOP)


@story("REST", "authorizer")
async def authorized(gateway: GatewayHarness, backend: Backend, text: str) -> None:
    gatekeeper(gateway)
    gateway.serve(rest_api(guarded(), by_function(), stage("prod", log=text)))
    await gateway.get("/prod/pets", authorization="t")


@story("REST", "turned away")
async def turned_away(gateway: GatewayHarness, backend: Backend, text: str) -> None:
    refuse(gateway)
    gateway.serve(rest_api(guarded(), by_function(), stage("prod", log=text)))
    await gateway.get("/prod/pets", authorization="t")


@story("REST", "token")
async def with_a_token(gateway: GatewayHarness, backend: Backend, text: str) -> None:
    with Issuer() as issuer:
        pool = replace_authorizer(issuer)
        gateway.serve(rest_api(guarded(authorization_type="COGNITO_USER_POOLS"), pool, stage("prod", log=text)))
        token = issuer.token(now=gateway.clock.time(), token_use="id")
        await gateway.get("/prod/pets", authorization=token)


def replace_authorizer(issuer: Issuer) -> Any:
    return by_function(
        kind="COGNITO_USER_POOLS", issuers=(TokenIssuer(issuer=issuer.url),), algorithms=("RS256",), uri=None
    )


@story("REST", "signed")
async def signed(gateway: GatewayHarness, backend: Backend, text: str, secret: str = "") -> None:
    gateway.clock.now = time.time()  # for which botocore signs
    route = get("/pets", mock(), authorization_type="AWS_IAM")
    gateway.serve(rest_api(route, stage("prod", log=text)), credentials(invokes=True))
    await send(gateway, sign(secret=secret) if secret else sign())


@story("REST", "badly signed")
async def badly_signed(gateway: GatewayHarness, backend: Backend, text: str) -> None:
    await signed(gateway, backend, text, secret="not the secret")


async def under_a_policy(gateway: GatewayHarness, text: str, effect: str) -> None:
    rule = {"Effect": effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [rule]})
    gateway.serve(replace(rest_api(get("/pets", mock()), stage("prod", log=text)), policy=policy))
    await gateway.get("/prod/pets")


@story("REST", "allowed by policy")
async def allowed(gateway: GatewayHarness, backend: Backend, text: str) -> None:
    await under_a_policy(gateway, text, "Allow")


@story("REST", "denied by policy")
async def denied(gateway: GatewayHarness, backend: Backend, text: str) -> None:
    await under_a_policy(gateway, text, "Deny")


@story("REST", "private")
async def private(gateway: GatewayHarness, backend: Backend, text: str) -> None:
    endpoint = VpcEndpoint("vpce-1", "vpc-1", (ip_network("192.0.2.0/24"),))
    gateway.services = replace(gateway.services, vpc_endpoints=(endpoint,))
    rule = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [rule]})
    gateway.serve(replace(rest_api(get("/pets", mock()), stage("prod", log=text, private=True)), policy=policy))
    await gateway.get("/prod/pets")


@story("REST", "streamed")
async def streamed(gateway: GatewayHarness, backend: Backend, text: str) -> None:
    proxy = http_proxy(backend.url, response_transfer_mode="STREAM")
    gateway.serve(rest_api(get("/pets", proxy), stage("prod", log=text)))
    await gateway.get("/prod/pets")


@story("REST", "overridden")
async def overridden(gateway: GatewayHarness, backend: Backend, text: str) -> None:
    asks = (
        '#set($context.requestOverride.header.x-pet = "cat")#set($context.requestOverride.path.id = "8")'
        '#set($context.requestOverride.querystring.q = "1"){}'
    )
    answers = '#set($context.responseOverride.header.x-pet = "dog")#set($context.responseOverride.status = 202){}'
    behind = http(
        f"{backend.url}/{{id}}",
        "POST",
        response(200, answers),
        request_templates={"application/json": asks},
        request_parameters={"integration.request.path.id": "method.request.path.id"},
    )
    gateway.serve(rest_api(get("/pets/{id}", behind), stage("prod", log=text)))
    await gateway.get("/prod/pets/7")


# HTTP APIs --------------------------------------------------------------------------------------------


async def call_http(gateway: GatewayHarness, path: str = "/prod/pets/7", **headers: str) -> None:
    await gateway.get(path, host=http_apis.HOST, **headers)


def http_route(behind: Any, **members: Any) -> Any:
    return http_apis.route("GET /pets/{id}", behind, **members)


@story("HTTP", "plain")
async def http_plain(gateway: GatewayHarness, backend: Backend, text: str) -> None:
    behind = http_apis.proxy(backend.url)
    gateway.serve(*http_apis.http_api(http_route(behind), stage="prod", log=text))
    await call_http(gateway, user_agent="a browser")


@story("HTTP", "refused")
async def http_refused(gateway: GatewayHarness, backend: Backend, text: str) -> None:
    gateway.serve(*http_apis.http_api(http_route(http_apis.proxy(backend.url)), stage="prod", log=text))
    await call_http(gateway, "/prod/nowhere")


@story("HTTP", "broken")
async def http_broken(gateway: GatewayHarness, backend: Backend, text: str) -> None:
    backend.answer = Answer(raw=b"nonsense\r\n\r\n")
    await http_plain(gateway, backend, text)


@story("HTTP", "custom domain name")
async def http_on_a_custom_domain_name(gateway: GatewayHarness, backend: Backend, text: str) -> None:
    api = http_apis.http_api(http_route(http_apis.proxy(backend.url)), stage="prod", log=text)
    gateway.serve(*api, domain(SHOP, ("v1/shop", http_apis.HTTP_API, "prod")))
    await gateway.get("/v1/shop/pets/7", host=SHOP)


async def http_asking(gateway: GatewayHarness, backend: Backend, text: str, arn: str) -> None:
    who = V2Authorizer(
        id="auth01", name="who", type="REQUEST", uri=LAMBDA.format(arn), payload_format_version="1.0",
        identity_sources=("$request.header.authorization",),
    )  # fmt: skip
    route = http_route(http_apis.proxy(backend.url), authorization_type="CUSTOM", authorizer_id="auth01")
    gateway.serve(*http_apis.http_api(route, stage="prod", log=text, authorizers=(who,)))
    await call_http(gateway, authorization="t")


@story("HTTP", "authorizer")
async def http_authorized(gateway: GatewayHarness, backend: Backend, text: str) -> None:
    await http_asking(gateway, backend, text, gatekeeper(gateway))


@story("HTTP", "turned away")
async def http_turned_away(gateway: GatewayHarness, backend: Backend, text: str) -> None:
    await http_asking(gateway, backend, text, refuse(gateway))


@story("HTTP", "token")
async def http_with_a_token(gateway: GatewayHarness, backend: Backend, text: str) -> None:
    with Issuer() as issuer:
        who = V2Authorizer(
            id="auth01", name="tokens", type="JWT", identity_sources=("$request.header.Authorization",),
            jwt_issuer=issuer.url, jwt_audience=("pets",),
        )  # fmt: skip
        route = http_route(http_apis.proxy(backend.url), authorization_type="JWT", authorizer_id="auth01")
        gateway.serve(*http_apis.http_api(route, stage="prod", log=text, authorizers=(who,)))
        await call_http(gateway, authorization=f"Bearer {issuer.token(now=gateway.clock.time())}")


@story("HTTP", "signed")
async def http_signed(gateway: GatewayHarness, backend: Backend, text: str) -> None:
    gateway.clock.now = time.time()
    route = http_route(http_apis.proxy(backend.url), authorization_type="AWS_IAM")
    gateway.serve(*http_apis.http_api(route, stage="prod", log=text), credentials(invokes=True))
    await send(gateway, sign("/prod/pets/7", host=http_apis.HOST), host=http_apis.HOST)


# WebSocket APIs ---------------------------------------------------------------------------------------


async def say(gateway: GatewayHarness, backend: Backend, text: str, **members: Any) -> str:
    """The log's line of a message."""
    behind = sockets.integration("HTTP_PROXY", backend.url)
    gateway.serve(*sockets.chat(Path("say", behind, two_way=True, **members), log=text, models={"Pet": PET}))
    client = await Socket(gateway, headers={"user-agent": "a browser"}).open()
    await client.say({"action": "say"})
    await client.next()
    return gateway.logs.lines[1].rstrip("\n")


@story("WEBSOCKET", "plain")
async def said(gateway: GatewayHarness, backend: Backend, text: str) -> str:
    return await say(gateway, backend, text)


@story("WEBSOCKET", "refused")
async def refused_to_say(gateway: GatewayHarness, backend: Backend, text: str) -> str:
    return await say(
        gateway, backend, text, model_selection_expression="$request.body.action", request_models={"say": "Pet"}
    )


@story("WEBSOCKET", "broken")
async def said_in_vain(gateway: GatewayHarness, backend: Backend, text: str) -> str:
    backend.answer = Answer(raw=b"nonsense\r\n\r\n")
    return await say(gateway, backend, text)


async def connect(gateway: GatewayHarness, text: str, *documents: Any, **members: Any) -> str:
    """The log's line of a connection that opens, or does not."""
    headers = members.pop("headers", {})
    authorizers = members.pop("authorizers", ())
    opening = Path("$connect", None, **members)
    gateway.serve(*sockets.chat(opening, log=text, authorizers=authorizers), *documents)
    with suppress(Refused):
        await Socket(gateway, headers=headers).open()
    return gateway.logs.lines[0].rstrip("\n")


async def connect_asking(gateway: GatewayHarness, text: str, arn: str) -> str:
    who = V2Authorizer(
        id="auth01", name="who", type="REQUEST", uri=LAMBDA.format(arn), identity_sources=("route.request.header.Auth",)
    )
    asked = {"authorization_type": "CUSTOM", "authorizer_id": "auth01", "headers": {"Auth": "t"}}
    return await connect(gateway, text, authorizers=(who,), **asked)


@story("WEBSOCKET", "authorizer")
async def let_in(gateway: GatewayHarness, backend: Backend, text: str) -> str:
    return await connect_asking(gateway, text, gatekeeper(gateway))


@story("WEBSOCKET", "turned away")
async def not_let_in(gateway: GatewayHarness, backend: Backend, text: str) -> str:
    return await connect_asking(gateway, text, refuse(gateway))


@story("WEBSOCKET", "signed")
async def connect_signed(gateway: GatewayHarness, backend: Backend, text: str, secret: str = "") -> str:
    gateway.clock.now = time.time()
    request = sign("/prod", host=sockets.HOST, **({"secret": secret} if secret else {}))
    headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
    return await connect(gateway, text, credentials(invokes=True), authorization_type="AWS_IAM", headers=headers)


@story("WEBSOCKET", "badly signed")
async def connect_badly_signed(gateway: GatewayHarness, backend: Backend, text: str) -> str:
    return await connect_signed(gateway, backend, text, secret="not the secret")


@story("WEBSOCKET", "with a key")
async def connect_with_a_key(gateway: GatewayHarness, backend: Backend, text: str) -> str:
    documents = (plan(api_id=sockets.CHAT), keys(key(KEY)))
    return await connect(gateway, text, *documents, api_key_required=True, headers={"x-api-key": KEY})


# What else there is -----------------------------------------------------------------------------------


def test_the_table_names_every_variable_that_there_is() -> None:
    from gateway_runtime.mapping.context import VARIABLES

    documented = {name for table in context_variables.ALL.values() for name in table} | set(context_variables.WITHOUT)

    assert set(VARIABLES) - documented == {"disconnectReason", "disconnectStatusCode", "messageDirection"}


def test_no_variable_is_told_twice() -> None:
    for table in context_variables.ALL.values():
        assert not set(table) & set(context_variables.WITHOUT)


def test_what_only_logs_have_costs_no_watching() -> None:
    assert not needs_times("$context.authorizer.requestId $context.integration.timeToFirstContent")
    assert log_variable("requestOverride.body.x") is None


async def test_the_lambda_behind_a_method_names_the_request(gateway: GatewayHarness) -> None:
    from tests.gateway_runtime.plane.builders import lambda_proxy

    answer = FunctionAnswer(b'{"statusCode":200}', headers=((b"x-amzn-requestid", b"lambda-1"),))
    arn = gateway.functions.runs("fn", answer)
    log = "$context.awsEndpointRequestId $context.integration.requestId"
    gateway.serve(rest_api(get("/fn", lambda_proxy(arn)), stage("prod", log=log)))

    await gateway.get("/prod/fn")

    assert gateway.logs.lines == ["lambda-1 lambda-1\n"]


async def test_an_override_cannot_forge_a_member_of_a_line(gateway: GatewayHarness, backend: Backend) -> None:
    template = '#set($context.requestOverride.header.x-pet = $input.params("q")){}'
    behind = http(backend.url, "POST", response(200), request_templates={"application/json": template})
    log = '{"pet":"$context.requestOverride.header.x-pet"}'
    gateway.serve(rest_api(get("/pets", behind), stage("prod", log=log)))

    await gateway.get("/prod/pets?q=%22,%22admin%22:%22true")

    assert json.loads(gateway.logs.lines[0]) == {"pet": '","admin":"true'}
