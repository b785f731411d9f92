"""Pages of the developer portal: what an account writes besides its products' own descriptions."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.control_plane.caller import Caller
from apps.control_plane.errors import ConflictException, LimitExceededException, NotFoundException
from apps.control_plane.gatehouse.audiences import chosen_audiences
from apps.control_plane.paging import page, paged
from apps.control_plane.registry import Shape, operation
from apps.portals.models import PortalPage, Visibility

MAX_PAGES = 200


@operation("PutPortalPage", "gatehouse")
def put_portal_page(caller: Caller, request: Shape) -> Shape:
    """Make or replace a page. The address of a guide is used once in the whole installation, as a product's is."""
    slug, mine = request["slug"], _mine(caller)
    row = mine.filter(slug=slug).first()
    if row is None:
        row = PortalPage(account_id=caller.account_id, slug=slug)
        if row.guide and PortalPage.objects.filter(slug=slug).exists():
            raise ConflictException(f"A page with the slug {slug} already exists")
        if mine.count() >= MAX_PAGES:
            raise LimitExceededException(f"An account can have at most {MAX_PAGES} pages. Delete one first.")
    row.visibility = request.get("visibility") or Visibility.PUBLIC
    audiences = chosen_audiences(caller, row.visibility, request.get("audiences") or [])
    row.title, row.body = request["title"], request.get("body") or ""
    row.position = request.get("position") or 0
    row.published = request.get("published") is not False
    row.save()
    row.audiences.set(audiences)
    return _shape(row)


@operation("GetPortalPage", "gatehouse")
def get_portal_page(caller: Caller, request: Shape) -> Shape:
    """One page."""
    return _shape(_find(caller, request))


@operation("ListPortalPages", "gatehouse")
def list_portal_pages(caller: Caller, request: Shape) -> Shape:
    """The account's pages, by slug."""
    found, position = page(_mine(caller).prefetch_related("audiences"), request, "slug")
    return paged([_shape(row) for row in found], position)


@operation("DeletePortalPage", "gatehouse")
def delete_portal_page(caller: Caller, request: Shape) -> Shape:
    """Delete a page."""
    _find(caller, request).delete()
    return {}


def _mine(caller: Caller) -> QuerySet[PortalPage]:
    return PortalPage.objects.filter(account_id=caller.account_id)


def _find(caller: Caller, request: Shape) -> PortalPage:
    row = _mine(caller).filter(slug=request["slug"]).first()
    if row is None:
        raise NotFoundException("Invalid page slug specified")
    return row


def _shape(row: PortalPage) -> Shape:
    return {
        "slug": row.slug,
        "title": row.title,
        "body": row.body,
        "visibility": str(row.visibility),
        "audiences": sorted(audience.name for audience in row.audiences.all()),
        "position": row.position,
        "published": row.published,
        "updatedDate": row.updated,
    }
