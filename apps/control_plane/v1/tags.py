"""Tags: names and values on REST APIs, stages, API keys, usage plans and what else has an ARN."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db.models import Model, Q

from apps.accounts.models import Tag
from apps.client_certificates.models import ClientCertificate
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException
from apps.control_plane.paging import page_of, paged
from apps.control_plane.registry import Shape, operation
from apps.deployments.models import Stage
from apps.domain_names.models import AccessAssociation, DomainName
from apps.portals.aws_portals import Portal, PortalProduct
from apps.rest_apis.models import RestApi
from apps.usage_plans.models import ApiKey, UsagePlan
from apps.v2_apis.models import Api
from apps.v2_apis.models import Stage as V2Stage
from apps.v2_apis.models import VpcLink as V2VpcLink
from apps.vpc_links.models import VpcLink

MAX_TAGS = 50
# What one account shares with others (private domain names) has its account in its ARN.
_RESOURCE_ARN = re.compile(r"arn:aws[a-z-]*:apigateway:(?P<region>[a-z0-9-]+):(?P<account>\d{12})?:(?P<path>/.+)")
_NOT_FOUND = "Invalid resource ARN specified in the request. The resource could not be found"


@operation("TagResource")
def tag_resource(caller: Caller, request: Shape) -> Shape:
    """Add tags to a resource, or give those it has new values."""
    put_tags(caller, _existing_path(caller, request["resourceArn"]), request["tags"])
    return {}


@operation("UntagResource")
def untag_resource(caller: Caller, request: Shape) -> Shape:
    """Remove tags from a resource; names it does not have are no error."""
    arn = caller.arn(_existing_path(caller, request["resourceArn"]))
    Tag.objects.filter(account_id=caller.account_id, arn=arn, key__in=request["tagKeys"]).delete()
    return {}


@operation("GetTags")
def get_tags(caller: Caller, request: Shape) -> Shape:
    """The tags of a resource, sorted by name."""
    tags = tags_of(caller, _existing_path(caller, request["resourceArn"]))
    if request.get("limit") is None and not request.get("position"):
        return {"tags": dict(sorted(tags.items()))}
    items, position = page_of(sorted(tags.items()), request)
    answer = paged([], position)
    del answer["items"]
    return {**answer, "tags": dict(items)}


def put_tags(caller: Caller, path: str, tags: dict[str, str] | None) -> None:
    """Give the resource at `path` (`/restapis/a1b2c3d4e5`) these tags besides those it has."""
    if not tags:
        return
    _check(tags)
    arn = caller.arn(path)
    kept = Tag.objects.filter(account_id=caller.account_id, arn=arn).exclude(key__in=tags)
    if kept.count() + len(tags) > MAX_TAGS:
        raise BadRequestException(f"The number of tags exceeds the limit of {MAX_TAGS}")
    for key, value in tags.items():
        Tag.objects.update_or_create(
            account_id=caller.account_id, arn=arn, key=key, defaults={"value": value, "region": caller.region}
        )


def tags_of(caller: Caller, path: str) -> dict[str, str]:
    return tags_of_all(caller, [path])[path]


def tags_of_all(caller: Caller, paths: Iterable[str]) -> dict[str, dict[str, str]]:
    """The tags of many resources by path, in one query."""
    by_arn: dict[str, dict[str, str]] = {caller.arn(path): {} for path in paths}
    rows = Tag.objects.filter(account_id=caller.account_id, arn__in=by_arn).order_by("key")
    for arn, key, value in rows.values_list("arn", "key", "value"):
        by_arn[arn][key] = value
    return {arn.split("::", 1)[1]: tags for arn, tags in by_arn.items()}


def drop_tags(caller: Caller, path: str) -> None:
    """Forget the tags of a resource that is deleted, and of everything below it."""
    arn = caller.arn(path)
    Tag.objects.filter(account_id=caller.account_id).filter(Q(arn=arn) | Q(arn__startswith=f"{arn}/")).delete()


def rest_api_path(rest_api_id: str) -> str:
    return f"/restapis/{rest_api_id}"


def stage_path(rest_api_id: str, stage_name: str) -> str:
    return f"/restapis/{rest_api_id}/stages/{stage_name}"


def api_key_path(key_id: str) -> str:
    return f"/apikeys/{key_id}"


def usage_plan_path(plan_id: str) -> str:
    return f"/usageplans/{plan_id}"


def client_certificate_path(certificate_id: str) -> str:
    return f"/clientcertificates/{certificate_id}"


def vpc_link_path(link_id: str) -> str:
    return f"/vpclinks/{link_id}"


def domain_name_path(row: DomainName) -> str:
    return row.arn.split(":", 5)[5]


def _existing_path(caller: Caller, arn: str) -> str:
    """The path in an ARN; raises BadRequestException when it is none of ours, NotFoundException when nothing is there."""
    match = _RESOURCE_ARN.fullmatch(arn)
    if match is None:
        raise BadRequestException("Invalid ARN specified in the request")
    if match["region"] != caller.region:
        raise BadRequestException(
            "Invalid ARN specified in the request. The region does not match the request's region"
        )
    if match["account"] not in (None, caller.account_id):
        raise NotFoundException(_NOT_FOUND)
    for rows, path in _TAGGABLE:
        found = re.fullmatch(path, match["path"])
        if found and _exists(caller, rows, found.groupdict("")):
            return match["path"]
    raise NotFoundException(_NOT_FOUND)


def _exists(caller: Caller, rows: type[Model], names: dict[str, str]) -> bool:
    owner = _OWNED_THROUGH.get(rows, "")
    mine = {f"{owner}account_id": caller.account_id, f"{owner}region": caller.region}
    return rows._default_manager.filter(**mine, **names).exists()


_TAGGABLE: tuple[tuple[type[Model], str], ...] = (
    (RestApi, "/restapis/(?P<id>[^/]+)"),
    (Stage, "/restapis/(?P<rest_api>[^/]+)/stages/(?P<name>[^/]+)"),
    (ApiKey, "/apikeys/(?P<key_id>[^/]+)"),
    (UsagePlan, "/usageplans/(?P<plan_id>[^/]+)"),
    (ClientCertificate, "/clientcertificates/(?P<certificate_id>[^/]+)"),
    (VpcLink, "/vpclinks/(?P<link_id>[^/]+)"),
    (V2VpcLink, "/vpclinks/(?P<link_id>[^/]+)"),
    (Api, "/apis/(?P<id>[^/]+)"),
    (V2Stage, "/apis/(?P<api>[^/]+)/stages/(?P<name>[^/]+)"),
    (DomainName, r"/domainnames/(?P<name>[^/+]+)(?:\+(?P<domain_name_id>[^/+]+))?"),
    (AccessAssociation, "/domainnameaccessassociations/domainname/(?P<host>[^/]+)/vpcesource/(?P<source>[^/]+)"),
    (Portal, "/portals/(?P<portal_id>[^/]+)"),
    (PortalProduct, "/portalproducts/(?P<product_id>[^/]+)"),
)
"""What can have tags, and the path that names one of it by its fields."""
_OWNED_THROUGH: dict[type[Model], str] = {Stage: "rest_api__", V2Stage: "api__"}


def _check(tags: dict[str, str]) -> None:
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or key.lower().startswith("aws:"):
            raise BadRequestException(f"Invalid tag key specified: {key}")
        if len(value or "") > 256:
            raise BadRequestException(f"Invalid tag value specified for key: {key}")
