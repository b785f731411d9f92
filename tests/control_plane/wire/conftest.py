"""The wire alone: its view in a real server, over operations that only record what reaches them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
import uvicorn
from botocore.config import Config
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.test import override_settings

from apps.control_plane.caller import Caller
from apps.control_plane.wire.authentication import Credential
from apps.control_plane.wire.service_models import operation_model
from apps.control_plane.wire.validation import check
from apps.control_plane.wire.view import WireView
from apps.core.secrets import Secret
from apps.core.session_tokens import Session

SESSION = Session("ASIATEMPORARY", Secret("temporary"), "AKIAOWNER", datetime.max.replace(tzinfo=UTC), "the-token")
KEYS = {
    "AKIAOWNER": Credential("owner's secret", "111111111111", "arn:aws:iam::111111111111:root", "owner"),
    "AKIAVIEWER": Credential("viewer's secret", "111111111111", "arn:aws:iam::111111111111:user/v", "viewer"),
    "ASIATEMPORARY": Credential("temporary", "111111111111", "arn:aws:iam::111111111111:user/t", "owner", SESSION),
}


class Recorder:
    """A second implementation of the port `call`: checks requests as the registry does, records and answers them."""

    def __init__(self) -> None:
        self.calls: list[tuple[Caller, str, str, dict[str, Any]]] = []
        self.answer: dict[str, Any] | Exception = {}

    def call(self, caller: Caller, service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        check(operation_model(service, operation), request)
        self.calls.append((caller, service, operation, request))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class _OnlyTheWire(ASGIHandler):
    """Django's own handler with one view behind every path, and no middleware to decide otherwise."""

    def __init__(self, view: WireView) -> None:
        with override_settings(MIDDLEWARE=[]):
            super().__init__()
        self._view = view

    def resolve_request(self, request: HttpRequest) -> tuple[WireView, tuple[()], dict[str, Any]]:
        return self._view, (), {}


@pytest.fixture(scope="session")
def _wire() -> Iterator[tuple[str, Recorder]]:
    recorder = Recorder()
    view = WireView(lambda *call: recorder.call(*call), KEYS.get)
    server = uvicorn.Server(
        uvicorn.Config(_OnlyTheWire(view), host="127.0.0.1", port=0, lifespan="off", log_level="warning")
    )
    thread = threading.Thread(target=server.run, name="wire", daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert thread.is_alive(), "the wire did not start"
        assert time.monotonic() < deadline, "the wire did not start within 20 seconds"
        thread.join(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", recorder
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def wire_url(_wire: tuple[str, Recorder]) -> str:
    return _wire[0]


@pytest.fixture
def operations(_wire: tuple[str, Recorder]) -> Recorder:
    """What reached the port, and what it answers next."""
    _, recorder = _wire
    recorder.calls.clear()
    recorder.answer = {}
    return recorder


@pytest.fixture
def client(wire_url: str) -> Callable[..., Any]:
    """`client("apigatewayv2", key=…, region=…)`: an unmodified boto3 client."""

    def build(
        service: str = "apigateway",
        *,
        key: str = "AKIAOWNER",
        secret: str = "owner's secret",
        token: str | None = None,
        region: str = "eu-west-1",
    ) -> Any:
        return boto3.client(
            service,
            endpoint_url=wire_url,
            region_name=region,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(retries={"total_max_attempts": 1}),
        )

    return build
