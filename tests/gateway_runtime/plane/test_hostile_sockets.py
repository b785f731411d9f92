"""WebSocket clients that break the protocol, say nothing or read nothing: each is closed, and the others are served."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import pytest_asyncio

from tests.gateway_runtime.plane.sockets import HOST
from tests.gateway_runtime.plane.test_websocket_processes import chatting, dial, identity, management
from tests.gateway_runtime.plane.worker import Product

pytestmark = [pytest.mark.stack, pytest.mark.asyncio(loop_scope="module")]

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
CONTINUATION = 0x0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(valkey_url: str) -> AsyncIterator[Product]:
    async with chatting(valkey_url) as plane:
        yield plane


@pytest_asyncio.fixture(loop_scope="module")
async def plane(shared: Product) -> AsyncIterator[Product]:
    """One data plane for all tests; after each of them it serves others as before."""
    yield shared
    async with dial(shared) as another:
        assert len(await identity(another)) == 16


def frame(opcode: int, payload: bytes = b"", *, final: bool = True, reserved: int = 0, masked: bool = True) -> bytes:
    first = (0x80 if final else 0) | reserved << 4 | opcode
    length = len(payload)
    mask = 0x80 if masked else 0
    if length < 126:
        head = struct.pack("!BB", first, mask | length)
    elif length < 65_536:
        head = struct.pack("!BBH", first, mask | 126, length)
    else:
        head = struct.pack("!BBQ", first, mask | 127, length)
    return head + (b"\0\0\0\0" if masked else b"") + payload


def close(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, struct.pack("!H", code) + reason)


class Raw:
    """A client that sends bytes as they are."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    async def head(self) -> str:
        async with asyncio.timeout(5):
            return (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")

    async def next(self) -> tuple[int, bytes] | None:
        """Opcode and payload of the next frame; None at the end of the connection."""
        try:
            async with asyncio.timeout(5):
                first, length = await self._reader.readexactly(2)
                if length == 126:
                    (length,) = struct.unpack("!H", await self._reader.readexactly(2))
                return first & 0x0F, await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def close_code(self) -> int | None:
        """The code that the server closes with, behind whatever else it says; None without one."""
        while (found := await self.next()) is not None:
            if found[0] == CLOSE:
                return int.from_bytes(found[1][:2])
        return None


async def dial_raw(plane: Product, receive_buffer: int | None = None, **headers: str) -> Raw:
    sock = socket.socket()
    if receive_buffer is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", plane.port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=2**16)
    known = {
        "Host": HOST, "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }  # fmt: skip
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in {**known, **named}.items() if value]
    writer.write(("GET /prod HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
    return Raw(reader, writer)


async def opened(plane: Product, receive_buffer: int | None = None) -> Raw:
    raw = await dial_raw(plane, receive_buffer)
    assert (await raw.head()).startswith("HTTP/1.1 101 ")
    return raw


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        pytest.param(frame(TEXT, b"x", reserved=0b100), 1002, id="first reserved bit without an extension"),
        pytest.param(frame(TEXT, b"x", reserved=0b001), 1002, id="third reserved bit"),
        pytest.param(frame(0x3, b"x"), 1002, id="reserved opcode"),
        pytest.param(frame(0xB, b"x"), 1002, id="reserved control opcode"),
        pytest.param(frame(TEXT, b"x", masked=False), 1002, id="frame without a mask"),
        pytest.param(frame(CONTINUATION, b"x"), 1002, id="continuation of nothing"),
        pytest.param(frame(TEXT, b"x", final=False) + frame(TEXT, b"y"), 1002, id="message within a message"),
        pytest.param(frame(PING, b"x", final=False), 1002, id="fragmented ping"),
        pytest.param(frame(CLOSE, b"", final=False), 1002, id="fragmented close"),
        pytest.param(frame(PING, b"x" * 126), 1002, id="long ping"),
        pytest.param(close(1000, b"x" * 124), 1002, id="long close"),
        pytest.param(frame(CLOSE, b"\x03"), 1002, id="close of one byte"),
        pytest.param(close(999), 1002, id="close code below all"),
        pytest.param(close(1005), 1002, id="close code that is never sent"),
        pytest.param(close(5000), 1002, id="close code above all"),
        pytest.param(close(1000, b"\xff"), 1007, id="close reason that is no text"),
        pytest.param(frame(TEXT, b"\xce\xba\xff"), 1007, id="text that is no UTF-8"),
        pytest.param(frame(TEXT, b"\xce", final=False) + frame(CONTINUATION, b"\xff"), 1007, id="broken across frames"),
        pytest.param(frame(TEXT, b"\xed\xa0\x80"), 1007, id="half of a surrogate pair"),
        pytest.param(frame(BINARY, b"x"), 1003, id="binary message"),
        pytest.param(frame(TEXT, b"x" * 32_769), 1009, id="frame above 32 KB"),
        pytest.param(struct.pack("!BBQ", 0x81, 0xFF, 1 << 62), 1009, id="frame that promises exabytes"),
        pytest.param(
            frame(TEXT, b"x", final=False) + frame(CONTINUATION, b"", final=False) * 2_000,
            1009,
            id="fragments for ever",
        ),
        pytest.param(close(1000), 1000, id="orderly close"),
        pytest.param(close(4999, b"own"), 4999, id="close code of one's own"),
        pytest.param(frame(CLOSE), 0, id="close without a code"),
    ],
)
async def test_what_breaks_the_protocol_is_closed_with_its_code(plane: Product, sent: bytes, code: int) -> None:
    raw = await opened(plane)

    raw.writer.write(sent)

    assert await raw.close_code() == code
    raw.writer.write(close(1000))
    assert await raw.next() is None


async def test_pings_are_answered_between_the_fragments_of_a_message(plane: Product) -> None:
    raw = await opened(plane)

    raw.writer.write(frame(TEXT, b"who", final=False) + frame(PING, b"p") + frame(PONG, b"?"))
    ponged = await raw.next()
    raw.writer.write(frame(CONTINUATION, b" am I?"))
    answered = await raw.next()

    assert ponged == (PONG, b"p")
    assert answered is not None
    assert (answered[0], len(answered[1])) == (TEXT, 16)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec_WebSocket_Version": "8"}, {400, 426}),
        ({"Sec_WebSocket_Version": ""}, {400, 426}),
        ({"Sec_WebSocket_Key": ""}, {400}),
        ({"Sec_WebSocket_Key": "c2hvcnQ="}, {400}),
        ({"Connection": "keep-alive"}, {400, 403, 404, 426}),
        ({"Upgrade": "h2c"}, {400, 403, 404, 426}),
        ({"Host": "a b"}, {400}),
    ],
)
async def test_a_handshake_that_is_none_opens_nothing(
    plane: Product, headers: dict[str, str], status: set[int]
) -> None:
    raw = await dial_raw(plane, **headers)

    answered = await raw.head()

    assert int(answered.split()[1]) in status


