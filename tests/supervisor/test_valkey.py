"""The embedded Valkey."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from kombu import Connection

from portal.supervisor.data_directory import DataDirectory
from portal.supervisor.valkey import LONGEST_SOCKET_PATH, EmbeddedValkey
from tests.supervisor.supervised import wait_for

PASSWORD = "a-password-of-the-tests"


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    data = DataDirectory(tmp_path / "data dir")
    data.prepare()
    return data


@contextmanager
def running(valkey: EmbeddedValkey) -> Iterator[redis.Redis]:
    spec = valkey.spec()
    assert spec.ready is not None
    server = subprocess.Popen(spec.command, stdout=subprocess.DEVNULL)
    try:
        wait_for(spec.ready)
        with redis.Redis.from_url(valkey.url) as client:
            yield client
    finally:
        server.terminate()
        server.wait(timeout=5)


def test_what_it_holds_survives_a_restart(data):
    with running(EmbeddedValkey(data, data.path / "valkey.sock", PASSWORD)) as client:
        client.incr("counter")

    with running(EmbeddedValkey(data, data.path / "valkey.sock", PASSWORD)) as client:
        assert client.incr("counter") == 2


def test_its_socket_and_its_configuration_are_its_owner_s_alone(data):
    with running(EmbeddedValkey(data, data.path / "valkey.sock", PASSWORD)) as client:
        assert client.config_get("port") == {"port": "0"}
        assert (data.path / "valkey.sock").stat().st_mode & 0o077 == 0
    assert (data.path / "valkey" / "valkey.conf").stat().st_mode & 0o077 == 0


def test_who_opens_its_socket_needs_the_password_which_is_on_no_command_line(data):
    with running(EmbeddedValkey(data, data.path / "valkey.sock", PASSWORD)), socket.socket(socket.AF_UNIX) as stranger:
        stranger.settimeout(2)
        stranger.connect(str(data.path / "valkey.sock"))
        for command in (b"KEYS *\r\n", b"GET gatehouse:manifest\r\n", b"CONFIG GET requirepass\r\n", b"MONITOR\r\n"):
            stranger.sendall(command)
            assert stranger.recv(256).startswith(b"-NOAUTH")
        spec = EmbeddedValkey(data, data.path / "valkey.sock", PASSWORD).spec()

    assert PASSWORD not in " ".join(spec.command)
    assert not spec.variables


def test_what_was_kept_before_there_was_a_password_is_there_still(data):
    earlier = EmbeddedValkey(data, data.path / "valkey.sock", "")
    with running(earlier) as client:
        client.set("counter", 41)

    with running(EmbeddedValkey(data, data.path / "valkey.sock", PASSWORD)) as client:
        assert client.incr("counter") == 42


def test_celery_reaches_it_by_the_same_address(data):
    valkey = EmbeddedValkey(data, data.path / "valkey.sock", PASSWORD)
    address = valkey.url.replace("unix://", "redis+socket://")

    with running(valkey), Connection(address) as broker:
        broker.ensure_connection(max_retries=1)
        broker.default_channel.client.ping()
        assert PASSWORD not in broker.as_uri()


def test_a_path_too_long_for_a_socket_makes_it_listen_on_loopback_with_a_password(data):
    valkey = EmbeddedValkey(data, data.path / ("x" * LONGEST_SOCKET_PATH), PASSWORD)

    with running(valkey) as client:
        host, port = client.connection_pool.connection_kwargs["host"], client.connection_pool.connection_kwargs["port"]
        assert client.ping()
        with socket.create_connection((host, port), timeout=2) as stranger:
            stranger.sendall(b"PING\r\n")
            assert stranger.recv(256).startswith(b"-NOAUTH")


def test_it_is_not_ready_before_it_runs(data):
    spec = EmbeddedValkey(data, data.path / "valkey.sock", PASSWORD).spec()

    assert spec.ready is not None
    assert not spec.ready()
