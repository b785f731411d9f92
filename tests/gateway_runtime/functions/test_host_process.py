"""The function host as a process: what is left when it dies."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import redis

from apps.core.environment import read_environment
from apps.core.function_documents import FunctionDocument, FunctionVersion
from gateway_runtime.functions.client import HOST_LIMITS, HostConnector, LambdaClient, host_client
from gateway_runtime.upstream.pool import UpstreamPool
from tests.gateway_runtime.functions.hosting import zipped
from tests.gateway_runtime.plane.builders import ACCOUNT, REGION
from tests.gateway_runtime.plane.functions import function_arn
from tests.gateway_runtime.plane.worker import Publisher, eventually, wait_until

SECRET = "a-secret-of-these-tests"
PACKAGE = zipped(
    {"app.py": "import os, time\ndef handler(event, context):\n    time.sleep(event)\n    return os.getpid()\n"
               "def snoop(event, context): return open(f'/proc/{os.getppid()}/environ').read()"}
)  # fmt: skip


@pytest.fixture
def portal() -> Iterator[str]:
    """What gives out packages in place of the portal."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(PACKAGE)))
            self.end_headers()
            self.wfile.write(PACKAGE)

        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def host(valkey_url: str, portal: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    client = redis.Redis.from_url(valkey_url)
    client.flushall()
    digest = hashlib.sha256(PACKAGE).hexdigest()
    documents = [
        FunctionDocument(
            account_id=ACCOUNT,
            region=REGION,
            name=name,
            versions=(FunctionVersion(version="$LATEST", runtime="python3.11", handler=f"app.{name}", code_digest=digest, timeout=30),),
        )
        for name in ("handler", "snoop")
    ]  # fmt: skip
    Publisher(client).publish(*documents)
    with tempfile.TemporaryDirectory(prefix="gh-fn-") as folder:
        variables = {
            "PATH": os.environ["PATH"], "GATEHOUSE_DATA_DIR": folder, "GATEHOUSE_SECRET_KEY": SECRET, "REDIS_URL": valkey_url,
            "GATEHOUSE_INTERNAL_PORTAL_URL": portal,
        }  # fmt: skip
        process = subprocess.Popen([sys.executable, "-m", "gateway_runtime.functions"], env=variables)
        wait_until((Path(folder) / "functions.sock").exists, 15)
        yield process, Path(folder)
        process.kill()
        process.wait()


def client_of(folder: Path) -> tuple[LambdaClient, UpstreamPool]:
    environment = replace(read_environment({"GATEHOUSE_SECRET_KEY": SECRET}), data_dir=folder)
    pool = UpstreamPool(HostConnector(folder / "functions.sock"), HOST_LIMITS)
    return host_client(pool, environment.derived_key("functions").hex()), pool


async def test_a_killed_host_leaves_no_runtime_behind(host: tuple[subprocess.Popen[bytes], Path]):
    process, folder = host
    client, pool = client_of(folder)
    answer = await client.invoke(function_arn("handler"), b"0", source_arn="", timeout=15)
    runtime = int(answer.payload)
    assert Path(f"/proc/{runtime}").exists()

    process.send_signal(signal.SIGKILL)

    await eventually(lambda: not Path(f"/proc/{runtime}").exists())
    await pool.aclose()


async def test_a_stopped_host_ends_its_runtimes_and_its_temporary_files(host: tuple[subprocess.Popen[bytes], Path]):
    process, folder = host
    client, pool = client_of(folder)
    runtime = int((await client.invoke(function_arn("handler"), b"0", source_arn="", timeout=15)).payload)

    process.send_signal(signal.SIGTERM)

    assert process.wait(10) == 0
    assert not Path(f"/proc/{runtime}").exists()
    assert not (folder / "functions" / "tmp").exists()
    await pool.aclose()


async def test_a_function_cannot_read_the_hosts_environment(host: tuple[subprocess.Popen[bytes], Path]):
    _, folder = host
    client, pool = client_of(folder)

    answer = await client.invoke(function_arn("snoop"), b"0", source_arn="", timeout=15)

    assert b"PermissionError" in answer.payload
    await pool.aclose()
