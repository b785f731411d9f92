"""Access logs on disk, written by a thread several times a second: `<directory>/<api id>/<stage>.log`."""

from __future__ import annotations

import logging
import os
import re
import threading
from collections import deque
from pathlib import Path

from gateway_runtime.metrics import METRICS

logger = logging.getLogger("gateway_runtime.access_log")

_SECONDS = 0.2
_MOST = 50_000  # lines that wait
_SAFE = re.compile(r"[A-Za-z0-9_-]{1,128}\Z").match

_dropped = METRICS.counter("gatehouse_access_log_dropped_total", "Access log lines that found no place")
_written = METRICS.counter("gatehouse_access_log_lines_total", "Access log lines written")


class FileAccessLogs:
    """Takes lines without ever waiting. Workers append to the same files: a write is whole lines, at the end."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._waiting: deque[tuple[str, str, str]] = deque()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="access-logs", daemon=True)
        self._failing = False

    def start(self) -> None:
        self._thread.start()

    def write(self, api_id: str, stage_name: str, line: str) -> None:
        if len(self._waiting) >= _MOST:
            METRICS.values[_dropped] += 1
            return
        self._waiting.append((api_id, stage_name, line))

    def close(self) -> None:
        """Write what waits and stop."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_SECONDS):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        lines: dict[tuple[str, str], list[str]] = {}
        waiting = self._waiting
        for _ in range(len(waiting)):
            api_id, stage_name, line = waiting.popleft()
            lines.setdefault((api_id, stage_name), []).append(line)
        for (api_id, stage_name), texts in lines.items():
            try:
                self._append(api_id, stage_name, "".join(texts).encode("utf-8", "replace"))
                METRICS.values[_written] += len(texts)
                self._failing = False
            except OSError as error:
                METRICS.values[_dropped] += len(texts)
                if not self._failing:
                    logger.error("access logs are dropped: %s", error)
                self._failing = True

    def _append(self, api_id: str, stage_name: str, data: bytes) -> None:
        if not _SAFE(api_id) or not _SAFE(stage_name):
            raise OSError(f"no file name: {api_id!r}/{stage_name!r}")
        path = self._directory / api_id / f"{stage_name}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        # Opened anew each time, so that a file moved away by log rotation is let go of.
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
        finally:
            os.close(descriptor)
