"""Editing what stands behind a method."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponseBase
from django.shortcuts import redirect

from apps.rest_apis.models import Integration, Method
from portal.console.fields import Patch, map_patches, member_patch
from portal.console.function_grants import grant_invocation
from portal.console.gate import Console, console_page
from portal.console.method_forms import JSON, IntegrationForm
from portal.console.methods import edit_page, found_method
from portal.console.resources import resource_url
from portal.console.template_previews import preview_panel


@console_page("GET", "POST")
def edit_integration(console: Console, api_id: str, resource_id: str, verb: str) -> HttpResponseBase:
    """The integration request. Another type is another integration, which answers with the statuses of the one before."""
    frame, resource, method = found_method(console, api_id, resource_id, verb)
    integration: Integration | None = getattr(method, "integration", None)
    kind = integration.type if integration else ""
    form = IntegrationForm(console.posted, initial=_initial(integration), kind=kind)
    if form.is_valid() and form.cleaned_data["type"] != kind:
        names = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": verb}
        if console.carry_out(form, lambda: _replace(console, names, method, form)) is not None:
            messages.success(console.request, f"{verb} {resource.path} has another integration in the draft.")
            return redirect(resource_url(api_id, resource_id, verb))

    def patches() -> list[Patch]:
        return _patches(integration, form) if integration else []

    panel = preview_panel(method, resource, "a request")
    return edit_page(frame, resource, method, form, "UpdateIntegration", patches, "Integration request", panel)


def _replace(console: Console, names: dict[str, str], method: Method, form: IntegrationForm) -> dict[str, Any]:
    """Put the new integration; where it maps answers, it gets a response for every status that there was, or for 200."""
    wanted = form.request(names["httpMethod"])
    if wanted["type"] == "MOCK":
        wanted.setdefault("requestTemplates", {JSON: '{"statusCode": 200}'})
    old: Integration | None = getattr(method, "integration", None)
    answers = list(old.responses.order_by("pk")) if old else []
    declared = set(method.responses.values_list("status_code", flat=True))
    with transaction.atomic():
        made = console.call("PutIntegration", {**names, **wanted})
        if not wanted.get("credentials"):
            grant_invocation(console, names["restApiId"], wanted.get("uri"))
        if wanted["type"].endswith("_PROXY"):
            return made
        if not answers and not declared:
            console.call("PutMethodResponse", {**names, "statusCode": "200"})
        for answer in answers:
            members = {
                "statusCode": answer.status_code,
                "responseParameters": answer.response_parameters,
                "responseTemplates": {kind: text or "" for kind, text in answer.response_templates.items()},
            }
            if answer.selection_pattern:
                members["selectionPattern"] = answer.selection_pattern
            console.call("PutIntegrationResponse", {**names, **members})
        if not answers:
            status = "200" if not declared or "200" in declared else min(declared)
            console.call("PutIntegrationResponse", {**names, "statusCode": status})
    return made


def _initial(integration: Integration | None) -> dict[str, Any]:
    if integration is None:
        return {"type": "HTTP_PROXY", "timeout": 29_000, "passthrough": "WHEN_NO_MATCH"}
    return {
        "type": integration.type,
        "uri": integration.uri,
        "integration_http_method": integration.http_method,
        "timeout": integration.timeout_in_millis,
        "transfer": integration.response_transfer_mode,
        "credentials": integration.credentials,
        "content_handling": integration.content_handling or "",
        "parameters": integration.request_parameters,
        "templates": _texts(integration),
        "passthrough": integration.passthrough_behavior,
    }


def _texts(integration: Integration) -> dict[str, str]:
    return {kind: text or "" for kind, text in integration.request_templates.items()}


def _patches(integration: Integration, form: IntegrationForm) -> list[Patch]:
    """A proxy keeps its templates, which it does not run, as AWS's does."""
    wanted = form.request(integration.method.http_method)
    return [
        *member_patch("/uri", integration.uri, wanted.get("uri", integration.uri)),
        *member_patch(
            "/httpMethod", integration.http_method, wanted.get("integrationHttpMethod", integration.http_method)
        ),
        *member_patch("/timeoutInMillis", integration.timeout_in_millis, wanted["timeoutInMillis"]),
        *member_patch(
            "/passthroughBehavior",
            integration.passthrough_behavior,
            wanted.get("passthroughBehavior", integration.passthrough_behavior),
        ),
        *member_patch(
            "/responseTransferMode", integration.response_transfer_mode, wanted.get("responseTransferMode", "BUFFERED")
        ),
        *member_patch("/credentials", integration.credentials or "", wanted.get("credentials", "")),
        *member_patch("/contentHandling", integration.content_handling or "", wanted.get("contentHandling", "")),
        *map_patches("/requestParameters", integration.request_parameters, wanted.get("requestParameters", {})),
        *map_patches("/requestTemplates", _texts(integration), form.cleaned_data["templates"]),
    ]
