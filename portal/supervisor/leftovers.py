"""Processes of an earlier run that are still there, found by the tag in their environment."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from portal.supervisor.processes import TAG


def supervised_processes(data_dir: Path) -> list[int]:
    """The ids of the live processes that some supervisor of `data_dir` started, directly or through a child."""
    tag = f"{TAG}={data_dir}".encode()
    return [pid for pid in _process_ids() if pid != os.getpid() and tag in _environment(pid)]


def end_leftovers(data_dir: Path, grace: float = 5.0) -> int:
    """End them: SIGTERM, then SIGKILL after `grace` seconds. Returns how many there were."""
    found = remaining = supervised_processes(data_dir)
    _signal_all(remaining, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while remaining and time.monotonic() < deadline:
        time.sleep(0.05)
        remaining = supervised_processes(data_dir)
    _signal_all(remaining, signal.SIGKILL)
    return len(found)


def _process_ids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _environment(pid: int) -> list[bytes]:
    """The variables a process was started with; none for a process that is gone, a zombie or another user's."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _signal_all(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
