"""What is asked around a view: for a name, before something goes; and once more, for what was typed into a dialog and not taken.

The dialogs stand on pages about other things. What they send comes back on a page of its own, with what was typed and what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse

from portal.console.confirmations import CONFIRMED

if TYPE_CHECKING:
    from portal.console.gate import Console


@dataclass(frozen=True)
class Question:
    """What a dialog asks for: the labels of its fields by their names, and which of them are texts of several lines."""

    title: str
    fields: Mapping[str, str]
    long: frozenset[str] = frozenset()


ASKED_AGAIN: dict[str, Question] = {
    "end_key": Question("End of the API key", {"expires": "Ends at (UTC)"}),
    "grant_usage": Question("Quota of the API key", {"remaining": "Requests left in this period"}),
    "limit_key": Question(
        "Where the API key may be used",
        {"networks": "Networks", "websites": "Websites"},
        long=frozenset({"networks", "websites"}),
    ),
    "log_role": Question("Role for logs", {"role": "Role ARN"}),
    "rename_resource": Question("Rename the resource", {"path_part": "Path part"}),
    "rename_subnet_link": Question("Rename the VPC link", {"name": "Name"}),
    "rename_vpc_link": Question("Rename the VPC link", {"name": "Name", "description": "Description"}),
}
"""By the view that the dialog is sent to."""


def question_of(request: HttpRequest) -> Question | None:
    match = request.resolver_match
    return ASKED_AGAIN.get(match.url_name or "") if match is not None else None


def ask_again(console: Console, back: str) -> HttpResponse | None:
    """The page that shows what was typed, and why it was not taken; None when it was."""
    question = question_of(console.request)
    if question is None or not console.refusals:
        return None
    posted = console.request.POST
    return console.page(
        "console/ask_again.html",
        question=question,
        problems=list(console.refusals),
        fields=[(name, label, posted.get(name, ""), name in question.long) for name, label in question.fields.items()],
        posted=_kept(console.request, set(question.fields)),
        back=back,
        status=422,
    )


def ask_for_name(console: Console, kwargs: dict[str, Any], back: str) -> HttpResponse | None:
    """The page that asks for a name to be typed before something goes that nobody brings back; None when it has been, or nothing goes."""
    match, posted = console.request.resolver_match, console.request.POST
    asked = CONFIRMED.get(match.url_name or "") if match is not None else None
    if (
        asked is None
        or console.request.method != "POST"
        or not (console.is_owner if asked.owners else console.may_write)
    ):
        return None
    name = asked.name_of(kwargs, posted)
    typed = posted.get("confirmation")
    if not name or (typed is not None and typed.strip() == name):
        return None
    return console.page(
        "console/confirm.html",
        asked=asked,
        name=name,
        wrong=typed is not None,
        posted=_kept(console.request, {"confirmation"}),
        back=back,
        status=422 if typed is not None else 200,
    )


def _kept(request: HttpRequest, asked: set[str]) -> list[tuple[str, str]]:
    """What else was sent, for the form of the page to send again."""
    return [
        (name, value)
        for name in request.POST
        if name not in asked | {"csrfmiddlewaretoken"}
        for value in request.POST.getlist(name)
    ]
