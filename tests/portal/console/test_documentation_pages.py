"""Documentation of REST APIs on its pages: parts by place, inherited ones, versions, and import."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from tests.builders import a_rest_api, a_stage, call, mock
from tests.portal.console.reading import text, words

PETS = {"type": "METHOD", "path": "/pets", "method": "GET"}
LIMIT = {**PETS, "type": "QUERY_PARAMETER", "name": "limit"}


def url(view: str, *args: str) -> str:
    return reverse(f"console:{view}", args=args)


@pytest.fixture
def api(caller: Caller) -> str:
    """An API with GET /pets, which takes a limit."""
    made = a_rest_api(caller, {"/pets": {"GET": mock()}})
    resource = next(row for row in call(caller, "GetResources", restApiId=made)["items"] if row["path"] == "/pets")
    patch = {"op": "add", "path": "/requestParameters/method.request.querystring.limit", "value": "false"}
    names = {"restApiId": made, "resourceId": resource["id"], "httpMethod": "GET"}
    call(caller, "UpdateMethod", **names, patchOperations=[patch])
    return made


def parts(caller: Caller, api: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = call(caller, "GetDocumentationParts", restApiId=api).get("items", [])
    return found


def a_part(caller: Caller, api: str, description: str, **location: str) -> str:
    made = call(
        caller,
        "CreateDocumentationPart",
        restApiId=api,
        location=location,
        properties=json.dumps({"description": description}),
    )
    return str(made["id"])


def save(client: Client, api: str, at: dict[str, str], **given: str) -> Any:
    query = "&".join(f"{name}={value}" for name, value in at.items())
    return client.post(f"{url('documentation', api)}?{query}", {"body": "", "others": "", **given})


def test_the_tree_has_the_api_its_resources_methods_and_models(owner: Client, caller: Caller, api: str) -> None:
    page = owner.get(url("documentation", api))

    labels = [node["label"] for node in page.context["nodes"]]
    assert [label.removesuffix(" ○") for label in labels[1:3]] == ["/", "/pets"]
    assert {"Empty ○", "Error ○"} <= set(labels)
    assert [method["verb"] for node in page.context["nodes"] for method in node["methods"]] == ["GET"]
    assert "0 of" in words(page)


def test_a_description_is_written_in_markdown_and_kept_as_aws_keeps_it(owner: Client, caller: Caller, api: str) -> None:
    answer = save(owner, api, PETS, body="Lists *all* pets.\r\nPage by page.", others='{"tags": ["pets"]}')

    assert answer.status_code == 302
    (part,) = parts(caller, api)
    assert part["location"] == PETS
    assert json.loads(part["properties"]) == {"description": "Lists *all* pets.\nPage by page.", "tags": ["pets"]}


def test_a_part_that_is_saved_unchanged_stays_as_it_was_written(owner: Client, caller: Caller, api: str) -> None:
    written = '{ "description":"Pets",   "x": 1 }'
    call(caller, "CreateDocumentationPart", restApiId=api, location=PETS, properties=written)

    save(owner, api, PETS, body="Pets", others='{"x": 1}')

    assert parts(caller, api)[0]["properties"] == written


def test_a_part_is_changed_and_deleted(owner: Client, caller: Caller, api: str) -> None:
    part = a_part(caller, api, "Old", **PETS)

    save(owner, api, PETS, body="New")
    assert json.loads(parts(caller, api)[0]["properties"]) == {"description": "New"}

    owner.post(url("delete_documentation_part", api, part))
    assert parts(caller, api) == []


def test_a_description_that_is_no_text_stands_among_the_properties(owner: Client, caller: Caller, api: str) -> None:
    call(caller, "CreateDocumentationPart", restApiId=api, location=PETS, properties='{"description": {"en": "x"}}')

    page = owner.get(url("documentation", api), PETS)

    assert page.context["form"].initial["body"] == ""
    assert "en" in page.context["form"].initial["others"]


def test_a_place_without_words_shows_those_that_it_inherits(owner: Client, caller: Caller, api: str) -> None:
    a_part(caller, api, "At **most** so many.", type="QUERY_PARAMETER", path="/", method="*", name="limit")

    page = owner.get(url("documentation", api), LIMIT)

    assert "Inherited" in words(page)
    assert "Query parameter limit of every method /" in words(page)
    assert "<strong>most</strong>" in text(page)
    assert page.context["form"].initial["body"] == ""


def test_a_method_shows_the_places_that_belong_to_it(owner: Client, caller: Caller, api: str) -> None:
    a_part(caller, api, "At most so many.", **LIMIT)

    page = owner.get(url("documentation", api), PETS)

    assert {one.label: one.own is not None for one in page.context["below"]} == {
        "Query parameter limit of GET /pets": True,
        "Response 200 of GET /pets": False,
    }


def test_a_script_in_a_description_is_never_shown_as_one(owner: Client, caller: Caller, api: str) -> None:
    a_part(caller, api, "<script>alert(1)</script>", type="QUERY_PARAMETER", path="/", method="*", name="limit")

    assert "<script>alert(1)" not in text(owner.get(url("documentation", api), LIMIT))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"others": '{"a": '}, "This is no JSON: Expecting value (line 1, column 7)"),
        ({"others": "[1]"}, "Properties are an object of JSON"),
        ({"body": "A", "others": '{"description": "B"}'}, "The description stands above already"),
    ],
)
def test_properties_that_cannot_be_are_told_in_the_form(
    owner: Client, caller: Caller, api: str, given: dict[str, str], told: str
) -> None:
    answer = save(owner, api, PETS, **given)

    assert answer.status_code == 422
    assert told in words(answer)
    assert parts(caller, api) == []


def test_a_place_for_every_method_is_chosen_by_hand(owner: Client, caller: Caller, api: str) -> None:
    answer = owner.post(url("place_part", api), {"type": "REQUEST_HEADER", "path": "/pets", "name": "X-Trace"})
    owner.post(answer["Location"], {"body": "Is written to the log.", "others": ""})

    (part,) = parts(caller, api)
    assert part["location"] == {"type": "REQUEST_HEADER", "path": "/pets", "method": "*", "name": "X-Trace"}
    assert "Request header X-Trace of every method /pets" in words(owner.get(url("documentation", api)))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"type": "QUERY_PARAMETER"}, "'name' is required"),
        ({"type": "MODEL", "path": "/pets", "name": "Pet"}, "'path' is not valid for type 'MODEL'"),
        ({"type": "RESOURCE", "path": "pets"}, "'path' must begin with '/'"),
    ],
)
def test_a_place_that_cannot_be_is_told(owner: Client, api: str, given: dict[str, str], told: str) -> None:
    answer = owner.post(url("place_part", api), given)

    assert (answer.status_code, told in words(answer)) == (422, True)


def test_an_address_that_names_no_place_is_not_found(owner: Client, api: str) -> None:
    assert owner.get(url("documentation", api), {"type": "PLANET"}).status_code == 404
    assert owner.get(url("documentation", api), {"type": "MODEL"}).status_code == 404


def test_a_version_is_published_on_a_stage_and_cannot_go_while_it_is_shown(
    owner: Client, caller: Caller, api: str
) -> None:
    a_stage(caller, api)
    a_part(caller, api, "Pets", **PETS)

    owner.post(url("documentation_versions", api), {"version": "1.0", "stage": "prod", "description": "First"})

    page = owner.get(url("documentation_versions", api))
    assert [(row["version"], row["stages"]) for row in page.context["versions"]] == [("1.0", ["prod"])]
    refused = owner.post(url("delete_documentation_version", api), {"version": "1.0"}, follow=True)
    assert "is associated with stage 'prod'" in words(refused)


def test_a_stage_is_shown_another_version_and_the_first_can_go(owner: Client, caller: Caller, api: str) -> None:
    a_stage(caller, api)
    for version in ("1", "2"):
        owner.post(url("documentation_versions", api), {"version": version})

    owner.post(url("show_documentation_version", api), {"stage": "prod", "version": "2"})
    owner.post(url("describe_documentation_version", api), {"version": "2", "description": "Second"})
    owner.post(url("delete_documentation_version", api), {"version": "1"})

    page = owner.get(url("documentation_versions", api))
    (row,) = page.context["versions"]
    assert (row["version"], row["description"], row["stages"]) == ("2", "Second", ["prod"])


def test_a_version_that_there_is_already_is_told(owner: Client, api: str) -> None:
    owner.post(url("documentation_versions", api), {"version": "1"})

    answer = owner.post(url("documentation_versions", api), {"version": "1"})

    assert answer.status_code == 422
    assert "Documentation version already exists: 1" in words(answer)


def test_documentation_is_taken_over_from_a_definition(owner: Client, caller: Caller, api: str) -> None:
    definition = {
        "openapi": "3.0.1",
        "info": {"title": "Pets", "version": "1"},
        "paths": {},
        "x-amazon-apigateway-documentation": {
            "documentationParts": [{"location": {"type": "API"}, "properties": {"description": "All about pets"}}]
        },
    }

    answer = owner.post(
        url("import_documentation", api), {"definition": json.dumps(definition), "mode": "merge"}, follow=True
    )

    assert "1 part taken over" in words(answer)
    assert parts(caller, api)[0]["location"] == {"type": "API"}


def test_a_definition_that_is_none_is_told(owner: Client, api: str) -> None:
    answer = owner.post(url("import_documentation", api), {"definition": "nonsense", "mode": "merge"})

    assert answer.status_code == 422
    assert "Unable to build importer" in words(answer)


def test_viewers_read_and_cannot_write(viewer: Client, caller: Caller, api: str) -> None:
    a_part(caller, api, "Pets", **PETS)

    page = words(viewer.get(url("documentation", api), PETS))

    assert "Pets" in text(viewer.get(url("documentation", api), PETS))
    assert "Save part" not in page
    assert save(viewer, api, PETS, body="Mine").status_code == 403
    assert viewer.post(url("documentation_versions", api), {"version": "1"}).status_code == 403


def test_the_documentation_of_others_is_not_found(owner: Client, elsewhere: Caller) -> None:
    theirs = a_rest_api(elsewhere)

    for view in ("documentation", "documentation_versions", "import_documentation", "place_part"):
        assert owner.get(url(view, theirs)).status_code == 404
