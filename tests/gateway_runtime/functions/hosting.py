"""A function host in the test's own event loop, with functions that a story writes down, and the client that the workers have."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import redis
from redis.asyncio import Redis

from apps.core.environment import Environment, read_environment
from apps.core.function_documents import FunctionAlias, FunctionDocument, FunctionVersion
from apps.core.secrets import SecretBox
from gateway_runtime.functions.client import HOST_LIMITS, HostConnector, host_client
from gateway_runtime.functions.code import BadCode
from gateway_runtime.functions.limits import FunctionLimits
from gateway_runtime.functions.place import place_of
from gateway_runtime.functions.service import FunctionService
from gateway_runtime.ports import FunctionAnswer
from gateway_runtime.upstream.pool import UpstreamPool
from tests.gateway_runtime.plane.builders import ACCOUNT, REGION
from tests.gateway_runtime.plane.functions import function_arn
from tests.gateway_runtime.plane.worker import Publisher, eventually

API_ARN = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:a1b2c3d4e5/prod/GET/pets"
QUICK = FunctionLimits(retry_pauses=(0.01, 0.01))


def zipped(files: dict[str, str | bytes]) -> bytes:
    """A deployment package."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o755 if name == "bootstrap" else 0o644) << 16
            archive.writestr(entry, text)
    return buffer.getvalue()


def policy_for(arn: str, source_arn: str = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:a1b2c3d4e5/*") -> str:
    """What AddPermission makes for API Gateway."""
    statement = {
        "Sid": "gateway",
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": arn,
        "Condition": {"ArnLike": {"AWS:SourceArn": source_arn}},
    }
    return json.dumps({"Version": "2012-10-17", "Id": "default", "Statement": [statement]})


class HostHarness:
    """`runs` deploys a function; `client` invokes it as a worker does."""

    def __init__(self, environment: Environment, valkey_url: str, limits: FunctionLimits) -> None:
        self.environment = environment
        self._valkey_url = valkey_url
        self._limits = limits
        self.packages: dict[str, bytes] = {}
        self._publisher = Publisher(redis.Redis.from_url(valkey_url))

    async def start(self) -> None:
        self._outbound = UpstreamPool()
        self._pool = UpstreamPool(HostConnector(place_of(self.environment)), HOST_LIMITS)
        self.client = host_client(self._pool, self.environment.derived_key("functions").hex())
        await self.start_service()

    async def start_service(self) -> None:
        self.service = FunctionService(
            self.environment, Redis.from_url(self._valkey_url), self._fetch, self._outbound, self._limits
        )
        await self.service.start()
        await self.service.listen(place_of(self.environment))
        await eventually(lambda: self.service.current.snapshot.revision == self._publisher.revision)

    async def stop(self) -> None:
        await self.service.stop()
        await self._pool.aclose()
        await self._outbound.aclose()

    async def _fetch(self, digest: str) -> bytes:
        if digest not in self.packages:
            raise BadCode(f"nobody has {digest}")
        return self.packages[digest]

    async def runs(
        self,
        name: str,
        code: str | dict[str, str | bytes],
        *,
        policy: str | None = "",
        aliases: tuple[FunctionAlias, ...] = (),
        reserved_concurrency: int | None = None,
        environment: dict[str, str] | None = None,
        also: tuple[FunctionVersion, ...] = (),
        **version: Any,
    ) -> str:
        """Deploy a function, `app.handler` in Python unless told otherwise; its ARN."""
        package = zipped({"app.py": code} if isinstance(code, str) else code)
        digest = hashlib.sha256(package).hexdigest()
        self.packages[digest] = package
        sealed = None
        if environment is not None:
            box = SecretBox(self.environment.derived_key("function-environment"))
            sealed = box.seal(json.dumps(environment))
        members = {"version": "$LATEST", "runtime": "python3.11", "handler": "app.handler", **version}
        latest = FunctionVersion(code_digest=digest, environment=sealed, **members)
        arn = function_arn(name)
        policies = {} if policy is None else {"": policy or policy_for(arn)}
        document = FunctionDocument(
            account_id=ACCOUNT,
            region=REGION,
            name=name,
            versions=(latest, *also),
            aliases=aliases,
            policies=policies,
            reserved_concurrency=reserved_concurrency,
        )
        await self.publish(document)
        return arn

    async def publish(self, *documents: FunctionDocument, gone: tuple[FunctionDocument, ...] = ()) -> None:
        revision = self._publisher.publish(*documents, gone=gone)
        await eventually(lambda: self.service.current.snapshot.revision == revision)

    async def invoke(self, arn: str, event: Any = None, *, source_arn: str = "", timeout: float = 20) -> FunctionAnswer:
        return await self.client.invoke(arn, json.dumps(event).encode(), source_arn=source_arn, timeout=timeout)

    async def result(self, arn: str, event: Any = None) -> Any:
        """What a function returns; its error is the test's failure."""
        answer = await self.invoke(arn, event)
        assert answer.error is None, answer
        return json.loads(answer.payload)

    async def error(self, arn: str, event: Any = None) -> Any:
        answer = await self.invoke(arn, event)
        assert answer.error == "Unhandled", answer
        return json.loads(answer.payload)

    def log(self, name: str) -> str:
        """What was printed, without the time and the invocation that stand before each line."""
        lines = self.log_lines(name).splitlines(keepends=True)
        return "".join(line.split(" ", 2)[2] for line in lines)

    def log_lines(self, name: str) -> str:
        path = self.environment.data_dir / "log" / "functions" / ACCOUNT / REGION / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def runtimes(self) -> int:
        return self.service.pools.size


@contextlib.asynccontextmanager
async def function_host(
    valkey_url: str, limits: FunctionLimits = QUICK, below: str | None = None, **variables: str
) -> AsyncIterator[HostHarness]:
    """`below` is where the data directory is made; unless given, where temporary folders are."""
    with tempfile.TemporaryDirectory(prefix="gh-fn-", dir=below) as folder:
        redis.Redis.from_url(valkey_url).flushall()
        settings = {"GATEHOUSE_DATA_DIR": folder, "GATEHOUSE_SECRET_KEY": "a-secret-of-these-tests", **variables}
        environment = read_environment(settings)
        environment = replace(environment, data_dir=Path(folder))
        harness = HostHarness(environment, valkey_url, limits)
        await harness.start()
        try:
            yield harness
        finally:
            await harness.stop()
