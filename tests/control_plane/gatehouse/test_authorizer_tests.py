"""Test calls of authorizers of HTTP and WebSocket APIs: the data plane's own decision about a request that nobody sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from apps.accounts.models import AuditEvent
from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import AccessDeniedException, BadRequestException, NotFoundException
from tests.builders import a_websocket_api, an_http_api, call_v2
from tests.function_host import FunctionHost
from tests.issuer import Issuer, rsa_key

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:gatekeeper"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
WHO = "$request.header.Who"


def policy(effect: str) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": "*"}
    return {"principalId": "alice", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


@pytest.fixture
def host(settings: Any) -> Iterator[FunctionHost]:
    with FunctionHost({"isAuthorized": True, "context": {"tier": "gold", "seats": 7}}) as made:
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, functions_url=made.url, allow_private_backends=True)
        yield made


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with Issuer() as issuer:
        yield issuer


def by_function(caller: Caller, api: str, **members: Any) -> dict[str, str]:
    """Where a Lambda authorizer of an HTTP API is, for requests about it."""
    given = {"AuthorizerPayloadFormatVersion": "2.0", "EnableSimpleResponses": True, "IdentitySource": [WHO], **members}
    made = call_v2(
        caller, "CreateAuthorizer", ApiId=api, Name="check", AuthorizerType="REQUEST", AuthorizerUri=URI, **given
    )
    return {"apiId": api, "authorizerId": made["AuthorizerId"]}


def by_token(caller: Caller, api: str, issuer: Issuer, source: str = "$request.header.Authorization") -> dict[str, str]:
    made = call_v2(
        caller,
        "CreateAuthorizer",
        ApiId=api,
        Name="people",
        AuthorizerType="JWT",
        IdentitySource=[source],
        JwtConfiguration={"Issuer": issuer.url, "Audience": ["pets"]},
    )
    return {"apiId": api, "authorizerId": made["AuthorizerId"]}


def route_id(caller: Caller, api: str) -> str:
    found: str = call_v2(caller, "GetRoutes", ApiId=api)["Items"][0]["RouteId"]
    return found


def ask(caller: Caller, at: dict[str, str], **members: Any) -> dict[str, Any]:
    return registry.call(caller, "gatehouse", "TestAuthorizer", {**at, **members})


def test_a_function_with_simple_responses_lets_in_and_its_context_is_shown(caller: Caller, host: FunctionHost) -> None:
    api = an_http_api(caller, "GET /pets/{id}")
    call_v2(caller, "CreateStage", ApiId=api, StageName="prod", StageVariables={"tenant": "blue"})
    at = by_function(caller, api)

    answer = ask(caller, at, routeId=route_id(caller, api), stageName="prod", headers={"Who": "a-long-secret"})

    assert (answer["clientStatus"], answer["isAuthorized"]) == (0, True)
    assert answer["context"] == {"tier": "gold", "seats": "7"}
    assert "policy" not in answer
    (event,) = host.events
    assert (event["routeKey"], event["rawPath"]) == ("GET /pets/{id}", "/prod/pets/id")
    assert (event["pathParameters"], event["stageVariables"]) == ({"id": "id"}, {"tenant": "blue"})
    assert event["identitySource"] == ["a-long-secret"]
    assert event["routeArn"].endswith(f":{api}/prod/GET/pets/id")
    assert '"identitySource":["' + "*" * 22 in answer["log"]


def test_a_function_that_says_no_is_told_with_what_it_said(caller: Caller, host: FunctionHost) -> None:
    host.behaviour = lambda event: {"isAuthorized": False, "context": {"why": "late"}}

    answer = ask(caller, by_function(caller, an_http_api(caller)), headers={"Who": "alice"})

    assert (answer["clientStatus"], answer["isAuthorized"], answer["reason"]) == (403, False, "isAuthorized is false")
    assert answer["context"] == {"why": "late"}


@pytest.mark.parametrize(("effect", "status"), [("Allow", 0), ("Deny", 403)])
def test_a_policy_is_asked_about_the_route(caller: Caller, host: FunctionHost, effect: str, status: int) -> None:
    host.behaviour = lambda event: policy(effect)
    at = by_function(caller, an_http_api(caller), EnableSimpleResponses=False, AuthorizerPayloadFormatVersion="1.0")

    answer = ask(caller, at, headers={"Who": "alice"}, pathWithQueryString="/pets?q=1", httpMethod="POST")

    assert (answer["clientStatus"], answer["principalId"]) == (status, "alice")
    assert f'"Effect": "{effect}"' in answer["policy"]
    assert host.events[0]["methodArn"].endswith("/test-invoke-stage/POST/pets")
    assert ("does not allow arn:aws:execute-api" in answer.get("reason", "")) == (status == 403)


def test_a_missing_identity_is_refused_without_asking(caller: Caller, host: FunctionHost) -> None:
    answer = ask(caller, by_function(caller, an_http_api(caller)))

    assert (answer["clientStatus"], host.events) == (401, [])
    assert "identity source is missing" in answer["reason"]


def test_a_function_that_fails_is_told_as_a_caller_would_get_it(caller: Caller, host: FunctionHost) -> None:
    host.fails = True

    answer = ask(caller, by_function(caller, an_http_api(caller)), headers={"Who": "alice"})

    assert (answer["clientStatus"], answer["reason"]) == (500, "the function failed: Unhandled")


def test_the_function_of_a_websocket_api_is_told_of_the_connection(caller: Caller, host: FunctionHost) -> None:
    host.behaviour = lambda event: policy("Allow")
    api = a_websocket_api(caller)
    sources = ["route.request.querystring.token", "context.identity.sourceIp"]
    made = call_v2(
        caller,
        "CreateAuthorizer",
        ApiId=api,
        Name="check",
        AuthorizerType="REQUEST",
        AuthorizerUri=URI,
        IdentitySource=sources,
    )

    answer = ask(
        caller,
        {"apiId": api, "authorizerId": made["AuthorizerId"]},
        pathWithQueryString="?token=t",
        additionalContext={"identity.sourceIp": "192.0.2.1"},
    )

    assert (answer["clientStatus"], answer["principalId"]) == (0, "alice")
    (event,) = host.events
    assert (event["requestContext"]["routeKey"], event["requestContext"]["eventType"]) == ("$connect", "CONNECT")
    assert event["queryStringParameters"] == {"token": "t"}
    assert event["methodArn"].endswith("/test-invoke-stage/$connect")


def test_a_token_is_verified_and_its_claims_shown(caller: Caller, issuer: Issuer) -> None:
    at = by_token(caller, an_http_api(caller), issuer)

    answer = ask(caller, at, headers={"Authorization": f"Bearer {issuer.token()}"})

    assert (answer["clientStatus"], answer["claims"]["sub"]) == (0, "alice")


def test_why_a_token_is_refused_is_told(caller: Caller, issuer: Issuer) -> None:
    at = by_token(caller, an_http_api(caller), issuer)

    def reason(token: str) -> tuple[int, str]:
        answer = ask(caller, at, headers={"Authorization": token} if token else {})
        return answer["clientStatus"], answer["reason"]

    assert reason(issuer.token(rsa_key(1))) == (401, "token refused: the signature is not the issuer's")
    assert reason(issuer.token(exp=1)) == (401, "token refused: expired")
    assert reason(issuer.token(aud="others")) == (401, "token refused: for another audience")
    assert reason("") == (401, "there is no token where the identity source says")


def test_a_token_without_the_scopes_of_the_route_is_told_with_its_claims(caller: Caller, issuer: Issuer) -> None:
    api = an_http_api(caller, "GET /pets")
    at = by_token(caller, api, issuer)
    guard = {"AuthorizationType": "JWT", "AuthorizerId": at["authorizerId"], "AuthorizationScopes": ["pets:read"]}
    call_v2(caller, "UpdateRoute", ApiId=api, RouteId=route_id(caller, api), **guard)
    token = {"headers": {"Authorization": issuer.token(scope="pets:write")}}

    refused = ask(caller, at, routeId=route_id(caller, api), **token)
    let_in = ask(caller, at, routeId=route_id(caller, api), authorizationScopes=["pets:write"], **token)

    assert (refused["clientStatus"], refused["reason"]) == (403, "none of the method's scopes")
    assert refused["claims"]["scope"] == "pets:write"
    assert let_in["clientStatus"] == 0


def test_what_is_no_request_or_no_authorizer_is_told(caller: Caller, host: FunctionHost) -> None:
    api = an_http_api(caller, "GET /pets")
    at = by_function(caller, api)

    with pytest.raises(NotFoundException):
        ask(caller, {**at, "authorizerId": "nobody"})
    with pytest.raises(NotFoundException, match="Invalid stage"):
        ask(caller, at, stageName="nowhere")
    with pytest.raises(BadRequestException, match="GET /dogs is not for the route GET /pets"):
        ask(caller, at, routeId=route_id(caller, api), pathWithQueryString="/dogs")
    assert host.events == []


def test_a_viewer_asks_nobody_and_the_audit_log_keeps_no_token(caller: Caller, host: FunctionHost) -> None:
    at = by_function(caller, an_http_api(caller))
    ask(caller, at, headers={"Who": "a-secret"}, pathWithQueryString="/?token=a-secret")

    with pytest.raises(AccessDeniedException):
        ask(replace(caller, role="viewer"), at, headers={"Who": "a-secret"})

    assert len(host.events) == 1
    assert "a-secret" not in str(list(AuditEvent.objects.values_list("request", flat=True)))
