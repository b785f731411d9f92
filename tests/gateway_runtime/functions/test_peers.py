"""Whose a connection over loopback is, by the kernel's tables."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway_runtime.functions import peers


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::ffff:127.0.0.1")])
def test_a_connection_is_of_the_session_that_holds_its_socket(
    listener: socket.socket, family: socket.AddressFamily, host: str
) -> None:
    with socket.socket(family) as caller:
        caller.connect((host, listener.getsockname()[1]))
        accepted, theirs = listener.accept()
        ours = accepted.getsockname()

        assert peers.is_of_session(os.getsid(0), theirs, ours)
        assert not peers.is_of_session(1, theirs, ours)
        # The kernel's answer and its tables, which stand in where it gives none, say the same.
        assert str(Path(f"/proc/self/fd/{caller.fileno()}").readlink()) == f"socket:[{peers._asked(theirs, ours)}]"
        assert peers._asked(theirs, ours) == peers._in_tables(theirs, ours)
    accepted.close()


def test_a_connection_that_is_not_there_is_nobody_s() -> None:
    assert not peers.is_of_session(os.getsid(0), ("127.0.0.1", 1), ("127.0.0.1", 2))
