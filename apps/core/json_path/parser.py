"""Parses JSONPath as Jayway's library writes it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import re2

from apps.core.json_path import steps
from apps.core.json_path.errors import JsonPathError
from apps.core.json_path.filters import OPERATORS, Condition, Operand, compare, matches
from apps.core.json_path.functions import FUNCTIONS
from apps.core.json_path.path import JsonPath
from apps.core.json_path.steps import Step

_DEEPEST = 20
_LONGEST = 4_000
_LONGEST_PATTERN = 500
_SPACE = re.compile(r"\s*")
_NAME = re.compile(r"[^\s.\[\]()'\"*,&|=!<>~?@$]+")
_FUNCTION = re.compile(r"\.([a-z]+)\(")
_INTEGERS = re.compile(r"\s*(-?\d{1,9}(?:\s*,\s*-?\d{1,9})*)\s*\]")
_SLICE = re.compile(r"\s*(-?\d{1,9})?\s*:\s*(-?\d{1,9})?\s*\]")
_FROM_END = re.compile(r"\(\s*@\.length\s*-\s*(\d{1,9})\s*\)\s*\]")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_NUMBER = re.compile(r"-?\d{1,300}(?:\.\d{1,300})?(?:[eE][+-]?\d{1,3})?")
_WORD = re.compile(r"(true|false|null)\b")
_COMPARISON = re.compile(
    r"={2,3}|!={1,2}|<>|<=|>=|<|>|(?:" + "|".join(name for name in OPERATORS if name.isalpha()) + r")\b"
)
_PATTERN = re.compile(r"/((?:[^/\\]|\\.)*)/([a-z]*)")
_options = re2.Options()
_options.log_errors = False
_options.max_mem = 1 << 20


class PathParser:
    """A cursor in the text of a path."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def whole(self) -> JsonPath:
        """The path from the first to the last character. Raises JsonPathError."""
        if len(self._text) > _LONGEST:
            raise JsonPathError("the JSONPath is too long")
        text = self._text = self._text.strip()
        if not text.startswith(("$", "@")):
            self._text = "$" + text if text.startswith(("[", ".")) else f"$.{text}" if text else "$"
        path = self._path()
        if self._at < len(self._text):
            raise self._error()
        return path

    def _error(self) -> JsonPathError:
        return JsonPathError(f"the JSONPath {self._text[:200]!r} is ill-formed at character {self._at + 1}")

    def _path(self) -> JsonPath:
        """At `$` or `@`."""
        if not self._take("$", "@"):
            raise self._error()
        found: list[Step] = []
        while self._at < len(self._text):
            function = _FUNCTION.match(self._text, self._at)
            if function is not None:
                return self._function(function, found)
            if self._take(".."):
                found.append(steps.deep(self._bracket() if self._take("[") else self._name()))
            elif self._take("."):
                found.append(self._name())
            elif self._take("["):
                found.append(self._bracket())
            else:
                break
        return JsonPath(self._text, tuple(found))

    def _function(self, match: re.Match[str], found: list[Step]) -> JsonPath:
        function = FUNCTIONS.get(match[1])
        if function is None:
            raise JsonPathError(f"JSONPath has no function {match[1]!r}")
        self._at = match.end()
        arguments = tuple(self._several(self._operand, ")"))
        return JsonPath(self._text, tuple(found), function, arguments)

    def _take(self, *texts: str) -> bool:
        for text in texts:
            if self._text.startswith(text, self._at):
                self._at += len(text)
                return True
        return False

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self._text, self._at)
        if match is not None:
            self._at = match.end()
        return match

    def _space(self) -> None:
        self._match(_SPACE)

    def _name(self) -> Step:
        if self._take("*"):
            return steps.wildcard()
        match = self._match(_NAME)
        if match is None:
            raise self._error()
        return steps.member(match[0])

    def _bracket(self) -> Step:
        """Behind a `[`."""
        if (found := self._match(_INTEGERS)) is not None:
            indexes = [int(index) for index in found[1].split(",")]
            return steps.element(indexes[0]) if len(indexes) == 1 else steps.elements(indexes)
        if (found := self._match(_SLICE)) is not None:
            return steps.part(*(None if bound is None else int(bound) for bound in found.groups()))
        if (found := self._match(_FROM_END)) is not None:
            return steps.element(-int(found[1]))
        self._space()
        if self._take("?"):
            return self._filter()
        if self._take("*"):
            self._space()
            if not self._take("]"):
                raise self._error()
            return steps.wildcard()
        names = self._several(self._quoted, "]")
        if not names:
            raise self._error()
        last = self._at == len(self._text)
        return steps.member(names[0]) if len(names) == 1 else steps.members(names, last=last)

    def _several(self, read: Callable[[], Any], end: str) -> list[Any]:
        """What `read` reads, with commas between, past the end."""
        found: list[Any] = []
        self._space()
        while not self._take(end):
            if found and not self._take(","):
                raise self._error()
            self._space()
            found.append(read())
            self._space()
        return found

    def _quoted(self) -> str:
        match = self._match(_QUOTED)
        if match is None:
            raise self._error()
        return _ESCAPED.sub(r"\1", match[1] if match[1] is not None else match[2])

    def _filter(self) -> Step:
        self._space()
        if not self._take("("):
            raise self._error()
        holds = self._either()
        self._space()
        if not self._take(")"):
            raise self._error()
        self._space()
        if not self._take("]"):
            raise self._error()
        return steps.where(holds)

    def _either(self) -> Condition:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise JsonPathError("the JSONPath is nested too deeply")
        alternatives = [self._both()]
        while self._operator("||"):
            alternatives.append(self._both())
        self._depth -= 1
        if len(alternatives) == 1:
            return alternatives[0]
        return lambda value, search: any(holds(value, search) for holds in alternatives)

    def _both(self) -> Condition:
        conditions = [self._condition()]
        while self._operator("&&"):
            conditions.append(self._condition())
        if len(conditions) == 1:
            return conditions[0]
        return lambda value, search: all(holds(value, search) for holds in conditions)

    def _operator(self, text: str) -> bool:
        self._space()
        return self._take(text)

    def _condition(self) -> Condition:
        self._space()
        if self._take("!"):
            holds = self._nested(self._condition)
            return lambda value, search: not holds(value, search)
        if self._take("("):
            inner = self._either()
            self._space()
            if not self._take(")"):
                raise self._error()
            return inner
        return self._comparison()

    def _nested(self, read: Callable[[], Any]) -> Any:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise JsonPathError("the JSONPath is nested too deeply")
        found = read()
        self._depth -= 1
        return found

    def _comparison(self) -> Condition:
        start = self._at
        left = self._operand()
        self._space()
        if self._take("=~"):
            self._space()
            return matches(left, self._pattern())
        operator = self._match(_COMPARISON)
        if operator is not None:
            return compare(operator[0], left, self._operand())
        if self._text[start] not in "$@":
            raise self._error()
        self._at = start
        path = self._nested(self._path)
        return lambda value, search: path.found(value, search)

    def _operand(self) -> Operand:
        self._space()
        start = self._text[self._at : self._at + 1]
        if start in ("$", "@"):
            path = self._nested(self._path)
            if start == "$":
                return lambda value, search: path.follow(search.root, search)
            return lambda value, search: path.follow(value, search)
        constant = self._constant()
        return lambda value, search: constant

    def _constant(self) -> Any:
        if self._take("["):
            return self._nested(lambda: self._several(self._constant, "]"))
        if self._text[self._at : self._at + 1] in ("'", '"'):
            return self._quoted()
        found = self._match(_WORD) or self._match(_NUMBER)
        if found is not None:
            return json.loads(found[0]) if not found[0].lstrip("-").startswith("0") else float(found[0])
        word = self._match(_NAME)
        if word is None:
            raise self._error()
        return word[0]

    def _pattern(self) -> Callable[[str], object]:
        found = self._match(_PATTERN)
        if found is None or len(found[1]) > _LONGEST_PATTERN or set(found[2]) - set("imsux"):
            raise self._error()
        flags = "".join(flag for flag in "ims" if flag in found[2])
        try:
            compiled = re2.compile((f"(?{flags})" if flags else "") + found[1].replace("\\/", "/"), _options)
        except re2.error:
            raise JsonPathError(f"/{found[1]}/ is no regular expression of RE2") from None
        fullmatch: Callable[[str], object] = compiled.fullmatch
        return fullmatch
