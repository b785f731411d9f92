"""Integrations: what stands behind a method."""

from __future__ import annotations

from collections.abc import Mapping

from apps.control_plane.caller import Caller
from apps.control_plane.errors import NotFoundException
from apps.control_plane.patching import (
    NAMES_PATH,
    Patch,
    PatchTable,
    Rule,
    add_item,
    boolean,
    drop_item,
    entries,
    integer,
    one_of,
    optional_text,
    replaceable,
)
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.drafts import draft_changed
from apps.control_plane.v1.integration_checks import BAD_TIMEOUT, LONGEST_STREAM, check_integration
from apps.control_plane.v1.methods import find_method, integration_of, integration_shape
from apps.rest_apis.models import Integration

# What is longer than 29 seconds is for integrations that stream (`check_integration`).
TIMEOUT = integer(BAD_TIMEOUT, 50, LONGEST_STREAM)


@operation("PutIntegration")
def put_integration(caller: Caller, request: Shape) -> Shape:
    """Put an integration behind a method, in the place of the one it has."""
    method = find_method(caller, request)
    kind = request["type"]
    timeout = request.get("timeoutInMillis")
    row = Integration(
        method=method,
        type=kind,
        http_method=request.get("integrationHttpMethod") if kind != "MOCK" else None,
        uri=request.get("uri"),
        connection_type=request.get("connectionType") or _default_connection(kind),
        connection_id=request.get("connectionId"),
        credentials=request.get("credentials"),
        request_parameters=request.get("requestParameters") or {},
        request_templates=templates(request.get("requestTemplates")),
        templates_given=request.get("requestTemplates") is not None,
        passthrough_behavior=request.get("passthroughBehavior") or "WHEN_NO_MATCH",
        content_handling=request.get("contentHandling"),
        timeout_in_millis=29_000 if timeout is None else TIMEOUT(str(timeout)),
        cache_namespace=request.get("cacheNamespace") or method.resource.resource_id,
        cache_key_parameters=list(request.get("cacheKeyParameters") or ()),
        tls_config=request.get("tlsConfig"),
        integration_target=request.get("integrationTarget"),
        response_transfer_mode=request.get("responseTransferMode") or "BUFFERED",
    )
    check_integration(row, method)
    Integration.objects.filter(method=method).delete()
    row.save()
    draft_changed(method.resource.rest_api_id)
    return integration_shape(row)


@operation("GetIntegration")
def get_integration(caller: Caller, request: Shape) -> Shape:
    """The integration of a method, with its responses."""
    return integration_shape(find_integration(caller, request))


@operation("UpdateIntegration")
def update_integration(caller: Caller, request: Shape) -> Shape:
    """Patch an integration."""
    row = find_integration(caller, request)
    _PATCHES.apply(row, request.get("patchOperations"))
    check_integration(row, row.method)
    row.save()
    draft_changed(row.method.resource.rest_api_id)
    return integration_shape(row)


@operation("DeleteIntegration")
def delete_integration(caller: Caller, request: Shape) -> Shape:
    """Take the integration of a method away, with its responses."""
    row = find_integration(caller, request)
    row.delete()
    draft_changed(row.method.resource.rest_api_id)
    return {}


def find_integration(
    caller: Caller, request: Shape, no_method: str = "Invalid Method identifier specified"
) -> Integration:
    """The integration of the method that the request names; `no_method` is what an unknown method is told with."""
    method = find_method(caller, request, no_method)
    row = integration_of(method)
    if row is None:
        raise NotFoundException("Invalid Integration identifier specified")
    row.method = method
    return row


def templates(given: Mapping[str, str | None] | None) -> dict[str, str | None]:
    """Mapping templates as they are kept: one without text is null, as AWS shows it, and passes the body as it is."""
    return {content_type: text or None for content_type, text in (given or {}).items()}


def _default_connection(kind: str) -> str | None:
    return "INTERNET" if kind in ("HTTP", "HTTP_PROXY") else None


def _set_insecure(row: Integration, patch: Patch) -> None:
    row.tls_config = {"insecureSkipVerification": boolean(patch.value)}


_PATCHES = PatchTable(
    (
        replaceable("/uri", "uri", optional_text),
        replaceable("/httpMethod", "http_method", optional_text),
        replaceable("/credentials", "credentials", optional_text),
        replaceable("/connectionType", "connection_type", optional_text),
        replaceable("/connectionId", "connection_id", optional_text),
        replaceable("/passthroughBehavior", "passthrough_behavior"),
        replaceable("/contentHandling", "content_handling", optional_text),
        replaceable("/timeoutInMillis", "timeout_in_millis", TIMEOUT),
        replaceable("/cacheNamespace", "cache_namespace", optional_text),
        replaceable(
            "/responseTransferMode",
            "response_transfer_mode",
            one_of(("BUFFERED", "STREAM"), "Invalid response transfer mode specified: {value}"),
        ),
        replaceable("/integrationTarget", "integration_target", optional_text),
        entries("/requestParameters/{name}", "request_parameters"),
        entries(
            "/requestTemplates/{contentType}",
            "request_templates",
            optional_text,
            missing=NotFoundException("Invalid content type specified"),
        ),
        Rule(
            "/cacheKeyParameters/{name}",
            {"add": add_item("cache_key_parameters"), "remove": drop_item("cache_key_parameters")},
        ),
        Rule("/tlsConfig/insecureSkipVerification", {"add": _set_insecure, "replace": _set_insecure}),
    ),
    NAMES_PATH,
)
