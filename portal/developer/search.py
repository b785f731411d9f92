"""Search over everything that a visitor is shown: products, the operations and messages of their APIs, and pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse

from apps.portals.audiences import shown_to
from apps.portals.models import PortalPage
from portal.developer import catalogue
from portal.developer.applications import Visitor
from portal.developer.catalogue import LONGEST_SEARCH, Offer, OfferedApi
from portal.developer.messages import read_conversation

MOST_FOUND = 50


@dataclass(frozen=True)
class Found:
    """Something that was found. `kind` is product, operation, message or page; `verb` is an operation's method."""

    kind: str
    title: str
    url: str
    text: str = ""
    verb: str = ""


def search(visitor: Visitor, words: str) -> list[Found]:
    """What has every word, products first, then pages, then operations; at most `MOST_FOUND`."""
    wanted = words[:LONGEST_SEARCH].lower().split()
    if not wanted:
        return []
    products = [
        Found("product", offer.name, reverse("developer:product", args=[offer.slug]), offer.summary)
        for offer in catalogue.offers(visitor, " ".join(wanted))
    ]
    return list(islice(_all(visitor, wanted, products), MOST_FOUND))


def _all(visitor: Visitor, wanted: list[str], products: list[Found]) -> Iterator[Found]:
    yield from products
    yield from _pages(visitor, wanted)
    for offer in catalogue.offers(visitor):
        for api in offer.apis:
            if not api.pending:
                yield from _messages(offer, api, wanted) if api.websocket else _operations(offer, api, wanted)


def _pages(visitor: Visitor, wanted: list[str]) -> Iterator[Found]:
    shown = PortalPage.objects.filter(shown_to(visitor), published=True).exclude(slug=PortalPage.HOME).values("pk")
    pages = PortalPage.objects.filter(pk__in=shown)
    for word in wanted:
        pages = pages.filter(Q(title__icontains=word) | Q(body__icontains=word))
    for page in pages.order_by("position", "title")[:MOST_FOUND]:
        url = reverse("developer:guide", args=[page.slug]) if page.guide else reverse("developer:support")
        yield Found("page", page.title, url)


def _operations(offer: Offer, api: OfferedApi, wanted: list[str]) -> Iterator[Found]:
    place = reverse("developer:reference_of_api", args=[offer.slug, api.slug])
    for one in api.reference.operations():
        if _has(wanted, offer.name, one.method, one.path, one.title, one.description):
            url = f"{place}?{urlencode({'operation': one.anchor})}"
            yield Found("operation", one.path, url, f"{offer.name} · {one.title}", one.method)


def _messages(offer: Offer, api: OfferedApi, wanted: list[str]) -> Iterator[Found]:
    place = reverse("developer:reference_of_api", args=[offer.slug, api.slug])
    for number, one in enumerate(read_conversation(api.row.reference).messages, start=1):
        if _has(wanted, offer.name, one.key, one.title):
            yield Found("message", one.title, f"{place}#message-{number}", f"{offer.name} · {api.name}")


def _has(wanted: list[str], *texts: str) -> bool:
    whole = " ".join(texts).lower()
    return all(word in whole for word in wanted)
