"""REST APIs: the root of everything below `/restapis`."""

from __future__ import annotations

from typing import Any

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, too_many
from apps.control_plane.locking import hold
from apps.control_plane.paging import page, paged
from apps.control_plane.patching import (
    NAMES_PATH,
    Patch,
    PatchTable,
    Rule,
    add_item,
    assign,
    boolean,
    clear,
    drop_item,
    one_of,
    optional_text,
    replaceable,
    swap_item,
)
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.base_path_mappings import refuse_while_mapped
from apps.control_plane.v1.clones import clone_rest_api
from apps.control_plane.v1.drafts import draft_changed
from apps.control_plane.v1.models import create_default_models
from apps.control_plane.v1.publishing import publish_stage
from apps.control_plane.v1.tags import drop_tags, put_tags, rest_api_path, tags_of, tags_of_all
from apps.core import ids
from apps.core.iam import IllFormedPolicy, check_resource_policy
from apps.deployments import publisher
from apps.rest_apis.models import Resource, RestApi
from apps.usage_plans.models import UsagePlan, UsagePlanStage

MAX_APIS = {"EDGE": 120, "REGIONAL": 600, "PRIVATE": 600}
MAX_COMPRESSION_SIZE = 10_485_760
_COMPRESSION = f"Invalid minimum compression size, must be between 0 to {MAX_COMPRESSION_SIZE}"


@operation("CreateRestApi")
def create_rest_api(caller: Caller, request: Shape) -> Shape:
    """A new API with its root resource, or a copy of another of the caller's APIs (`cloneFrom`)."""
    _check_name(request["name"])
    _compression_size(request.get("minimumCompressionSize"))
    configuration = _endpoint_configuration(request.get("endpointConfiguration"))
    _check_count(caller, configuration["types"][0])
    source = caller.rest_api(request["cloneFrom"]) if request.get("cloneFrom") else None
    row = RestApi.objects.create(
        account_id=caller.account_id,
        region=caller.region,
        name=request["name"],
        description=request.get("description"),
        version=request.get("version") or None,
        binary_media_types=list(request.get("binaryMediaTypes") or ()),
        minimum_compression_size=request.get("minimumCompressionSize"),
        api_key_source=request.get("apiKeySource") or "HEADER",
        endpoint_configuration=configuration,
        policy=_policy(request.get("policy")),
        disable_execute_api_endpoint=bool(request.get("disableExecuteApiEndpoint")),
        security_policy=request.get("securityPolicy"),
        endpoint_access_mode=request.get("endpointAccessMode"),
    )
    Resource.objects.create(rest_api=row, resource_id=ids.resource_id(root=True), path="/")
    if source is None:
        create_default_models(row)
    else:
        clone_rest_api(source, row, request)
    put_tags(caller, rest_api_path(row.id), request.get("tags"))
    return rest_api_shape(row, tags=tags_of(caller, rest_api_path(row.id)) or None)


@operation("GetRestApi")
def get_rest_api(caller: Caller, request: Shape) -> Shape:
    """One API."""
    row = caller.rest_api(request["restApiId"])
    return rest_api_shape(row, tags=tags_of(caller, rest_api_path(row.id)) or None)


@operation("GetRestApis")
def get_rest_apis(caller: Caller, request: Shape) -> Shape:
    """The caller's APIs, oldest first."""
    rows, position = page(
        caller.seen(RestApi.objects.filter(account_id=caller.account_id, region=caller.region)),
        request,
        "created",
        "id",
    )
    roots = dict(Resource.objects.filter(rest_api__in=rows, parent=None).values_list("rest_api_id", "resource_id"))
    tags = tags_of_all(caller, [rest_api_path(row.id) for row in rows])
    return paged(
        [rest_api_shape(row, tags=tags[rest_api_path(row.id)] or None, root_id=roots.get(row.id)) for row in rows],
        position,
    )


