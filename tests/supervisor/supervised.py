"""Stand-in processes, the supervisors over them, and conditions to wait for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
STAND_IN = str(Path(__file__).with_name("stand_in.py"))


def wait_for(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    """The first truthy answer of `condition`; fails the test when none comes in time."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return answer


def exists(pid: int) -> bool:
    """Whether a process runs; a zombie that nobody has collected yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Supervised:
    """One supervisor process over stand-ins, and what it has written."""

    def __init__(self, folder: Path, specs: list[dict[str, Any]]) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.errors = folder / "terminal"
        environment = {name: value for name, value in os.environ.items() if name != "GATEHOUSE_SUPERVISED"}
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, STAND_IN, str(folder), json.dumps(specs)],
                env={**environment, "PYTHONPATH": str(ROOT)},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def become_ready(self) -> Supervised:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n", self.terminal()
        return self

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self, seconds: float = 10.0) -> int:
        return self.process.wait(timeout=seconds)

    def terminal(self) -> str:
        return self.errors.read_text()

    def log(self, name: str) -> str:
        path = self.folder / "log" / f"{name}.log"
        return path.read_text() if path.exists() else ""


def stand_in(name: str, program: str, **more: Any) -> dict[str, Any]:
    """A process that runs a few lines of Python."""
    return {"name": name, "command": [sys.executable, "-c", program], **more}
