"""Heads of requests that came before: a client says the same header lines again and again, and few request lines.

What the parser made of a block of header lines is known by the block's bytes, so that the next request with the same block behind
a plain request line is not parsed anew, nor is its body looked for where all of it came in the same read. Nothing is read here that the parser has not read before: the block is one that it
accepted, and the line one of the plain ones that leave it nothing to decide. Chunks, upgrades, expectations and connections that
close are the parser's.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from gateway_runtime.edge.canonical import CanonicalRequest, Headers
from gateway_runtime.head_lines import Block

_LINE = re.compile(
    rb"(DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) "
    rb"((?:/(?!\.)[A-Za-z0-9\-._~!$&'()*+,=:@]*)+)(?:\?((?:[!$&'()*+,\-./0-9:;=?@A-Z_a-z~]|%(?!00)[0-9A-Fa-f]{2})*))? HTTP/1\.1\Z"
).match
_MOST = 2_048
_MOST_PASSED = 64
_IN_VAIN = 64
_LONGEST_LINE = 1_024
_LONGEST_BLOCK = 2_048
_LONGEST_BODY = 16_384


class RequestLine(NamedTuple):
    """A request line without anything unusual."""

    method: str
    path: str
    segments: tuple[str, ...]
    raw_query: str


class KnownHead:
    """A block of header lines, read: what `CanonicalRequest` has of it. `first` are the first values by name.

    `length` is that of the body, `client_ip` who sent it first. `passed` are the blocks that walks have made of the headers for back ends, by what made them.
    """

    __slots__ = ("authority", "client_ip", "first", "headers", "host", "length", "method_override", "names", "passed")

    def __init__(self, request: CanonicalRequest, names: list[bytes], length: int) -> None:
        self.host = request.host
        self.authority = request.authority
        self.client_ip = request.client_ip
        self.headers: Headers = request.headers
        self.method_override = request.method_override
        self.names = names
        self.length = length
        self.first = dict(reversed(request.headers))
        self.passed: dict[object, Block] = {}

    def keep(self, place: object, block: Block) -> Block:
        if len(self.passed) >= _MOST_PASSED:
            self.passed.clear()
        self.passed[place] = block
        return block


class KnownHeads:
    """Those of one worker; bounded in number and size, because callers choose them."""

    def __init__(self) -> None:
        self._learned = 0  # since one was found again
        self._blocks: dict[bytes, KnownHead] = {}
        self._lines: dict[bytes, RequestLine] = {}

    def __len__(self) -> int:
        return len(self._blocks)

    def find(self, data: bytes, client_ip: str) -> CanonicalRequest | None:
        """The request that these bytes are, all of them; None where the parser has to say."""
        at = data.find(b"\r\n")
        known = self._blocks.get(data[at:])
        if known is None or known.length:  # then there is a body, or nothing is known
            end = data.find(b"\r\n\r\n", at) + 4
            known = self._blocks.get(data[at:end])
            if known is None or len(data) - end != known.length:
                return None
        text = data[:at]
        line = self._lines.get(text) or self._line(text)
        if line is None:
            return None
        self._learned = 0
        method, path, segments, raw_query = line
        return CanonicalRequest(
            method, known.host, known.authority, path, segments, raw_query, known.headers, client_ip, known.method_override, known
        )  # fmt: skip

    def learn(self, data: bytes, request: CanonicalRequest, names: list[bytes], length: int) -> None:
        """Remember the block of a request that the parser read from these bytes, and found whole, with a body of the declared
        `length` or none."""
        self._learned += 1
        if self._learned > _IN_VAIN and self._learned % _IN_VAIN:
            return  # these callers do not repeat themselves
        end = data.find(b"\r\n\r\n") + 4
        block = data[data.find(b"\r\n") : end]
        breaks = len(names) + 2
        plain = (
            len(block) <= _LONGEST_BLOCK
            and len(data) - end == length <= _LONGEST_BODY
            and block.endswith(b"\r\n\r\n")
            and block.count(b"\r\n") == block.count(b"\r") == block.count(b"\n") == breaks
        )
        if plain:
            if len(self._blocks) >= _MOST:
                self._blocks.clear()
            self._blocks[block] = KnownHead(request, names, length)

    def _line(self, text: bytes) -> RequestLine | None:
        match = _LINE(text) if len(text) <= _LONGEST_LINE else None
        if match is None:
            return None
        method, path = match[1].decode(), match[2].decode()
        line = RequestLine(method, path, tuple(path[1:].split("/")), (match[3] or b"").decode())
        if len(self._lines) >= _MOST:
            self._lines.clear()
        self._lines[text] = line
        return line
