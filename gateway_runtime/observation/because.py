"""The configuration behind each phase, in a sentence for people: what a story shows of a phase besides its time.

`BECAUSE` is asked when a story is kept, never while a request waits. A phase that is not in it is told by its notes
(`exchange.notes`) and by the detail of its error alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway_runtime.exchange import Exchange

if TYPE_CHECKING:
    from gateway_runtime.snapshot.stage import MethodSite

Because = Callable[[Exchange, "MethodSite"], str]


def _trace(exchange: Exchange, site: MethodSite) -> str:
    return f"tracingEnabled; the trace is {'recorded' if exchange.trace_sampled else 'not in the sample'}"


def _authorize(exchange: Exchange, site: MethodSite) -> str:
    said = f"authorizationType {site.method.authorization_type}"
    authorizer = site.deployment.authorizers.get(site.method.authorizer_id or "")
    if authorizer is not None:
        said += f", authorizer {authorizer.name} ({authorizer.type})"
    principal = exchange.authorizer.get("principalId") or exchange.identity.get("userArn")
    return f"{said}; the caller is {principal}" if principal else said


def _api_key(exchange: Exchange, site: MethodSite) -> str:
    source = site.deployment.api_key_source
    where = "the x-api-key header" if source == "HEADER" else "the authorizer"
    found = exchange.entitlement
    if found is not None:
        return f"the key {found.key.id} ({found.key.name or 'without a name'}) from {where} is in usage plan {found.plan.name}"
    return (
        f"the method requires an API key from {where} (apiKeyRequired, apiKeySource {source}); the call has none that is enabled "
        "and in a usage plan of this stage"
    )


def _throttle(exchange: Exchange, site: MethodSite) -> str:
    method = exchange.method
    buckets = () if method is None else method.stage_buckets
    if exchange.entitlement is not None and method is not None:
        buckets = exchange.entitlement.buckets(method, site.services.buckets)
    limits = [f"{bucket.name} {bucket.rate:g}/s, burst {bucket.burst}" for bucket in buckets]
    return "limits: " + "; ".join(limits) if limits else "no limit applies"


def _quota(exchange: Exchange, site: MethodSite) -> str:
    found = exchange.entitlement
    limits = None if found is None else found.plan.quota
    if found is None or limits is None:
        return "the usage plan has no quota"
    return f"usage plan {found.plan.name}: {limits.limit} requests a {limits.period.lower()}"


def _validate(exchange: Exchange, site: MethodSite) -> str:
    method, checks = site.method, []
    if method.validate_parameters:
        required = [
            name.removeprefix("method.request.") for name, needed in method.request_parameters.items() if needed
        ]
        checks.append(f"required parameters {', '.join(required) or '(none)'}")
    if method.validate_body:
        models = [f"{kind}: {name}" for kind, name in method.request_models.items()]
        checks.append(f"body against {', '.join(models) or 'no model'}")
    return "request validator: " + "; ".join(checks)


def _map_request(exchange: Exchange, site: MethodSite) -> str:
    integration = site.method.integration
    said = f"{integration.type} integration"
    if exchange.target:
        said += f", request to {exchange.target}"
    if integration.request_templates and integration.type != "HTTP_PROXY":
        said += f"; request templates for {', '.join(integration.request_templates)}"
        said += f", passthrough {integration.passthrough_behavior}"
    return said


def _integrate(exchange: Exchange, site: MethodSite) -> str:
    integration = site.method.integration
    if integration.type == "MOCK":
        return "a mock answers"
    endpoint = "" if exchange.method is None else exchange.method.watch.seen.endpoint
    said = f"{integration.http_method or 'ANY'} {endpoint}, timeout {integration.timeout_in_millis} ms"
    return f"{said}; answered {exchange.integration_status}" if exchange.integration_status else said


def _map_response(exchange: Exchange, site: MethodSite) -> str:
    integration = site.method.integration
    if integration.type.endswith("_PROXY"):
        return "the back end's answer passes"
    patterns = [f"{one.status_code} for {one.selection_pattern or 'the rest'}" for one in integration.responses]
    return f"integration responses: {', '.join(patterns) or '(none)'}; answered {exchange.status}"


def _map_reply(exchange: Exchange, site: MethodSite) -> str:
    event = exchange.socket
    sent = 0 if event is None else len(event.reply)
    return f"the back end's answer ({exchange.status}) gives {sent} bytes to send back, if the route is two-way"


def _cache(exchange: Exchange, site: MethodSite) -> str:
    setting, visit = site.caching(), exchange.cache
    kept = f"answers are kept for {setting.cache_ttl_in_seconds} s" if setting is not None else "no answers are kept"
    return f"{kept}; this one was {'there' if visit is not None and visit.hit else 'not there'}"


def _policy(exchange: Exchange, site: MethodSite) -> str:
    return f"the API's resource policy says {exchange.resource_policy.value if exchange.resource_policy else 'nothing'}"


def _compression(exchange: Exchange, site: MethodSite) -> str:
    return f"minimumCompressionSize {site.deployment.minimum_compression_size}"


BECAUSE: dict[str, Because] = {
    "trace": _trace,
    "resource_policy": _policy,
    "verify_signature": _authorize,
    "authorize": _authorize,
    "require_resource_policy": _policy,
    "read_cache": _cache,
    "write_cache": _cache,
    "validate_api_key": _api_key,
    "throttle": _throttle,
    "throttle_message": _throttle,
    "quota": _quota,
    "validate_request": _validate,
    "map_reply": _map_reply,
    "map_request": _map_request,
    "integrate": _integrate,
    "map_response": _map_response,
    "compress_response": _compression,
    "decompress_request": _compression,
}
