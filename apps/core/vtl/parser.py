"""Parses a template: text, references and directives, as Velocity 1.7 reads them.

What API Gateway has not is text: macros, their calls, and `#evaluate`. The spaces before a `#set` and the line break behind a
directive belong to the directive.
"""

from __future__ import annotations

import re

from apps.core.vtl.budget import LARGEST_TEMPLATE
from apps.core.vtl.errors import VtlSyntaxError
from apps.core.vtl.expressions import REFERENCE, ExpressionParser
from apps.core.vtl.statements import Statements
from apps.core.vtl.tree import (
    Block,
    Define,
    Expression,
    Foreach,
    If,
    Leave,
    Output,
    Set,
    Text,
)

_SPECIAL = re.compile(r"[$#\\]")
_DIRECTIVE = re.compile(r"#(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")
_ESCAPES = re.compile(r"\\+")
_REST_OF_LINE = re.compile(r"[ \t]*(?:\r\n|\n|\r)")
_COMMENT_LINE = re.compile(r"##[^\r\n]*(?:\r\n|\n|\r)?")
_PARENTHESIS = re.compile(r"[ \t]*\(")
_LOOP = re.compile(r"\s*\$!?(?:\{([A-Za-z_][A-Za-z0-9_-]*)\}|([A-Za-z_][A-Za-z0-9_-]*))\s+in\b")

_KNOWN = frozenset(
    {"set", "if", "elseif", "else", "end", "foreach", "define", "break", "stop", "literal", "macro", "evaluate",
     "include", "parse"}
)  # fmt: skip


def parse(template: str) -> Block:
    """The template as a tree. Raises VtlSyntaxError."""
    try:
        size = len(template.encode())
    except UnicodeEncodeError as error:
        raise VtlSyntaxError("the template has half of a surrogate pair", template, error.start) from None
    if size > LARGEST_TEMPLATE:
        raise VtlSyntaxError(f"the template is longer than {LARGEST_TEMPLATE} bytes")
    return _parse(template, 0)[0]


def _parse(template: str, depth: int) -> tuple[Block, int]:
    parser = _BlockParser(template, depth, _parse)
    block, ended_by = parser.block(())
    if ended_by is not None:
        raise parser.error(f"#{ended_by} without a directive that it belongs to")
    return block, parser.nodes


