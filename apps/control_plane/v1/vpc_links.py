"""VPC links (V1): names for the load balancers of private integrations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, too_many
from apps.control_plane.locking import hold
from apps.control_plane.paging import page, paged
from apps.control_plane.patching import LISTS_PATHS, Patch, PatchTable, Rule, optional_text, replaceable
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.tags import drop_tags, put_tags, tags_of, tags_of_all, vpc_link_path
from apps.core import documents
from apps.deployments import publisher
from apps.deployments.models import Stage
from apps.rest_apis.models import Integration
from apps.vpc_links.models import VpcLink

MAX_LINKS = 20
MAX_NAME = 1024
_DRAFT = "test-invoke-stage"
_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d{12}:.+")
_LOAD_BALANCER = re.compile(r"arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:loadbalancer/net/[^/]+/[^/]+")
_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}")


@operation("CreateVpcLink")
def create_vpc_link(caller: Caller, request: Shape) -> Shape:
    """A new link to one network load balancer. It is PENDING in this answer, and AVAILABLE soon after."""
    name = _checked_name(request["name"])
    targets = _checked_targets(request["targetArns"])
    if VpcLink.objects.filter(account_id=caller.account_id, region=caller.region).count() >= MAX_LINKS:
        raise too_many("Vpc Links")
    row = VpcLink.objects.create(
        account_id=caller.account_id,
        region=caller.region,
        name=name,
        description=request.get("description"),
        target_arns=targets,
    )
    put_tags(caller, vpc_link_path(row.link_id), request.get("tags"))
    publisher.publish_links(caller.account_id, caller.region)
    return vpc_link_shape(row, tags_of(caller, vpc_link_path(row.link_id)))


@operation("GetVpcLink")
def get_vpc_link(caller: Caller, request: Shape) -> Shape:
    """One link."""
    row = find_vpc_link(caller, request["vpcLinkId"])
    return vpc_link_shape(row, tags_of(caller, vpc_link_path(row.link_id)))


@operation("GetVpcLinks")
def get_vpc_links(caller: Caller, request: Shape) -> Shape:
    """The links, oldest first."""
    rows, position = page(VpcLink.objects.filter(account_id=caller.account_id, region=caller.region), request, "pk")
    tags = tags_of_all(caller, [vpc_link_path(row.link_id) for row in rows])
    return paged([vpc_link_shape(row, tags[vpc_link_path(row.link_id)]) for row in rows], position)


@operation("UpdateVpcLink")
def update_vpc_link(caller: Caller, request: Shape) -> Shape:
    """Patch a link's name and description; its targets stay."""
    row = find_vpc_link(caller, request["vpcLinkId"])
    hold(row)
    _PATCHES.apply(row, request.get("patchOperations"))
    row.save()
    return vpc_link_shape(row, tags_of(caller, vpc_link_path(row.link_id)))


@operation("DeleteVpcLink")
def delete_vpc_link(caller: Caller, request: Shape) -> Shape:
    """Delete a link that no integration uses, neither in an API as it is edited nor in one that a stage serves."""
    row = find_vpc_link(caller, request["vpcLinkId"])
    refuse_while_referenced(caller, row.link_id)
    row.delete()
    publisher.publish_links(caller.account_id, caller.region)
    drop_tags(caller, vpc_link_path(row.link_id))
    return {}


def refuse_while_referenced(caller: Caller, link_id: str) -> None:
    """Raises BadRequestException while a REST API uses a link (of either kind), as it is edited or as a stage serves it."""
    references = [*_in_drafts(caller, link_id), *_in_stages(caller, link_id)]
    if references:
        raise BadRequestException(
            f"Cannot delete vpc link. Vpc link '{link_id}', is referenced in [{', '.join(references)}] in format of "
            "[RESTApiId:Method:Resource:Stage]."
        )


def find_vpc_link(caller: Caller, link_id: str) -> VpcLink:
    """A link of the caller; raises NotFoundException in AWS's words."""
    return caller.find(VpcLink, "Invalid Vpc Link identifier specified", link_id=link_id)


def vpc_link_shape(row: VpcLink, tags: dict[str, str] | None = None) -> Shape:
    """AWS's VpcLink."""
    members: dict[str, Any] = {
        "id": row.link_id,
        "name": row.name,
        "description": row.description,
        "targetArns": row.target_arns,
        "status": row.status,
        "tags": tags or None,
    }
    return {name: value for name, value in members.items() if value is not None}


def _in_drafts(caller: Caller, link_id: str) -> Iterator[str]:
    """Where APIs use the link as they are being edited."""
    rows = Integration.objects.filter(
        method__resource__rest_api__account_id=caller.account_id,
        method__resource__rest_api__region=caller.region,
        connection_type="VPC_LINK",
        connection_id=link_id,
    ).select_related("method__resource")
    for row in rows.order_by("pk"):
        resource = row.method.resource
        yield f"{resource.rest_api_id}:{row.method.http_method}:{resource.resource_id}:{_DRAFT}"


def _in_stages(caller: Caller, link_id: str) -> Iterator[str]:
    """Where stages use the link, by its id or by a stage variable."""
    stages = Stage.objects.filter(
        rest_api__account_id=caller.account_id,
        rest_api__region=caller.region,
        deployment__document__contains="VPC_LINK",
    ).select_related("deployment")
    for stage in stages.order_by("pk"):
        document = documents.decode(stage.deployment.document)
        assert isinstance(document, documents.DeploymentDocument)
        for resource in document.resources:
            for method in resource.methods:
                used = _resolved(method.integration.connection_id, stage.variables)
                if method.integration.connection_type == "VPC_LINK" and used == link_id:
                    yield f"{stage.rest_api_id}:{method.http_method}:{resource.id}:{stage.name}"


def _resolved(connection_id: str | None, variables: dict[str, str]) -> str:
    return _STAGE_VARIABLE.sub(lambda match: variables.get(match[1], ""), connection_id or "")


def _checked_name(name: str | None) -> str:
    if not name:
        raise BadRequestException("Name cannot be empty")
    if len(name) > MAX_NAME:
        raise BadRequestException(f"Invalid Vpc Link name, can be at most {MAX_NAME} characters.")
    return name


def _checked_targets(arns: list[str]) -> list[str]:
    if not arns:
        raise BadRequestException("No target arn specified for vpc link.")
    for arn in arns:
        if not _ARN.fullmatch(arn):
            raise BadRequestException(f"Invalid ARN. ARN is not well formed {arn}")
        if not _LOAD_BALANCER.fullmatch(arn):
            raise BadRequestException(f"Invalid ARN. ARN is not of a network load balancer {arn}")
    if len(arns) > 1:
        raise BadRequestException("More than one target arn specified for vpc link.")
    return list(arns)


def _refuse_targets(row: VpcLink, patch: Patch) -> None:
    raise BadRequestException("Target arns are not allowed to be changed/added.")


_FIXED = dict.fromkeys(("add", "replace", "remove"), _refuse_targets)
_PATCHES = PatchTable(
    (
        replaceable("/name", "name", _checked_name),
        replaceable("/description", "description", optional_text),
        Rule("/targetArns", _FIXED, shown=""),
        Rule("/targetArns/{arn+}", _FIXED, shown=""),
    ),
    LISTS_PATHS,
)
