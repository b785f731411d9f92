"""The function host from the portal's side: one HTTP request for one invocation, in a thread that may wait for it."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings

from apps.control_plane.lambda_api.errors import BY_CODE, ServiceException

SECONDS = 910.0  # the longest timeout of a function, and some for the way
_CHUNK = 64 * 1024


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, seconds: float) -> None:
        super().__init__("functions", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class HostAnswer:
    """Status, headers and the body of an answer that was begun. Read it to its end, or `close` it."""

    def __init__(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
        self._connection = connection
        self._response = response
        self.status = response.status

    def header(self, name: str) -> str | None:
        return self._response.getheader(name)

    def read(self) -> bytes:
        try:
            return self._response.read()
        except (OSError, http.client.HTTPException) as error:
            raise ServiceException("The function host went away in the middle of its answer.") from error
        finally:
            self.close()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body while it comes; one that breaks off raises, so that the client's does not end cleanly either."""
        try:
            while chunk := await asyncio.to_thread(self._response.read1, _CHUNK):
                yield chunk
        finally:
            self.close()

    def close(self) -> None:
        self._connection.close()


def ask(path: str, body: bytes, headers: dict[str, str]) -> HostAnswer:
    """Send an invocation. Raises the `LambdaError` that the host answers, or ServiceException when it does not answer."""
    environment = settings.ENVIRONMENT
    connection: http.client.HTTPConnection
    if environment.functions_url:
        parts = urlsplit(environment.functions_url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
    else:
        connection = _UnixConnection(str(environment.functions_socket), SECONDS)
    token = environment.derived_key("functions").hex()
    try:
        connection.request("POST", path, body, {**headers, "Authorization": f"Bearer {token}"})
        answer = HostAnswer(connection, connection.getresponse())
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        raise ServiceException(f"The function host does not answer: {error}") from error
    if answer.status >= 300:
        raise _error(answer)
    return answer


def function_path(arn: str) -> str:
    return quote(arn, safe="")


def _error(answer: HostAnswer) -> Exception:
    code = answer.header("x-amzn-ErrorType") or ""
    return BY_CODE.get(code, ServiceException)(_message(answer.read()))


def _message(body: bytes) -> str:
    try:
        told: Any = json.loads(body)
    except ValueError:
        return ""
    return str(told.get("message", "")) if isinstance(told, dict) else ""
