"""What a deployment of the draft would change: two frozen documents in, a list for people out. Pure: no rows, no requests.

A change is *breaking* when a call that works today may fail afterwards: a method is gone, or a key or a parameter is asked for
that was not before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import msgspec

from apps.core.documents import DeploymentDocument, Document, Method

Kind = Literal["added", "removed", "changed"]
ANY = "ANY"
_SHOWN = 160
"""Characters of a value that are shown; templates and schemas are longer."""

_NOT_THE_CALLERS = frozenset({"account_id", "region", "api_id", "api_name", "deployment_id", "resources"})
"""Members of a deployment that say nothing about what callers get, or (`resources`) are compared method by method."""

_METHOD_PARTS = frozenset({"http_method", "integration", "responses"})
_NAMES = {"api_key_required": "API key required", "authorization_type": "authorization"}


@dataclass(frozen=True)
class Change:
    """One line of the difference, as components/diff.html takes it. `verb` is empty for what is not a method's."""

    kind: Kind
    label: str
    verb: str = ""
    before: str = ""
    after: str = ""
    note: str = ""
    breaking: bool = False


@dataclass(frozen=True)
class Difference:
    """What a deployment would change. `problem` says why there can be none."""

    changes: Sequence[Change] = ()
    problem: str = ""

    @property
    def noticed(self) -> bool:
        """Whether callers would notice the deployment, or there can be none."""
        return bool(self.changes or self.problem)

    @cached_property
    def breaking(self) -> list[Change]:
        return [change for change in self.changes if change.breaking]


def changes_between(deployed: DeploymentDocument | None, draft: DeploymentDocument) -> list[Change]:
    """What changes for callers when `draft` takes the place of `deployed` (None: nothing is deployed yet).

    Sorted by path, then verb; changes of the API as a whole come first. Ids and deployment ids do not count.
    """
    before = _methods(deployed) if deployed else {}
    after = _methods(draft)
    found = list(_api_changes(deployed, draft)) if deployed else []
    for path, verb in sorted(before.keys() | after.keys()):
        old, new = before.get((path, verb)), after.get((path, verb))
        if old is None and new is not None:
            found.append(Change("added", path, verb, note=_target(new)))
        elif new is None:
            covered = (path, ANY) in after
            note = "ANY of the same resource takes its calls." if covered else ""
            found.append(Change("removed", path, verb, note=note, breaking=not covered))
        elif old is not None:
            found.extend(_method_changes(path, old, new))
    return found


def _methods(document: DeploymentDocument) -> dict[tuple[str, str], Method]:
    return {
        (resource.path, method.http_method): method for resource in document.resources for method in resource.methods
    }


def _api_changes(deployed: DeploymentDocument, draft: DeploymentDocument) -> Iterator[Change]:
    yield from field_changes(fields_of(deployed, _NOT_THE_CALLERS), fields_of(draft, _NOT_THE_CALLERS), _breaks)


def _method_changes(path: str, old: Method, new: Method) -> Iterator[Change]:
    for change in field_changes(_method_fields(old), _method_fields(new), _breaks):
        yield replace(change, label=f"{path} · {change.label}", verb=new.http_method)


def field_changes(
    old: Mapping[str, Any], new: Mapping[str, Any], breaks: Callable[[str, Any, Any], bool]
) -> Iterator[Change]:
    """The fields that differ, by name; `breaks` is asked with the name, the value before and the one after."""
    for field in sorted(old.keys() | new.keys()):
        before, after = old.get(field), new.get(field)
        if before != after:
            breaking = breaks(field, before, after)
            yield Change("changed", field, before=_shown(before), after=_shown(after), breaking=breaking)


def _breaks(field: str, _before: Any, after: Any) -> bool:
    """A key that is now required, a sign-in that was not, a parameter that callers must send."""
    if field == "API key required" or field.startswith("request parameter "):
        return after is True
    return field == "authorization" and after != "NONE"


def _method_fields(method: Method) -> dict[str, Any]:
    """A method with its integration and responses, as fields with names that people read."""
    integration = method.integration
    fields = fields_of(method, _METHOD_PARTS) | fields_of(integration, frozenset({"responses"}), "integration ")
    for response in method.responses:
        fields[f"method response {response.status_code}"] = members_of(response)
    for answer in integration.responses:
        fields[f"integration response {answer.status_code}"] = members_of(answer)
    return fields


def fields_of(part: Document, without: frozenset[str] = frozenset(), prefix: str = "") -> dict[str, Any]:
    """Every member of a part but those that are compared elsewhere; each entry of a map is a field of its own.

    Members that are absent or empty have no entry, so that a member that documents learn later is compared too.
    """
    fields: dict[str, Any] = {}
    for name in part.__struct_fields__:
        value = getattr(part, name)
        if name in without:
            continue
        if isinstance(value, Mapping):
            fields |= _named(prefix + _words(name, one=True), value)
        else:
            fields[prefix + _NAMES.get(name, _words(name))] = value
    return {name: value for name, value in fields.items() if value is not None and value not in ("", (), {})}


def _named(kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{kind} {name}": members_of(value) if isinstance(value, Document) else value for name, value in values.items()
    }


def members_of(part: Document) -> dict[str, Any]:
    """A response without the members that have their default; the status alone still says that it is there."""
    members: dict[str, Any] = msgspec.to_builtins(part)
    return members


def _target(method: Method) -> str:
    integration = method.integration
    if integration.type == "MOCK" or not integration.uri:
        return integration.type
    return f"{integration.type}: {integration.uri}"


def _words(name: str, *, one: bool = False) -> str:
    words = name.replace("_", " ").replace("api ", "API ").replace("uri", "URI").replace("http ", "HTTP ")
    return words.removesuffix("s") if one else words


def _shown(value: Any) -> str:
    if value is None or value in ("", (), {}):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        text = ", ".join(map(str, value))
    elif isinstance(value, Mapping):
        text = msgspec.json.encode(value).decode()
    else:
        text = str(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
