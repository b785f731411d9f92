"""The back end of the demo API: a pet shop in memory, which starts anew with every run.

    python -m portal.demo.petstore --port 9000

`/pets` and `/pets/{petId}` are what `petstore.yaml` describes; `/_count` tells how many other requests came, so that one can
see which calls the gateway let through. It listens on the loopback address alone.
"""

from __future__ import annotations

import argparse
import itertools
import json
import signal
import threading
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KINDS = ("dog", "cat", "fish", "bird", "gecko")
MAX_BODY = 64 * 1024
MAX_PETS = 1_000
"""Pets the shop has room for; a demo that anybody may call should not fill memory."""


@dataclass(frozen=True)
class Pet:
    id: int
    name: str
    type: str
    price: float


class Problem(Exception):
    """An answer other than success; the message is for the caller."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class Shop:
    """The pets, safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._pets: dict[int, Pet] = {}
        self.requests = 0
        for name, kind, price in (("Rex", "dog", 249.99), ("Minka", "cat", 124.99), ("Blub", "fish", 0.99)):
            self.add({"name": name, "type": kind, "price": price})

    def count(self) -> None:
        with self._lock:
            self.requests += 1

    def all(self, kind: str | None, limit: int) -> list[Pet]:
        with self._lock:
            return [pet for pet in self._pets.values() if kind in (None, pet.type)][:limit]

    def get(self, pet_id: str) -> Pet:
        with self._lock:
            pet = self._pets.get(int(pet_id)) if pet_id.isascii() and pet_id.isdigit() and len(pet_id) < 19 else None
        if pet is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"There is no pet {pet_id}.")
        return pet

    def add(self, given: Any) -> Pet:
        name, kind, price = _checked(given)
        with self._lock:
            if len(self._pets) >= MAX_PETS:
                raise Problem(HTTPStatus.INSUFFICIENT_STORAGE, "The shop is full.")
            pet = Pet(next(self._ids), name, kind, price)
            self._pets[pet.id] = pet
        return pet

    def remove(self, pet_id: str) -> None:
        pet = self.get(pet_id)
        with self._lock:
            self._pets.pop(pet.id, None)


def _checked(given: Any) -> tuple[str, str, float]:
    if not isinstance(given, dict):
        raise Problem(HTTPStatus.BAD_REQUEST, "A pet is a JSON object.")
    name, kind, price = given.get("name"), given.get("type"), given.get("price")
    if not isinstance(name, str) or not 0 < len(name) <= 40:
        raise Problem(HTTPStatus.BAD_REQUEST, "A pet has a name of at most 40 characters.")
    if kind not in KINDS:
        raise Problem(HTTPStatus.BAD_REQUEST, f"The type of a pet is one of {', '.join(KINDS)}.")
    if isinstance(price, bool) or not isinstance(price, (int, float)) or not 0 <= price < 1e9:
        raise Problem(HTTPStatus.BAD_REQUEST, "The price of a pet is a number that is not negative.")
    return name, kind, float(price)


class Handler(BaseHTTPRequestHandler):
    """One connection; HTTP/1.1, so it stays open between requests."""

    protocol_version = "HTTP/1.1"
    server_version = "PetStore"
    sys_version = ""
    timeout = 75
    wbufsize = 65_536  # head and body leave together
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        self._serve()

    do_HEAD = do_POST = do_DELETE = do_PUT = do_PATCH = do_OPTIONS = do_GET  # noqa: N815

    def _serve(self) -> None:
        try:
            body = self._body()  # read whatever comes of it: an unread body would be taken for the next request
            status, answer, headers = self._answer(body)
        except Problem as problem:
            status, answer, headers = problem.status, {"message": str(problem)}, {}
        self._send(status, answer, headers)

    def _body(self) -> bytes:
        if "Transfer-Encoding" in self.headers:
            self.close_connection = True
            raise Problem(HTTPStatus.LENGTH_REQUIRED, "Send the length of the body.")
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()) or len(length) > 9 or int(length) > MAX_BODY:
            self.close_connection = True
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A body has at most {MAX_BODY} bytes.")
        return self.rfile.read(int(length))

    def _answer(self, body: bytes) -> tuple[HTTPStatus, Any, dict[str, str]]:
        url = urlsplit(self.path)
        shop = self.server.shop
        if url.path == "/_count":
            return HTTPStatus.OK, {"requests": shop.requests}, {}
        shop.count()
        method = "GET" if self.command == "HEAD" else self.command
        match method, url.path.strip("/").split("/"):
            case "GET", ["pets"]:
                return HTTPStatus.OK, [asdict(pet) for pet in shop.all(*_filters(url.query))], {}
            case "POST", ["pets"]:
                pet = shop.add(_json(body))
                return HTTPStatus.CREATED, asdict(pet), {"Location": f"/pets/{pet.id}"}
            case "GET", ["pets", pet_id]:
                return HTTPStatus.OK, asdict(shop.get(pet_id)), {}
            case "DELETE", ["pets", pet_id]:
                shop.remove(pet_id)
                return HTTPStatus.NO_CONTENT, None, {}
        raise Problem(HTTPStatus.NOT_FOUND, f"There is nothing at {url.path}.")

    def _send(self, status: HTTPStatus, answer: Any, headers: dict[str, str]) -> None:
        content = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if answer is not None:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """The gateway keeps the access log."""


def _filters(query: str) -> tuple[str | None, int]:
    given = parse_qs(query)
    kind = given.get("type", [None])[-1]
    if kind is not None and kind not in KINDS:
        raise Problem(HTTPStatus.BAD_REQUEST, f"The type of a pet is one of {', '.join(KINDS)}.")
    limit = given.get("limit", ["20"])[-1]
    if not (limit.isascii() and limit.isdigit()) or len(limit) > 3 or not 1 <= int(limit) <= 100:
        raise Problem(HTTPStatus.BAD_REQUEST, "The limit is a number from 1 to 100.")
    return kind, int(limit)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Problem(HTTPStatus.BAD_REQUEST, "The body is not JSON.") from None


class Server(ThreadingHTTPServer):
    """The shop on a loopback port; port 0 takes a free one."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int) -> None:
        self.shop = Shop()
        super().__init__(("127.0.0.1", port), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that goes away is no error worth a traceback."""


def main() -> None:
    parser = argparse.ArgumentParser(description="The back end of the demo API.")
    parser.add_argument("--port", type=int, required=True, help="the loopback port to listen on")
    server = Server(parser.parse_args().port)
    # shutdown() waits for the loop that the signal interrupts, so another thread has to call it.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


if __name__ == "__main__":
    main()
