"""AWS_PROXY of HTTP APIs with an action of an AWS service: mapped arguments as a signed request, and the service's answer as the answer.

(AWS: http-api-develop-integrations-aws-services)
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import msgspec

from apps.core.aws_services import JsonAction, QueryAction, action_of, host_of, signing_name
from apps.core.integration_subtypes import SUBTYPES, Subtype
from apps.core.selection_expressions import SelectionExpression
from gateway_runtime.edge.canonical import Headers
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.http_apis import proxying
from gateway_runtime.http_apis.mapping import request_variables
from gateway_runtime.integrations.aws_service import compile_signed_sending
from gateway_runtime.integrations.forwarding import trace_id
from gateway_runtime.mapping.json_body import NotJson, read_json
from gateway_runtime.snapshot.stage import Misconfigured
from gateway_runtime.upstream.origin import parse_origin

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import Step
    from gateway_runtime.v2.route_site import RouteSite

Arguments = dict[str, Any]
# What is sent: target, headers and body.
Written = tuple[str, Headers, bytes]

_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d{1,2}")
_LARGEST_BODY = 10 * 1024 * 1024  # bytes: the limit of requests, so that `$request.body` is the whole of each
_ROOT = "/"

map_response = proxying.map_response


def map_request(at: RouteSite) -> Step | None:
    """Evaluate the arguments and write the request that the action takes."""
    subtype, parameters = _subtype(at), _parameters(at)
    values = {name: SelectionExpression(text) for name, text in parameters.items() if name != "Region"}
    needs_body = any(name.startswith("request.body") for value in values.values() for name in value.variables)
    write = _writer(subtype)

    def step(exchange: Exchange) -> Awaitable[None] | None:
        if needs_body:
            return read_and_map(exchange)
        map_from(exchange, b"")
        return None

    async def read_and_map(exchange: Exchange) -> None:
        map_from(exchange, await exchange.body.read())

    def map_from(exchange: Exchange, body: bytes) -> None:
        read = request_variables(exchange, body, _LARGEST_BODY)
        texts = {name: text for name, value in values.items() if (text := value.evaluate(read)) is not None}
        exchange.target, headers, exchange.out_body = write(_arguments(subtype, texts))
        exchange.trace_id = trace = trace_id(exchange)
        exchange.out_headers = [*headers, (b"x-amzn-trace-id", trace.encode("latin-1"))]

    return step


def integrate(at: RouteSite) -> Step | None:
    """Sign the request for the service in its region, and send it."""
    subtype, site = _subtype(at), at.site
    partition, region = _place(at)
    access = site.services.aws
    end_point = access.own_end_point(subtype.service)
    if end_point is None:
        end_point = f"https://{subtype.host_prefix}{host_of(subtype.service, region, partition)}"
    try:
        origin, _ = parse_origin(end_point)
    except ValueError as error:
        raise Misconfigured(f"the end point of {subtype.service}: {error}") from None
    verb = "GET" if subtype.service == "appconfig" else "POST"
    method = msgspec.structs.replace(
        site.method, integration=msgspec.structs.replace(site.method.integration, http_method=verb)
    )
    return compile_signed_sending(
        site._replace(method=method), origin, service=signing_name(subtype.service), region=region
    )


def _parameters(at: RouteSite) -> Mapping[str, str]:
    assert at.integration is not None
    return at.integration.request_parameters


def _subtype(at: RouteSite) -> Subtype:
    assert at.integration is not None
    found = SUBTYPES.get(at.integration.subtype or "")
    if found is None:
        raise Misconfigured(f"there is no integration subtype {at.integration.subtype}")
    return found


def _place(at: RouteSite) -> tuple[str, str]:
    """Partition and region of the service: the API's own unless `Region` says another. What callers send cannot choose it."""
    stage, text = at.site.stage, _parameters(at).get("Region")
    variables = stage.variables
    region: str | None = stage.region
    if text is not None:
        region = SelectionExpression(text).evaluate(
            lambda name: variables.get(name.partition(".")[2]) if name.startswith("stageVariables.") else None
        )
    if region is None or not _REGION.fullmatch(region):
        raise Misconfigured(f"{text!r} is no region: it is a text, or a stage variable")
    partition = "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"
    return partition, region


# Arguments --------------------------------------------------------------------------------------------


