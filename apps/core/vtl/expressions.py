"""Parses references and expressions: what stands behind a `$`, and inside the parentheses of directives."""

from __future__ import annotations

import re
from collections.abc import Callable

from apps.core.vtl.errors import VtlSyntaxError
from apps.core.vtl.tree import (
    Block,
    Call,
    Chain,
    Constant,
    Expression,
    Index,
    Interpolated,
    ListLiteral,
    MapLiteral,
    Negative,
    Not,
    Property,
    Range,
    Reference,
    Step,
    Truth,
)

DEEPEST = 40  # nested parentheses, blocks and strings

REFERENCE = re.compile(r"\$!?(\{)?([A-Za-z_][A-Za-z0-9_-]*)")
_SPACE = re.compile(r"\s*")
_MEMBER = re.compile(r"\.([A-Za-z_][A-Za-z0-9_-]*)(\()?")
_NUMBER = re.compile(r"\d+(?:\.(?!\.)\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?")
_STRING = re.compile(r"\"((?:[^\"]|\"\")*)\"|'((?:[^']|'')*)'")
_UNICODE = re.compile(r"\\u([0-9a-fA-F]{4})")
_WORD = re.compile(r"(?:true|false|not)\b")
_OPERATOR = re.compile(r"\|\||&&|[=!<>]=|[<>+*/%-]|(?:or|and|eq|ne|lt|gt|le|ge)\b")
_LONGEST_NUMBER = 300  # digits

