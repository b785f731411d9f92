"""Cross-origin requests of an HTTP API: it answers preflights itself, and its headers stand in place of those of back ends."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpResponseBase

from apps.control_plane.errors import BadRequestException
from apps.control_plane.v2.cors import checked_cors
from portal.console.fields import LinesField, switch
from portal.console.gate import Console, Shape, console_page
from portal.console.openapi_parts import CORS
from portal.console.v2_frame import given, v2_frame

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "*")
_MAX_AGE = 86_400


class HttpCorsForm(forms.Form):
    """AWS's Cors."""

    origins = LinesField(
        label="Access-Control-Allow-Origin",
        placeholder="https://shop.example.com",
        help_text="One per line: * for all pages, https://* for all of a scheme, or a scheme with a host.",
    )
    methods = forms.MultipleChoiceField(
        label="Access-Control-Allow-Methods",
        required=False,
        choices=[(name, name if name != "*" else "* (all)") for name in _METHODS],
        widget=forms.CheckboxSelectMultiple,
    )
    headers = LinesField(
        label="Access-Control-Allow-Headers",
        placeholder="authorization",
        help_text="What a page may send: one per line, or *.",
    )
    exposed = LinesField(
        label="Access-Control-Expose-Headers", help_text="What a page may read, besides what it always may."
    )
    max_age = forms.IntegerField(
        label="Access-Control-Max-Age",
        required=False,
        min_value=-1,
        max_value=_MAX_AGE,
        help_text="Seconds for which preflights are kept, up to a day. Empty: what the browser thinks fit.",
    )
    credentials = forms.BooleanField(
        label="Access-Control-Allow-Credentials",
        required=False,
        widget=switch(),
        help_text="Cookies and credentials may be sent; not with the origin *.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["origins"].required = True

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("origins"):
            self.add_error("origins", "Without an origin no page may call.")
        if not self.errors:
            try:
                checked_cors(self.members())
            except BadRequestException as error:
                self.add_error(None, error.message.removeprefix("Invalid CORS configuration. "))
        return data

    def members(self) -> Shape:
        data = self.cleaned_data
        members = {
            "AllowOrigins": data["origins"],
            "AllowMethods": list(data["methods"]),
            "AllowHeaders": data["headers"],
            "ExposeHeaders": data["exposed"],
            "AllowCredentials": data["credentials"],
            "MaxAge": data["max_age"],
        }
        return given({name: value for name, value in members.items() if value is not False})


@console_page("GET", "POST")
def cors(console: Console, api_id: str) -> HttpResponseBase:
    """The configuration, which acts when the API is deployed."""
    frame = v2_frame(console, api_id, "v2_cors")
    if frame.api.websocket:
        raise Http404("only HTTP APIs have CORS")
    form = HttpCorsForm(console.posted, initial=_initial(frame.api.cors_configuration or {}))
    if form.is_valid():
        done = "CORS is saved: stages that deploy by themselves answer by it now."
        if frame.saves(form, "UpdateApi", done, CorsConfiguration=form.members()):
            return frame.to("v2_cors")
    example = {"AllowOrigins": ["https://shop.example.com"], "AllowMethods": ["GET", "POST"]}
    return frame.page(
        "console/v2/cors.html",
        openapi=CORS,
        steps=("CORS",),
        form=form,
        cli=[frame.command("UpdateApi", CorsConfiguration=example), frame.command("DeleteCorsConfiguration")],
    )


@console_page("POST")
def end_cors(console: Console, api_id: str) -> HttpResponseBase:
    """Leave cross-origin requests to the back ends."""
    frame = v2_frame(console, api_id, "v2_cors")
    frame.attempt("The API says nothing of cross-origin requests any more.", "DeleteCorsConfiguration")
    return frame.to("v2_cors")


def _initial(configuration: Shape) -> dict[str, Any]:
    if not configuration:
        return {"methods": ["GET"], "headers": ["content-type"]}
    return {
        "origins": configuration.get("AllowOrigins", []),
        "methods": configuration.get("AllowMethods", []),
        "headers": configuration.get("AllowHeaders", []),
        "exposed": configuration.get("ExposeHeaders", []),
        "max_age": configuration.get("MaxAge"),
        "credentials": bool(configuration.get("AllowCredentials")),
    }
