"""The small languages of V2: route keys, selection expressions and parameter mappings, with what AWS takes of them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from apps.control_plane.errors import BadRequestException
from apps.core.selection_expressions import SelectionExpression

HTTP_ROUTE_SELECTION = "$request.method $request.path"
API_KEY_SELECTION = "$request.header.x-api-key"
_API_KEY_SELECTIONS = (API_KEY_SELECTION, "$context.authorizer.usageIdentifierKey")

_METHODS = "GET|PUT|POST|DELETE|PATCH|HEAD|OPTIONS|ANY"
_HTTP_KEY = re.compile(rf"({_METHODS}) (/\S*)")
_SEGMENT = re.compile(r"\{[A-Za-z0-9._:-]+\+?\}|[^{}]*")
_LONGEST_WEBSOCKET_KEY = 128

_NAME = r"[^\s${}()<>@,;:\\\"/\[\]?=|]+"
_ROOTS = ("request.", "response.", "integration.", "context.", "stageVariables.")

_REQUEST_KEY = re.compile(rf"(append|overwrite|remove):(header|querystring)\.({_NAME})|overwrite:(path)")
_RESPONSE_KEY = re.compile(rf"(append|overwrite|remove):(header)\.({_NAME})|overwrite:(statuscode)")
_REQUEST_SOURCE = re.compile(
    rf"request\.(?:header\.{_NAME}|querystring\.[^\s${{}}]+|path(?:\.[^\s${{}}]+)?|body(?:\.[^${{}}]+)?)"
    r"|(?:context|stageVariables)\.[^\s${}]+"
)
_RESPONSE_SOURCE = re.compile(
    rf"response\.(?:header\.{_NAME}|body(?:\.[^${{}}]+)?)|(?:context|stageVariables)\.[^\s${{}}]+"
)
_RESERVED = re.compile(
    r"access-control-.*|apigw-.*|x-amz-.*|x-amzn-.*|authorization|connection|content-encoding|content-length|content-location"
    r"|forwarded|host|keep-alive|origin|proxy-authenticate|proxy-authorization|te|trailers|transfer-encoding|upgrade"
    r"|x-forwarded-for|x-forwarded-host|x-forwarded-proto|via",
    re.IGNORECASE,
)
_WEBSOCKET_KEY = re.compile(rf"integration\.request\.(?:header|querystring|path)\.{_NAME}")
_WEBSOCKET_SOURCE = re.compile(
    rf"route\.request\.(?:header|querystring|path)\.{_NAME}|route\.request\.body(?:\..+)?|(?:context|stageVariables)\.\S+|'[^']*'"
)
_WEBSOCKET_RESPONSE_KEY = re.compile(rf"route\.response\.header\.{_NAME}")
_WEBSOCKET_RESPONSE_SOURCE = re.compile(
    rf"integration\.response\.(?:header\.{_NAME}|body(?:\..+)?)|(?:context|stageVariables)\.\S+|'[^']*'"
)
ROUTE_PARAMETER = re.compile(rf"route\.request\.(?:header|querystring)\.{_NAME}")
ROUTE_RESPONSE_PARAMETER = re.compile(rf"route\.response\.header\.{_NAME}")
_STATUS = re.compile(r"[1-5][0-9]{2}")
STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.[A-Za-z0-9_]+\}")


def check_http_route_key(key: str) -> None:
    """`METHOD /path` with `{name}` and, at the end, `{name+}` as whole segments; or `$default`."""
    if key == "$default":
        return
    match = _HTTP_KEY.fullmatch(key)
    if match is None or (match[2] != "/" and match[2].endswith("/")):
        raise BadRequestException(
            "The provided route key is not formatted properly for HTTP protocol. Format should be "
            '"<HTTP METHOD> /<RESOURCE PATH>" or "$default"'
        )
    segments = match[2].split("/")[1:]
    names = [segment.strip("{}+") for segment in segments if segment.startswith("{")]
    if not all(_SEGMENT.fullmatch(segment) for segment in segments) or len(set(names)) < len(names):
        raise BadRequestException(f"The provided route key has an invalid path: {match[2]}")
    if any(segment.endswith("+}") for segment in segments[:-1]):
        raise BadRequestException("A greedy path variable may only be at the end of a route key.")


def check_websocket_route_key(key: str) -> None:
    if not key or len(key) > _LONGEST_WEBSOCKET_KEY:
        raise BadRequestException("Invalid route key specified")
    if key.startswith("$") and key not in ("$connect", "$disconnect", "$default"):
        raise BadRequestException("Route keys beginning with '$' must be one of [$connect, $disconnect, $default]")


def check_selection(expression: str, member: str) -> str:
    """A selection expression: text with at least one `$request.body.action` or `${request.header.x}` in it."""
    variables = SelectionExpression(expression).variables
    if not variables or not all(name.startswith(_ROOTS) for name in variables):
        raise BadRequestException(f"Invalid {member} specified: {expression}")
    return expression


def check_api_key_selection(expression: str) -> str:
    plain = expression.replace("${", "$").replace("}", "")
    if plain not in _API_KEY_SELECTIONS:
        raise BadRequestException(
            f"Invalid api key selection expression specified. Must be one of [{', '.join(_API_KEY_SELECTIONS)}]"
        )
    return expression


def check_request_mapping(parameters: Mapping[str, str]) -> None:
    """How an HTTP API changes requests."""
    for key, value in parameters.items():
        _check_http(key, value, _REQUEST_KEY, _REQUEST_SOURCE, "Request")


def check_response_mappings(parameters: Mapping[str, Mapping[str, str]]) -> None:
    """How an HTTP API changes responses, by the status of the back end."""
    for status, mapping in parameters.items():
        if not _STATUS.fullmatch(status):
            raise _invalid(f"Invalid status code specified: {status}")
        for key, value in mapping.items():
            _check_http(key, value, _RESPONSE_KEY, _RESPONSE_SOURCE, "Response")


def check_websocket_mapping(parameters: Mapping[str, str]) -> None:
    """What of a message goes into the request to the back end of a WebSocket API."""
    _check_plain(parameters, _WEBSOCKET_KEY, _WEBSOCKET_SOURCE)


def check_websocket_response_mapping(parameters: Mapping[str, str]) -> None:
    _check_plain(parameters, _WEBSOCKET_RESPONSE_KEY, _WEBSOCKET_RESPONSE_SOURCE)


def check_values(parameters: Mapping[str, str]) -> None:
    """The arguments of an AWS service's action: static texts, or with variables of the request in them."""
    for value in parameters.values():
        _check_value(value, _REQUEST_SOURCE)