@operation("UpdateRestApi")
def update_rest_api(caller: Caller, request: Shape) -> Shape:
    """Patch an API. What acts without a deployment is published again with its stages."""
    row = caller.rest_api(request["restApiId"])
    hold(row)
    before = _acting_at_once(row)
    _PATCHES.apply(row, request.get("patchOperations"))
    # The revision is counted by the database alone, so that two changes at once count as two.
    row.save(update_fields=[field.name for field in row._meta.fields if field.name not in ("id", "draft_revision")])
    draft_changed(row.id)
    if before != _acting_at_once(row):
        for stage in row.stages.select_related("rest_api", "deployment").order_by("pk"):
            publish_stage(stage)
    return rest_api_shape(row, tags=tags_of(caller, rest_api_path(row.id)))


def _acting_at_once(row: RestApi) -> tuple[object, ...]:
    """What stages see of an API without a deployment."""
    return (
        row.disable_execute_api_endpoint,
        row.api_key_source,
        row.endpoint_access_mode,
        row.endpoint_configuration.get("types"),
    )


@operation("DeleteRestApi")
def delete_rest_api(caller: Caller, request: Shape) -> Shape:
    """Delete an API with everything below it; usage plans forget its stages."""
    row = caller.rest_api(request["restApiId"])
    refuse_while_mapped(row)
    stage_names = list(row.stages.values_list("name", flat=True))
    plans = list(UsagePlan.objects.filter(api_stages__rest_api_id=row.id, account_id=caller.account_id).distinct())
    # Whoever changes a plan holds its rows before the revision: the same order here, lest each waits for the other.
    UsagePlanStage.objects.filter(rest_api_id=row.id, plan__in=plans).delete()
    row.stages.all().delete()
    for name in stage_names:
        publisher.retract_stage(row.id, name)
    for plan in plans:
        publisher.publish_plan(plan)
    drop_tags(caller, rest_api_path(row.id))
    row.delete()
    return {}


def rest_api_shape(row: RestApi, tags: dict[str, str] | None = None, root_id: str | None = None) -> Shape:
    """AWS's RestApi. `root_id` spares the query for the root resource."""
    members: dict[str, Any] = {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "createdDate": row.created,
        "version": row.version,
        "warnings": row.warnings or None,
        "binaryMediaTypes": row.binary_media_types or None,
        "minimumCompressionSize": row.minimum_compression_size,
        "apiKeySource": row.api_key_source,
        "endpointConfiguration": row.endpoint_configuration,
        "policy": row.policy,
        "tags": tags,
        "disableExecuteApiEndpoint": row.disable_execute_api_endpoint,
        "rootResourceId": root_id or row.resources.get(parent=None).resource_id,
        "securityPolicy": row.security_policy,
        "endpointAccessMode": row.endpoint_access_mode,
    }
    return {name: value for name, value in members.items() if value is not None}


def _endpoint_configuration(given: Shape | None) -> Shape:
    given = given or {}
    types = list(given.get("types") or ("EDGE",))
    if len(types) > 1:
        raise BadRequestException("Cannot specify more than one endpoint type")
    private = types == ["PRIVATE"]
    if given.get("vpcEndpointIds") and not private:
        raise BadRequestException("VPCEndpoints can only be specified with PRIVATE apis.")
    if private and given.get("ipAddressType") == "ipv4":
        raise BadRequestException("Only dualstack ipAddressType is supported for Private APIs.")
    configuration = {
        "types": types,
        "ipAddressType": given.get("ipAddressType") or ("dualstack" if private else "ipv4"),
    }
    if given.get("vpcEndpointIds"):
        configuration["vpcEndpointIds"] = list(given["vpcEndpointIds"])
    return configuration


def _check_name(name: str | None) -> str:
    if not name:
        raise BadRequestException("Invalid API name specified")
    if len(name) > 1024:
        raise BadRequestException("Invalid API name, can be at most 1024 characters.")
    return name


