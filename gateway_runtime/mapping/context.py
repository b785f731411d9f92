"""The `$context` variables of REST APIs, by name. A variable that has no value for a request gives None.

Values that the caller chose are cleaned of control characters here, once for every place that shows them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from gateway_runtime.exchange import Exchange
from gateway_runtime.tls.peer import TlsPeer, peer_of

if TYPE_CHECKING:
    from gateway_runtime.websocket.event import SocketEvent

Variable = Callable[[Exchange], str | None]


def clean(value: str) -> str:
    """Without control characters: nothing a caller sends can begin a new line of a log or a header."""
    if value.isprintable():
        return value
    return "".join(character if character.isprintable() else " " for character in value)


def header(exchange: Exchange, name: bytes) -> str | None:
    value = exchange.request.header(name)
    return None if value is None else clean(value.decode("latin-1"))


@lru_cache(maxsize=4)
def common_log_time(second: int) -> str:
    return time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(second))


def milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))


def _stage(name: str) -> Variable:
    return lambda exchange: None if exchange.stage is None else getattr(exchange.stage.document, name)


def _integration_status(exchange: Exchange) -> str | None:
    return str(exchange.integration_status) if exchange.integration_status else None


def _answered_status(exchange: Exchange) -> str | None:
    """Of a function its own status, where Lambda's is 200."""
    return str(exchange.function_status) if exchange.function_status else _integration_status(exchange)


def _integration_latency(exchange: Exchange) -> str | None:
    return milliseconds(exchange.integration_latency) if exchange.integration_started else None


def _error(name: str) -> Variable:
    return lambda exchange: None if exchange.error is None else getattr(exchange.error, name)


def _validation_error(exchange: Exchange) -> str | None:
    error = exchange.error
    return None if error is None or error.validation is None else clean(error.validation())


def _error_message_string(exchange: Exchange) -> str | None:
    if exchange.error is None:
        return None
    return "null" if exchange.error.message is None else f'"{exchange.error.message}"'


def _integration_error(exchange: Exchange) -> str | None:
    return (exchange.error.detail or None) if exchange.error is not None and exchange.integration_started else None


def _api_key_id(exchange: Exchange) -> str | None:
    return None if exchange.entitlement is None else exchange.entitlement.key.id


def _api_key(exchange: Exchange) -> str | None:
    """AWS logs the key's value here; a secret does not belong in a log, so its last four characters show."""
    value = api_key_value(exchange)
    return None if value is None else "***" + value[-4:]


def api_key_value(exchange: Exchange) -> str | None:
    """The key that a call was admitted with: what the authorizer named, else what the caller sent."""
    if exchange.entitlement is None:
        return None
    return exchange.usage_identifier_key or header(exchange, b"x-api-key")


def _identity(name: str) -> Variable:
    """What authorization has found out of the caller."""

    def read(exchange: Exchange) -> str | None:
        value = exchange.identity.get(name)
        return None if value is None else clean(value)

    return read


def _back_end_header(*names: bytes) -> Variable:
    """The first of these headers in the back end's answer."""

    def read(exchange: Exchange) -> str | None:
        answered: Iterable[tuple[bytes, bytes]] = ()
        if exchange.upstream is not None:
            answered = exchange.upstream.headers
        elif exchange.function is not None:
            answered = exchange.function.headers
        return next((value for name in names if (value := header_of(answered, name)) is not None), None)

    return read


