"""The whole product, started and stopped as an operator does."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.supervisor.leftovers import supervised_processes
from tests.installation import Installation
from tests.supervisor.supervised import ROOT, wait_for

pytestmark = pytest.mark.stack


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path)
    yield installation
    installation.end()


def get(url: str) -> int:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.status


def test_an_installation_starts_answers_stops_and_starts_again_with_what_it_had(installation):
    first = installation.start()

    assert installation.endpoints_file.stat().st_mode & 0o777 == 0o600
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
    assert not installation.endpoints_file.exists()
    assert supervised_processes(installation.data) == []

    assert installation.start() == first
    assert first["admin_password"] not in installation.output.read_text()

    assert installation.process is not None
    installation.process.kill()
    installation.process.wait()
    wait_for(lambda: not supervised_processes(installation.data), 15)
