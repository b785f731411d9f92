"""Documentation: parts at their places, versions that keep them, stages that show those."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, NotFoundException
from apps.rest_apis.models import DocumentationPart
from tests.builders import a_rest_api, a_stage, call

METHOD = {"type": "METHOD", "path": "/pets", "method": "GET"}
PLACES: dict[str, dict[str, str]] = {
    "API": {},
    "AUTHORIZER": {"name": "a"},
    "MODEL": {"name": "a"},
    "RESOURCE": {"path": "/pets"},
    "METHOD": {"path": "/pets", "method": "GET"},
    "PATH_PARAMETER": {"path": "/pets", "method": "*", "name": "a"},
    "QUERY_PARAMETER": {"path": "/pets", "method": "*", "name": "a"},
    "REQUEST_HEADER": {"path": "/pets", "method": "*", "name": "a"},
    "REQUEST_BODY": {"path": "/pets", "method": "PUT"},
    "RESPONSE": {"path": "/pets", "method": "GET", "statusCode": "200"},
    "RESPONSE_HEADER": {"path": "/pets", "method": "GET", "statusCode": "*", "name": "a"},
    "RESPONSE_BODY": {"path": "/pets", "method": "GET", "statusCode": "200"},
}


def say(caller: Caller, api: str, location: dict[str, str], **properties: Any) -> dict[str, Any]:
    """A new part."""
    return call(caller, "CreateDocumentationPart", restApiId=api, location=location, properties=json.dumps(properties))


def parts(caller: Caller, api: str, **filters: Any) -> list[dict[str, Any]]:
    items = call(caller, "GetDocumentationParts", restApiId=api, limit=500, **filters)["items"]
    assert isinstance(items, list)
    return items


def test_there_are_twelve_types_of_places(caller: Caller) -> None:
    api = a_rest_api(caller)

    made = [say(caller, api, {"type": kind, **members}, description=kind) for kind, members in PLACES.items()]

    assert parts(caller, api) == made
    assert [part["location"] for part in made] == [{"type": kind, **members} for kind, members in PLACES.items()]
    shown = call(caller, "GetDocumentationPart", restApiId=api, documentationPartId=made[3]["id"])
    assert shown == {**made[3], "properties": '{"description": "RESOURCE"}'}


def test_a_place_is_any_method_of_the_root_unless_it_says_otherwise(caller: Caller) -> None:
    made = say(caller, a_rest_api(caller), {"type": "RESPONSE_HEADER", "name": "a"})

    assert made["location"] == {"type": "RESPONSE_HEADER", "path": "/", "method": "*", "statusCode": "*", "name": "a"}


@pytest.mark.parametrize(
    "location",
    [{"type": "API", "path": "/"}, {"type": "RESOURCE", "method": "GET"}, {"type": "METHOD", "statusCode": "200"},
     {"type": "MODEL"}, {"type": "QUERY_PARAMETER", "path": "/"}, {"type": "RESOURCE", "path": "pets"},
     {"type": "METHOD", "method": "M" * 17}],
)  # fmt: skip
def test_each_type_has_members_of_its_own(caller: Caller, location: dict[str, str]) -> None:
    with pytest.raises(BadRequestException, match="Invalid documentation part location"):
        say(caller, a_rest_api(caller), location)


@pytest.mark.parametrize("properties", ["", "no", "[]", '"text"'])
def test_properties_are_an_object(caller: Caller, properties: str) -> None:
    with pytest.raises(BadRequestException, match="must be a JSON object"):
        call(caller, "CreateDocumentationPart", restApiId=a_rest_api(caller), location=METHOD, properties=properties)


def test_a_place_has_one_part(caller: Caller) -> None:
    api = a_rest_api(caller)
    say(caller, api, METHOD)

    with pytest.raises(ConflictException) as refusal:
        say(caller, api, {**METHOD, "method": "get"})

    assert refusal.value.message == (
        "Documentation part already exists for the specified location: type 'METHOD', path '/pets', method 'GET'"
    )


def test_parts_are_found_by_type_path_and_name(caller: Caller) -> None:
    api = a_rest_api(caller)
    for kind, members in PLACES.items():
        say(caller, api, {"type": kind, **members})
    say(caller, api, {"type": "MODEL", "name": "Pet"})

    def found(**filters: Any) -> list[str]:
        return [part["location"]["type"] for part in parts(caller, api, **filters)]

    assert found(type="METHOD") == ["METHOD"]
    assert len(found(path="/pets")) == 9
    assert found(nameQuery="Pe") == ["MODEL"]
    assert found(path="/") == []


def test_what_nobody_has_described_can_be_listed(caller: Caller) -> None:
    api = a_rest_api(caller)
    say(caller, api, METHOD)
    say(caller, api, {"type": "API"})

    places = [part["location"] for part in parts(caller, api, locationStatus="UNDOCUMENTED")]

    at = {"path": "/pets", "method": "GET"}
    assert places == [
        {"type": "MODEL", "name": "Empty"},
        {"type": "MODEL", "name": "Error"},
        {"type": "RESOURCE", "path": "/"},
        {"type": "RESOURCE", "path": "/pets"},
        {"type": "RESPONSE", **at, "statusCode": "200"},
    ]
    assert parts(caller, api, locationStatus="UNDOCUMENTED", type="RESPONSE") == [{"location": places[-1]}]


def definition(*said: tuple[dict[str, str], str]) -> bytes:
    listed = [{"location": place, "properties": {"description": text}} for place, text in said]
    document = {"openapi": "3.0.1", "info": {"title": "x", "version": "1"}, "paths": {}}
    return json.dumps({**document, "x-amazon-apigateway-documentation": {"documentationParts": listed}}).encode()


@pytest.mark.parametrize(("mode", "left"), [("merge", ["old model", "new api"]), ("overwrite", ["new api"])])
def test_an_import_adds_parts_or_takes_the_place_of_all(caller: Caller, mode: str, left: list[str]) -> None:
    api = a_rest_api(caller)
    place = {"type": "API"}
    old = say(caller, api, place, description="old api")["id"]
    say(caller, api, {"type": "MODEL", "name": "Pet"}, description="old model")

    ids = call(caller, "ImportDocumentationParts", restApiId=api, mode=mode, body=definition((place, "new api")))["ids"]

    assert (ids == [old]) is (mode == "merge")
    assert sorted(json.loads(part["properties"])["description"] for part in parts(caller, api)) == sorted(left)


def test_a_place_that_is_none_is_a_warning_that_can_refuse(caller: Caller) -> None:
    api, body = a_rest_api(caller), definition(({"type": "PLANET"}, "x"), ({"type": "API"}, "y"))

    with pytest.raises(BadRequestException, match="Warnings found during import"):
        call(caller, "ImportDocumentationParts", restApiId=api, body=body, failOnWarnings=True)
    answer = call(caller, "ImportDocumentationParts", restApiId=api, body=body)

    assert "PLANET" in answer["warnings"][0]
    assert [part["location"] for part in parts(caller, api)] == [{"type": "API"}]


def test_a_version_keeps_what_was_said(caller: Caller) -> None:
    api = a_rest_api(caller)
    stage = a_stage(caller, api)
    part = say(caller, api, METHOD, summary="Before")["id"]

    call(caller, "CreateDocumentationVersion", restApiId=api, documentationVersion="v1", stageName=stage)
    patch = {"op": "replace", "path": "/properties", "value": '{"summary": "After"}'}
    call(caller, "UpdateDocumentationPart", restApiId=api, documentationPartId=part, patchOperations=[patch])

    assert call(caller, "GetStage", restApiId=api, stageName=stage)["documentationVersion"] == "v1"
    export = call(
        caller,
        "GetExport",
        restApiId=api,
        stageName=stage,
        exportType="oas30",
        parameters={"extensions": "documentation"},
    )
    exported = json.loads(export["body"])
    assert exported["paths"]["/pets"]["get"]["summary"] == "Before"
    listing = exported["x-amazon-apigateway-documentation"]
    assert (listing["version"], listing["documentationParts"]) == (
        "v1",
        [{"location": METHOD, "properties": {"summary": "Before"}}],
    )


def test_a_version_that_a_stage_shows_stays(caller: Caller) -> None:
    api = a_rest_api(caller)
    stage = a_stage(caller, api)
    at = {"restApiId": api, "documentationVersion": "v1"}
    call(caller, "CreateDocumentationVersion", **at, stageName=stage)

    with pytest.raises(ConflictException, match="stage 'prod'"):
        call(caller, "DeleteDocumentationVersion", **at)

    patch = {"op": "replace", "path": "/documentationVersion", "value": ""}
    call(caller, "UpdateStage", restApiId=api, stageName=stage, patchOperations=[patch])
    call(caller, "DeleteDocumentationVersion", **at)
    assert call(caller, "GetDocumentationVersions", restApiId=api)["items"] == []


def test_versions_have_names_of_their_own_and_stages_show_those_that_exist(caller: Caller) -> None:
    api = a_rest_api(caller)
    stage = a_stage(caller, api)
    at = {"restApiId": api, "documentationVersion": "v1"}
    call(caller, "CreateDocumentationVersion", **at)

    with pytest.raises(ConflictException):
        call(caller, "CreateDocumentationVersion", **at)
    with pytest.raises(NotFoundException):
        call(caller, "CreateDocumentationVersion", **{**at, "documentationVersion": "v2"}, stageName="nowhere")
    patch = {"op": "replace", "path": "/documentationVersion", "value": "v9"}
    with pytest.raises(BadRequestException, match="v9"):
        call(caller, "UpdateStage", restApiId=api, stageName=stage, patchOperations=[patch])
    assert [item["version"] for item in call(caller, "GetDocumentationVersions", restApiId=api)["items"]] == ["v1"]


def test_a_copy_of_an_api_says_the_same(caller: Caller) -> None:
    api = a_rest_api(caller)
    said = say(caller, api, METHOD, summary="List")

    copy = call(caller, "CreateRestApi", name="copy", cloneFrom=api)["id"]

    [copied] = parts(caller, copy)
    assert copied == {**said, "id": copied["id"]}
    assert DocumentationPart.objects.count() == 2
