"""The scripts behind `make`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.settings_table import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The scripts, in a folder where nothing is installed and nothing is required."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    (tmp_path / "requirements").mkdir()
    for name in ("run", "test"):
        (tmp_path / "requirements" / f"{name}.txt").touch()
    return tmp_path


def run(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in {"LANES", "GATEHOUSE_PYTHON"}}
    return subprocess.run(
        command, cwd=folder, env={**environment, **variables}, capture_output=True, text=True, timeout=60
    )


def test_a_python_that_is_too_old_is_told_in_one_line(checkout):
    old = checkout / "old-python"
    old.write_text('#!/bin/sh\ncase "$2" in *version_info*) exit 1;; esac\necho "Python 3.9.2"\n')
    old.chmod(0o755)

    done = run(checkout, "scripts/run", GATEHOUSE_PYTHON=str(old))

    assert done.returncode == 1
    assert done.stderr == (
        "gatehouse: needs Python 3.11 or newer (found: Python 3.9.2); install one, or name it with GATEHOUSE_PYTHON\n"
    )


def test_the_packages_are_installed_once(checkout):
    first = run(checkout, "scripts/venv", "run", GATEHOUSE_PYTHON=sys.executable)
    second = run(checkout, "scripts/venv", "run", GATEHOUSE_PYTHON=sys.executable)

    assert (first.returncode, first.stdout) == (0, ""), first.stderr
    assert first.stderr.startswith("gatehouse: installing ")
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")


def test_an_unknown_lane_is_refused_by_name(checkout):
    done = run(checkout, sys.executable, "scripts/lanes.py", LANES="default fast")

    assert done.returncode == 2
    assert done.stderr == "LANES names 'fast'; there are: default, stack, past-asgi, browser, postgres, tools, check\n"


def test_env_without_an_installation_says_how_to_start_one(checkout):
    done = run(checkout, "scripts/env")

    assert done.returncode == 1
    assert "start one with `make run`" in done.stderr


@pytest.mark.parametrize("script", sorted(path.name for path in (ROOT / "scripts").iterdir() if not path.suffix))
def test_every_script_can_be_run_and_parses(script):
    path = ROOT / "scripts" / script
    if path.is_dir():
        return

    assert os.access(path, os.X_OK)
    assert run(ROOT, "sh", "-n", str(path)).returncode == 0
