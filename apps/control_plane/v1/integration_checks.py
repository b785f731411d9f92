"""What has to hold of integrations and their responses, in AWS's words."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from apps.control_plane.errors import BadRequestException, NotImplementedException
from apps.control_plane.v1.methods import HTTP_METHODS
from apps.rest_apis.models import Integration, IntegrationResponse, Method

_PASSTHROUGH = ("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER")
_TARGET = re.compile(r"integration\.request\.(header|querystring|path|multivalueheader|multivaluequerystring)\.\S+")
_METHOD_SOURCE = re.compile(r"method\.request\.(header|querystring|path|multivalueheader|multivaluequerystring)\.(\S+)")
_OTHER_SOURCE = re.compile(r"'.*'|context\.\S+|stageVariables\.[A-Za-z0-9_]+|method\.request\.body(\.\S+)?", re.DOTALL)
_RESPONSE_TARGET = re.compile(r"method\.response\.(header|multivalueheader)\.\S+")
_RESPONSE_SOURCE = re.compile(
    r"'.*'|context\.\S+|stageVariables\.[A-Za-z0-9_]+|integration\.response\.(header|multivalueheader)\.\S+"
    r"|integration\.response\.body(\.\S+)?",
    re.DOTALL,
)
_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.[A-Za-z0-9_]+\}")
_AWS_ARN = re.compile(r"arn:aws[a-z-]*:apigateway:[^:]*:[^:]+:(path|action)/.+")

BAD_TIMEOUT = "Timeout should be between 50 ms and 29000 ms"
LONGEST_TIMEOUT, LONGEST_STREAM = 29_000, 900_000  # milliseconds


def check_integration(row: Integration, method: Method) -> None:
    """Raises BadRequestException for the first thing wrong with an integration of `method`."""
    if row.type != "MOCK":
        if not row.http_method:
            raise BadRequestException("Enumeration value for HttpMethod must be non-empty")
        if row.http_method not in HTTP_METHODS:
            raise BadRequestException("Invalid enumeration value for HttpMethod specified")
        _check_uri(row)
    if row.credentials and not row.credentials.startswith("arn:"):
        raise BadRequestException("Invalid ARN specified in the request")
    if row.connection_type not in (None, "INTERNET", "VPC_LINK"):
        raise BadRequestException("Invalid ConnectionType specified")
    if row.connection_type == "VPC_LINK" and not row.connection_id:
        raise BadRequestException("Connection ID must be specified when the connection type is VPC_LINK")
    if row.passthrough_behavior not in _PASSTHROUGH:
        raise BadRequestException(f"Invalid passthrough behavior specified. Valid values are {', '.join(_PASSTHROUGH)}")
    _check_transfer(row)
    if row.content_handling not in (None, "CONVERT_TO_BINARY", "CONVERT_TO_TEXT"):
        raise BadRequestException("Invalid content handling strategy specified")
    _refuse_mappings(
        [
            expression
            for target, source in row.request_parameters.items()
            for expression in _wrong_request_mapping(target, source, method)
        ]
    )


def check_integration_response(row: IntegrationResponse, method: Method) -> None:
    """Raises BadRequestException for the first thing wrong with a response of `method`'s integration."""
    declared = {response.status_code: response for response in method.responses.all()}
    if row.status_code not in declared:
        raise BadRequestException(f"Output mapping refers to an invalid method response: {row.status_code}")
    if row.selection_pattern:
        try:
            re.compile(row.selection_pattern)
        except re.error as error:
            raise BadRequestException(f"Invalid selection pattern specified: {row.selection_pattern}") from error
    parameters = {name.lower() for name in declared[row.status_code].response_parameters}
    _refuse_mappings(
        [
            expression
            for target, source in row.response_parameters.items()
            for expression in _wrong_response_mapping(target, source, parameters)
        ]
    )


def _check_transfer(row: Integration) -> None:
    """Proxies alone can stream, and what streams may take fifteen minutes."""
    streams = row.response_transfer_mode == "STREAM"
    if streams and row.type not in ("HTTP_PROXY", "AWS_PROXY"):
        raise BadRequestException(
            "Response transfer mode STREAM is supported for HTTP_PROXY and AWS_PROXY integrations only"
        )
    if not streams and row.timeout_in_millis > LONGEST_TIMEOUT:
        raise BadRequestException(BAD_TIMEOUT)


def _check_uri(row: Integration) -> None:
    uri = row.uri or ""
    if row.type in ("HTTP", "HTTP_PROXY"):
        if not _is_endpoint(uri):
            raise BadRequestException("Invalid HTTP endpoint specified for URI")
    elif not uri.startswith("arn:"):
        raise BadRequestException("Invalid ARN specified in the request")
    elif not _AWS_ARN.fullmatch(uri):
        raise BadRequestException("AWS ARN for integration must contain path or action")
    elif row.type == "AWS_PROXY" and ":lambda:path/" not in uri and ":firehose:" not in uri:
        raise BadRequestException(
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations."
        )
    elif row.type == "AWS_PROXY" and ":firehose:" in uri:
        raise NotImplementedException(
            "AWS_PROXY integrations of firehose are not implemented by Gatehouse. Use AWS with firehose:action/PutRecord."
        )
    elif not row.credentials and not _may_be_of_lambda(uri):
        raise BadRequestException("Role ARN must be specified for AWS integrations")


def _may_be_of_lambda(uri: str) -> bool:
    """Functions have policies of their own, so they need no role. A stage variable may stand for the service."""
    service = re.split(":(?:path|action)/", uri)[0]
    return service.endswith(":lambda") or _STAGE_VARIABLE.search(service) is not None


def _is_endpoint(uri: str) -> bool:
    """An address by HTTP, in which stage variables may stand for any part."""
    try:
        parts = urlsplit(_STAGE_VARIABLE.sub("v", uri))
    except ValueError:
        return False
    return (parts.scheme in ("http", "https") and bool(parts.netloc)) or _STAGE_VARIABLE.match(uri) is not None


def _wrong_request_mapping(target: str, source: str, method: Method) -> list[str]:
    if not _TARGET.fullmatch(target):
        return [f"Invalid mapping expression parameter specified: {target}"]
    place = _METHOD_SOURCE.fullmatch(source)
    if place is None:
        return [] if _OTHER_SOURCE.fullmatch(source) else [f"Invalid mapping expression specified: {source}"]
    if _is_declared(place[1], place[2], method):
        return []
    return [f"Invalid mapping expression parameter specified: {source}"]


def _is_declared(place: str, name: str, method: Method) -> bool:
    """Whether a method declares a parameter, as one value or as many. Only the names of headers ignore case."""
    single = place.removeprefix("multivalue")
    wanted = {f"method.request.{single}.{name}", f"method.request.multivalue{single}.{name}"}
    if single == "header":
        return bool({item.lower() for item in wanted} & {item.lower() for item in method.request_parameters})
    return bool(wanted & method.request_parameters.keys())


def _wrong_response_mapping(target: str, source: str, declared: set[str]) -> list[str]:
    if not _RESPONSE_TARGET.fullmatch(target) or target.lower() not in declared:
        return [f"Invalid mapping expression parameter specified: {target}"]
    return [] if _RESPONSE_SOURCE.fullmatch(source) else [f"Invalid mapping expression specified: {source}"]


def _refuse_mappings(problems: list[str]) -> None:
    if problems:
        raise BadRequestException(
            f"Invalid mapping expression specified: Validation Result: warnings : [], errors : [{', '.join(problems)}]"
        )
