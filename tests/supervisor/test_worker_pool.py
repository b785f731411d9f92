"""The Celery worker's pool of processes does not outlive the worker."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from apps.core.environment import read_environment
from portal.supervisor import product
from portal.supervisor.data_directory import DataDirectory
from portal.supervisor.leftovers import supervised_processes
from portal.supervisor.valkey import EmbeddedValkey
from tests.supervisor.supervised import exists, wait_for


def specs(data: DataDirectory) -> list[dict[str, object]]:
    """The product's own Valkey and worker, on this test's data directory."""
    valkey = EmbeddedValkey(data, data.path / "valkey.sock", "a-password")
    environment = read_environment({"GATEHOUSE_DATA_DIR": str(data.path)})
    variables = [
        f"REDIS_URL={valkey.url}",
        f"GATEHOUSE_DATA_DIR={data.path}",
        "DJANGO_SETTINGS_MODULE=portal.settings.portal",
    ]
    return [
        {"name": "valkey", "command": valkey.spec().command, "stop_stage": 1},
        {"name": "worker", "command": ["env", *variables, *product.worker(environment).command]},
    ]


def workers(folder: Path) -> list[int]:
    """The worker's main process and those of its pool."""
    command = f"{sys.executable}\0-m\0celery".encode()
    return [pid for pid in supervised_processes(folder) if command in told(f"/proc/{pid}/cmdline")]


def children(pid: int) -> list[int]:
    return [int(word) for word in told(f"/proc/{pid}/task/{pid}/children").split()]


def told(path: str) -> bytes:
    """What /proc says; nothing once the process is gone."""
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


def main_process(folder: Path) -> int:
    """The worker's main process, once its pool is complete."""
    return next((pid for pid in workers(folder) if len(children(pid)) == product.WORKER_PROCESSES), 0)


def test_the_pool_goes_away_with_the_worker_and_with_the_supervisor(supervise, tmp_path):
    data = DataDirectory(tmp_path / "data")
    data.prepare()
    supervised = supervise(*specs(data)).become_ready()
    first = wait_for(lambda: main_process(data.path), 20)
    pool = children(first)

    os.kill(first, signal.SIGKILL)
    second = wait_for(lambda: main_process(data.path) not in (0, first) and main_process(data.path), 20)

    assert not any(exists(pid) for pid in pool)

    pool = children(second)
    supervised.send(signal.SIGKILL)

    wait_for(lambda: not any(exists(pid) for pid in [second, *pool]))
