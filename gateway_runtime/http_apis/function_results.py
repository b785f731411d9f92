"""What Lambda functions of HTTP APIs answer: format 2.0 lets the shape be inferred, 1.0 is that of REST APIs."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson

from gateway_runtime.edge.canonical import Headers
from gateway_runtime.exchange import Exchange
from gateway_runtime.integrations.invoking import error_message, function_failed
from gateway_runtime.integrations.proxy_answer import malformed
from gateway_runtime.integrations.proxy_result import (
    MalformedResult,
    ProxyResult,
    cookies_of,
    read_result,
    result_of,
)


def answer_from_function(exchange: Exchange, version: str) -> None:
    """Set the answer from the function's result. Raises GatewayError for one that cannot be answered."""
    answer = exchange.function
    assert answer is not None
    if answer.error is not None:
        raise function_failed(error_message(answer))
    try:
        if version == "2.0":
            result, default_type = _result_2(answer.payload), b"application/json"
        else:
            result, default_type = read_result(answer.payload), b"text/plain; charset=utf-8"
        body = base64.b64decode(result.body, validate=True) if result.encoded else result.body.encode()
    except MalformedResult as error:
        raise malformed(error) from None
    except (binascii.Error, ValueError):
        raise malformed(MalformedResult("the body is no base64")) from None
    exchange.status = exchange.function_status = result.status
    exchange.headers = _headers(result.headers, default_type)
    exchange.answer = body


def _result_2(payload: bytes) -> ProxyResult:
    """An object with `statusCode` tells the whole answer; any other JSON is the body of a 200, `null` too."""
    try:
        value: Any = orjson.loads(payload) if payload else None
    except ValueError:
        raise MalformedResult("not JSON") from None
    if not isinstance(value, dict) or "statusCode" not in value:
        text = value if isinstance(value, str) else payload.decode("utf-8", "replace")
        return ProxyResult(200, [], text)
    result = result_of(value)
    return result._replace(headers=result.headers + cookies_of(value))


def _headers(headers: Headers, default_type: bytes) -> Headers:
    kept = [(name, value) for name, value in headers if name not in _NOT_OF_FUNCTIONS]
    if not any(name == b"content-type" for name, _ in kept):
        kept.append((b"content-type", default_type))
    return kept


_NOT_OF_FUNCTIONS = frozenset(
    {
        b"connection", b"content-length", b"date", b"keep-alive", b"proxy-connection", b"te", b"transfer-encoding",
        b"upgrade", b"http2-settings", b"apigw-requestid", b"x-gatehouse-deployment",
    }
)  # fmt: skip
