"""Compiles expressions and references into closures from a scope to a value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from apps.core.vtl import tree
from apps.core.vtl.budget import Budget
from apps.core.vtl.errors import VtlError, VtlLimitExceeded
from apps.core.vtl.methods import call_method
from apps.core.vtl.methods.maps import map_key
from apps.core.vtl.operators import BINARY, CONDITIONS, is_true, negate
from apps.core.vtl.rendering import as_text
from apps.core.vtl.values import UNDEFINED, Entry, JavaList, Loop, VtlObject

Value = Callable[["Scope"], Any]
Condition = Callable[["Scope"], bool]
_LONGEST_RANGE = 100_000


class Scope:
    """One run of a template: its variables, and the loop it is in."""

    __slots__ = ("budget", "depth", "loop", "variables")

    def __init__(self, variables: dict[str, Any], budget: Budget) -> None:
        self.variables = variables
        self.budget = budget
        self.loop: Loop | None = None
        self.depth = 0


class _Step(Protocol):
    def __call__(self, scope: Scope, value: Any, /) -> Any: ...


def compile_value(expression: tree.Expression) -> Value:
    """A closure that gives the expression's value."""
    return VALUES[type(expression)](expression)


def compile_condition(expression: tree.Expression) -> Condition:
    """A closure that tells whether the expression holds. A literal other than `true` does not, whatever it is."""
    if isinstance(expression, tree.Reference):
        read = compile_reference(expression)
        return lambda scope: is_true(read(scope))
    if isinstance(expression, tree.Not):
        holds = compile_condition(expression.operand)
        return lambda scope: not holds(scope)
    if isinstance(expression, tree.Truth):
        constant = expression.value
        return lambda scope: constant
    if isinstance(expression, tree.Chain):
        operator = expression.rest[0][0]
        if operator in ("&&", "||"):
            return _boolean(expression)
        if operator in CONDITIONS:
            return _chain(expression)
    return lambda scope: False


def compile_reference(reference: tree.Reference) -> Value:
    """A closure that follows a reference; null where a step leads nowhere."""
    read = _variable(reference.name)
    if not reference.steps:
        return read
    steps = tuple(_step(step) for step in reference.steps)
    if len(steps) == 1:
        only = steps[0]
        return lambda scope: None if (value := read(scope)) is None else only(scope, value)

    def follow(scope: Scope) -> Any:
        value = read(scope)
        for step in steps:
            if value is None:
                return None
            value = step(scope, value)
        return value

    return follow


def compile_target(reference: tree.Reference) -> Callable[[Scope, Any], None]:
    """A closure that puts a value where a reference leads; where it leads nowhere, nothing happens."""
    name = reference.name
    if not reference.steps:

        def assign(scope: Scope, value: Any) -> None:
            scope.variables[name] = value

        return assign
    read = compile_reference(reference._replace(steps=reference.steps[:-1]))
    last = reference.steps[-1]
    constant = last.name if isinstance(last, tree.Property) else None
    key = compile_value(last.key) if isinstance(last, tree.Index) else None

    def assign_member(scope: Scope, value: Any) -> None:
        owner = read(scope)
        place = constant if key is None else key(scope)
        if isinstance(value, (dict, list)):
            scope.budget.shared = True
        if isinstance(owner, dict):
            owner[map_key(place)] = value
        elif isinstance(owner, VtlObject):
            owner.assign(as_text(place, scope.budget), value)
        elif isinstance(owner, list) and isinstance(place, int):
            owner[list_index(owner, place)] = value

    return assign_member


def list_index(values: Sequence[Any], index: int) -> int:
    """An index that is there. Raises VtlError."""
    if isinstance(index, bool) or not 0 <= index < len(values):
        raise VtlError(f"index {index} is outside of a list of {len(values)}")
    return index


def _variable(name: str) -> Value:
    if name == "foreach":
        return lambda scope: scope.variables.get(name, UNDEFINED if scope.loop is None else scope.loop)
    if name in ("velocityCount", "velocityHasNext"):
        member = "count" if name == "velocityCount" else "hasNext"
        return lambda scope: (
            scope.variables.get(name, UNDEFINED) if scope.loop is None else scope.loop.member(member, scope.budget)
        )
    return lambda scope: scope.variables.get(name, UNDEFINED)


