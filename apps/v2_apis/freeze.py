"""Rows → documents: an HTTP or WebSocket API as it is being edited becomes what the runtime compiles.

These functions read rows and write nothing. Each needs a constant number of queries, however many rows an API has.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch

from apps.core import v2_documents as documents
from apps.v2_apis.models import Api, Authorizer, Integration, IntegrationResponse, Route, Stage


class NotDeployable(Exception):
    """The API is not complete; the message is AWS's."""


def freeze(api: Api, deployment_id: str) -> documents.V2DeploymentDocument:
    """The API as it is now, under the id that its deployment will have; raises `NotDeployable`."""
    routes = list(
        api.routes.order_by("route_key").select_related("integration", "authorizer").prefetch_related("responses")
    )
    if not routes:
        raise NotDeployable(
            "At least one route is required before deploying the Api."
            if api.websocket
            else "Unable to deploy API because no routes exist in this API"
        )
    integrations = api.integrations.order_by("integration_id").prefetch_related(
        Prefetch("responses", IntegrationResponse.objects.order_by("integration_response_key"))
    )
    return documents.V2DeploymentDocument(
        account_id=api.account_id,
        region=api.region,
        api_id=api.id,
        api_name=api.name,
        protocol_type=api.protocol_type,
        deployment_id=deployment_id,
        routes=tuple(route_document(route) for route in routes),
        integrations={row.integration_id: _integration(row) for row in integrations},
        authorizers={row.authorizer_id: authorizer_document(row) for row in api.authorizers.order_by("authorizer_id")},
        models=dict(api.models.order_by("name").values_list("name", "schema")),
        cors=_cors(api.cors_configuration),
        route_selection_expression=api.route_selection_expression,
        api_key_selection_expression=api.api_key_selection_expression,
        disable_execute_api_endpoint=api.disable_execute_api_endpoint,
        disable_schema_validation=bool(api.disable_schema_validation),
        ip_address_type=api.ip_address_type,
    )


def stage_document(stage: Stage) -> documents.V2StageDocument:
    """A stage that has a deployment, as it is now."""
    assert stage.deployment is not None
    access_log = stage.access_log_settings or {}
    return documents.V2StageDocument(
        account_id=stage.api.account_id,
        region=stage.api.region,
        api_id=stage.api_id,
        protocol_type=stage.api.protocol_type,
        stage_name=stage.name,
        deployment_id=stage.deployment.deployment_id,
        variables=dict(stage.stage_variables),
        default_route_settings=_settings(stage.default_route_settings),
        route_settings={key: _settings(value) for key, value in stage.route_settings.items()},
        access_log_format=access_log.get("Format"),
        access_log_destination=access_log.get("DestinationArn"),
        client_certificate_id=stage.client_certificate_id,
        authorizers_cache_flushes=stage.authorizers_cache_flushes,
    )


def route_document(row: Route) -> documents.V2Route:
    return documents.V2Route(
        id=row.route_id,
        key=row.route_key,
        integration_id=row.integration.integration_id if row.integration else None,
        authorization_type=row.authorization_type,
        authorizer_id=row.authorizer.authorizer_id if row.authorizer else None,
        authorization_scopes=tuple(row.authorization_scopes),
        api_key_required=row.api_key_required,
        operation_name=row.operation_name,
        model_selection_expression=row.model_selection_expression,
        request_models=dict(row.request_models),
        request_parameters=_required(row.request_parameters),
        response_selection_expression=row.route_response_selection_expression,
        responses=tuple(
            documents.V2RouteResponse(
                id=response.route_response_id,
                key=response.route_response_key,
                model_selection_expression=response.model_selection_expression,
                response_models=dict(response.response_models),
                response_parameters=_required(response.response_parameters),
            )
            for response in sorted(row.responses.all(), key=lambda each: each.route_response_key)
        ),
    )


def _required(parameters: dict[str, dict[str, Any]]) -> dict[str, bool]:
    """Parameters from AWS's shape of them (`{"Required": true}`)."""
    return {name: bool(constraints.get("Required")) for name, constraints in parameters.items()}


def _integration(row: Integration) -> documents.V2Integration:
    return documents.V2Integration(
        id=row.integration_id,
        type=row.integration_type,
        subtype=row.integration_subtype,
        uri=row.integration_uri,
        method=row.integration_method,
        connection_type=row.connection_type,
        connection_id=row.connection_id,
        credentials_arn=row.credentials_arn,
        payload_format_version=row.payload_format_version or "1.0",
        request_parameters=dict(row.request_parameters),
        response_parameters={status: dict(mapping) for status, mapping in row.response_parameters.items()},
        request_templates=dict(row.request_templates),
        template_selection_expression=row.template_selection_expression,
        passthrough_behavior=row.passthrough_behavior or "WHEN_NO_MATCH",
        content_handling_strategy=row.content_handling_strategy,
        response_selection_expression=row.integration_response_selection_expression,
        timeout_in_millis=row.timeout_in_millis,
        server_name_to_verify=(row.tls_config or {}).get("ServerNameToVerify"),
        responses=tuple(
            documents.V2IntegrationResponse(
                id=response.integration_response_id,
                key=response.integration_response_key,
                content_handling_strategy=response.content_handling_strategy,
                response_parameters=dict(response.response_parameters),
                response_templates=dict(response.response_templates),
                template_selection_expression=response.template_selection_expression,
            )
            for response in row.responses.all()
        ),
    )


def authorizer_document(row: Authorizer) -> documents.V2Authorizer:
    jwt = row.jwt_configuration or {}
    return documents.V2Authorizer(
        id=row.authorizer_id,
        name=row.name,
        type=row.authorizer_type,
        identity_sources=tuple(row.identity_source),
        uri=row.authorizer_uri,
        credentials_arn=row.authorizer_credentials_arn,
        payload_format_version=row.authorizer_payload_format_version or "1.0",
        simple_responses=bool(row.enable_simple_responses),
        result_ttl=row.authorizer_result_ttl_in_seconds or 0,
        identity_validation_expression=row.identity_validation_expression,
        jwt_issuer=jwt.get("Issuer"),
        jwt_audience=tuple(jwt.get("Audience") or ()),
    )


def _cors(configuration: dict[str, Any] | None) -> documents.V2Cors | None:
    if configuration is None:
        return None
    return documents.V2Cors(
        allow_origins=tuple(configuration.get("AllowOrigins") or ()),
        allow_methods=tuple(configuration.get("AllowMethods") or ()),
        allow_headers=tuple(configuration.get("AllowHeaders") or ()),
        expose_headers=tuple(configuration.get("ExposeHeaders") or ()),
        allow_credentials=bool(configuration.get("AllowCredentials")),
        max_age=configuration.get("MaxAge"),
    )


def _settings(settings: dict[str, Any]) -> documents.V2RouteSettings:
    """Settings from AWS's shape of them (`ThrottlingRateLimit`, …)."""
    rate = settings.get("ThrottlingRateLimit")
    return documents.V2RouteSettings(
        throttling_rate_limit=None if rate is None else float(rate),
        throttling_burst_limit=settings.get("ThrottlingBurstLimit"),
        detailed_metrics_enabled=settings.get("DetailedMetricsEnabled"),
        logging_level=settings.get("LoggingLevel"),
        data_trace_enabled=settings.get("DataTraceEnabled"),
    )
