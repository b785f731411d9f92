"""Try-it calls the API that the page is about, and nothing else, whatever is typed into the form."""

from __future__ import annotations

import gzip
import socket
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.developer.reference import OperationPage, Parameter
from portal.developer.tryit import Attempt, send


def operation(path: str = "/pets/{petId}", *, key: bool = True, body: str = "", **parameters: str) -> OperationPage:
    listed = tuple(Parameter(name.replace("_", "-"), where, False, "string") for name, where in parameters.items())
    return OperationPage("a", "GET", path, "Get", "", "pets", key, listed, body)


def attempt(
    path: str = "/pets/{petId}", values: dict[tuple[str, str], str] | None = None, *, method: str = "GET",
    body: str = "", key: str = "secret", **members: Any,
) -> Attempt:  # fmt: skip
    return Attempt(operation(path, **members), method, values or {("path", "petId"): "7"}, body, key)


def test_the_call_carries_what_was_filled_in(origin: Any) -> None:
    filled = {
        ("path", "petId"): "a b?#%é",
        ("query", "q"): "x&y=z",
        ("query", "empty"): "",
        ("header", "X-Trace"): "t 1",
    }

    answer = send(attempt(values=filled, method="POST", body='{"a": 1}', key="secret"), f"{origin.url}/base")

    (asked,) = origin.asked
    assert (asked.method, asked.path) == ("POST", "/base/pets/a%20b%3F%23%25%C3%A9?q=x%26y%3Dz")
    assert (asked.headers["x-trace"], asked.headers["x-api-key"], asked.body) == ("t 1", "secret", b'{"a": 1}')
    assert (answer.status, answer.ok, answer.body) == (200, True, '{\n  "ok": true\n}')


def test_an_operation_without_a_key_is_called_without_one(origin: Any) -> None:
    send(Attempt(operation("/health", key=False), "GET", {}, "", "secret"), origin.url)

    assert "x-api-key" not in origin.asked[0].headers


def test_a_greedy_parameter_may_hold_several_segments(origin: Any) -> None:
    send(attempt("/{proxy+}", {("path", "proxy"): "a/b c/d"}), origin.url)

    assert origin.asked[0].path == "/a/b%20c/d"


@pytest.mark.parametrize("value", ["..", ".", "../x", "a/b", "a\\b", "a\x00b", "a\r\nb", ""])
def test_a_segment_that_would_lead_elsewhere_is_refused_before_anything_is_sent(value: str, origin: Any) -> None:
    answer = send(
        Attempt(
            OperationPage("a", "GET", "/pets/{petId}/toys", "", "", "", True, (Parameter("petId", "path", True, "string"),)),
            "GET", {("path", "petId"): value}, "", "k",
        ),
        f"{origin.url}/base",
    )  # fmt: skip

    assert answer.problem
    assert origin.asked == []


@pytest.mark.parametrize("value", ["a/../b", "..", "a//b", "a/./b", "../../admin"])
def test_a_greedy_parameter_cannot_climb(value: str, origin: Any) -> None:
    assert send(attempt("/files/{proxy+}", {("path", "proxy"): value}), origin.url).problem
    assert origin.asked == []


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\x00", "\u2028", "猫"])
def test_a_header_cannot_smuggle_another(value: str, origin: Any) -> None:
    filled = {("path", "petId"): "7", ("header", "X-Trace"): value}

    assert "X-Trace" in send(attempt(values=filled, X_Trace="header"), origin.url).problem
    assert origin.asked == []


@given(st.text(max_size=20), st.text(max_size=20))
def test_whatever_is_typed_stays_below_the_stage(segment: str, greedy: str) -> None:
    tried = attempt("/pets/{petId}/{rest+}", {("path", "petId"): segment, ("path", "rest"): greedy})
    if tried.problem():
        return

    parts = urlsplit(tried.url("http://gateway.test:1/_aws/execute-api/abc/prod"))

    assert (parts.hostname, parts.port) == ("gateway.test", 1)
    assert parts.path.startswith("/_aws/execute-api/abc/prod/pets/")
    assert not {".", "..", ""} & {unquote(part) for part in parts.path.split("/")[1:-1]}


def test_redirects_are_shown_and_not_followed(origin: Any) -> None:
    origin.status, origin.headers = 302, {"Location": "http://169.254.169.254/"}

    answer = send(attempt(), origin.url)

    assert (answer.status, answer.header("location"), len(origin.asked)) == (302, "http://169.254.169.254/", 1)


def test_proxies_of_the_environment_are_not_used(origin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    assert send(attempt(), origin.url).status == 200


def test_what_is_no_text_is_counted_and_not_shown(origin: Any) -> None:
    origin.body = gzip.compress(b"x" * 1000)
    origin.headers = {"Content-Encoding": "gzip"}

    assert "bytes of binary data" in send(attempt(), origin.url).body


def test_a_long_answer_is_shortened(origin: Any) -> None:
    origin.body = b"y" * 7_000_000

    answer = send(attempt(), origin.url)

    assert answer.truncated
    assert len(answer.body) == 200_000


def test_a_gateway_that_is_away_is_a_problem_in_words() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    assert "could not be reached" in send(attempt(), url).problem