def _step(step: tree.Step) -> _Step:
    if isinstance(step, tree.Property):
        name = step.name
        return lambda scope, value: _member(value, name, scope.budget)
    if isinstance(step, tree.Index):
        key = compile_value(step.key)
        return lambda scope, value: _item(value, key(scope), scope.budget)
    method = step.name
    if not step.arguments:
        return lambda scope, value: call_method(value, method, [], scope.budget)
    arguments = tuple(compile_value(argument) for argument in step.arguments)
    return lambda scope, value: call_method(value, method, [read(scope) for read in arguments], scope.budget)


def _member(value: Any, name: str, budget: Budget) -> Any:
    if isinstance(value, dict):
        return value.get(name)
    if isinstance(value, VtlObject):
        return value.member(name, budget)
    if isinstance(value, Entry):
        return value.key if name == "key" else value.value if name == "value" else None
    if name == "empty" and isinstance(value, (str, list)):
        return not value
    return None


def _item(value: Any, key: Any, budget: Budget) -> Any:
    if isinstance(value, list):
        return value[list_index(value, key)] if isinstance(key, int) else None
    if isinstance(value, dict):
        return value.get(map_key(key))
    return value.member(as_text(key, budget), budget) if isinstance(value, VtlObject) else None


def _constant(expression: tree.Constant | tree.Truth) -> Value:
    value = expression.value
    return lambda scope: value


def _list(expression: tree.ListLiteral) -> Value:
    items = tuple(compile_value(item) for item in expression.items)

    def read(scope: Scope) -> JavaList:
        scope.budget.step(len(items))
        scope.budget.shared = scope.budget.shared or bool(items)
        return JavaList([item(scope) for item in items])

    return read


def _range(expression: tree.Range) -> Value:
    first, last = compile_value(expression.first), compile_value(expression.last)

    def read(scope: Scope) -> JavaList | None:
        low, high = first(scope), last(scope)
        if not isinstance(low, int) or not isinstance(high, int):
            return None
        if abs(high - low) >= _LONGEST_RANGE:
            raise VtlLimitExceeded(f"the range [{low}..{high}] is too long")
        scope.budget.step(abs(high - low))
        return JavaList(range(low, high + 1) if low <= high else range(low, high - 1, -1))

    return read


def _map(expression: tree.MapLiteral) -> Value:
    items = tuple((compile_value(key), compile_value(value)) for key, value in expression.items)

    def read(scope: Scope) -> dict[Any, Any]:
        scope.budget.step(len(items))
        scope.budget.shared = scope.budget.shared or bool(items)
        return {map_key(key(scope)): value(scope) for key, value in items}

    return read


def _not(expression: tree.Not) -> Value:
    return compile_condition(expression)


def _negative(expression: tree.Negative) -> Value:
    operand = compile_value(expression.operand)
    return lambda scope: negate(operand(scope))


def _chain(expression: tree.Chain) -> Value:
    if expression.rest[0][0] in ("&&", "||"):
        return _boolean(expression)
    first = compile_value(expression.first)
    rest = tuple((BINARY[operator], compile_value(operand)) for operator, operand in expression.rest)
    if len(rest) == 1:
        ((apply, second),) = rest
        return lambda scope: apply(first(scope), second(scope), scope.budget)

    def read(scope: Scope) -> Any:
        value = first(scope)
        for operate, operand in rest:
            value = operate(value, operand(scope), scope.budget)
        return value

    return read


def _boolean(expression: tree.Chain) -> Condition:
    """`&&` or `||`; the operands are looked at until the outcome is known."""
    operands = tuple(
        compile_condition(each) for each in (expression.first, *(operand for _, operand in expression.rest))
    )
    if expression.rest[0][0] == "&&":
        return lambda scope: all(holds(scope) for holds in operands)
    return lambda scope: any(holds(scope) for holds in operands)


# Strings with references in them are whole templates: the compiler of statements adds them.
VALUES: dict[type, Callable[[Any], Value]] = {
    tree.Constant: _constant,
    tree.Truth: _constant,
    tree.ListLiteral: _list,
    tree.Range: _range,
    tree.MapLiteral: _map,
    tree.Reference: compile_reference,
    tree.Not: _not,
    tree.Negative: _negative,
    tree.Chain: _chain,
}
