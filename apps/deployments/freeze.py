"""Rows → documents: what the control plane edits becomes what the runtime compiles.

These functions read rows and write nothing. Each needs a constant number of queries, however many rows an API has. What the
runtime cannot serve yet is refused here, all of it at once, so that nothing is published that would act differently from AWS.
"""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet

from apps.core import documents
from apps.deployments.frozen_authorizers import frozen_authorizers
from apps.deployments.frozen_validation import FrozenValidation, frozen_validation
from apps.deployments.refusals import (
    NotDeployable,
    UnsupportedForDeployment,
    api_refusals,
    is_private,
    method_refusals,
)
from apps.rest_apis.models import (
    GatewayResponse,
    Integration,
    IntegrationResponse,
    Method,
    MethodResponse,
    Resource,
    RestApi,
)

__all__ = ["NotDeployable", "UnsupportedForDeployment", "freeze", "freeze_method"]


def freeze(rest_api: RestApi, deployment_id: str) -> documents.DeploymentDocument:
    """The API as it is now, under the id that its deployment will have.

    Raises `UnsupportedForDeployment` with everything the runtime cannot serve, or `NotDeployable` in AWS's words when the
    API is not complete.
    """
    resources = list(_resources_of(rest_api))
    methods = [(resource, method) for resource in resources for method in resource.methods.all()]
    if not methods:
        raise NotDeployable("The REST API doesn't contain any methods")
    if any(_integration_of(method) is None for _, method in methods):
        raise NotDeployable("No integration defined for method")
    if is_private(rest_api) and not rest_api.policy:
        raise NotDeployable("Private REST API doesn't have a resource policy attached to it")
    refusals = api_refusals(rest_api)
    for resource, method in methods:
        refusals += method_refusals(resource, method)
    if refusals:
        raise UnsupportedForDeployment(refusals)
    validation = frozen_validation(rest_api, [method for _, method in methods])
    authorizers = frozen_authorizers(rest_api, [method for _, method in methods])
    frozen = tuple(_resource(resource, validation) for resource in resources)
    return _document(rest_api, deployment_id, frozen, validation, authorizers)


def freeze_method(method: Method, deployment_id: str) -> documents.DeploymentDocument:
    """One method of an API as it is now, open to everybody: what a test call of it runs. Raises as `freeze` does."""
    if _integration_of(method) is None:
        raise NotDeployable("No integration defined for method")
    resource = method.resource
    # The row is not saved.
    method.authorization_type, method.authorizer_id, method.api_key_required = "NONE", None, False
    refusals = method_refusals(resource, method)
    if refusals:
        raise UnsupportedForDeployment(refusals)
    validation = frozen_validation(resource.rest_api, [method])
    alone = documents.Resource(id=resource.resource_id, path=resource.path, methods=(_method(method, validation),))
    return _document(resource.rest_api, deployment_id, (alone,), validation, {})


def _document(
    rest_api: RestApi,
    deployment_id: str,
    resources: tuple[documents.Resource, ...],
    validation: FrozenValidation,
    authorizers: dict[str, documents.Authorizer],
) -> documents.DeploymentDocument:
    return documents.DeploymentDocument(
        account_id=rest_api.account_id,
        region=rest_api.region,
        api_id=rest_api.id,
        api_name=rest_api.name,
        deployment_id=deployment_id,
        api_key_source=rest_api.api_key_source,
        binary_media_types=tuple(rest_api.binary_media_types),
        minimum_compression_size=rest_api.minimum_compression_size,
        resources=resources,
        gateway_responses={
            response.response_type: _gateway_response(response)
            for response in rest_api.gateway_responses.order_by("response_type")
        },
        models=validation.models,
        authorizers=authorizers,
        policy=rest_api.policy or None,
    )


def _gateway_response(response: GatewayResponse) -> documents.GatewayResponse:
    return documents.GatewayResponse(
        status_code=response.status_code,
        response_parameters=dict(response.response_parameters),
        response_templates=dict(response.response_templates),
    )


def _resources_of(rest_api: RestApi) -> QuerySet[Resource]:
    methods = (
        Method.objects.select_related("integration")
        .order_by("http_method")
        .prefetch_related(
            Prefetch("responses", MethodResponse.objects.order_by("status_code")),
            Prefetch("integration__responses", IntegrationResponse.objects.order_by("status_code")),
        )
    )
    return rest_api.resources.order_by("path").prefetch_related(Prefetch("methods", methods))


def _integration_of(method: Method) -> Integration | None:
    return getattr(method, "integration", None)


def _resource(resource: Resource, validation: FrozenValidation) -> documents.Resource:
    return documents.Resource(
        id=resource.resource_id,
        path=resource.path,
        methods=tuple(_method(method, validation) for method in resource.methods.all()),
    )


def _method(method: Method, validation: FrozenValidation) -> documents.Method:
    asked = validation.asked_of(method)
    return documents.Method(
        http_method=method.http_method,
        integration=_integration(method.integration),
        authorization_type=method.authorization_type,
        authorizer_id=method.authorizer_id,
        authorization_scopes=tuple(method.authorization_scopes),
        api_key_required=method.api_key_required,
        operation_name=method.operation_name,
        request_parameters=dict(method.request_parameters),
        request_models=dict(method.request_models),
        validate_parameters=asked.parameters,
        validate_body=asked.body,
        responses=tuple(
            documents.MethodResponse(
                status_code=response.status_code,
                response_parameters=dict(response.response_parameters),
                response_models=dict(response.response_models),
            )
            for response in method.responses.all()
        ),
    )


def _integration(integration: Integration) -> documents.Integration:
    return documents.Integration(
        type=integration.type,
        uri=integration.uri,
        http_method=integration.http_method,
        connection_type=integration.connection_type or "INTERNET",
        connection_id=integration.connection_id,
        credentials=integration.credentials,
        request_parameters=dict(integration.request_parameters),
        request_templates=dict(integration.request_templates),
        passthrough_behavior=integration.passthrough_behavior,
        content_handling=integration.content_handling,
        timeout_in_millis=integration.timeout_in_millis,
        cache_namespace=integration.cache_namespace,
        cache_key_parameters=tuple(integration.cache_key_parameters),
        insecure_skip_verification=bool((integration.tls_config or {}).get("insecureSkipVerification", False)),
        response_transfer_mode=integration.response_transfer_mode,
        integration_target=integration.integration_target,
        responses=tuple(
            documents.IntegrationResponse(
                status_code=response.status_code,
                selection_pattern=response.selection_pattern,
                response_parameters=dict(response.response_parameters),
                response_templates=dict(response.response_templates),
                content_handling=response.content_handling,
            )
            for response in integration.responses.all()
        ),
    )
