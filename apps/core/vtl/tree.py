"""A parsed template. Statements write; expressions have values."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias


class Text(NamedTuple):
    """Written as it stands."""

    text: str


class Output(NamedTuple):
    """A reference in the text: its value is written. `weight` is what one run of a statement costs, in nodes."""

    reference: Reference
    weight: int


class Set(NamedTuple):
    """`#set(target = value)`."""

    target: Reference
    value: Expression
    weight: int


class If(NamedTuple):
    """`#if`, `#elseif` … each with its block, and the block of `#else`."""

    branches: tuple[tuple[Expression, Block], ...]
    otherwise: Block | None
    weight: int


class Foreach(NamedTuple):
    """`#foreach($variable in source) body #end`."""

    variable: str
    source: Expression
    body: Block
    weight: int


class Define(NamedTuple):
    """`#define($name) body #end`: the body runs wherever the name is written."""

    name: str
    body: Block


class Leave(NamedTuple):
    """`#break` leaves the innermost loop, `#stop` the template."""

    template: bool


Statement: TypeAlias = "Text | Output | Set | If | Foreach | Define | Leave"
Block: TypeAlias = tuple["Statement", ...]


class Constant(NamedTuple):
    """A number, or a string without references."""

    value: str | int | float


class Truth(NamedTuple):
    """`true` or `false`."""

    value: bool


class Interpolated(NamedTuple):
    """A string in double quotes: a template of its own."""

    body: Block


class ListLiteral(NamedTuple):
    """`[a, b]`."""

    items: tuple[Expression, ...]


class Range(NamedTuple):
    """`[first..last]`, in either direction."""

    first: Expression
    last: Expression


class MapLiteral(NamedTuple):
    """`{"key": value}`."""

    items: tuple[tuple[Expression, Expression], ...]


class Property(NamedTuple):
    """`.name`."""

    name: str


class Call(NamedTuple):
    """`.name(arguments)`."""

    name: str
    arguments: tuple[Expression, ...]


class Index(NamedTuple):
    """`[key]`."""

    key: Expression


Step: TypeAlias = "Property | Call | Index"


class Reference(NamedTuple):
    """A variable and the steps from it. `source` is its spelling in the template."""

    name: str
    steps: tuple[Step, ...]
    source: str


class Not(NamedTuple):
    operand: Expression


class Negative(NamedTuple):
    operand: Expression


class Chain(NamedTuple):
    """Operands of one precedence, from left to right: `a + b - c`."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]


Expression: TypeAlias = (
    "Constant | Truth | Interpolated | ListLiteral | Range | MapLiteral | Reference | Not | Negative | Chain"
)
