"""The `$context` variables that only access logs have: what came of authentication, authorizer, authorization and firewall.

They are read from the times of a watched walk; a stage whose format names one has its requests watched.
"""

from __future__ import annotations

from typing import NamedTuple

from gateway_runtime.exchange import Exchange, Timing
from gateway_runtime.mapping.context import Variable, clean

_AUTHORIZERS = frozenset({"CUSTOM", "COGNITO_USER_POOLS", "JWT"})


class _Part(NamedTuple):
    """Phases that AWS sees as one, and the kinds of authorization for which they are that; no kinds are all."""

    phases: frozenset[str]
    kinds: frozenset[str] = frozenset()


_PARTS = {
    "waf": _Part(frozenset({"waf"})),
    "authenticate": _Part(frozenset({"verify_signature"})),
    "authorizer": _Part(frozenset({"authorize"}), _AUTHORIZERS),
    "authorize": _Part(frozenset({"resource_policy", "require_resource_policy"})),
}


def _timings(exchange: Exchange, part: _Part) -> list[Timing]:
    method = exchange.method
    if method is None or (part.kinds and method.site.method.authorization_type not in part.kinds):
        return []
    return [timing for timing in exchange.timings if timing.phase in part.phases]


def _refused(exchange: Exchange, part: _Part) -> bool:
    """Whether the request ended in the part."""
    return exchange.error is not None and exchange.timings[-1].phase in part.phases


def _latency(part: _Part) -> Variable:
    def read(exchange: Exchange) -> str | None:
        taken = _timings(exchange, part)
        return str(round(sum(timing.ended - timing.began for timing in taken) * 1000)) if taken else None

    return read


def _status(part: _Part) -> Variable:
    def read(exchange: Exchange) -> str | None:
        if not _timings(exchange, part):
            return None
        error = exchange.error
        return str(error.status) if error is not None and _refused(exchange, part) else "200"

    return read


def _error(part: _Part) -> Variable:
    def read(exchange: Exchange) -> str | None:
        error = exchange.error
        if error is None or not _timings(exchange, part) or not _refused(exchange, part):
            return None
        return clean(error.detail or error.message or error.name)

    return read


PHASE_VARIABLES: dict[str, Variable] = {
    f"{name}.{member}": make(part)
    for name, part in _PARTS.items()
    for member, make in (("latency", _latency), ("status", _status), ("error", _error))
}
