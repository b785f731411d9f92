"""Audiences: groups of people, by address or by domain, to whom products and pages of the portal are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, LimitExceededException, NotFoundException
from apps.control_plane.paging import page, paged
from apps.control_plane.registry import Shape, operation
from apps.portals.models import Audience, AudienceEntry, Visibility

MAX_AUDIENCES = 100
MAX_ENTRIES = 1_000
_ENTRY = re.compile(r"[^\s@,;]{0,64}@[a-z0-9-]+(\.[a-z0-9-]+)+")


@operation("PutAudience", "gatehouse")
def put_audience(caller: Caller, request: Shape) -> Shape:
    """Make or replace an audience; who leaves it sees no more of what was shown to it alone."""
    name, entries = request["audienceName"], _entries(request["entries"])
    row = Audience.objects.filter(account_id=caller.account_id, name=name).first()
    if row is None:
        if Audience.objects.filter(account_id=caller.account_id).count() >= MAX_AUDIENCES:
            raise LimitExceededException(f"An account can have at most {MAX_AUDIENCES} audiences. Delete one first.")
        row = Audience.objects.create(account_id=caller.account_id, name=name)
    row.entries.exclude(value__in=entries).delete()
    known = set(row.entries.values_list("value", flat=True))
    AudienceEntry.objects.bulk_create(AudienceEntry(audience=row, value=one) for one in entries if one not in known)
    return _shape(row)


@operation("GetAudience", "gatehouse")
def get_audience(caller: Caller, request: Shape) -> Shape:
    """One audience."""
    return _shape(_find(caller, request))


@operation("ListAudiences", "gatehouse")
def list_audiences(caller: Caller, request: Shape) -> Shape:
    """The account's audiences, by name."""
    rows = Audience.objects.filter(account_id=caller.account_id).prefetch_related("entries")
    found, position = page(rows, request, "name")
    return paged([_shape(row) for row in found], position)


@operation("DeleteAudience", "gatehouse")
def delete_audience(caller: Caller, request: Shape) -> Shape:
    """Delete an audience, unless something is shown to it: that would then be shown to nobody."""
    row = _find(caller, request)
    if row.products.exists() or row.pages.exists():
        raise ConflictException(f"Products or pages are shown to {row.name}. Choose another audience for them first.")
    row.delete()
    return {}


def chosen_audiences(caller: Caller, visibility: str, names: Iterable[str]) -> list[Audience]:
    """The audiences that a product or a page names; those of other visibilities have none."""
    if visibility != Visibility.AUDIENCE:
        return []
    wanted = set(names)
    found = list(Audience.objects.filter(account_id=caller.account_id, name__in=wanted))
    missing = wanted - {row.name for row in found}
    if missing:
        raise BadRequestException(f"Invalid audience specified: {min(missing)[:64]}")
    if not found:
        raise BadRequestException("What is shown to chosen audiences needs at least one")
    return found


def _entries(given: Iterable[str]) -> list[str]:
    entries = list(dict.fromkeys(entry.strip().lower() for entry in given))
    if len(entries) > MAX_ENTRIES:
        raise BadRequestException(f"An audience has at most {MAX_ENTRIES} entries")
    for entry in entries:
        if len(entry) > 254 or not _ENTRY.fullmatch(entry):
            raise BadRequestException(f"{entry[:64]} is no address (ada@example.com) and no domain (@example.com)")
    return entries


def _find(caller: Caller, request: Shape) -> Audience:
    row = Audience.objects.filter(account_id=caller.account_id, name=request["audienceName"]).first()
    if row is None:
        raise NotFoundException("Invalid audience name specified")
    return row


def _shape(row: Audience) -> Shape:
    return {"audienceName": row.name, "entries": sorted(entry.value for entry in row.entries.all())}
