"""Authorizers of an HTTP or WebSocket API: issuers of JWTs, and Lambda functions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpResponseBase

from apps.control_plane.errors import AccessDeniedException
from apps.core.integration_uris import invocation_uri
from apps.v2_apis.models import Authorizer
from portal.console.authorizer_decisions import Decision, decision_of
from portal.console.commands import Command
from portal.console.fields import LinesField, switch
from portal.console.gate import Console, Shape, console_page
from portal.console.openapi_parts import SCHEMES
from portal.console.v2_authorizer_tests import V2AuthorizerTestForm
from portal.console.v2_frame import V2Frame, given, v2_frame

JWT, REQUEST = "JWT", "REQUEST"
_HTTP_SOURCE, _WEBSOCKET_SOURCE = "$request.header.Authorization", "route.request.header.Authorization"


class AuthorizerForm(forms.Form):
    """What every authorizer has: its `kind`, and beside the name `sources`, which each kind explains in its own words."""

    kind: str
    name = forms.CharField(max_length=128)

    def __init__(self, *args: Any, row: Authorizer | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        if row is not None:
            self.initial = {**self._from(row), **self.initial}

    def _from(self, row: Authorizer) -> dict[str, Any]:
        return {"name": row.name, "sources": row.identity_source}

    def members(self) -> Shape:
        """The members of CreateAuthorizer and UpdateAuthorizer."""
        data = self.cleaned_data
        return {"Name": data["name"], "AuthorizerType": self.kind, "IdentitySource": data["sources"]}


class FunctionAuthorizerForm(AuthorizerForm):
    """A Lambda function that decides who may pass, as WebSocket APIs have it."""

    kind = REQUEST
    uri = forms.CharField(
        label="Function",
        max_length=2048,
        help_text="The ARN of the function that is asked.",
        widget=forms.TextInput(
            attrs={"spellcheck": "false", "placeholder": "arn:aws:lambda:us-east-1:123456789012:function:check"}
        ),
    )
    credentials = forms.CharField(
        label="Credentials",
        required=False,
        max_length=2048,
        help_text="The ARN of the role that the function is invoked with, if any.",
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
    )
    sources = LinesField(
        label="Identity sources",
        placeholder=_WEBSOCKET_SOURCE,
        help_text="One per line: what must be there for the function to be asked. Without it the answer is 401.",
    )

    def _from(self, row: Authorizer) -> dict[str, Any]:
        return {
            **super()._from(row),
            "uri": row.authorizer_uri,
            "credentials": row.authorizer_credentials_arn,
        }

    def members(self) -> Shape:
        data = self.cleaned_data
        return {
            **super().members(),
            "AuthorizerUri": invocation_uri(data["uri"], streams=False) or data["uri"],
            "AuthorizerCredentialsArn": data["credentials"],
        }


class HttpFunctionAuthorizerForm(FunctionAuthorizerForm):
    """With what HTTP APIs say besides."""

    payload_format = forms.ChoiceField(
        label="Payload format", choices=[("2.0", "2.0"), ("1.0", "1.0: as of REST APIs")], initial="2.0"
    )
    simple = forms.BooleanField(
        label="Simple responses",
        required=False,
        initial=True,
        widget=switch(),
        help_text='The function answers {"isAuthorized": true} instead of a policy. With format 2.0.',
    )
    ttl = forms.IntegerField(
        label="Remember for",
        min_value=0,
        max_value=3600,
        initial=300,
        help_text="Seconds in which the same identity is not asked about again, up to an hour. 0: ask every time.",
    )

    def _from(self, row: Authorizer) -> dict[str, Any]:
        return {
            **super()._from(row),
            "payload_format": row.authorizer_payload_format_version,
            "simple": bool(row.enable_simple_responses),
            "ttl": row.authorizer_result_ttl_in_seconds,
        }

    def members(self) -> Shape:
        data = self.cleaned_data
        return {
            **super().members(),
            "AuthorizerPayloadFormatVersion": data["payload_format"],
            "EnableSimpleResponses": data["simple"],
            "AuthorizerResultTtlInSeconds": data["ttl"],
        }


class JwtAuthorizerForm(AuthorizerForm):
    """An issuer whose tokens are taken."""

    kind = JWT
    issuer = forms.CharField(
        max_length=2048,
        help_text="Its discovery document stands below /.well-known/openid-configuration, and is asked for when this is saved.",
        widget=forms.TextInput(
            attrs={"spellcheck": "false", "inputmode": "url", "placeholder": "https://issuer.example.com"}
        ),
    )
    audience = LinesField(label="Audience", help_text="One per line: a token must be meant for one of them.")
    sources = LinesField(
        label="Identity source",
        rows=1,
        placeholder=_HTTP_SOURCE,
        help_text="The header or query string that the token comes in.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["audience"].required = self.fields["sources"].required = True

    def _from(self, row: Authorizer) -> dict[str, Any]:
        configuration = row.jwt_configuration or {}
        return {
            **super()._from(row),
            "issuer": configuration.get("Issuer", ""),
            "audience": configuration.get("Audience", []),
        }

    def clean_audience(self) -> list[str]:
        audience: list[str] = self.cleaned_data["audience"]
        if not audience:
            raise forms.ValidationError("Name at least one audience: else tokens for anybody would do.")
        return audience

    def members(self) -> Shape:
        data = self.cleaned_data
        issuer = {"Issuer": data["issuer"], "Audience": data["audience"]}
        return {**super().members(), "JwtConfiguration": issuer}


@console_page("GET")
def authorizers(console: Console, api_id: str) -> HttpResponseBase:
    """Who decides who may pass, and on which routes."""
    frame = v2_frame(console, api_id, "v2_authorizers")
    rows = frame.api.authorizers.prefetch_related("routes").order_by("name")
    return frame.page(
        "console/v2/authorizers.html",
        steps=("Authorizers",),
        rows=rows,
        cli=[frame.command("GetAuthorizers")],
        openapi=SCHEMES,
    )


@console_page("GET", "POST")
def create_authorizer(console: Console, api_id: str) -> HttpResponseBase:
    """A new authorizer; `?kind=` says which, JWT or REQUEST."""
    frame = v2_frame(console, api_id, "v2_authorizers")
    kind = console.request.GET.get("kind", "")
    kind = REQUEST if frame.api.websocket or kind == REQUEST else JWT
    source = _WEBSOCKET_SOURCE if frame.api.websocket else _HTTP_SOURCE
    form = _form(frame, kind)(console.posted, initial={"sources": [source]})
    if form.is_valid():
        done = f"{form.cleaned_data['name']} exists: choose it in the routes that it guards."
        if frame.saves(form, "CreateAuthorizer", done, **given(form.members())):
            return frame.to("v2_authorizers")
    example = {"Name": "users", "AuthorizerType": kind, "IdentitySource": [source]}
    return _page(frame, form, "Create authorizer", frame.command("CreateAuthorizer", **example), kind=kind)


@console_page("GET", "POST")
def authorizer(console: Console, api_id: str, authorizer_id: str) -> HttpResponseBase:
    """One authorizer."""
    frame = v2_frame(console, api_id, "v2_authorizers")
    row = _row(frame, authorizer_id)
    form = _form(frame, row.authorizer_type)(console.posted, row=row)
    names = {"AuthorizerId": authorizer_id}
    if form.is_valid() and frame.saves(form, "UpdateAuthorizer", f"{row.name} is saved.", **names, **form.members()):
        return frame.to("v2_authorizers")
    return _authorizer_page(frame, row, form, V2AuthorizerTestForm(frame=frame, row=row, prefix="test"))


@console_page("POST")
def test_authorizer(console: Console, api_id: str, authorizer_id: str) -> HttpResponseBase:
    """Ask the authorizer about a made-up request. A viewer may not."""
    frame = v2_frame(console, api_id, "v2_authorizers")
    if not console.may_write:
        raise AccessDeniedException("A viewer cannot make test calls.")
    row = _row(frame, authorizer_id)
    form = V2AuthorizerTestForm(console.request.POST, frame=frame, row=row, prefix="test")
    told, commands = None, []
    if form.is_valid():
        request = {"apiId": api_id, "authorizerId": authorizer_id, **form.request()}
        told = console.submit(form, "TestAuthorizer", request, "gatehouse")
        commands = [Command("TestAuthorizer", request, service="gatehouse")]
    decision = None if told is None else decision_of(told, "allowed")
    unchanged = _form(frame, row.authorizer_type)(row=row)
    return _authorizer_page(frame, row, unchanged, form, decision=decision, commands=commands)


@console_page("POST")
def delete_authorizer(console: Console, api_id: str, authorizer_id: str) -> HttpResponseBase:
    """Delete an authorizer that no route uses."""
    frame = v2_frame(console, api_id, "v2_authorizers")
    if frame.attempt("The authorizer is gone.", "DeleteAuthorizer", AuthorizerId=authorizer_id):
        return frame.to("v2_authorizers")
    return frame.to("v2_authorizer", authorizer_id)


def _form(frame: V2Frame, kind: str) -> type[AuthorizerForm]:
    if kind == JWT:
        return JwtAuthorizerForm
    return FunctionAuthorizerForm if frame.api.websocket else HttpFunctionAuthorizerForm


def _row(frame: V2Frame, authorizer_id: str) -> Authorizer:
    row = frame.api.authorizers.filter(authorizer_id=authorizer_id).first()
    if row is None:
        raise Http404("no such authorizer")
    return row


def _authorizer_page(
    frame: V2Frame,
    row: Authorizer,
    form: AuthorizerForm,
    test_form: V2AuthorizerTestForm,
    *,
    decision: Decision | None = None,
    commands: list[Command] | None = None,
) -> HttpResponseBase:
    command = frame.command("GetAuthorizer", AuthorizerId=row.authorizer_id)
    return _page(
        frame,
        form,
        row.name,
        *(commands or [command]),
        authorizer=row,
        test_form=test_form,
        decision=decision,
        routes=row.routes.order_by("route_key"),
        status=422 if form.errors or test_form.errors else 200,
    )


def _page(frame: V2Frame, form: AuthorizerForm, title: str, *commands: Command, **context: Any) -> HttpResponseBase:
    return frame.page(
        "console/v2/authorizer.html",
        steps=(("Authorizers", frame.url("v2_authorizers")), title),
        form=form,
        title=title,
        own_issuer=f"{settings.ENVIRONMENT.portal_url}/oidc/{frame.api.account_id}",
        cli=list(commands),
        **context,
    )
