"""Mapping templates by content type, on both ways through a method."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from tests.builders import a_rest_api, call, mock
from tests.portal.console.reading import text, words

At = tuple[str, str, str]


def url(view: str, at: At, *more: str) -> str:
    return reverse(f"console:{view}", args=[*at, *more])


@pytest.fixture
def at(caller: Caller) -> At:
    """A mock's place: API, resource and verb."""
    api = a_rest_api(caller, {"/pets": {"GET": mock(body='{"a": 1}')}})
    rows = call(caller, "GetResources", restApiId=api)["items"]
    return api, next(row["id"] for row in rows if row["path"] == "/pets"), "GET"


def integration(caller: Caller, at: At) -> dict[str, dict[str, object]]:
    return call(caller, "GetIntegration", restApiId=at[0], resourceId=at[1], httpMethod=at[2])


def a_mock(**templates: object) -> dict[str, object]:
    given = {f"templates-{name}": value for name, value in templates.items()}
    return {"type": "MOCK", "timeout": "29000", "passthrough": "WHEN_NO_MATCH", **given}


def test_request_templates_of_several_content_types_are_edited_added_and_removed(
    owner: Client, caller: Caller, at: At
) -> None:
    kinds = ["application/json", "application/xml"]
    owner.post(url("edit_integration", at), a_mock(type=kinds, value=['{"statusCode":\r\n200}', '{"statusCode": 200}']))
    both = integration(caller, at)["requestTemplates"]

    owner.post(url("edit_integration", at), a_mock(type=kinds, value=list(both.values()), remove="0"))

    assert both == {"application/json": '{"statusCode":\n200}', "application/xml": '{"statusCode": 200}'}
    assert integration(caller, at)["requestTemplates"] == {"application/xml": '{"statusCode": 200}'}


def test_saving_a_page_as_it_is_changes_no_template(owner: Client, caller: Caller, at: At) -> None:
    before = integration(caller, at)
    given = list(before["requestTemplates"].items())[0]

    owner.post(url("edit_integration", at), a_mock(type=[given[0], ""], value=[given[1], ""]))

    assert integration(caller, at) == before


def test_response_templates_and_models_of_a_status_are_edited(owner: Client, caller: Caller, at: At) -> None:
    owner.post(
        url("edit_response", at, "200"),
        {
            "templates-type": ["application/json", "text/plain"],
            "templates-value": ["#set($x = 1)$x", "plain"],
            "models-type": "application/json",
            "models-value": "Empty",
        },
    )

    answer = integration(caller, at)["integrationResponses"]["200"]
    assert answer["responseTemplates"] == {"application/json": "#set($x = 1)$x", "text/plain": "plain"}  # type: ignore[index]
    declared = call(caller, "GetMethodResponse", restApiId=at[0], resourceId=at[1], httpMethod=at[2], statusCode="200")
    assert declared["responseModels"] == {"application/json": "Empty"}


@pytest.mark.parametrize(("view", "more"), [("edit_integration", ()), ("edit_response", ("200",))])
def test_a_template_that_does_not_compile_is_told_with_its_line_and_kept(
    owner: Client, caller: Caller, at: At, view: str, more: tuple[str, ...]
) -> None:
    before = integration(caller, at)

    answer = owner.post(url(view, at, *more), a_mock(type="application/json", value='{\n#if($x) "a"\n}'))

    assert answer.status_code == 422
    assert "The template for application/json does not compile" in words(answer)
    assert "line" in words(answer)
    assert "#if($x) &quot;a&quot;" in text(answer)
    assert integration(caller, at) == before


def test_one_content_type_has_one_template(owner: Client, at: At) -> None:
    answer = owner.post(url("edit_integration", at), a_mock(type=["text/plain", "text/plain"], value=["a", "b"]))

    assert "text/plain is there a second time" in words(answer)


@pytest.mark.parametrize("view", ["edit_method", "edit_integration", "create_response"])
def test_a_viewer_has_nothing_to_save_with(viewer: Client, at: At, view: str) -> None:
    page = text(viewer.get(url(view, at)))

    assert ">Save<" not in page
    assert '<fieldset class="form" disabled>' in page
