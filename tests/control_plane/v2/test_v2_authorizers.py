"""Authorizers of HTTP and WebSocket APIs. What AWS fills in, takes and refuses, and what a PATCH leaves alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from apps.control_plane.caller import Caller
from tests.builders import call_v2, refusal_v2
from tests.issuer import Issuer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:pets"
INVOCATION = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
ISSUER = Issuer()
JWT = {
    "Name": "people",
    "AuthorizerType": "JWT",
    "IdentitySource": ["$request.header.Authorization"],
    "JwtConfiguration": {"Issuer": ISSUER.url, "Audience": ["pets"]},
}
LAMBDA = {
    "Name": "checked",
    "AuthorizerType": "REQUEST",
    "AuthorizerUri": INVOCATION,
    "AuthorizerPayloadFormatVersion": "2.0",
    "IdentitySource": ["$request.header.Authorization"],
}


@pytest.fixture(autouse=True, scope="module")
def issuer() -> Iterator[Issuer]:
    """Who issues the tokens of JWT authorizers is asked when they are made."""
    with ISSUER:
        yield ISSUER


def test_a_lambda_authorizer_caches_for_five_minutes_unless_it_says_otherwise(caller: Caller, http: str) -> None:
    made = call_v2(caller, "CreateAuthorizer", ApiId=http, **LAMBDA)
    without = call_v2(caller, "CreateAuthorizer", ApiId=http, **{**LAMBDA, "Name": "other", "IdentitySource": []})

    assert (made["AuthorizerResultTtlInSeconds"], without["AuthorizerResultTtlInSeconds"]) == (300, 0)
    assert made["EnableSimpleResponses"] is False


@pytest.mark.parametrize(
    "members",
    [
        {**JWT, "IdentitySource": []},
        {**JWT, "IdentitySource": ["$request.header.A", "$request.header.B"]},
        {**JWT, "IdentitySource": ["Authorization"]},
        {**JWT, "JwtConfiguration": {"Audience": ["pets"]}},
        {**JWT, "JwtConfiguration": {"Issuer": "http://issuer.example.com", "Audience": ["pets"]}},
        {**JWT, "JwtConfiguration": {"Issuer": "https://issuer.example.com"}},
        {**JWT, "JwtConfiguration": {"Issuer": "https://issuer.example.com", "Audience": ["a"] * 51}},
        {**JWT, "AuthorizerUri": INVOCATION},
        {**LAMBDA, "AuthorizerUri": FUNCTION},
        {**LAMBDA, "AuthorizerPayloadFormatVersion": "3.0"},
        {**LAMBDA, "AuthorizerPayloadFormatVersion": "1.0", "EnableSimpleResponses": True},
        {**LAMBDA, "IdentitySource": ["route.request.header.Authorization"]},
        {**LAMBDA, "IdentitySource": [], "AuthorizerResultTtlInSeconds": 60},
        {**LAMBDA, "JwtConfiguration": JWT["JwtConfiguration"]},
        {**LAMBDA, "AuthorizerResultTtlInSeconds": 3601},
    ],
)
def test_authorizers_that_http_apis_refuse(caller: Caller, http: str, members: dict[str, Any]) -> None:
    assert refusal_v2(caller, "CreateAuthorizer", ApiId=http, **members).startswith("BadRequestException")


@pytest.mark.parametrize(
    "document", [{"issuer": "https://elsewhere.example.com", "jwks_uri": "https://elsewhere.example.com/keys"}, b"none"]
)
def test_an_issuer_has_to_show_its_discovery_document(
    caller: Caller, http: str, issuer: Issuer, document: bytes | dict[str, str]
) -> None:
    issuer.documents["/.well-known/openid-configuration"] = document

    answer = refusal_v2(caller, "CreateAuthorizer", ApiId=http, **JWT)

    issuer.documents.clear()
    assert answer == (
        f"BadRequestException: Caught exception when connecting to {issuer.url}/.well-known/openid-configuration for issuer "
        f"{issuer.url}. Please try again later. Error: Invalid issuer: {issuer.url}. Issuer must have a valid discovery endpoint "
        "ended with '/.well-known/openid-configuration'"
    )


def test_an_issuer_is_asked_again_only_when_it_is_named(caller: Caller, http: str, issuer: Issuer) -> None:
    made = call_v2(caller, "CreateAuthorizer", ApiId=http, **JWT)
    issuer.requests.clear()

    call_v2(caller, "UpdateAuthorizer", ApiId=http, AuthorizerId=made["AuthorizerId"], Name="guests")

    assert issuer.requests == []


def test_authorizers_of_websocket_apis_are_functions_with_sources_of_their_own(caller: Caller, chat: str) -> None:
    function = {
        "Name": "checked",
        "AuthorizerType": "REQUEST",
        "AuthorizerUri": INVOCATION,
        "IdentitySource": ["route.request.querystring.token"],
    }

    assert "only supported for HTTP APIs" in refusal_v2(caller, "CreateAuthorizer", ApiId=chat, **JWT)
    assert "only supported for HTTP APIs" in refusal_v2(
        caller, "CreateAuthorizer", ApiId=chat, **function, AuthorizerPayloadFormatVersion="2.0"
    )
    assert call_v2(caller, "CreateAuthorizer", ApiId=chat, **function)["IdentitySource"] == function["IdentitySource"]
