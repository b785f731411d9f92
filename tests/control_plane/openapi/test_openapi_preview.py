"""A look at a definition before it is imported."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.control_plane.openapi.importer import PreviewNote, PreviewOperation, preview
from tests.control_plane.openapi.definitions import DEMO, GOLDEN_FILES, an_operation, body, golden, openapi3


def test_a_preview_lists_what_would_be_made() -> None:
    shown = preview(DEMO.read_bytes(), {})

    assert (shown.title, shown.version) == ("PetStore", "1.0")
    assert shown.operations[0] == PreviewOperation("GET", "/health", "MOCK", None, False, "Check that the API answers")
    assert shown.operations[1] == PreviewOperation(
        "GET", "/pets", "HTTP_PROXY", "http://${stageVariables.backend}/pets", True, "List the pets"
    )
    assert shown.models == ("PetType", "NewPet", "Pet", "Pets", "Health", "Problem")
    assert (shown.errors, shown.warnings) == ((), ())


def test_a_preview_tells_errors_and_warnings_with_their_lines() -> None:
    bad = an_operation(**{"x-amazon-apigateway-integration": {"type": "x"}, "x-amazon-apigateway-magic": 1})
    bad["x-amazon-apigateway-auth"] = {"type": "custom"}
    document = openapi3({"/a": {"get": bad}})

    shown = preview(body(document), {})

    lines = body(document).decode().splitlines()
    assert [(note.severity, note.pointer) for note in shown.errors] == [
        ("unsupported", "#/paths/~1a/get/x-amazon-apigateway-auth"),
        ("error", "#/paths/~1a/get/x-amazon-apigateway-integration"),
    ]
    for note in (*shown.errors, *shown.warnings):
        assert note.line is not None
        assert f'"{note.pointer.rpartition("/")[2]}"' in lines[note.line - 1]


def test_a_preview_of_no_definition_is_one_error() -> None:
    shown = preview(b"a:\n  b: ]", {})

    assert shown.operations == ()
    assert [(note.severity, note.line, note.column) for note in shown.errors] == [("error", 2, 6)]
    assert shown.errors[0].message.startswith("Invalid OpenAPI input.")
    assert preview(b"{}", {}).errors == (
        PreviewNote("error", "Invalid OpenAPI input. The definition has neither 'swagger' nor 'openapi'."),
    )


def test_a_preview_of_a_merge_knows_what_is_there() -> None:
    shown = preview(body(openapi3({"/pets/{name}": {}})), {}, existing=["/", "/pets", "/pets/{id}"])

    assert "A sibling ({id}) of this resource already has a variable path part" in shown.errors[0].message


def test_a_preview_follows_the_base_path() -> None:
    shown = preview(golden("base-path.json"), {"basepath": "prepend"})

    assert {operation.path for operation in shown.operations} == {"/base/test"}


@pytest.mark.django_db
def test_a_preview_asks_the_database_nothing(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        for path in GOLDEN_FILES:
            preview(path.read_bytes(), {})
