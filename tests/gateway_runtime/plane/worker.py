"""The data plane as processes: the real master and workers, fed through a real Valkey."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import redis

from apps.core import manifest
from apps.core.documents import AnyDocument
from apps.core.environment import read_environment
from tests.gateway_runtime.plane import builders
from tests.gateway_runtime.plane.builders import RestApi, section_of, sections

_MASTER_SECRET = "a-secret-of-these-tests"


def wait_until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Poll until a condition holds; fail when the deadline passes."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.01)


async def eventually(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """The same, while the event loop goes on."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        await asyncio.sleep(0.01)


class Publisher:
    """Announces configuration as the control plane does."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self.revision = int(client.get(manifest.REVISION) or 0)

    def publish(self, *parts: RestApi | AnyDocument, gone: tuple[AnyDocument, ...] = (), announced: bool = True) -> int:
        """Put these sections into the manifest under the next revision."""
        named, bodies = sections(*parts)
        return self.publish_raw({**named, **{section_of(each): None for each in gone}}, bodies, announced=announced)

    def publish_raw(self, named: dict[str, str | None], bodies: dict[str, bytes], *, announced: bool = True) -> int:
        previous, self.revision = self.revision, self.revision + 1
        pipeline = self._client.pipeline(transaction=True)
        for digest, body in bodies.items():
            pipeline.set(manifest.document_key(digest), body)
        for section, digest in named.items():
            if digest is None:
                pipeline.hdel(manifest.MANIFEST, section)
            else:
                pipeline.hset(manifest.MANIFEST, section, digest)
        pipeline.set(manifest.REVISION, self.revision)
        pipeline.execute()
        if announced:
            change = manifest.Change(previous=previous, revision=self.revision, sections=named)
            self._client.publish(manifest.ANNOUNCE, manifest.encode_change(change))
        return self.revision


def key(value: str, key_id: str = "key0000001", *plans: str) -> builders.KeyDocument:
    """A key whose digest is made with the secret of these processes."""
    from apps.core.secrets import api_key_digest

    secret = read_environment({"GATEHOUSE_SECRET_KEY": _MASTER_SECRET}).derived_key("api-key-digest")
    return builders.KeyDocument(
        id=key_id, name=key_id, digest=api_key_digest(value, secret), plan_ids=plans or ("plan01",)
    )


class Product:
    """A running master with its workers."""

    def __init__(self, redis_url: str, directory: Path, workers: int = 1, **settings: str) -> None:
        self.redis_url = redis_url
        self.settings = settings
        self.directory = directory
        self.workers = workers
        self.port = _free_port()
        self.management = _free_port()
        self.https = _free_port()

    def start(self) -> None:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("GATEHOUSE_", "DJANGO_"))
        }
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "gateway_runtime", "--port", str(self.port), "--workers", str(self.workers),
                "--management-port", str(self.management), "--data-dir", str(self.directory), "--log-level", "info",
                "--https-port", str(self.https), "--host", "gateway.test",
            ],
            env={
                **environment, "REDIS_URL": self.redis_url, "GATEHOUSE_SECRET_KEY": _MASTER_SECRET,
                "GATEHOUSE_WORKERS": str(self.workers), "GATEHOUSE_DATA_DIR": str(self.directory),
                **self.settings,
            },
            stderr=(self.directory / "stderr").open("ab"),
        )  # fmt: skip
        wait_until(self.ready, 20)

    def log(self) -> str:
        return (self.directory / "stderr").read_text()

    def ready(self) -> bool:
        assert self.process.poll() is None, self.log()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.management}/ready", timeout=2) as answer:
                return bool(answer.read().startswith(f"{self.workers} of".encode()))
        except OSError:
            return False

    def worker_pids(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(15)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/_aws/execute-api/{builders.API}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Caller:
    """One keep-alive connection that sends GET requests, over TLS to `name` where a context is given."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None, name: str | None = None) -> None:
        self._port = port
        self._tls = tls
        self._name = name

    async def __aenter__(self) -> Caller:
        self._reader, self._writer = await asyncio.open_connection(
            "127.0.0.1", self._port, ssl=self._tls, server_hostname=self._name
        )
        return self

    @property
    def shown(self) -> bytes:
        """The certificate of the server (DER)."""
        found: bytes = self._writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return found

    async def __aexit__(self, *error: object) -> None:
        self._writer.close()

    async def closed(self, within: float) -> bool:
        """Whether the server ends the connection, in so many seconds at most."""
        async with asyncio.timeout(within):
            return await self._reader.read(1) == b""

    async def get(
        self, path: str, *, host: str = f"{builders.API}.execute-api.localhost", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        self._writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n".encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        named = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in head[1:] if line}
        body = await self._reader.readexactly(int(named.get("content-length", 0)))
        return int(head[0].split(" ")[1]), named, body


@contextlib.asynccontextmanager
async def product(redis_url: str, workers: int = 1, **settings: str) -> AsyncIterator[Product]:
    """A running data plane on a directory of its own."""
    with tempfile.TemporaryDirectory(prefix="gh-plane-") as directory:
        made = Product(redis_url, Path(directory), workers, **settings)
        await asyncio.to_thread(made.start)
        try:
            yield made
        finally:
            await asyncio.to_thread(made.stop)
