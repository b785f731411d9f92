"""Compiles a parsed template into closures: statements write into a list of texts, expressions give values."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from apps.core.vtl import tree
from apps.core.vtl.budget import LIMITS, Budget, Limits
from apps.core.vtl.errors import VtlError, VtlLimitExceeded
from apps.core.vtl.evaluation import (
    VALUES,
    Scope,
    Value,
    compile_condition,
    compile_reference,
    compile_target,
    compile_value,
)
from apps.core.vtl.parser import parse
from apps.core.vtl.rendering import as_text
from apps.core.vtl.values import Loop, VtlObject

Run = Callable[[Scope, list[str]], None]
_MISSING = object()
_DEEPEST_DEFINITION = 20


class Template:
    """A compiled template. It may run any number of times, also at the same time; each run has variables of its own."""

    __slots__ = ("_run", "source")

    def __init__(self, source: str) -> None:
        """Raises VtlSyntaxError."""
        self.source = source
        try:
            self._run = _block(parse(source))
        except RecursionError:
            raise VtlError("the template is nested too deeply") from None

    def render(
        self, variables: Mapping[str, Any], limits: Limits = LIMITS, clock: Callable[[], float] = time.monotonic
    ) -> str:
        """The template's text for these variables. Raises VtlError for what fails on the way, VtlLimitExceeded for what takes too long.

        Values are those of `apps.core.vtl.values`; a template can change the maps and lists among them.
        """
        budget = Budget(limits, clock)
        written: list[str] = []
        try:
            self._run(Scope(dict(variables), budget), written)
        except _Leave:
            pass
        except RecursionError:
            raise VtlLimitExceeded("the template is nested too deeply") from None
        except MemoryError:
            raise VtlLimitExceeded("the template makes too much") from None
        text = "".join(written)
        if len(text) > limits.output:
            raise VtlLimitExceeded(f"the template gives more than {limits.output} characters")
        return text


class _Leave(Exception):
    """`#stop`, or `#break` outside of every loop."""


class _Break(_Leave):
    """`#break`."""


class Definition(VtlObject):
    """What `#define` gives a name to: it runs wherever it is written."""

    def __init__(self, run: Run, scope: Scope) -> None:
        self._run = run
        self._scope = scope

    def text(self) -> str:
        scope = self._scope
        scope.depth += 1
        if scope.depth > _DEEPEST_DEFINITION:
            raise VtlLimitExceeded("#define blocks write themselves")
        written: list[str] = []
        self._run(scope, written)
        scope.depth -= 1
        return "".join(written)


def _block(block: tree.Block) -> Run:
    runs = tuple(_STATEMENTS[type(statement)](statement) for statement in block)
    if len(runs) == 1:
        return runs[0]

    def run(scope: Scope, written: list[str]) -> None:
        for each in runs:
            each(scope, written)

    return run


def _interpolated(expression: tree.Interpolated) -> Value:
    run = _block(expression.body)

    def read(scope: Scope) -> str:
        written: list[str] = []
        run(scope, written)
        return "".join(written)

    return read


VALUES[tree.Interpolated] = _interpolated


def _text(statement: tree.Text) -> Run:
    text, length = statement.text, len(statement.text)

    def run(scope: Scope, written: list[str]) -> None:
        scope.budget.text(length)
        written.append(text)

    return run


def _output(statement: tree.Output) -> Run:
    read, weight = compile_reference(statement.reference), statement.weight

    def run(scope: Scope, written: list[str]) -> None:
        budget = scope.budget
        budget.step(weight)
        value = read(scope)
        if value is not None:
            text = value if type(value) is str else as_text(value, budget)
            budget.text(len(text))
            written.append(text)

    return run


def _set(statement: tree.Set) -> Run:
    assign, read, weight = compile_target(statement.target), compile_value(statement.value), statement.weight

    def run(scope: Scope, written: list[str]) -> None:
        scope.budget.step(weight)
        value = read(scope)
        # Velocity leaves alone what is set to null.
        if value is not None:
            assign(scope, value)

    return run


def _if(statement: tree.If) -> Run:
    branches = tuple((compile_condition(condition), _block(block)) for condition, block in statement.branches)
    otherwise = _block(statement.otherwise or ())
    weight = statement.weight

    def run(scope: Scope, written: list[str]) -> None:
        scope.budget.step(weight)
        for holds, block in branches:
            if holds(scope):
                block(scope, written)
                return
        otherwise(scope, written)

    return run


def _foreach(statement: tree.Foreach) -> Run:
    read, body = compile_value(statement.source), _block(statement.body)
    name, weight = statement.variable, statement.weight

    def run(scope: Scope, written: list[str]) -> None:
        budget = scope.budget
        budget.step(weight)
        items = _items(read(scope))
        if not items:
            return
        if len(items) > budget.limits.loop_turns:
            raise VtlLimitExceeded(f"#foreach has more than {budget.limits.loop_turns} turns")
        variables, outer = scope.variables, scope.loop
        hidden = variables.get(name, _MISSING)
        scope.loop = loop = Loop(len(items), outer)
        try:
            for index, item in enumerate(items):
                budget.step()
                loop.index = index
                variables[name] = item
                body(scope, written)
        except _Break:
            pass
        scope.loop = outer
        if hidden is _MISSING:
            variables.pop(name, None)
        else:
            variables[name] = hidden

    return run


def _items(source: Any) -> list[Any]:
    """What a loop goes through: as it is now, whatever the loop does to it."""
    if isinstance(source, list):
        return list(source)
    return list(source.values()) if isinstance(source, dict) else []


def _define(statement: tree.Define) -> Run:
    body, name = _block(statement.body), statement.name

    def run(scope: Scope, written: list[str]) -> None:
        scope.budget.step()
        scope.variables[name] = Definition(body, scope)

    return run


def _leave(statement: tree.Leave) -> Run:
    template = statement.template

    def run(scope: Scope, written: list[str]) -> None:
        raise _Leave if template else _Break

    return run


_STATEMENTS: dict[type, Callable[[Any], Run]] = {
    tree.Text: _text,
    tree.Output: _output,
    tree.Set: _set,
    tree.If: _if,
    tree.Foreach: _foreach,
    tree.Define: _define,
    tree.Leave: _leave,
}
