"""What an invocation costs: `python -m benchmarks.functions --data-dir var`, while `make run` runs there.

It creates a function through the AWS API, then invokes it as a worker of the gateway does, through the function host's socket.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import statistics
import time
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import boto3
import uvloop

from apps.core.environment import read_environment
from gateway_runtime.functions.place import functions_of, host_pool
from gateway_runtime.upstream.pool import UpstreamPool

CODE = {
    "python": ("python3.11", "app.py", "def handler(event, context): return event"),
    "node": ("nodejs20.x", "app.mjs", "export const handler = async (event) => event;"),
}
NAME = "benchmark"


def package(file: str, code: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(file, code)
    return buffer.getvalue()


async def timed(invoke: Callable[[], Awaitable[Any]], times: int) -> str:
    """Median and 99th percentile in milliseconds."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        await invoke()
        spent.append((time.perf_counter() - began) * 1000)
    return f"{statistics.median(spent):.2f} ms, p99 {statistics.quantiles(spent, n=100)[-1]:.2f} ms"


async def measure(data_dir: Path, client: Any, arn: str, label: str, times: int) -> None:
    environment = read_environment({"GATEHOUSE_DATA_DIR": str(data_dir)})
    pool, outbound = host_pool(environment), UpstreamPool()
    functions = functions_of(environment, pool, outbound)
    payload = json.dumps({"path": "/pets", "headers": {f"h{number}": "value" for number in range(30)}}).encode()

    async def invoke() -> None:
        answer = await functions.invoke(arn, payload, source_arn="", timeout=30)
        assert answer.error is None, answer

    colds = []
    for number in range(5):
        # Another configuration is another version: its first invocation starts a process.
        await asyncio.to_thread(client.update_function_configuration, FunctionName=NAME, Timeout=10 + number)
        await asyncio.sleep(0.5)
        began = time.perf_counter()
        await invoke()
        colds.append((time.perf_counter() - began) * 1000)
    await timed(invoke, 200)
    print(f"{label}: warm {await timed(invoke, times)}; cold start {statistics.median(colds):.0f} ms")
    began = time.perf_counter()
    await asyncio.gather(*(invoke() for _ in range(times)))
    print(f"{label}: {times / (time.perf_counter() - began):.0f} invocations a second, {times} at once")
    await pool.aclose()
    await outbound.aclose()


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.functions", description="What an invocation costs.")
    parser.add_argument("--data-dir", type=Path, default=Path("var"))
    parser.add_argument("--times", type=int, default=1000)
    options = parser.parse_args()
    found = json.loads((options.data_dir / "endpoints.json").read_text())
    client = boto3.client(
        "lambda",
        endpoint_url=found["control"],
        aws_access_key_id=found["access_key_id"],
        aws_secret_access_key=found["secret_access_key"],
        region_name=found["region"],
    )
    for label, (runtime, file, code) in CODE.items():
        made = client.create_function(
            FunctionName=NAME,
            Runtime=runtime,
            Role="arn:aws:iam::123456789012:role/any",
            Handler="app.handler",
            MemorySize=512,
            Code={"ZipFile": package(file, code)},
        )
        try:
            uvloop.run(measure(options.data_dir.resolve(), client, made["FunctionArn"], label, options.times))
        finally:
            client.delete_function(FunctionName=NAME)


if __name__ == "__main__":
    main()
