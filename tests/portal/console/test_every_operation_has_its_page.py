"""Everything that the operations can do a person can do here: the table of `console_operations` against operations and sources."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

import portal.console.urls  # noqa: F401 - imports every page, and with them every operation
from apps.control_plane.registry import operations_built
from tests.portal.console.console_operations import (
    ACM,
    COVERED,
    DEVELOPER,
    GATEHOUSE,
    LAMBDA,
    PROGRAMS,
    SHOWN,
    STS,
    V1,
    V2,
)

ROOT = Path(__file__).resolve().parents[3]
TABLES = {"apigateway": V1, "apigatewayv2": V2, "gatehouse": GATEHOUSE, "lambda": LAMBDA, "sts": STS, "acm": ACM}
SAMPLES = ("Command", "command")
"""What makes a sample for a terminal; an operation that is only named there is not performed."""


def rows(service: str) -> list[tuple[str, str]]:
    """Where, and the name of the operation."""
    return [(where, name) for where, names in TABLES[service].items() for name in names.split()]


@cache
def performed(path: Path) -> frozenset[str]:
    """The words of a module that may name an operation which it performs."""
    tree = ast.parse(path.read_text())
    samples = {
        id(inside)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and node.args
        if (node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")) in SAMPLES
        for inside in ast.walk(node.args[0])
    }
    return frozenset(
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in samples
    )


@pytest.mark.parametrize("service", sorted(TABLES))
def test_every_operation_stands_in_the_table_once(service: str) -> None:
    named = [name for _, name in rows(service)]

    assert sorted(set(named)) == sorted(named)
    assert set(named) == operations_built(service)


@pytest.mark.parametrize(
    ("where", "name"),
    [row for service in sorted(TABLES) for row in rows(service) if not row[0].startswith((SHOWN, COVERED, PROGRAMS))],
)
def test_the_page_that_is_named_performs_the_operation(where: str, name: str) -> None:
    folder = "developer" if where.startswith(DEVELOPER) else "console"
    module = ROOT / "portal" / folder / f"{where.removeprefix(DEVELOPER)}.py"

    assert name in performed(module), f"{module.name} does not perform {name}"


@pytest.mark.parametrize(
    "where", sorted({where for table in TABLES.values() for where in table if where.startswith((SHOWN, COVERED))})
)
def test_the_page_that_stands_for_others_exists(where: str) -> None:
    module = where.removeprefix(SHOWN).removeprefix(COVERED)

    assert any((ROOT / "portal" / folder / f"{module}.py").exists() for folder in ("console", "developer"))


def test_only_reads_are_shown_from_rows() -> None:
    shown = [name for table in TABLES.values() for where, names in table.items() if where.startswith(SHOWN) for name in names.split()]  # fmt: skip

    assert [name for name in shown if not name.startswith(("Get", "List"))] == []
