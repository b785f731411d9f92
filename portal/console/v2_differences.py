"""What a deployment of an HTTP or WebSocket API would change: two frozen documents in, a list for people out; see `changes`.

Ids do not count: a route is its key, and its integration and its authorizer are what they do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from apps.core.v2_documents import V2DeploymentDocument, V2Route
from portal.console.changes import ANY, Change, field_changes, fields_of, members_of

_NOT_THE_CALLERS = frozenset(
    {"account_id", "region", "api_id", "api_name", "deployment_id", "routes", "integrations", "authorizers", "cors"}
)
_ELSEWHERE = frozenset({"id", "key", "integration_id", "authorizer_id", "responses"})
_IDENTITY = frozenset({"id", "responses"})
_MUST_STAY = frozenset(
    {"route selection expression", "API key selection expression", "authorizer jwt issuer", "authorizer uri"}
)
"""Callers that follow the one value fail with another."""
_MUST_HOLD = frozenset({"authorization scopes", "authorizer jwt audience"})
"""One of these is enough: a caller who had one of the old ones may have none of the new."""
_MUST_SEND = frozenset({"authorizer identity sources"})
_MAY_SEND = frozenset({"CORS allow origins", "CORS allow methods", "CORS allow headers", "CORS expose headers"})
_SHUT = frozenset({"API key required", "disable execute API endpoint"})
_SILENT = frozenset({"$connect", "$disconnect"})
"""Nobody sends to these: without them connections open and end all the same."""


def v2_changes_between(deployed: V2DeploymentDocument | None, draft: V2DeploymentDocument) -> list[Change]:
    """What changes for callers when `draft` takes the place of `deployed` (None: nothing is deployed yet).

    Changes of the API as a whole come first, then routes by key.
    """
    before = {route.key: route for route in deployed.routes} if deployed else {}
    after = {route.key: route for route in draft.routes}
    found = list(field_changes(_api_fields(deployed), _api_fields(draft), _breaks)) if deployed else []
    for key in sorted(before.keys() | after.keys(), key=_label):
        old, new = before.get(key), after.get(key)
        if old is None and new is not None:
            found.append(Change("added", *_label(key), note=_target(draft, new)))
        elif new is None:
            found.append(_removed(key, after))
        elif old is not None and deployed is not None:
            found.extend(_route_changes(deployed, old, draft, new))
    return found


def _removed(key: str, after: Mapping[str, V2Route]) -> Change:
    label, verb = _label(key)
    if verb and f"{ANY} {label}" in after:
        return Change("removed", label, verb, note="ANY of the same path takes its calls.")
    note = "$default takes what was for it." if "$default" in after and key not in _SILENT else ""
    return Change("removed", label, verb, note=note, breaking=key not in _SILENT)


def _route_changes(
    deployed: V2DeploymentDocument, old: V2Route, draft: V2DeploymentDocument, new: V2Route
) -> Iterator[Change]:
    label, verb = _label(new.key)
    for change in field_changes(_route_fields(deployed, old), _route_fields(draft, new), _breaks):
        yield replace(change, label=f"{label} · {change.label}", verb=verb)


def _api_fields(document: V2DeploymentDocument) -> dict[str, Any]:
    fields = fields_of(document, _NOT_THE_CALLERS)
    if document.cors is not None:
        fields |= {"CORS": True} | fields_of(document.cors, prefix="CORS ")
    return fields


def _route_fields(document: V2DeploymentDocument, route: V2Route) -> dict[str, Any]:
    """A route with its integration, its authorizer and its answers, as fields with names that people read."""
    fields = fields_of(route, _ELSEWHERE)
    integration = document.integrations.get(route.integration_id or "")
    if integration is not None:
        fields |= fields_of(integration, _IDENTITY, "integration ")
        for answer in integration.responses:
            fields[f"integration response {answer.key}"] = _without_id(members_of(answer))
    authorizer = document.authorizers.get(route.authorizer_id or "")
    if authorizer is not None:
        fields |= fields_of(authorizer, frozenset({"id", "name"}), "authorizer ")
    for response in route.responses:
        fields[f"route response {response.key}"] = _without_id(members_of(response))
    return fields


def _without_id(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if name not in ("id", "key")}


def _breaks(field: str, before: Any, after: Any) -> bool:
    """Whether a call that works today may fail: it has to bring what it need not before, or less is allowed."""
    if field in _SHUT or field.startswith("request parameter "):
        return after is True
    if field == "authorization":
        return after != "NONE"
    if field.startswith("request model ") or field in _MUST_STAY:
        return after is not None
    if field in _MUST_HOLD:
        return bool(after) and not (before and set(before) <= set(after))
    if field in _MUST_SEND:
        return not set(after or ()) <= set(before or ())
    return _cors_breaks(field, before, after)


def _cors_breaks(field: str, before: Any, after: Any) -> bool:
    if field in ("CORS", "CORS allow credentials"):
        return before is True and not after
    if field not in _MAY_SEND or before is None:
        return False
    return "*" not in (after or ()) and not set(before) <= set(after or ())


def _target(document: V2DeploymentDocument, route: V2Route) -> str:
    integration = document.integrations.get(route.integration_id or "")
    if integration is None:
        return "It leads nowhere yet."
    kind = integration.subtype or integration.type
    return f"{kind}: {integration.uri}" if integration.uri else kind


def _label(key: str) -> tuple[str, str]:
    """A route key as path and verb; WebSocket routes and `$default` have no verb."""
    verb, space, path = key.partition(" ")
    return (path, verb) if space else (key, "")
