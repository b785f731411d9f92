"""Where a stage answers."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings


def path_style(api_id: str, stage_name: str) -> str:
    """The invoke URL that needs no DNS, without a trailing slash."""
    return f"{settings.ENVIRONMENT.gateway_url}/_aws/execute-api/{api_id}/{stage_name}"


def host_style(api_id: str, region: str, stage_name: str) -> str:
    """The invoke URL with the API in the host name, as on AWS. Locally every name under localhost is this machine."""
    gateway = urlsplit(settings.ENVIRONMENT.gateway_url)
    host = gateway.hostname or "localhost"
    domain = "localhost" if host.startswith(("127.", "[")) or ":" in host or host == "localhost" else host
    port = f":{gateway.port}" if gateway.port else ""
    return f"{gateway.scheme}://{api_id}.execute-api.{region}.{domain}{port}/{stage_name}"
