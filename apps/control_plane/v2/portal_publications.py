"""Publishing portals: Celery makes the publication; until it is whole, visitors see the one before."""

from __future__ import annotations

from apps.control_plane.caller import Caller
from apps.control_plane.errors import ConflictException
from apps.control_plane.locking import hold
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v2.portals import find_portal, refuse_while_busy
from apps.portals import tasks
from apps.portals.aws_portals import Portal
from apps.portals.publications import after_commit


@operation("PublishPortal", service="apigatewayv2")
def publish_portal(caller: Caller, request: Shape) -> Shape:
    """Publish a portal as it is now: PUBLISH_IN_PROGRESS, then PUBLISHED or PUBLISH_FAILED."""
    row = find_portal(caller, request)
    hold(row)
    refuse_while_busy(row)
    row.status, row.status_exception = Portal.Status.PUBLISH_IN_PROGRESS, None
    row.publishing_description = request.get("Description") or ""
    row.save(update_fields=["status", "status_exception", "publishing_description"])
    after_commit(tasks.publish_portal, row)
    return {}


@operation("PreviewPortal", service="apigatewayv2")
def preview_portal(caller: Caller, request: Shape) -> Shape:
    """Make a preview of a portal as it is now, in the place of the one before. GetPortal tells its address."""
    row = find_portal(caller, request)
    hold(row)
    refuse_while_busy(row)
    row.preview_status, row.preview_exception = Portal.PreviewStatus.IN_PROGRESS, None
    row.save(update_fields=["preview_status", "preview_exception"])
    after_commit(tasks.preview_portal, row)
    return {}


@operation("DisablePortal", service="apigatewayv2")
def disable_portal(caller: Caller, request: Shape) -> Shape:
    """Take a portal off the web, at once. Its publications go; publishing it again makes a new one."""
    row = find_portal(caller, request)
    hold(row)
    if row.status == Portal.Status.PUBLISH_IN_PROGRESS:
        raise ConflictException(f"Portal {row.portal_id} is being published. Please try again later.")
    row.status, row.status_exception, row.live = Portal.Status.DISABLED, None, None
    row.save(update_fields=["status", "status_exception", "live"])
    row.publications.filter(is_preview=False).delete()
    return {}
