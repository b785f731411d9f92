"""Whom forms refuse whatever they hold, and lists with filters that nobody has set: pages all the same."""

from __future__ import annotations

import re

import pytest
from django.urls import URLPattern, URLResolver

from portal.console import urls as console_urls
from portal.developer import urls as developer_urls
from tests.portal.walked.conftest import Walked
from tests.portal.walked.crawl import view_of
from tests.portal.walked.exceptions import NOT_MET, OPEN_TO_VIEWERS
from tests.portal.walked.hostile import LONG, MARK
from tests.portal.walked.reading_forms import Field, Form, read
from tests.portal.walked.submitting import Bench
from tests.portal.walked.sweeping import EVERY_VALUE, TOKEN

pytestmark = pytest.mark.django_db

BAD_FILTERS = (
    MARK,
    LONG,
    "-1",
    "99999999999999999999",
    "1e400",
    "٣",
    "'\"`;--",
    "\u202e🐈",
    "2026-13-45T99:99",
    '{"a":',
    "%00%ff",
)
FILTERS = (
    "api", "app", "application", "arn", "at", "before", "connection", "file", "format", "from", "iss", "key", "kind", "method", "name",
    "next", "of", "operation", "outcome", "page", "path", "paused", "period", "policy", "position", "preset", "q", "resource", "route",
    "seen", "show", "slug", "sort", "span", "stage", "state", "status", "statusCode", "text", "to", "token", "type", "version", "who",
)  # fmt: skip


def posts(forms: dict[str, Form]) -> dict[str, Form]:
    return {kind: form for kind, form in forms.items() if form.method == "post"}


def without_token(form: Form) -> list[tuple[str, str]]:
    return [pair for pair in form.pairs() if pair[0] != TOKEN]


@pytest.mark.parametrize(("who", "least"), [("owner", 200), ("developer", 15), ("", 6)])
def test_a_form_without_its_token_is_refused_by_a_page(walked: Walked, who: str, least: int) -> None:
    bench, met = walked(who)
    answers = {kind: bench.send(form, without_token(form)) for kind, form in posts(met.forms).items()}

    wrong = {kind: answer.status for kind, answer in answers.items() if answer.status != 403 or answer.changed}
    assert wrong == {}
    assert all("This form has grown old" in answer.body for answer in answers.values())
    assert len(answers) >= least


@pytest.mark.parametrize("who", ["owner", "developer", ""])
def test_nul_in_any_form_is_refused_by_a_page(walked: Walked, who: str) -> None:
    bench, met = walked(who)
    answers = {kind: bench.send(form, [*form.pairs(), ("more", "a\0b")]) for kind, form in met.forms.items()}

    assert {kind: answer.status for kind, answer in answers.items() if answer.status != 400 or answer.changed} == {}


def test_a_viewer_is_refused_every_form_that_changes_something(walked: Walked) -> None:
    owned, viewing = posts(walked("owner")[1].forms), walked("viewer")[0]
    page = read("http://testserver/", viewing.client.get("/console/account/").content.decode())
    token = next(field for form in page.forms for field in form.fields if field.name == TOKEN)
    forms = {kind: form for kind, form in owned.items() if _name(form) not in OPEN_TO_VIEWERS}
    answers = {
        kind: viewing.send(form, [*without_token(form), (TOKEN, token.values[0])]) for kind, form in forms.items()
    }

    assert {kind: answer.status for kind, answer in answers.items() if answer.status != 403} == {}
    assert [kind for kind, answer in answers.items() if answer.changed] == []
    assert len(answers) >= 180


@pytest.mark.parametrize("who", ["owner", "developer", ""])
def test_filters_that_are_none_are_answered_by_a_page(walked: Walked, who: str) -> None:
    bench, met = walked(who)
    found: list[str] = []
    for number, (kind, address) in enumerate(met.pages.items()):
        if number % 2 and not EVERY_VALUE:
            continue
        values = BAD_FILTERS if EVERY_VALUE else (BAD_FILTERS[number // 2 % len(BAD_FILTERS)],)
        for value in values:
            found += [f"{kind} with {value[:20]!r}: {fault}" for fault in _with_filters(bench, address, value)]

    assert not found, "\n".join(found)


def _with_filters(bench: Bench, address: str, value: str) -> list[str]:
    form = Form(address, f"http://testserver{address}", "get", tuple(Field(name, "text", (value,)) for name in FILTERS))
    answer = bench.send(form, form.pairs())
    if answer.failure or answer.status not in (200, 204, 286, 302, 400, 404):
        return [f"{answer.status} {answer.failure}"]
    return ["shown unescaped"] if MARK in answer.body else []


def _name(form: Form) -> str:
    match = view_of(form.action)
    return match.view_name if match is not None else ""


def test_every_page_and_every_target_of_a_form_is_met(walked: Walked) -> None:
    met = set()
    for who in ("owner", "developer", ""):
        found = walked(who)[1]
        assert found.broken == []
        met |= {kind.split()[0] for kind in found.pages} | {_name(form) for form in found.forms.values()}
    known = {f"console:{name}" for name in _names(console_urls.urlpatterns)}
    known |= {
        name if name.startswith("account_") else f"developer:{name}" for name in _names(developer_urls.urlpatterns)
    }
    known = {name for name in known if not re.match(r"developer:(api_|portal)", name)}

    assert known - met - set(NOT_MET) == set()
    assert set(NOT_MET) & met == set(), "these are met now"


def _names(patterns: list[URLPattern | URLResolver]) -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found |= _names(pattern.url_patterns)
        elif pattern.name:
            found.add(pattern.name)
    return found
