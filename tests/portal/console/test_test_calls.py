"""Trying a method of the draft on its page."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from apps.deployments.models import Stage
from tests.builders import a_method, a_rest_api, call, mock
from tests.portal.console.reading import text, words

ECHO = """{"id": "$input.params('petId')", "limit": "$input.params('limit')", "tag": "$input.params('X-Tag')",
"colour": "$stageVariables.colour"}"""


def test_url(caller: Caller, api: str, path: str, verb: str) -> str:
    rows = call(caller, "GetResources", restApiId=api)["items"]
    return reverse("console:test_method", args=[api, next(row["id"] for row in rows if row["path"] == path), verb])


test_url.__test__ = False  # type: ignore[attr-defined]


@pytest.fixture
def pet(caller: Caller) -> str:
    """The test page of a mock that says what it was asked; nothing is deployed."""
    api = a_rest_api(caller, {"/pets/{petId}": {"GET": mock(body=ECHO)}})
    return test_url(caller, api, "/pets/{petId}", "GET")


def test_a_draft_that_is_not_deployed_answers_with_its_log(owner: Client, pet: str) -> None:
    answer = owner.post(
        pet,
        {
            "path-petId": "a bé",
            "query": "?limit=3",
            "headers": "X-Tag: small\r\nAccept: application/json",
            "variables": "colour = blue",
        },
    )

    page = words(answer)
    assert not Stage.objects.exists()
    assert "200 OK" in page
    assert '"id" : "a bé"' in page
    assert '"limit" : "3"' in page
    assert '"small"' in page
    assert '"blue"' in page
    assert "Method request query string: {limit=3}" in page
    assert "Method completed with status: 200" in page
    assert '<span class="tok-key">' in text(answer)


def test_what_was_tried_is_shown_as_a_command(owner: Client, pet: str) -> None:
    page = words(owner.post(pet, {"path-petId": "7", "query": "limit=3", "body": "{}"}))

    assert "aws apigateway test-invoke-method" in page
    assert "--path-with-query-string '/pets/7?limit=3'" in page


def test_a_variable_of_the_path_must_be_given(owner: Client, pet: str) -> None:
    answer = owner.post(pet, {"headers": "X-Tag: kept"}, headers={"HX-Request": "true"})

    assert (answer.status_code, "field-error" in text(answer), "X-Tag: kept" in text(answer)) == (422, True, True)
    assert answer["HX-Reswap"] == "outerHTML show:#test-form:top"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"headers": "no colon"}, "Line 1 is not of the form Name: value."),
        ({"variables": "no equals"}, "Line 1 is not of the form name = value."),
        ({"path-petId": ".."}, "Invalid test request"),
    ],
)
def test_what_cannot_be_sent_is_told_in_the_form(owner: Client, pet: str, given: dict[str, str], told: str) -> None:
    answer = owner.post(pet, {"path-petId": "7", **given})

    assert (answer.status_code, told in words(answer)) == (422, True)


def test_a_method_of_any_verb_is_tried_with_the_one_that_is_chosen(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller, {"/pets": {"ANY": mock()}})

    page = words(owner.post(test_url(caller, api, "/pets", "ANY"), {"http_method": "PUT"}))

    assert "HTTP Method: PUT" in page


def test_a_refusal_of_the_gateway_is_an_answer_too(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    at = test_url(caller, api, "/pets", "GET")
    owner.post(
        at.replace("/test/", "/request/"), {"validator": "new", "parameters": "method.request.header.X-Id = required"}
    )

    page = words(owner.post(at, {}))

    assert "400 Bad Request" in page
    assert "Missing required request parameters: [X-Id]" in page


def test_what_a_back_end_answers_cannot_bring_markup_into_the_page(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller, {"/pets": {"GET": mock(body="<script>alert(1)</script>")}})

    page = text(owner.post(test_url(caller, api, "/pets", "GET"), {}))

    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_a_method_without_an_integration_is_led_to_one(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    a_method(caller, api, "/pets", "POST", mock())
    at = test_url(caller, api, "/pets", "POST")
    resource = at.split("/resources/")[1].split("/")[0]
    call(caller, "DeleteIntegration", restApiId=api, resourceId=resource, httpMethod="POST")

    assert "Nothing stands behind this method yet" in words(owner.get(at))


def test_a_viewer_is_told_instead_of_asked(viewer: Client, pet: str) -> None:
    page = text(viewer.get(pet))

    assert "Test calls are for those who may edit" in page
    assert 'id="test-form"' not in page
    assert viewer.post(pet, {"path-petId": "7"}).status_code == 403
