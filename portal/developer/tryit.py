"""Try-it: the portal calls an API for the reader of its reference.

The browser never talks to the gateway, so no CORS is needed, and the key never has to leave the portal. The target is
always this installation's own gateway and a stage of a published product: nobody can point it elsewhere.
"""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import requests

from portal.developer.reference import OperationPage

TIMEOUT_SECONDS = 30
MAX_ANSWER_BYTES = 6 * 1024 * 1024
SHOWN_BYTES = 200_000


@dataclass(frozen=True)
class Attempt:
    """What the reader filled in: values by (where, name), the body, and the key's value or ""."""

    operation: OperationPage
    method: str
    values: dict[tuple[str, str], str]
    body: str
    key: str

    def path(self) -> str:
        """The path with its parameters filled in; each value is one segment, a greedy one may hold several."""
        segments = []
        for segment in self.operation.path.split("/"):
            if segment.startswith("{"):
                name = segment.strip("{}")
                safe = "/" if name.endswith("+") else ""
                segments.append(quote(self.values.get(("path", name.rstrip("+")), ""), safe=safe))
            else:
                segments.append(segment)
        return "/".join(segments)

    def query(self) -> str:
        return urlencode({name: value for (where, name), value in self.values.items() if where == "query" and value})

    def headers(self) -> dict[str, str]:
        headers = {name: value for (where, name), value in self.values.items() if where == "header" and value}
        if self.body and self.operation.body_type:
            headers["Content-Type"] = self.operation.body_type
        if self.key and self.operation.key_required:
            headers["x-api-key"] = self.key
        return headers

    def url(self, base: str) -> str:
        query = self.query()
        return f"{base}{self.path()}" + (f"?{query}" if query else "")


@dataclass(frozen=True)
class Answer:
    """What the API answered, or why it could not be asked (`problem`)."""

    status: int = 0
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    milliseconds: int = 0
    truncated: bool = False
    problem: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 400


def send(attempt: Attempt, base: str) -> Answer:
    """Call the gateway at `base` (`http://…/_aws/execute-api/{api}/{stage}`) and read the answer, up to 6 MB."""
    started = time.perf_counter()
    try:
        with requests.Session() as session:
            session.trust_env = False
            with session.request(
                attempt.method,
                attempt.url(base),
                headers={"Accept": "*/*", "User-Agent": "Gatehouse-try-it", **attempt.headers()},
                data=attempt.body.encode() if attempt.body else None,
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
                stream=True,
            ) as response:
                content, truncated = _read(response)
    except requests.Timeout:
        return Answer(problem=f"The API did not answer within {TIMEOUT_SECONDS} seconds.")
    except (requests.RequestException, UnicodeError, ValueError) as error:
        return Answer(problem=f"The API could not be called ({type(error).__name__}).")
    return Answer(
        status=response.status_code,
        reason=response.reason or "",
        headers=tuple(response.headers.items()),
        body=_shown(content),
        milliseconds=round((time.perf_counter() - started) * 1000),
        truncated=truncated or len(content) > SHOWN_BYTES,
    )


def _read(response: requests.Response) -> tuple[bytes, bool]:
    content = b""
    for chunk in response.iter_content(64 * 1024):
        content += chunk
        if len(content) > MAX_ANSWER_BYTES:
            return content[:MAX_ANSWER_BYTES], True
    return content, False


def _shown(content: bytes) -> str:
    """The body for people: JSON is laid out, bytes that are no text are only counted."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return f"({len(content)} bytes of binary data)"
    with contextlib.suppress(ValueError):
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return text[:SHOWN_BYTES]
