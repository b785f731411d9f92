"""One reading of a request, made from raw bytes, that routing, authorization and forwarding all share.

The path and the query keep the spelling that the client sent: nothing is decoded, re-encoded or collapsed, so
what is matched is what is forwarded. Spellings that a reader behind the gateway could take for another path are
refused instead of repaired:

* dot segments, also percent-encoded (`%2e%2e`) or with parameters (`..;x`), because servers resolve them;
* `%5c` and a raw backslash, which some servers take for a slash;
* bad percent-encoding, ill-formed UTF-8, control characters plain or encoded, and bytes outside ASCII.

`%2F` does not divide: `/a%2Fb` is one segment, for routes and policies too, and goes on as sent, as on AWS. Dot segments that it
would divide off are refused like the others. A back end that decodes before it splits sees another path than the gateway's; what
has to be closed there is closed there.

Inner `//` stays and shows as an empty segment: a literal or `{parameter}` matches no empty segment, `{proxy+}` may.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, MutableMapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_to_bytes

from gateway_runtime.edge.refusals import AmbiguousRequest

if TYPE_CHECKING:
    from gateway_runtime.edge.known_heads import KnownHead

Headers = list[tuple[bytes, bytes]]

_PLAIN_PATH = re.compile(r"(?:/(?!\.)[A-Za-z0-9\-._~!$&'()*+,=:@]*)+\Z").match
_PATH = re.compile(r"/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/\[\]{}|^]|%[0-9A-Fa-f]{2})*\Z").match
_FORBIDDEN_IN_PATH = re.compile(r"%(?:[01][0-9A-Fa-f]|7[Ff]|5[Cc])").search
_QUERY = re.compile(r"(?:[!\"$&-~]|%[0-9A-Fa-f]{2})*\Z").match
_HOST = re.compile(rb"([A-Za-z0-9_~.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?\Z").match

# Headers of which a second copy would let two readers choose differently.
_METHOD_OVERRIDE = b"x-http-method-override"
_SINGLE = frozenset(
    {
        b"host", b"authorization", b"content-length", b"transfer-encoding", b"content-type", b"expect", _METHOD_OVERRIDE,
    }
)  # fmt: skip
# Servers that put headers into an environment read `_` and `-` alike: `x_api_key` would pass unseen.
_SENSITIVE = _SINGLE | frozenset(
    {
        b"connection", b"cookie", b"forwarded", b"origin", b"proxy-authorization", b"te", b"trailer", b"upgrade",
        b"x-amz-date", b"x-amz-security-token", b"x-amzn-requestid", b"x-amzn-trace-id", b"x-api-key",
        b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-port", b"x-forwarded-proto", b"x-real-ip",
    }
)  # fmt: skip

SCOPE_KEY = "gatehouse.request"
NAMES_KEY = "gatehouse.header_names"  # of a scope: the names of headers as they were spelled


class CanonicalRequest(NamedTuple):
    """The request that every phase sees.

    `path` and `raw_query` are as sent (percent-encoding kept, ASCII); `segments` are the path's parts between
    slashes, as sent, so `/a//b/` gives `("a", "", "b", "")`. `host` is lower-case without port, `authority` is
    lower-case with it. `headers` have lower-case names, in the order sent. `client_ip` is the peer of the socket.
    `method_override` is what `X-HTTP-Method-Override` asks for in place of `method`. `known` are the header lines where the same ones
    came before: nobody changes `headers`, which is then shared.
    """

    method: str
    host: str
    authority: str
    path: str
    segments: tuple[str, ...]
    raw_query: str
    headers: Headers
    client_ip: str
    method_override: str | None = None
    known: KnownHead | None = None

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """Decoded names and values in the order sent; a name without `=` has an empty value."""
        return parse_query(self.raw_query)

    @property
    def target(self) -> str:
        """Path and query exactly as sent: what is forwarded."""
        return f"{self.path}?{self.raw_query}" if self.raw_query else self.path

    def with_headers(self, headers: Headers) -> CanonicalRequest:
        """The request with other headers, of which nothing is known."""
        return self._replace(headers=headers, known=None)

    def header(self, name: bytes) -> bytes | None:
        """The first value of a header given by its lower-case name."""
        if self.known is not None:
            return self.known.first.get(name)
        for known, value in self.headers:
            if known == name:
                return value
        return None


def parse(scope: MutableMapping[str, Any]) -> CanonicalRequest:
    """Read an ASGI scope once; the edge protocol leaves its own reading in the scope, which is then returned.

    Raises AmbiguousRequest.
    """
    found: CanonicalRequest | None = scope.get(SCOPE_KEY)
    if found is None:
        client = scope.get("client")
        target = scope["raw_path"]
        if scope.get("query_string"):
            target = b"%s?%s" % (target, scope["query_string"])
        found = parse_head(scope.get("method", "GET"), target, list(scope["headers"]), client[0] if client else "")
        scope[SCOPE_KEY] = found
    return found


def parse_head(method: str, target: bytes, headers: Headers, client_ip: str) -> CanonicalRequest:
    """Read a request head whose header names are lower-case. Raises AmbiguousRequest."""
    single = check_headers(headers)
    host, authority = parse_authority(single[b"host"])
    override = single.get(_METHOD_OVERRIDE)
    if not target.startswith(b"/"):
        target = _origin_form(target, authority)
    try:
        path, _, raw_query = target.decode("ascii").partition("?")
    except UnicodeDecodeError:
        raise AmbiguousRequest("bytes outside ASCII in the target") from None
    segments = parse_path(path)
    if raw_query:
        check_query(raw_query)
    return CanonicalRequest(
        method,
        host,
        authority,
        path,
        segments,
        raw_query,
        headers,
        client_ip,
        None if override is None else override.decode("latin-1"),
    )


def check_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Refuse duplicates and look-alikes of sensitive headers; the values of those that may come once, Host among them."""
    seen: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _SINGLE:
            if name in seen:
                raise AmbiguousRequest(f"duplicate {name.decode()}")
            seen[name] = value
        elif b"_" in name and name.replace(b"_", b"-") in _SENSITIVE:
            raise AmbiguousRequest("look-alike of a sensitive header")
    if b"host" not in seen:
        raise AmbiguousRequest("no Host")
    return seen


