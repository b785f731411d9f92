"""The words of stories about WebSocket APIs: their documents, and a client that drives the application by ASGI messages."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

from apps.core.documents import V2DeploymentDocument, V2StageDocument
from apps.core.v2_documents import V2Authorizer, V2Integration, V2Route, V2RouteResponse, V2RouteSettings
from gateway_runtime.websocket.sockets import WebSockets
from tests.gateway_runtime.plane.builders import PLACE
from tests.gateway_runtime.plane.harness import GatewayHarness

CHAT = "chat000000"
HOST = f"{CHAT}.execute-api.localhost"
LAMBDA = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{}/invocations"


def function(arn: str, **members: Any) -> V2Integration:
    return V2Integration(id="", type="AWS_PROXY", uri=LAMBDA.format(arn), method="POST", **members)


def integration(kind: str, uri: str | None = None, **members: Any) -> V2Integration:
    return V2Integration(id="", type=kind, uri=uri, method="POST", **members)


class Path:
    """A route with what stands behind it."""

    def __init__(self, key: str, behind: V2Integration | None, *, two_way: bool = False, **members: Any) -> None:
        self.behind = None if behind is None else replace_struct(behind, id=f"i-{key}")
        answers = {"response_selection_expression": "$default", "responses": (V2RouteResponse(id="r", key="$default"),)}
        self.route = V2Route(
            id=f"r-{key}",
            key=key,
            integration_id=None if behind is None else f"i-{key}",
            **{**(answers if two_way else {}), **members},
        )


def replace_struct(struct: Any, **members: Any) -> Any:
    return type(struct)(**{**{name: getattr(struct, name) for name in struct.__struct_fields__}, **members})


def chat(
    *paths: Path,
    api_id: str = CHAT,
    selection: str = "$request.body.action",
    authorizers: tuple[V2Authorizer, ...] = (),
    models: dict[str, str] | None = None,
    settings: dict[str, V2RouteSettings] | None = None,
    variables: dict[str, str] | None = None,
    log: str | None = None,
    **members: Any,
) -> tuple[V2DeploymentDocument, V2StageDocument]:
    """A WebSocket API with a stage `prod`."""
    place: dict[str, Any] = {**PLACE, "api_id": api_id, "protocol_type": "WEBSOCKET", "deployment_id": "dep001"}
    deployment = V2DeploymentDocument(
        **place,
        api_name="chat",
        routes=tuple(path.route for path in paths),
        integrations={path.behind.id: path.behind for path in paths if path.behind is not None},
        authorizers={authorizer.id: authorizer for authorizer in authorizers},
        models=models or {},
        route_selection_expression=selection,
        **members,
    )
    stage = V2StageDocument(
        **place, stage_name="prod", route_settings=settings or {}, variables=variables or {}, access_log_format=log
    )
    return deployment, stage


class Refused(Exception):
    """The handshake was answered with an HTTP response."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        super().__init__(status)
        self.status, self.headers, self.body = status, headers, json.loads(body)


class Socket:
    """A client's connection. `next` waits for what comes, for two seconds at most."""

    def __init__(self, gateway: GatewayHarness, path: str = "/prod", host: str = HOST, **options: Any) -> None:
        self._application = WebSockets(gateway.current, gateway.services.connections, gateway.clock)
        target, _, query = path.partition("?")
        headers = [("host", host), *options.get("headers", {}).items()]
        self._scope = {
            "type": "websocket", "http_version": "1.1", "scheme": "ws", "path": target, "raw_path": target.encode(),
            "query_string": query.encode(), "client": ("192.0.2.7", 50000), "server": ("127.0.0.1", 8080),
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
            "subprotocols": options.get("subprotocols", []),
        }  # fmt: skip
        self._in: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._out: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.subprotocol: str | None = None
        self.closed: tuple[int, str] | None = None

    async def open(self) -> Socket:
        """Raises Refused."""
        self._in.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.create_task(self._application(self._scope, self._in.get, self._send))
        first = await self._next_message()
        if first["type"] == "websocket.accept":
            self.subprotocol = first["subprotocol"]
            return self
        body = await self._next_message()
        await self._task
        headers = {name.decode(): value.decode() for name, value in first["headers"]}
        raise Refused(first["status"], headers, body["body"])

    async def _send(self, message: dict[str, Any]) -> None:
        self._out.put_nowait(message)
        if message["type"] == "websocket.close":
            self._in.put_nowait({"type": "websocket.disconnect", "code": message["code"], "reason": message["reason"]})

    async def _next_message(self) -> dict[str, Any]:
        async with asyncio.timeout(2):
            return await self._out.get()

    async def say(self, message: Any) -> None:
        """Send JSON, or bytes as a binary message."""
        if isinstance(message, bytes):
            self._in.put_nowait({"type": "websocket.receive", "bytes": message})
        else:
            text = message if isinstance(message, str) else json.dumps(message)
            self._in.put_nowait({"type": "websocket.receive", "text": text})

    async def next(self) -> Any:
        """The next message: JSON read, text as it is, or bytes. The end of the connection is ConnectionError."""
        message = await self._next_message()
        if message["type"] == "websocket.close":
            self.closed = (message["code"], message["reason"])
            await self._task
            raise ConnectionError(message["code"])
        if "bytes" in message:
            return message["bytes"]
        try:
            return json.loads(message["text"])
        except ValueError:
            return message["text"]

    async def ask(self, message: Any) -> Any:
        await self.say(message)
        return await self.next()

    def silent(self) -> bool:
        return self._out.empty()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self._in.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        await self._task


async def connect(gateway: GatewayHarness, path: str = "/prod", **options: Any) -> Socket:
    return await Socket(gateway, path, **options).open()


__all__ = ["CHAT", "HOST", "Path", "Refused", "Socket", "chat", "connect", "function", "integration", "replace"]
