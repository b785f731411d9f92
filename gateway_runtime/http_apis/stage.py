"""A stage of an HTTP API, compiled: its routes, and how a request finds its own."""

from __future__ import annotations

import re

from apps.core.documents import AccountDocument, Integration, V2DeploymentDocument, V2StageDocument
from apps.core.v2_documents import V2Integration, V2Route
from gateway_runtime.http_apis.cors import Cors
from gateway_runtime.http_apis.route_phases import http_error, respond
from gateway_runtime.phases.access_log import access_log
from gateway_runtime.phases.tell import tell
from gateway_runtime.pipelines import HTTP
from gateway_runtime.ports import Services
from gateway_runtime.snapshot.compile import closing_steps, named_steps, walked_method
from gateway_runtime.snapshot.router import Router
from gateway_runtime.snapshot.stage import CompiledMethod, CompiledStage, StageSite
from gateway_runtime.v2.meter import meter_route
from gateway_runtime.v2.route_methods import DEFAULT_ROUTE, as_method_site, as_stage_site
from gateway_runtime.v2.route_site import RouteSite

_PLACEHOLDER = re.compile(r"\{([^{}/+]+)\+?\}")
_FUNCTION = re.compile(r"arn:([\w-]+):lambda:([\w-]+):")


class HttpApiStage(CompiledStage):
    """Full matches go before greedy ones, and those before `$default`. A path that has no route of a method goes on to the next kind.
    No route ends with a slash; a path that does is for greedy routes and `$default`."""

    __slots__ = ("_any", "_default", "_routers")

    unmatched = "RESOURCE_NOT_FOUND"
    overrides_methods = False
    has_one_identifier = True

    def __init__(self, site: StageSite, routes: dict[str, CompiledMethod], cors: Cors | None) -> None:
        closing = closing_steps((respond, access_log, meter_route), site)
        told = (http_error(cors), *closing_steps((respond, access_log, tell, meter_route), site))
        super().__init__(site, Router(()), closing, told)
        self._default = routes.pop(DEFAULT_ROUTE, None)
        paths: dict[str, dict[str, CompiledMethod]] = {}
        for key, route in routes.items():
            verb, _, path = key.partition(" ")
            paths.setdefault(verb, {})[path] = route
        any_method = paths.pop("ANY", {})
        self._any = Router(any_method.items(), slash_counts=True)
        self._routers = {verb: Router((any_method | own).items(), slash_counts=True) for verb, own in paths.items()}

    def match(self, segments: tuple[str, ...], http_method: str) -> tuple[CompiledMethod, dict[str, str]] | None:
        """The route of a path below the stage. What `$default` catches is kept under its own name."""
        found = self._routers.get(http_method, self._any).match(segments)
        if found is not None or self._default is None:
            return found
        return self._default, {DEFAULT_ROUTE: "/".join(segments)}


def compile_http_stage(
    stage: V2StageDocument, deployment: V2DeploymentDocument, account: AccountDocument | None, services: Services
) -> HttpApiStage:
    """Everything that requests to a stage need. A route that cannot be served answers so; the others serve."""
    site = as_stage_site(stage, deployment, account, services)
    routes = {route.key: _compile(site, deployment, route) for route in deployment.routes}
    return HttpApiStage(site, routes, None if deployment.cors is None else Cors(deployment.cors))


def _compile(at: StageSite, deployment: V2DeploymentDocument, route: V2Route) -> CompiledMethod:
    integration = deployment.integrations.get(route.integration_id or "")
    site = as_method_site(at, route, _as_integration(integration, route), "HTTP")
    return walked_method(site, named_steps(site, HTTP, RouteSite(site, route, integration, deployment)))


def _as_integration(integration: V2Integration | None, route: V2Route) -> Integration:
    """An integration as a method's. Placeholders of its URI stand for the route's path parameters of their names."""
    if integration is None:
        return Integration(type="MOCK")
    private = integration.connection_type != "INTERNET"
    uri = integration.uri or ""
    if not private and integration.type == "HTTP_PROXY" and route.key == DEFAULT_ROUTE:
        uri = f"{uri.rstrip('/')}/{{{DEFAULT_ROUTE}}}"  # the full path below the stage
    function = _FUNCTION.match(uri)
    if function is not None:
        uri = f"arn:{function[1]}:apigateway:{function[2]}:lambda:path/2015-03-31/functions/{uri}/invocations"
    names = _PLACEHOLDER.findall(uri)
    return Integration(
        type=integration.type,
        uri=uri,
        http_method="POST" if integration.type == "AWS_PROXY" else integration.method or "ANY",
        connection_type=integration.connection_type,
        connection_id=integration.connection_id,
        integration_target=uri if private else None,
        credentials=integration.credentials_arn,
        request_parameters={f"integration.request.path.{name}": f"method.request.path.{name}" for name in names},
        timeout_in_millis=integration.timeout_in_millis,
    )
