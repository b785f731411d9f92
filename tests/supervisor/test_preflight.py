"""What is refused before anything starts, in the operator's words."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.core.environment import read_environment
from portal.supervisor.data_directory import DataDirectory
from portal.supervisor.preflight import check_ports, check_services
from portal.supervisor.refusal import Refusal
from portal.supervisor.valkey import free_loopback_port
from tests.supervisor.supervised import ROOT


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def ports(**chosen: int) -> dict[str, str]:
    names = ("PORTAL", "GATEWAY", "MANAGEMENT")
    return {f"GATEHOUSE_{name}_PORT": str(chosen.get(name.lower()) or free_loopback_port()) for name in names}


@pytest.mark.parametrize("which", ["portal", "gateway", "management"])
def test_a_port_in_use_is_named_with_the_variable_that_changes_it(taken_port, which):
    with pytest.raises(Refusal, match=f"port {taken_port} .* is in use.*GATEHOUSE_{which.upper()}_PORT"):
        check_ports(read_environment(ports(**{which: taken_port})))


def test_two_roles_cannot_share_a_port():
    port = free_loopback_port()

    with pytest.raises(Refusal, match=f"GATEHOUSE_PORTAL_PORT and GATEHOUSE_GATEWAY_PORT are both {port}"):
        check_ports(read_environment(ports(portal=port, gateway=port)))


def test_an_address_of_another_machine_cannot_be_bound():
    with pytest.raises(Refusal, match=r"GATEHOUSE_BIND=192\.0\.2\.1 is not an address of this machine"):
        check_ports(read_environment({**ports(), "GATEHOUSE_BIND": "192.0.2.1"}))


@pytest.mark.parametrize(
    ("variable", "url"),
    [
        ("DATABASE_URL", "postgres://gatehouse:hunter2@127.0.0.1:{port}/gatehouse"),
        ("REDIS_URL", "redis://:hunter2@127.0.0.1:{port}/0"),
    ],
)
def test_a_service_that_does_not_answer_is_named_without_its_password(variable, url):
    port = free_loopback_port()

    with pytest.raises(Refusal) as refused:
        check_services(read_environment({variable: url.format(port=port)}))

    line = str(refused.value)
    assert line.startswith(variable)
    assert f"127.0.0.1:{port}" in line
    assert "hunter2" not in line
    assert "\n" not in line


def test_a_refusal_is_one_line_and_status_one(tmp_path, taken_port):
    done = subprocess.run(
        [sys.executable, "-m", "portal.supervisor"],
        cwd=ROOT,
        env={**os.environ, **ports(portal=taken_port), "GATEHOUSE_DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=20,
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"gatehouse: port {taken_port} on 127.0.0.1 is in use: "
        "stop what uses it, or set GATEHOUSE_PORTAL_PORT to another port\n"
    )


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(Refusal, match=r"cannot use the data directory .*: set GATEHOUSE_DATA_DIR"):
        DataDirectory(tmp_path / "file" / "data").prepare()


def test_make_env_says_when_nothing_runs(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "portal.supervisor.endpoints"],
        cwd=ROOT,
        env={**os.environ, "GATEHOUSE_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=20,
    )

    assert done.returncode == 1
    assert done.stderr == f"gatehouse: no instance is running on {tmp_path}: start one with `make run`\n"
