"""What a stage's settings ask to see of a method."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gateway_runtime.integrations.target import resolve_uri
from gateway_runtime.mapping.access_log_format import needs_times
from gateway_runtime.observation.watch import Seen
from gateway_runtime.snapshot.stage import Misconfigured
from gateway_runtime.upstream.origin import parse_origin

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import MethodSite

_AWS_URI = re.compile(r"^arn:aws[a-z-]*:apigateway:([^:]+):([^:]+):(?:path|action)/+")


def seen(site: MethodSite) -> Seen:
    """The settings of the method at its stage, resolved."""
    setting, text = site.setting(), site.stage.access_log_format
    return Seen(
        level=setting.logging_level,
        data_trace=setting.data_trace_enabled and setting.logging_level != "OFF",
        traced=site.stage.tracing_enabled,
        timed=text is not None and needs_times(text),
        endpoint=_endpoint(site),
    )


def _endpoint(site: MethodSite) -> str:
    integration = site.method.integration
    if not integration.type.startswith("HTTP"):
        return _AWS_URI.sub(r"https://\2.\1.amazonaws.com/", integration.uri or "")
    try:
        origin, _ = parse_origin(resolve_uri(integration.uri, site), verify=True)
    except (Misconfigured, ValueError):
        return ""  # the method answers so itself
    return f"{origin.scheme}://{origin.authority.decode()}"
