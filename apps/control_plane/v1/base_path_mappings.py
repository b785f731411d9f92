"""Base path mappings: which API a path of a custom domain name leads to."""

from __future__ import annotations

import re

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, NotFoundException
from apps.control_plane.locking import hold
from apps.control_plane.paging import page, paged
from apps.control_plane.patching import LISTS_PATHS, Patch, PatchTable, Rule, optional_text
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.domain_names import find_domain_name
from apps.deployments import publisher
from apps.deployments.models import Stage
from apps.domain_names.models import BasePathMapping, DomainName, RoutingRule
from apps.rest_apis.models import RestApi

NO_BASE_PATH = "(none)"
"""How AWS writes the empty base path."""

_BASE_PATH = re.compile(r"[A-Za-z0-9$\-_.+!*'()]{0,256}")


@operation("CreateBasePathMapping")
def create_base_path_mapping(caller: Caller, request: Shape) -> Shape:
    """Let a base path lead to an API, at a stage or at the stage that the next segment names."""
    domain = find_domain_name(caller, request)
    hold(domain)
    row = BasePathMapping(
        domain_name=domain,
        base_path=_base_path(request.get("basePath")),
        rest_api=_rest_api(caller, request["restApiId"]),
        stage=request.get("stage") or None,
    )
    _check(row)
    row.save()
    publisher.publish_domain_name(domain)
    return base_path_mapping_shape(row)


@operation("GetBasePathMapping")
def get_base_path_mapping(caller: Caller, request: Shape) -> Shape:
    """One mapping."""
    return base_path_mapping_shape(_find(find_domain_name(caller, request), request["basePath"]))


@operation("GetBasePathMappings")
def get_base_path_mappings(caller: Caller, request: Shape) -> Shape:
    """The mappings of a name, oldest first."""
    domain = find_domain_name(caller, request)
    # Those of several segments are V2's.
    rows = BasePathMapping.objects.filter(domain_name=domain).exclude(base_path__contains="/")
    found, position = page(rows, request, "pk")
    return paged([base_path_mapping_shape(row) for row in found], position)


@operation("UpdateBasePathMapping")
def update_base_path_mapping(caller: Caller, request: Shape) -> Shape:
    """Patch a mapping."""
    domain = find_domain_name(caller, request)
    hold(domain)
    row = _find(domain, request["basePath"])
    _patches(caller).apply(row, request.get("patchOperations"))
    _check(row)
    row.save()
    publisher.publish_domain_name(domain)
    return base_path_mapping_shape(row)


@operation("DeleteBasePathMapping")
def delete_base_path_mapping(caller: Caller, request: Shape) -> Shape:
    """Delete a mapping."""
    domain = find_domain_name(caller, request)
    hold(domain)
    _find(domain, request["basePath"]).delete()
    publisher.publish_domain_name(domain)
    return {}


def refuse_while_mapped(rest_api: RestApi, stage_name: str | None = None) -> None:
    """Raises BadRequestException in AWS's words while a domain name leads to the API, or to a stage of it."""
    names: set[str] = set()
    for kind in (BasePathMapping, RoutingRule):
        rows = kind.objects.filter(rest_api=rest_api)
        if stage_name is not None:
            rows = rows.filter(stage=stage_name)
        names.update(rows.values_list("domain_name__name", flat=True))
    if not names:
        return
    what, related = (f"RestApi {rest_api.id}", "RestApi") if stage_name is None else (f"stage {stage_name}", "stage")
    raise BadRequestException(
        f"Deleting {what} failed. Please remove all base path mappings related to the {related} in your domains: "
        f"{', '.join(sorted(names))}"
    )


def base_path_mapping_shape(row: BasePathMapping) -> Shape:
    """AWS's BasePathMapping."""
    shape = {"basePath": row.base_path or NO_BASE_PATH, "restApiId": row.rest_api_id}
    if row.stage:
        shape["stage"] = row.stage
    return shape


def _find(domain: DomainName, base_path: str) -> BasePathMapping:
    row = domain.base_path_mappings.filter(base_path="" if base_path == NO_BASE_PATH else base_path).first()
    if row is None:
        raise NotFoundException("Invalid base path mapping identifier specified")
    return row


def _rest_api(caller: Caller, rest_api_id: str) -> RestApi:
    """The API that a mapping leads to. An unknown one is a bad request here, in words of its own."""
    row = RestApi.objects.filter(account_id=caller.account_id, region=caller.region, id=rest_api_id).first()
    if row is None:
        raise BadRequestException("Invalid REST API identifier specified")
    return row


def _base_path(given: str | None) -> str:
    base_path = "" if given is None or given == NO_BASE_PATH else given
    if "/" in base_path:
        raise BadRequestException(
            "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level base "
            "path mapping, use API Gateway V2."
        )
    if not _BASE_PATH.fullmatch(base_path):
        raise BadRequestException("Invalid base path specified. Only letters, numbers and $-_.+!*'() are allowed")
    return base_path


def _check(row: BasePathMapping) -> None:
    """A base path leads to one API, and an empty one to the only one; raises BadRequestException or ConflictException."""
    private_api = "PRIVATE" in row.rest_api.endpoint_configuration.get("types", ())
    if private_api != row.domain_name.private:
        raise BadRequestException(
            "Private APIs can only be mapped to private custom domain names, and no others to these."
        )
    if row.stage and not Stage.objects.filter(rest_api=row.rest_api_id, name=row.stage).exists():
        raise BadRequestException("Invalid stage identifier specified")
    others = BasePathMapping.objects.filter(domain_name=row.domain_name).exclude(pk=row.pk)
    paths = set(others.values_list("base_path", flat=True))
    others_of_v2 = row.domain_name.api_mappings.filter(mapping_key=row.base_path)
    if row.base_path in paths or others_of_v2.exists():
        raise ConflictException("Base path already exists for this domain name")
    if paths and (not row.base_path or "" in paths):
        raise ConflictException("Only one base path mapping is allowed if the base path is empty.")


def _patches(caller: Caller) -> PatchTable:
    """The table of mappings; finding an API takes the caller."""

    def set_base_path(row: BasePathMapping, patch: Patch) -> None:
        row.base_path = _base_path(patch.value)

    def set_rest_api(row: BasePathMapping, patch: Patch) -> None:
        row.rest_api = _rest_api(caller, patch.value or "")

    def set_stage(row: BasePathMapping, patch: Patch) -> None:
        row.stage = optional_text(patch.value)

    return PatchTable(
        (
            Rule("/basePath", {"replace": set_base_path}),
            Rule("/restapiId", {"replace": set_rest_api}),
            Rule("/restApiId", {"replace": set_rest_api}, shown=""),
            Rule("/stage", {"replace": set_stage}),
        ),
        LISTS_PATHS,
    )
