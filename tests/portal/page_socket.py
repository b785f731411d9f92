"""The WebSocket of somebody's page, carried by the bridge, and the gateway that it leads to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from asgiref.testing import ApplicationCommunicator
from django.test import Client
from websockets.sync.server import ServerConnection, serve

from portal.socket_bridge import Bridge


@contextmanager
def gateway_that(answers: Callable[[ServerConnection], None], settings: Any, **options: Any) -> Iterator[None]:
    """A server of our own where the bridge looks for the gateway."""
    with serve(answers, "127.0.0.1", 0, **options) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        port = server.socket.getsockname()[1]
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, internal_gateway_url=f"http://127.0.0.1:{port}")
        yield
        server.shutdown()
        thread.join(5)


class PageSocket(ApplicationCommunicator):
    """What the script of a page says and hears."""

    def __init__(self, client: Client, bridge: Bridge, path: str, origin: str = "http://portal.test") -> None:
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
        headers = [(b"host", b"portal.test"), (b"origin", origin.encode()), (b"cookie", cookies.encode())]
        super().__init__(bridge, {"type": "websocket", "path": path, "headers": headers, "client": ("127.0.0.1", 1)})

    async def connect(self) -> bool:
        await self.send_input({"type": "websocket.connect"})
        return bool((await self.receive_output(5))["type"] == "websocket.accept")

    async def say(self, **said: Any) -> None:
        await self.send_input({"type": "websocket.receive", "text": json.dumps(said)})

    async def hear(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((await self.receive_output(5))["text"])
        return found

    async def leave(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(5)
