"""`@connections`: back ends send to a connection, ask about it and close it (apigatewaymanagementapi), by requests that they sign.

(AWS: apigateway-how-to-call-websocket-api-connections)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from urllib.parse import unquote

import orjson

from apps.core.documents import Integration, Method, Resource
from apps.core.iam import Decision
from apps.core.sigv4 import Signature
from gateway_runtime.authorizers.method_arn import api_arn
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.iam.credentials import Credential
from gateway_runtime.iam.invoke import access_denied, condition_keys
from gateway_runtime.iam.signatures import compile_verification
from gateway_runtime.limits import SOCKETS
from gateway_runtime.observation.watch import NamedStep
from gateway_runtime.snapshot.stage import MethodSite, StageSite, Step
from gateway_runtime.websocket.connection import ConnectionInfo, GoneAway, TooMuchWaits, worker_of
from gateway_runtime.websocket.directory import Connections, OutOfReach, Place

PATH = "/@connections/{connectionId}"
_ACTION = "execute-api:ManageConnections"

Act = Callable[[Connections, Place, str, Exchange], Awaitable[None]]


def management_walks(at: StageSite) -> dict[str, tuple[MethodSite, list[NamedStep]]]:
    """The methods of `@connections` by HTTP method: each as its site and its named steps."""
    acts: dict[str, Act] = {"POST": _post, "GET": _get, "DELETE": _delete}
    walks = {}
    for http_method, act in acts.items():
        method = Method(http_method=http_method, integration=Integration(type="MOCK"), authorization_type="AWS_IAM")
        site = MethodSite(*at, Resource(id="", path=PATH, methods=(method,)), method)
        walks[http_method] = (
            site,
            [("verify_signature", _verification(at)), ("manage_connection", _managing(at, act))],
        )
    return walks


def _verification(at: StageSite) -> Step:
    """Only who may manage connections of this stage is let in."""
    owner = at.stage.account_id
    prefix = f"{api_arn(at.stage)}/{at.stage.stage_name}/"

    def admit(exchange: Exchange, signature: Signature, credential: Credential) -> None:
        caller = credential.caller
        arn = f"{prefix}{exchange.request.method}/@connections/{_connection_id(exchange)}"
        keys = condition_keys(exchange) | caller.condition_keys()
        own = caller.account_id == owner
        decision = caller.decide(arn, keys, own=own, action=_ACTION)
        if not own or decision is not Decision.ALLOW:
            raise access_denied(arn, decision, caller.arn, action=_ACTION)

    return compile_verification(at.stage.region, at.services, admit)


def _managing(at: StageSite, act: Act) -> Step:
    place = (at.stage.api_id, at.stage.stage_name)
    connections = at.services.connections

    async def step(exchange: Exchange) -> None:
        connection_id = _connection_id(exchange)
        if worker_of(connection_id) is None:
            raise _refusal(400, "BadRequestException", f"Invalid connectionId: {connection_id}")
        try:
            await act(connections, place, connection_id, exchange)
        except GoneAway:
            raise _refusal(410, "GoneException", "Gone") from None
        except TooMuchWaits:
            raise _refusal(429, "LimitExceededException", "Limit Exceeded") from None
        except OutOfReach as error:
            raise GatewayError("DEFAULT_5XX", detail=str(error)) from None

    return step


def _connection_id(exchange: Exchange) -> str:
    return unquote(exchange.path_values["connectionId"])


def _refusal(status: int, error_type: str, message: str) -> GatewayError:
    return GatewayError("DEFAULT_4XX", status=status, message=message, error_type=error_type)


async def _post(connections: Connections, place: Place, connection_id: str, exchange: Exchange) -> None:
    data = await exchange.body.read()
    if len(data) > SOCKETS.message_bytes:
        raise _refusal(413, "PayloadTooLargeException", "Message too long")
    await connections.post(place, connection_id, data)
    exchange.status = 200


async def _get(connections: Connections, place: Place, connection_id: str, exchange: Exchange) -> None:
    info = await connections.info(place, connection_id)
    exchange.status, exchange.answer = 200, _shown(info)
    exchange.headers = [(b"content-type", b"application/json")]


def _shown(info: ConnectionInfo) -> bytes:
    return orjson.dumps(
        {
            "connectedAt": _moment(info.connected_at),
            "identity": {"sourceIp": info.source_ip, "userAgent": info.user_agent},
            "lastActiveAt": _moment(info.last_active_at),
        }
    )


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


async def _delete(connections: Connections, place: Place, connection_id: str, exchange: Exchange) -> None:
    await connections.disconnect(place, connection_id)
    exchange.status = 204
