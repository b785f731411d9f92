"""Exports: an HTTP API, as it is being edited or as a stage serves it, as an OpenAPI 3.0 definition."""

from __future__ import annotations

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException
from apps.control_plane.openapi.exporter import as_json, as_yaml
from apps.control_plane.openapi.http_apis.exporter import export_http_api, without_extensions
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.tags import tags_of
from apps.control_plane.v2.apis import api_path
from apps.control_plane.v2.stages import find_stage
from apps.core import documents
from apps.core.v2_documents import V2DeploymentDocument
from apps.v2_apis.freeze import NotDeployable, freeze
from apps.v2_apis.models import Api

_WRITERS = {"JSON": as_json, "YAML": as_yaml}


@operation("ExportApi", service="apigatewayv2")
def export_api(caller: Caller, request: Shape) -> Shape:
    """The definition, with API Gateway's extensions unless they are not wanted."""
    api = caller.api(request["ApiId"])
    if api.websocket:
        raise BadRequestException("Only HTTP APIs can be exported")
    if request["Specification"] != "OAS30":
        raise BadRequestException(f"Invalid specification: {request['Specification']}. Supported values are [OAS30]")
    write = _WRITERS.get(request["OutputType"])
    if write is None:
        raise BadRequestException(f"Invalid output type: {request['OutputType']}. Supported values are [JSON, YAML]")
    if request.get("ExportVersion") not in (None, "1.0"):
        raise BadRequestException(f"Invalid export version: {request['ExportVersion']}. Supported values are [1.0]")
    stage = request.get("StageName") or None
    export = export_http_api(api, _document(api, stage), tags_of(caller, api_path(api.id)), stage)
    return {"body": write(export if request.get("IncludeExtensions", True) else without_extensions(export))}


def _document(api: Api, stage: str | None) -> V2DeploymentDocument:
    if stage is None:
        try:
            return freeze(api, "")
        except NotDeployable as error:
            raise BadRequestException("Unable to export API because no routes exist in this API") from error
    deployment = find_stage(api, stage).deployment
    if deployment is None:
        raise BadRequestException(f"Unable to export stage {stage} because it has no deployment")
    found = documents.decode(deployment.document)
    assert isinstance(found, V2DeploymentDocument)
    return found
