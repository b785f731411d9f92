"""Routes of HTTP and WebSocket APIs, and the models that they name. What AWS fills in, takes and refuses, and what a PATCH leaves alone."""

from __future__ import annotations

from typing import Any

import pytest

from apps.control_plane.caller import Caller
from tests.builders import an_http_api, call_v2, refusal_v2
from tests.issuer import Issuer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]


def test_a_new_route_has_awss_defaults(caller: Caller, http: str) -> None:
    route = call_v2(caller, "CreateRoute", ApiId=http, RouteKey="GET /pets")

    assert len(route.pop("RouteId")) == 7
    assert route == {"ApiKeyRequired": False, "AuthorizationType": "NONE", "RouteKey": "GET /pets"}


def test_a_route_key_stands_once(caller: Caller) -> None:
    api = an_http_api(caller, "GET /pets")

    answer = refusal_v2(caller, "CreateRoute", ApiId=api, RouteKey="GET /pets")

    assert answer == "ConflictException: Route with key GET /pets already exists for this API"


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"AuthorizationType": "JWT"}, "Setting the authorization type to JWT requires a valid JWT authorizer."),
        ({"AuthorizationType": "CUSTOM"}, "Invalid authorizer ID specified."),
        ({"AuthorizationType": "JWT", "AuthorizerId": "nobody"}, "Invalid authorizer ID specified."),
        ({"AuthorizationScopes": ["a"]}, "scopes"),
        ({"Target": "integrations/none"}, "Invalid target"),
        ({"Target": "https://example.com"}, "Invalid target"),
        ({"ApiKeyRequired": True}, "only supported for WEBSOCKET APIs"),
        ({"RequestModels": {"a": "b"}}, "only supported for WEBSOCKET APIs"),
        ({"RouteResponseSelectionExpression": "$default"}, "only supported for WEBSOCKET APIs"),
    ],
)
def test_routes_that_http_apis_refuse(caller: Caller, http: str, members: dict[str, Any], words: str) -> None:
    assert words in refusal_v2(caller, "CreateRoute", ApiId=http, RouteKey="GET /pets", **members)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"RouteKey": "say", "AuthorizationType": "AWS_IAM"}, "Only the $connect route"),
        ({"RouteKey": "say", "RouteResponseSelectionExpression": "$other"}, "Only $default is supported"),
        ({"RouteKey": "say", "RequestModels": {"a": "Pet"}}, "model selection expression is required"),
        (
            {"RouteKey": "say", "RequestModels": {"a": "Pet"}, "ModelSelectionExpression": "$request.body.kind"},
            "Invalid model name",
        ),
        ({"RouteKey": "say", "RequestParameters": {"a": {"Required": True}}}, "Invalid request parameter"),
        ({"RouteKey": "$other"}, "must be one of"),
    ],
)
def test_routes_that_websocket_apis_refuse(caller: Caller, chat: str, members: dict[str, Any], words: str) -> None:
    assert words in refusal_v2(caller, "CreateRoute", ApiId=chat, **members)


def test_a_route_that_is_open_again_lets_its_authorizer_go(caller: Caller, http: str, issuer: Issuer) -> None:
    authorizer = call_v2(
        caller,
        "CreateAuthorizer",
        ApiId=http,
        Name="people",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": issuer.url, "Audience": ["pets"]},
    )["AuthorizerId"]
    guarded = {"AuthorizationType": "JWT", "AuthorizerId": authorizer, "AuthorizationScopes": ["read"]}
    route = call_v2(caller, "CreateRoute", ApiId=http, RouteKey="GET /pets", **guarded)
    at = {"ApiId": http, "AuthorizerId": authorizer}
    assert refusal_v2(caller, "DeleteAuthorizer", **at) == (
        "ConflictException: Cannot delete authorizer 'people', is referenced in route: GET /pets"
    )

    call_v2(caller, "UpdateRoute", ApiId=http, RouteId=route["RouteId"], AuthorizationType="NONE")

    assert call_v2(caller, "DeleteAuthorizer", **at) == {}


def test_a_model_stays_while_a_route_refers_to_it(caller: Caller, chat: str, http: str) -> None:
    model = call_v2(caller, "CreateModel", ApiId=chat, Name="Pet", Schema='{"type": "object"}')["ModelId"]
    models = {"ModelSelectionExpression": "$request.body.kind", "RequestModels": {"pet": "Pet"}}
    call_v2(caller, "CreateRoute", ApiId=chat, RouteKey="say", **models)

    assert "is referenced in route: say" in refusal_v2(caller, "DeleteModel", ApiId=chat, ModelId=model)
    assert "is referenced in route" in refusal_v2(caller, "UpdateModel", ApiId=chat, ModelId=model, Name="Cat")
    assert "only supported for WEBSOCKET APIs" in refusal_v2(caller, "CreateModel", ApiId=http, Name="Pet", Schema="{}")