class _BlockParser(ExpressionParser):
    """Statements, one block at a time."""

    def block(self, ends: tuple[str, ...]) -> tuple[Block, str | None]:
        """The statements up to one of the directives `ends`, past which it goes, and that directive's name; None at the end of the text.

        Any `#end`, `#else` or `#elseif` that is not expected is an error.
        """
        self.enter()
        statements = Statements()
        ended_by: str | None = None
        while ended_by is None:
            special = _SPECIAL.search(self.source, self.at)
            if special is None:
                statements.text(self.source[self.at :])
                self.at = len(self.source)
                break
            statements.text(self.source[self.at : special.start()])
            self.at = special.start()
            if special[0] == "$":
                self._output(statements)
            elif special[0] == "\\":
                self._escape(statements)
            else:
                ended_by = self._hash(statements, ends)
        self.depth -= 1
        return statements.block(), ended_by

    def _output(self, statements: Statements) -> None:
        if REFERENCE.match(self.source, self.at) is None:
            statements.text("$")
            self.at += 2 if self.source.startswith("$!", self.at) else 1
            return
        before = self.nodes
        reference = self.reference()
        statements.add(Output(reference, self.nodes - before))

    def _escape(self, statements: Statements) -> None:
        """Backslashes before a reference or directive escape it, two standing for one; elsewhere they are text."""
        match = _ESCAPES.match(self.source, self.at)
        assert match is not None
        count, self.at = len(match[0]), match.end()
        directive = _DIRECTIVE.match(self.source, self.at)
        if directive is not None and (directive[1] or directive[2]) in _KNOWN:
            statements.text("\\" * (count // 2))
            if count % 2:
                statements.text(directive[0])
                self.at = directive.end()
        elif REFERENCE.match(self.source, self.at) is not None:
            statements.text("\\" * (count // 2))
            if count % 2:
                statements.text(self.reference().source)
        else:
            statements.text(match[0])

    def _hash(self, statements: Statements, ends: tuple[str, ...]) -> str | None:
        """At a `#`; gives the name of a directive that ends a block."""
        if self.source.startswith(("##", "#*", "#[["), self.at):
            self._comment_or_literal(statements)
            return None
        match = _DIRECTIVE.match(self.source, self.at)
        name = None if match is None else match[1] or match[2]
        if match is None or name is None:
            statements.text("#")
            self.at += 1
        elif name in ("end", "else", "elseif"):
            if ends and name not in ends:
                raise self.error(f"#{name} is not expected here")
            self.at = match.end()
            if name != "elseif":
                self._end_of_line()
            return name
        elif name not in _KNOWN or name == "evaluate":
            self._unknown(statements, match)
        else:
            start, self.at = self.at, match.end()
            self._directive(statements, name, start)
        return None

    def _comment_or_literal(self, statements: Statements) -> None:
        if self.source.startswith("#[[", self.at):
            end = self.source.find("]]#", self.at)
            if end < 0:
                raise self.error("#[[ is not closed")
            statements.add(Text(self.source[self.at + 3 : end]))
            self.at = end + 3
        elif self.source.startswith("#*", self.at):
            end = self.source.find("*#", self.at + 2)
            self.at = len(self.source) if end < 0 else end + 2
        else:
            line = _COMMENT_LINE.match(self.source, self.at)
            assert line is not None
            self.at = line.end()
        statements.cut()

    def _unknown(self, statements: Statements, match: re.Match[str]) -> None:
        """A directive that is not there is text, with its arguments."""
        start, self.at = self.at, match.end()
        opening = _PARENTHESIS.match(self.source, self.at)
        if opening is not None:
            depth, nodes = self.depth, self.nodes
            try:
                self.at = opening.end()
                while not self.take(")"):
                    self.expression()
                    self.space()
                    self.take(",")
            except VtlSyntaxError:
                self.at, self.depth, self.nodes = match.end(), depth, nodes
        statements.text(self.source[start : self.at])

    def _directive(self, statements: Statements, name: str, start: int) -> None:
        if name in ("break", "stop"):
            statements.add(Leave(template=name == "stop"))
            return
        if name in ("include", "parse"):
            raise self.error(f"#{name} is not available in mapping templates", start)
        if name in ("literal", "macro"):
            self._verbatim(statements, name, start)
            return
        self._open(name)
        if name == "set":
            statements.drop_spaces()
            statements.add(self._set())
        elif name == "if":
            statements.add(self._if())
        elif name == "foreach":
            statements.add(self._foreach())
        else:
            statements.add(self._define())

    def _open(self, name: str) -> None:
        opening = _PARENTHESIS.match(self.source, self.at)
        if opening is None:
            raise self.error(f"#{name} needs parentheses")
        self.at = opening.end()

    def _close(self) -> None:
        self.expect(")")
        self._end_of_line()

    def _end_of_line(self) -> None:
        rest = _REST_OF_LINE.match(self.source, self.at)
        if rest is not None:
            self.at = rest.end()

    def _body(self, name: str, *ends: str) -> tuple[Block, str]:
        start = self.at
        block, ended_by = self.block((*ends, "end"))
        if ended_by is None:
            raise self.error(f"#{name} has no #end", start)
        return block, ended_by

    def _verbatim(self, statements: Statements, name: str, start: int) -> None:
        """`#literal()` writes its body as it stands. A macro is written whole: API Gateway has none."""
        opening = _PARENTHESIS.match(self.source, self.at)
        end = -1 if opening is None else self.source.find(")", opening.end())
        if end < 0:
            raise self.error(f"#{name} needs parentheses", start)
        self.at = end + 1
        self._body(name)
        text = self.source[start : self.at]
        if name == "literal":
            text = text[end + 1 - start : text.rindex("#")]
        statements.text(text)

    def _set(self) -> Set:
        before = self.nodes
        self.space()
        if not self.source.startswith("$", self.at):
            raise self.error("#set needs a reference to assign to")
        target = self.reference()
        if target.steps and hasattr(target.steps[-1], "arguments"):
            raise self.error("#set cannot assign to a method call")
        self.expect("=")
        value = self.expression()
        self._close()
        return Set(target, value, self.nodes - before)

    def _if(self) -> If:
        before = self.nodes
        branches: list[tuple[Expression, Block]] = []
        otherwise: Block | None = None
        weight, ended_by = 0, "elseif"
        while ended_by == "elseif":
            condition = self.expression()
            self._close()
            weight += self.nodes - before
            block, ended_by = self._body("if", "elseif", "else")
            branches.append((condition, block))
            if ended_by == "elseif":
                self._open("elseif")
            before = self.nodes
        if ended_by == "else":
            otherwise, _ = self._body("if")
        return If(tuple(branches), otherwise, weight)

    def _foreach(self) -> Foreach:
        before = self.nodes
        loop = _LOOP.match(self.source, self.at)
        if loop is None:
            raise self.error("#foreach needs `$variable in source`")
        self.at = loop.end()
        source = self.expression()
        self._close()
        weight = self.nodes - before
        body, _ = self._body("foreach")
        return Foreach(loop[1] or loop[2], source, body, weight)

    def _define(self) -> Define:
        self.space()
        name = self.reference()
        if name.steps:
            raise self.error("#define needs a plain variable")
        self._close()
        body, _ = self._body("define")
        return Define(name.name, body)
