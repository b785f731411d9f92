"""The tab that shows what a page is about as a part of the OpenAPI definition."""

from __future__ import annotations

import html
from typing import Any

import pytest
import yaml
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from tests.builders import a_rest_api, a_websocket_api, an_http_api, call, call_v2, mock
from tests.portal.console.reading import text, words


def part(client: Client, view: str, api: str, *keys: str) -> Any:
    answer = client.get(reverse(f"console:{view}", args=[api]), {"at": keys})
    assert answer.status_code == 200
    return yaml.safe_load(html.unescape(text(answer)).partition("<code>")[2].partition("</code>")[0])


def test_a_method_is_shown_with_its_integration(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller, {"/pets": {"GET": mock(), "POST": mock()}})

    shown = part(owner, "rest_api_part", api, "paths", "/pets", "get")

    assert list(shown["paths"]) == ["/pets"]
    assert list(shown["paths"]["/pets"]) == ["get"]
    assert shown["paths"]["/pets"]["get"]["x-amazon-apigateway-integration"]["type"] == "mock"


def test_pages_of_a_rest_api_offer_their_own_part(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller, {"/pets": {"ANY": mock()}})
    call(caller, "CreateRequestValidator", restApiId=api, name="All", validateRequestBody=True)
    resource = next(row for row in call(caller, "GetResources", restApiId=api)["items"] if row["path"] == "/pets")

    for view, query, expected in (
        ("api", {"resource": resource["id"], "method": "ANY"}, "x-amazon-apigateway-any-method"),
        ("models", {}, "Empty"),
        ("request_validators", {}, "All"),
        ("api_settings", {}, "openapi"),
    ):
        page = owner.get(reverse(f"console:{view}", args=[api]), query)
        assert "Show as CLI, boto3, OpenAPI" in words(page)
        assert expected in words(owner.get(page.context["openapi_url"]))


def test_what_the_definition_does_not_say_is_told(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    answer = owner.get(reverse("console:rest_api_part", args=[api]), {"at": ["x-amazon-apigateway-policy"]})

    assert "says nothing of this yet" in words(answer)


@pytest.mark.parametrize("key", ["GET /pets", "ANY /pets/{id}", "$default"])
def test_a_route_of_an_http_api_is_shown(owner: Client, caller: Caller, key: str) -> None:
    api = an_http_api(caller, key, "POST /other")
    route = next(one for one in call_v2(caller, "GetRoutes", ApiId=api)["Items"] if one["RouteKey"] == key)

    page = owner.get(reverse("console:v2_api", args=[api]), {"route": route["RouteId"]})
    answer = words(owner.get(page.context["openapi_url"]))

    assert "x-amazon-apigateway-integration" in answer
    assert "/other" not in answer


def test_an_http_api_without_routes_says_why_there_is_no_definition(owner: Client, caller: Caller) -> None:
    api = an_http_api(caller)

    assert "no routes exist" in words(owner.get(reverse("console:http_api_part", args=[api])))


def test_websocket_apis_have_no_such_tab(owner: Client, caller: Caller) -> None:
    api = a_websocket_api(caller)

    page = owner.get(reverse("console:v2_api", args=[api]))

    assert page.context["openapi_url"] == ""
    assert "OpenAPI" not in words(page)


def test_markup_in_an_api_is_text_in_its_definition(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller, description="<script>alert(1)</script>")

    assert "<script>" not in text(owner.get(reverse("console:rest_api_part", args=[api])))


def test_definitions_of_others_are_not_found(owner: Client, elsewhere: Caller) -> None:
    rest, http = a_rest_api(elsewhere), an_http_api(elsewhere)

    assert owner.get(reverse("console:rest_api_part", args=[rest])).status_code == 404
    assert owner.get(reverse("console:http_api_part", args=[http])).status_code == 404
