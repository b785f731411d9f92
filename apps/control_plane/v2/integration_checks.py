"""What has to hold of an integration, by the kind of its API, in AWS's words where they are known."""

from __future__ import annotations

import re

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException
from apps.control_plane.registry import Shape
from apps.control_plane.v2.expressions import (
    STAGE_VARIABLE,
    check_request_mapping,
    check_response_mappings,
    check_selection,
    check_values,
    check_websocket_mapping,
)
from apps.control_plane.v2.integration_subtypes import check_subtype
from apps.v2_apis.models import Integration, VpcLink

_METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS", "ANY")
_MAX_TIMEOUT = {"HTTP": 30_000, "WEBSOCKET": 29_000}
_PROXIES = ("AWS_PROXY", "HTTP_PROXY")
_URL = re.compile(r"https?://[^\s/?#]+\S*")
FUNCTION = re.compile(
    r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:\S+|arn:aws[a-z-]*:apigateway:[a-z0-9-]+:lambda:path/\S+"
)
_ACTION = re.compile(r"arn:aws[a-z-]*:apigateway:[a-z0-9-]+:[A-Za-z0-9.-]+:(?:path|action)/\S*")
_PRIVATE = re.compile(
    r"arn:aws[a-z-]*:(?:elasticloadbalancing:[a-z0-9-]+:\d{12}:listener/|servicediscovery:[a-z0-9-]+:\d{12}:service/)\S+"
)
_WEBSOCKET_ONLY = ("ContentHandlingStrategy", "PassthroughBehavior", "RequestTemplates", "TemplateSelectionExpression")
_ERROR_MESSAGE = "${integration.response.body.errorMessage}"
_STATUS_CODE = "${integration.response.statuscode}"


def with_defaults(row: Integration, request: Shape) -> Shape:
    """The request with what AWS puts in place of members that a new integration leaves out."""
    if not row._state.adding:
        return request
    kind = request["IntegrationType"]
    defaults: Shape = {"ConnectionType": "INTERNET", "TimeoutInMillis": _MAX_TIMEOUT[row.api.protocol_type]}
    if row.api.websocket:
        defaults |= {"PayloadFormatVersion": "1.0", "PassthroughBehavior": "WHEN_NO_MATCH"}
    if request.get("IntegrationSubtype"):
        defaults["PayloadFormatVersion"] = "1.0"
    elif kind in ("AWS_PROXY", "AWS") and FUNCTION.fullmatch(request.get("IntegrationUri") or ""):
        defaults["IntegrationMethod"] = "POST"
    return {**defaults, **request}


def check_integration(caller: Caller, row: Integration, request: Shape) -> None:
    """Raises BadRequestException for the first thing wrong; sets how WebSocket responses are selected."""
    if row.api.websocket:
        _check_websocket(row)
    else:
        _check_http(row, request)
    if row.timeout_in_millis > _MAX_TIMEOUT[row.api.protocol_type]:
        raise BadRequestException(f"Timeout should be between 50 ms and {_MAX_TIMEOUT[row.api.protocol_type]} ms")
    if row.integration_method is not None and row.integration_method not in _METHODS:
        raise BadRequestException(f"Invalid HTTP method specified: {row.integration_method}")
    if row.credentials_arn is not None and not re.fullmatch(
        r"arn:aws[a-z-]*:iam::(\d{12}|\*):\S+", row.credentials_arn
    ):
        raise BadRequestException("Invalid ARN specified in the request. CredentialsArn must be the ARN of an IAM role")
    _check_connection(caller, row)
    if row.tls_config and row.connection_type != "VPC_LINK":
        raise BadRequestException("TlsConfig is only supported for private integrations")


def _check_http(row: Integration, request: Shape) -> None:
    for member in _WEBSOCKET_ONLY:
        if request.get(member):
            raise BadRequestException(f"{member} is only supported for WEBSOCKET APIs")
    if row.integration_type not in _PROXIES:
        raise BadRequestException(
            "Currently, an API with a protocol type of HTTP may only be associated with proxy integrations "
            "(AWS_PROXY, HTTP_PROXY)"
        )
    if row.payload_format_version is None:
        raise BadRequestException("PayloadFormatVersion is a required parameter for integration")
    function = row.integration_type == "AWS_PROXY" and row.integration_subtype is None
    if row.payload_format_version not in (("1.0", "2.0") if function else ("1.0",)):
        raise BadRequestException(
            f"PayloadFormatVersion {row.payload_format_version} is not supported for integrations of this type. "
            f"Supported versions are {'1.0 and 2.0' if function else '1.0'}"
        )
    if row.integration_subtype is not None:
        _check_service(row)
        return
    _check_target(row)
    check_request_mapping(row.request_parameters)
    check_response_mappings(row.response_parameters)


