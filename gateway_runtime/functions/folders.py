"""Code that lies in a folder on the host and changes there, as while a function is written."""

from __future__ import annotations

import os
import time
from pathlib import Path

_SECONDS = 0.25  # for which a state that was looked at holds
_MOST_FILES = 20_000


class Folders:
    """Folders below the operator's `roots`; all others are no place for code."""

    def __init__(self, roots: tuple[Path, ...]) -> None:
        self._roots = tuple(root.resolve() for root in roots)
        self._seen: dict[str, tuple[float, str]] = {}

    def path(self, folder: str) -> Path:
        """Raises ValueError for a folder that is not below a root, whatever links lead there."""
        path = Path(folder).resolve()
        if not any(path == root or root in path.parents for root in self._roots) or not path.is_dir():
            raise ValueError(f"{folder} is no folder below GATEHOUSE_FUNCTION_FOLDERS")
        return path

    def edition(self, folder: str) -> str:
        """The state of a folder's files: another one once any of them has changed."""
        now = time.monotonic()
        at, known = self._seen.get(folder, (-_SECONDS, ""))
        if now - at < _SECONDS:
            return known
        newest, number = 0, 0
        for parent, folders, files in os.walk(folder):
            folders[:] = [name for name in folders if name != "__pycache__"]
            for name in files:
                number += 1
                try:
                    newest = max(newest, os.stat(os.path.join(parent, name)).st_mtime_ns)  # noqa: PTH116, PTH118 - called often
                except OSError:
                    continue
            if number > _MOST_FILES:
                break
        if len(self._seen) > 1024:
            self._seen.clear()
        edition = f"{newest}.{number}"
        self._seen[folder] = (now, edition)
        return edition
