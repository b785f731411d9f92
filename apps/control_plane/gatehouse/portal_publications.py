"""Earlier publications of API Gateway's portals, and the way back to them. AWS has none: there one publishes anew."""

from __future__ import annotations

from apps.control_plane.caller import Caller
from apps.control_plane.errors import ConflictException, NotFoundException
from apps.control_plane.locking import hold
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v2.portals import find_portal, refuse_while_busy
from apps.portals.aws_portals import Portal, PortalPublication
from apps.portals.publications import put_in_place


@operation("ListPortalPublications", "gatehouse")
def list_portal_publications(caller: Caller, request: Shape) -> Shape:
    """What is kept, newest first: the live publication and those before it. A portal that is disabled has none."""
    portal = find_portal(caller, {"PortalId": request["portalId"]})
    rows = portal.publications.filter(is_preview=False).defer("document", "logo").order_by("-pk")
    return {"items": [_shape(portal, row) for row in rows]}


@operation("RollBackPortal", "gatehouse")
def roll_back_portal(caller: Caller, request: Shape) -> Shape:
    """Have visitors see an earlier publication. The portal itself stays as it is; publishing it shows that again."""
    portal = find_portal(caller, {"PortalId": request["portalId"]})
    hold(portal)
    refuse_while_busy(portal)
    publication = _wanted(portal, request.get("publicationId"))
    put_in_place(portal, publication)
    portal.save()
    return _shape(portal, publication)


def _wanted(portal: Portal, publication_id: str | None) -> PortalPublication:
    rows = portal.publications.filter(is_preview=False).defer("document", "logo")
    if publication_id is not None:
        found = next((row for row in rows if str(row.pk) == publication_id), None)
        if found is None:
            raise NotFoundException(f"Unable to find PortalPublication by id {publication_id}")
        return found
    before = rows.filter(pk__lt=portal.live_id).order_by("-pk").first() if portal.live_id is not None else None
    if before is None:
        raise ConflictException(f"Portal {portal.portal_id} has no publication before the one that visitors see")
    return before


def _shape(portal: Portal, row: PortalPublication) -> Shape:
    return {
        "publicationId": str(row.pk),
        "description": row.description,
        "createdDate": row.created,
        "live": row.pk == portal.live_id,
    }
