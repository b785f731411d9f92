"""An HTTP API, a WebSocket API, and an issuer of tokens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from apps.control_plane.caller import Caller
from tests.builders import a_websocket_api, an_http_api
from tests.issuer import Issuer


@pytest.fixture
def http(caller: Caller, valkey: redis.Redis) -> str:
    return an_http_api(caller)


@pytest.fixture
def chat(caller: Caller, valkey: redis.Redis) -> str:
    return a_websocket_api(caller)


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with Issuer() as issuer:
        yield issuer
