"""What an authorizer said of a made-up request, as pages show it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus

from portal.console.gate import Shape
from portal.highlighting import highlight_json


@dataclass(frozen=True)
class Decision:
    """What an authorizer said of a made-up request. `latency` is milliseconds; `reason` is why a caller would be refused."""

    allowed: bool
    status: str
    latency: int
    principal: str
    policy: str
    members: list[tuple[str, str]]
    log: str
    reason: str = ""
    simple: bool = False


def decision_of(told: Shape, recognised: str = "recognised") -> Decision:
    """From the answer of TestInvokeAuthorizer or TestAuthorizer; `recognised` says that a caller passes."""
    status = int(told.get("clientStatus") or 0)
    lists = [(name, ", ".join(values)) for name, values in (told.get("authorization") or {}).items()]
    texts = {**(told.get("context") or {}), **(told.get("claims") or {})}
    policy = json.dumps(json.loads(told["policy"]), indent=2) if told.get("policy") else ""
    return Decision(
        allowed=status == 0,
        status=f"{status} {HTTPStatus(status).phrase}" if status else recognised,
        latency=int(told.get("latency") or 0),
        principal=str(told.get("principalId") or ""),
        policy=highlight_json(policy) if policy else "",
        members=[*lists, *sorted(texts.items())],
        log=str(told.get("log") or ""),
        reason=str(told.get("reason") or ""),
        simple="isAuthorized" in told,
    )
