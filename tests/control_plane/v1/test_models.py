"""Models: how they refer to each other, flat copies, and the templates made from them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, NotFoundException
from tests.builders import a_rest_api, call


def url(api: str, name: str) -> str:
    return f"https://apigateway.amazonaws.com/restapis/{api}/models/{name}"


def a_model(caller: Caller, api: str, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    members = {"name": name, "contentType": "application/json", "schema": json.dumps(schema)}
    return call(caller, "CreateModel", restApiId=api, **members)


PET = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": ["null", "integer"]}}}


def pets(caller: Caller) -> str:
    """An API with a Pet, and Pets that refers to it."""
    api = a_rest_api(caller)
    a_model(caller, api, "Pet", PET)
    a_model(caller, api, "Pets", {"type": "array", "items": {"$ref": url(api, "Pet")}})
    return api


def test_a_flat_model_has_all_that_it_refers_to(caller: Caller) -> None:
    api = pets(caller)
    a_model(caller, api, "Page", {"type": "object", "properties": {"items": {"$ref": url(api, "Pets")}}})

    flat = json.loads(call(caller, "GetModel", restApiId=api, modelName="Page", flatten=True)["schema"])

    assert flat == {
        "type": "object",
        "properties": {"items": {"$ref": "#/definitions/Pets"}},
        "definitions": {"Pet": PET, "Pets": {"type": "array", "items": {"$ref": "#/definitions/Pet"}}},
    }


def test_a_model_that_refers_to_itself_can_be_flat(caller: Caller) -> None:
    api = a_rest_api(caller)
    a_model(caller, api, "Node", {"type": "object", "properties": {"next": {"$ref": url(api, "Node")}}})

    flat = json.loads(call(caller, "GetModel", restApiId=api, modelName="Node", flatten=True)["schema"])

    assert flat["definitions"]["Node"]["properties"]["next"] == {"$ref": "#/definitions/Node"}


@pytest.mark.parametrize("reference", ["Pet", "https://example.com/pet.json", "URL:Nothing", "OTHER:Empty"])
def test_a_model_refers_to_models_of_its_api_only(caller: Caller, reference: str) -> None:
    api = a_rest_api(caller)
    kind, _, name = reference.partition(":")
    target = {"URL": url(api, name), "OTHER": url("abcdefghij", name)}.get(kind, reference)

    with pytest.raises(BadRequestException, match="Invalid model specified: Validation Result"):
        a_model(caller, api, "Pets", {"type": "array", "items": {"$ref": target}})


def test_a_model_that_another_refers_to_stays(caller: Caller) -> None:
    api = pets(caller)

    with pytest.raises(ConflictException, match="Cannot delete model 'Pet', is referenced in model: Pets"):
        call(caller, "DeleteModel", restApiId=api, modelName="Pet")

    call(caller, "DeleteModel", restApiId=api, modelName="Pets")
    call(caller, "DeleteModel", restApiId=api, modelName="Pet")


def test_a_copy_refers_to_its_own_models(caller: Caller) -> None:
    api = pets(caller)

    copy = call(caller, "CreateRestApi", name="copy", cloneFrom=api)["id"]

    assert url(copy, "Pet") in call(caller, "GetModel", restApiId=copy, modelName="Pets")["schema"]


def test_a_template_is_a_sample_with_loops_to_fill_in(caller: Caller) -> None:
    api = pets(caller)

    value = call(caller, "GetModelTemplate", restApiId=api, modelName="Pets")["value"]

    assert value == "\n".join(
        [
            "#set($inputRoot = $input.path('$'))",
            "[",
            "##TODO: Update this foreach loop to reference array from input json",
            "#foreach($elem in $inputRoot)",
            "  {",
            '    "name" : "foo",',
            '    "age" : 42',
            "  }",
            "#if($foreach.hasNext),#end",
            "#end",
            "]",
        ]
    )


def test_a_template_of_a_circle_ends(caller: Caller) -> None:
    api = a_rest_api(caller)
    node = {"type": "object", "properties": {"next": {"$ref": url(api, "Node")}, "on": {"type": "boolean"}}}
    a_model(caller, api, "Node", node)

    value = call(caller, "GetModelTemplate", restApiId=api, modelName="Node")["value"]

    assert '"on" : true' in value
    with pytest.raises(NotFoundException, match="Invalid model name specified: Nothing"):
        call(caller, "GetModelTemplate", restApiId=api, modelName="Nothing")


def test_a_models_schema_and_description_are_patched(caller: Caller) -> None:
    api = pets(caller)
    schema = json.dumps({"type": "string"})
    patches = [
        {"op": "replace", "path": "/description", "value": "a pet"},
        {"op": "replace", "path": "/schema", "value": schema},
    ]

    shape = call(caller, "UpdateModel", restApiId=api, modelName="Pet", patchOperations=patches)

    assert (shape["description"], shape["schema"]) == ("a pet", schema)
    assert call(caller, "GetModel", restApiId=api, modelName="Pet") == shape
