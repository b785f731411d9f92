"""A stage of a WebSocket API, compiled: its routes, and how a message finds its own."""

from __future__ import annotations

from apps.core.documents import AccountDocument, V2DeploymentDocument, V2StageDocument
from apps.core.selection_expressions import SelectionExpression
from apps.core.v2_documents import V2Route
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.pipelines import (
    CONNECT,
    DISCONNECT,
    MANAGEMENT_CLOSING,
    MANAGEMENT_TOLD,
    MESSAGE,
    WEBSOCKET_CLOSING,
    WEBSOCKET_TOLD,
)
from gateway_runtime.ports import Services
from gateway_runtime.snapshot.compile import closing_steps, named_steps, walked_method
from gateway_runtime.snapshot.router import Router
from gateway_runtime.snapshot.stage import CompiledStage, StageSite
from gateway_runtime.v2.route_methods import as_integration, as_method_site, as_stage_site
from gateway_runtime.v2.route_site import RouteSite
from gateway_runtime.websocket.event import SocketEvent, request_variable
from gateway_runtime.websocket.management import PATH, management_walks
from gateway_runtime.websocket.route import CompiledRoute

_PHASES = {"$connect": CONNECT, "$disconnect": DISCONNECT}
_FORBIDDEN = "Forbidden"


class WebSocketStage:
    """`http` is what the stage answers over HTTP: its `@connections`. `closing` and `told` are the steps that end each event, as `Pipeline` tells them apart."""

    __slots__ = ("_default", "_routes", "_selection", "closing", "connect", "disconnect", "http", "place", "told")

    def __init__(
        self, site: StageSite, deployment: V2DeploymentDocument, routes: dict[str, CompiledRoute], http: CompiledStage
    ) -> None:
        self.place = (site.stage.api_id, site.stage.stage_name)
        self.http = http
        self.connect = routes.pop("$connect", None)
        self.disconnect = routes.pop("$disconnect", None)
        self.closing = closing_steps(WEBSOCKET_CLOSING, site)
        self.told = closing_steps(WEBSOCKET_TOLD, site)
        self._default = routes.pop("$default", None)
        self._routes = routes
        self._selection = SelectionExpression(deployment.route_selection_expression)

    def route(self, exchange: Exchange, event: SocketEvent) -> CompiledRoute:
        """The route of a message: the one its selection expression names, else `$default`. Raises GatewayError without either."""
        key = self._selection.evaluate(request_variable(exchange))
        found = self._default if key is None else self._routes.get(key, self._default)
        if found is None:
            raise GatewayError("DEFAULT_4XX", status=403, message=_FORBIDDEN, error_type="ForbiddenException")
        event.route_key = found.key
        return found


def compile_websocket_stage(
    stage: V2StageDocument, deployment: V2DeploymentDocument, account: AccountDocument | None, services: Services
) -> WebSocketStage:
    """Everything that connections to a stage need. A route that cannot be served says so; the others serve."""
    site = as_stage_site(stage, deployment, account, services)
    routes = {route.key: _compile(site, deployment, route) for route in deployment.routes}
    methods = {http_method: walked_method(*walk) for http_method, walk in management_walks(site).items()}
    closing, told = closing_steps(MANAGEMENT_CLOSING, site), closing_steps(MANAGEMENT_TOLD, site)
    http = CompiledStage(site, Router([(PATH, methods)]), closing, told)
    return WebSocketStage(site, deployment, routes, http)


def _compile(at: StageSite, deployment: V2DeploymentDocument, route: V2Route) -> CompiledRoute:
    integration = deployment.integrations.get(route.integration_id or "")
    site = RouteSite(
        as_method_site(at, route, as_integration(integration), "WEBSOCKET"), route, integration, deployment
    )
    named = named_steps(site.site, _PHASES.get(route.key, MESSAGE), site)
    is_two_way = route.response_selection_expression is not None and bool(route.responses)
    return CompiledRoute(route.key, walked_method(site.site, named), is_two_way)
