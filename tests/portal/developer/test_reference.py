"""The reference that readers see, from the document that was published."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.developer.reference import count_operations, read_reference


def document(paths: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"openapi": "3.0.1", "info": {"title": "Pets", "version": "7"}, "paths": paths, **members}


def only(paths: dict[str, Any], **members: Any) -> Any:
    (operation,) = read_reference(document(paths, **members)).operations()
    return operation


def test_operations_stand_in_groups_by_tag_and_else_by_first_segment() -> None:
    reference = read_reference(document({"/pets": {"get": {"tags": ["Animals"]}, "post": {}}, "/health": {"get": {}}}))

    assert {name: [o.anchor for o in group] for name, group in reference.groups.items()} == {
        "health": ["get-health"],
        "Animals": ["get-pets"],
        "pets": ["post-pets"],
    }
    assert (reference.title, reference.version) == ("Pets", "7")


def test_preflights_are_not_shown_nor_counted() -> None:
    made = document({"/pets": {"options": {}, "get": {}, "x-amazon-apigateway-any-method": {}}})

    assert [operation.method for operation in read_reference(made).operations()] == ["GET", "ANY"]
    assert count_operations(made) == 2


def test_two_paths_that_read_the_same_get_two_anchors() -> None:
    reference = read_reference(document({"/a-b": {"get": {}}, "/a/b": {"get": {}}, "/": {"get": {}}}))

    assert sorted(o.anchor for o in reference.operations()) == ["get", "get-a-b", "get-a-b-2"]


def test_an_operations_parameter_replaces_the_one_that_its_path_shares() -> None:
    shared = {"name": "limit", "in": "query", "description": "shared"}
    own = {"name": "limit", "in": "query", "description": "own", "schema": {"type": "integer", "default": 5}}

    operation = only({"/pets": {"parameters": [shared], "get": {"parameters": [own]}}})

    assert [(p.name, p.description, p.type, p.example) for p in operation.parameters] == [
        ("limit", "own", "integer", "5")
    ]


def test_a_path_parameter_is_asked_for_even_when_nobody_lists_it() -> None:
    operation = only({"/pets/{petId}/{rest+}": {"get": {}}})

    assert [(p.name, p.where, p.required) for p in operation.parameters] == [
        ("petId", "path", True),
        ("rest", "path", True),
    ]


@pytest.mark.parametrize("name", ["x-api-key", "Host", "Content-Length", "Transfer-Encoding", "Connection"])
def test_headers_that_are_not_the_readers_are_not_asked_for(name: str) -> None:
    assert only({"/pets": {"get": {"parameters": [{"name": name, "in": "header"}]}}}).parameters == ()


def test_an_enumeration_becomes_choices() -> None:
    kind = {"name": "type", "in": "query", "schema": {"type": "string", "enum": ["dog", "cat"]}}

    assert only({"/pets": {"get": {"parameters": [kind]}}}).parameters[0].choices == ("dog", "cat")


def test_a_body_gets_an_example_from_its_schema_and_lists_its_members() -> None:
    pet = {
        "allOf": [{"$ref": "#/components/schemas/Base"}],
        "required": ["tags"],
        "properties": {"tags": {"type": "array", "items": {"type": "string"}}},
    }
    base = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}}

    operation = only({"/pets": {"post": {"requestBody": body}}}, components={"schemas": {"Pet": pet, "Base": base}})

    assert operation.body_type == "application/json"
    assert operation.body_example == '{\n  "id": 1,\n  "tags": [\n    "string"\n  ]\n}'
    assert [(p.name, p.type, p.required) for p in operation.body_properties] == [
        ("id", "integer", True),
        ("tags", "array of string", True),
    ]


def test_a_schema_that_holds_itself_ends() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}}
    forest = {"type": "array", "items": {"$ref": "#/components/schemas/Forest"}}
    schemas = {"Node": node, "Forest": forest}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}}
    answer = {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Forest"}}}}}

    operation = only({"/": {"post": {"requestBody": body, "responses": answer}}}, components={"schemas": schemas})

    assert operation.body_example.count("next") == operation.body_properties[-1].depth + 1 == 6
    assert operation.responses[0].example.startswith("[")


def test_schemas_that_hold_each_other_do_not_multiply() -> None:
    node = {"type": "object", "properties": {f"child{i}": {"$ref": "#/components/schemas/Node"} for i in range(40)}}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}}

    operation = only({"/": {"post": {"requestBody": body}}}, components={"schemas": {"Node": node}})

    assert len(operation.body_properties) == 200
    assert operation.body_example.count("child") <= 300


def test_a_key_is_needed_where_the_operation_or_the_document_says_so() -> None:
    key = {"securitySchemes": {"api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"}}}
    other = {"securitySchemes": {"api_key": {"type": "http", "scheme": "bearer"}}}
    secured = {"/": {"get": {"security": [{"api_key": []}]}}}

    assert only(secured, components=key).key_required
    assert not only(secured, components=other).key_required
    assert only({"/": {"get": {}}}, components=key, security=[{"api_key": []}]).key_required
    assert not only({"/": {"get": {"security": []}}}, components=key, security=[{"api_key": []}]).key_required


def test_a_reference_that_leads_nowhere_or_in_a_circle_is_left_out() -> None:
    schemas = {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}}
    answers = {
        "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}},
        "404": {"$ref": "https://elsewhere.example/x"},
    }

    operation = only({"/": {"get": {"responses": answers}}}, components={"schemas": schemas})

    assert [(r.status, r.example) for r in operation.responses] == [("200", ""), ("404", "")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["info", "paths", "/a/{b}", "get", "post", "parameters", "name", "in", "schema", "type", "items", "$ref",
             "requestBody", "content", "responses", "properties", "allOf", "enum", "required", "tags", "security", "x"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=40,
)  # fmt: skip


@given(JSON)
@settings(max_examples=150, deadline=None)
def test_no_document_is_too_odd(odd: Any) -> None:
    made = odd if isinstance(odd, dict) else {"paths": odd}

    assert count_operations(made) == len(list(read_reference(made).operations()))