def _arguments(subtype: Subtype, texts: Mapping[str, str]) -> Arguments:
    """The values in the types that the action asks for. Raises GatewayError for one that is missing or of another type."""
    for name in sorted(subtype.required):
        if not texts.get(name):
            raise _bad(f"{name} has no value")
    found: Arguments = {}
    for name, text in texts.items():
        try:
            found[name] = _TYPES.get(name, str)(text)
        except ValueError:
            raise _bad(f"{name} has a value of another type than the action takes") from None
    return found


def _bad(detail: str) -> GatewayError:
    return GatewayError("BAD_REQUEST_PARAMETERS", detail=detail)


def _whole_number(text: str) -> int:
    if not re.fullmatch(r"-?\d{1,10}", text, re.ASCII):
        raise ValueError(text)
    return int(text)


def _list(text: str) -> list[str]:
    """A JSON array of texts, or texts between commas."""
    if not text.lstrip().startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    found = _json(text)
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise ValueError(text)
    return found


def _attributes(text: str) -> dict[str, dict[str, str]]:
    """Message attributes as JSON: `{"kind": {"DataType": "String", "StringValue": "dog"}}`."""
    found = _json(text)
    if not isinstance(found, dict) or not all(_is_attribute(value) for value in found.values()):
        raise ValueError(text)
    return found


def _is_attribute(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(member, str) for member in value.values())


def _json(text: str) -> Any:
    try:
        return read_json(text.encode())
    except NotJson:
        raise ValueError(text) from None


def _moment(text: str) -> float:
    """Seconds since the epoch, of those or of a time of ISO 8601."""
    try:
        return _whole_number(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


_TYPES: dict[str, Callable[[str], Any]] = {
    "Time": _moment,
    "Resources": _list,
    "AttributeNames": _list,
    "MessageAttributeNames": _list,
    "MessageAttributes": _attributes,
    "MessageSystemAttributes": _attributes,
    "DelaySeconds": _whole_number,
    "MaxNumberOfMessages": _whole_number,
    "VisibilityTimeout": _whole_number,
    "WaitTimeSeconds": _whole_number,
}


# Requests ---------------------------------------------------------------------------------------------


def _writer(subtype: Subtype) -> Callable[[Arguments], Written]:
    """How the service takes the action."""
    action = action_of(subtype.service)
    if isinstance(action, QueryAction):
        own = {"Action": subtype.action, "Version": action.version}
        return lambda arguments: _form(own | dict(_flat(arguments)))
    if isinstance(action, JsonAction):
        headers: Headers = [
            (b"content-type", action.content_type.encode()),
            (b"x-amz-target", f"{action.target_prefix}.{subtype.action}".encode()),
        ]
        shape = _SHAPES.get(subtype.service, dict)
        return lambda arguments: (_ROOT, headers, json.dumps(shape(arguments)).encode())
    return _configuration


def _form(parameters: Mapping[str, Any]) -> Written:
    return _ROOT, [(b"content-type", b"application/x-www-form-urlencoded")], urlencode(parameters).encode()


def _flat(arguments: Arguments) -> Iterator[tuple[str, Any]]:
    """Arguments as a query has them: lists and maps are numbered, their names are singular."""
    for name, value in arguments.items():
        if isinstance(value, list):
            yield from ((f"{name.removesuffix('s')}.{at}", item) for at, item in enumerate(value, 1))
        elif isinstance(value, dict):
            for at, (key, members) in enumerate(value.items(), 1):
                yield f"{name.removesuffix('s')}.{at}.Name", key
                yield from ((f"{name.removesuffix('s')}.{at}.Value.{part}", text) for part, text in members.items())
        else:
            yield name, value


def _entries(arguments: Arguments) -> Arguments:
    return {"Entries": [arguments]}


def _lower(arguments: Arguments) -> Arguments:
    return {name[0].lower() + name[1:]: value for name, value in arguments.items()}


# How services name the arguments that integrations give.
_SHAPES: dict[str, Callable[[Arguments], Arguments]] = {"events": _entries, "states": _lower}


def _configuration(arguments: Arguments) -> Written:
    """AppConfig's GetConfiguration, which is a path."""
    at = [_segment(arguments[name]) for name in ("Application", "Environment", "Configuration")]
    query = {"client_id": arguments["ClientId"]}
    if "ClientConfigurationVersion" in arguments:
        query["client_configuration_version"] = arguments["ClientConfigurationVersion"]
    path = f"/applications/{at[0]}/environments/{at[1]}/configurations/{at[2]}"
    return f"{path}?{urlencode(query, quote_via=quote)}", [], b""


def _segment(value: str) -> str:
    if value in (".", ".."):
        raise _bad("a path segment leads elsewhere")
    return quote(value, safe="")
