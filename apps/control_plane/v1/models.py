"""Models: JSON schemas by name."""

from __future__ import annotations

import json
import re
from typing import Any

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, NotFoundException
from apps.control_plane.paging import page, paged
from apps.control_plane.patching import LISTS_PATHS, PatchTable, optional_text, replaceable, text
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.drafts import draft_changed
from apps.control_plane.v1.model_schemas import check_references, flattened, sample_template
from apps.core.json_schemas import referenced_models
from apps.rest_apis.models import ApiModel, Method, MethodResponse, RestApi

_DRAFT_4 = "http://json-schema.org/draft-04/schema#"
_DEFAULTS = (
    ("Empty", "This is a default empty schema model", {"$schema": _DRAFT_4, "title": "Empty Schema", "type": "object"}),
    (
        "Error",
        "This is a default error schema model",
        {
            "$schema": _DRAFT_4,
            "title": "Error Schema",
            "type": "object",
            "properties": {"message": {"type": "string"}},
        },
    ),
)


@operation("CreateModel")
def create_model(caller: Caller, request: Shape) -> Shape:
    """A new model of an API."""
    api = caller.rest_api(request["restApiId"])
    name = request["name"]
    if not name:
        raise BadRequestException("Model name must be non-empty")
    if not re.fullmatch(r"[A-Za-z0-9]+", name):
        raise BadRequestException(f"Model name must be alphanumeric: {name}")
    if api.models.filter(name=name).exists():
        raise ConflictException("Model name already exists for this REST API")
    row = ApiModel.objects.create(
        rest_api=api,
        name=name,
        description=request.get("description"),
        content_type=request["contentType"],
        schema=_schema(request.get("schema")),
    )
    check_references(row.schema, api.id, {**_schemas_of(row), row.name: {}})
    draft_changed(api.id)
    return model_shape(row)


@operation("GetModel")
def get_model(caller: Caller, request: Shape) -> Shape:
    """One model; `flatten` puts the models it refers to into its schema."""
    row = _find(caller, request)
    shape = model_shape(row)
    if request.get("flatten"):
        shape["schema"] = flattened(row.name, _schemas_of(row))
    return shape


@operation("GetModelTemplate")
def get_model_template(caller: Caller, request: Shape) -> Shape:
    """A mapping template to begin with: a sample of what the model describes."""
    row = _find(caller, request)
    return {"value": sample_template(row.name, _schemas_of(row))}


@operation("GetModels")
def get_models(caller: Caller, request: Shape) -> Shape:
    """The models of an API, sorted by name."""
    api = caller.rest_api(request["restApiId"])
    rows, position = page(ApiModel.objects.filter(rest_api=api), request, "name")
    return paged([model_shape(row) for row in rows], position)


@operation("UpdateModel")
def update_model(caller: Caller, request: Shape) -> Shape:
    """Patch a model."""
    row = _find(caller, request)
    schema = row.schema
    _PATCHES.apply(row, request.get("patchOperations"))
    if row.schema != schema:
        check_references(row.schema, row.rest_api_id, _schemas_of(row))
    row.save()
    draft_changed(row.rest_api_id)
    return model_shape(row)


@operation("DeleteModel")
def delete_model(caller: Caller, request: Shape) -> Shape:
    """Delete a model that no method refers to."""
    row = _find(caller, request)
    _refuse_used(row)
    row.delete()
    draft_changed(row.rest_api_id)
    return {}


def create_default_models(api: RestApi) -> None:
    """The two models that AWS gives every API that is not imported."""
    ApiModel.objects.bulk_create(
        ApiModel(rest_api=api, name=name, description=description, schema=json.dumps(schema, indent=2))
        for name, description, schema in _DEFAULTS
    )


def model_shape(row: ApiModel) -> Shape:
    """AWS's Model."""
    shape = {"id": row.model_id, "name": row.name, "contentType": row.content_type, "schema": row.schema}
    if row.description is not None:
        shape["description"] = row.description
    return shape


def _find(caller: Caller, request: Shape) -> ApiModel:
    row = ApiModel.objects.filter(
        rest_api_id=request["restApiId"],
        rest_api__account_id=caller.account_id,
        rest_api__region=caller.region,
        name=request["modelName"],
    ).first()
    if row is None:
        raise NotFoundException(f"Invalid model name specified: {request['modelName']}")
    return row


def _schemas_of(row: ApiModel) -> dict[str, Any]:
    """Every schema of the model's API by the model's name."""
    models = ApiModel.objects.filter(rest_api=row.rest_api_id)
    return {name: json.loads(schema) for name, schema in models.values_list("name", "schema")}


def _schema(schema: str | None) -> str:
    try:
        parsed = json.loads(schema) if schema else {}
    except (ValueError, RecursionError):
        parsed = None
    if not parsed and isinstance(parsed, (dict, list)):
        raise BadRequestException("Model schema must have at least 1 property or array items defined")
    if not isinstance(parsed, dict):
        raise BadRequestException(
            "Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]"
        )
    return schema or ""


def _refuse_used(row: ApiModel) -> None:
    methods = Method.objects.filter(resource__rest_api=row.rest_api_id).select_related("resource")
    for method in methods.order_by("resource__path", "http_method"):
        if row.name in method.request_models.values():
            raise ConflictException(
                f"Cannot delete model '{row.name}', is referenced in method request: "
                f"{method.resource.path}/{method.http_method}"
            )
    responses = MethodResponse.objects.filter(method__resource__rest_api=row.rest_api_id)
    for response in responses.select_related("method__resource").order_by("pk"):
        if row.name in response.response_models.values():
            raise ConflictException(
                f"Cannot delete model '{row.name}', is referenced in method response: "
                f"{response.method.resource.path}/{response.method.http_method}/{response.status_code}"
            )
    for name, schema in sorted(_schemas_of(row).items()):
        if name != row.name and row.name in referenced_models(schema):
            raise ConflictException(f"Cannot delete model '{row.name}', is referenced in model: {name}")


_PATCHES = PatchTable(
    (
        replaceable("/schema", "schema", lambda value: _schema(text(value))),
        replaceable("/description", "description", optional_text),
    ),
    LISTS_PATHS,
)
