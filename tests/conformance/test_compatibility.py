"""docs/compatibility.md tells what the code does."""

from __future__ import annotations

from tests.conformance.compatibility import COMMAND, PAGE, page


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text() == page(), f"docs/compatibility.md is stale: run `{COMMAND}`"


def test_every_built_operation_is_called_by_a_test_and_every_gap_has_a_reason() -> None:
    rows = [line for line in page().split("\n") if line.startswith("| ")]

    assert [row for row in rows if row.endswith("| none |") or "the test does not say" in row] == []
    assert not [row for row in rows if "| 0 of " in row]