def _check_service(row: Integration) -> None:
    """An integration with an action of an AWS service."""
    subtype = str(row.integration_subtype)
    if row.integration_type != "AWS_PROXY":
        raise BadRequestException("An integration subtype can only be specified for AWS_PROXY integrations")
    if row.integration_uri or row.integration_method:
        raise BadRequestException(
            "IntegrationUri and IntegrationMethod cannot be specified with an integration subtype"
        )
    check_subtype(subtype, row.request_parameters)
    if row.credentials_arn is None:
        raise BadRequestException(f"CredentialsArn is required for the integration subtype: {subtype}")
    check_values(row.request_parameters)
    check_response_mappings(row.response_parameters)


def _check_target(row: Integration) -> None:
    uri = _plain(row.integration_uri or "")
    if row.integration_type == "AWS_PROXY":
        if not FUNCTION.fullmatch(uri) and not _whole_variable(row):
            raise BadRequestException("Invalid integration URI specified. It must be the ARN of a Lambda function")
        return
    if not row.integration_method:
        raise BadRequestException("HttpMethod must be specified for HTTP_PROXY integrations")
    private = row.connection_type == "VPC_LINK" and _PRIVATE.fullmatch(uri)
    if not private and not _URL.fullmatch(uri) and not _whole_variable(row):
        raise BadRequestException("Invalid HTTP endpoint specified for URI")


def _check_websocket(row: Integration) -> None:
    if row.payload_format_version != "1.0":
        raise BadRequestException("PayloadFormatVersion 1.0 is the only one that WEBSOCKET APIs support")
    if row.integration_subtype is not None:
        raise BadRequestException("IntegrationSubtype is only supported for HTTP APIs")
    if row.response_parameters:
        raise BadRequestException("ResponseParameters of integrations are only supported for HTTP APIs")
    uri = _plain(row.integration_uri or "")
    if row.integration_type in ("HTTP", "HTTP_PROXY") and not _URL.fullmatch(uri) and not _whole_variable(row):
        raise BadRequestException("Invalid HTTP endpoint specified for URI")
    if row.integration_type in ("HTTP", "HTTP_PROXY") and not row.integration_method:
        raise BadRequestException(f"HttpMethod must be specified for {row.integration_type} integrations")
    if row.integration_type in ("AWS", "AWS_PROXY") and not (
        FUNCTION.fullmatch(uri) or _ACTION.fullmatch(uri) or _whole_variable(row)
    ):
        raise BadRequestException("Invalid integration URI specified")
    if row.template_selection_expression not in (None, r"\$default"):
        check_selection(row.template_selection_expression or "", "TemplateSelectionExpression")
    check_websocket_mapping(row.request_parameters)
    row.integration_response_selection_expression = _response_selection(row)


def _response_selection(row: Integration) -> str | None:
    if row.integration_type == "MOCK":
        return None
    function = row.integration_type.startswith("AWS") and FUNCTION.fullmatch(_plain(row.integration_uri or ""))
    return _ERROR_MESSAGE if function else _STATUS_CODE


def _check_connection(caller: Caller, row: Integration) -> None:
    if row.connection_type != "VPC_LINK":
        if row.connection_id:
            raise BadRequestException("ConnectionId can only be specified with the connection type VPC_LINK")
        return
    if row.integration_type not in ("HTTP", "HTTP_PROXY"):
        raise BadRequestException("The connection type VPC_LINK is only supported for HTTP integrations")
    if not row.connection_id:
        raise BadRequestException("ConnectionId is required for the connection type VPC_LINK")
    if STAGE_VARIABLE.search(row.connection_id):
        return
    links = VpcLink.objects.filter(account_id=caller.account_id, region=caller.region, link_id=row.connection_id)
    if not row.api.websocket and not links.exists():
        raise BadRequestException(f"Invalid connection ID specified: {row.connection_id}. No such VPC link exists")


def _plain(uri: str) -> str:
    """A URI with something in the place of stage variables."""
    return STAGE_VARIABLE.sub("x", uri)


def _whole_variable(row: Integration) -> bool:
    """Whether only a stage variable tells the beginning of the URI."""
    return bool(STAGE_VARIABLE.match(row.integration_uri or ""))
