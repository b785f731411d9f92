"""What has to hold of a stage of an HTTP or WebSocket API."""

from __future__ import annotations

import re
from typing import Any

from apps.client_certificates.models import ClientCertificate
from apps.control_plane.errors import BadRequestException, NotFoundException
from apps.control_plane.registry import Shape
from apps.control_plane.v1.stage_settings import check_variables
from apps.v2_apis.models import Stage

MAX_FORMAT = 3 * 1024
_LOGGING = ("DataTraceEnabled", "LoggingLevel")
_DESTINATION = re.compile(
    r"arn:aws[a-z-]*:(?:logs:[a-z0-9-]+:\d{12}:log-group:\S+|firehose:[a-z0-9-]+:\d{12}:deliverystream/amazon-apigateway-\S+)"
)


def check_stage(row: Stage, request: Shape) -> None:
    """Raises BadRequestException, or NotFoundException for settings of no route, for the first thing wrong."""
    _check_name(row)
    check_variables(row.stage_variables)
    if len(row.description or "") > 1024:
        raise BadRequestException("Stage description should be at most 1024 characters")
    _check_settings(row, row.default_route_settings)
    given = request.get("RouteSettings") or {}
    known = set(row.api.routes.filter(route_key__in=given).values_list("route_key", flat=True)) if given else set()
    for key, settings in row.route_settings.items():
        if key in given and key not in known:
            raise NotFoundException(f"Unable to find Route by key {key} within the provided RouteSettings")
        _check_settings(row, settings)
    if row.access_log_settings is not None:
        _check_access_log(row.access_log_settings)
    _check_certificate(row)


def _check_name(row: Stage) -> None:
    if row.name == "$default":
        if row.api.websocket:
            raise BadRequestException("The stage name $default is only supported for HTTP APIs")
        return
    if not re.fullmatch(r"[A-Za-z0-9_-]+", row.name):
        raise BadRequestException("Stage name only allows a-zA-Z0-9_-")
    if len(row.name) > 128:
        raise BadRequestException("Stage name should be at most 128 characters")


def _check_settings(row: Stage, settings: dict[str, Any]) -> None:
    if not row.api.websocket:
        for member in _LOGGING:
            if settings.get(member) not in (None, False, "OFF"):
                raise BadRequestException("Execution logs are not supported on protocol type HTTP")
    for member in ("ThrottlingBurstLimit", "ThrottlingRateLimit"):
        limit = settings.get(member)
        if limit is not None and limit < 0:
            raise BadRequestException(f"Invalid {member} specified: {limit}. It must not be negative")


def _check_access_log(settings: dict[str, Any]) -> None:
    destination, format_ = settings.get("DestinationArn"), settings.get("Format")
    if not destination or not format_:
        raise BadRequestException("Both a destination ARN and a format are required for access logging")
    if not _DESTINATION.fullmatch(destination):
        raise BadRequestException(
            "Invalid ARN specified in the request. ARNs must start with 'arn:aws:logs' or name a delivery stream "
            "whose name begins with 'amazon-apigateway-'"
        )
    if len(format_) > MAX_FORMAT:
        raise BadRequestException("Access log format should be at most 3 KB")
    if not re.search(r"\$context\.(?:extendedR|r)equestId", format_):
        raise BadRequestException(
            "Access Log format must be single line, new line character is allowed only at end of the format and must "
            "contain $context.requestId"
        )


def _check_certificate(row: Stage) -> None:
    if row.client_certificate_id is None:
        return
    if not row.api.websocket:
        raise BadRequestException("ClientCertificateId is only supported for WEBSOCKET APIs")
    known = ClientCertificate.objects.filter(
        account_id=row.api.account_id, region=row.api.region, certificate_id=row.client_certificate_id
    )
    if not known.exists():
        raise BadRequestException("Invalid client certificate identifier specified")