def _check_count(caller: Caller, endpoint_type: str) -> None:
    rows = RestApi.objects.filter(account_id=caller.account_id, region=caller.region)
    regional = endpoint_type != "EDGE"
    used = sum(1 for configuration in rows.values_list("endpoint_configuration", flat=True)
               if (configuration.get("types") != ["EDGE"]) == regional)  # fmt: skip
    if used >= MAX_APIS[endpoint_type]:
        raise too_many(f"{endpoint_type} REST APIs")


def _compression_size(value: str | int | None) -> int | None:
    if value is None or value == "":
        return None
    try:
        size = int(value)
    except ValueError:
        raise BadRequestException(_COMPRESSION) from None
    if not 0 <= size <= MAX_COMPRESSION_SIZE:
        raise BadRequestException(_COMPRESSION)
    return size


def _policy(document: str | None) -> str | None:
    """A resource policy is kept as it was written, but has to be one."""
    if not document:
        return None
    try:
        check_resource_policy(document)
    except IllFormedPolicy as error:
        raise BadRequestException(
            "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."
        ) from error
    return document


def _set_endpoint_type(row: RestApi, patch: Patch) -> None:
    current = row.endpoint_configuration["types"]
    if patch.names[0] not in (*current, "0"):
        raise BadRequestException(f"Invalid patch path {patch.path}")
    row.endpoint_configuration = _endpoint_configuration({"types": [_endpoint_type(patch.value)]})


def _set_ip_address_type(row: RestApi, patch: Patch) -> None:
    row.endpoint_configuration = _endpoint_configuration(
        {**row.endpoint_configuration, "ipAddressType": _ip_address_type(patch.value)}
    )


def _add_vpc_endpoint(row: RestApi, patch: Patch) -> None:
    known = row.endpoint_configuration.get("vpcEndpointIds", [])
    row.endpoint_configuration = _endpoint_configuration(
        {**row.endpoint_configuration, "vpcEndpointIds": [*known, *([patch.value] if patch.value not in known else [])]}
    )


def _remove_vpc_endpoint(row: RestApi, patch: Patch) -> None:
    gone = patch.names[0] if patch.names else patch.value
    left = [item for item in row.endpoint_configuration.get("vpcEndpointIds", []) if item != gone]
    row.endpoint_configuration = _endpoint_configuration({**row.endpoint_configuration, "vpcEndpointIds": left})


_endpoint_type = one_of(("EDGE", "REGIONAL", "PRIVATE"), "Invalid EndpointTypes specified: [{value}]")
_ip_address_type = one_of(("ipv4", "dualstack"), "Invalid ipAddressType specified: {value}")

_PATCHES = PatchTable(
    (
        replaceable("/name", "name", _check_name),
        Rule("/description", {"replace": assign("description", optional_text), "remove": clear("description")}),
        replaceable("/policy", "policy", _policy),
        replaceable(
            "/apiKeySource",
            "api_key_source",
            one_of(
                ("HEADER", "AUTHORIZER"), "Invalid apiKeySource specified: {value}. Valid values are HEADER, AUTHORIZER"
            ),
        ),
        replaceable("/disableExecuteApiEndpoint", "disable_execute_api_endpoint", boolean),
        replaceable("/minimumCompressionSize", "minimum_compression_size", _compression_size),
        Rule(
            "/binaryMediaTypes/{mediaType}",
            {
                "add": add_item("binary_media_types"),
                "replace": swap_item("binary_media_types"),
                "remove": drop_item("binary_media_types"),
            },
        ),
        Rule("/endpointConfiguration/types/{type}", {"replace": _set_endpoint_type}),
        Rule("/endpointConfiguration/ipAddressType", {"replace": _set_ip_address_type}),
        Rule("/endpointConfiguration/vpcEndpointIds", {"add": _add_vpc_endpoint, "remove": _remove_vpc_endpoint}),
        Rule("/endpointConfiguration/vpcEndpointIds/{id}", {"remove": _remove_vpc_endpoint}),
        replaceable("/securityPolicy", "security_policy", optional_text),
        replaceable("/endpointAccessMode", "endpoint_access_mode", optional_text),
    ),
    NAMES_PATH,
)
