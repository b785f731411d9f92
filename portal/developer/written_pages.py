"""Pages that an account wrote: guides, and how to get support."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.portals.audiences import shown_to
from apps.portals.models import PortalPage
from portal.developer.applications import Visitor
from portal.developer.brand import account_named, home_account
from portal.developer.prose import render_markdown

_MOST_GUIDES = 200


@never_cache
@require_safe
def guides(request: HttpRequest) -> HttpResponse:
    """All guides that the visitor is shown."""
    return render(request, "developer/guides.html", {"section": "guides", "guides": guides_for(request)})


@never_cache
@require_safe
def guide(request: HttpRequest, slug: str) -> HttpResponse:
    """One guide, with the others beside it."""
    found = guides_for(request)
    page = next((one for one in found if one.slug == slug), None)
    if page is None:
        raise Http404("No such guide.")
    context = {"section": "guides", "page": page, "guides": found, "body": render_markdown(page.body)}
    return render(request, "developer/written_page.html", context)


@never_cache
@require_safe
def support(request: HttpRequest) -> HttpResponse:
    """How to get help."""
    page = _shown(request.user).filter(slug=PortalPage.SUPPORT, account_id=home_account(request)).first()
    if page is None:
        raise Http404("Nothing is written about support.")
    context = {"section": "support", "page": page, "body": render_markdown(page.body)}
    return render(request, "developer/written_page.html", context)


def home_text(request: HttpRequest) -> SafeString | None:
    """What the account says on the landing page; None where it says nothing to this visitor."""
    page = _shown(request.user).filter(slug=PortalPage.HOME, account_id=home_account(request)).first()
    return render_markdown(page.body) if page else None


def guides_for(request: HttpRequest) -> list[PortalPage]:
    """The guides that the visitor is shown, in their order; by an account's own name, those of that account."""
    special = [PortalPage.HOME, PortalPage.SUPPORT]
    rows, account = _shown(request.user), account_named(request)
    if account:
        rows = rows.filter(account_id=account)
    return list(rows.exclude(slug__in=special).order_by("position", "title", "pk")[:_MOST_GUIDES])


def _shown(visitor: Visitor) -> QuerySet[PortalPage]:
    """Somebody may be in several audiences of one page."""
    shown = PortalPage.objects.filter(shown_to(visitor), published=True).values("pk")
    return PortalPage.objects.filter(pk__in=shown)
