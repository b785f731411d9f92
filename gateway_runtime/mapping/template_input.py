"""`$input`: the body and the parameters that a mapping template sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from apps.core.json_path import MISSING, MOST_VISITS, JsonPathError, Search, compile_path
from apps.core.vtl import UNDEFINED, Budget, VtlError, VtlObject
from apps.core.vtl.rendering import as_text, json_text
from gateway_runtime.exchange import Exchange
from gateway_runtime.mapping.template_functions import json_value

_EMPTY_BODY = "{}"  # what AWS shows templates where there is no body
_UNREAD = object()


class HeaderMap(dict[str, Any]):
    """Headers by name. HTTP does not tell `Accept` from `accept`, and names arrive in lower case."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(key.lower() if isinstance(key, str) else key, default)

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key.lower() if isinstance(key, str) else key)


class Input(VtlObject):
    """`$input` for one run: of the request's body, or of the back end's."""

    def __init__(self, exchange: Exchange, body: str) -> None:
        self._exchange = exchange
        self._body = body or _EMPTY_BODY
        self._document: Any = _UNREAD
        self._params: dict[str, dict[str, Any]] | None = None

    def member(self, name: str, budget: Budget) -> Any:
        return self._body if name == "body" else None

    def call(self, name: str, arguments: list[Any], budget: Budget) -> Any:
        method = _METHODS.get((name, len(arguments)))
        return None if method is None else method(self, budget, *arguments)

    def json(self, budget: Budget, path: Any = "$") -> str:
        """What the path leads to, as JSON; where it leads nowhere, an empty string."""
        found = self._find(path, budget)
        return '""' if found is MISSING else json_text(found, budget)

    def path(self, budget: Budget, path: Any) -> Any:
        """What the path leads to, for the template to go on with."""
        found = self._find(path, budget)
        return UNDEFINED if found is MISSING else found

    def _find(self, path: Any, budget: Budget) -> Any:
        text = as_text(path, budget)
        # The tree is the same at every call: what a template changes in it is changed.
        document = self._parsed(budget)
        if text == "$":
            return document
        search = Search(document, most := min(MOST_VISITS, budget.steps))
        try:
            found = compile_path(text).follow(document, search)
        except JsonPathError as error:
            raise VtlError(str(error)) from None
        budget.step(10 + most - search.visits)
        return found

    def _parsed(self, budget: Budget) -> Any:
        """The body as JSON; one that is none is a text."""
        if self._document is _UNREAD:
            budget.text(len(self._body))
            try:
                self._document = json_value(self._body)
            except (ValueError, RecursionError):
                self._document = self._body
        return self._document

    def params(self, budget: Budget) -> dict[str, dict[str, Any]]:
        """Path, query and header parameters, each by name; of a repeated one the last value."""
        if self._params is None:
            exchange = self._exchange
            self._params = {
                "path": {name: unquote(value) for name, value in exchange.path_values.items()},
                "querystring": dict(exchange.request.query),
                "header": HeaderMap(
                    (name.decode(), value.decode("latin-1")) for name, value in exchange.request.headers
                ),
            }
        return self._params

    def param(self, budget: Budget, name: Any) -> Any:
        """One parameter, looked for in the path, the query and the headers, in this order."""
        key = as_text(name, budget)
        for place in self.params(budget).values():
            found = place.get(key)
            if found is not None:
                return found
        return UNDEFINED


_METHODS: dict[tuple[str, int], Callable[..., Any]] = {
    ("body", 0): lambda given, budget: given.member("body", budget),
    ("json", 0): Input.json,
    ("json", 1): Input.json,
    ("params", 0): Input.params,
    ("params", 1): Input.param,
    ("path", 1): Input.path,
}
