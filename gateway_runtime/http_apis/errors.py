"""What HTTP APIs answer themselves: plainer than REST APIs, and not to be configured."""

from __future__ import annotations

import json

from gateway_runtime.exchange import Exchange

# By the name of the gateway response that a REST API has for it.
_ANSWERS: dict[str, tuple[int, str]] = {
    "ACCESS_DENIED": (403, "Forbidden"),
    "API_CONFIGURATION_ERROR": (500, "Internal Server Error"),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, "Internal Server Error"),
    "AUTHORIZER_FAILURE": (500, "Internal Server Error"),
    "BAD_REQUEST_BODY": (400, "Bad Request"),
    "BAD_REQUEST_PARAMETERS": (400, "Bad Request"),
    "DEFAULT_5XX": (500, "Internal Server Error"),
    "EXPIRED_TOKEN": (403, "Forbidden"),
    "INTEGRATION_FAILURE": (503, "Service Unavailable"),
    "INTEGRATION_TIMEOUT": (503, "Service Unavailable"),
    "INVALID_API_KEY": (403, "Forbidden"),
    "INVALID_SIGNATURE": (403, "Forbidden"),
    "MISSING_AUTHENTICATION_TOKEN": (403, "Forbidden"),
    "QUOTA_EXCEEDED": (429, "Too Many Requests"),
    "REQUEST_TOO_LARGE": (413, "Request Entity Too Large"),
    "RESOURCE_NOT_FOUND": (404, "Not Found"),
    "THROTTLED": (429, "Too Many Requests"),
    "UNAUTHORIZED": (401, "Unauthorized"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "Unsupported Media Type"),
}


def answer_http_error(exchange: Exchange) -> None:
    """The answer of a request that met an error."""
    error = exchange.error
    if error is None:
        return
    status, message = _ANSWERS.get(error.name, (error.status, error.message))
    if error.name == "DEFAULT_5XX" and error.status == 501:
        status, message = error.status, error.message  # what is not implemented says so
    exchange.status = status
    exchange.headers = [(b"content-type", b"application/json"), *error.headers]
    exchange.answer = b'{"message":%b}' % json.dumps(message).encode()
    exchange.streamed = None
    if exchange.upstream is not None:
        exchange.upstream.close()
