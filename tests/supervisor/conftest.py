"""Real supervisors on temporary data directories."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.supervisor.leftovers import end_leftovers
from tests.supervisor.supervised import Supervised


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., Supervised]]:
    """Start a supervisor over the given stand-ins; whatever is left at the end of the test is ended."""
    started: list[Supervised] = []

    def start(*specs: dict[str, Any], folder: Path | None = None) -> Supervised:
        started.append(Supervised(folder or tmp_path / "data", list(specs)))
        return started[-1]

    yield start
    for supervised in started:
        if supervised.process.poll() is None:
            supervised.process.kill()
        supervised.process.wait()
        if supervised.process.stdout:
            supervised.process.stdout.close()
        end_leftovers(supervised.folder, grace=0)
