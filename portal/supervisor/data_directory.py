"""The folder that holds everything an installation keeps: state, secrets, logs, and who runs on it."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Any

from portal.supervisor.refusal import Refusal


class DataDirectory:
    """One installation's folder. `lock` makes this process its only supervisor until it exits."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.logs = path / "log"
        self._lock: int | None = None

    def prepare(self) -> None:
        """Create what is missing, readable by its owner alone."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.logs.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise Refusal(
                f"cannot use the data directory {self.path} ({error.strerror}): set GATEHOUSE_DATA_DIR"
            ) from error

    def lock(self) -> None:
        """Become the supervisor of this folder, or refuse because another one is."""
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 32).decode().strip() or "unknown"
            os.close(descriptor)
            raise Refusal(
                f"already running on {self.path} (process {holder}): stop that one, or set GATEHOUSE_DATA_DIR to another folder"
            ) from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        # Kept open for the life of the process: the kernel releases the lock even after SIGKILL.
        self._lock = descriptor

    def is_locked(self) -> bool:
        """Whether some supervisor runs on this folder now."""
        try:
            descriptor = os.open(self.path / "lock", os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def read_json(self, name: str) -> dict[str, Any]:
        """The object kept in file `name`; empty when there is none."""
        try:
            content = json.loads((self.path / name).read_text())
        except FileNotFoundError:
            return {}
        if not isinstance(content, dict):
            raise Refusal(f"{self.path / name} does not hold a JSON object: remove it or restore it")
        return content

    def write_json(self, name: str, content: dict[str, Any]) -> None:
        """Replace file `name` in one step; only its owner can read it."""
        self.write(name, json.dumps(content, indent=2) + "\n")

    def write(self, name: str, text: str) -> None:
        target = self.path / name
        target.parent.mkdir(exist_ok=True, mode=0o700)
        fresh = target.with_name(f".{target.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        fresh.replace(target)

    def remove(self, name: str) -> None:
        (self.path / name).unlink(missing_ok=True)
