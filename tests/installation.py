"""A whole installation of the product as processes, on a data directory and ports of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from portal.supervisor.leftovers import end_leftovers
from portal.supervisor.valkey import free_loopback_port
from tests.supervisor.supervised import ROOT, wait_for

__all__ = ["Installation", "wait_for"]

START_SECONDS = 150  # a machine that does other work as well takes its time over migrations

Answer = TypeVar("Answer")


class Installation:
    """One data directory and the ports it is run on. `endpoints` is what endpoints.json says while it runs."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.data = folder / "data"
        self.output = folder / "output"
        self.endpoints_file = self.data / "endpoints.json"
        self.endpoints: dict[str, Any] = {}
        names = ("PORTAL", "GATEWAY", "MANAGEMENT")
        ours = ("GATEHOUSE_", "DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")
        self.variables = {
            **{name: value for name, value in os.environ.items() if not name.startswith(ours)},
            **{f"GATEHOUSE_{name}_PORT": str(free_loopback_port()) for name in names},
            "GATEHOUSE_DATA_DIR": str(self.data),
            "GATEHOUSE_WORKERS": "1",
            **variables,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> dict[str, Any]:
        """Start it; what endpoints.json says once it is ready."""
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "portal.supervisor"],
                cwd=ROOT,
                env=self.variables,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        wait_for(self._ready_or_dead, START_SECONDS)
        assert self.process.poll() is None, self.output.read_text()
        self.endpoints = json.loads(self.endpoints_file.read_text())
        return self.endpoints

    def _ready_or_dead(self) -> bool:
        assert self.process is not None
        return self.process.poll() is not None or "Gatehouse is ready" in self.output.read_text()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=20)

    def end(self) -> None:
        """Leave nothing running, however the test went."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        end_leftovers(self.data, grace=0)

    def boto3_arguments(self) -> dict[str, str]:
        """What a boto3 client needs to know of this installation, and nothing else."""
        return {
            "endpoint_url": self.endpoints["control"],
            "aws_access_key_id": self.endpoints["access_key_id"],
            "aws_secret_access_key": self.endpoints["secret_access_key"],
            "region_name": self.endpoints["region"],
        }

    def aws_variables(self) -> dict[str, str]:
        """The environment that `make env` prints."""
        return {
            "AWS_ENDPOINT_URL": self.endpoints["control"],
            "AWS_ACCESS_KEY_ID": self.endpoints["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": self.endpoints["secret_access_key"],
            "AWS_DEFAULT_REGION": self.endpoints["region"],
            "AWS_PAGER": "",
        }

    def eventually(self, ask: Callable[[], Answer], fits: Callable[[Answer], bool], seconds: float = 3.0) -> Answer:
        """The first answer that fits: configuration reaches the gateway a moment after the write."""
        answers: list[Answer] = []

        def fitting() -> bool:
            answers.append(ask())
            return fits(answers[-1])

        wait_for(fitting, seconds)
        return answers[-1]
