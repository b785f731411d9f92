"""Tags: names and values on REST APIs, stages, API keys, usage plans and what else has an ARN."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from django.db.models import Q

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
    for pattern, exists in _TAGGABLE:
        found = pattern.fullmatch(match["path"])
        if found and exists(caller, *found.groups()):
            return match["path"]
    raise NotFoundException(_NOT_FOUND)


_TAGGABLE: tuple[tuple[re.Pattern[str], Callable[..., bool]], ...] = (
    (
        re.compile(r"/restapis/([^/]+)"),
        lambda caller, rest_api: RestApi.objects.filter(
            account_id=caller.account_id, region=caller.region, id=rest_api
        ).exists(),
    ),
    (
        re.compile(r"/restapis/([^/]+)/stages/([^/]+)"),
        lambda caller, rest_api, stage: Stage.objects.filter(
            rest_api__account_id=caller.account_id, rest_api__region=caller.region, rest_api=rest_api, name=stage
        ).exists(),
    ),
    (
        re.compile(r"/apikeys/([^/]+)"),
        lambda caller, key: ApiKey.objects.filter(
            account_id=caller.account_id, region=caller.region, key_id=key
        ).exists(),
    ),
    (
        re.compile(r"/usageplans/([^/]+)"),
        lambda caller, plan: UsagePlan.objects.filter(
            account_id=caller.account_id, region=caller.region, plan_id=plan
        ).exists(),
    ),
    (
        re.compile(r"/clientcertificates/([^/]+)"),
        lambda caller, certificate: ClientCertificate.objects.filter(
            account_id=caller.account_id, region=caller.region, certificate_id=certificate
        ).exists(),
    ),
    (
        re.compile(r"/vpclinks/([^/]+)"),
        lambda caller, link: any(
            kind.objects.filter(account_id=caller.account_id, region=caller.region, link_id=link).exists()
            for kind in (VpcLink, V2VpcLink)
        ),
    ),
    (
        re.compile(r"/apis/([^/]+)"),
        lambda caller, api: Api.objects.filter(account_id=caller.account_id, region=caller.region, id=api).exists(),
    ),
    (
        re.compile(r"/apis/([^/]+)/stages/([^/]+)"),
        lambda caller, api, stage: V2Stage.objects.filter(
            api__account_id=caller.account_id, api__region=caller.region, api=api, name=stage
        ).exists(),
    ),
    (
        re.compile(r"/domainnames/([^/+]+)(?:\+([^/+]+))?"),
        lambda caller, name, name_id: DomainName.objects.filter(
            account_id=caller.account_id, region=caller.region, name=name, domain_name_id=name_id or ""
        ).exists(),
    ),
    (
        re.compile(r"/domainnameaccessassociations/domainname/([^/]+)/vpcesource/([^/]+)"),
        lambda caller, host, source: AccessAssociation.objects.filter(
            account_id=caller.account_id, region=caller.region, host=host, source=source
        ).exists(),
    ),
    (
        re.compile(r"/portals/([^/]+)"),
        lambda caller, portal: Portal.objects.filter(
            account_id=caller.account_id, region=caller.region, portal_id=portal
        ).exists(),
    ),
    (
        re.compile(r"/portalproducts/([^/]+)"),
        lambda caller, product: PortalProduct.objects.filter(
            account_id=caller.account_id, region=caller.region, product_id=product
        ).exists(),
    ),
)


def _check(tags: dict[str, str]) -> None:
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or key.lower().startswith("aws:"):
            raise BadRequestException(f"Invalid tag key specified: {key}")
        if len(value or "") > 256:
            raise BadRequestException(f"Invalid tag value specified for key: {key}")