async def test_a_client_that_reads_nothing_costs_bounded_memory_and_is_closed(plane: Product) -> None:
    raw = await opened(plane, receive_buffer=4096)
    raw.writer.write(frame(TEXT, b"who am I?"))
    told = await raw.next()
    assert told is not None
    before, back_end, connection_id = _memory(plane), management(plane), told[1].decode()

    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(64) as threads:
        posts = [loop.run_in_executor(threads, _post, back_end, connection_id, b"x" * 131_072) for _ in range(160)]
        outcomes = await asyncio.gather(*posts)

    assert {"429", "410"} >= {outcome for outcome in outcomes if outcome != "200"}
    assert "429" in outcomes
    assert _memory(plane) - before < 48 << 20
    async with asyncio.timeout(25):
        while await asyncio.to_thread(_post, back_end, connection_id, b"x") != "410":
            await asyncio.sleep(0.2)


async def test_a_client_that_pings_and_reads_nothing_is_cut_off(plane: Product) -> None:
    raw = await opened(plane, receive_buffer=4096)
    before = _memory(plane)

    with pytest.raises(ConnectionError):
        await _ping_for_ever(raw)

    assert _memory(plane) - before < 16 << 20


async def _ping_for_ever(raw: Raw) -> None:
    async with asyncio.timeout(20):
        while True:
            raw.writer.write(frame(PING, b"x" * 125) * 500)
            await raw.writer.drain()


def _memory(plane: Product) -> int:
    """Resident bytes of the workers."""
    page = os.sysconf("SC_PAGE_SIZE")
    total = 0
    for pid in plane.worker_pids():
        with open(f"/proc/{pid}/statm") as file:  # noqa: PTH123
            total += int(file.read().split()[1]) * page
    return total


def _post(back_end: object, connection_id: str, data: bytes) -> str:
    try:
        back_end.post_to_connection(ConnectionId=connection_id, Data=data)  # type: ignore[attr-defined]
    except back_end.exceptions.ClientError as error:  # type: ignore[attr-defined]
        return str(error.response["ResponseMetadata"]["HTTPStatusCode"])
    return "200"
