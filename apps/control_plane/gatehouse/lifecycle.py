"""The life of products: what changed in them, and that they end."""

from __future__ import annotations

from datetime import date

from django.utils import timezone

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, LimitExceededException, NotFoundException
from apps.control_plane.gatehouse.notices import tell_of_change, tell_of_deprecation
from apps.control_plane.gatehouse.products import find_product, product_shape
from apps.control_plane.paging import page, paged
from apps.control_plane.registry import Shape, operation
from apps.portals.models import ChangelogEntry

MAX_ENTRIES = 1_000


@operation("DeprecateProduct", "gatehouse")
def deprecate_product(caller: Caller, request: Shape) -> Shape:
    """Say that a product ends, why, when, and what to use instead. It goes on to work; subscribers are told."""
    row = find_product(caller, request["productId"])
    row.successor = find_product(caller, request["successorId"]) if request.get("successorId") else None
    if row.successor == row:
        raise BadRequestException("A product cannot be its own successor")
    row.sunset = _date(request["sunsetDate"]) if request.get("sunsetDate") else None
    row.deprecated = row.deprecated or timezone.now()
    row.deprecation_notice = request["notice"]
    row.save()
    tell_of_deprecation(caller, row)
    return product_shape(find_product(caller, row.product_id))


@operation("ReinstateProduct", "gatehouse")
def reinstate_product(caller: Caller, request: Shape) -> Shape:
    """Take a deprecation back."""
    row = find_product(caller, request["productId"])
    row.deprecated, row.sunset, row.deprecation_notice, row.successor = None, None, "", None
    row.save()
    return product_shape(find_product(caller, row.product_id))


@operation("CreateChangelogEntry", "gatehouse")
def create_changelog_entry(caller: Caller, request: Shape) -> Shape:
    """Tell what changed in a product; with `notify` its subscribers get it by e-mail."""
    product = find_product(caller, request["productId"])
    if product.changelog.count() >= MAX_ENTRIES:
        raise LimitExceededException(f"A product can have at most {MAX_ENTRIES} changelog entries. Delete one first.")
    row = ChangelogEntry.objects.create(
        product=product,
        title=request["title"],
        version=request.get("version") or "",
        body=request.get("body") or "",
    )
    tell_of_change(caller, row, mail=bool(request.get("notify")))
    return _shape(row)


@operation("ListChangelogEntries", "gatehouse")
def list_changelog_entries(caller: Caller, request: Shape) -> Shape:
    """What changed in a product, latest first."""
    rows = find_product(caller, request["productId"]).changelog.select_related("product")
    found, position = page(rows, request, "-pk")
    return paged([_shape(row) for row in found], position)


@operation("DeleteChangelogEntry", "gatehouse")
def delete_changelog_entry(caller: Caller, request: Shape) -> Shape:
    """Take an entry back. Mail that was sent is sent."""
    product = find_product(caller, request["productId"])
    deleted, _ = product.changelog.filter(entry_id=request["entryId"]).delete()
    if not deleted:
        raise NotFoundException("Invalid changelog entry identifier specified")
    return {}


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadRequestException("Invalid sunsetDate specified: it must be a day like 2027-03-31") from error


def _shape(row: ChangelogEntry) -> Shape:
    return {
        "entryId": row.entry_id,
        "productId": row.product.product_id,
        "title": row.title,
        "version": row.version,
        "body": row.body,
        "createdDate": row.created,
    }
