"""Phases of WebSocket routes: what a message must be, and how it goes to the back end. The others are those of REST methods."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

import msgspec

from apps.core.json_path import MISSING
from apps.core.json_schemas import model_validators
from apps.core.selection_expressions import SelectionExpression
from apps.core.v2_documents import V2Integration
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.integrations.invoking import function_target, integrate_function
from gateway_runtime.limits import SOCKETS
from gateway_runtime.mapping.model_errors import tell_errors
from gateway_runtime.phases import integration as of_rest
from gateway_runtime.phases.throttle import stage_buckets, take_from
from gateway_runtime.snapshot.stage import Misconfigured
from gateway_runtime.v2.route_methods import as_integration, as_method_site
from gateway_runtime.websocket.event import request_variable
from gateway_runtime.websocket.proxy_event import proxy_event

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import Step
    from gateway_runtime.v2.route_site import RouteSite

_DEFAULT = "$default"


def admit_connection(at: RouteSite) -> Step | None:
    """New connections have a limit of their own in each account and region."""
    stage, store = at.site.stage, at.site.services.buckets
    scope = ("connections", stage.account_id, stage.region)
    return take_from(
        store, (store.bucket("connections", scope, SOCKETS.connections_per_second, SOCKETS.connections_burst),)
    )


def throttle_message(at: RouteSite) -> Step | None:
    """Take a token from the buckets that all callers of the route share."""
    store, shared = at.site.services.buckets, stage_buckets(at.site)
    return take_from(store, shared) if shared else None


def validate_message(at: RouteSite) -> Step | None:
    """Refuse a message that does not fit the model which the route's model selection expression names for it."""
    route, deployment = at.route, at.deployment
    if not route.model_selection_expression or not route.request_models or deployment.disable_schema_validation:
        return None
    expression = SelectionExpression(route.model_selection_expression)
    validator = model_validators(deployment.api_id, dict(deployment.models))
    models = {key: validator(name) for key, name in route.request_models.items()}
    default = models.get(_DEFAULT)

    def step(exchange: Exchange) -> None:
        event = exchange.socket
        assert event is not None
        key = expression.evaluate(request_variable(exchange))
        model = default if key is None else models.get(key, default)
        if model is None:
            return
        document = event.document(exchange.body.whole or b"")
        if document is MISSING:
            raise GatewayError("BAD_REQUEST_BODY")
        if not model.is_valid(document):
            size = len(exchange.body.whole or b"")
            raise GatewayError("BAD_REQUEST_BODY", validation=lambda: tell_errors(model, document, size))

    return step


def map_request(at: RouteSite) -> Step | None:
    """Make the request to the back end: the event of a function, or what the chosen template writes."""
    integration = at.integration
    if integration is None:
        return None
    if integration.type == "AWS_PROXY":
        return _map_event
    return _by_template(at, integration)


def _map_event(exchange: Exchange) -> None:
    exchange.out_body = proxy_event(exchange, exchange.body.whole or b"")


def _by_template(at: RouteSite, integration: V2Integration) -> Step:
    """One way of mapping for each template of the integration, and one for messages that choose none."""
    expression = SelectionExpression(integration.template_selection_expression or "")
    without = integration
    if integration.request_templates and integration.passthrough_behavior == "WHEN_NO_TEMPLATES":
        without = msgspec.structs.replace(integration, passthrough_behavior="NEVER")
    ways = {key: _way(at, integration, text) for key, text in integration.request_templates.items()}
    default = ways.get(_DEFAULT) or _way(at, without, None)

    def step(exchange: Exchange) -> Awaitable[None] | None:
        key = expression.evaluate(request_variable(exchange)) if expression.variables else None
        way = default if key is None else ways.get(key, default)
        return way(exchange)

    return step


def _way(at: RouteSite, integration: V2Integration, template: str | None) -> Step:
    site = at.site
    step = of_rest.map_request(as_method_site(site.at, at.route, as_integration(integration, template), "WEBSOCKET"))
    if step is None:
        raise Misconfigured(f"{integration.type} integrations take no message")
    return step


def integrate(at: RouteSite) -> Step | None:
    """Ask the back end."""
    integration = at.integration
    if integration is None:
        return None
    if integration.type != "AWS_PROXY":
        return of_rest.integrate(at.site)
    target = function_target(at.site)
    if target is None:
        raise Misconfigured("AWS_PROXY integrations are for Lambda functions")
    return integrate_function(at.site, target)


def require_success(at: RouteSite) -> Step | None:
    """A connection opens only when the back end of `$connect` answers with success."""

    def step(exchange: Exchange) -> None:
        status = exchange.status
        if not 200 <= status <= 299:
            kind = "DEFAULT_5XX" if status >= 500 else "DEFAULT_4XX"
            message = "Forbidden" if status == 403 else None
            detail = f"the back end of $connect answered {status}"
            raise GatewayError(kind, status=max(status, 400), message=message, detail=detail)

    return step
