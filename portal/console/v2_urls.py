"""The pages of HTTP and WebSocket APIs, below /console/v2/."""

from __future__ import annotations

from django.urls import path

from portal.console import (
    http_apis_cors,
    http_apis_test,
    openapi_parts,
    v2_apis,
    v2_authorizers,
    v2_changes,
    v2_deployments,
    v2_importing,
    v2_integrations,
    v2_routes,
    v2_stages,
    v2_traffic,
    websocket_apis_answers,
    websocket_apis_client,
    websocket_apis_connections,
    websocket_apis_models,
)

_INTEGRATION = "<str:api_id>/integrations/<str:integration_id>/"
_STAGE = "<str:api_id>/stages/<str:stage_name>/"

urlpatterns = [
    path("new/<str:kind>/", v2_apis.create, name="v2_create"),
    path("import/", v2_importing.import_http_api, name="v2_import"),
    path("<str:api_id>/", v2_routes.api, name="v2_api"),
    path("<str:api_id>/routes/new/", v2_routes.create_route, name="v2_create_route"),
    path("<str:api_id>/routes/<str:route_id>/", v2_routes.edit_route, name="v2_edit_route"),
    path("<str:api_id>/routes/<str:route_id>/delete/", v2_routes.delete_route, name="v2_delete_route"),
    path(
        "<str:api_id>/routes/<str:route_id>/response/", websocket_apis_answers.route_response, name="v2_route_response"
    ),
    path("<str:api_id>/integrations/", v2_integrations.integrations, name="v2_integrations"),
    path("<str:api_id>/integrations/new/", v2_integrations.create_integration, name="v2_create_integration"),
    path(_INTEGRATION, v2_integrations.integration, name="v2_integration"),
    path(_INTEGRATION + "edit/", v2_integrations.edit_integration, name="v2_edit_integration"),
    path(_INTEGRATION + "delete/", v2_integrations.delete_integration, name="v2_delete_integration"),
    path(_INTEGRATION + "responses/new/", v2_integrations.integration_response, name="v2_create_integration_response"),
    path(
        _INTEGRATION + "responses/<str:response_id>/",
        v2_integrations.integration_response,
        name="v2_integration_response",
    ),
    path(
        _INTEGRATION + "responses/<str:response_id>/delete/",
        v2_integrations.delete_integration_response,
        name="v2_delete_integration_response",
    ),
    path("<str:api_id>/authorizers/", v2_authorizers.authorizers, name="v2_authorizers"),
    path("<str:api_id>/authorizers/new/", v2_authorizers.create_authorizer, name="v2_create_authorizer"),
    path("<str:api_id>/authorizers/<str:authorizer_id>/", v2_authorizers.authorizer, name="v2_authorizer"),
    path(
        "<str:api_id>/authorizers/<str:authorizer_id>/test/",
        v2_authorizers.test_authorizer,
        name="v2_test_authorizer",
    ),
    path(
        "<str:api_id>/authorizers/<str:authorizer_id>/delete/",
        v2_authorizers.delete_authorizer,
        name="v2_delete_authorizer",
    ),
    path("<str:api_id>/cors/", http_apis_cors.cors, name="v2_cors"),
    path("<str:api_id>/cors/end/", http_apis_cors.end_cors, name="v2_end_cors"),
    path("<str:api_id>/models/", websocket_apis_models.models, name="v2_models"),
    path("<str:api_id>/models/new/", websocket_apis_models.create_model, name="v2_create_model"),
    path("<str:api_id>/models/<str:model_id>/", websocket_apis_models.model, name="v2_model"),
    path("<str:api_id>/models/<str:model_id>/delete/", websocket_apis_models.delete_model, name="v2_delete_model"),
    path("<str:api_id>/test/", http_apis_test.test, name="v2_test"),
    path("<str:api_id>/client/", websocket_apis_client.client, name="v2_client"),
    path("<str:api_id>/connections/", websocket_apis_connections.connections, name="v2_connections"),
    path("<str:api_id>/traffic/", v2_traffic.traffic, name="v2_traffic"),
    path("<str:api_id>/stages/", v2_stages.stages, name="v2_stages"),
    path("<str:api_id>/stages/new/", v2_stages.create_stage, name="v2_create_stage"),
    path(_STAGE, v2_stages.stage, name="v2_stage"),
    # Only WebSockets come here: the bridge answers them before Django is asked.
    path(_STAGE + "socket/", websocket_apis_client.only_by_websocket, name="v2_client_socket"),
    path(_STAGE + "forget-authorizers/", v2_stages.forget_authorizers, name="v2_forget_authorizers"),
    path(_STAGE + "delete/", v2_stages.delete_stage, name="v2_delete_stage"),
    path("<str:api_id>/mappings/<str:mapping_id>/delete/", v2_stages.delete_mapping, name="v2_delete_mapping"),
    path("<str:api_id>/changes/", v2_changes.changes, name="v2_changes"),
    path("<str:api_id>/deployments/compare/", v2_changes.compare, name="v2_compare"),
    path("<str:api_id>/deployments/", v2_deployments.deployments, name="v2_deployments"),
    path("<str:api_id>/deployments/new/", v2_deployments.deploy, name="v2_deploy"),
    path("<str:api_id>/deployments/point/", v2_deployments.point, name="v2_point"),
    path(
        "<str:api_id>/deployments/<str:deployment_id>/describe/",
        v2_deployments.describe_deployment,
        name="v2_describe_deployment",
    ),
    path(
        "<str:api_id>/deployments/<str:deployment_id>/delete/",
        v2_deployments.delete_deployment,
        name="v2_delete_deployment",
    ),
    path("<str:api_id>/settings/", v2_apis.settings, name="v2_settings"),
    path("<str:api_id>/openapi/", openapi_parts.http_api_part, name="http_api_part"),
    path("<str:api_id>/export/", v2_apis.export, name="v2_export"),
    path("<str:api_id>/delete/", v2_apis.delete, name="v2_delete"),
]
