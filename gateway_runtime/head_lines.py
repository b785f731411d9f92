"""Header lines as they are written to clients and to back ends: from remembered beginnings, looked through once."""

from __future__ import annotations

import re
from collections.abc import Iterable

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z").match
_CONTROLS = bytes(code for code in range(32) if code != 9) + b"\x7f"
_MOST = 4096


class Beginnings(dict[bytes, bytes]):
    """`name: ` by the name of a header that is written as it is.

    KeyError for the names that are `special`, in any case: whoever writes the head decides about those. ValueError for what
    is no header name.
    """

    def __init__(self, special: frozenset[bytes]) -> None:
        super().__init__()
        self._special = special

    def __missing__(self, name: bytes) -> bytes:
        if name.lower() in self._special:
            raise KeyError(name)
        if _TOKEN(name) is None:
            raise ValueError("ill-formed header name")
        beginning = name + b": "
        if len(self) < _MOST:
            self[name] = beginning
        return beginning


def are_clean(lines: list[bytes]) -> bool:
    """Whether the lines, without their ends, hold no control character but tabs: none is more lines than one."""
    text = b"".join(lines)
    # Most lines are printable, which is decided sooner than which characters they hold.
    return text.decode("latin-1").isprintable() or len(text.translate(None, _CONTROLS)) == len(text)


class Block(tuple[tuple[bytes, bytes], ...]):
    """Headers that many messages have in common, ready to be written: `lines` are those of all of them, each with its end.

    Names and values are those of a message that was read. None of the headers is about framing or the connection.
    """

    lines: bytes

    def __new__(cls, headers: Iterable[tuple[bytes, bytes]]) -> Block:
        made = super().__new__(cls, headers)
        made.lines = b"".join([b"%b: %b\r\n" % header for header in made])
        return made