def header_of(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str | None:
    """A header's first value as text that can be shown."""
    return next((clean(value.decode("latin-1")) for known, value in headers if known == name), None)


_endpoint_request_id = _back_end_header(b"x-amz-request-id", b"x-amzn-requestid")


def _is_canary_request(exchange: Exchange) -> str:
    return "true" if exchange.stage is not None and exchange.stage.is_canary else "false"


def _response_transfer_mode(exchange: Exchange) -> str | None:
    if exchange.method is None:
        return None
    return "STREAMED" if exchange.method.site.streams else "BUFFERED"


def _time_to_all_headers(exchange: Exchange) -> str | None:
    """Where answers stream, the back end's head is what is waited for."""
    streams = exchange.method is not None and exchange.method.site.streams
    return _integration_latency(exchange) if streams else None


def _resource(name: str) -> Variable:
    return lambda exchange: None if exchange.method is None else getattr(exchange.method, name)


# What authorization sets of `$context.identity`.
_OF_CALLERS = (
    "accountId", "caller", "clientCert.clientCertPem", "clientCert.issuerDN", "clientCert.serialNumber",
    "clientCert.subjectDN", "clientCert.validity.notAfter", "clientCert.validity.notBefore",
    "cognitoAuthenticationProvider", "cognitoAuthenticationType", "cognitoIdentityId", "cognitoIdentityPoolId",
    "principalOrgId", "user", "userArn", "vpcId", "vpceId",
)  # fmt: skip


def _of_socket(read: Callable[[SocketEvent], str | None]) -> Variable:
    """What only events on WebSocket connections have."""
    return lambda exchange: None if exchange.socket is None else read(exchange.socket)


def _route_key(exchange: Exchange) -> str | None:
    if exchange.socket is not None:
        return exchange.socket.route_key
    return None if exchange.method is None else exchange.method.route_key


def _of_tls(read: Callable[[TlsPeer], str | None]) -> Variable:
    """What only connections over TLS have."""

    def value(exchange: Exchange) -> str | None:
        peer = peer_of(exchange.scope)
        return None if peer is None else read(peer)

    return value


def _message_direction(event: SocketEvent) -> str:
    return "IN"


VARIABLES: dict[str, Variable] = {
    "accountId": _stage("account_id"),
    "apiId": _stage("api_id"),
    "awsEndpointRequestId": _endpoint_request_id,
    "awsEndpointRequestId2": _back_end_header(b"x-amz-id-2"),
    "stage": _stage("stage_name"),
    "deploymentId": _stage("deployment_id"),
    "connectedAt": _of_socket(lambda event: str(int(event.connection.connected_at * 1000))),
    "connectionId": _of_socket(lambda event: event.connection.id),
    "disconnectReason": _of_socket(lambda event: clean(event.disconnect_reason)),
    "disconnectStatusCode": _of_socket(
        lambda event: None if event.disconnect_code is None else str(event.disconnect_code)
    ),
    "domainName": lambda exchange: exchange.request.host,
    "domainPrefix": lambda exchange: exchange.request.host.partition(".")[0],
    "error.message": _error("message"),
    "error.messageString": _error_message_string,
    "error.responseType": _error("name"),
    "error.validationErrorString": _validation_error,
    "eventType": _of_socket(lambda event: event.kind),
    "extendedRequestId": attrgetter("extended_id"),
    "httpMethod": attrgetter("request.method"),
    **{f"identity.{name}": _identity(name) for name in _OF_CALLERS},
    "identity.apiKey": _api_key,
    "identity.apiKeyId": _api_key_id,
    "identity.sourceIp": attrgetter("request.client_ip"),
    "identity.userAgent": lambda exchange: header(exchange, b"user-agent"),
    "integration.error": _integration_error,
    "integration.integrationStatus": _integration_status,
    "integration.latency": _integration_latency,
    "integration.requestId": _endpoint_request_id,
    "integration.responseTransferMode": _response_transfer_mode,
    "integration.timeToAllHeaders": _time_to_all_headers,
    "integration.status": _answered_status,
    "integrationErrorMessage": _integration_error,
    "integrationLatency": _integration_latency,
    "integrationStatus": _integration_status,
    "isCanaryRequest": _is_canary_request,
    "messageDirection": _of_socket(_message_direction),
    "messageId": _of_socket(lambda event: event.message_id),
    "path": attrgetter("path"),  # the edge lets through no control character, quote or backslash in it
    "protocol": lambda exchange: f"HTTP/{exchange.scope.get('http_version', '1.1')}",
    "requestId": attrgetter("request_id"),
    "requestTime": lambda exchange: common_log_time(int(exchange.received_at)),
    "requestTimeEpoch": lambda exchange: str(int(exchange.received_at * 1000)),
    "resourceId": _resource("resource_id"),
    "resourcePath": _resource("resource_path"),
    "responseLatency": lambda exchange: milliseconds(exchange.latency),
    "responseLength": lambda exchange: str(exchange.sent_bytes),
    "routeKey": _route_key,
    "cipherSuite": _of_tls(attrgetter("cipher")),
    "status": lambda exchange: str(exchange.status),
    "tlsVersion": _of_tls(attrgetter("version")),
    "xrayTraceId": lambda exchange: None if exchange.trace_id is None else clean(exchange.trace_id),
}

_CHOSEN_BY_CALLERS = frozenset(
    {
        "awsEndpointRequestId", "awsEndpointRequestId2", "disconnectReason", "domainName", "domainPrefix", "error.message",
        "error.messageString", "error.validationErrorString", "httpMethod", "identity.apiKey", "identity.userAgent",
        "integration.error", "integration.requestId", "integrationErrorMessage", "resourcePath", "xrayTraceId",
        *(f"identity.{name}" for name in _OF_CALLERS),
    }
)  # fmt: skip
_AUTHORIZER = "authorizer."


def put_nested(members: dict[str, Any], values: Mapping[str, Any]) -> None:
    """Add values to a map, those of names such as `clientCert.validity.notAfter` to maps within it."""
    for name, value in values.items():
        *groups, member = name.split(".")
        place = members
        for group in groups:
            place = place.setdefault(group, {})
        place[member] = value


def variable(name: str) -> Variable | None:
    """The variable of a name. Authorizers give what they like: any name below `authorizer.` may have a value."""
    if name.startswith(_AUTHORIZER):
        return _of_authorizer(name.removeprefix(_AUTHORIZER).split("."))
    return VARIABLES.get(name)


def chosen_by_callers(name: str) -> bool:
    """Whether a caller or a back end can choose the variable's text."""
    return name in _CHOSEN_BY_CALLERS or name.startswith(_AUTHORIZER)


def _of_authorizer(members: list[str]) -> Variable:
    def read(exchange: Exchange) -> str | None:
        value: Any = exchange.authorizer
        for member in members:
            value = value.get(member) if isinstance(value, dict) else None
        if isinstance(value, dict) or value is None:
            return None
        return clean(str(value))

    return read
