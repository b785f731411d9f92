"""Domain name access associations: VPC endpoints from which private domain names are reached."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import Q

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, NotFoundException
from apps.control_plane.paging import page, paged
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.tags import drop_tags, put_tags, tags_of, tags_of_all
from apps.domain_names.management_policy import CREATE_ASSOCIATION, allows
from apps.domain_names.models import AccessAssociation, DomainName

_UNKNOWN_NAME = "Invalid domain name identifier specified"
_DOMAIN_NAME = re.compile(
    r"arn:aws[a-z-]*:apigateway:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):/domainnames/(?P<name>[^/+]+)\+(?P<id>[a-z0-9]+)"
)
_ASSOCIATION = re.compile(
    r"arn:aws[a-z-]*:apigateway:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):/domainnameaccessassociations"
    r"/domainname/(?P<host>[^/]+)/vpcesource/(?P<source>[^/]+)"
)
_ENDPOINT = re.compile(r"vpce-[a-z0-9]{1,58}")


@operation("CreateDomainNameAccessAssociation")
def create_domain_name_access_association(caller: Caller, request: Shape) -> Shape:
    """Let an endpoint of the caller reach a private name: one's own, or one whose management policy allows it."""
    domain = _domain_name(caller, request["domainNameArn"])
    source = request["accessAssociationSource"]
    if not _ENDPOINT.fullmatch(source):
        raise BadRequestException(f"Invalid VPC endpoint ID specified: {source}")
    known = AccessAssociation.objects.filter(account_id=caller.account_id, region=caller.region, source=source)
    if known.filter(host=domain.name).exists():
        raise ConflictException(
            f"The access association source {source} already has an access association with the domain name {domain.name}"
        )
    row = AccessAssociation.objects.create(
        account_id=caller.account_id,
        region=caller.region,
        domain_name=domain,
        host=domain.name,
        source_type=request["accessAssociationSourceType"],
        source=source,
    )
    put_tags(caller, row.path, request.get("tags"))
    return access_association_shape(row, tags_of(caller, row.path))


@operation("GetDomainNameAccessAssociations")
def get_domain_name_access_associations(caller: Caller, request: Shape) -> Shape:
    """Associations, oldest first: one's own (SELF), those of others with one's own names (OTHER_ACCOUNTS), or both."""
    own = Q(account_id=caller.account_id)
    others = Q(domain_name__account_id=caller.account_id) & ~own
    wanted = {"SELF": own, "OTHER_ACCOUNTS": others}.get(request.get("resourceOwner") or "", own | others)
    rows = AccessAssociation.objects.filter(wanted, region=caller.region).select_related("domain_name")
    found, position = page(rows.defer("domain_name__certificate_private_key"), request, "pk")
    tags = tags_of_all(caller, [row.path for row in found])
    return paged(
        [
            access_association_shape(row, tags[row.path] if row.account_id == caller.account_id else None)
            for row in found
        ],
        position,
    )


@operation("DeleteDomainNameAccessAssociation")
def delete_domain_name_access_association(caller: Caller, request: Shape) -> Shape:
    """End an association of one's own; those of others are rejected."""
    row = _find(request["domainNameAccessAssociationArn"], account_id=caller.account_id, region=caller.region)
    drop_tags(caller, row.path)
    row.delete()
    return {}


@operation("RejectDomainNameAccessAssociation")
def reject_domain_name_access_association(caller: Caller, request: Shape) -> Shape:
    """End another account's association with one's own private name."""
    domain = _domain_name(caller, request["domainNameArn"])
    if domain.account_id != caller.account_id:
        raise NotFoundException(_UNKNOWN_NAME)
    row = _find(request["domainNameAccessAssociationArn"], domain_name=domain)
    if row.account_id == caller.account_id:
        raise BadRequestException(
            "A domain name access association of your own account cannot be rejected. Delete it instead"
        )
    row.delete()
    return {}


def access_association_shape(row: AccessAssociation, tags: dict[str, str] | None = None) -> Shape:
    """AWS's DomainNameAccessAssociation."""
    shape: Shape = {
        "domainNameAccessAssociationArn": row.arn,
        "domainNameArn": row.domain_name.arn,
        "accessAssociationSourceType": row.source_type,
        "accessAssociationSource": row.source,
    }
    if tags:
        shape["tags"] = tags
    return shape


def _domain_name(caller: Caller, arn: str) -> DomainName:
    """A private name that the caller may use. One that it may not is as unknown as one that does not exist."""
    parts = _DOMAIN_NAME.fullmatch(arn)
    if parts is None or parts["region"] != caller.region:
        raise BadRequestException("Invalid ARN specified in the request")
    row = DomainName.objects.filter(
        account_id=parts["account"], region=caller.region, name=parts["name"], domain_name_id=parts["id"]
    ).first()
    if row is None or not (
        row.account_id == caller.account_id
        or allows(row.management_policy, caller.account_id, CREATE_ASSOCIATION, row.arn)
    ):
        raise NotFoundException(_UNKNOWN_NAME)
    return row


def _find(arn: str, **lookup: Any) -> AccessAssociation:
    """The association of an ARN among those that `lookup` admits."""
    parts = _ASSOCIATION.fullmatch(arn)
    if parts is None:
        raise BadRequestException("Invalid ARN specified in the request")
    row = (
        AccessAssociation.objects.filter(
            account_id=parts["account"], region=parts["region"], host=parts["host"], source=parts["source"]
        )
        .filter(**lookup)
        .first()
    )
    if row is None:
        raise NotFoundException("Invalid domain name access association identifier specified")
    return row
