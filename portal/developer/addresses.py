"""Where the gateway answers: for people's samples, and for the portal's own try-it calls."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest


def public_url(api_id: str, stage_name: str) -> str:
    """The invoke URL that callers use, without a trailing slash."""
    return f"{settings.ENVIRONMENT.gateway_url}{_path(api_id, stage_name)}"


def socket_url(api_id: str, stage_name: str) -> str:
    """Where callers connect to a WebSocket API."""
    return public_url(api_id, stage_name).replace("http", "ws", 1)


def try_it_url(api_id: str, stage_name: str) -> str:
    """The invoke URL as the portal itself reaches it."""
    return f"{settings.ENVIRONMENT.try_it_url}{_path(api_id, stage_name)}"


def mcp_url(slug: str) -> str:
    """Where agents reach the tools of a product."""
    return f"{settings.ENVIRONMENT.portal_url}/products/{slug}/mcp"


def origin_of(request: HttpRequest) -> str:
    """The origin by which a visitor has come. The name is one that the operator lets in; by the installation's own it is what the operator calls it."""
    own: str = settings.ENVIRONMENT.portal_url
    host = request.get_host()
    return own if host == urlsplit(own).netloc else f"{request.scheme}://{host}"


def _path(api_id: str, stage_name: str) -> str:
    """The stage $default of an HTTP API is no part of its addresses."""
    return f"/_aws/execute-api/{api_id}" + ("" if stage_name == "$default" else f"/{stage_name}")
