"""Functions that are HTTP end points: the event is POSTed as JSON, and what comes back is the function's answer."""

from __future__ import annotations

import json

from gateway_runtime.functions.limits import LARGEST_ANSWER
from gateway_runtime.functions.runtime_errors import TIMED_OUT, error_payload, response_too_large
from gateway_runtime.ports import FunctionAnswer
from gateway_runtime.upstream.errors import IntegrationTimedOut, UpstreamError
from gateway_runtime.upstream.origin import parse_origin
from gateway_runtime.upstream.pool import UpstreamPool

_JSON = [(b"content-type", b"application/json"), (b"accept", b"application/json")]


class HttpEndPoints:
    """Through the guarded pool, like every back end. A status other than 2xx is an error of the function (`Unhandled`)."""

    def __init__(self, pool: UpstreamPool) -> None:
        self._pool = pool

    async def invoke(self, url: str, payload: bytes, timeout: float) -> FunctionAnswer:  # noqa: ASYNC109
        try:
            origin, target = parse_origin(url)
            response = await self._pool.request(origin, b"POST", target.encode(), _JSON, payload, timeout=timeout)
            body = await response.read()
        except IntegrationTimedOut:
            return _failed(TIMED_OUT, f"Task timed out after {timeout:.2f} seconds")
        except (UpstreamError, ValueError) as error:
            return _failed("Runtime.EndpointUnreachable", str(error))
        if len(body) > LARGEST_ANSWER:
            return FunctionAnswer(response_too_large(), "Unhandled")
        if 200 <= response.status < 300:
            return FunctionAnswer(body or b"null")
        if _tells_error(body):
            return FunctionAnswer(body, "Unhandled")
        return _failed("Runtime.EndpointError", f"the end point answered {response.status}")


def _tells_error(body: bytes) -> bool:
    """Whether a body is an error in Lambda's form already."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(told, dict) and "errorMessage" in told


def _failed(error_type: str, message: str) -> FunctionAnswer:
    return FunctionAnswer(error_payload(error_type, message), "Unhandled")
