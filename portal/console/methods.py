"""Making and deleting methods, and editing the two requests of one: the caller's and the integration's."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from apps.rest_apis.models import Integration, Method, Resource
from portal.console.api_frame import ApiFrame, api_frame
from portal.console.commands import Command
from portal.console.fields import PairsField, code_area, map_patches, member_patch, switch
from portal.console.gate import Console, console_page
from portal.console.resources import resource_url

JSON = "application/json"
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY")
TYPES = (
    ("HTTP_PROXY", "HTTP proxy: hand the call through as it is"),
    ("HTTP", "HTTP: map the request and the answer"),
    ("MOCK", "Mock: answer without a back end"),
)
PASSTHROUGH = (
    ("WHEN_NO_MATCH", "Pass through what no template matches"),
    ("WHEN_NO_TEMPLATES", "Pass through when there are no templates"),
    ("NEVER", "Refuse with 415"),
)


class IntegrationForm(forms.Form):
    """What stands behind a method."""

    type = forms.ChoiceField(label="Integration", choices=TYPES)
    uri = forms.CharField(
        label="Endpoint URL",
        required=False,
        help_text="{petId} takes a mapped path parameter, ${stageVariables.host} a stage variable.",
        widget=forms.TextInput(
            attrs={"spellcheck": "false", "inputmode": "url", "placeholder": "https://api.example.com/pets"}
        ),
    )
    integration_http_method = forms.ChoiceField(
        label="Method of the back end", choices=[("", "The same"), *((verb, verb) for verb in VERBS)], required=False
    )
    timeout = forms.IntegerField(
        label="Timeout", min_value=50, max_value=29_000, initial=29_000, help_text="Milliseconds, 50 to 29,000."
    )
    parameters = PairsField(
        label="Mapped parameters",
        placeholder="integration.request.path.petId = method.request.path.petId",
        help_text="One per line. A constant stands in single quotes.",
    )
    template = forms.CharField(
        label="Body template for application/json", required=False, widget=code_area(4),
        help_text="For HTTP and mock integrations. A mock's says which response it chooses: {\"statusCode\": 200}.",
    )  # fmt: skip
    passthrough = forms.ChoiceField(label="Other bodies", choices=PASSTHROUGH, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("type") in ("HTTP", "HTTP_PROXY") and not data.get("uri"):
            self.add_error("uri", "An HTTP integration needs the URL that it calls.")
        return data

    def request(self, method: str) -> dict[str, Any]:
        """The members of PutIntegration for a method of this verb."""
        data = self.cleaned_data
        members: dict[str, Any] = {"type": data["type"], "timeoutInMillis": data["timeout"]}
        if data["type"] != "MOCK":
            members["uri"] = data["uri"]
            members["integrationHttpMethod"] = data["integration_http_method"] or method
        if data["parameters"]:
            members["requestParameters"] = data["parameters"]
        if data["template"] and data["type"] != "HTTP_PROXY":
            members["requestTemplates"] = {JSON: data["template"]}
        if data["passthrough"]:
            members["passthroughBehavior"] = data["passthrough"]
        return members


class MethodForm(IntegrationForm):
    """A new method with its integration."""

    http_method = forms.ChoiceField(label="Method", choices=[(verb, verb) for verb in VERBS])
    api_key_required = forms.BooleanField(label="Require an API key", required=False, widget=switch())

    field_order = ["http_method", "type", "uri"]


class MethodRequestForm(forms.Form):
    """What a method asks of its callers."""

    api_key_required = forms.BooleanField(
        label="Require an API key",
        required=False,
        widget=switch(),
        help_text="A key counts when a usage plan joins it to the stage.",
    )
    operation_name = forms.CharField(label="Operation name", max_length=1024, required=False)
    parameters = PairsField(
        label="Parameters",
        placeholder="method.request.querystring.limit = optional",
        help_text="One per line, each required or optional. Mappings can only use what is named here.",
    )

    def clean_parameters(self) -> dict[str, bool]:
        given: dict[str, str] = self.cleaned_data["parameters"]
        for name, need in given.items():
            if need not in ("required", "optional"):
                raise forms.ValidationError(f"{name} must be required or optional, not “{need}”.")
        return {name: need == "required" for name, need in given.items()}


@console_page("GET", "POST")
def create_method(console: Console, api_id: str, resource_id: str) -> HttpResponseBase:
    """A new method with an integration that works at once: for all but proxies a 200 is made too."""
    frame = api_frame(console, api_id, "api")
    resource = console.caller.resource(api_id, resource_id)
    verb = console.request.GET.get("method", "GET")
    defaults = {"http_method": verb, "type": "HTTP_PROXY", "passthrough": "WHEN_NO_MATCH", "timeout": 29_000}
    form = MethodForm(console.request.POST or None, initial=defaults)
    if console.request.method == "POST" and form.is_valid():
        verb = form.cleaned_data["http_method"]
        if console.carry_out(form, lambda: _create(console, form, api_id, resource)) is not None:
            messages.success(console.request, f"{verb} {resource.path} is in the draft.")
            return redirect(resource_url(api_id, resource_id, verb))
    names = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": verb}
    example = {"type": "HTTP_PROXY", "integrationHttpMethod": verb, "uri": "https://api.example.com/pets"}
    return frame.page(
        "console/method_create.html",
        form=form,
        resource=resource,
        trail=_trail(frame, resource, f"New method of {resource.path}"),
        cli=[
            Command("PutMethod", {**names, "authorizationType": "NONE"}),
            Command("PutIntegration", {**names, **example}),
        ],
        status=422 if form.errors else 200,
    )


def _create(console: Console, form: MethodForm, api_id: str, resource: Resource) -> dict[str, Any]:
    verb, kind = form.cleaned_data["http_method"], form.cleaned_data["type"]
    names = {"restApiId": api_id, "resourceId": resource.resource_id, "httpMethod": verb}
    variables = [part.strip("{+}") for part in resource.path.split("/") if part.startswith("{")]
    parameters = {f"method.request.path.{name}": True for name in variables}
    integration = form.request(verb)
    if kind != "MOCK":
        mapped = {f"integration.request.path.{name}": f"method.request.path.{name}" for name in variables}
        integration["requestParameters"] = {**mapped, **integration.get("requestParameters", {})}
    if kind == "MOCK":
        integration.setdefault("requestTemplates", {JSON: '{"statusCode": 200}'})
    with transaction.atomic():
        method = console.call(
            "PutMethod",
            {
                **names,
                "authorizationType": "NONE",
                "apiKeyRequired": form.cleaned_data["api_key_required"],
                "requestParameters": parameters,
            },
        )
        console.call("PutIntegration", {**names, **integration})
        if kind != "HTTP_PROXY":
            console.call("PutMethodResponse", {**names, "statusCode": "200"})
            console.call("PutIntegrationResponse", {**names, "statusCode": "200"})
    return method


@console_page("GET", "POST")
def edit_method(console: Console, api_id: str, resource_id: str, verb: str) -> HttpResponseBase:
    """The method request."""
    frame, resource, method = _found(console, api_id, resource_id, verb)
    words = {name: "required" if needed else "optional" for name, needed in method.request_parameters.items()}
    form = MethodRequestForm(
        console.request.POST or None,
        initial={
            "api_key_required": method.api_key_required,
            "operation_name": method.operation_name,
            "parameters": words,
        },
    )
    patches = _method_patches(method, form.cleaned_data) if console.request.method == "POST" and form.is_valid() else []
    return _edit(frame, resource, method, form, "UpdateMethod", patches, "Method request")


@console_page("GET", "POST")
def edit_integration(console: Console, api_id: str, resource_id: str, verb: str) -> HttpResponseBase:
    """The integration request. Another type is another integration, which keeps the responses' mapping only by name."""
    frame, resource, method = _found(console, api_id, resource_id, verb)
    integration: Integration | None = getattr(method, "integration", None)
    form = IntegrationForm(console.request.POST or None, initial=_integration_initial(integration))
    if (
        console.request.method == "POST"
        and form.is_valid()
        and (integration is None or form.cleaned_data["type"] != integration.type)
    ):
        names = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": verb}
        if console.submit(form, "PutIntegration", {**names, **form.request(verb)}) is not None:
            messages.success(console.request, f"{verb} {resource.path} has another integration in the draft.")
            return redirect(resource_url(api_id, resource_id, verb))
    patches: list[dict[str, str]] = []
    if integration and console.request.method == "POST" and form.is_valid():
        patches = _integration_patches(integration, form.request(verb))
    return _edit(frame, resource, method, form, "UpdateIntegration", patches, "Integration request")


