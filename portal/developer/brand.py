"""The brand of the portal's pages: name, colours and logo of the account whose portal it is, each at an address of its own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, When
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe

from apps.accounts.models import Account
from apps.portals.audiences import shown_to
from apps.portals.models import PortalBrand, PortalPage
from apps.portals.palette import dark_shade, light_shade

_A_YEAR = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Brand:
    """What the frame of a page shows: addresses are "" where the account has nothing of its own."""

    name: str = ""
    tagline: str = ""
    logo_url: str = ""
    style_url: str = ""
    has_guides: bool = False
    has_support: bool = False


def brand_in_pages(request: HttpRequest) -> dict[str, Any]:
    """Context of every template: `portal_brand`, read when a page of the portal asks for it."""
    return {"portal_brand": SimpleLazyObject(lambda: read_brand(request))}


def read_brand(request: HttpRequest) -> Brand:
    """The brand of the installation's portal, and which kinds of pages this visitor finds in it."""
    row = home_brand(request)
    mine = {"account_id": row.pk} if row is not None and row.domain_name == _host(request) else {}
    slugs = set(
        PortalPage.objects.filter(shown_to(request.user), published=True, **mine)
        .exclude(slug=PortalPage.HOME)
        .values_list("slug", flat=True)[:50]
    )
    has_guides, has_support = bool(slugs - {PortalPage.SUPPORT}), PortalPage.SUPPORT in slugs
    if row is None:
        return Brand(has_guides=has_guides, has_support=has_support)
    version = hashlib.sha256(f"{row.brand_color} {row.brand_color_dark}".encode()).hexdigest()[:12]
    return Brand(
        name=row.name,
        tagline=row.tagline,
        logo_url=f"{reverse('developer:brand_logo', args=[row.pk])}?v={row.logo_digest}" if row.logo_digest else "",
        style_url=f"{reverse('developer:brand_style', args=[row.pk])}?v={version}" if row.brand_color else "",
        has_guides=has_guides,
        has_support=has_support,
    )


def home_brand(request: HttpRequest) -> PortalBrand | None:
    """The brand of the name by which the visitor comes, else of the oldest account that has one. Pictures are left out: they are
    served at their own address."""
    first = Case(When(domain_name=_host(request), then=0), default=1)
    return PortalBrand.objects.defer("logo").order_by(first, "account__created", "pk").first()


def account_named(request: HttpRequest) -> str:
    """The account by whose own name the visitor comes, to whose products and pages the portal keeps then; "" by other names."""
    return PortalBrand.objects.filter(domain_name=_host(request)).values_list("pk", flat=True).first() or ""


def home_account(request: HttpRequest) -> str:
    """The account whose portal this is: the one of the brand, else the oldest; "" in an installation without any."""
    row = home_brand(request)
    return row.pk if row else Account.objects.order_by("created", "pk").values_list("pk", flat=True).first() or ""


def _host(request: HttpRequest) -> str:
    """The name in the request, without its port. It is one that the portal answers to: Django has checked it."""
    # Nothing is named by an empty text.
    return request.get_host().lower().partition(":")[0] or "-"


@require_safe
def brand_style(request: HttpRequest, account_id: str) -> HttpResponse:
    """The account's colours as a style sheet. They were checked to be colours when they were chosen, and are read as such again."""
    row = PortalBrand.objects.defer("logo").filter(pk=account_id).exclude(brand_color="").first()
    if row is None:
        raise Http404("No colours.")
    light, dark = light_shade(row.brand_color), dark_shade(row.brand_color_dark, row.brand_color)
    text = (
        "@layer room { :root { "
        f"--brand: light-dark({light.color}, {dark.color}); --brand-ink: light-dark({light.ink}, {dark.ink}); "
        "} }\n"
    )
    return HttpResponse(text, content_type="text/css; charset=utf-8", headers={"Cache-Control": _A_YEAR})


@require_safe
def brand_logo(request: HttpRequest, account_id: str) -> HttpResponse:
    """The account's logo. Opened by itself it is a download, and may do nothing."""
    row = PortalBrand.objects.filter(pk=account_id).exclude(logo_digest="").first()
    if row is None or row.logo is None:
        raise Http404("No logo.")
    kind = row.logo_content_type.partition("/")[2]
    return HttpResponse(
        bytes(row.logo),
        content_type=row.logo_content_type,
        headers={
            "Cache-Control": _A_YEAR,
            "Content-Disposition": f'attachment; filename="logo.{kind}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )
