"""API mappings: which stage of which API a path of a custom domain name leads to, for APIs of all kinds.

A mapping to a REST API is the base path mapping that V1 knows; one to an HTTP or WebSocket API has a row of its own. Mapping keys may
have several segments.
"""

from __future__ import annotations

import re
from typing import Any

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, NotFoundException
from apps.control_plane.locking import hold
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.domain_name_checks import check_regional
from apps.control_plane.v1.domain_names import find_domain_name
from apps.control_plane.v2.members import page_of, paged
from apps.deployments import publisher
from apps.deployments.models import Stage as RestStage
from apps.domain_names.models import ApiMapping, BasePathMapping, DomainName
from apps.rest_apis.models import RestApi
from apps.v2_apis.models import Api, Stage

MAX_KEY = 300
MAX_MAPPINGS = 200
Mapping = ApiMapping | BasePathMapping

_KEY = re.compile(r"[A-Za-z0-9$\-_.+!*'()/]*")


@operation("CreateApiMapping", service="apigatewayv2")
def create_api_mapping(caller: Caller, request: Shape) -> Shape:
    """Let a path of a domain name lead to a stage."""
    domain = _domain(caller, request)
    hold(domain)
    check_regional(domain.types)
    if len(_mappings(domain)) >= MAX_MAPPINGS:
        raise BadRequestException(f"A domain name can have at most {MAX_MAPPINGS} API mappings")
    row = _new(caller, domain, request["ApiId"], request["Stage"], request.get("ApiMappingKey") or "")
    row.save()
    publisher.publish_domain_name(domain)
    return _shape(row)


@operation("GetApiMapping", service="apigatewayv2")
def get_api_mapping(caller: Caller, request: Shape) -> Shape:
    """One mapping."""
    return _shape(_find(_domain(caller, request), request["ApiMappingId"]))


@operation("GetApiMappings", service="apigatewayv2")
def get_api_mappings(caller: Caller, request: Shape) -> Shape:
    """The mappings of a domain name."""
    items = sorted((row.mapping_id, _shape(row)) for row in _mappings(_domain(caller, request)))
    found, token = page_of(items, request)
    return paged([shape for _, shape in found], token)


@operation("UpdateApiMapping", service="apigatewayv2")
def update_api_mapping(caller: Caller, request: Shape) -> Shape:
    """Change where a mapping leads, or its key; its id stays."""
    domain = _domain(caller, request)
    hold(domain)
    check_regional(domain.types)
    old = _find(domain, request["ApiMappingId"])
    before = _shape(old)
    stage = request.get("Stage", before["Stage"])
    # The row of a mapping to another kind of API is another one.
    old.delete()
    row = _new(caller, domain, request["ApiId"], stage, request.get("ApiMappingKey", before["ApiMappingKey"]))
    row.mapping_id = before["ApiMappingId"]
    row.save()
    publisher.publish_domain_name(domain)
    return _shape(row)


@operation("DeleteApiMapping", service="apigatewayv2")
def delete_api_mapping(caller: Caller, request: Shape) -> Shape:
    """Delete a mapping."""
    domain = _domain(caller, request)
    hold(domain)
    _find(domain, request["ApiMappingId"]).delete()
    publisher.publish_domain_name(domain)
    return {}


def refuse_while_mapped(api: Api, stage_name: str | None = None) -> None:
    """Raises BadRequestException while a domain name leads to the API, or to a stage of it."""
    rows = ApiMapping.objects.filter(api=api)
    if stage_name is not None:
        rows = rows.filter(stage=stage_name)
    names = sorted(set(rows.values_list("domain_name__name", flat=True)))
    if names:
        what, related = (f"API {api.id}", "API") if stage_name is None else (f"stage {stage_name}", "stage")
        raise BadRequestException(
            f"Deleting {what} failed. Please remove all API mappings related to the {related} in your domains: "
            f"{', '.join(names)}"
        )


def _domain(caller: Caller, request: Shape) -> DomainName:
    return find_domain_name(caller, {"domainName": request["DomainName"]})


def _mappings(domain: DomainName) -> list[Mapping]:
    return [*domain.api_mappings.all(), *domain.base_path_mappings.all()]


def _find(domain: DomainName, mapping_id: str) -> Mapping:
    row = (
        domain.api_mappings.filter(mapping_id=mapping_id).first()
        or domain.base_path_mappings.filter(mapping_id=mapping_id).first()
    )
    if row is None:
        raise NotFoundException("Invalid API mapping identifier specified")
    return row


def _new(caller: Caller, domain: DomainName, api_id: str, stage: str, key: str) -> Mapping:
    """A mapping that is not saved yet; raises what is wrong with it."""
    key = _checked_key(key)
    known = {row.base_path if isinstance(row, BasePathMapping) else row.mapping_key for row in _mappings(domain)}
    if key in known:
        raise ConflictException("ApiMapping key already exists for this domain name")
    rest_api = RestApi.objects.filter(account_id=caller.account_id, region=caller.region, id=api_id).first()
    if rest_api is not None:
        if not RestStage.objects.filter(rest_api=rest_api, name=stage).exists():
            raise BadRequestException("Invalid stage identifier specified")
        return BasePathMapping(domain_name=domain, base_path=key, rest_api=rest_api, stage=stage)
    api = caller.api(api_id)
    if not Stage.objects.filter(api=api, name=stage).exists():
        raise BadRequestException("Invalid stage identifier specified")
    if domain.types != ["REGIONAL"]:
        raise BadRequestException("Only REST APIs can be mapped to a domain name that is not regional")
    if api.websocket and "/" in key:
        raise BadRequestException("WebSocket APIs can only be mapped to keys of one level")
    _check_rules(domain)
    return ApiMapping(domain_name=domain, mapping_key=key, api=api, stage=stage)


def _check_rules(domain: DomainName) -> None:
    if domain.routing_mode != "BASE_PATH_MAPPING_ONLY":
        raise BadRequestException("Only REST APIs can be mapped to a domain name whose routing mode has routing rules")


def _checked_key(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise BadRequestException("An ApiMapping key may contain only letters, numbers and one of $-_.+!*'()/")
    if key.startswith("/") or key.endswith("/") or "//" in key:
        raise BadRequestException("An ApiMapping key must not begin or end with a slash, or have two in a row")
    if len(key) > MAX_KEY:
        raise BadRequestException(f"An ApiMapping key should be at most {MAX_KEY} characters")
    return key


def _shape(row: Mapping) -> dict[str, Any]:
    """AWS's ApiMapping."""
    if isinstance(row, BasePathMapping):
        api_id, key, stage = row.rest_api_id, row.base_path, row.stage or ""
    else:
        api_id, key, stage = row.api_id, row.mapping_key, row.stage
    return {"ApiId": api_id, "ApiMappingId": row.mapping_id, "ApiMappingKey": key, "Stage": stage}
