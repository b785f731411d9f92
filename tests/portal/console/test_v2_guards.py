"""What guards HTTP and WebSocket APIs in the console: authorizers, CORS and models; and importing, testing and connecting."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from tests.builders import a_websocket_api, an_http_api, call_v2
from tests.portal.console.reading import text, words

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:check"
INVOCATION = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
LAMBDA = {
    "name": "check",
    "uri": FUNCTION,
    "sources": "$request.header.Authorization",
    "payload_format": "2.0",
    "simple": "on",
    "ttl": "60",
}
SCHEMA = '{"title": "Order", "type": "object"}'
DEFINITION = {
    "openapi": "3.0.1",
    "info": {"title": "Orders", "version": "1"},
    "paths": {
        "/orders": {
            "get": {
                "responses": {},
                "x-amazon-apigateway-integration": {
                    "type": "http_proxy",
                    "httpMethod": "GET",
                    "uri": "https://example.com/orders",
                    "payloadFormatVersion": "1.0",
                },
            }
        }
    },
}


def url(view: str, *args: str) -> str:
    return reverse(f"console:v2_{view}", args=args)


def items(caller: Caller, operation: str, api: str, **names: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = call_v2(caller, operation, ApiId=api, **names)["Items"]
    return found


def test_a_lambda_authorizer_is_made_from_the_arn_of_a_function_and_chosen_by_a_route(
    owner: Client, caller: Caller
) -> None:
    api = an_http_api(caller, "GET /pets")

    owner.post(url("create_authorizer", api) + "?kind=REQUEST", LAMBDA)
    (made,) = items(caller, "GetAuthorizers", api)
    (route,) = items(caller, "GetRoutes", api)
    given = {"method": "GET", "path": "/pets", "authorization": made["AuthorizerId"]}
    owner.post(url("edit_route", api, route["RouteId"]), given)
    kept = words(owner.post(url("delete_authorizer", api, made["AuthorizerId"]), follow=True))

    assert (made["AuthorizerUri"], made["EnableSimpleResponses"]) == (INVOCATION, True)
    assert made["AuthorizerResultTtlInSeconds"] == 60
    assert items(caller, "GetRoutes", api)[0]["AuthorizationType"] == "CUSTOM"
    assert "is referenced in route: GET /pets" in kept
    assert "GET /pets" in words(owner.get(url("authorizers", api)))


def test_an_authorizer_is_changed_and_deleted(owner: Client, caller: Caller) -> None:
    api = an_http_api(caller)
    owner.post(url("create_authorizer", api) + "?kind=REQUEST", LAMBDA)
    at = (api, items(caller, "GetAuthorizers", api)[0]["AuthorizerId"])

    owner.post(url("authorizer", *at), {**LAMBDA, "name": "other", "payload_format": "1.0", "simple": ""})
    (changed,) = items(caller, "GetAuthorizers", api)
    owner.post(url("delete_authorizer", *at))

    assert (changed["Name"], changed["AuthorizerPayloadFormatVersion"]) == ("other", "1.0")
    assert items(caller, "GetAuthorizers", api) == []


@pytest.mark.parametrize(
    ("kind", "given", "told"),
    [
        ("REQUEST", {"uri": "https://example.com"}, "must be the invocation URI of a Lambda function"),
        ("REQUEST", {"payload_format": "1.0"}, "EnableSimpleResponses is only supported for"),
        ("REQUEST", {"sources": "Authorization"}, "Invalid identity source specified"),
        ("REQUEST", {"ttl": "7200"}, "less than or equal to 3600"),
        ("JWT", {"issuer": "nowhere", "audience": "pets"}, "Invalid issuer"),
        ("JWT", {"issuer": "https://issuer.example.com", "audience": ""}, "Name at least one audience"),
    ],
)
def test_an_authorizer_that_cannot_be_is_told_in_the_form(
    owner: Client, caller: Caller, kind: str, given: dict[str, str], told: str
) -> None:
    api = an_http_api(caller)

    answer = owner.post(url("create_authorizer", api) + f"?kind={kind}", {**LAMBDA, **given})

    assert (answer.status_code, told in words(answer)) == (422, True)
    assert items(caller, "GetAuthorizers", api) == []


def test_an_authorizer_of_a_websocket_api_has_no_payload_format(owner: Client, caller: Caller) -> None:
    api = a_websocket_api(caller)
    given = {"name": "check", "uri": FUNCTION, "sources": "route.request.querystring.token"}

    page = text(owner.get(url("create_authorizer", api)))
    owner.post(url("create_authorizer", api), given)

    assert "Payload format" not in page
    (made,) = items(caller, "GetAuthorizers", api)
    assert made["IdentitySource"] == ["route.request.querystring.token"]


def test_cors_is_set_as_a_whole_and_cleared(owner: Client, caller: Caller) -> None:
    api = an_http_api(caller, "GET /pets")
    given = {"origins": "https://shop.example.com", "methods": ["GET", "POST"], "max_age": "600", "credentials": "on"}

    owner.post(url("cors", api), given)
    set_ = call_v2(caller, "GetApi", ApiId=api)["CorsConfiguration"]
    owner.post(url("end_cors", api))

    assert set_ == {
        "AllowOrigins": ["https://shop.example.com"],
        "AllowMethods": ["GET", "POST"],
        "AllowCredentials": True,
        "MaxAge": 600,
    }
    assert "CorsConfiguration" not in call_v2(caller, "GetApi", ApiId=api)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "Without an origin no page may call"),
        ({"origins": "shop"}, "An origin is * or a scheme followed by a host"),
        ({"origins": "*", "credentials": "on"}, "allowCredentials cannot be set to true"),
        ({"origins": "*", "headers": "a b"}, "a b is no header name"),
        ({"origins": "*", "max_age": "100000"}, "less than or equal to 86400"),
    ],
)
def test_cors_that_browsers_could_not_use_is_told_in_the_form(
    owner: Client, caller: Caller, given: dict[str, str], told: str
) -> None:
    api = an_http_api(caller)

    answer = owner.post(url("cors", api), given)

    assert (answer.status_code, told in words(answer)) == (422, True)


def test_pages_of_the_other_kind_of_api_are_not_there(owner: Client, caller: Caller) -> None:
    http, websocket = an_http_api(caller), a_websocket_api(caller)

    assert [owner.get(url(view, websocket)).status_code for view in ("cors", "test")] == [404, 404]
    assert [owner.get(url(view, http)).status_code for view in ("client", "connections")] == [404, 404]


def test_a_model_is_made_changed_and_kept_while_a_route_uses_it(owner: Client, caller: Caller) -> None:
    api = a_websocket_api(caller)
    given = {"name": "Order", "content_type": "application/json", "schema": SCHEMA}

    owner.post(url("create_model", api), given)
    (made,) = items(caller, "GetModels", api)
    route = {"route_key": "order", "authorization": "NONE", "model_expression": "$request.body.action"}
    owner.post(url("create_route", api), {**route, "models": "order = Order"})
    page = words(owner.post(url("delete_model", api, made["ModelId"]), follow=True))
    refused = owner.post(url("create_model", api), {**given, "name": "Other", "schema": "{"})

    assert made["Schema"] == SCHEMA
    assert "is referenced in route: order" in page
    assert (refused.status_code, "This is no JSON" in words(refused)) == (422, True)


def test_a_route_that_names_no_model_of_the_api_is_told(owner: Client, caller: Caller) -> None:
    api = a_websocket_api(caller)
    given = {"route_key": "order", "authorization": "NONE", "model_expression": "$request.body.action"}

    answer = owner.post(url("create_route", api), {**given, "models": "order = Nothing"})

    assert (answer.status_code, "Invalid model name specified: Nothing" in words(answer)) == (422, True)


def test_a_definition_is_previewed_and_then_made_with_a_stage(owner: Client, caller: Caller) -> None:
    definition = json.dumps(DEFINITION)

    preview = owner.post(url("import"), {"definition": definition, "base_path": "ignore"})
    before = call_v2(caller, "GetApis")["Items"]
    made = owner.post(
        url("import"), {"definition": definition, "base_path": "ignore", "stage": "on", "create": "yes"}, follow=True
    )

    assert "https://example.com/orders" in words(preview)
    assert before == []
    api = made.context["api"].id
    assert [route["RouteKey"] for route in items(caller, "GetRoutes", api)] == ["GET /orders"]
    assert [stage["StageName"] for stage in items(caller, "GetStages", api)] == ["$default"]


def test_a_definition_replaces_what_an_api_consists_of(owner: Client, caller: Caller) -> None:
    api = an_http_api(caller, "GET /pets")

    given = {"definition": json.dumps(DEFINITION), "base_path": "ignore", "api": api}
    owner.post(url("import"), {**given, "create": "yes"})

    assert [route["RouteKey"] for route in items(caller, "GetRoutes", api)] == ["GET /orders"]
    assert len(call_v2(caller, "GetApis")["Items"]) == 1


@pytest.mark.parametrize("definition", ["", "openapi: [", '{"swagger": "2.0"}'])
def test_a_definition_that_is_none_is_told_and_makes_nothing(owner: Client, caller: Caller, definition: str) -> None:
    answer = owner.post(url("import"), {"definition": definition, "create": "yes"})

    assert answer.status_code == 422
    assert call_v2(caller, "GetApis")["Items"] == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"path": "pets"}, "A path begins with a slash"),
        ({"path": "/../other"}, "would lead to another path"),
        ({"path": "/%2e%2e/other"}, "would lead to another path"),
        ({"headers": "x y: 1"}, "is no header that can be sent"),
        ({"headers": "nonsense"}, "is not of the form Name: value"),
        ({"stage": "nowhere"}, "Select a valid choice"),
    ],
)
def test_a_test_call_that_cannot_be_made_is_told_in_the_form(
    owner: Client, caller: Caller, given: dict[str, str], told: str
) -> None:
    api = an_http_api(caller, "GET /pets")
    call_v2(caller, "CreateStage", ApiId=api, StageName="prod", AutoDeploy=True)

    answer = owner.post(url("test", api), {"stage": "prod", "method": "GET", "path": "/pets", **given})

    assert (answer.status_code, told in words(answer)) == (422, True)


def test_a_viewer_can_neither_call_nor_manage_connections(viewer: Client, caller: Caller) -> None:
    http, websocket = an_http_api(caller, "GET /pets"), a_websocket_api(caller)

    assert "for those who may edit" in words(viewer.get(url("test", http)))
    assert viewer.post(url("test", http), {}).status_code == 403
    assert viewer.post(url("connections", websocket), {}).status_code == 403


def test_somebody_without_an_access_key_is_told_to_make_one(owner: Client, caller: Caller) -> None:
    api = a_websocket_api(caller)
    call_v2(caller, "CreateRoute", ApiId=api, RouteKey="$default")
    call_v2(caller, "CreateStage", ApiId=api, StageName="prod", AutoDeploy=True)

    answer = owner.post(url("connections", api), {"stage": "prod", "connection": "abc=", "do": "end"})

    assert (answer.status_code, "You have no active access key" in words(answer)) == (422, True)


def test_numbers_are_shown_by_stage_and_route(owner: Client, caller: Caller) -> None:
    api = an_http_api(caller, "GET /pets", "$default")

    page = owner.get(url("traffic", api), {"route": "GET /pets", "period": "24h", "stage": "nowhere"})

    assert page.status_code == 200
    assert (page.context["route_key"], page.context["stage_name"]) == ("GET /pets", "")
