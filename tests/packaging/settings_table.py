"""Which environment variables there are: asked of the code that reads them."""

from __future__ import annotations

import re
from pathlib import Path

from apps.core.environment import read_environment

ROOT = Path(__file__).resolve().parent.parent.parent


class Recording(dict[str, str]):
    """An empty environment that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self.asked.add(name)
        return default


def environment_names() -> set[str]:
    recording = Recording()
    read_environment(recording)
    return recording.asked


def documented_names() -> list[str]:
    """The first column of the table in docs/operations.md."""
    page = (ROOT / "docs" / "operations.md").read_text()
    table = page.partition("## Settings")[2].partition("\n## ")[0]
    return re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
