"""The address of a back end: an integration's URI with stage variables, path parameters and query parameters."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote

from gateway_runtime.edge.canonical import parse_query
from gateway_runtime.exchange import Exchange
from gateway_runtime.mapping.parameters import RequestSource, request_source
from gateway_runtime.snapshot.stage import MethodSite, Misconfigured
from gateway_runtime.upstream.origin import ClientIdentity, Origin, parse_origin

_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}")
_PARAMETER = re.compile(r"\{([^{}/]+)\}")
_SAFE_IN_PATH = "!$&'()*+,;=:@/-._~"
_SAFE_IN_QUERY = "-._~!'()*"


class Target(NamedTuple):
    """`write` makes path and query of a request; it is given the exchange and the body's text."""

    origin: Origin
    write: Callable[[Exchange, str], str]
    needs_body: bool


def with_stage_variables(text: str, site: MethodSite) -> str:
    """A text with stage variables in their places. Raises Misconfigured for one that the stage has not."""

    def value(match: re.Match[str]) -> str:
        try:
            return site.stage.variables[match[1]]
        except KeyError:
            raise Misconfigured(f"the URI uses the stage variable {match[1]!r}, which is not set") from None

    return _STAGE_VARIABLE.sub(value, text)


def resolve_uri(uri: str | None, site: MethodSite) -> str:
    """The URI with stage variables in their places. Raises Misconfigured for one that the stage has not."""
    if not uri:
        raise Misconfigured("the integration has no URI")
    resolved = with_stage_variables(uri, site)
    # A variable may hold the host alone.
    return resolved if "://" in resolved else f"http://{resolved}"


def client_identity(site: MethodSite) -> ClientIdentity | None:
    """What the stage shows back ends of itself. Raises Misconfigured for a key that does not open."""
    found = site.stage.client_certificate
    if found is None:
        return None
    try:
        key = site.services.document_seal.open(found.private_key, found.id)
    except ValueError as error:
        raise Misconfigured(f"client certificate {found.id}: {error}") from None
    return ClientIdentity(found.certificate, key)


def compile_target(
    site: MethodSite, *, forward_query: bool, overridable: bool = False, uri: str | None = None
) -> Target:
    """Compile the URI and the mappings to it. `forward_query` sends the caller's own query parameters on; `overridable` lets what
    templates put into `$context.requestOverride` replace path and query parameters. `uri` stands for one by HTTP that the
    integration does not name itself."""
    integration = site.method.integration
    uri = uri or resolve_uri(integration.uri, site)
    try:
        origin, target = parse_origin(uri, verify=not integration.insecure_skip_verification)
    except ValueError as error:
        raise Misconfigured(f"ill-formed URI: {error}") from None
    origin = origin._replace(identity=client_identity(site)) if origin.scheme == "https" else origin
    path, _, fixed_query = target.partition("?")
    paths = _mapped(site, "path")
    queries = _mapped(site, "querystring")
    if overridable:
        paths = {name: _overridable_path(name, paths.get(name)) for name in _placeholders(path)}
    write_path = _path_writer(path, paths)
    write_query = _query_writer(fixed_query, queries, forward_query, overridable)
    needs_body = any(source.needs_body for source in (*paths.values(), *queries.values()))

    plain_query = forward_query and not queries and not fixed_query

    def write(exchange: Exchange, body: str) -> str:
        query = exchange.request.raw_query if plain_query else write_query(exchange, body)
        return f"{write_path(exchange, body)}?{query}" if query else write_path(exchange, body)

    return Target(origin, write, needs_body)


def _mapped(site: MethodSite, place: str) -> dict[str, RequestSource]:
    prefix = f"integration.request.{place}."
    return {
        name.removeprefix(prefix): request_source(expression, site)
        for name, expression in site.method.integration.request_parameters.items()
        if name.startswith(prefix)
    }


def _placeholders(path: str) -> list[str]:
    return [name.removesuffix("+") for name in _PARAMETER.findall(path)]


def _overridable_path(name: str, source: RequestSource | None) -> RequestSource:
    """A path parameter as a template has set it, else as it is mapped; without either it stays as it is written."""

    def read(exchange: Exchange, body: str) -> list[str]:
        context = exchange.template_context
        put = None if context is None else context.overrides("requestOverride", "path").get(name)
        if put is not None:
            return put
        return [f"{{{name}}}"] if source is None else source.read(exchange, body)

    return RequestSource(read, needs_body=source is not None and source.needs_body)


def _path_writer(path: str, sources: dict[str, RequestSource]) -> Callable[[Exchange, str], str]:
    """Literal text and mapped parameters in turn. Braces without a mapping stay, percent-encoded."""
    pieces: list[str | RequestSource] = []
    at = 0
    for match in _PARAMETER.finditer(path):
        source = sources.get(match[1].removesuffix("+"))
        if source is not None:
            pieces += [quote(path[at : match.start()], safe=_SAFE_IN_PATH + "%"), source]
            at = match.end()
    pieces.append(quote(path[at:], safe=_SAFE_IN_PATH + "%"))
    if len(pieces) == 1:
        constant = str(pieces[0])
        return lambda exchange, body: constant

    if len(pieces) == 3 and isinstance(only := pieces[1], RequestSource) and only.raw_path is not None:
        before, name, after = pieces[0], only.raw_path, pieces[2]
        return lambda exchange, body: f"{before}{exchange.path_values.get(name, '')}{after}"

    def write(exchange: Exchange, body: str) -> str:
        return "".join([piece if isinstance(piece, str) else _in_path(piece, exchange, body) for piece in pieces])

    return write


def _in_path(source: RequestSource, exchange: Exchange, body: str) -> str:
    if source.raw_path is not None:
        return exchange.path_values.get(source.raw_path, "")
    # From elsewhere a value is one segment: what it contains cannot lead to another path.
    value = quote("".join(source.read(exchange, body)), safe="!$&'()*+,;=:@-._~")
    return value.replace(".", "%2E") if value in (".", "..") else value


def _query_writer(
    fixed: str, sources: dict[str, RequestSource], forward: bool, overridable: bool
) -> Callable[[Exchange, str], str]:
    fixed = quote(fixed, safe=_SAFE_IN_QUERY + "%=&+/:;,@?$")

    def write(exchange: Exchange, body: str) -> str:
        sent = exchange.request.raw_query if forward else ""
        context = exchange.template_context
        put = {} if context is None else context.overrides("requestOverride", "querystring")
        if not sources and not put:
            return f"{fixed}&{sent}" if fixed and sent else fixed or sent
        parts = [fixed] if fixed else []
        if sent:
            parts += [part for part in sent.split("&") if part and parse_query(part)[0][0] not in sources]
        for name, source in sources.items():
            if name not in put:
                parts += _encoded(name, source.read(exchange, body))
        for name, values in put.items():
            parts += _encoded(name, values)
        return "&".join(parts)

    if not sources and not forward and not overridable:
        return lambda exchange, body: fixed
    return write


def _encoded(name: str, values: list[str]) -> list[str]:
    encoded = quote(name, safe=_SAFE_IN_QUERY)
    return [f"{encoded}={quote(value, safe=_SAFE_IN_QUERY)}" for value in values]


def compile_headers(site: MethodSite) -> list[tuple[bytes, RequestSource]]:
    """The headers that mappings set, names as written."""
    return [(name.encode(), source) for name, source in _mapped(site, "header").items()]
