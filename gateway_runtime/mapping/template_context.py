"""`$context` in mapping templates, and the overrides that templates set there."""

from __future__ import annotations

import copy
from typing import Any

from apps.core.vtl import Budget, VtlError, VtlObject
from apps.core.vtl.rendering import as_text
from gateway_runtime.edge.canonical import Headers
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.mapping.context import VARIABLES, api_key_value, clean, put_nested

_GROUPS: dict[str, dict[str, str]] = {}
for _name in VARIABLES:
    _group, _, _member = _name.partition(".")
    if _member:
        _GROUPS.setdefault(_group, {})[_member] = _name

_FRAMING = frozenset(
    {b"content-length", b"transfer-encoding", b"connection", b"upgrade", b"te", b"trailer", b"expect", b"host"}
)
_TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")


class TemplateContext(VtlObject):
    """`$context` of one exchange. The response's templates see what the request's have set."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._made: dict[str, Any] = {
            "requestOverride": {"header": {}, "path": {}, "querystring": {}},
            "responseOverride": {"header": {}},
        }

    def member(self, name: str, budget: Budget) -> Any:
        variable = VARIABLES.get(name)
        if variable is not None:
            return variable(self._exchange)
        if name not in self._made:
            if name in _GROUPS:
                self._made[name] = self._group(name)
            elif name == "authorizer" and self._exchange.authorizer:
                # Templates can change maps, and calls share what an authorizer has said.
                self._made[name] = copy.deepcopy(self._exchange.authorizer)
        return self._made.get(name)

    def call(self, name: str, arguments: list[Any], budget: Budget) -> Any:
        if name == "get" and len(arguments) == 1:
            return self.member(as_text(arguments[0], budget), budget)
        return None

    def _group(self, name: str) -> dict[str, Any]:
        """Such as `$context.identity`: those of its variables that have a value."""
        exchange = self._exchange
        found = {member: VARIABLES[variable](exchange) for member, variable in _GROUPS[name].items()}
        if name == "identity":
            # Logs show the end of a key; a back end is told all of it.
            found["apiKey"] = api_key_value(exchange)
        members: dict[str, Any] = {}
        put_nested(members, {member: value for member, value in found.items() if value is not None})
        return members

    def overrides(self, direction: str, place: str) -> dict[str, list[str]]:
        """What templates have set under `requestOverride` or `responseOverride`: values by name. Raises GatewayError."""
        chosen = self._made[direction]
        values = chosen.get(place) if isinstance(chosen, dict) else None
        if not isinstance(values, dict):
            return {}
        return {str(name): _texts(value) for name, value in values.items()}

    def status(self) -> int | None:
        """The status that templates have set, None without one. Raises GatewayError for one that cannot be answered."""
        chosen = self._made["responseOverride"]
        value = chosen.get("status") if isinstance(chosen, dict) else None
        if value is None:
            return None
        text = "".join(_texts(value))
        if not (text.isascii() and text.isdigit()) or len(text) != 3 or not 200 <= int(text) <= 599:
            raise GatewayError("DEFAULT_5XX", detail=f"a template sets the status {text[:20]!r}")
        return int(text)


def _texts(value: Any) -> list[str]:
    budget = Budget()
    try:
        return [as_text(each, budget) for each in (value if isinstance(value, list) else [value])]
    except VtlError as error:
        raise GatewayError("DEFAULT_5XX", detail=f"an override cannot be written: {error}") from None


def override_headers(headers: Headers, overrides: dict[str, list[str]]) -> Headers:
    """Headers with those of the same names replaced. What frames a message is not for templates to set."""
    put: dict[bytes, list[str]] = {}
    for name, values in overrides.items():
        lower = name.lower().encode("utf-8", "replace")
        if lower and set(lower) <= _TOKEN and lower not in _FRAMING:
            put[lower] = values
    kept = [header for header in headers if header[0].lower() not in put]
    return kept + [(name, clean(value).encode()) for name, values in put.items() for value in values]
