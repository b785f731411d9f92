"""The name in a ClientHello, and bytes that are none."""

from __future__ import annotations

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_runtime.tls.client_hello import LARGEST, BadHello, server_name


def hello(name: str | None) -> bytes:
    """What OpenSSL's client sends first."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.check_hostname = False
    client = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def split(data: bytes, size: int) -> bytes:
    """The same message in records of so many bytes."""
    message = data[5:]
    pieces = [message[at : at + size] for at in range(0, len(message), size)]
    return b"".join(b"\x16\x03\x01" + len(piece).to_bytes(2) + piece for piece in pieces)


@pytest.mark.parametrize(
    ("name", "found"),
    [("api.example.com", "api.example.com"), ("API.Example.com", "api.example.com"), (None, ""), ("127.0.0.1", "")],
)
def test_the_name_is_what_openssl_asks_for(name: str | None, found: str) -> None:
    assert server_name(hello(name)) == found


def test_a_hello_in_many_records_is_one() -> None:
    data = hello("api.example.com")

    assert {server_name(split(data, size)) for size in (1, 7, 100)} == {"api.example.com"}


def test_a_hello_that_is_not_whole_has_no_name_yet() -> None:
    data = hello("api.example.com")

    assert {server_name(data[:size]) for size in range(len(data))} == {None}


def test_what_follows_a_hello_does_not_matter() -> None:
    assert server_name(hello("api.example.com") + b"early data") == "api.example.com"


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n",
        b"\x80\x2e\x01\x00\x02",  # a hello of SSL 2
        b"\x16\x02",
        b"\x16\x03\x01\x00\x00",
        b"\x16\x03\x01\xff\xff",
        b"\x16\x03\x01\x00\x04\x02\x00\x00\x00",  # a ServerHello
        b"\x16\x03\x01\x00\x04\x01\xff\xff\xff",
        b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03",
        b"\x16\x03\x01\x40\x00" + b"\x01\x00\x3f\xff" + b"\x00" * (LARGEST - 9),
    ],
)
def test_what_is_no_hello_is_refused(data: bytes) -> None:
    with pytest.raises(BadHello):
        server_name(data)


@pytest.mark.parametrize("name", [b"exa mple.com", b"ex\x00mple.com", b"a\r\nb", b"\xffxample.com.", b"../../etc.xx"])
def test_a_name_that_is_no_host_is_refused(name: bytes) -> None:
    with pytest.raises(BadHello):
        server_name(hello("example.com.").replace(b"example.com.", name.ljust(12, b"/")))


@given(st.binary(max_size=600))
def test_any_bytes_are_a_name_or_no_hello(data: bytes) -> None:
    told(data)


_HELLO = hello("api.example.com")


@given(st.integers(0, len(_HELLO) - 1), st.integers(0, 255), st.integers(0, len(_HELLO)))
def test_a_damaged_hello_is_a_name_or_no_hello(at: int, byte: int, end: int) -> None:
    told((_HELLO[:at] + bytes([byte]) + _HELLO[at + 1 :])[:end])


def told(data: bytes) -> None:
    try:
        name = server_name(data)
    except BadHello:
        return
    assert name is None or len(name) <= 253
