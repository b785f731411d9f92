"""Which portal is visited: the published document, or a preview."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.http import Http404
from django.urls import reverse

from apps.portals.aws_portals import Portal, PortalPublication
from apps.portals.previews import previewed

Document = dict[str, Any]


def portal_named(host: str) -> str:
    """The id of the portal that is published under a domain name of its own, "" for other hosts. A port does not count."""
    name = host.lower().partition(":")[0]
    rows = Portal.objects.filter(domain_name=name, live__isnull=False) if name else Portal.objects.none()
    return rows.values_list("portal_id", flat=True).first() or ""


@dataclass(frozen=True)
class Visit:
    """A portal as one visitor sees it. `base` is the path that all its addresses begin with."""

    publication: PortalPublication
    document: Document
    base: str

    @property
    def is_preview(self) -> bool:
        return self.publication.is_preview

    @property
    def has_logo(self) -> bool:
        return bool(self.publication.logo_content_type)

    @property
    def products(self) -> list[Document]:
        found: list[Document] = self.document["products"]
        return found

    def product(self, product_id: str) -> Document:
        """Raises Http404."""
        return _found(self.products, product_id)

    def page(self, product: Document, page_id: str) -> Document:
        """Raises Http404."""
        return _found(product["pages"], page_id)

    def endpoint(self, product: Document, endpoint_id: str) -> Document:
        """Raises Http404."""
        return _found([one for section in product["sections"] for one in section["endpoints"]], endpoint_id)


def visit(portal_id: str = "", token: str = "") -> Visit:
    """The portal of an address, or the preview of a token. Raises Http404 for what is not published, or no longer."""
    if token:
        publication = previewed(token)
        base = reverse("developer:portal_preview", args=[token])
    else:
        publication = _live(portal_id)
        base = reverse("developer:portal", args=[portal_id])
    if publication is None:
        raise Http404("No such portal.")
    return Visit(publication, _document(publication.pk, publication.created), base)


def page_context(found: Visit) -> dict[str, Any]:
    """What the frame of every page needs."""
    version = hashlib.sha256(json.dumps(found.document["colors"], sort_keys=True).encode()).hexdigest()[:12]
    return {"visit": found, "portal": found.document, "style_version": version}


def _live(portal_id: str) -> PortalPublication | None:
    published = Portal.objects.exclude(status=Portal.Status.DISABLED).filter(portal_id=portal_id).values("live")
    return PortalPublication.objects.defer("document", "logo").filter(pk__in=published).first()


@lru_cache(maxsize=8)
def _document(publication_pk: int, created: datetime) -> Document:
    """A publication never changes, so that it is read once."""
    document: Document = PortalPublication.objects.values_list("document", flat=True).get(pk=publication_pk)
    return document


def _found(listed: list[Document], wanted: str) -> Document:
    for one in listed:
        if one["id"] == wanted:
            return one
    raise Http404("No such page.")
