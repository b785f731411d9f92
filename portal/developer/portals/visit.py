"""Who visits which portal: the published document, or a preview, and whether this visitor may see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.http import urlencode

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


def entrance(request: HttpRequest, found: Visit) -> HttpResponse | None:
    """Where a visitor has to go first; None for one who may see the portal. A preview's address is enough to see it."""
    if found.is_preview or "CognitoConfig" not in found.document["authorization"] or request.user.is_authenticated:
        return None
    return redirect(f"{resolve_url('account_login')}?{urlencode({'next': request.get_full_path()})}")


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
