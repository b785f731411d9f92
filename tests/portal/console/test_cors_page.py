"""Enabling CORS in the console: what is shown is what is written."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from apps.control_plane.errors import NotFoundException
from tests.builders import a_resource, a_rest_api, call, http, mock
from tests.portal.console.reading import text, words

POLICY: dict[str, Any] = {
    "origin": "https://shop.example.com",
    "methods": ["GET", "OPTIONS"],
    "headers": "Content-Type\r\nX-Cart",
    "exposed": "",
    "max_age": "600",
    "gateway_responses": ["DEFAULT_4XX"],
}


@pytest.fixture
def names(caller: Caller) -> dict[str, str]:
    api = a_rest_api(caller, {"/pets": {"GET": mock(), "PUT": http("http://127.0.0.1:9/")}})
    return {"restApiId": api, "resourceId": a_resource(caller, api, "/pets")}


def url(names: dict[str, str]) -> str:
    return reverse("console:cors", args=[names["restApiId"], names["resourceId"]])


def options(caller: Caller, names: dict[str, str]) -> dict[str, Any]:
    return call(caller, "GetMethod", **names, httpMethod="OPTIONS")


def test_the_page_shows_what_the_proposal_would_write(owner: Client, names: dict[str, str]) -> None:
    page = words(owner.get(url(names)))

    assert "PutIntegration OPTIONS /pets: a mock answers it" in page
    assert "GET /pets: 200: Access-Control-Allow-Origin: *" in page
    assert "PUT /pets is a proxy integration: its back end has to answer with Access-Control-Allow-Origin: *" in page
    assert "Gateway response DEFAULT_5XX" in page


def test_a_preview_writes_nothing(owner: Client, caller: Caller, names: dict[str, str]) -> None:
    answer = owner.post(url(names), {**POLICY, "preview": "1"})

    page = words(answer)
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin: https://shop.example.com" in page
    assert "Access-Control-Max-Age: 600" in page
    assert "DEFAULT_5XX:" not in page
    assert "aws apigateway put-integration" in page
    with pytest.raises(NotFoundException):
        options(caller, names)


def test_enabling_writes_what_was_shown(owner: Client, caller: Caller, names: dict[str, str]) -> None:
    answer = owner.post(url(names), {**POLICY, "enable": "1"})

    written = options(caller, names)["methodIntegration"]["integrationResponses"]["200"]["responseParameters"]
    assert answer["Location"].endswith(f"?resource={names['resourceId']}")
    assert written == {
        "method.response.header.Access-Control-Allow-Origin": "'https://shop.example.com'",
        "method.response.header.Access-Control-Allow-Headers": "'Content-Type,X-Cart'",
        "method.response.header.Access-Control-Allow-Methods": "'GET,OPTIONS'",
        "method.response.header.Access-Control-Max-Age": "'600'",
    }


@pytest.mark.parametrize("button", ["preview", "enable"])
@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"origin": "*", "credentials": "on"}, "Credentials can be allowed to one origin only"),
        ({"origin": "shop"}, "Invalid origin specified: shop"),
        ({"max_age": "100000"}, "less than or equal to 86400"),
        ({"headers": "a b"}, "Invalid header specified: a b"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_typed_is_lost(
    owner: Client, caller: Caller, names: dict[str, str], button: str, given: dict[str, str], told: str
) -> None:
    answer = owner.post(url(names), {**POLICY, **given, button: "1"})

    assert answer.status_code == 422
    assert told in words(answer)
    assert "600" in text(answer) or "100000" in text(answer)
    with pytest.raises(NotFoundException):
        options(caller, names)


def test_a_resource_leads_to_its_cors(owner: Client, names: dict[str, str]) -> None:
    page = text(owner.get(reverse("console:api", args=[names["restApiId"]]) + f"?resource={names['resourceId']}"))

    assert url(names) in page


def test_a_viewer_sees_the_plan_and_has_no_button(viewer: Client, names: dict[str, str]) -> None:
    page = words(viewer.get(url(names)))

    assert "a mock answers it" in page
    assert "Enable CORS" not in page
