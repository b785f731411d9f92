"""Exports: an API as OpenAPI 3.0 or Swagger 2.0, as it is being edited or as a stage serves it."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import Any, Literal

import yaml
from django.db.models import prefetch_related_objects

from apps.control_plane.openapi.export_documentation import with_parts
from apps.control_plane.openapi.export_extensions import PREFIX, api_members, integration_block
from apps.control_plane.openapi.export_gateway import Extensions, gateway_extensions, with_authorizers, with_gateway
from apps.control_plane.openapi.export_paths import method_key, openapi
from apps.control_plane.openapi.export_reduction import as_swagger, without_documentation, without_iam
from apps.control_plane.v1.documentation_locations import snapshot
from apps.core import documents
from apps.deployments.models import Stage
from apps.rest_apis.models import RestApi

Kind = Literal["oas30", "swagger"]
EXTENSIONS = frozenset({"integrations", "authorizers", "documentation", "apigateway", "postman"})
"""What AWS lets one ask for. `apigateway` is integrations and authorizers."""

_ROWS = (
    "models", "resources__methods__responses", "resources__methods__integration__responses", "authorizers",
    "request_validators", "gateway_responses", "documentation_parts",
)  # fmt: skip


def export_rest_api(
    rest_api: RestApi,
    stage: Stage | None = None,
    *,
    kind: Kind = "oas30",
    extensions: frozenset[str] = frozenset(),
    documentation: bool = False,
) -> dict[str, Any]:
    """The API as it is being edited; `stage` only names the server.

    `extensions` are some of EXTENSIONS; `documentation` keeps what people wrote (summaries, descriptions, tags, schemas and
    examples of parameters), which is how CreateDeployment freezes an API for the developer portal. Writes nothing, and
    needs a constant number of queries, or none for rows that were prefetched.
    """
    prefetch_related_objects([rest_api], *_ROWS)
    export = openapi(rest_api)
    if documentation:
        export = with_parts(export, snapshot(rest_api))
    if _amazon(extensions):
        for resource in rest_api.resources.all():
            for method in resource.methods.all():
                integration = getattr(method, "integration", None)
                if integration is not None:
                    block = integration_block(integration, integration.responses.all(), resource.resource_id)
                    export["paths"][resource.path][method_key(method.http_method)][PREFIX + "integration"] = block
    wanted = _Wanted(stage, kind, extensions, documentation)
    return _finished(_extended(export, gateway_extensions(rest_api), wanted), rest_api, rest_api, wanted)


def export_stage(
    stage: Stage, *, kind: Kind = "oas30", extensions: frozenset[str] = frozenset(), documentation: bool = False
) -> dict[str, Any]:
    """The API as the stage's deployment froze it, with the documentation version that the stage shows, if it shows one."""
    deployment = stage.deployment
    frozen = documents.decode(deployment.document)
    if not isinstance(frozen, documents.DeploymentDocument):
        raise TypeError(f"deployment {deployment.deployment_id} holds a {type(frozen).__name__}")
    export = copy.deepcopy(deployment.openapi)
    if _amazon(extensions):
        for resource in frozen.resources:
            for method in resource.methods:
                block = integration_block(method.integration, method.integration.responses, resource.id)
                export["paths"][resource.path][method_key(method.http_method)][PREFIX + "integration"] = block
    version = stage.rest_api.documentation_versions.filter(version=stage.documentation_version or "").first()
    if documentation and version is not None:
        export = with_parts(without_documentation(export), version.parts, version.version, version.created)
    wanted = _Wanted(stage, kind, extensions, documentation)
    return _finished(_extended(export, deployment.extensions, wanted), frozen, stage.rest_api, wanted)


def _amazon(extensions: frozenset[str]) -> bool:
    return bool(extensions & {"integrations", "apigateway"})


@dataclass(frozen=True)
class _Wanted:
    """What an export is asked to be."""

    stage: Stage | None
    kind: Kind
    extensions: frozenset[str]
    documentation: bool


def _extended(export: dict[str, Any], found: Extensions, wanted: _Wanted) -> dict[str, Any]:
    """The export with those extensions of API Gateway that are wanted."""
    if wanted.extensions & {"authorizers", "apigateway"}:
        export = with_authorizers(export, found)
    return with_gateway(export, found) if _amazon(wanted.extensions) else export


def _finished(
    export: dict[str, Any], api: RestApi | documents.DeploymentDocument, rest_api: RestApi, wanted: _Wanted
) -> dict[str, Any]:
    """The whole export cut down to what is wanted, with the members that are the API's rather than an operation's."""
    if not wanted.documentation:
        export = without_documentation(export)
    if not wanted.extensions & {"authorizers", "apigateway"}:
        export = without_iam(export)
    endpoint: dict[str, Any] = {}
    if _amazon(wanted.extensions):
        members, endpoint = api_members(api, rest_api)
        export.update(members)
    host = f"{rest_api.id}.execute-api.{rest_api.region}.amazonaws.com"
    stage = wanted.stage
    if wanted.kind == "swagger":
        server: dict[str, Any] = {"host": host, "basePath": f"/{stage.name}", "schemes": ["https"]} if stage else {}
        return _after_info(as_swagger(export), {**server, **_extension(endpoint)})
    if stage is None:
        return {**export, **_extension(endpoint)}
    variables = {"basePath": {"default": stage.name}}
    server = {"url": f"https://{host}/{{basePath}}", "variables": variables, **_extension(endpoint)}
    return _after_info(export, {"servers": [server]})


def _extension(endpoint: dict[str, Any]) -> dict[str, Any]:
    return {PREFIX + "endpoint-configuration": endpoint} if endpoint else {}


def _after_info(export: dict[str, Any], members: dict[str, Any]) -> dict[str, Any]:
    """The export with members where people look for them: after its version and `info`."""
    head: dict[str, Any] = {key: export[key] for key in ("openapi", "swagger", "info") if key in export}
    return {**head, **members, **{key: value for key, value in export.items() if key not in head}}


def as_json(export: dict[str, Any]) -> bytes:
    return json.dumps(export, indent=2, ensure_ascii=False, separators=(",", " : ")).encode()


def as_yaml(export: dict[str, Any]) -> bytes:
    text: str = yaml.dump(export, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text.encode()


class _Dumper(yaml.SafeDumper):
    """Without anchors: equal parts are written out each time."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
