"""Making and deleting methods, and editing what they ask of their callers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from apps.rest_apis.models import Method, Resource
from portal.console.api_frame import ApiFrame, api_frame
from portal.console.commands import Command
from portal.console.fields import Patch, list_patches, map_patches, member_patch
from portal.console.function_grants import grant_invocation
from portal.console.gate import Console, console_page
from portal.console.method_forms import CHECK_ALL, JSON, MethodForm, MethodRequestForm, authorization_of
from portal.console.openapi_parts import of_path
from portal.console.resources import resource_url

_EXAMPLES = {
    "UpdateMethod": {"/apiKeyRequired": "true", "/requestModels/application~1json": "Pet"},
    "UpdateIntegration": {"/timeoutInMillis": "5000", "/requestTemplates/application~1json": "$input.json('$')"},
}
"""What "Show as CLI" sets, by operation."""


@console_page("GET", "POST")
def create_method(console: Console, api_id: str, resource_id: str) -> HttpResponseBase:
    """A new method with an integration that works at once: for all but proxies a 200 is made too."""
    frame = api_frame(console, api_id, "api")
    resource = console.caller.resource(api_id, resource_id)
    verb = console.request.GET.get("method", "GET")
    defaults = {"http_method": verb, "type": "HTTP_PROXY", "passthrough": "WHEN_NO_MATCH", "timeout": 29_000}
    form = MethodForm(console.posted, initial=defaults, api=frame.api)
    if form.is_valid():
        verb = form.cleaned_data["http_method"]
        if console.carry_out(form, lambda: _create(console, form, api_id, resource)) is not None:
            messages.success(console.request, f"{verb} {resource.path} is in the draft.")
            return redirect(resource_url(api_id, resource_id, verb))
    names = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": verb}
    example = {"type": "HTTP_PROXY", "integrationHttpMethod": verb, "uri": "https://api.example.com/pets"}
    return frame.page(
        "console/method_create.html",
        openapi=of_path(resource.path),
        form=form,
        resource=resource,
        trail=_trail(frame, resource, f"Create method of {resource.path}"),
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
                **_authorization(form.cleaned_data["authorization"] or "NONE"),
                "apiKeyRequired": form.cleaned_data["api_key_required"],
                "requestParameters": parameters,
            },
        )
        console.call("PutIntegration", {**names, **integration})
        if not integration.get("credentials"):
            grant_invocation(console, api_id, integration.get("uri"))
        if kind != "HTTP_PROXY":
            console.call("PutMethodResponse", {**names, "statusCode": "200"})
            console.call("PutIntegrationResponse", {**names, "statusCode": "200"})
    return method


@console_page("GET", "POST")
def edit_method(console: Console, api_id: str, resource_id: str, verb: str) -> HttpResponseBase:
    """The method request."""
    frame, resource, method = found_method(console, api_id, resource_id, verb)
    words = {name: "required" if needed else "optional" for name, needed in method.request_parameters.items()}
    form = MethodRequestForm(
        console.posted,
        initial={
            "authorization": authorization_of(method),
            "scopes": method.authorization_scopes,
            "api_key_required": method.api_key_required,
            "operation_name": method.operation_name,
            "parameters": words,
            "validator": method.request_validator_id or "",
            "models": method.request_models,
        },
        api=frame.api,
    )
    form.is_valid()

    def patches() -> list[Patch]:
        return _method_patches(console, frame.api.id, method, form.cleaned_data)

    return edit_page(frame, resource, method, form, "UpdateMethod", patches, "Method request")


@console_page("POST")
def delete_method(console: Console, api_id: str, resource_id: str, verb: str) -> HttpResponseBase:
    """Delete a method with its integration and responses."""
    _, resource, _ = found_method(console, api_id, resource_id, verb)
    done = f"{verb} {resource.path} is gone from the draft. Stages keep it until the next deployment."
    console.attempt(done, "DeleteMethod", {"restApiId": api_id, "resourceId": resource_id, "httpMethod": verb})
    return redirect(resource_url(api_id, resource_id))


def found_method(console: Console, api_id: str, resource_id: str, verb: str) -> tuple[ApiFrame, Resource, Method]:
    frame = api_frame(console, api_id, "api")
    resource = console.caller.resource(api_id, resource_id)
    method = resource.methods.filter(http_method=verb).select_related("integration").first()
    if method is None:
        raise Http404("no such method")
    return frame, resource, method


def edit_page(
    frame: ApiFrame,
    resource: Resource,
    method: Method,
    form: forms.Form,
    operation: str,
    patches: Callable[[], list[Patch]],
    title: str,
    panel: dict[str, Any] | None = None,
) -> HttpResponse:
    """Save the patches and go back to the method, or show the form with what is wrong.

    `patches` is asked once the form is found valid, in the transaction in which they are applied.
    """
    console = frame.console
    verb = method.http_method
    request = {"restApiId": frame.api.id, "resourceId": resource.resource_id, "httpMethod": verb}
    back = resource_url(frame.api.id, resource.resource_id, verb)

    def save() -> dict[str, Any]:
        with transaction.atomic():
            wanted = patches()
            return console.call(operation, {**request, "patchOperations": wanted}) if wanted else {}

    saving = console.request.method == "POST" and not form.errors
    if saving and console.carry_out(form, save) is not None:
        messages.success(console.request, f"{title} of {verb} {resource.path} is saved in the draft.")
        return redirect(back)
    example = [{"op": "replace", "path": path, "value": value} for path, value in _EXAMPLES[operation].items()]
    return frame.page(
        "console/method_edit.html",
        openapi=of_path(resource.path, method.http_method),
        form=form,
        resource=resource,
        method=method,
        title=title,
        back=back,
        panel=panel,
        trail=_trail(frame, resource, title, verb),
        cli=[Command(operation, {**request, "patchOperations": example})],
        status=422 if form.errors else 200,
    )


def _method_patches(console: Console, api_id: str, method: Method, data: dict[str, Any]) -> list[Patch]:
    """What brings the method to the form. A validator that is asked for anew is made first."""
    validator = data["validator"]
    if validator == CHECK_ALL:
        checks = {"validateRequestBody": True, "validateRequestParameters": True}
        made = console.call("CreateRequestValidator", {"restApiId": api_id, "name": "Body and parameters", **checks})
        validator = made["id"]
    wanted = _authorization(data["authorization"] or authorization_of(method))
    return [
        *member_patch("/authorizationType", method.authorization_type, wanted["authorizationType"]),
        *member_patch("/authorizerId", method.authorizer_id or "", wanted.get("authorizerId", "")),
        *list_patches("/authorizationScopes", method.authorization_scopes, data["scopes"]),
        *member_patch("/apiKeyRequired", method.api_key_required, data["api_key_required"]),
        *member_patch("/operationName", method.operation_name or "", data["operation_name"]),
        *map_patches("/requestParameters", method.request_parameters, data["parameters"]),
        *member_patch("/requestValidatorId", method.request_validator_id or "", validator),
        *map_patches("/requestModels", method.request_models, data["models"]),
    ]


def _authorization(choice: str) -> dict[str, str]:
    """The members of PutMethod for a choice of `authorizations_of`."""
    kind, _, authorizer_id = choice.partition(":")
    return {"authorizationType": kind, **({"authorizerId": authorizer_id} if authorizer_id else {})}


def _trail(frame: ApiFrame, resource: Resource, last: str, verb: str = "") -> list[dict[str, str]]:
    here = resource_url(frame.api.id, resource.resource_id, verb)
    return [
        *frame.way,
        {"label": f"{verb} {resource.path}".strip(), "url": here},
        {"label": last},
    ]
