"""A data plane in a real server, with what is published in the database, for SDKs to call."""

from __future__ import annotations

import io
import json
import socket
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

import uvicorn
from django.conf import settings

from apps.control_plane.caller import Caller
from apps.deployments.models import ConfigurationSection
from gateway_runtime.authorizers.key_sets import KeySets
from gateway_runtime.authorizers.results import AuthorizerResults
from gateway_runtime.authorizers.verified import VerifiedTokens
from gateway_runtime.gateway import Gateway
from gateway_runtime.iam.assumed_roles import RoleSessions
from gateway_runtime.ports import Services, SystemClock
from gateway_runtime.snapshot.build import build
from gateway_runtime.snapshot.snapshot import Current, Snapshot
from gateway_runtime.stores.memory import MemoryBuckets, MemoryQuotas
from gateway_runtime.upstream.guard import GuardedConnector
from gateway_runtime.upstream.pool import UpstreamPool
from tests.builders import call
from tests.gateway_runtime.plane.functions import ScriptedFunctions


class _Nobody:
    """Neither logs nor counts."""

    def write(self, *arguments: object) -> None: ...

    def use(self, *arguments: object) -> None: ...

    def traffic(self, *arguments: object) -> None: ...


class DataPlane:
    """The data plane's application with what is published at the moment, and an echo at `/echo` for it to call."""

    def __init__(self) -> None:
        rows = ConfigurationSection.objects.filter(document__isnull=False).select_related("document")
        self._sections = {row.name: str(row.document_id) for row in rows}
        self._bodies = {str(row.document_id): row.document.body.encode() for row in rows if row.document}
        self._gateway: Gateway | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"].startswith("/echo"):
            await _echo(scope, receive, send)
            return
        if self._gateway is None:
            clock = SystemClock()
            pool = UpstreamPool(GuardedConnector())
            services = Services(
                clock=clock,
                buckets=MemoryBuckets(clock),
                quotas=MemoryQuotas(),
                upstream=pool,
                functions=ScriptedFunctions(),
                access_logs=_Nobody(),
                meter=_Nobody(),
                api_key_secret=settings.API_KEY_DIGEST_KEY,
                authorizer_results=AuthorizerResults(clock),
                key_sets=KeySets(pool, clock),
                verified_tokens=VerifiedTokens(),
                role_sessions=RoleSessions(pool, clock),
            )
            current = Current()
            current.snapshot = build(Snapshot(), 1, self._sections, self._bodies, services)
            self._gateway = Gateway(current, clock)
        await self._gateway(scope, receive, send)


async def _echo(scope: Any, receive: Any, send: Any) -> None:
    message = await receive()
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    asked = {
        "method": scope["method"],
        "target": scope["raw_path"].decode() + (f"?{query}" if (query := scope["query_string"].decode()) else ""),
        "kind": headers.get("x-kind"),
        "body": message.get("body", b"").decode(),
    }
    answer = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": answer})
    await send({"type": "http.response.body", "body": json.dumps(asked).encode()})


class Server:
    """`server()` starts the data plane with what is published by then, at `address`, which is known before."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._started: list[tuple[uvicorn.Server, threading.Thread]] = []

    def __call__(self) -> str:
        server = uvicorn.Server(uvicorn.Config(DataPlane(), lifespan="off", log_level="warning", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [self._listener]}, daemon=True)
        thread.start()
        self._started.append((server, thread))
        deadline = time.monotonic() + 10
        while not server.started:
            assert time.monotonic() < deadline, "the data plane did not start"
            thread.join(0.01)
        return self.address

    def stop(self) -> None:
        for server, thread in self._started:
            server.should_exit = True
            thread.join(10)
        self._listener.close()


def sdk(caller: Caller, api: str, kind: str, into: Path, **parameters: str) -> Path:
    answer = call(caller, "GetSdk", restApiId=api, stageName="prod", sdkType=kind, parameters=parameters)
    assert answer["contentDisposition"].startswith(f'attachment; filename="{kind}_')
    zipfile.ZipFile(io.BytesIO(answer["body"])).extractall(into)
    return into
