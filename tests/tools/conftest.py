"""Deployment tools as their users install them, against the running portal."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from apps.accounts.models import AccessKey, AuditEvent
from tests.conftest import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY

Run = Callable[..., subprocess.CompletedProcess[str]]


def installed(command: str) -> str:
    """Where a tool is: among those that the `tools` lane installs, or on the PATH. Skips the test when it is nowhere.

    A path names the tool itself.
    """
    if Path(command).is_absolute():
        return command
    folder = os.environ.get("GATEHOUSE_TEST_TOOLS", "")
    found = shutil.which(command, path=folder) if folder else shutil.which(command)
    if found is None:
        pytest.skip(f"{command} is not installed")
    return found


@pytest.fixture
def run(live_portal: str, access_key: AccessKey, valkey: redis.Redis, tmp_path: Path) -> Run:
    """`run("ansible", …)` runs a tool in an empty home, with the portal as the only AWS there is."""

    def run(command: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        executable = installed(command)
        environment = {
            "PATH": f"{Path(executable).parent}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "LC_ALL": "C.UTF-8",
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": live_portal,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        done = subprocess.run(
            [executable, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
        )  # fmt: skip
        if check:
            assert done.returncode == 0, f"{command} {arguments}\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture
def gateway(aws: Callable[..., Any]) -> Any:
    return aws("apigateway")


def changes() -> list[str]:
    """The changing operations that were called so far, in order, with the error of each that was refused."""
    events = AuditEvent.objects.order_by("pk").values_list("operation", "error")
    return [f"{operation} {error}".strip() for operation, error in events]