@lru_cache(maxsize=1024)
def parse_authority(value: bytes) -> tuple[str, str]:
    """A Host value as (lower-case host without port, lower-case authority). Raises AmbiguousRequest."""
    match = _HOST(value)
    if match is None:
        raise AmbiguousRequest("ill-formed Host")
    host = match[1].decode().lower()
    if host.startswith("["):
        _check_ipv6(host[1:-1])
    elif not all(host.split(".")):
        raise AmbiguousRequest("ill-formed Host")
    if match[2] is not None and not 0 < int(match[2]) <= 65_535:
        raise AmbiguousRequest("ill-formed port in Host")
    return host, value.decode().lower()


def _check_ipv6(text: str) -> None:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        raise AmbiguousRequest("ill-formed IPv6 address in Host") from None


def _origin_form(target: bytes, authority: str) -> bytes:
    """The path and query of an absolute-form target, which must name the host that Host names."""
    scheme, separator, rest = target.partition(b"://")
    if not separator or scheme.lower() not in (b"http", b"https"):
        raise AmbiguousRequest("neither origin-form nor absolute-form")
    match = re.match(rb"[^/?]*", rest)
    named = match[0] if match else b""
    if named.decode("latin-1").lower() != authority:
        raise AmbiguousRequest("the target and Host name different hosts")
    rest = rest[len(named) :]
    return rest if rest.startswith(b"/") else b"/" + rest


def parse_path(path: str) -> tuple[str, ...]:
    """The segments of a path as sent; `/` is the one empty segment. Raises AmbiguousRequest."""
    segments = tuple(path[1:].split("/"))
    if _PLAIN_PATH(path) is None:
        _check_unusual_path(path, segments)
    return segments


def _check_unusual_path(path: str, segments: tuple[str, ...]) -> None:
    if _PATH(path) is None:
        raise AmbiguousRequest("ill-formed path")
    if _FORBIDDEN_IN_PATH(path):
        raise AmbiguousRequest("encoded backslash or control character in the path")
    for segment in segments:
        decoded = unquote_to_bytes(segment)
        if any(part.partition(b";")[0] in (b".", b"..") for part in decoded.split(b"/")):
            raise AmbiguousRequest("dot segment in the path")
        try:
            decoded.decode("utf-8")
        except UnicodeDecodeError:
            raise AmbiguousRequest("the path is not UTF-8") from None


def check_query(raw_query: str) -> None:
    """Refuse what is no query string. Encoded line breaks are data here; an encoded NUL is not."""
    if _QUERY(raw_query) is None or "%00" in raw_query:
        raise AmbiguousRequest("ill-formed query string")


@lru_cache(maxsize=256)
def parse_query(raw_query: str) -> tuple[tuple[str, str], ...]:
    """Split at `&` and `=`, decode `+` and percent-encoding; ill-formed UTF-8 becomes U+FFFD."""
    pairs = []
    for part in raw_query.split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs.append((_decode(name), _decode(value)))
    return tuple(pairs)


def _decode(text: str) -> str:
    text = text.replace("+", " ")
    return unquote_to_bytes(text).decode("utf-8", "replace") if "%" in text else text


def group_query(pairs: Iterable[tuple[str, str]]) -> Mapping[str, list[str]]:
    """All values of each name, names in the order of their first appearance."""
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped
