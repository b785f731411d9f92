"""The function host as one process: its parts, how they start, and how they stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

from redis.asyncio import Redis

from apps.core.environment import Environment
from apps.core.function_documents import FunctionDocument, FunctionVersion
from apps.core.landlock import landlock_version
from apps.core.secrets import SecretBox
from gateway_runtime.ending import end
from gateway_runtime.functions.code import BadCode, CodeStore, remove_tree
from gateway_runtime.functions.commands import Place, command, open_environment
from gateway_runtime.functions.confinement import shares_tmp
from gateway_runtime.functions.end_points import HttpEndPoints
from gateway_runtime.functions.events import Events
from gateway_runtime.functions.folders import Folders
from gateway_runtime.functions.host import FunctionHost
from gateway_runtime.functions.http import HttpConnection
from gateway_runtime.functions.invoke_api import InvokeApi
from gateway_runtime.functions.limits import LIMITS, FunctionLimits
from gateway_runtime.functions.logs import FunctionLogs
from gateway_runtime.functions.pools import PoolKey, Pools
from gateway_runtime.functions.runtime import Owner, Runtime
from gateway_runtime.snapshot.disk import LastGood
from gateway_runtime.snapshot.snapshot import Current
from gateway_runtime.snapshot.source import ConfigurationSource, of_functions
from gateway_runtime.upstream.pool import UpstreamPool

logger = logging.getLogger("gateway_runtime.functions")

_FIRST_CONFIGURATION_SECONDS = 3.0
_CATCH_UP_SECONDS = 5.0

Fetch = Callable[[str], Awaitable[bytes]]


class FunctionService:
    """Made in the running event loop. `start`, then `listen`, then `stop`."""

    def __init__(
        self, environment: Environment, redis: Redis, fetch: Fetch, pool: UpstreamPool, limits: FunctionLimits = LIMITS
    ) -> None:
        directory = environment.data_dir / "functions"
        self._redis = redis
        self._limits = limits
        self._temporary = directory / "tmp"
        self._hidden = environment.data_dir.resolve()
        self._tcp_ports = environment.function_tcp_ports
        self._box = SecretBox(environment.derived_key("function-environment"))
        self._folders = Folders(environment.function_folders)
        self._logs = FunctionLogs(environment.data_dir / "log" / "functions", limits.log_bytes)
        self.code = CodeStore(directory / "code", fetch)
        self.current = Current()
        self.pools = Pools(limits, self._start_runtime)
        self.host = FunctionHost(self.current, self.pools, HttpEndPoints(pool), self._folders.edition)
        self.events = Events(self.host, limits)
        token = environment.derived_key("functions").hex()
        self.api = InvokeApi(self.host, self.events, token, self._caught_up)
        self.source = ConfigurationSource(
            redis, self.current, None, LastGood(directory / "configuration"), takes=of_functions, changed=self._changed
        )
        self._behind: list[tuple[int, asyncio.Future[None]]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._servers: list[asyncio.Server] = []

    async def start(self) -> None:
        """Serve from the last good configuration at once, and follow Redis from now on."""
        remove_tree(self._temporary)
        self._temporary.mkdir(parents=True, mode=0o700)
        if not landlock_version():
            logger.warning("this kernel has no Landlock: functions can read the data directory and write as their user")
        elif not shares_tmp(self._hidden):
            logger.warning("functions cannot write to /tmp, because the data directory lies there, but to $TMPDIR")
        self.source.start_from_disk()
        self.code.collect(self._digests())
        self.events.start()
        self._spawn(self.source.run())
        try:
            # A fresh host had better not refuse what the one before it ran; without Redis it runs what it has.
            async with asyncio.timeout(_FIRST_CONFIGURATION_SECONDS):
                await self.source.connected.wait()
        except TimeoutError:
            logger.warning("Redis does not answer: running functions as of revision %d", self.current.snapshot.revision)

    async def listen(self, place: Path | tuple[str, int]) -> int:
        """Answer invocations on a unix socket, or on an address; its port."""
        loop = asyncio.get_running_loop()
        if isinstance(place, Path):
            place.unlink(missing_ok=True)  # noqa: ASYNC240 - once, at the start
            server: asyncio.Server = await loop.create_unix_server(lambda: HttpConnection(self.api), str(place))
            place.chmod(0o600)  # noqa: ASYNC240
            self._servers.append(server)
            return 0
        server = await loop.create_server(lambda: HttpConnection(self.api), *place)
        self._servers.append(server)
        port: int = server.sockets[0].getsockname()[1]
        return port

    async def _start_runtime(self, key: PoolKey, owner: Owner) -> Runtime:
        version = key.version
        if version.folder is not None:
            code = self._folders.path(version.folder)
        else:
            code = await self.code.unpacked(version.code_digest)
        temporary = self._temporary / uuid.uuid4().hex
        temporary.mkdir(mode=0o700)
        function = f"{key.function.account_id}/{key.function.region}/{key.function.name}"
        runtime = Runtime(
            version.version,
            version.timeout,
            version.memory_size,
            self._limits,
            _Tidy(owner, temporary),
            lambda data: self._logs.write(function, data),
        )
        environment = open_environment(version, self._box)
        await runtime.start(
            lambda address: command(
                key.function,
                version,
                Place(code, temporary, address, self._hidden, self._tcp_ports),
                environment,
                self._limits,
            )
        )
        return runtime

    def _changed(self) -> None:
        """A new revision is in force."""
        self.host.configuration_changed()
        revision = self.current.snapshot.revision
        for wanted, waiting in self._behind:
            if wanted <= revision:
                _release(waiting)
        self._behind = [(wanted, waiting) for wanted, waiting in self._behind if not waiting.done()]
        # Whatever happens to the portal, what is configured can then be run.
        self._spawn(self._bring_code())

    async def _bring_code(self) -> None:
        for digest in self._digests():
            with contextlib.suppress(BadCode):  # the store has logged it, and the next invocation tries again
                await self.code.unpacked(digest)

    def _digests(self) -> set[str]:
        return {version.code_digest for version in self._versions() if not version.folder and not version.endpoint}

    def _versions(self) -> list[FunctionVersion]:
        documents = self.current.snapshot.decoded.values()
        return [version for found in documents if isinstance(found, FunctionDocument) for version in found.versions]

    def _caught_up(self, revision: int) -> asyncio.Future[None] | None:
        """What to wait for until the configuration is that new; for a bounded time, after which the older one serves."""
        if revision <= self.current.snapshot.revision:
            return None
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[None] = loop.create_future()
        self._behind.append((revision, waiting))
        loop.call_later(_CATCH_UP_SECONDS, _release, waiting)
        return waiting

    def _spawn(self, work: object) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """End the runtimes and everything else; what is in progress fails."""
        for server in self._servers:
            server.close()
        await self.api.close()
        await self.events.close()
        await self.pools.close()
        await end(self._tasks)
        await self.source.close()
        self._logs.close()
        remove_tree(self._temporary)
        await self._redis.aclose()


def _release(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)


class _Tidy:
    """A runtime's owner that takes its temporary folder away when it is gone."""

    def __init__(self, owner: Owner, temporary: Path) -> None:
        self._owner = owner
        self._temporary = temporary

    def ready(self, runtime: Runtime) -> None:
        self._owner.ready(runtime)

    def gone(self, runtime: Runtime) -> None:
        shutil.rmtree(self._temporary, ignore_errors=True)
        self._owner.gone(runtime)
