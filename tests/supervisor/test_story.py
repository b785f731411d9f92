"""The whole product, started and stopped as an operator does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.supervisor.leftovers import end_leftovers, supervised_processes
from portal.supervisor.valkey import free_loopback_port
from tests.supervisor.supervised import ROOT, wait_for

PARTS = ("gateway_runtime/asgi.py", "[ap]*/**/management/commands/bootstrap.py")
MISSING = [part for part in PARTS if not any(ROOT.glob(part))]
pytestmark = [pytest.mark.stack, pytest.mark.skipif(bool(MISSING), reason=f"not written yet: {', '.join(MISSING)}")]

START_SECONDS = 60


class Installation:
    """One data directory and the ports it is run on."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.output = folder / "output"
        names = ("PORTAL", "GATEWAY", "MANAGEMENT")
        ours = ("GATEHOUSE_", "DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")
        self.variables = {
            **{name: value for name, value in os.environ.items() if not name.startswith(ours)},
            **{f"GATEHOUSE_{name}_PORT": str(free_loopback_port()) for name in names},
            "GATEHOUSE_DATA_DIR": str(self.data),
            "GATEHOUSE_WORKERS": "1",
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
        return json.loads(self.endpoints.read_text())

    @property
    def endpoints(self) -> Path:
        return self.data / "endpoints.json"

    def _ready_or_dead(self) -> bool:
        assert self.process is not None
        return self.process.poll() is not None or "Gatehouse is ready" in self.output.read_text()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=20)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path)
    yield installation
    if installation.process is not None and installation.process.poll() is None:
        installation.process.kill()
        installation.process.wait()
    end_leftovers(installation.data, grace=0)


def get(url: str) -> int:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.status


def test_an_installation_starts_answers_stops_and_starts_again_with_what_it_had(installation):
    first = installation.start()

    assert installation.endpoints.stat().st_mode & 0o777 == 0o600
    assert set(first) == {
        "control", "gateway", "access_key_id", "secret_access_key",
        "region", "account_id", "admin_username", "admin_password",
    }  # fmt: skip
    assert all(first.values())
    assert first["admin_password"] in installation.output.read_text()
    assert get(f"{first['control']}/healthz") == 200
    exports = subprocess.run(
        [sys.executable, "-m", "portal.supervisor.endpoints"],
        cwd=ROOT, env=installation.variables, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    assert exports[0] == f"export AWS_ENDPOINT_URL={first['control']}"
    assert len(exports) == 4

    began = time.monotonic()
    assert installation.stop(signal.SIGINT) == 0
    assert time.monotonic() - began < 12
    assert not installation.endpoints.exists()
    assert supervised_processes(installation.data) == []

    assert installation.start() == first
    assert first["admin_password"] not in installation.output.read_text()

    assert installation.process is not None
    installation.process.kill()
    installation.process.wait()
    wait_for(lambda: not supervised_processes(installation.data), 15)
