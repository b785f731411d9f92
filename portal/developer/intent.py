"""What a visitor was about to get when they were asked to sign up: it waits in their session and is carried out after.

The session is theirs alone and the intent gets there only by a form of ours, so nobody can be made to subscribe by a link.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.http import HttpRequest

_IN_SESSION = "developer_intent"


@dataclass(frozen=True)
class Intent:
    """A product and one of its plans, by slug and plan id; no plan means any that is open."""

    product: str
    plan: str


def remember(request: HttpRequest, intent: Intent) -> None:
    request.session[_IN_SESSION] = asdict(intent)


def waiting(request: HttpRequest) -> Intent | None:
    """The visitor's intent, if there is one."""
    kept = request.session.get(_IN_SESSION)
    return Intent(**kept) if kept else None


def forget(request: HttpRequest) -> None:
    request.session.pop(_IN_SESSION, None)
