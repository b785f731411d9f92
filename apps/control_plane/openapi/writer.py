"""A definition becomes rows, in as many statements as there are kinds of rows and levels of paths, not operations."""

from __future__ import annotations

from apps.control_plane.openapi import resource_tree
from apps.control_plane.openapi.checks import integration_row
from apps.control_plane.openapi.documentation_parts import left_over
from apps.control_plane.openapi.named_rows import NamedRows, write_named
from apps.control_plane.openapi.schemas import stored_schema
from apps.control_plane.openapi.spec import ApiSpec, IntegrationSpec, ModelSpec, OperationSpec
from apps.control_plane.v1.documentation_parts import write_parts
from apps.rest_apis.models import (
    ApiModel,
    GatewayResponse,
    Integration,
    IntegrationResponse,
    Method,
    MethodResponse,
    Resource,
    RestApi,
)


def write(rest_api: RestApi, spec: ApiSpec, *, overwrite: bool) -> None:
    """Write everything below the API itself of a definition that was read without errors.

    Overwriting removes everything that the definition does not have; merging replaces methods and models that it has and
    keeps the others. A resource whose path stays keeps its id, as the root always does.
    """
    existing = {row.path: row for row in rest_api.resources.all()}
    if overwrite:
        _clear(rest_api, existing, set(resource_tree.with_parents(spec.paths)))
    else:
        _remove_methods(existing, spec.operations)
    _write_models(rest_api, spec.models)
    _write_gateway_responses(rest_api, spec)
    named = write_named(rest_api, spec, overwrite=overwrite)
    _write_methods(_write_resources(rest_api, existing, spec), spec.operations, named)
    if overwrite or spec.documentation_parts:
        write_parts(rest_api, spec.documentation_parts, overwrite=overwrite)


def _clear(rest_api: RestApi, existing: dict[str, Resource], wanted: set[str]) -> None:
    Method.objects.filter(resource__rest_api=rest_api).delete()
    rest_api.models.all().delete()
    rest_api.gateway_responses.all().delete()
    gone = [path for path in existing if path not in wanted]
    Resource.objects.filter(pk__in=[existing.pop(path).pk for path in gone]).delete()


def _remove_methods(existing: dict[str, Resource], operations: tuple[OperationSpec, ...]) -> None:
    replaced = {(existing[one.path].pk, one.http_method) for one in operations if one.path in existing}
    kept = Method.objects.filter(resource__in={resource for resource, _ in replaced})
    gone = [pk for pk, *key in kept.values_list("pk", "resource_id", "http_method") if tuple(key) in replaced]
    Method.objects.filter(pk__in=gone).delete()


def _write_models(rest_api: RestApi, models: tuple[ModelSpec, ...]) -> None:
    known = {row.name: row for row in rest_api.models.all()}
    new = []
    for spec in models:
        row = known.get(spec.name)
        if row is None:
            row = ApiModel(rest_api=rest_api, name=spec.name)
            new.append(row)
        row.schema = stored_schema(spec.schema, rest_api.id)
        row.description, row.content_type = spec.description, spec.content_type
    ApiModel.objects.bulk_create(new)
    changed = [known[spec.name] for spec in models if spec.name in known]
    ApiModel.objects.bulk_update(changed, ["schema", "description", "content_type"])


def _write_gateway_responses(rest_api: RestApi, spec: ApiSpec) -> None:
    """Those of the definition take the place of those of their types."""
    kinds = [response.response_type for response in spec.gateway_responses]
    rest_api.gateway_responses.filter(response_type__in=kinds).delete()
    GatewayResponse.objects.bulk_create(
        GatewayResponse(
            rest_api=rest_api,
            response_type=response.response_type,
            status_code=response.status_code,
            response_parameters=response.response_parameters,
            response_templates=response.response_templates,
        )
        for response in spec.gateway_responses
    )


def _write_resources(rest_api: RestApi, existing: dict[str, Resource], spec: ApiSpec) -> dict[str, Resource]:
    """Every resource of the API by path. Parents come a level before their children, because these need their keys."""
    by_level: dict[int, list[str]] = {}
    for path in resource_tree.with_parents(spec.paths):
        if path not in existing:
            by_level.setdefault(path.count("/"), []).append(path)
    for level in sorted(by_level):
        rows = [
            Resource(
                rest_api=rest_api,
                parent=existing[resource_tree.parent_of(path)],
                path_part=resource_tree.part_of(path),
                path=path,
            )
            for path in by_level[level]
        ]
        Resource.objects.bulk_create(rows)
        existing.update((row.path, row) for row in rows)
    return existing


def _write_methods(resources: dict[str, Resource], operations: tuple[OperationSpec, ...], named: NamedRows) -> None:
    methods = [_method(resources[operation.path], operation, named) for operation in operations]
    Method.objects.bulk_create(methods)
    pairs = list(zip(methods, operations, strict=True))
    MethodResponse.objects.bulk_create(
        MethodResponse(
            method=method,
            status_code=response.status_code,
            response_parameters=response.response_parameters,
            response_models=response.response_models,
        )
        for method, operation in pairs
        for response in operation.responses
    )
    integrations = [
        (_integration(method, operation.integration), operation.integration)
        for method, operation in pairs
        if operation.integration
    ]
    Integration.objects.bulk_create(row for row, _ in integrations)
    IntegrationResponse.objects.bulk_create(
        IntegrationResponse(
            integration=row,
            status_code=response.status_code,
            selection_pattern=response.selection_pattern,
            response_parameters=response.response_parameters,
            response_templates=response.response_templates,
            content_handling=response.content_handling,
        )
        for row, spec in integrations
        for response in spec.responses
    )


def _method(resource: Resource, operation: OperationSpec, named: NamedRows) -> Method:
    return Method(
        resource=resource,
        http_method=operation.http_method,
        authorization_type=operation.authorization_type,
        authorizer_id=named.authorizers[operation.authorizer] if operation.authorizer else None,
        authorization_scopes=list(operation.authorization_scopes),
        request_validator_id=named.validators[operation.request_validator] if operation.request_validator else None,
        api_key_required=operation.api_key_required,
        operation_name=operation.operation_name,
        request_parameters=operation.request_parameters,
        request_models=operation.request_models,
        documentation=left_over(operation.documentation),
    )


def _integration(method: Method, spec: IntegrationSpec) -> Integration:
    row = integration_row(spec)
    row.method = method
    row.cache_namespace = spec.cache_namespace or method.resource.resource_id
    return row
