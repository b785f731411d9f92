"""The walk of a request: which phases, in which order. The order is written here and computed nowhere.

A *phase* is a function that is given the method it will serve and answers with the *step* to take for each request, or
with None when the method has no use for it: a phase that is not used costs a request nothing. A step reads what earlier steps set
on the exchange, sets its own members, and gives an awaitable only when it has to wait, or raises `GatewayError`.
Between `read_cache` and `write_cache` lies what an answer from the cache makes superfluous.
Closing steps answer, log and count, also after a refusal; theirs is the stage, for an answer may concern no method.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple

from gateway_runtime.exchange import Exchange
from gateway_runtime.http_apis import route_phases as http_route
from gateway_runtime.phases.access_log import access_log
from gateway_runtime.phases.api_key import validate_api_key
from gateway_runtime.phases.authorize import authorize
from gateway_runtime.phases.cache import read_cache, write_cache
from gateway_runtime.phases.compression import compress_response, decompress_request
from gateway_runtime.phases.gateway_response import gateway_response
from gateway_runtime.phases.integration import integrate, map_request, map_response
from gateway_runtime.phases.meter import meter
from gateway_runtime.phases.quota import quota
from gateway_runtime.phases.resource_policy import require_resource_policy, resource_policy
from gateway_runtime.phases.respond import respond
from gateway_runtime.phases.tell import tell
from gateway_runtime.phases.throttle import throttle
from gateway_runtime.phases.trace import trace
from gateway_runtime.phases.validate_request import validate_request
from gateway_runtime.phases.verify_signature import verify_signature
from gateway_runtime.v2.borrowed import of_method
from gateway_runtime.v2.meter import meter_post, meter_route
from gateway_runtime.websocket import route_phases as route
from gateway_runtime.websocket.replies import map_reply

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import MethodSite, StageSite
    from gateway_runtime.v2.route_site import RouteSite

Step = Callable[[Exchange], Awaitable[None] | None]
Phase = Callable[["MethodSite"], Step | None]
ClosingPhase = Callable[["StageSite"], Step | None]
RoutePhase = Callable[["RouteSite"], Step | None]


class Pipeline(NamedTuple):
    """Phases of a method, and closing phases of a stage.

    `closing` is for an answer that went well and that nobody watches, `told` for a refusal or a request that is watched.
    """

    phases: tuple[Phase, ...]
    closing: tuple[ClosingPhase, ...]
    told: tuple[ClosingPhase, ...] = ()


REST = Pipeline(
    phases=(
        trace, resource_policy, verify_signature, authorize, require_resource_policy, validate_api_key, throttle, quota,
        decompress_request, validate_request, read_cache, map_request, integrate, map_response, write_cache,
        compress_response,
    ),
    closing=(respond, access_log, meter),
    told=(gateway_response, respond, access_log, tell, meter),
)  # fmt: skip

# Requests to an HTTP API. Phases of REST methods serve routes as well, through `of_method`.
HTTP: tuple[RoutePhase, ...] = (
    http_route.preflight, of_method(verify_signature), http_route.authorize, of_method(throttle),
    http_route.map_request, http_route.integrate, http_route.map_response, http_route.put_cors,
)  # fmt: skip

# Events on the connections of a WebSocket API.
CONNECT: tuple[RoutePhase, ...] = (
    route.admit_connection, of_method(verify_signature), of_method(authorize), of_method(validate_api_key),
    of_method(throttle), of_method(quota), of_method(validate_request), route.map_request, route.integrate, map_reply,
    route.require_success,
)  # fmt: skip
MESSAGE: tuple[RoutePhase, ...] = (
    route.throttle_message, route.validate_message, route.map_request, route.integrate, map_reply,
)  # fmt: skip
DISCONNECT: tuple[RoutePhase, ...] = (route.map_request, route.integrate, map_reply)
WEBSOCKET_CLOSING: tuple[ClosingPhase, ...] = (access_log, meter_route)
WEBSOCKET_TOLD: tuple[ClosingPhase, ...] = (access_log, tell, meter_route)
# Requests to `@connections`.
MANAGEMENT_CLOSING: tuple[ClosingPhase, ...] = (respond, access_log, meter_post)
MANAGEMENT_TOLD: tuple[ClosingPhase, ...] = (gateway_response, respond, access_log, tell, meter_post)
