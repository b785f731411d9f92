"""Follow links as somebody would, a page of each kind, and collect the forms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.http import Http404
from django.test import Client
from django.urls import ResolverMatch, resolve

from tests.pages import NOT_OURS
from tests.portal.walked.reading_forms import Form, Page, path_of, read

MOST_PAGES = 600
# HTTP and WebSocket APIs have forms of their own below the same addresses.
_TELLING = ("kind", "api_id")


@dataclass
class Walk:
    """What was met: a page of each kind, a form of each kind."""

    pages: dict[str, str] = field(default_factory=dict)
    forms: dict[str, Form] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def keep(self, page: Page) -> None:
        for form in page.forms:
            if form.method in ("get", "post") and form.action.startswith("http://testserver/"):
                self.forms.setdefault(kind_of_form(form), form)


def view_of(address: str) -> ResolverMatch | None:
    try:
        return resolve(urlsplit(address).path)
    except Http404:
        return None


def kind_of_page(address: str) -> str:
    """Pages are of a kind that have one view and the same names in their queries."""
    match = view_of(address)
    if match is None:
        return address
    of_v2 = (match.url_name or "").startswith("v2_")
    telling = [str(match.kwargs[name]) for name in _TELLING if of_v2 and name in match.kwargs]
    names = sorted({name for name, _ in parse_qsl(urlsplit(address).query)})
    return " ".join([match.view_name, *telling, *(f"?{name}" for name in names)])


def kind_of_form(form: Form) -> str:
    """Forms are of a kind that send the same fields by the same button to pages of a kind."""
    names = sorted({each.name for each in form.fields} - {"csrfmiddlewaretoken"})
    button = form.button[0] if form.button else ""
    return f"{form.method} {kind_of_page(form.action)} [{' '.join(names)}] {button}".strip()


def walk(client: Client, *starts: str) -> Walk:
    found = Walk()
    waiting = [(start, False) for start in starts]
    seen = {kind_of_page(start) for start in starts}
    while waiting and len(found.pages) < MOST_PAGES:
        address, fragment = waiting.pop(0)
        page = _visit(client, address, fragment, found)
        if page is None:
            continue
        found.keep(page)
        for link, part in _onward(page):
            if kind_of_page(link) not in seen:
                seen.add(kind_of_page(link))
                waiting.append((link, part))
    assert not waiting, f"more than {MOST_PAGES} kinds of pages"
    return found


def _visit(client: Client, address: str, fragment: bool, found: Walk) -> Page | None:
    headers = {"HX-Request": "true"} if fragment else {}
    kind = kind_of_page(address)
    response = client.get(address, headers=headers)
    while response.status_code in (301, 302) and response.headers["Location"].startswith("/"):
        address = response.headers["Location"]
        response = client.get(address, headers=headers)
    if response.status_code not in (200, 204, 286):
        found.broken.append(f"{address}: {response.status_code}")
    found.pages[kind] = address
    return page_of(response, address)


def page_of(response: Any, address: str) -> Page | None:
    """The page that an answer is; None for a file."""
    if response.streaming or not response.headers.get("Content-Type", "").startswith("text/html"):
        return None
    return read(f"http://testserver{address}", response.content.decode())


def _onward(page: Page) -> Iterator[tuple[str, bool]]:
    for links, part in ((page.links, False), (page.fragments, True)):
        for link in links:
            parts = urlsplit(link)
            if parts.netloc == "testserver" and not NOT_OURS.search(parts.path):
                yield path_of(link), part