@console_page("POST")
def delete_method(console: Console, api_id: str, resource_id: str, verb: str) -> HttpResponseBase:
    """Delete a method with its integration and responses."""
    _, resource, _ = _found(console, api_id, resource_id, verb)
    done = f"{verb} {resource.path} is gone from the draft. Stages keep it until the next deployment."
    console.attempt(done, "DeleteMethod", {"restApiId": api_id, "resourceId": resource_id, "httpMethod": verb})
    return redirect(resource_url(api_id, resource_id))


def _found(console: Console, api_id: str, resource_id: str, verb: str) -> tuple[ApiFrame, Resource, Method]:
    frame = api_frame(console, api_id, "api")
    resource = console.caller.resource(api_id, resource_id)
    method = resource.methods.filter(http_method=verb).select_related("integration").first()
    if method is None:
        raise Http404("no such method")
    return frame, resource, method


def _edit(
    frame: ApiFrame,
    resource: Resource,
    method: Method,
    form: forms.Form,
    operation: str,
    patches: list[dict[str, str]],
    title: str,
) -> HttpResponse:
    """Save the patches and go back to the method, or show the form with what is wrong."""
    console = frame.console
    verb = method.http_method
    request = {"restApiId": frame.api.id, "resourceId": resource.resource_id, "httpMethod": verb}
    back = resource_url(frame.api.id, resource.resource_id, verb)
    saving = console.request.method == "POST" and not form.errors
    if saving and (not patches or console.submit(form, operation, {**request, "patchOperations": patches}) is not None):
        messages.success(console.request, f"{title} of {verb} {resource.path} is saved in the draft.")
        return redirect(back)
    example = [{"op": "replace", "path": "/apiKeyRequired" if operation == "UpdateMethod" else "/timeoutInMillis",
                "value": "true" if operation == "UpdateMethod" else "5000"}]  # fmt: skip
    return frame.page(
        "console/method_edit.html",
        form=form,
        resource=resource,
        method=method,
        title=title,
        back=back,
        trail=_trail(frame, resource, title, verb),
        cli=[Command(operation, {**request, "patchOperations": example})],
        status=422 if form.errors else 200,
    )


