"""The back end of the demo API, as the process that the supervisor starts."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "portal.demo.petstore", "--port", str(number)], cwd=ROOT)
    try:
        _wait_for(number)
        yield number
    finally:
        process.terminate()
        assert process.wait(10) == 0


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "the shop did not open"


@pytest.fixture
def shop(port: int) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    yield connection
    connection.close()


def ask(shop: http.client.HTTPConnection, method: str, path: str, pet: Any = None) -> tuple[int, Any]:
    shop.request(
        method, path, body=None if pet is None else json.dumps(pet), headers={"Content-Type": "application/json"}
    )
    response = shop.getresponse()
    content = response.read()
    return response.status, json.loads(content) if content else None


def test_a_pet_comes_and_goes(shop: http.client.HTTPConnection) -> None:
    status, pet = ask(shop, "POST", "/pets", {"name": "Ada", "type": "gecko", "price": 5})
    assert status == 201

    assert ask(shop, "GET", f"/pets/{pet['id']}") == (200, {**pet, "name": "Ada", "type": "gecko", "price": 5.0})
    assert ask(shop, "GET", "/pets?type=gecko") == (200, [pet])
    assert ask(shop, "DELETE", f"/pets/{pet['id']}") == (204, None)
    assert ask(shop, "GET", f"/pets/{pet['id']}") == (404, {"message": f"There is no pet {pet['id']}."})


def test_the_list_can_be_cut_short(shop: http.client.HTTPConnection) -> None:
    status, pets = ask(shop, "GET", "/pets?limit=2")

    assert status == 200
    assert [pet["name"] for pet in pets] == ["Rex", "Minka"]


@pytest.mark.parametrize(
    ("method", "path", "pet", "status"),
    [
        ("GET", "/pets?limit=0", None, 400),
        ("GET", "/pets?limit=99999999999999999999", None, 400),
        ("GET", "/pets?type=dragon", None, 400),
        ("GET", "/pets/no-number", None, 404),
        ("GET", "/elsewhere", None, 404),
        ("POST", "/pets", [], 400),
        ("POST", "/pets", {"name": "", "type": "dog", "price": 1}, 400),
        ("POST", "/pets", {"name": "x", "type": "dog", "price": -1}, 400),
        ("POST", "/pets", {"name": "x", "type": "dog", "price": True}, 400),
        ("PUT", "/pets/1", {"name": "x"}, 404),
        ("DELETE", "/pets/999", None, 404),
    ],
)
def test_what_makes_no_sense_is_answered_in_words(
    shop: http.client.HTTPConnection, method: str, path: str, pet: Any, status: int
) -> None:
    assert ask(shop, method, path, pet)[0] == status
    # The connection stays good, whatever came before.
    assert ask(shop, "GET", "/pets/1")[0] == 200


def test_a_connection_serves_many_requests(shop: http.client.HTTPConnection) -> None:
    assert ask(shop, "GET", "/pets/1")[0] == 200
    before = shop.sock

    for _ in range(20):
        shop.request("HEAD", "/pets/1")
        response = shop.getresponse()
        assert (response.status, response.read()) == (200, b"")

    assert shop.sock is before


def test_requests_are_counted_but_not_the_counting(shop: http.client.HTTPConnection) -> None:
    before = ask(shop, "GET", "/_count")[1]["requests"]

    ask(shop, "GET", "/pets/1")
    ask(shop, "GET", "/nowhere")

    assert ask(shop, "GET", "/_count") == (200, {"requests": before + 2})


def test_a_body_of_unknown_length_ends_the_connection(shop: http.client.HTTPConnection) -> None:
    shop.putrequest("POST", "/pets")
    shop.putheader("Transfer-Encoding", "chunked")
    shop.endheaders()
    response = shop.getresponse()

    assert response.status == 411
    assert response.getheader("Connection") == "close"
