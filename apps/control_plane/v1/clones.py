"""Copies of a whole API (`cloneFrom`): resources, methods, integrations, responses and models, with ids of their own."""

from __future__ import annotations

from typing import Any

from django.db.models import Model

from apps.core.json_schemas import model_url
from apps.rest_apis.models import (
    ApiModel,
    Authorizer,
    DocumentationPart,
    GatewayResponse,
    Integration,
    IntegrationResponse,
    Method,
    MethodResponse,
    RequestValidator,
    Resource,
    RestApi,
)

_FROM_SOURCE = {
    "description": "description",
    "version": "version",
    "binaryMediaTypes": "binary_media_types",
    "minimumCompressionSize": "minimum_compression_size",
    "apiKeySource": "api_key_source",
    "policy": "policy",
    "disableExecuteApiEndpoint": "disable_execute_api_endpoint",
}


_NAMED_BY_METHODS = ("authorizer_id", "request_validator_id")


def clone_rest_api(source: RestApi, target: RestApi, request: dict[str, Any]) -> None:
    """Fill `target`, which has its root resource only, with what `source` has; members of the request win."""
    for member, field in _FROM_SOURCE.items():
        if member not in request:
            setattr(target, field, getattr(source, field))
    target.openapi_info = source.openapi_info
    target.save()
    for model in source.models.order_by("pk"):
        schema = model.schema.replace(model_url(source.id, ""), model_url(target.id, ""))
        _copy(model, ApiModel, rest_api=target, model_id=None, schema=schema)
    for response in source.gateway_responses.order_by("pk"):
        _copy(response, GatewayResponse, rest_api=target)
    for part in source.documentation_parts.order_by("pk"):
        _copy(part, DocumentationPart, rest_api=target, part_id=None)
    _clone_resources(source, target, _clone_what_methods_name(source, target))


def _clone_what_methods_name(source: RestApi, target: RestApi) -> dict[str, str]:
    """Copies of the authorizers and validators; by the ids that methods of the source name, those of the copies."""
    ids = {}
    for authorizer in source.authorizers.order_by("pk"):
        copied = _copy(authorizer, Authorizer, rest_api=target, authorizer_id=None)
        ids[authorizer.authorizer_id] = copied.authorizer_id
    for validator in source.request_validators.order_by("pk"):
        copied = _copy(validator, RequestValidator, rest_api=target, validator_id=None)
        ids[validator.validator_id] = copied.validator_id
    return ids


def _clone_resources(source: RestApi, target: RestApi, ids: dict[str, str]) -> None:
    copies = {source.resources.get(parent=None).pk: target.resources.get(parent=None)}
    # A parent's path is shorter than its children's: sorted by path, every parent is copied before them.
    for resource in source.resources.order_by("path"):
        if resource.parent_id is not None:
            copies[resource.pk] = _copy(
                resource, Resource, rest_api=target, parent=copies[resource.parent_id], resource_id=None
            )
    methods = Method.objects.filter(resource__rest_api=source).select_related("integration")
    for method in methods.prefetch_related("responses", "integration__responses").order_by("pk"):
        _clone_method(method, copies[method.resource_id], ids)


def _clone_method(method: Method, resource: Resource, ids: dict[str, str]) -> None:
    named = {field: ids[getattr(method, field)] for field in _NAMED_BY_METHODS if getattr(method, field)}
    copied = _copy(method, Method, resource=resource, **named)
    for response in method.responses.all():
        _copy(response, MethodResponse, method=copied)
    integration = getattr(method, "integration", None)
    if integration is None:
        return
    namespace = integration.cache_namespace
    if namespace == method.resource.resource_id:
        namespace = resource.resource_id
    own = _copy(integration, Integration, method=copied, cache_namespace=namespace)
    for answer in integration.responses.all():
        _copy(answer, IntegrationResponse, integration=own)


def _copy(row: Any, kind: type[Model], **changes: Any) -> Any:
    """A new row like `row` but for `changes`; None asks for the field's default."""
    values = {}
    for field in kind._meta.concrete_fields:
        if field.primary_key or (field.name in changes and changes[field.name] is None):
            continue
        values[field.attname] = getattr(row, field.attname)
    for name, value in changes.items():
        if value is not None:
            # A relation's value is kept under its column's name above (`parent_id`), and given here as a row.
            values.pop(f"{name}_id" if isinstance(value, Model) else name, None)
            values[name] = value
    return kind._default_manager.create(**values)
