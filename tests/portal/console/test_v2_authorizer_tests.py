"""Trying an authorizer of an HTTP or WebSocket API on its page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from tests.builders import a_websocket_api, an_http_api, call_v2
from tests.function_host import FunctionHost
from tests.issuer import Issuer
from tests.portal.console.reading import text, words

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:check"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"


@pytest.fixture
def host(settings: Any) -> Iterator[FunctionHost]:
    with FunctionHost({"isAuthorized": True, "context": {"tier": "gold"}}) as made:
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, functions_url=made.url, allow_private_backends=True)
        yield made


def url(view: str, *args: str) -> str:
    return reverse(f"console:v2_{view}", args=args)


def by_function(caller: Caller, api: str, *sources: str, **members: Any) -> tuple[str, str]:
    given = {"Name": "check", "AuthorizerType": "REQUEST", "AuthorizerUri": URI, "IdentitySource": list(sources)}
    return api, call_v2(caller, "CreateAuthorizer", ApiId=api, **given, **members)["AuthorizerId"]


def a_simple_one(caller: Caller) -> tuple[str, str]:
    simple = {"AuthorizerPayloadFormatVersion": "2.0", "EnableSimpleResponses": True}
    return by_function(caller, an_http_api(caller), "$request.header.Who", "$request.querystring.tenant", **simple)


def test_the_panel_has_a_field_for_each_identity_source_and_shows_what_the_function_says(
    owner: Client, caller: Caller, host: FunctionHost
) -> None:
    at = a_simple_one(caller)
    page = text(owner.get(url("authorizer", *at)))
    assert 'name="test-source-0"' in page
    assert "The query parameter tenant." in page

    sent = {"test-source-0": "alice", "test-source-1": "blue & co", "test-target": "/pets?q=1"}
    answer = words(owner.post(url("test_authorizer", *at), sent))

    assert "allowed simple response" in answer
    assert "tier gold" in answer
    (event,) = host.events
    assert event["identitySource"] == ["alice", "blue & co"]
    assert event["queryStringParameters"] == {"q": "1", "tenant": "blue & co"}


def test_what_is_missing_is_told_and_what_was_typed_is_kept(owner: Client, caller: Caller, host: FunctionHost) -> None:
    at = a_simple_one(caller)

    refused = owner.post(url("test_authorizer", *at), {"test-source-0": "alice"})
    wrong = owner.post(url("test_authorizer", *at), {"test-source-0": "alice", "test-headers": "no colon"})

    assert "401 Unauthorized" in words(refused)
    assert "Why: an identity source is missing" in words(refused)
    assert (wrong.status_code, host.events) == (422, [])
    assert "Line 1 is not of the form Name: value." in words(wrong)
    assert 'value="alice"' in text(wrong)


def test_a_token_is_tried_with_the_scopes_of_a_route(owner: Client, caller: Caller) -> None:
    with Issuer() as issuer:
        api = an_http_api(caller, "GET /pets")
        made = call_v2(
            caller,
            "CreateAuthorizer",
            ApiId=api,
            Name="people",
            AuthorizerType="JWT",
            IdentitySource=["$request.header.Authorization"],
            JwtConfiguration={"Issuer": issuer.url, "Audience": ["pets"]},
        )
        (route,) = call_v2(caller, "GetRoutes", ApiId=api)["Items"]
        guard = {"AuthorizationType": "JWT", "AuthorizerId": made["AuthorizerId"], "AuthorizationScopes": ["read"]}
        call_v2(caller, "UpdateRoute", ApiId=api, RouteId=route["RouteId"], **guard)
        at = (api, made["AuthorizerId"])
        assert "GET /pets (read)" in words(owner.get(url("authorizer", *at)))
        sent = {"test-source-0": f"Bearer {issuer.token(scope='write')}"}

        refused = words(owner.post(url("test_authorizer", *at), {**sent, "test-route": route["RouteId"]}))
        let_in = words(owner.post(url("test_authorizer", *at), {**sent, "test-scopes": "write"}))

    assert "403 Forbidden" in refused
    assert "none of the method's scopes" in refused
    assert "scope write" in refused
    assert "allowed" in let_in
    assert "gatehouse test-authorizer" in let_in


def test_the_authorizer_of_a_websocket_api_is_asked_about_a_connection(
    owner: Client, caller: Caller, host: FunctionHost
) -> None:
    statement = {"Effect": "Deny", "Action": "execute-api:Invoke", "Resource": "*"}
    host.behaviour = lambda event: {"principalId": "alice", "policyDocument": {"Statement": [statement]}}
    at = by_function(caller, a_websocket_api(caller), "route.request.header.Auth")

    answer = words(owner.post(url("test_authorizer", *at), {"test-source-0": "t"}))

    assert "403 Forbidden as alice" in answer
    assert host.events[0]["requestContext"]["eventType"] == "CONNECT"


def test_a_viewer_tries_nothing(viewer: Client, caller: Caller, host: FunctionHost) -> None:
    at = a_simple_one(caller)

    assert "Trying is for those who may edit" in words(viewer.get(url("authorizer", *at)))
    assert viewer.post(url("test_authorizer", *at), {"test-source-0": "alice"}).status_code == 403
    assert host.events == []
