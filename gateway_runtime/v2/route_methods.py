"""Routes as the phases of REST methods see them.

A route of an HTTP or WebSocket API has the same authorizers, limits and back ends as a REST method, under other names. It is written here
as such a method once, when a stage is compiled, so that one piece of code serves all kinds of APIs.
"""

from __future__ import annotations

from typing import Any

from apps.core.documents import (
    AccountDocument,
    Authorizer,
    DeploymentDocument,
    Integration,
    Method,
    MethodSetting,
    Resource,
    StageDocument,
    TokenIssuer,
    V2DeploymentDocument,
    V2StageDocument,
)
from apps.core.v2_documents import V2Authorizer, V2Integration, V2Route, V2RouteSettings
from gateway_runtime.ports import Services
from gateway_runtime.snapshot.stage import MethodSite, StageSite

DEFAULT_ROUTE = "$default"
_CONNECT = "$connect"  # the only event of a connection that has headers and a query
_VERB = "ROUTE"  # stands where a method has its HTTP method, for a WebSocket route
_JWT_ALGORITHMS = ("RS256", "RS384", "RS512")  # HTTP APIs take no others


def as_stage_site(
    stage: V2StageDocument, deployment: V2DeploymentDocument, account: AccountDocument | None, services: Services
) -> StageSite:
    """The stage as a stage of a REST API, with settings that act on routes."""
    place: dict[str, Any] = {"account_id": stage.account_id, "region": stage.region, "api_id": stage.api_id}
    protocol = deployment.protocol_type
    default = stage.default_route_settings
    settings = {_setting_key(key, protocol): _setting(own, default) for key, own in stage.route_settings.items()}
    as_rest = StageDocument(
        **place,
        stage_name=stage.stage_name,
        deployment_id=stage.deployment_id,
        variables=stage.variables,
        method_settings={"*/*": _setting(default, default), **settings},
        access_log_format=stage.access_log_format,
        access_log_destination=stage.access_log_destination,
        disable_execute_api_endpoint=deployment.disable_execute_api_endpoint,
        authorizers_cache_flushes=stage.authorizers_cache_flushes,
    )
    frozen = DeploymentDocument(
        **place,
        api_name=deployment.api_name,
        deployment_id=deployment.deployment_id,
        api_key_source="AUTHORIZER" if "authorizer" in deployment.api_key_selection_expression else "HEADER",
        authorizers={key: _authorizer(authorizer, protocol) for key, authorizer in deployment.authorizers.items()},
        models=deployment.models,
    )
    return StageSite(as_rest, frozen, account, services)


def as_method_site(at: StageSite, route: V2Route, integration: Integration, protocol: str) -> MethodSite:
    """A route as a method with this integration. `protocol` is HTTP or WEBSOCKET."""
    verb, path = _verb_and_path(route.key, protocol)
    method = Method(
        http_method=verb,
        integration=integration,
        authorization_type=route.authorization_type,
        authorizer_id=route.authorizer_id,
        authorization_scopes=route.authorization_scopes,
        api_key_required=route.api_key_required,
        operation_name=route.operation_name,
        validate_parameters=route.key == _CONNECT,
        request_parameters={_source(name): required for name, required in route.request_parameters.items()},
    )
    resource = Resource(id=route.id, path=path, methods=(method,))
    return MethodSite(*at, resource, method)._replace(protocol=protocol)


def as_integration(integration: V2Integration | None, template: str | None = None) -> Integration:
    """A WebSocket integration as a method's. `template` stands for its templates: which of them is chosen for each message."""
    if integration is None:
        return Integration(type="MOCK", request_templates={"application/json": '{"statusCode": 200}'})
    return Integration(
        type="HTTP" if integration.type == "HTTP_PROXY" else integration.type,
        uri=integration.uri,
        http_method=integration.method or "POST",
        connection_type=integration.connection_type,
        connection_id=integration.connection_id,
        credentials=integration.credentials_arn,
        request_parameters={name: _source(source) for name, source in integration.request_parameters.items()},
        request_templates={} if template is None else {"application/json": template},
        passthrough_behavior=integration.passthrough_behavior,
        content_handling=integration.content_handling_strategy,
        timeout_in_millis=min(integration.timeout_in_millis, 29_000),
    )


def _verb_and_path(key: str, protocol: str) -> tuple[str, str]:
    if protocol == "WEBSOCKET":
        return _VERB, key
    verb, _, path = key.partition(" ")
    return (verb, path) if path else ("ANY", key)


def _authorizer(authorizer: V2Authorizer, protocol: str) -> Authorizer:
    issuers: tuple[TokenIssuer, ...] = ()
    if authorizer.jwt_issuer:
        issuers = (TokenIssuer(issuer=authorizer.jwt_issuer, audiences=authorizer.jwt_audience, client_ids=True),)
    return Authorizer(
        id=authorizer.id,
        name=authorizer.name,
        type=authorizer.type,
        uri=authorizer.uri,
        credentials=authorizer.credentials_arn,
        identity_sources=tuple(_source(source) for source in authorizer.identity_sources),
        identity_validation_expression=authorizer.identity_validation_expression,
        # A WebSocket connection asks once: AWS remembers nothing for the next.
        result_ttl_in_seconds=authorizer.result_ttl if protocol == "HTTP" else 0,
        issuers=issuers,
        algorithms=_JWT_ALGORITHMS if issuers else (),
    )


def _source(expression: str) -> str:
    """`route.request.header.X` and `$request.header.X` as `method.request.header.X`; other sources have one name in all."""
    plain = expression.removeprefix("$")
    for prefix in ("route.request.", "request."):
        if plain.startswith(prefix):
            return f"method.request.{plain.removeprefix(prefix)}"
    return plain


def _setting(own: V2RouteSettings, default: V2RouteSettings) -> MethodSetting:
    """A route's settings; what it leaves out is the stage's default."""

    def chosen(name: str) -> Any:
        value = getattr(own, name)
        return getattr(default, name) if value is None else value

    return MethodSetting(
        throttling_rate_limit=chosen("throttling_rate_limit"),
        throttling_burst_limit=chosen("throttling_burst_limit"),
        metrics_enabled=bool(chosen("detailed_metrics_enabled")),
        logging_level=chosen("logging_level") or "OFF",
        data_trace_enabled=bool(chosen("data_trace_enabled")),
    )


def _setting_key(key: str, protocol: str) -> str:
    verb, path = _verb_and_path(key, protocol)
    escaped = path.replace("~", "~0").replace("/", "~1")
    return f"{escaped}/{verb}"
