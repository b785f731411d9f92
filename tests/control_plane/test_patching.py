"""Patch tables: paths, what their segments stand for, and the words for what they do not take."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from apps.control_plane.errors import BadRequestException
from apps.control_plane.patching import (
    LISTS_PATHS,
    NAMES_PATH,
    Patch,
    PatchTable,
    Rule,
    boolean,
    entries,
    escape,
    integer,
    replaceable,
    unescape,
)

SIZE = integer("Invalid size, must be between 0 to 10", 0, 10)
RULES = (replaceable("/name", "name"), replaceable("/size", "size", SIZE), entries("/tags/{name}", "tags", boolean))


def a_row() -> SimpleNamespace:
    return SimpleNamespace(name="old", size=1, tags={}, seen=())


def refusal(table: PatchTable, op: str, path: str, value: str = "1") -> str:
    with pytest.raises(BadRequestException) as refused:
        table.apply(a_row(), [{"op": op, "path": path, "value": value}])
    return refused.value.message


def test_operations_are_carried_out_in_their_order() -> None:
    row = a_row()

    PatchTable(RULES, NAMES_PATH).apply(
        row,
        [
            {"op": "replace", "path": "/name", "value": "first"},
            {"op": "replace", "path": "/name", "value": "second"},
            {"op": "add", "path": "/tags/a~1b~0c", "value": "true"},
        ],
    )

    assert (row.name, row.tags) == ("second", {"a/b~c": True})


@pytest.mark.parametrize("name", ["plain", "a/b", "a~b", "~1", "application/json;q=~0"])
def test_escaped_names_come_back(name: str) -> None:
    assert unescape(escape(name)) == name


def test_a_greedy_segment_takes_one_or_more() -> None:
    def see(row: SimpleNamespace, patch: Patch) -> None:
        row.seen = patch.names

    table, row = PatchTable((Rule("/x/{path+}/{method}/rate", {"replace": see}),), NAMES_PATH), a_row()
    table.apply(row, [{"op": "replace", "path": "/x/~1pets~1{id}/GET/rate"}])
    assert row.seen == ("/pets/{id}", "GET")

    table.apply(row, [{"op": "replace", "path": "/x//pets/{id}/GET/rate"}])
    assert row.seen == ("/pets/{id}", "GET")
    assert refusal(table, "replace", "/x/GET/rate") == "Invalid patch path /x/GET/rate"


def test_a_table_tells_the_paths_it_has_or_the_path_that_is_wrong() -> None:
    listing, naming = PatchTable(RULES, LISTS_PATHS), PatchTable(RULES, NAMES_PATH)

    assert refusal(listing, "replace", "/x") == (
        "Invalid patch path  '/x' specified for op 'replace'. Must be one of: [/name, /size, /tags/{name}]"
    )
    assert refusal(listing, "copy", "/name") == (
        "Invalid patch path  '/name' specified for op 'copy'. Please choose supported operations"
    )
    assert refusal(naming, "replace", "/x") == "Invalid patch path /x"
    assert refusal(naming, "add", "/name") == "Invalid patch operation specified. Must be one of: [replace]"


@pytest.mark.parametrize("value", ["", "eleven", "11", "-1", "1_0", "9" * 5000])
def test_a_number_outside_its_bounds_is_refused(value: str) -> None:
    assert refusal(PatchTable(RULES, NAMES_PATH), "replace", "/size", value) == "Invalid size, must be between 0 to 10"


@pytest.mark.parametrize("path", ["", "name", "/name/", "//name"])
def test_a_path_that_only_looks_like_one_is_none(path: str) -> None:
    assert refusal(PatchTable(RULES, NAMES_PATH), "replace", path) == f"Invalid patch path {path or 'null'}"
