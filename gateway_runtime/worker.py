"""One worker process: uvicorn with the edge protocol on a listening socket inherited from the master."""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from gateway_runtime.edge.announced import edge_protocol
from gateway_runtime.edge.websocket import MAX_SIZE, EdgeWebSocket
from gateway_runtime.metrics import METRICS
from gateway_runtime.tls.https import Https

DRAIN_SECONDS = 30
_PR_SET_PDEATHSIG = 1
_FLUSH_TICKS = 3  # of the server's tenth of a second

logger = logging.getLogger("gateway_runtime.worker")


def follow_parent(parent: int, with_signal: signal.Signals) -> None:
    """Receive a signal when the parent dies, however it dies; exit at once if it is dead already."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(with_signal))
    if os.getppid() != parent:
        sys.exit(0)


class WorkerServer(uvicorn.Server):
    """Reports readiness on a pipe, publishes its metrics, and drains on SIGTERM.

    Draining is bounded even when the event loop hangs: an alarm whose default action ends the process is set with it.
    """

    def __init__(self, config: uvicorn.Config, ready: int, https: Https | None = None) -> None:
        super().__init__(config)
        self._ready = ready
        self._https = https
        self._open = METRICS.gauge("gatehouse_connections", "Client connections that are open")
        self._running = METRICS.gauge("gatehouse_requests_in_flight", "Requests being answered")
        self._answered = METRICS.counter("gatehouse_requests_total", "Requests answered by the application")

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the master decides for the whole process group
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda number, frame: self._drain())
        yield

    def _drain(self) -> None:
        self.should_exit = True
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(DRAIN_SECONDS + 5)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            if self._https is not None:
                self._https.start(self)
            METRICS.flush()
            os.write(self._ready, b"R")

    async def on_tick(self, counter: int) -> bool:
        if counter % _FLUSH_TICKS == 0:
            self._publish()
        if self._https is not None:
            self._https.retire_strangers()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._https is not None:
            await self._https.close()
        await super().shutdown(sockets)
        self._publish()

    def _publish(self) -> None:
        state = self.server_state
        METRICS.values[self._open] = len(state.connections)
        METRICS.values[self._running] = len(state.tasks)
        METRICS.values[self._answered] = state.total_requests
        try:
            METRICS.flush()
        except OSError as error:
            logger.warning("metrics are not written: %s", error)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="gateway_runtime.worker", description="Started by the master process.")
    for name in ("listener", "ready", "master", "limit-connections"):
        parser.add_argument(f"--{name}", type=int, required=True)
    for name in ("name", "app", "run-dir", "log-level"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--tls-listener", type=int)
    parser.add_argument("--certificate", type=Path)
    options = parser.parse_args(arguments)
    follow_parent(options.master, signal.SIGTERM)
    logging.basicConfig(
        level=options.log_level.upper(), format=f"%(asctime)s %(levelname)s {options.name} %(name)s: %(message)s"
    )
    METRICS.write_to(Path(options.run_dir), options.name)
    config = uvicorn.Config(
        options.app,
        http=edge_protocol,  # type: ignore[arg-type]
        ws=EdgeWebSocket,
        ws_max_size=MAX_SIZE,  # type: ignore[arg-type]
        ws_ping_interval=None,  # who is silent for ten minutes is closed
        ws_per_message_deflate=False,  # AWS compresses nothing, and each connection would hold a compressor
        loop="uvloop",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=options.limit_connections,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    https = None
    if options.tls_listener is not None:
        https = Https(socket.socket(fileno=options.tls_listener), options.certificate, options.limit_connections)
    WorkerServer(config, options.ready, https).run([socket.socket(fileno=options.listener)])


if __name__ == "__main__":
    main()
