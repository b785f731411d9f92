"""Import: a whole HTTP API from an OpenAPI 3.0 definition, into a new API or an existing one."""

from __future__ import annotations

from django.conf import settings

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException
from apps.control_plane.issuer_discovery import unavailable_issuers
from apps.control_plane.openapi.document import Document, load
from apps.control_plane.openapi.http_apis.reading import read
from apps.control_plane.openapi.http_apis.spec import HttpApiSpec
from apps.control_plane.openapi.http_apis.writer import write
from apps.control_plane.openapi.importer import aws_variables, raise_findings, tell
from apps.control_plane.openapi.node import Findings
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.authorizer_checks import is_issuer
from apps.control_plane.v1.tags import put_tags, tags_of
from apps.control_plane.v2.apis import api_path, api_shape, change_api, new_api
from apps.control_plane.v2.drafts import draft_changed
from apps.control_plane.wire.service_models import service_model
from apps.control_plane.wire.validation import check
from apps.v2_apis.models import Api

_UNAVAILABLE = "UnavailableIssuers"


def _ask_issuers(caller: Caller, request: Shape) -> Shape:
    """The request with the issuers of its JWT authorizers that do not show their discovery documents: they are asked as
    CreateAuthorizer asks them, before anything is written."""
    if "ApiId" in request:
        caller.api(request["ApiId"])
    if "jwt" not in request["Body"].lower():
        return request
    _, spec, _ = _read(caller, request)
    issuers = [
        found["JwtConfiguration"]["Issuer"]
        for _, found in spec.authorizers.values()
        if is_issuer((found.get("JwtConfiguration") or {}).get("Issuer") or "")
    ]
    allow_private = settings.ENVIRONMENT.allow_private_backends
    return {**request, _UNAVAILABLE: unavailable_issuers(issuers, allow_private=allow_private)}


@operation("ImportApi", service="apigatewayv2", prepare=_ask_issuers)
def import_api(caller: Caller, request: Shape) -> Shape:
    """A new API as a definition describes it."""
    document, spec, findings = _read(caller, request)
    members = {**spec.api, "ProtocolType": "HTTP"}
    check(service_model("apigatewayv2").operation_model("CreateApi"), members)
    return _write(caller, new_api(caller, members), document, spec, findings, request)


@operation("ReimportApi", service="apigatewayv2", prepare=_ask_issuers)
def reimport_api(caller: Caller, request: Shape) -> Shape:
    """Replace what an API consists of by what a definition describes; its stages stay, and routes of the same key keep their ids."""
    row = caller.api(request["ApiId"])
    if row.websocket:
        raise BadRequestException("Only HTTP APIs can be imported")
    document, spec, findings = _read(caller, request)
    row.cors_configuration, row.description, row.version = None, None, None
    row.disable_execute_api_endpoint, row.ip_address_type = False, "ipv4"
    members = {"ApiId": row.id, **spec.api}
    check(service_model("apigatewayv2").operation_model("UpdateApi"), members)
    change_api(row, members)
    return _write(caller, row, document, spec, findings, request)


def _read(caller: Caller, request: Shape) -> tuple[Document, HttpApiSpec, Findings]:
    document = load(request["Body"].encode(), aws_variables(caller.account_id, caller.region))
    spec, findings = read(document, request.get("Basepath") or "ignore")
    raise_findings(document, findings, fail_on_warnings=bool(request.get("FailOnWarnings")))
    return document, spec, findings


def _write(
    caller: Caller, row: Api, document: Document, spec: HttpApiSpec, findings: Findings, request: Shape
) -> Shape:
    write(caller, row, spec, request.get(_UNAVAILABLE) or {})
    # What could not be made is found while it is written; the operation's transaction takes back the rest.
    raise_findings(document, findings, fail_on_warnings=bool(request.get("FailOnWarnings")))
    row.warnings = tell(document, findings.of("warning"))
    row.import_info = tell(document, findings.of("info"))
    row.save(update_fields=["warnings", "import_info"])
    put_tags(caller, api_path(row.id), spec.tags)
    draft_changed(row)
    return api_shape(row, tags_of(caller, api_path(row.id)))
