"""Access logs on disk, written by a thread several times a second: `<directory>/<api id>/<stage>.log`,
those of its canary `<directory>/<api id>/<stage>/Canary.log`.

A log that has grown past its bound becomes `.log.1`, in place of the one before it: a busy stage does not fill the disk.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import threading
from collections import defaultdict
from pathlib import Path

from gateway_runtime.metrics import METRICS

logger = logging.getLogger("gateway_runtime.access_log")

_SECONDS = 0.2
_MOST = 50_000  # lines that wait
_MOST_BYTES = 64 * 1024 * 1024  # of one file
_SAFE = re.compile(r"(?:[A-Za-z0-9_-]{1,128}(?:/Canary)?|\$default)\Z").match

_dropped = METRICS.counter("gatehouse_access_log_dropped_total", "Access log lines that found no place")
_written = METRICS.counter("gatehouse_access_log_lines_total", "Access log lines written")


class FileAccessLogs:
    """Takes lines without ever waiting. Workers append to the same files: a write is whole lines, at the end."""

    def __init__(self, directory: Path, most_bytes: int = _MOST_BYTES) -> None:
        self._directory = directory
        self._most_bytes = most_bytes
        # By API and stage. The event loop appends behind while the thread takes away in front.
        self._waiting: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self._given = 0  # counted by the event loop alone
        self._taken = 0  # counted by the thread alone
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="access-logs", daemon=True)
        self._failing = False

    def start(self) -> None:
        self._thread.start()

    def write(self, api_id: str, stage_name: str, line: str) -> None:
        if self._given - self._taken >= _MOST:
            METRICS.values[_dropped] += 1
            return
        self._given += 1
        self._waiting[api_id, stage_name].append(line)

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
        for (api_id, stage_name), lines in list(self._waiting.items()):
            texts = lines[:]
            if not texts:
                continue
            del lines[: len(texts)]
            self._taken += len(texts)
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
            if os.fstat(descriptor).st_size > self._most_bytes:
                _put_aside(path, descriptor)
        finally:
            os.close(descriptor)


def _put_aside(path: Path, descriptor: int) -> None:
    """Make room for a new file. Of several workers that see the same full one, the first to lock it moves it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    if path.exists() and path.stat().st_ino == os.fstat(descriptor).st_ino:
        path.replace(path.with_name(f"{path.name}.1"))
