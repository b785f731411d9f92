"""The master process: opens the listening socket, keeps N workers alive on it, answers the management port.

All workers accept from one inherited socket. With a socket per worker (SO_REUSEPORT) the connections that wait in the
queue of a killed or restarting worker would be reset or stuck; the one queue belongs to the master and is emptied by
whoever lives, so a worker's end loses no connection that it had not accepted.

SIGTERM, SIGINT: drain and exit 0. SIGHUP: replace the workers one by one, each only after its successor is ready.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from gateway_runtime.management import Answer, ManagementServer
from gateway_runtime.metrics import Merged
from gateway_runtime.tls.own_certificate import own_certificate
from gateway_runtime.worker import DRAIN_SECONDS

logger = logging.getLogger("gateway_runtime.master")

_READY_SECONDS = 60.0
_STEADY_SECONDS = 5.0  # a worker that lived this long did not die at its start
_LONGEST_PAUSE = 10.0


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What the command line sets. `app` is the dotted name of an ASGI application, `hosts` what the gateway's own certificate names."""

    bind: str = "127.0.0.1"
    port: int = 8080
    https_port: int | None = None
    hosts: tuple[str, ...] = ()
    workers: int = 1
    management_bind: str = "127.0.0.1"
    management_port: int = 9090
    data_dir: Path = Path("var/runtime")
    app: str = "gateway_runtime.asgi:application"
    limit_connections: int = 10_000
    log_level: str = "info"


