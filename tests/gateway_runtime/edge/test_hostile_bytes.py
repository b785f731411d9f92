"""Byte sequences that must be refused: one answer, the connection closed, nothing of it reaches the application."""

from __future__ import annotations

import pytest

from tests.gateway_runtime.edge.server import Application, edge_server

H = b"Host: a.example\r\n"
GET = b"GET / HTTP/1.1\r\n"
POST = b"POST / HTTP/1.1\r\n" + H
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
CL = b"Content-Length: "
TE = b"Transfer-Encoding: "
SMUGGLED = b"GET /smuggled HTTP/1.1\r\n" + H + b"\r\n"


def _get(*headers: bytes) -> bytes:
    return GET + b"".join(header + b"\r\n" for header in headers) + b"\r\n"


def _target(target: bytes) -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\n" + H + b"\r\n"


REFUSED = {
    # Host
    "no host": (_get(), 400),
    "no host in HTTP/1.0": (b"GET / HTTP/1.0\r\n\r\n", 400),
    "two hosts": (_get(b"Host: a", b"Host: b"), 400),
    "the same host twice": (_get(b"Host: a", b"Host: a"), 400),
    "empty host": (_get(b"Host:"), 400),
    "host list": (_get(b"Host: a, b"), 400),
    "host with path": (_get(b"Host: a/b"), 400),
    "host with user": (_get(b"Host: user@a"), 400),
    "host with space": (_get(b"Host: a b"), 400),
    "host with scheme": (_get(b"Host: http://a"), 400),
    "host with bad port": (_get(b"Host: a:x"), 400),
    "host with port out of range": (_get(b"Host: a:65536"), 400),
    "host with port zero": (_get(b"Host: a:0"), 400),
    "host with empty port": (_get(b"Host: a:"), 400),
    "host with bytes outside ASCII": (_get(b"Host: \xc3\xa4"), 400),
    "host with empty label": (_get(b"Host: a..b"), 400),
    "host with percent": (_get(b"Host: a%2eb"), 400),
    "bad IPv6 host": (_get(b"Host: [::g]"), 400),
    "unclosed IPv6 host": (_get(b"Host: [::1"), 400),
    "space before the host's colon": (GET + b"Host : a\r\n\r\n", 400),
    "absolute target with another host": (b"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "absolute target with user": (b"GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "absolute target of another scheme": (b"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    # Content-Length and Transfer-Encoding
    "length and chunked": (POST + CL + b"6\r\n" + TE + b"chunked\r\n\r\n0\r\n\r\nG", 400),
    "chunked and length": (POST + TE + b"chunked\r\n" + CL + b"6\r\n\r\n0\r\n\r\nG", 400),
    "two lengths": (POST + CL + b"1\r\n" + CL + b"2\r\n\r\nxx", 400),
    "the same length twice": (POST + CL + b"1\r\n" + CL + b"1\r\n\r\nx", 400),
    "length list": (POST + CL + b"1, 1\r\n\r\nx", 400),
    "negative length": (POST + CL + b"-1\r\n\r\nx", 400),
    "signed length": (POST + CL + b"+1\r\n\r\nx", 400),
    "hex length": (POST + CL + b"0x1\r\n\r\nx", 400),
    "length with leading zero": (POST + CL + b"01\r\n\r\nx", 400),
    "length with inner space": (POST + CL + b"1 1\r\n\r\nx", 400),
    "empty length": (POST + CL + b"\r\n\r\nx", 400),
    "length beyond 64 bits": (POST + CL + b"99999999999999999999\r\n\r\nx", 400),
    "length with underscore": (POST + CL + b"1_0\r\n\r\nx", 400),
    "look-alike of length": (POST + b"Content_Length: 1\r\n\r\n", 400),
    "look-alike of encoding": (POST + b"Transfer_Encoding: chunked\r\n\r\n", 400),
    "look-alike of API key": (_get(H[:-2], b"X_Api_Key: k"), 400),
    "unknown encoding": (POST + TE + b"xchunked\r\n\r\n" + SMUGGLED, 400),
    "identity": (POST + TE + b"identity\r\n\r\n" + SMUGGLED, 400),
    "gzip, chunked": (POST + TE + b"gzip, chunked\r\n\r\n0\r\n\r\n", 400),
    "chunked, identity": (POST + TE + b"chunked, identity\r\n\r\n0\r\n\r\n", 400),
    "chunked twice": (POST + TE + b"chunked\r\n" + TE + b"chunked\r\n\r\n0\r\n\r\n", 400),
    "chunked in a list with a comma": (POST + TE + b", chunked\r\n\r\n0\r\n\r\n", 400),
    "chunked with a trailing comma": (POST + TE + b"chunked,\r\n\r\n0\r\n\r\n", 400),
    "chunked after a vertical tab": (POST + TE + b"\x0bchunked\r\n\r\n0\r\n\r\n", 400),
    "chunked with NUL": (POST + TE + b"chunked\x00\r\n\r\n0\r\n\r\n", 400),
    "chunked quoted": (POST + TE + b'"chunked"\r\n\r\n0\r\n\r\n', 400),
    "folded encoding": (POST + TE + b"\r\n chunked\r\n\r\n0\r\n\r\n", 400),
    "empty encoding": (POST + TE + b"\r\n\r\n" + SMUGGLED, 400),
    "space before the encoding's colon": (POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
    "chunked in HTTP/1.0": (b"POST / HTTP/1.0\r\n" + H + TE + b"chunked\r\n\r\n0\r\n\r\n", 400),
    "Connection names the length": (POST + b"Connection: content-length\r\n" + CL + b"1\r\n\r\nx", 400),
    # Chunks
    "chunk longer than its size": (CHUNKED + b"1\r\nxy\r\n0\r\n\r\n", 400),
    "negative chunk": (CHUNKED + b"-1\r\nx\r\n0\r\n\r\n", 400),
    "hex prefix in a chunk size": (CHUNKED + b"0x1\r\nx\r\n0\r\n\r\n", 400),
    "underscore in a chunk size": (CHUNKED + b"1_0\r\nx\r\n0\r\n\r\n", 400),
    "space after a chunk size": (CHUNKED + b"1 \r\nx\r\n0\r\n\r\n", 400),
    "bare semicolon": (CHUNKED + b"1;\r\nx\r\n0\r\n\r\n", 400),
    "bare LF after a chunk size": (CHUNKED + b"1\nx\r\n0\r\n\r\n", 400),
    "bare LF in a chunk extension": (CHUNKED + b"1;a\nx\r\n0\r\n\r\n", 400),
    "bare LF after a chunk": (CHUNKED + b"1\r\nx\n0\r\n\r\n", 400),
    "chunk size beyond 64 bits": (CHUNKED + b"FFFFFFFFFFFFFFFFF\r\nx\r\n0\r\n\r\n", 400),
    "length in a trailer": (CHUNKED + b"0\r\nContent-Length: 5\r\n\r\n", 400),
    "encoding in a trailer": (CHUNKED + b"0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    # Lines
    "bare LF after the request line": (b"GET / HTTP/1.1\n" + H + b"\r\n", 400),
    "bare LF after a header": (GET + b"Host: a\nX: y\r\n\r\n", 400),
    "bare LF at the end": (GET + H + b"\n", 400),
    "bare CR in a value": (_get(H[:-2], b"X: a\rb"), 400),
    "folded header": (GET + H + b"X: y\r\n z\r\n\r\n", 400),
    "whitespace before the first header": (GET + b" " + H + b"\r\n", 400),
    "NUL in a value": (_get(H[:-2], b"X: a\x00b"), 400),
    "control character in a value": (_get(H[:-2], b"X: a\x01b"), 400),
    "empty header name": (_get(H[:-2], b": x"), 400),
    "header without colon": (_get(H[:-2], b"X"), 400),
    "name outside ASCII": (_get(H[:-2], b"X\xe4: y"), 400),
    "duplicate authorization": (_get(H[:-2], b"Authorization: a", b"Authorization: b"), 400),
    "two spaces after the method": (b"GET  / HTTP/1.1\r\n" + H + b"\r\n", 400),
    "two spaces before the version": (b"GET /  HTTP/1.1\r\n" + H + b"\r\n", 400),
    "space in the target": (b"GET /a b HTTP/1.1\r\n" + H + b"\r\n", 400),
    "binary garbage": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "HTTP/2.0": (b"GET / HTTP/2.0\r\n" + H + b"\r\n", 400),
    "HTTP/1.2": (b"GET / HTTP/1.2\r\n" + H + b"\r\n", 400),
    "HTTP/0.9": (b"GET /\r\n\r\n", 400),
    "lower-case version": (b"GET / http/1.1\r\n" + H + b"\r\n", 400),
    "lower-case method": (b"get / HTTP/1.1\r\n" + H + b"\r\n", 400),
    "unknown method": (b"SMUGGLE / HTTP/1.1\r\n" + H + b"\r\n", 400),
    "CONNECT": (b"CONNECT a:443 HTTP/1.1\r\n" + H + b"\r\n", 400),
    "unknown expectation": (POST + b"Expect: more\r\n" + CL + b"1\r\n\r\nx", 417),
    # Targets
    "asterisk": (b"OPTIONS * HTTP/1.1\r\n" + H + b"\r\n", 400),
    "fragment": (_target(b"/a#b"), 400),
    "backslash": (_target(b"/a\\b"), 400),
    "dot segment": (_target(b"/a/../b"), 400),
    "single dot segment": (_target(b"/a/./b"), 400),
    "dot segment at the end": (_target(b"/a/.."), 400),
    "encoded dot segment": (_target(b"/a/%2e%2E/b"), 400),
    "half-encoded dot segment": (_target(b"/a/.%2e/b"), 400),
    "dot segment with parameters": (_target(b"/a/..;x=1/b"), 400),
    "dot segment with encoded parameters": (_target(b"/a/%2e.%3bx/b"), 400),
    "dot segment behind an encoded slash": (_target(b"/a%2f..%2fb"), 400),
    "dot segment before an encoded slash": (_target(b"/%2e%2e%2Fb"), 400),
    "dot segment with parameters behind an encoded slash": (_target(b"/a%2f..;x"), 400),
    "encoded backslash": (_target(b"/a%5Cb"), 400),
    "encoded NUL": (_target(b"/a%00"), 400),
    "encoded line break": (_target(b"/a%0d%0aX:y"), 400),
    "encoded DEL": (_target(b"/a%7F"), 400),
    "bad percent": (_target(b"/a%zz"), 400),
    "cut percent": (_target(b"/a%2"), 400),
    "overlong UTF-8": (_target(b"/%c0%ae%c0%ae/"), 400),
    "ill-formed UTF-8": (_target(b"/%ff"), 400),
    "raw byte outside ASCII": (_target(b"/\xff"), 400),
    "raw NUL": (_target(b"/a\x00b"), 400),
    "raw tab": (_target(b"/a\tb"), 400),
    "bad percent in the query": (_target(b"/a?q=%z1"), 400),
    "encoded NUL in the query": (_target(b"/a?q=%00"), 400),
    # Sizes
    "long target": (_target(b"/" + b"a" * 10_241), 414),
    "endless target": (b"GET /" + b"a" * 60_000, 414),
    "long value": (_get(H[:-2], b"X: " + b"a" * 10_300), 431),
    "endless value": (GET + H + b"X: " + b"a" * 60_000, 431),
    "endless name": (GET + H + b"a" * 60_000, 431),
    "many headers": (_get(H[:-2], *[b"X: y"] * 100), 431),
    "endless method": (b"A" * 60_000, 400),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
async def test_the_edge_refuses(name: str) -> None:
    data, status = REFUSED[name]
    app = Application()
    async with edge_server(app) as edge:
        answer, closed = await edge.talk(data)

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), answer
    assert b"\r\nx-amzn-requestid: " in head
    assert b"\r\nx-amzn-errortype: " in head
    assert body.startswith(b'{"message": "')
    assert answer.count(b"HTTP/1.1") == 1
    assert closed
    assert app.reached == []


@pytest.mark.parametrize("size", [1, 2, 7])
@pytest.mark.parametrize(
    "name", ["two hosts", "length and chunked", "encoded backslash", "folded header", "bare LF at the end"]
)
async def test_a_refusal_does_not_depend_on_how_the_bytes_are_cut(name: str, size: int) -> None:
    data, status = REFUSED[name]
    app = Application()
    async with edge_server(app) as edge:
        answer, closed = await edge.talk(*(data[at : at + size] for at in range(0, len(data), size)))

    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert closed
    assert app.reached == []


ACCEPTED = {
    "plain": (_get(H[:-2]), b"GET / "),
    "lower-case header names": (_get(b"host: a"), b"GET / "),
    "host with port": (_get(b"Host: a:8080"), b"GET / "),
    "IPv6 host": (_get(b"Host: [::1]:8080"), b"GET / "),
    "leading line break": (b"\r\n" + _get(H[:-2]), b"GET / "),
    "absolute target": (b"GET http://A.example/x?y HTTP/1.1\r\n" + H + b"\r\n", b"GET /x "),
    "inner slashes": (_target(b"/a//b/"), b"GET /a//b/ "),
    "encoded space and plus": (_target(b"/a%20b%2Bc"), b"GET /a%20b%2Bc "),
    "dots inside a segment": (_target(b"/.well-known/a..b/...%2ejson"), b"GET /.well-known/a..b/...%2ejson "),
    "length": (POST + CL + b"3\r\n\r\nabc", b"POST / abc"),
    "length with space around": (POST + CL + b" 3 \r\n\r\nabc", b"POST / abc"),
    "chunks": (CHUNKED + b"1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\n", b"POST / abc"),
    "chunks with trailer": (CHUNKED + b"3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n", b"POST / abc"),
    "chunked in upper case": (POST + TE + b"Chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", b"POST / a"),
    "declined upgrade": (POST + b"Connection: Upgrade\r\nUpgrade: h2c\r\n" + CL + b"3\r\n\r\nabc", b"POST / abc"),
}


@pytest.mark.parametrize("name", ACCEPTED)
async def test_the_edge_accepts(name: str) -> None:
    data, expected = ACCEPTED[name]
    async with edge_server(Application()) as edge:
        answer, closed = await edge.talk(data, until=expected)

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\n" + expected)
    assert not closed
