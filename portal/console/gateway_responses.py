"""Gateway responses: what callers get when the gateway itself answers, and how an API words it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect

from portal.console.api_frame import api_frame
from portal.console.commands import Command
from portal.console.content_types import TextsField
from portal.console.fields import PairsField
from portal.console.gate import Console, Shape, console_page
from portal.console.openapi_parts import RESPONSES

MEANINGS = {
    "ACCESS_DENIED": "An authorizer or a policy says no.",
    "API_CONFIGURATION_ERROR": "The API is set up in a way that cannot work.",
    "AUTHORIZER_CONFIGURATION_ERROR": "The authorizer is set up in a way that cannot work.",
    "AUTHORIZER_FAILURE": "The authorizer did not answer as it must.",
    "BAD_REQUEST_BODY": "The body does not match the method's model.",
    "BAD_REQUEST_PARAMETERS": "A required parameter is missing.",
    "DEFAULT_4XX": "Every refusal of a caller's fault that is not customised by itself.",
    "DEFAULT_5XX": "Every failure of the gateway or a back end that is not customised by itself.",
    "EXPIRED_TOKEN": "The token was valid once.",
    "INTEGRATION_FAILURE": "The back end cannot be reached, or its answer cannot be read.",
    "INTEGRATION_TIMEOUT": "The back end took too long.",
    "INVALID_API_KEY": "The API key is missing, unknown, or not for this stage.",
    "INVALID_SIGNATURE": "The signature of a signed request is wrong.",
    "MISSING_AUTHENTICATION_TOKEN": "No credentials were sent, or nothing answers at this path and method.",
    "QUOTA_EXCEEDED": "The usage plan's quota is used up.",
    "REQUEST_TOO_LARGE": "The request is larger than 10 MB.",
    "RESOURCE_NOT_FOUND": "A caller who may call asks for what is not there.",
    "THROTTLED": "Too many requests at once.",
    "UNAUTHORIZED": "The authorizer does not accept the caller.",
    "UNSUPPORTED_MEDIA_TYPE": "No template takes the body's content type.",
    "WAF_FILTERED": "A firewall rule refuses the request.",
}
"""What each type answers, in words of our own."""


class GatewayResponseForm(forms.Form):
    """One type as an API words it."""

    status_code = forms.RegexField(
        r"^[1-5]\d\d$",
        label="Status code",
        required=False,
        help_text="Empty: the status that the type has by itself.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "spellcheck": "false"}),
        error_messages={"invalid": "A status has three digits."},
    )
    headers = PairsField(
        label="Response headers",
        placeholder="gatewayresponse.header.Access-Control-Allow-Origin = '*'",
        help_text="One per line. A constant stands in single quotes; others are method.request.header.Origin or context.requestId.",
    )
    templates = TextsField(
        label="Response templates",
        help_text="By content type; the caller's Accept header chooses. Variables are put in, such as "
        "$context.error.messageString and $context.requestId; it is not a full mapping template.",
    )


@dataclass(frozen=True)
class Listed:
    """A type in the list. `status` is empty for the catch-all types that keep the status of what they catch."""

    kind: str
    meaning: str
    status: str
    customised: bool
    headers: int

    @property
    def parts(self) -> list[str]:
        """The words of the name, between which it may be broken."""
        return self.kind.split("_")


@console_page("GET")
def gateway_responses(console: Console, api_id: str) -> HttpResponseBase:
    """All types: their status, and whether they are as AWS has them."""
    frame = api_frame(console, api_id, "gateway_responses")
    items = console.call("GetGatewayResponses", {"restApiId": api_id, "limit": 500}).get("items", [])
    customised = sum(not item["defaultResponse"] for item in items)
    return frame.page(
        "console/gateway_responses.html",
        openapi=RESPONSES,
        responses=[_listed(item) for item in items],
        customised=customised,
        cli=[Command("GetGatewayResponses", {"restApiId": api_id})],
    )


@console_page("GET", "POST")
def gateway_response(console: Console, api_id: str, kind: str) -> HttpResponseBase:
    """One type: status, headers and bodies."""
    frame = api_frame(console, api_id, "gateway_responses")
    if kind not in MEANINGS:
        raise Http404("no such type")
    names = {"restApiId": api_id, "responseType": kind}
    shape = console.call("GetGatewayResponse", names)
    form = GatewayResponseForm(console.posted, initial=_initial(shape))
    if form.is_valid() and console.submit(form, "PutGatewayResponse", {**names, **_members(form)}) is not None:
        messages.success(console.request, f"{kind} is saved in the draft.")
        return redirect("console:gateway_responses", api_id)
    shown = {"statusCode": "401", "responseParameters": {"gatewayresponse.header.X-Reason": "'key'"}}
    return frame.page(
        "console/gateway_response.html",
        openapi=(*RESPONSES, kind),
        form=form,
        kind=kind,
        meaning=MEANINGS[kind],
        customised=not shape["defaultResponse"],
        trail=[
            *frame.way,
            {"label": "Gateway responses", "url": frame.url("gateway_responses")},
            {"label": kind},
        ],
        cli=[Command("GetGatewayResponse", names), Command("PutGatewayResponse", {**names, **shown})],
        status=422 if form.errors else 200,
    )


@console_page("POST")
def reset_gateway_response(console: Console, api_id: str, kind: str) -> HttpResponseBase:
    """Go back to AWS's default."""
    console.attempt(
        f"{kind} is as AWS has it again, in the draft.",
        "DeleteGatewayResponse",
        {"restApiId": api_id, "responseType": kind},
    )
    return redirect("console:gateway_responses", api_id)


def _listed(item: Shape) -> Listed:
    kind = item["responseType"]
    headers = len(item.get("responseParameters") or {})
    return Listed(kind, MEANINGS.get(kind, ""), item.get("statusCode", ""), not item["defaultResponse"], headers)


def _initial(shape: Shape) -> dict[str, Any]:
    return {
        "status_code": shape.get("statusCode", ""),
        "headers": shape.get("responseParameters", {}),
        "templates": shape.get("responseTemplates", {}),
    }


def _members(form: GatewayResponseForm) -> dict[str, Any]:
    data = form.cleaned_data
    members: dict[str, Any] = {"responseParameters": data["headers"], "responseTemplates": data["templates"]}
    if data["status_code"]:
        members["statusCode"] = data["status_code"]
    return members
