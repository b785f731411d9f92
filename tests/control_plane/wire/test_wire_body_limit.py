"""The bound on request bodies, as a script of ASGI events."""

from __future__ import annotations

from typing import Any

import pytest

from apps.control_plane.wire.body_limit import BodyLimit


async def echo_length(scope: Any, receive: Any, send: Any) -> None:
    """An application that reads its whole body, and says nothing to a client that has gone."""
    length, more = 0, True
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            return
        length, more = length + len(event.get("body", b"")), event.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(length).encode()})


async def exchange(*chunks: bytes, headers: tuple[tuple[bytes, bytes], ...] = ()) -> tuple[int, bytes, int]:
    """Status, body, and how many chunks were left unread, with a limit of ten bytes."""
    left = [
        {"type": "http.request", "body": chunk, "more_body": index < len(chunks)}
        for index, chunk in enumerate(chunks, start=1)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> Any:
        return left.pop(0)

    async def send(event: Any) -> None:
        sent.append(event)

    await BodyLimit(echo_length, 10)({"type": "http", "headers": headers}, receive, send)
    return sent[0]["status"], sent[1]["body"], len(left)


async def test_a_body_up_to_the_limit_passes() -> None:
    assert await exchange(b"12345", b"67890", headers=((b"content-length", b"10"),)) == (200, b"10", 0)


async def test_a_body_that_states_more_is_not_read_at_all() -> None:
    status, body, left = await exchange(b"12345678901", headers=((b"content-length", b"11"),))

    assert (status, left) == (413, 1)
    assert body == b'{"message":"Request Too Large: at most 10 bytes"}'


@pytest.mark.parametrize("stated", [(), ((b"content-length", b"5"),), ((b"content-length", b"nonsense"),)])
async def test_a_body_that_grows_beyond_the_limit_is_not_read_to_its_end(stated: Any) -> None:
    status, _, left = await exchange(b"123456", b"123456", b"123456", headers=stated)

    assert (status, left) == (413, 1)


async def test_other_protocols_pass_untouched() -> None:
    seen = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    await BodyLimit(application)({"type": "websocket"}, None, None)

    assert seen == ["websocket"]
