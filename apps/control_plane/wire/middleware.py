"""A signed request is for the AWS API whatever its path: `POST /` for another service must hear so from the wire, and
not a page's "not found" or a missing CSRF token. It stands before sessions, CSRF and every other cookie."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.control_plane.wire.view import aws_api

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def signed_requests(get_response: GetResponse) -> GetResponse:
    """Django middleware: hand signed requests to the wire, and let all others pass."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        return aws_api(request) if _is_signed(request) else get_response(request)

    return middleware


def _is_signed(request: HttpRequest) -> bool:
    authorization = request.META.get("HTTP_AUTHORIZATION", "")
    return authorization.startswith("AWS4-") or "X-Amz-Signature=" in request.META.get("QUERY_STRING", "")
