"""Portals: what they look like, whom they are for, and their products. Visitors see a change after the next PublishPortal."""

from __future__ import annotations

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, TooManyRequestsException
from apps.control_plane.locking import hold
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.tags import drop_tags, put_tags, tags_of, tags_of_all
from apps.control_plane.v2.members import find_in, page, paged
from apps.control_plane.v2.portal_checks import (
    checked_authorization,
    checked_colors,
    checked_products,
    set_endpoint,
)
from apps.control_plane.v2.portal_logos import set_logo, with_logo
from apps.portals.aws_portals import Portal
from apps.portals.previews import current_preview, preview_url

MAX_PORTALS = 15
# The zone of Amazon CloudFront, which is the same for everybody.
_HOSTED_ZONE = "Z2FDTNDATAQYW2"


@operation("CreatePortal", service="apigatewayv2", prepare=with_logo)
def create_portal(caller: Caller, request: Shape) -> Shape:
    """A new portal. It is DISABLED: nobody can visit it before it is published."""
    if Portal.objects.filter(account_id=caller.account_id, region=caller.region).count() >= MAX_PORTALS:
        raise TooManyRequestsException(
            "Maximum number of portals has been reached. Please contact AWS if you need additional portals."
        )
    row = Portal(account_id=caller.account_id, region=caller.region)
    _assign(row, request)
    row.save()
    put_tags(caller, portal_path(row.portal_id), request.get("Tags"))
    shape = _shape(row, tags_of(caller, portal_path(row.portal_id)))
    shape.pop("Preview", None)
    return shape


@operation("GetPortal", service="apigatewayv2")
def get_portal(caller: Caller, request: Shape) -> Shape:
    """One portal."""
    row = find_portal(caller, request)
    return _shape(row, tags_of(caller, portal_path(row.portal_id)))


@operation("ListPortals", service="apigatewayv2")
def list_portals(caller: Caller, request: Shape) -> Shape:
    """The portals of the account in the region."""
    rows = Portal.objects.filter(account_id=caller.account_id, region=caller.region)
    found, token = page(rows.defer("logo").select_related("preview"), request, "pk")
    tags = tags_of_all(caller, [portal_path(row.portal_id) for row in found])
    return paged([_shape(row, tags[portal_path(row.portal_id)]) for row in found], token)


@operation("UpdatePortal", service="apigatewayv2", prepare=with_logo)
def update_portal(caller: Caller, request: Shape) -> Shape:
    """Change a portal; what visitors see of it changes when it is published again."""
    row = find_portal(caller, request)
    hold(row)
    refuse_while_busy(row)
    _assign(row, request)
    row.save()
    return _shape(row, tags_of(caller, portal_path(row.portal_id)))


@operation("DeletePortal", service="apigatewayv2")
def delete_portal(caller: Caller, request: Shape) -> Shape:
    """Delete a portal that is disabled. One that is not there is deleted already: AWS's model has no other answer."""
    row = Portal.objects.filter(
        account_id=caller.account_id, region=caller.region, portal_id=request["PortalId"]
    ).first()
    if row is None:
        return {}
    hold(row)
    if row.status != Portal.Status.DISABLED:
        raise BadRequestException("The portal must be disabled before it can be deleted")
    drop_tags(caller, portal_path(row.portal_id))
    row.delete()
    return {}


def find_portal(caller: Caller, request: Shape) -> Portal:
    """A portal of the caller's; raises NotFoundException."""
    rows = Portal.objects.filter(account_id=caller.account_id, region=caller.region)
    return find_in(rows.select_related("preview"), "Portal", portal_id=request["PortalId"])


def refuse_while_busy(row: Portal) -> None:
    """Raises ConflictException while the portal is being published or a preview of it is being made."""
    if row.status == Portal.Status.PUBLISH_IN_PROGRESS:
        raise ConflictException(f"Portal {row.portal_id} is being published. Please try again later.")
    if row.preview_status == Portal.PreviewStatus.IN_PROGRESS:
        raise ConflictException(f"A preview of portal {row.portal_id} is being created. Please try again later.")


def portal_path(portal_id: str) -> str:
    return f"/portals/{portal_id}"


def _assign(row: Portal, request: Shape) -> None:
    content = request.get("PortalContent")
    if content is not None:
        row.display_name, row.description = content["DisplayName"], content.get("Description") or ""
        row.colors = checked_colors(content["Theme"]["CustomColors"])
    if request.get("Authorization") is not None:
        row.authorization = checked_authorization(request["Authorization"], row.region)
    if request.get("EndpointConfiguration") is not None:
        set_endpoint(row, request["EndpointConfiguration"])
    if request.get("IncludedPortalProductArns") is not None:
        row.product_arns = checked_products(row, request["IncludedPortalProductArns"])
    if request.get("RumAppMonitorName") is not None:
        row.rum_app_monitor_name = request["RumAppMonitorName"]
    set_logo(row, request)


def _shape(row: Portal, tags: dict[str, str]) -> Shape:
    """AWS's Portal."""
    optional = {
        "LastPublished": row.last_published,
        "LastPublishedDescription": row.last_published_description or None,
        "RumAppMonitorName": row.rum_app_monitor_name or None,
        "StatusException": row.status_exception,
        "Preview": _preview(row),
    }
    return {
        "PortalId": row.portal_id,
        "PortalArn": row.arn,
        "PortalContent": _content(row),
        "Authorization": row.authorization,
        "EndpointConfiguration": _endpoint(row),
        "IncludedPortalProductArns": row.product_arns,
        "LastModified": row.last_modified,
        "PublishStatus": str(row.status),
        "Tags": tags,
        **{name: value for name, value in optional.items() if value is not None},
    }


def _content(row: Portal) -> Shape:
    theme: Shape = {"CustomColors": row.colors}
    if row.logo_uploaded is not None:
        theme["LogoLastUploaded"] = row.logo_uploaded
    content: Shape = {"DisplayName": row.display_name, "Theme": theme}
    return {**content, "Description": row.description} if row.description else content


def _endpoint(row: Portal) -> Shape:
    endpoint = {
        "PortalDefaultDomainName": row.default_domain_name,
        "PortalDomainHostedZoneId": _HOSTED_ZONE,
    }
    if row.domain_name:
        endpoint |= {"DomainName": row.domain_name, "CertificateArn": row.certificate_arn}
    return endpoint


def _preview(row: Portal) -> Shape | None:
    if row.preview_status == Portal.PreviewStatus.READY:
        publication = current_preview(row)
        if publication is None:
            return None
        return {"PreviewStatus": "PREVIEW_READY", "PreviewUrl": preview_url(publication)}
    if not row.preview_status:
        return None
    shape: Shape = {"PreviewStatus": str(row.preview_status)}
    return {**shape, "StatusException": row.preview_exception} if row.preview_exception else shape
