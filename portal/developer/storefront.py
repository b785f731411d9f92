"""The pages that everybody sees: the landing page, the catalogue and a product's page."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from apps.control_plane.errors import BadRequestException
from portal.developer import catalogue
from portal.developer.addresses import mcp_url
from portal.developer.applications import applications_for
from portal.developer.brand import account_named
from portal.developer.first_call import first_call
from portal.developer.portals.visit import portal_named
from portal.developer.prose import render_markdown
from portal.developer.written_pages import home_text

FEATURED = 6
SHOWN_CHANGES = 10


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """What this portal is, how one starts, and the first products. By the name of one of API Gateway's portals one lands in that."""
    named = portal_named(request.get_host())
    if named:
        return redirect("developer:portal", named)
    offers = catalogue.offers(request.user, account=account_named(request))
    return render(
        request,
        "developer/landing.html",
        {
            "section": "",
            "offers": offers[:FEATURED],
            "more": len(offers) > FEATURED,
            "samples": first_call(request, offers),
            "home": home_text(request),
        },
    )


@require_safe
def products(request: HttpRequest) -> HttpResponse:
    """The catalogue; a search by htmx gets the cards alone."""
    search = request.GET.get("q", "").strip()
    try:
        offers, following = catalogue.offers_page(
            request.user,
            search,
            request.GET.get("position", ""),
            catalogue.PAGE_SIZE,
            account=account_named(request),
        )
    except BadRequestException as error:
        raise Http404(error.message) from error
    next_url = "?" + urlencode({**({"q": search} if search else {}), "position": following}) if following else ""
    context = {"section": "products", "offers": offers, "search": search, "next_url": next_url}
    fragment = request.headers.get("HX-Target") == "products"
    response = render(request, "developer/parts/products.html" if fragment else "developer/products.html", context)
    response["Vary"] = "HX-Target, Cookie"
    return response


@require_safe
def product(request: HttpRequest, slug: str) -> HttpResponse:
    """A product: what it is, its plans, its APIs, and the reader's own access to it."""
    offer = catalogue.offer(request.user, slug)
    applications = applications_for(request.user, offer.product)
    return render(
        request,
        "developer/product.html",
        {
            "section": "products",
            "offer": offer,
            "description": render_markdown(offer.product.description),
            "changelog": [
                {"row": entry, "body": render_markdown(entry.body)}
                for entry in offer.product.changelog.order_by("-created", "-pk")[:SHOWN_CHANGES]
            ],
            "applications": applications,
            "my_plans": {access.plan_id for access in applications if access.active},
            "asked_plans": {access.plan_id for access in applications if access.pending},
            "samples": first_call(request, [offer]),
            "mcp_url": mcp_url(offer.slug) if offer.product.mcp else "",
        },
    )
