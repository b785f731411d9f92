"""The functions at the end of a path: `$.prices.sum()`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from apps.core.json_path.errors import JsonPathError

_LONGEST_TEXT = 10_485_760  # characters

# Given the value that the path leads to and the values of the arguments.
Function = Callable[[Any, list[Any]], Any]


def _numbers(value: Any, arguments: list[Any]) -> list[float]:
    found: list[float] = []
    for source in (value, *arguments):
        items = source if isinstance(source, list) else [source]
        found += [float(item) for item in items if isinstance(item, (int, float)) and not isinstance(item, bool)]
    if not found:
        raise JsonPathError("the function has no numbers to work on")
    return found


def _average(numbers: list[float]) -> float:
    return math.fsum(numbers) / len(numbers)


def _deviation(numbers: list[float]) -> float:
    mean = _average(numbers)
    return math.sqrt(math.fsum((number - mean) ** 2 for number in numbers) / len(numbers))


def _of_numbers(calculate: Callable[[list[float]], float]) -> Function:
    return lambda value, arguments: calculate(_numbers(value, arguments))


def _length(value: Any, arguments: list[Any]) -> Any:
    subject = arguments[0] if arguments else value
    return len(subject) if isinstance(subject, (list, dict, str)) else None


def _at(index: int) -> Function:
    def read(value: Any, arguments: list[Any]) -> Any:
        return value[index] if isinstance(value, list) and value else None

    return read


def _index(value: Any, arguments: list[Any]) -> Any:
    at = arguments[0] if arguments else None
    if isinstance(at, bool) or not isinstance(at, (int, float)) or not isinstance(value, list):
        raise JsonPathError("index() needs an array and a number")
    return value[int(at)] if -len(value) <= at < len(value) else None


def _concat(value: Any, arguments: list[Any]) -> str:
    texts: list[str] = []
    left = _LONGEST_TEXT
    for source in (value, *arguments) if isinstance(value, (str, list)) else arguments:
        for item in source if isinstance(source, list) else [source]:
            if isinstance(item, (str, int, float)):
                texts.append(str(item))
                left -= len(texts[-1])
        if left < 0:
            raise JsonPathError("concat() makes too long a text")
    return "".join(texts)


FUNCTIONS: dict[str, Function] = {
    "append": lambda value, arguments: [*value, *arguments] if isinstance(value, list) else value,
    "avg": _of_numbers(_average),
    "concat": _concat,
    "first": _at(0),
    "index": _index,
    "keys": lambda value, arguments: list(value) if isinstance(value, dict) else None,
    "last": _at(-1),
    "length": _length,
    "max": _of_numbers(max),
    "min": _of_numbers(min),
    "size": _length,
    "stddev": _of_numbers(_deviation),
    "sum": _of_numbers(math.fsum),
}
