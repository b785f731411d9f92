"""A published product, a developer with a browser, and a real server behind it all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from apps.accounts.models import User
from apps.control_plane.caller import Caller
from apps.portals import references
from tests.portal.developer.people import browser, person
from tests.portal.developer.shops import Shop, make_product


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    """allauth counts in the cache, which outlives a test."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def shop(caller: Caller, valkey: Any) -> Shop:
    """A published product whose reference has been rendered."""
    made = make_product(caller, "petstore", "PetStore")
    for row in references.behind().values_list("pk", flat=True):
        references.render(row)
    return made


@pytest.fixture
def ada(db: None) -> User:
    """A developer with a confirmed address."""
    return person("ada@example.com")


@pytest.fixture
def signed_in(ada: User) -> Client:
    """Ada's browser."""
    return browser(ada)


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Origin:
    """A real HTTP server that remembers what it was asked; `answer` is what it says next."""

    url: str
    asked: list[Asked] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    body: bytes = b'{"ok": true}'
    refusals: int = 0
    """How many calls are answered with 403 before `status`."""


@pytest.fixture
def origin() -> Iterator[Origin]:
    """The server behind try-it and the samples."""
    found = Origin("")

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.asked.append(Asked(self.command, self.path, headers, self.rfile.read(length)))
            self.send_response(403 if len(found.asked) <= found.refusals else found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(found.body)))
            self.end_headers()
            self.wfile.write(found.body)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _serve

        def log_message(self, format: str, *args: Any) -> None:
            """Tests read `asked`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield found
    server.shutdown()
    server.server_close()
    thread.join(5)
