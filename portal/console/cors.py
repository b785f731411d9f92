"""Enabling CORS on a resource: what browsers are to be told, and a preview of everything that is written for it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect

from apps.control_plane.errors import BadRequestException
from apps.control_plane.gatehouse.cors import (
    DEFAULT_HEADERS,
    GATEWAY_RESPONSES,
    LONGEST_MAX_AGE,
    METHODS,
    CorsPlan,
    cors_plan,
)
from apps.rest_apis.models import Resource
from portal.console.api_frame import api_frame
from portal.console.commands import Command
from portal.console.fields import LinesField, switch
from portal.console.gate import Console, Shape, console_page
from portal.console.openapi_parts import of_path
from portal.console.resources import resource_url

_ENABLE = "enable"


class CorsForm(forms.Form):
    """The policy of one resource."""

    origin = forms.CharField(
        label="Access-Control-Allow-Origin",
        max_length=512,
        help_text="The pages that may call: * for all, or one origin such as https://shop.example.com.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "none"}),
    )
    methods = forms.MultipleChoiceField(
        label="Access-Control-Allow-Methods",
        choices=[(name, name) for name in METHODS],
        widget=forms.CheckboxSelectMultiple,
    )
    headers = LinesField(label="Access-Control-Allow-Headers", help_text="What a page may send. One per line.", rows=5)
    exposed = LinesField(
        label="Access-Control-Expose-Headers", help_text="What a page may read besides what it always may.", rows=2
    )
    max_age = forms.IntegerField(
        label="Access-Control-Max-Age",
        required=False,
        min_value=0,
        max_value=LONGEST_MAX_AGE,
        help_text="Seconds for which preflights are kept. Empty: what the browser thinks fit.",
    )
    credentials = forms.BooleanField(
        label="Access-Control-Allow-Credentials",
        required=False,
        help_text="Cookies and credentials may be sent, to one named origin only.",
        widget=switch(),
    )
    gateway_responses = forms.MultipleChoiceField(
        label="Gateway responses",
        required=False,
        choices=[(name, name) for name in GATEWAY_RESPONSES],
        widget=forms.CheckboxSelectMultiple,
        help_text="They carry the headers too; else a page sees no reason when the gateway itself refuses its call.",
    )


@console_page("GET", "POST")
def cors(console: Console, api_id: str, resource_id: str) -> HttpResponseBase:
    """The policy, and below it what enabling it writes. Nothing is written before *Enable CORS* is pressed."""
    frame = api_frame(console, api_id, "api")
    resource = console.caller.resource(api_id, resource_id)
    initial = _initial(resource)
    form = CorsForm(console.posted, initial=initial)
    plan = None
    if not form.is_bound or form.is_valid():
        policy = _members(form.cleaned_data if form.is_bound else initial)
        request = {"restApiId": api_id, "resourceId": resource_id, **policy}
        if _ENABLE not in console.request.POST:
            plan = _plan(console, form, request)
        elif console.submit(form, "EnableCors", request, "gatehouse") is not None:
            messages.success(console.request, f"CORS of {resource.path} is in the draft.")
            return redirect(resource_url(api_id, resource_id))
    return frame.page(
        "console/cors.html",
        openapi=of_path(resource.path, "OPTIONS"),
        form=form,
        resource=resource,
        plan=plan,
        trail=[
            *frame.way,
            {"label": resource.path, "url": resource_url(api_id, resource_id)},
            {"label": "CORS"},
        ],
        cli=[Command(step.operation, step.request) for step in plan.steps] if plan else [],
        status=422 if form.errors else 200,
    )


def _plan(console: Console, form: CorsForm, request: Shape) -> CorsPlan | None:
    """What would be written; what is wrong with the policy becomes an error of the form."""
    try:
        return cors_plan(console.caller, request)
    except BadRequestException as error:
        form.add_error(None, error.message)
        return None


def _initial(resource: Resource) -> dict[str, Any]:
    taken = {method.http_method for method in resource.methods.all()}
    return {
        "origin": "*",
        "methods": sorted(METHODS if "ANY" in taken else {*taken, "OPTIONS"}),
        "headers": list(DEFAULT_HEADERS),
        "exposed": [],
        "gateway_responses": list(GATEWAY_RESPONSES),
    }


def _members(data: dict[str, Any]) -> Shape:
    members: Shape = {
        "allowOrigin": data["origin"],
        "allowMethods": list(data["methods"]),
        "allowHeaders": list(data["headers"]),
        "exposeHeaders": list(data["exposed"]),
        "allowCredentials": bool(data.get("credentials")),
        "gatewayResponses": list(data["gateway_responses"]),
    }
    if data.get("max_age") is not None:
        members["maxAge"] = data["max_age"]
    return members