def _check_plain(parameters: Mapping[str, str], keys: re.Pattern[str], values: re.Pattern[str]) -> None:
    for key, value in parameters.items():
        if not keys.fullmatch(key):
            raise _invalid(f"Invalid mapping expression specified: {key}")
        if not values.fullmatch(value):
            raise _invalid(f"Invalid mapping expression specified: {value}")


def _check_http(key: str, value: str, keys: re.Pattern[str], sources: re.Pattern[str], kind: str) -> None:
    match = keys.fullmatch(key)
    if match is None:
        raise _invalid(f"Invalid {kind} Actioned Parameter mapping expression specified: {key}")
    if match[2] == "header" and _RESERVED.fullmatch(match[3]):
        raise _invalid(f"Operations on header {match[3]} are restricted")
    if match[4] == "statuscode" and not value.startswith("$") and not _STATUS.fullmatch(value):
        raise _invalid(f"Invalid status code specified: {value}")
    if match[1] != "remove":
        _check_value(value, sources)


def _check_value(value: str, sources: re.Pattern[str]) -> None:
    """A value is one variable, or text with variables between `${` and `}`."""
    if value.startswith("$") and not value.startswith("${"):
        if not sources.fullmatch(value[1:]):
            raise _invalid(f"Invalid mapping expression specified: {value}")
        return
    for part in value.split("${")[1:]:
        variable, closed, _ = part.partition("}")
        if not closed or not sources.fullmatch(variable):
            raise _invalid(f"Invalid mapping expression specified: {value}")


def _invalid(error: str) -> BadRequestException:
    return BadRequestException(
        f"Invalid mapping expression specified: Validation Result: warnings : [], errors : [{error}]"
    )
