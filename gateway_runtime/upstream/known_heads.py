"""Heads of responses that came before: most back ends answer with a few heads, which differ by the second and the length.

A head that was read once is known by its bytes. Only heads are kept that nobody could read differently: everything
else is the parser's, as is each response of which more than the head and the declared length has arrived, or less.
"""

from __future__ import annotations

import re
from typing import Final

from gateway_runtime.edge.canonical import Headers
from gateway_runtime.head_lines import Block
from gateway_runtime.limits import PoolLimits

_STATUS_LINE = re.compile(rb"HTTP/1\.1 ([2-5][0-9][0-9]) [ -~]*\Z").match
_LINE = re.compile(
    rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*((?:[!-~\x80-\xff](?:[ \t!-~\x80-\xff]*[!-~\x80-\xff])?)?)[ \t]*\Z"
).match
_BODILESS = frozenset({204, 304})
# Whoever reads one of these has decisions to take.
_OTHERS = frozenset(
    {
        b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te", b"trailer", b"transfer-encoding",
        b"upgrade", b"http2-settings", b"expect",
    }
)  # fmt: skip
_MOST = 2_048
_LONGEST = 1_024


class KnownHead:
    """The head of a response with a body of `length` bytes, on a connection that stays open. `headers` are as the parser gives them.

    `passed` are the blocks that walks have made of the headers for clients, by what made them.
    """

    __slots__ = ("headers", "length", "passed", "status")

    def __init__(self, status: int, headers: Headers, length: int) -> None:
        self.status = status
        self.headers = headers
        self.length = length
        self.passed: dict[str, Block] = {}

    def keep(self, made_by: str, block: Block) -> Block:
        self.passed[made_by] = block
        return block


class KnownHeads(dict[bytes, KnownHead | None]):
    """By the bytes before the empty line; None for those that are the parser's. Bounded in number and size, because back ends choose."""

    def __init__(self, limits: PoolLimits) -> None:
        super().__init__()
        self._limits: Final = limits
        self._lines: dict[bytes, tuple[bytes, bytes]] = {}

    def __missing__(self, head: bytes) -> KnownHead | None:
        found = self._read(head) if len(head) <= min(_LONGEST, self._limits.head_bytes) else None
        if found is not None:
            if len(self) >= _MOST:
                self.clear()
            self[head] = found
        return found

    def _read(self, head: bytes) -> KnownHead | None:
        lines = head.split(b"\r\n")
        status_line = _STATUS_LINE(lines[0])
        if status_line is None or len(lines) > self._limits.head_count:
            return None
        status = int(status_line[1])
        if status in _BODILESS:
            return None
        length = -1
        headers: Headers = []
        known = self._lines
        for line in lines[1:]:
            header = known.get(line) or self._header(line)
            if header is None:
                return None
            name, value = header
            if name == b"content-length":
                if length >= 0 or not value.isdigit() or len(value) > 9:
                    return None
                length = int(value)
            elif name == b"connection":
                if value.lower() != b"keep-alive":
                    return None
                continue
            elif name in _OTHERS:
                return None
            headers.append(header)
        if not 0 <= length <= self._limits.body_bytes:
            return None
        return KnownHead(status, headers, length)

    def _header(self, line: bytes) -> tuple[bytes, bytes] | None:
        match = _LINE(line)
        if match is None:
            return None
        header = match[1].lower(), match[2]
        if len(self._lines) >= _MOST:
            self._lines.clear()
        self._lines[line] = header
        return header