class Worker:
    """A worker process and what the master knows about it."""

    def __init__(self, slot: int, name: str, process: asyncio.subprocess.Process) -> None:
        self.slot = slot
        self.name = name
        self.process = process
        self.started_at = time.monotonic()
        self.ready = asyncio.Event()
        self.leaving = False  # its exit is wanted
        self.exited = asyncio.Event()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it is gone."""
        if self.process.returncode is None:
            self.process.send_signal(number)


class Master:
    """Owns the listening socket; the slots' current workers are in `workers`."""

    def __init__(self, options: ServeOptions) -> None:
        self._options = options
        self._listener = _listen(options.bind, options.port)
        self.port: int = self._listener.getsockname()[1]
        self._tls = None if options.https_port is None else _listen(options.bind, options.https_port)
        self._run_dir = options.data_dir / "run" / str(os.getpid())
        self._merged = Merged(self._run_dir)
        self._workers: dict[int, Worker] = {}
        self._all: set[Worker] = set()
        self._failures: dict[int, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stop = asyncio.Event()
        self._rolling = asyncio.Lock()
        self._spawned = 0

    async def run(self) -> None:
        """Serve until told to stop; returns after the drain."""
        _prepare(self._run_dir)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop_asked)
        loop.add_signal_handler(signal.SIGHUP, self._spawn_task_roll)
        management = ManagementServer({"/live": self._live, "/ready": self._ready, "/metrics": self._metrics})
        port = await management.start(self._options.management_bind, self._options.management_port)
        logger.info(
            "serving on %s:%d with %d workers, management on %s:%d",
            self._options.bind, self.port, self._options.workers, self._options.management_bind, port,
        )  # fmt: skip
        if self._tls is not None:
            logger.info("serving HTTPS on %s:%d", self._options.bind, self._tls.getsockname()[1])
        try:
            for slot in range(self._options.workers):
                self._workers[slot] = await self._start(slot)
            await self._stop.wait()
            await self._drain()
        finally:
            management.stop()
            for worker in self._all:
                worker.signal(signal.SIGKILL)
            shutil.rmtree(self._run_dir, ignore_errors=True)

    # Workers
    async def _start(self, slot: int) -> Worker:
        self._spawned += 1
        name = f"worker-{slot}-{self._spawned}"
        options = self._options
        read_end, write_end = os.pipe()
        listeners = [each.fileno() for each in (self._listener, self._tls) if each is not None]
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "gateway_runtime.worker",
                "--listener", str(self._listener.fileno()), "--ready", str(write_end), "--master", str(os.getpid()),
                "--name", name, "--app", options.app, "--run-dir", str(self._run_dir),
                "--limit-connections", str(options.limit_connections), "--log-level", options.log_level,
                *self._tls_arguments(),
                pass_fds=(*listeners, write_end),
                env={**os.environ, "GATEHOUSE_DATA_DIR": str(options.data_dir), "GATEHOUSE_WORKER": str(slot)},
            )  # fmt: skip
        finally:
            os.close(write_end)
        worker = Worker(slot, name, process)
        self._all.add(worker)
        _watch_ready(read_end, worker)
        self._spawn(self._watch(worker))
        return worker

    def _tls_arguments(self) -> tuple[str, ...]:
        """What a worker needs to accept HTTPS. The certificate is looked after at each start of one."""
        if self._tls is None:
            return ()
        certificate = own_certificate(self._options.data_dir / "tls", self._options.hosts)
        return ("--tls-listener", str(self._tls.fileno()), "--certificate", str(certificate))

    async def _watch(self, worker: Worker) -> None:
        """Wait for a worker's end and replace it when nobody asked for it."""
        code = await worker.process.wait()
        worker.exited.set()
        self._all.discard(worker)
        self._merged.retire(worker.name)
        if worker.leaving or self._stop.is_set():
            return
        lived = time.monotonic() - worker.started_at
        failures = self._failures[worker.slot] = (
            0 if lived > _STEADY_SECONDS else self._failures.get(worker.slot, 0) + 1
        )
        pause = 0.0 if failures < 2 else min(0.25 * 2 ** (failures - 2), _LONGEST_PAUSE)
        logger.error(
            "%s (pid %d) exited with %s after %.1f s; a new one starts in %.2f s",
            worker.name, worker.process.pid, code, lived, pause,
        )  # fmt: skip
        await asyncio.sleep(pause)
        while not self._stop.is_set() and self._workers.get(worker.slot) is worker:
            try:
                self._workers[worker.slot] = await self._start(worker.slot)
            except OSError as error:  # no processes or descriptors left: the system may recover
                logger.error("no new worker: %s", error)
                await asyncio.sleep(1.0)

    def _spawn_task_roll(self) -> None:
        self._spawn(self._roll())

    async def _roll(self) -> None:
        """Replace every worker; stop at the first successor that does not become ready, keeping the old ones."""
        async with self._rolling:
            for slot in range(self._options.workers):
                if self._stop.is_set():
                    return
                successor = await self._start(slot)
                successor.leaving = True  # it replaces nothing before it is ready
                if not await _ready_or_gone(successor):
                    logger.error("%s did not become ready: the restart stops here", successor.name)
                    successor.signal(signal.SIGKILL)
                    return
                successor.leaving = False
                old, self._workers[slot] = self._workers[slot], successor
                await self._retire(old)
            logger.info("all workers replaced")

    async def _retire(self, worker: Worker) -> None:
        worker.leaving = True
        worker.signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(worker.exited.wait(), DRAIN_SECONDS + 5)
        except TimeoutError:
            logger.error("%s did not drain in time and is killed", worker.name)
            worker.signal(signal.SIGKILL)
            await worker.exited.wait()

    async def _drain(self) -> None:
        logger.info("draining")
        self._listener.close()
        if self._tls is not None:
            self._tls.close()
        await asyncio.gather(*(self._retire(worker) for worker in tuple(self._all)))
        logger.info("drained")

    def _stop_asked(self) -> None:
        if self._stop.is_set():
            for worker in self._all:
                worker.signal(signal.SIGKILL)  # asked twice: do not wait
        self._stop.set()

    def _spawn(self, work: object) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Management
    def _live(self) -> Answer:
        return 200, "text/plain", "live\n"

    def _ready(self) -> Answer:
        ready = sum(worker.ready.is_set() and not worker.exited.is_set() for worker in self._workers.values())
        status = 200 if ready and not self._stop.is_set() else 503
        return status, "text/plain", f"{ready} of {self._options.workers} workers ready\n"

    def _metrics(self) -> Answer:
        return 200, "text/plain; version=0.0.4", self._merged.render()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(2048)  # from here on connections wait instead of being refused
    listener.setblocking(False)
    return listener


def _prepare(run_dir: Path) -> None:
    """Make this master's directory and remove those of masters that were killed."""
    run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    for other in run_dir.parent.iterdir():
        if other.name.isdigit() and other != run_dir and not Path("/proc", other.name).exists():
            shutil.rmtree(other, ignore_errors=True)


def _watch_ready(read_end: int, worker: Worker) -> None:
    """Set `ready` when the worker writes to its pipe; close the pipe on that or on its death."""
    loop = asyncio.get_running_loop()

    def readable() -> None:
        if os.read(read_end, 1):
            worker.ready.set()
            logger.info("%s (pid %d) is ready", worker.name, worker.process.pid)
        loop.remove_reader(read_end)
        os.close(read_end)

    loop.add_reader(read_end, readable)


async def _ready_or_gone(worker: Worker) -> bool:
    waits = {asyncio.ensure_future(worker.ready.wait()), asyncio.ensure_future(worker.exited.wait())}
    _, pending = await asyncio.wait(waits, timeout=_READY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    for wait in pending:
        wait.cancel()
    return worker.ready.is_set() and not worker.exited.is_set()


def serve(options: ServeOptions) -> None:
    """Run the master in this process until it has drained."""
    logging.basicConfig(
        level=options.log_level.upper(), format="%(asctime)s %(levelname)s master %(name)s: %(message)s"
    )

    async def run() -> None:
        await Master(options).run()

    asyncio.run(run())
