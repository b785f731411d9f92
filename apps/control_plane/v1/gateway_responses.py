"""Gateway responses: what the gateway itself answers, by type. Every API has all 21 of them, customised or not."""

from __future__ import annotations

import re

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException
from apps.control_plane.locking import hold
from apps.control_plane.paging import page_of, paged
from apps.control_plane.patching import Patch, PatchTable, Rule, Setter, Wording, drop_entry, put_entry, replaceable
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.drafts import draft_changed
from apps.rest_apis.models import GatewayResponse, RestApi

DEFAULT_STATUS: dict[str, str | None] = {
    "ACCESS_DENIED": "403",
    "API_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_FAILURE": "500",
    "BAD_REQUEST_BODY": "400",
    "BAD_REQUEST_PARAMETERS": "400",
    "DEFAULT_4XX": None,
    "DEFAULT_5XX": None,
    "EXPIRED_TOKEN": "403",
    "INTEGRATION_FAILURE": "504",
    "INTEGRATION_TIMEOUT": "504",
    "INVALID_API_KEY": "403",
    "INVALID_SIGNATURE": "403",
    "MISSING_AUTHENTICATION_TOKEN": "403",
    "QUOTA_EXCEEDED": "429",
    "REQUEST_TOO_LARGE": "413",
    "RESOURCE_NOT_FOUND": "404",
    "THROTTLED": "429",
    "UNAUTHORIZED": "401",
    "UNSUPPORTED_MEDIA_TYPE": "415",
    "WAF_FILTERED": "403",
}
"""The types and their status; that of the two catch-all types depends on what they catch."""

DEFAULT_TEMPLATES = {"application/json": '{"message":$context.error.messageString}'}

_EMPTY = "Invalid null or empty value in {}"
_TARGET = re.compile(r"gatewayresponse\.header\.[^\s,]+")
_SOURCE = re.compile(
    r"'[^']*'|method\.request\.(?:(?:multivalue)?(?:header|querystring)|path)\.\S+|context\.[\w.]+|stageVariables\.\w+"
)


@operation("PutGatewayResponse")
def put_gateway_response(caller: Caller, request: Shape) -> Shape:
    """Customise a gateway response, replacing what it was customised to before."""
    api = caller.rest_api(request["restApiId"])
    row = GatewayResponse(
        rest_api=api,
        response_type=request["responseType"],
        status_code=request.get("statusCode"),
        response_parameters=dict(request.get("responseParameters") or {}),
        response_templates=dict(request.get("responseTemplates") or {}),
    )
    check_gateway_response(row)
    hold(api)
    api.gateway_responses.filter(response_type=row.response_type).delete()
    row.save()
    draft_changed(api.id)
    return gateway_response_shape(row.response_type, {row.response_type: row})


@operation("GetGatewayResponse")
def get_gateway_response(caller: Caller, request: Shape) -> Shape:
    """One gateway response, the default one when it is not customised."""
    return gateway_response_shape(request["responseType"], _customised(caller.rest_api(request["restApiId"])))


@operation("GetGatewayResponses")
def get_gateway_responses(caller: Caller, request: Shape) -> Shape:
    """All types, sorted by name."""
    customised = _customised(caller.rest_api(request["restApiId"]))
    types, position = page_of([(name,) for name in sorted(DEFAULT_STATUS)], request)
    return paged([gateway_response_shape(name, customised) for (name,) in types], position)


@operation("UpdateGatewayResponse")
def update_gateway_response(caller: Caller, request: Shape) -> Shape:
    """Patch a gateway response; patching a default customises it."""
    api = caller.rest_api(request["restApiId"])
    hold(api)
    kind = request["responseType"]
    row = _customised(api).get(kind) or GatewayResponse(rest_api=api, response_type=kind)
    # Templates that stand for the default are patched like any other.
    row.response_templates = row.response_templates or dict(DEFAULT_TEMPLATES)
    _PATCHES.apply(row, request.get("patchOperations"))
    check_gateway_response(row)
    if row.response_templates == DEFAULT_TEMPLATES:
        row.response_templates = {}
    row.save()
    draft_changed(api.id)
    return gateway_response_shape(kind, {kind: row})


@operation("DeleteGatewayResponse")
def delete_gateway_response(caller: Caller, request: Shape) -> Shape:
    """Go back to the default."""
    api = caller.rest_api(request["restApiId"])
    deleted, _ = api.gateway_responses.filter(response_type=request["responseType"]).delete()
    if not deleted:
        raise NotFoundException("Gateway response type not defined on api")
    draft_changed(api.id)
    return {}


def gateway_response_shape(kind: str, customised: dict[str, GatewayResponse]) -> Shape:
    """AWS's GatewayResponse of a type. One that is not customised takes after DEFAULT_4XX or DEFAULT_5XX."""
    own, status = customised.get(kind), DEFAULT_STATUS[kind]
    row = own or (customised.get(f"DEFAULT_{status[0]}XX") if status else None)
    code = (row.status_code if row else None) or status
    return {
        "responseType": kind,
        **({"statusCode": code} if code else {}),
        "responseParameters": dict(row.response_parameters) if row else {},
        "responseTemplates": dict(row.response_templates if row else {}) or dict(DEFAULT_TEMPLATES),
        "defaultResponse": own is None,
    }


def check_gateway_response(row: GatewayResponse) -> None:
    """Raises BadRequestException for the first header or body that cannot be set so."""
    for member, values in (
        ("responseParameters", row.response_parameters),
        ("responseTemplates", row.response_templates),
    ):
        if not all(values.values()):
            raise BadRequestException(_EMPTY.format(member))
    for target, source in row.response_parameters.items():
        wrong = target if not _TARGET.fullmatch(target) else source if not _SOURCE.fullmatch(source) else None
        if wrong is not None:
            raise BadRequestException(
                "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping "
                f"expression parameter specified: {wrong}]"
            )


def _customised(api: RestApi) -> dict[str, GatewayResponse]:
    return {row.response_type: row for row in api.gateway_responses.all()}


def _checked_entry(field: str, member: str, *, present: bool) -> Setter:
    """Set an entry that has a value and, to be replaced, is there."""
    put = put_entry(field)

    def setter(row: GatewayResponse, patch: Patch) -> None:
        if not patch.value:
            raise BadRequestException(_EMPTY.format(member))
        if present and patch.names[0] not in getattr(row, field):
            raise NotFoundException("Invalid parameter name specified")
        put(row, patch)

    return setter


def _entries(member: str, field: str) -> Rule:
    return Rule(
        f"/{member}/{{name}}",
        {
            "add": _checked_entry(field, member, present=False),
            "replace": _checked_entry(field, member, present=True),
            "remove": drop_entry(field),
        },
    )


def _status(value: str | None) -> str:
    if not re.fullmatch(r"[1-5]\d\d", value or ""):
        raise BadRequestException("Invalid statusCode: must be 100 to 599")
    assert value is not None
    return value


_PATCHES = PatchTable(
    (
        replaceable("/statusCode", "status_code", _status),
        _entries("responseParameters", "response_parameters"),
        _entries("responseTemplates", "response_templates"),
    ),
    Wording(
        unknown_path=lambda table, patch: f"Invalid patch path {patch.path}",
        unsupported_op=lambda table, rule, patch: f"Invalid patch path {patch.path}",
    ),
)
