"""Try-it: the portal calls an API for the reader of its reference.

The browser never talks to the gateway, so no CORS is needed, and the key never has to leave the portal. The target is
always this installation's own gateway and a stage of a published product: nobody can point it elsewhere.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import time
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from urllib3.exceptions import HTTPError, ReadTimeoutError

from apps.core.secrets import Secret
from portal.developer.reference import OperationPage, path_parameter

TIMEOUT_SECONDS = 29
MAX_ANSWER_BYTES = 6 * 1024 * 1024
SHOWN_CHARACTERS = 200_000
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
"""What one may choose where an operation takes any method."""

UNREACHABLE = "The gateway could not be reached. It may be restarting: try again in a moment."
OWN_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "Gatehouse-try-it"}
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_UNPRINTABLE = re.compile(r"[^\t\x20-\x7e\xa0-\xff]")

logger = logging.getLogger("gatehouse.try_it")


@dataclass(frozen=True)
class Credentials:
    """An access key of the account, used for one request and kept nowhere."""

    access_key_id: str
    secret: Secret
    session_token: str
    region: str


@dataclass(frozen=True)
class Attempt:
    """What the reader filled in: values by (where, name), the body, the key's value or "", and the same for the value of the
    header that takes a token. `credentials` sign the request, where the operation wants that."""

    operation: OperationPage
    method: str
    values: dict[tuple[str, str], str]
    body: str
    key: str
    token: str = ""
    credentials: Credentials | None = None

    def path(self) -> str:
        """The path with its parameters filled in, percent-encoded: a value is one segment, a greedy one may hold several."""
        return "/".join(quote(segment, safe="") for segment in self._segments())

    def _segments(self) -> list[str]:
        segments: list[str] = []
        for segment in self.operation.path.split("/"):
            if not segment.startswith("{"):
                segments.append(segment)
                continue
            value = self.values.get(("path", path_parameter(segment)), "")
            segments += value.split("/") if segment.endswith("+}") else [value]
        return segments

    def problem(self) -> str:
        """What is wrong with the values before anything is sent, in a sentence; "" when nothing is."""
        for parameter in self.operation.parameters:
            if parameter.required and not self.values.get((parameter.where, parameter.name)):
                return f"Fill in {parameter.name}: the operation needs it."
        return self._path_problem() or self._header_problem()

    def _path_problem(self) -> str:
        for segment in self.operation.path.split("/"):
            value = self.values.get(("path", path_parameter(segment)), "")
            if not segment.startswith("{"):
                continue
            if "\\" in value or _CONTROLS.search(value) or ("/" in value and not segment.endswith("+}")):
                return (
                    f"{path_parameter(segment)} is one part of the path: it cannot hold a slash or a control character."
                )
        segments = self._segments()
        if any(segment in {".", ".."} for segment in segments):
            return "No part of a path can be . or .. because that would lead to another path."
        if "" in segments[1:-1]:
            return "No part of a path can be empty."
        return ""

    def _header_problem(self) -> str:
        token = {("header", self.operation.token_header): self.token}
        for (where, name), value in {**self.values, **token}.items():
            if where == "header" and _UNPRINTABLE.search(value):
                return f"The header {name} can hold printable characters of Latin-1 only, on one line."
        return ""

    def query(self) -> str:
        return urlencode({name: value for (where, name), value in self.values.items() if where == "query" and value})

    def headers(self) -> dict[str, str]:
        headers = {name: value for (where, name), value in self.values.items() if where == "header" and value}
        if self.body and self.operation.body_type:
            headers["Content-Type"] = self.operation.body_type
        if self.key and self.operation.key_required:
            headers["x-api-key"] = self.key
        if self.token and self.operation.token_header:
            headers[self.operation.token_header] = self.token
        return headers

    def url(self, base: str) -> str:
        query = self.query()
        return f"{base}{self.path()}" + (f"?{query}" if query else "")


@dataclass(frozen=True)
class Answer:
    """What the API answered, or why it could not be asked (`problem`). `size` is what came of the body, in bytes."""

    status: int = 0
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    size: int = 0
    milliseconds: int = 0
    truncated: bool = False
    problem: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 400

    @property
    def status_line(self) -> str:
        return f"{self.status} {self.reason}".strip()

    @property
    def is_json(self) -> bool:
        return "json" in self.header("content-type").lower() or self.body[:1] in {"{", "["}

    def header(self, name: str) -> str:
        return next((value for known, value in self.headers if known.lower() == name), "")


def send(attempt: Attempt, base: str) -> Answer:
    """Call the gateway at `base` (`http://…/_aws/execute-api/{api}/{stage}`) and read the answer, up to 6 MB and 29 seconds."""
    problem = attempt.problem()
    if problem:
        return Answer(problem=problem)
    return ask(attempt.method, attempt.url(base), signed(attempt, base), attempt.body)


def ask(method: str, url: str, headers: dict[str, str], body: str) -> Answer:
    """Call an address of this installation's gateway, as `send` does."""
    started = time.perf_counter()
    try:
        with requests.Session() as session:
            session.trust_env = False
            with session.request(
                method,
                url,
                headers={**OWN_HEADERS, **headers},
                data=body.encode() if body else None,
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
                stream=True,
            ) as response:
                content, truncated = _read(response, started + TIMEOUT_SECONDS)
    except (requests.Timeout, ReadTimeoutError):
        return Answer(problem=f"The API did not answer within {TIMEOUT_SECONDS} seconds.")
    except (requests.RequestException, HTTPError, UnicodeError, ValueError) as error:
        logger.info("try-it could not call %s: %s", url.partition("?")[0], type(error).__name__)
        return Answer(problem=UNREACHABLE)
    text = shown(content)
    return Answer(
        status=response.status_code,
        reason=response.reason or "",
        headers=tuple(response.headers.items()),
        body=text[:SHOWN_CHARACTERS],
        size=len(content),
        milliseconds=round((time.perf_counter() - started) * 1000),
        truncated=truncated or len(text) > SHOWN_CHARACTERS,
    )


def signed(attempt: Attempt, base: str) -> dict[str, str]:
    """The headers of a request; with credentials they have a signature."""
    given, headers = attempt.credentials, attempt.headers()
    if given is None or not attempt.operation.signed:
        return headers
    body = attempt.body.encode() if attempt.body else None
    request = AWSRequest(attempt.method, attempt.url(base), headers, body)
    session = given.session_token or None
    SigV4Auth(BotoCredentials(given.access_key_id, str(given.secret), session), "execute-api", given.region).add_auth(
        request
    )
    return dict(request.headers.items())


def _read(response: requests.Response, deadline: float) -> tuple[bytes, bool]:
    """The body as it came (no decompression, which could make a small answer huge), and whether there was more."""
    content = bytearray()
    for chunk in response.raw.stream(64 * 1024, decode_content=False):
        content += chunk
        if len(content) > MAX_ANSWER_BYTES or time.perf_counter() > deadline:
            return bytes(content[:MAX_ANSWER_BYTES]), True
    return bytes(content), False


def shown(content: bytes) -> str:
    """The body for people: JSON is laid out, bytes that are no text are only counted."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return f"({len(content):,} bytes of binary data)"
    with contextlib.suppress(ValueError, RecursionError):
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return text
