"""The audit log: every changing operation with its request, how it ended, and what it found and left of what it changed.

What is kept is bounded, holds no secret, and is read by the operation that reads: `UpdateStage` looks at `GetStage`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from django.core.exceptions import ObjectDoesNotExist

from apps.accounts.models import AuditEvent
from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError
from apps.control_plane.wire.service_models import service_model

Shape = dict[str, Any]
Operation = Callable[[Caller, Shape], Shape]
Find = Callable[[str, str], Operation | None]
"""The function of an operation by service and name."""

LARGEST = 8_192
"""Characters of JSON that are kept of a request, and of what was before and after it."""
LONGEST_TEXT = 1_000
MOST_ITEMS = 100

_CHANGES = ("Update", "Delete", "Put")
# Changes whose state is read by an operation of another name.
_READ_BY = {"TagResource": "GetTags", "UntagResource": "GetTags"}
# `Environment` of functions holds their secrets, `Location` a link to their code.
_SECRET = frozenset(
    {
        "Environment",
        "Location",
        "ClientContext",
        "secretAccessKey",
        "certificatePrivateKey",
        "privateKey",
        "PrivateKey",
        "password",
        "clientSecret",
        "secret",
        "sessionToken",
        "invitation",
        "recoveryCodes",
        "enrollmentUri",
    }
)
_SHOWN_TO_AUTHORIZERS = {"headers", "multiValueHeaders", "body", "pathWithQueryString", "additionalContext"}
_SECRETS_OF_REQUEST = {
    **{name: {"code"} for name in ("ConfirmSecondFactor", "CreateRecoveryCodes", "DeleteSecondFactor", "VerifySecondFactor")},
    "CreateApiKey": {"value"}, "RotateApplicationKey": {"value"},
    "TestInvokeMethod": {"headers", "multiValueHeaders", "body"},
    "TestInvokeAuthorizer": _SHOWN_TO_AUTHORIZERS, "TestAuthorizer": _SHOWN_TO_AUTHORIZERS,
}  # fmt: skip
# The value of an API key. Nothing else that is answered has a member of this name.
_SECRET_OF_ANSWER = _SECRET | {"value"}
_EMPTY: tuple[Any, ...] = (None, {}, [])
_TIMES = frozenset({"lastUpdatedDate"})


def record(
    caller: Caller,
    name: str,
    request: Shape,
    *,
    error: str = "",
    before: Shape | None = None,
    after: Shape | None = None,
) -> None:
    """Write one event. `before` and `after` are the whole of what was changed: only what differs is kept."""
    if before and after:
        before, after = _differing(before, after)
    hidden = _SECRET | _SECRETS_OF_REQUEST.get(name, set())
    AuditEvent.objects.create(
        account_id=caller.account_id,
        region=caller.region,
        principal=caller.principal,
        via=caller.via,
        source_ip=caller.source_ip,
        request_id=caller.request_id,
        operation=name,
        resource=_resource(request),
        request=_bounded(_printable(request, hidden)),
        before=_bounded(_printable(before, _SECRET_OF_ANSWER)) if before else None,
        after=_bounded(_printable(after, _SECRET_OF_ANSWER)) if after else None,
        error=error,
    )


def state(find: Find, caller: Caller, service: str, name: str, request: Shape) -> Shape | None:
    """What the request is about to change, as the operation that reads it tells; None when nothing reads it, or it is not there."""
    reader = _reader(service, name)
    function = find(service, reader) if reader else None
    shape = service_model(service).operation_model(reader).input_shape if reader else None
    if function is None:
        return None
    members = shape.members if shape is not None else {}
    try:
        return function(caller, {member: request[member] for member in members if member in request})
    except (AwsError, ObjectDoesNotExist):
        return None


def left(find: Find, caller: Caller, service: str, name: str, request: Shape, answer: Shape) -> Shape | None:
    """What the request has left behind: its answer, or what is read anew of a change that answers nothing."""
    return state(find, caller, service, name, request) if name in _READ_BY else answer


@cache
def _reader(service: str, name: str) -> str | None:
    """The operation that reads what `name` changes by members that its request has."""
    model = service_model(service)
    noun = next((name.removeprefix(verb) for verb in _CHANGES if name.startswith(verb)), "")
    reader = _READ_BY.get(name, f"Get{noun}")
    if reader not in model.operation_names:
        return None
    wanted, given = model.operation_model(reader).input_shape, model.operation_model(name).input_shape
    needed = set(wanted.required_members) if wanted is not None else set()
    return reader if needed <= set(given.required_members if given is not None else ()) else None


def _resource(request: Shape) -> str:
    """Where an event belongs, for those who look for it: the ids of its request."""
    named = (
        v
        for k, v in request.items()
        if (k.endswith("Id") and isinstance(v, str))
        or k in ("stageName", "domainName", "userName", "teamName", "FunctionName")
    )
    return "/".join(map(str, named))[:256]


def _differing(before: Shape, after: Shape) -> tuple[Shape, Shape]:
    """The members in which two states differ. An empty one is none, and the time of the change itself does not count."""
    names = {
        name
        for name in before.keys() | after.keys()
        if before.get(name) != after.get(name) and not (before.get(name) in _EMPTY and after.get(name) in _EMPTY)
    } - _TIMES
    return (
        {name: value for name, value in before.items() if name in names},
        {name: value for name, value in after.items() if name in names},
    )


def _printable(value: Any, hidden: frozenset[str] | set[str]) -> Any:
    """What JSON can say, without the hidden members and without bulk."""
    if isinstance(value, bytes):
        return f"({len(value)} bytes)"
    if isinstance(value, str):
        return value if len(value) <= LONGEST_TEXT else f"{value[:LONGEST_TEXT]}… ({len(value)} characters)"
    if isinstance(value, dict):
        return {key: _printable(item, hidden) for key, item in value.items() if key not in hidden}
    if isinstance(value, (list, tuple)):
        items = [_printable(item, hidden) for item in value[:MOST_ITEMS]]
        return items if len(value) <= MOST_ITEMS else [*items, f"… ({len(value)} items)"]
    return value if isinstance(value, (int, float, bool, type(None))) else str(value)


def _bounded(document: Shape) -> Shape:
    """The document within `LARGEST`: its largest members give way to their size."""
    sizes = {name: len(json.dumps(value, ensure_ascii=False)) + len(name) for name, value in document.items()}
    kept = dict(document)
    for name in sorted(sizes, key=lambda name: -sizes[name]):
        if sum(sizes.values()) <= LARGEST:
            break
        kept[name] = f"({sizes[name]} characters)"
        sizes[name] = len(str(kept[name]))
    return kept
