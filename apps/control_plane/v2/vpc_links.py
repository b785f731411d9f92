"""VPC links of V2: into the subnets of a VPC."""

from __future__ import annotations

import re

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, TooManyRequestsException
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.tags import drop_tags, put_tags, tags_of, tags_of_all, vpc_link_path
from apps.control_plane.v1.vpc_links import refuse_while_referenced
from apps.control_plane.v2.members import find_in, page, paged, shape_of
from apps.deployments import publisher
from apps.v2_apis.models import Integration, VpcLink

MAX_LINKS = 10

_MEMBERS = {
    "VpcLinkId": "link_id",
    "Name": "name",
    "SubnetIds": "subnet_ids",
    "CreatedDate": "created",
    "VpcLinkStatus": "status",
}


@operation("CreateVpcLink", service="apigatewayv2")
def create_vpc_link(caller: Caller, request: Shape) -> Shape:
    """A new link. It is PENDING in this answer, and AVAILABLE soon after."""
    _check_name(request["Name"])
    _check_ids(request["SubnetIds"], "subnet", required=True)
    _check_ids(request.get("SecurityGroupIds") or [], "sg", required=False)
    if VpcLink.objects.filter(account_id=caller.account_id, region=caller.region).count() >= MAX_LINKS:
        raise TooManyRequestsException(
            "Maximum number of VPC links has been reached. Please contact AWS if you need additional VPC links."
        )
    row = VpcLink.objects.create(
        account_id=caller.account_id,
        region=caller.region,
        name=request["Name"],
        subnet_ids=request["SubnetIds"],
        security_group_ids=request.get("SecurityGroupIds") or [],
    )
    put_tags(caller, vpc_link_path(row.link_id), request.get("Tags"))
    publisher.publish_links(caller.account_id, caller.region)
    return _shape(row, tags_of(caller, vpc_link_path(row.link_id)))


@operation("GetVpcLink", service="apigatewayv2")
def get_vpc_link(caller: Caller, request: Shape) -> Shape:
    """One link."""
    row = _find(caller, request)
    return _shape(row, tags_of(caller, vpc_link_path(row.link_id)))


@operation("GetVpcLinks", service="apigatewayv2")
def get_vpc_links(caller: Caller, request: Shape) -> Shape:
    """The links of the account in the region."""
    rows = VpcLink.objects.filter(account_id=caller.account_id, region=caller.region)
    found, token = page(rows, request, "pk")
    tags = tags_of_all(caller, [vpc_link_path(row.link_id) for row in found])
    return paged([_shape(row, tags[vpc_link_path(row.link_id)]) for row in found], token)


@operation("UpdateVpcLink", service="apigatewayv2")
def update_vpc_link(caller: Caller, request: Shape) -> Shape:
    """Change a link's name; its subnets and security groups stay."""
    row = _find(caller, request)
    if "Name" in request:
        _check_name(request["Name"])
        row.name = request["Name"]
        row.save(update_fields=["name"])
    return _shape(row, tags_of(caller, vpc_link_path(row.link_id)))


@operation("DeleteVpcLink", service="apigatewayv2")
def delete_vpc_link(caller: Caller, request: Shape) -> Shape:
    """Delete a link that no integration uses."""
    row = _find(caller, request)
    used = Integration.objects.filter(
        api__account_id=caller.account_id, api__region=caller.region, connection_id=row.link_id
    )
    apis = sorted(set(used.values_list("api_id", flat=True)))
    if apis:
        raise BadRequestException(
            f"Cannot delete vpc link. Vpc link '{row.link_id}' is referenced by integrations of the APIs [{', '.join(apis)}]"
        )
    refuse_while_referenced(caller, row.link_id)
    drop_tags(caller, vpc_link_path(row.link_id))
    row.delete()
    publisher.publish_links(caller.account_id, caller.region)
    return {}


def _find(caller: Caller, request: Shape) -> VpcLink:
    rows = VpcLink.objects.filter(account_id=caller.account_id, region=caller.region)
    return find_in(rows, "VpcLink", link_id=request["VpcLinkId"])


def _shape(row: VpcLink, tags: dict[str, str]) -> Shape:
    """AWS's VpcLink."""
    message = "VPC link is ready to route traffic" if row.status == "AVAILABLE" else "VPC link is provisioning ENIs"
    return {
        **shape_of(row, _MEMBERS),
        "SecurityGroupIds": row.security_group_ids,
        "VpcLinkStatusMessage": message,
        "VpcLinkVersion": "V2",
        "Tags": tags,
    }


def _check_name(name: str) -> None:
    if not 1 <= len(name) <= 128:
        raise BadRequestException("VPC link name must be between 1 and 128 characters")


def _check_ids(values: list[str], kind: str, *, required: bool) -> None:
    if required and not values:
        raise BadRequestException(f"At least one {kind} ID is required")
    for value in values:
        if not re.fullmatch(rf"{kind}-[0-9a-z]+", value):
            raise BadRequestException(f"Invalid {kind} ID specified: {value}")
