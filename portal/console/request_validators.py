"""Request validators of a REST API: what is checked of a call before its back end is asked, and which methods check it."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from apps.rest_apis.models import Method
from portal.console.api_frame import ApiFrame, api_frame
from portal.console.commands import Command
from portal.console.fields import member_patch, switch
from portal.console.gate import Console, Shape, console_page
from portal.console.openapi_parts import VALIDATORS
from portal.console.paging import page_of_answer
from portal.console.resources import resource_url

_MEMBERS = {"name": "name", "body": "validateRequestBody", "parameters": "validateRequestParameters"}


class ValidatorForm(forms.Form):
    """What a validator is called and what it checks."""

    name = forms.CharField(max_length=256, widget=forms.TextInput(attrs={"placeholder": "Body and parameters"}))
    body = forms.BooleanField(
        label="Validate body",
        required=False,
        widget=switch(),
        help_text="Against the model that a method names for the content type.",
    )
    parameters = forms.BooleanField(
        label="Validate query string parameters and headers",
        required=False,
        widget=switch(),
        help_text="That query strings, headers and path parameters that a method requires are there.",
    )


@console_page("GET")
def request_validators(console: Console, api_id: str) -> HttpResponseBase:
    """The API's validators with the methods that use them."""
    frame = api_frame(console, api_id, "request_validators")
    pages = page_of_answer(console, "GetRequestValidators", restApiId=api_id)
    used = _methods(frame)
    return frame.page(
        "console/request_validators.html",
        openapi=VALIDATORS,
        validators=[{**row, "methods": used.get(row["id"], [])} for row in pages.rows],
        pages=pages,
        cli=[Command("GetRequestValidators", {"restApiId": api_id})],
    )


@console_page("GET", "POST")
def create_request_validator(console: Console, api_id: str) -> HttpResponseBase:
    """A new validator."""
    frame = api_frame(console, api_id, "request_validators")
    form = ValidatorForm(console.posted, initial={"parameters": True})
    if form.is_valid():
        request = {"restApiId": api_id, **{member: form.cleaned_data[name] for name, member in _MEMBERS.items()}}
        if console.submit(form, "CreateRequestValidator", request) is not None:
            messages.success(console.request, f"{request['name']} can be chosen in methods now.")
            return redirect("console:request_validators", api_id)
    example = {"restApiId": api_id, "name": "Parameters", "validateRequestParameters": True}
    return _page(frame, form, "Create request validator", [Command("CreateRequestValidator", example)])


@console_page("GET", "POST")
def request_validator(console: Console, api_id: str, validator_id: str) -> HttpResponseBase:
    """One validator."""
    frame = api_frame(console, api_id, "request_validators")
    names = {"restApiId": api_id, "requestValidatorId": validator_id}
    row = console.call("GetRequestValidator", names)
    initial = {name: row.get(member, "") for name, member in _MEMBERS.items()}
    form = ValidatorForm(console.posted, initial=initial)
    if form.is_valid():
        patches = [
            patch
            for name, member in _MEMBERS.items()
            for patch in member_patch(f"/{member}", initial[name], form.cleaned_data[name])
        ]
        if not patches or console.submit(form, "UpdateRequestValidator", {**names, "patchOperations": patches}):
            messages.success(console.request, "The request validator is saved in the draft.")
            return redirect("console:request_validators", api_id)
    title = row.get("name") or validator_id
    return _page(frame, form, title, [Command("GetRequestValidator", names)], row)


@console_page("POST")
def delete_request_validator(console: Console, api_id: str, validator_id: str) -> HttpResponseBase:
    """Delete a validator; one that methods use stays."""
    names = {"restApiId": api_id, "requestValidatorId": validator_id}
    if console.attempt("The request validator is gone from the draft.", "DeleteRequestValidator", names) is None:
        return redirect("console:request_validator", api_id, validator_id)
    return redirect("console:request_validators", api_id)


def _page(
    frame: ApiFrame, form: ValidatorForm, title: str, cli: list[Command], row: Shape | None = None
) -> HttpResponse:
    return frame.page(
        "console/request_validator.html",
        form=form,
        title=title,
        validator=row,
        methods=_methods(frame).get(row["id"], []) if row else [],
        trail=[*frame.way, {"label": "Request validators", "url": frame.url("request_validators")}, {"label": title}],
        cli=cli,
        status=422 if form.errors else 200,
    )


def _methods(frame: ApiFrame) -> dict[str, list[dict[str, str]]]:
    """By validator: the methods that use it, with where they are shown."""
    rows = Method.objects.filter(resource__rest_api=frame.api).exclude(request_validator_id=None)
    used: dict[str, list[dict[str, str]]] = {}
    for row in rows.select_related("resource").order_by("resource__path", "http_method"):
        url = resource_url(frame.api.id, row.resource.resource_id, row.http_method)
        shown = {"verb": row.http_method, "path": row.resource.path, "url": url}
        used.setdefault(row.request_validator_id or "", []).append(shown)
    return used
