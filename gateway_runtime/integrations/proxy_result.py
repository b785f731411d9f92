"""What a Lambda function behind AWS_PROXY answers: status, headers and body, read as API Gateway reads them."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import orjson

from gateway_runtime.edge.canonical import Headers
from gateway_runtime.mapping.context import clean

_BUFFERED = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})
_STREAMED = frozenset({"statusCode", "headers", "multiValueHeaders", "cookies"})
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_WORDS = {"true": True, "false": False}


class MalformedResult(ValueError):
    """The function did not answer in the shape that is asked of it; the message says in what."""


class ProxyResult(NamedTuple):
    """A function's answer. Names of headers are in lower case; `body` is text, of base64 when `encoded`."""

    status: int
    headers: Headers
    body: str = ""
    encoded: bool = False


def read_result(payload: bytes) -> ProxyResult:
    """The answer of a function that returns it whole. Raises MalformedResult."""
    return result_of(_members(payload, _BUFFERED))


def result_of(members: dict[str, Any]) -> ProxyResult:
    """The answer that the members of a result tell. Raises MalformedResult."""
    body = members.get("body")
    return ProxyResult(_status(members), _headers(members), "" if body is None else _text(body, "body"), _flag(members))


def read_metadata(payload: bytes) -> ProxyResult:
    """The metadata that stand before a streamed body. Raises MalformedResult."""
    members = _members(payload, _STREAMED)
    return ProxyResult(_status(members), _headers(members) + cookies_of(members))


def cookies_of(members: dict[str, Any]) -> Headers:
    """The headers that set a result's cookies. Raises MalformedResult."""
    cookies = members.get("cookies") or []
    if not isinstance(cookies, list):
        raise MalformedResult("cookies are no list")
    return [(b"set-cookie", _value(cookie, "a cookie")) for cookie in cookies]


def _members(payload: bytes, known: frozenset[str]) -> dict[str, Any]:
    try:
        members = orjson.loads(payload)
    except ValueError:
        raise MalformedResult("not JSON") from None
    if not isinstance(members, dict) or not members:
        raise MalformedResult("not an object with members")
    if not members.keys() <= known:
        raise MalformedResult(f"unknown members {sorted(members.keys() - known)}")
    return members


def _status(members: dict[str, Any]) -> int:
    """200 where none is named; a text of digits passes for a number."""
    value = members.get("statusCode")
    if value is None:
        return 200
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) == 3:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 200 <= value <= 599 or value != int(value):
        raise MalformedResult(f"statusCode {value!r}")
    return int(value)


def _flag(members: dict[str, Any]) -> bool:
    value = members.get("isBase64Encoded")
    if isinstance(value, str):
        value = _WORDS.get(value.lower(), value)
    if value is not None and not isinstance(value, bool):
        raise MalformedResult(f"isBase64Encoded {value!r}")
    return bool(value)


def _headers(members: dict[str, Any]) -> Headers:
    """Several values first, then single ones that are not among them, under one name in whatever case."""
    merged: dict[bytes, list[bytes]] = {}
    several, single = members.get("multiValueHeaders") or {}, members.get("headers") or {}
    if not isinstance(several, dict) or not isinstance(single, dict):
        raise MalformedResult("headers are no object")
    for name, values in several.items():
        if values is not None and not isinstance(values, list):
            raise MalformedResult(f"the values of {name!r} are no list")
        merged.setdefault(_name(name), []).extend(_value(value, name) for value in values or () if value is not None)
    for name, value in single.items():
        if value is not None:
            known, text = merged.setdefault(_name(name), []), _value(value, name)
            if text not in known:
                known.append(text)
    return [(name, value) for name, values in merged.items() for value in values]


def _name(name: str) -> bytes:
    if _TOKEN(name) is None:
        raise MalformedResult(f"ill-formed header name {name!r}")
    return name.lower().encode()


def _value(value: Any, what: str) -> bytes:
    return clean(_text(value, what)).strip().encode("utf-8")


def _text(value: Any, what: str) -> str:
    """A text, or what a number or truth value prints as."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    raise MalformedResult(f"{what} is no text")
