"""Reading JSON and YAML that anybody may send."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.control_plane.errors import BadRequestException
from apps.control_plane.openapi.document import MAX_BYTES, load, pointer
from apps.control_plane.openapi.importer import preview
from apps.control_plane.openapi.positions import Position

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "\n".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)

MALFORMED = {
    "an unclosed object": (b'{\n  "swagger": "2.0",\n', "line 3, column"),
    "a trailing comma": (b'{"a": 1,}', "line 1, column 8"),
    "a bare word": (b'{"a": nope}', "line 1, column"),
    "NaN": (b'{"a": NaN}', "line 1, column"),
    "a number of five thousand digits": (b'{"a": ' + b"9" * 5000 + b"}", "Invalid OpenAPI input."),
    "an infinite number": (b'{"a": 1e999}', "Invalid OpenAPI input."),
    "a key twice in JSON": (b'{"a": {"b": 1, "b": 2}}', "Duplicate key 'b'"),
    "a key twice in YAML": (b"a:\n  b: 1\n  b: 2\n", "Duplicate key 'b' (line 3, column 3)"),
    "half a surrogate pair": (b'{"a": "\\ud800"}', "Invalid OpenAPI input."),
    "a NUL": (b'{"a": "\\u0000"}', "NUL"),
    "a NUL in YAML": (b'a: "\\0"', "NUL"),
    "not UTF-8": (b"\xff\xfe{", "Byte 0 is not UTF-8"),
    "nothing": (b"", "empty"),
    "spaces": (b" \n ", "empty"),
    "a list": (b"[1, 2]", "not an object"),
    "a word": (b"hello", "not an object"),
    "a tab for indentation": (b"a:\n\tb: 1\n", "line 2, column"),
    "an unclosed quote": (b'a: "b\n', "line"),
    "an unknown alias": (b"a: *b", "line 1, column 4"),
    "an alias of itself": (b"a: &a [*a]", "has no anchor before it"),
    "an alias bomb": (BOMB.encode(), "values"),
    "a tag that constructs": (b"a: !!python/object/apply:os.system ['true']", "is not supported"),
    "a tag on text": (b"a: !!binary aGk=", "is not supported"),
    "a set": (b"a: !!set {x}", "is not supported"),
    "a key that is no text": (b"? [a, b]\n: 1\n", "A key must be text"),
    "a merge of text": (b"a:\n  <<: text\n", "Only objects can be merged"),
    "an int that is none": (b"a: !!int x", "is no int"),
    "a second document": (b"a: 1\n---\nb: 2\n", "A second document begins (line 2, column 1)"),
    "deep JSON": (b'{"a":' + b"[" * 200 + b"]" * 200 + b"}", "levels of nesting"),
    "very deep JSON": (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "Invalid OpenAPI input."),
    "deep YAML": (b"a: " + b"[" * 200 + b"]" * 200, "levels of nesting"),
    "very deep YAML": (b"a: " + b"[" * 100_000, "Invalid OpenAPI input."),
    "more than six megabytes": (b'{"a": "' + b"x" * MAX_BYTES + b'"}', "larger than 6 MB"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_text_is_refused_with_its_place(name: str) -> None:
    text, words = MALFORMED[name]

    with pytest.raises(BadRequestException) as refusal:
        load(text)

    assert refusal.value.message.startswith("Invalid OpenAPI input.")
    assert words in refusal.value.message


def test_yaml_scalars_are_what_api_definitions_mean_by_them() -> None:
    text = "version: 2026-01-31\ncode: 200\nyes: off\n200: {x: 1.5}\nnothing: ~\nhex: 0x10\nquoted: '200'\nmerge: {<<: {a: 1, b: 2}, b: 3}\n"

    assert load(text.encode()).data == {
        "version": "2026-01-31",
        "code": 200,
        "yes": False,
        "200": {"x": 1.5},
        "nothing": None,
        "hex": 16,
        "quoted": "200",
        "merge": {"a": 1, "b": 3},
    }


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert load(b'\xef\xbb\xbf{"a": 1}').data == {"a": 1}


def test_values_have_places_in_json() -> None:
    document = load(b'{\n  "a/b": [1, {"c": "x"}],\n  "d~": {"e": 1}\n}')

    places = document.positions({"#", "#/a~1b", "#/a~1b/1/c", "#/d~0/e", "#/missing"})

    assert places == {
        "#": Position(1, 1),
        "#/a~1b": Position(2, 3),
        "#/a~1b/1/c": Position(2, 15),
        "#/d~0/e": Position(3, 10),
    }


def test_values_have_places_in_yaml() -> None:
    document = load(b"a/b:\n  - 1\n  - c: x\nd~:\n  e: {f: [1, 2]}\n")

    places = document.positions({"#/a~1b", "#/a~1b/1/c", "#/d~0/e/f/1", "#/missing"})

    assert places == {"#/a~1b": Position(1, 1), "#/a~1b/1/c": Position(3, 5), "#/d~0/e/f/1": Position(5, 14)}


def test_a_pointer_escapes_slashes_and_tildes() -> None:
    assert pointer("paths", "/pets/~me", "get") == "#/paths/~1pets~1~0me/get"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=20,
)


def read(text: bytes) -> None:
    try:
        load(text)
    except BadRequestException:
        return


@given(st.binary(max_size=200))
def test_bytes_are_read_or_refused(text: bytes) -> None:
    read(text)


@given(st.text(alphabet="{}[]:,-&*!?|>'\"#%@` \n\tab01<=.~\\", max_size=80))
def test_text_like_yaml_is_read_or_refused(text: str) -> None:
    read(text.encode())


@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_json_comes_back_or_is_refused(value: dict[str, object]) -> None:
    try:
        document = load(json.dumps(value).encode())
    except BadRequestException:
        return
    assert document.data == value


SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 600) | st.sampled_from(["", "x", "#/paths", "#/a/b", "mock", "query", "apiKey"]),
    lambda children: st.lists(children, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["get", "post", "parameters", "responses", "200", "default", "content", "application/json", "schema", "$ref", "name", "in",
             "headers", "x-amazon-apigateway-integration", "type", "uri", "security", "requestBody", "required", "description", "tags",
             "x-amazon-apigateway-any-method", "requestParameters", "statusCode", "/pets", "/{id}", "paths", "info", "title"]
        ),
        children,
        max_size=5,
    ),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=300)
@given(
    st.sampled_from([{"swagger": "2.0"}, {"openapi": "3.0.1"}]),
    st.dictionaries(
        st.sampled_from(["info", "paths", "definitions", "components", "securityDefinitions", "security", "servers", "basePath",
                         "x-amazon-apigateway-policy", "x-amazon-apigateway-endpoint-configuration", "tags", "produces"]),
        SHAPES,
    ),
)  # fmt: skip
def test_any_shape_of_a_definition_is_read_with_findings(version: dict[str, str], members: dict[str, object]) -> None:
    """Nothing in a document makes a reader fall over; what is wrong is told."""
    preview(json.dumps({**version, **members}).encode(), {})
