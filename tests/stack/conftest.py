"""One running product for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.installation import Installation


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The whole product with two data-plane workers, started as an operator starts it."""
    installation = Installation(tmp_path_factory.mktemp("installation"), GATEHOUSE_WORKERS="2")
    try:
        installation.start()
        yield installation
    finally:
        installation.end()
