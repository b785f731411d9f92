"""One log file per process, of bounded size."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

MAXIMUM_BYTES = 10 * 1024 * 1024


class LogFile:
    """`<folder>/<name>.log`, which a process appends to; `.log.1` holds what came before.

    The process writes straight into the file, so a busy log costs the supervisor nothing. When it has grown
    past `maximum` bytes it is copied aside and emptied in place: the writer's descriptor stays valid.
    """

    def __init__(self, folder: Path, name: str, maximum: int = MAXIMUM_BYTES) -> None:
        self.path = folder / f"{name}.log"
        self._maximum = maximum

    def open(self) -> int:
        """A descriptor that appends; the caller closes it."""
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def bound(self) -> None:
        """Put the file aside if it has grown too large."""
        if not self.path.exists() or self.path.stat().st_size <= self._maximum:
            return
        older = self.path.with_name(self.path.name + ".1")
        shutil.copyfile(self.path, older)
        older.chmod(0o600)
        os.truncate(self.path, 0)

    def write_line(self, line: str) -> None:
        descriptor = self.open()
        try:
            os.write(descriptor, (line + "\n").encode())
        finally:
            os.close(descriptor)

    def last_line(self) -> str:
        """The last line that says something, at most 300 characters; empty when there is none."""
        try:
            with self.path.open("rb") as file:
                file.seek(max(0, self.path.stat().st_size - 8192))
                lines = file.read().decode(errors="replace").splitlines()
        except FileNotFoundError:
            return ""
        return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")
