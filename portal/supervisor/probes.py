"""Asking a process whether it is ready."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable
from pathlib import Path


def answers_ok(host: str, port: int, path: str, host_header: str = "") -> Callable[[], bool]:
    """A probe: true once GET `path` is answered with 200 within a second."""

    def probe() -> bool:
        connection = http.client.HTTPConnection(host, port, timeout=1)
        try:
            connection.request("GET", path, headers={"Host": host_header} if host_header else {})
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return probe


def listens(path: Path) -> Callable[[], bool]:
    """A probe: true once a connection to a Unix socket is accepted within a second."""

    def probe() -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(1)
            try:
                client.connect(str(path))
            except OSError:
                return False
        return True

    return probe


def accepts(host: str, port: int) -> Callable[[], bool]:
    """A probe: true once a connection is accepted within a second."""

    def probe() -> bool:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            return False
        return True

    return probe