def _method_patches(method: Method, data: dict[str, Any]) -> list[dict[str, str]]:
    return [
        *member_patch("/apiKeyRequired", method.api_key_required, data["api_key_required"]),
        *member_patch("/operationName", method.operation_name or "", data["operation_name"]),
        *map_patches("/requestParameters", method.request_parameters, data["parameters"]),
    ]


def _integration_initial(integration: Integration | None) -> dict[str, Any]:
    if integration is None:
        return {"type": "HTTP_PROXY", "timeout": 29_000, "passthrough": "WHEN_NO_MATCH"}
    return {
        "type": integration.type,
        "uri": integration.uri,
        "integration_http_method": integration.http_method,
        "timeout": integration.timeout_in_millis,
        "parameters": integration.request_parameters,
        "template": integration.request_templates.get(JSON) or "",
        "passthrough": integration.passthrough_behavior,
    }


def _integration_patches(integration: Integration, wanted: dict[str, Any]) -> list[dict[str, str]]:
    """Templates of other content types than JSON stay as they are."""
    templates = {kind: text for kind, text in integration.request_templates.items() if kind == JSON}
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
        *map_patches("/requestParameters", integration.request_parameters, wanted.get("requestParameters", {})),
        *map_patches("/requestTemplates", templates, wanted.get("requestTemplates", {})),
    ]


def _trail(frame: ApiFrame, resource: Resource, last: str, verb: str = "") -> list[dict[str, str]]:
    here = resource_url(frame.api.id, resource.resource_id, verb)
    return [
        *frame.trail[:-1],
        {"label": frame.api.name, "url": frame.url("api")},
        {"label": f"{verb} {resource.path}".strip(), "url": here},
        {"label": last},
    ]
