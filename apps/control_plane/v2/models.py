"""Models of WebSocket APIs: JSON schemas by name."""

from __future__ import annotations

import json
import re
from typing import Any

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.model_schemas import check_references, sample_template
from apps.control_plane.v2.drafts import draft_changed
from apps.control_plane.v2.members import assign, find_in, page, paged, shape_of
from apps.core.json_schemas import referenced_models
from apps.v2_apis.models import Api, ApiModel, RouteResponse

MAX_SCHEMA = 32_768

_MEMBERS = {
    "ModelId": "model_id",
    "Name": "name",
    "Description": "description",
    "ContentType": "content_type",
    "Schema": "schema",
}
_CHANGEABLE = {name: field for name, field in _MEMBERS.items() if name != "ModelId"}


@operation("CreateModel", service="apigatewayv2")
def create_model(caller: Caller, request: Shape) -> Shape:
    """A new model of a WebSocket API."""
    api = caller.api(request["ApiId"])
    if not api.websocket:
        raise BadRequestException("Models are only supported for WEBSOCKET APIs")
    return _put(ApiModel(api=api), request)


@operation("GetModel", service="apigatewayv2")
def get_model(caller: Caller, request: Shape) -> Shape:
    """One model."""
    return shape_of(_find(caller, request), _MEMBERS)


@operation("GetModelTemplate", service="apigatewayv2")
def get_model_template(caller: Caller, request: Shape) -> Shape:
    """A mapping template to begin with: a sample of what the model describes."""
    row = _find(caller, request)
    return {"Value": sample_template(row.name, _schemas_of(row.api))}


@operation("GetModels", service="apigatewayv2")
def get_models(caller: Caller, request: Shape) -> Shape:
    """The models of an API."""
    rows, token = page(caller.api(request["ApiId"]).models.all(), request, "pk")
    return paged([shape_of(row, _MEMBERS) for row in rows], token)


@operation("UpdateModel", service="apigatewayv2")
def update_model(caller: Caller, request: Shape) -> Shape:
    """Change a model; its name stays while something refers to it by that."""
    row = _find(caller, request)
    if request.get("Name", row.name) != row.name:
        _refuse_used(row)
    return _put(row, request)


@operation("DeleteModel", service="apigatewayv2")
def delete_model(caller: Caller, request: Shape) -> Shape:
    """Delete a model that nothing refers to."""
    row = _find(caller, request)
    _refuse_used(row)
    row.delete()
    draft_changed(row.api)
    return {}


def _put(row: ApiModel, request: Shape) -> Shape:
    assign(row, request, _CHANGEABLE)
    if not re.fullmatch(r"[A-Za-z0-9]{1,128}", row.name):
        raise BadRequestException(f"Model name must be alphanumeric: {row.name}")
    if not row.content_type or len(row.content_type) > 256:
        raise BadRequestException("Invalid content type specified")
    _check_schema(row.schema)
    if ApiModel.objects.filter(api=row.api, name=row.name).exclude(pk=row.pk).exists():
        raise ConflictException(f"Model with name {row.name} already exists for this API")
    check_references(row.schema, row.api_id, {**_schemas_of(row.api), row.name: {}})
    row.save()
    draft_changed(row.api)
    return shape_of(row, _MEMBERS)


def _check_schema(schema: str) -> None:
    if len(schema) > MAX_SCHEMA:
        raise BadRequestException(f"Model schema can be at most {MAX_SCHEMA} characters")
    try:
        parsed = json.loads(schema)
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        raise BadRequestException(
            "Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]"
        )


def _find(caller: Caller, request: Shape) -> ApiModel:
    rows = ApiModel.objects.filter(api=caller.api(request["ApiId"])).select_related("api")
    return find_in(rows, "Model", model_id=request["ModelId"])


def _schemas_of(api: Api) -> dict[str, Any]:
    """Every schema of an API by its model's name."""
    return {name: json.loads(schema) for name, schema in api.models.values_list("name", "schema")}


def _refuse_used(row: ApiModel) -> None:
    for route in row.api.routes.order_by("route_key"):
        if row.name in route.request_models.values():
            raise ConflictException(f"Cannot delete model '{row.name}', is referenced in route: {route.route_key}")
    for response in RouteResponse.objects.filter(route__api=row.api).select_related("route").order_by("pk"):
        if row.name in response.response_models.values():
            raise ConflictException(
                f"Cannot delete model '{row.name}', is referenced in route response: {response.route.route_key}"
            )
    for name, schema in sorted(_schemas_of(row.api).items()):
        if name != row.name and row.name in referenced_models(schema):
            raise ConflictException(f"Cannot delete model '{row.name}', is referenced in model: {name}")