_WORDS = {"or": "||", "and": "&&", "eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">="}
_PRECEDENCE = {
    "||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, ">": 4, "<=": 4, ">=": 4, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6,
}  # fmt: skip


class ExpressionParser:
    """A cursor in a template. `template_parser` parses the text of strings in double quotes, given the text and the depth it stands at."""

    def __init__(self, source: str, depth: int, template_parser: Callable[[str, int], tuple[Block, int]]) -> None:
        self.source = source
        self.at = 0
        self.depth = depth
        self.nodes = 0  # parsed so far
        self._template_parser = template_parser

    def error(self, message: str, at: int | None = None) -> VtlSyntaxError:
        return VtlSyntaxError(message, self.source, self.at if at is None else at)

    def enter(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error("the template is nested too deeply")

    def space(self) -> None:
        match = _SPACE.match(self.source, self.at)
        assert match is not None
        self.at = match.end()

    def take(self, text: str) -> bool:
        """Whether this comes next; if so, behind it."""
        if self.source.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def expect(self, text: str) -> None:
        """Past white space, then exactly this."""
        self.space()
        if not self.take(text):
            found = self.source[self.at : self.at + 12] or "the end of the template"
            raise self.error(f"expected {text!r}, found {found!r}")

    def reference(self) -> Reference:
        """At a `$` that begins a reference."""
        start = self.at
        match = REFERENCE.match(self.source, start)
        if match is None:
            raise self.error("expected a reference")
        self.at = match.end()
        self.nodes += 1
        steps = self._steps()
        if match[1] and not self.take("}"):
            raise self.error(f"the reference {self.source[start : self.at]!r} is not closed", start)
        return Reference(match[2], steps, self.source[start : self.at])

    def _steps(self) -> tuple[Step, ...]:
        self.enter()
        steps: list[Step] = []
        while True:
            member = _MEMBER.match(self.source, self.at)
            if member is not None:
                self.at = member.end()
                steps.append(Call(member[1], self._list(")")) if member[2] else Property(member[1]))
            elif self.take("["):
                steps.append(Index(self.expression()))
                self.expect("]")
            else:
                break
            self.nodes += 1
        self.depth -= 1
        return tuple(steps)

    def _list(self, end: str) -> tuple[Expression, ...]:
        """Expressions with commas between them, past the text that ends them."""
        self.space()
        if self.take(end):
            return ()
        items = [self.expression()]
        while True:
            self.space()
            if not self.take(","):
                break
            items.append(self.expression())
        self.expect(end)
        return tuple(items)

    def expression(self, lowest: int = 1) -> Expression:
        """Operators of this precedence and above."""
        left = self._operand()
        operator = self._operator()
        while operator is not None and _PRECEDENCE[operator[0]] >= lowest:
            precedence = _PRECEDENCE[operator[0]]
            rest: list[tuple[str, Expression]] = []
            while operator is not None and _PRECEDENCE[operator[0]] == precedence:
                self.at = operator[1]
                rest.append((operator[0], self.expression(precedence + 1)))
                operator = self._operator()
            left = Chain(left, tuple(rest))
        return left

    def _operator(self) -> tuple[str, int] | None:
        """The operator that comes next, with where it ends."""
        self.space()
        match = _OPERATOR.match(self.source, self.at)
        return None if match is None else (_WORDS.get(match[0], match[0]), match.end())

    def _operand(self) -> Expression:
        self.space()
        self.nodes += 1
        self.enter()
        try:
            return self._unary() or self._literal()
        finally:
            self.depth -= 1

    def _unary(self) -> Expression | None:
        start = self.source[self.at : self.at + 1]
        if start == "$":
            return self.reference()
        if start == "(":
            self.at += 1
            inner = self.expression()
            self.expect(")")
            return inner
        if start == "!":
            self.at += 1
            return Not(self._operand())
        if start == "-":
            self.at += 1
            operand = self._operand()
            if isinstance(operand, Constant) and not isinstance(operand.value, str):
                return Constant(-operand.value)
            return Negative(operand)
        return None

    def _literal(self) -> Expression:
        if self.take("["):
            return self._list_or_range()
        if self.take("{"):
            return self._map()
        word = _WORD.match(self.source, self.at)
        if word is not None:
            self.at = word.end()
            return Not(self._operand()) if word[0] == "not" else Truth(word[0] == "true")
        number = _NUMBER.match(self.source, self.at)
        if number is not None:
            return self._number(number)
        string = _STRING.match(self.source, self.at)
        if string is not None:
            return self._string(string)
        found = self.source[self.at : self.at + 12] or "the end of the template"
        raise self.error(f"expected a value, found {found!r}")

    def _number(self, match: re.Match[str]) -> Constant:
        text = match[0]
        if len(text) > _LONGEST_NUMBER:
            raise self.error("the number is too long")
        self.at = match.end()
        return Constant(int(text) if text.isdigit() else float(text))

    def _string(self, match: re.Match[str]) -> Expression:
        start, self.at = self.at, match.end()
        if match[1] is None:
            return Constant(match[2].replace("''", "'"))
        text = match[1].replace('""', '"')
        if "\\u" in text:
            text = _UNICODE.sub(lambda escaped: chr(int(escaped[1], 16)), text)
            # Halves of a pair become one character; a half alone is none.
            text = text.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")
        if "$" not in text and "#" not in text:
            return Constant(text)
        try:
            block, nodes = self._template_parser(text, self.depth)
        except VtlSyntaxError as error:
            raise self.error(f"in a string: {error}", start) from None
        self.nodes += nodes
        return Interpolated(block)

    def _list_or_range(self) -> Expression:
        self.space()
        if self.take("]"):
            return ListLiteral(())
        first = self.expression()
        self.space()
        if self.take(".."):
            last = self.expression()
            self.expect("]")
            return Range(first, last)
        if self.take("]"):
            return ListLiteral((first,))
        self.expect(",")
        return ListLiteral((first, *self._list_of_some()))

    def _list_of_some(self) -> tuple[Expression, ...]:
        items = self._list("]")
        if not items:
            raise self.error("a list ends in a comma")
        return items

    def _map(self) -> MapLiteral:
        items: list[tuple[Expression, Expression]] = []
        self.space()
        if self.take("}"):
            return MapLiteral(())
        while True:
            key = self.expression()
            self.expect(":")
            items.append((key, self.expression()))
            self.space()
            if not self.take(","):
                break
        self.expect("}")
        return MapLiteral(tuple(items))
