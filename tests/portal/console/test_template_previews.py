"""What mapping templates make of a sample, beside their editor."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from tests.builders import a_rest_api, call, mock
from tests.portal.console.reading import words

SAMPLE = {"sample-body": '{"name": "Rex"}', "sample-target": "/pets/7?limit=3"}


def the_method(caller: Caller) -> tuple[str, str, str]:
    api = a_rest_api(caller, {"/pets/{petId}": {"GET": mock()}})
    rows = call(caller, "GetResources", restApiId=api)["items"]
    return api, next(row["id"] for row in rows if row["path"] == "/pets/{petId}"), "GET"


def preview(client: Client, at: tuple[str, str, str], template: str, **given: str) -> str:
    form = {**SAMPLE, **given, "templates-type": "application/json", "templates-value": template}
    return words(client.post(reverse("console:preview_templates", args=at), form))


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("Hello $input.path('$.name')", "Hello Rex"),
        ("$input.params('limit') of $input.params('petId')", "3 of 7"),
        ("$stageVariables.colour", "blue"),
        ("#foreach($i in [1..3])$i,#end", "1,2,3,"),
        ("{\"a\": $input.json('$.name')}", '{ "a" : "Rex" }'),
        ("$context.httpMethod $context.stage", "GET preview"),
    ],
)
def test_a_template_is_shown_with_the_sample(owner: Client, caller: Caller, template: str, shown: str) -> None:
    page = preview(owner, the_method(caller), template, **{"sample-variables": "colour = blue"})

    assert f"application/json Copy {shown}" in page


@pytest.mark.parametrize(
    ("template", "told"),
    [("#if($x)", "line"), ("#foreach($i in [1..1000000])$i#end", "application/json")],
)
def test_a_template_that_does_not_run_is_told_why(owner: Client, caller: Caller, template: str, told: str) -> None:
    page = preview(owner, the_method(caller), template)

    assert told in page
    assert "999999" not in page


def test_what_is_no_sample_is_told(owner: Client, caller: Caller) -> None:
    at = the_method(caller)

    assert "Headers: Line 1 is not of the form" in preview(owner, at, "x", **{"sample-headers": "nonsense"})
    assert "The sample is no request" in preview(owner, at, "x", **{"sample-headers": "x: \u2603"})


def test_without_templates_the_body_passes(owner: Client, caller: Caller) -> None:
    assert "the body passes as it is" in preview(owner, the_method(caller), " ")


def test_a_viewer_may_look_and_nobody_elsewhere(viewer: Client, caller: Caller, member) -> None:  # type: ignore[no-untyped-def]
    at = the_method(caller)

    assert "Hello Rex" in preview(viewer, at, "Hello $input.path('$.name')")
    assert member("nobody").post(reverse("console:preview_templates", args=at), SAMPLE).status_code == 403


@pytest.mark.parametrize("view", ["edit_integration", "create_response"])
def test_the_editor_has_the_preview_beside_it(owner: Client, caller: Caller, view: str) -> None:
    assert "Preview What the templates make of" in words(owner.get(reverse(f"console:{view}", args=the_method(caller))))
