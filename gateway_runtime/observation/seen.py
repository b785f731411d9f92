"""What a stage's settings ask to see of a method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.core.integration_uris import function_of, parse_aws_uri
from gateway_runtime.integrations.target import resolve_uri, with_stage_variables
from gateway_runtime.mapping.access_log_format import needs_times
from gateway_runtime.observation.watch import Seen
from gateway_runtime.snapshot.stage import Misconfigured
from gateway_runtime.upstream.origin import parse_origin

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import MethodSite


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
    try:
        if integration.type.startswith("AWS"):
            return _aws_endpoint(site)
        if not integration.type.startswith("HTTP"):
            return ""
        origin, _ = parse_origin(resolve_uri(integration.uri, site), verify=True)
    except (Misconfigured, ValueError):
        return ""  # the method answers so itself
    return f"{origin.scheme}://{origin.authority.decode()}"


def _aws_endpoint(site: MethodSite) -> str:
    """With the path for a function, whose requests have no target of their own. Raises Misconfigured, ValueError."""
    uri = parse_aws_uri(with_stage_variables(site.method.integration.uri or "", site))
    if function_of(uri) is not None:
        return f"https://lambda.{uri.region}.amazonaws.com/{uri.rest.lstrip('/')}"
    return site.services.aws.end_point(uri.name, uri.region, uri.partition)
