"""Method responses and integration responses: which statuses a method answers with, and how a back end's answer becomes them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect

from apps.rest_apis.models import Method, Resource, RestApi
from portal.console.api_frame import api_frame
from portal.console.commands import Command
from portal.console.content_types import ModelsField, TemplatesField
from portal.console.fields import PairsField
from portal.console.gate import Console, console_page
from portal.console.resources import resource_url
from portal.console.template_previews import preview_panel


class ResponseForm(forms.Form):
    """A status with its headers, and the integration response that leads to it."""

    status_code = forms.RegexField(
        r"^[1-5]\d\d$", label="HTTP status code", error_messages={"invalid": "A status has three digits."}
    )
    selection_pattern = forms.CharField(
        label="HTTP status regex",
        required=False,
        help_text="A regular expression over the back end's status, such as 4\\d{2}. Empty: every other answer.",
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
    )
    headers = PairsField(
        label="Header mappings",
        placeholder="method.response.header.X-Total = integration.response.header.x-count",
        help_text="One per line. A constant stands in single quotes.",
    )
    templates = TemplatesField(
        label="Mapping templates",
        help_text="They write the body that the caller gets, by content type. Without one the body stays as it came.",
    )
    models = ModelsField(label="Response body", help_text="What the status answers with, for SDKs and references.")

    def __init__(self, *args: Any, api: RestApi, **options: Any) -> None:
        super().__init__(*args, **options)
        models = self.fields["models"]
        assert isinstance(models, ModelsField)
        models.offer(api.models.order_by("name").values_list("name", flat=True))


@console_page("GET", "POST")
def edit_response(
    console: Console, api_id: str, resource_id: str, verb: str, status_code: str = ""
) -> HttpResponseBase:
    """One status of a method: its method response and its integration response together."""
    frame = api_frame(console, api_id, "api")
    resource = console.caller.resource(api_id, resource_id)
    method = resource.methods.filter(http_method=verb).select_related("integration").first()
    if method is None or (status_code and not method.responses.filter(status_code=status_code).exists()):
        raise Http404("no such response")
    form = ResponseForm(console.posted, initial=_initial(method, status_code), api=frame.api)
    if status_code:
        form.fields["status_code"].disabled = True
    back = resource_url(api_id, resource_id, verb)
    names = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": verb}
    if form.is_valid():
        saved = console.carry_out(form, lambda: _save(console, names, method, form.cleaned_data))
        if saved is not None:
            messages.success(console.request, f"Status {form.cleaned_data['status_code']} is saved in the draft.")
            return redirect(back)
    shown = {**names, "statusCode": status_code or "200"}
    is_proxy = getattr(method, "integration", None) is not None and method.integration.type.endswith("_PROXY")
    return frame.page(
        "console/method_edit.html",
        form=form,
        resource=resource,
        method=method,
        title=f"Response {status_code}" if status_code else "New response",
        back=back,
        panel=None if is_proxy else preview_panel(method, resource, "an answer of the back end"),
        trail=_trail(frame.trail, frame.api.name, frame.url("api"), resource, verb, back, status_code),
        cli=[Command("PutMethodResponse", shown), Command("PutIntegrationResponse", shown)],
        status=422 if form.errors else 200,
    )


@console_page("POST")
def delete_response(console: Console, api_id: str, resource_id: str, verb: str, status_code: str) -> HttpResponseBase:
    """Take a status away, on both sides."""
    resource = console.caller.resource(api_id, resource_id)
    method = resource.methods.filter(http_method=verb).select_related("integration").first()
    names = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": verb, "statusCode": status_code}
    integration = getattr(method, "integration", None)
    if integration and integration.responses.filter(status_code=status_code).exists():
        console.call("DeleteIntegrationResponse", names)
    console.attempt(f"Status {status_code} is gone from the draft.", "DeleteMethodResponse", names)
    return redirect(resource_url(api_id, resource_id, verb))


def _initial(method: Method, status_code: str) -> dict[str, Any]:
    initial: dict[str, Any] = {"status_code": status_code}
    integration = getattr(method, "integration", None)
    answer = integration.responses.filter(status_code=status_code).first() if integration else None
    declared = method.responses.filter(status_code=status_code).first()
    headers = dict.fromkeys(declared.response_parameters, "") if declared else {}
    if answer:
        headers |= answer.response_parameters
        initial |= {
            "selection_pattern": answer.selection_pattern,
            "templates": {kind: text or "" for kind, text in answer.response_templates.items()},
        }
    return {**initial, "headers": headers, "models": declared.response_models if declared else {}}


def _save(console: Console, names: dict[str, str], method: Method, data: dict[str, Any]) -> dict[str, Any]:
    """Put both responses anew."""
    status = {**names, "statusCode": data["status_code"]}
    declared = method.responses.filter(status_code=data["status_code"]).first()
    integration = getattr(method, "integration", None)
    answer = integration.responses.filter(status_code=data["status_code"]).first() if integration else None
    with transaction.atomic():
        if answer:
            console.call("DeleteIntegrationResponse", status)
        if declared:
            console.call("DeleteMethodResponse", status)
        saved = console.call(
            "PutMethodResponse",
            {
                **status,
                "responseParameters": dict.fromkeys(data["headers"], False),
                "responseModels": data["models"],
            },
        )
        if integration and not integration.type.endswith("_PROXY"):
            members: dict[str, Any] = {
                "responseParameters": {name: source for name, source in data["headers"].items() if source},
                "responseTemplates": data["templates"],
            }
            if answer and answer.content_handling:
                members["contentHandling"] = answer.content_handling
            if data["selection_pattern"]:
                members["selectionPattern"] = data["selection_pattern"]
            console.call("PutIntegrationResponse", {**status, **members})
    return saved


def _trail(
    trail: list[dict[str, str]], name: str, url: str, resource: Resource, verb: str, back: str, status_code: str
) -> list[dict[str, str]]:
    last = f"Response {status_code}" if status_code else "New response"
    return [
        *trail[:-1],
        {"label": name, "url": url},
        {"label": f"{verb} {resource.path}", "url": back},
        {"label": last},
    ]
