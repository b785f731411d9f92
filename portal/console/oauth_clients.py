"""The account's own issuer of tokens: its address and keys, and the OAuth clients that get tokens from it."""

from __future__ import annotations

import shlex
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_variables

from portal.console.api_frame import command_samples
from portal.console.commands import Command
from portal.console.fields import LinesField
from portal.console.gate import Console, Shape, console_page
from portal.console.paging import page_of_items

_SERVICE = "gatehouse"
_KINDS = {
    "program": ("client_credentials", "confidential", "A program for itself (client credentials)"),
    "server": ("authorization_code", "confidential", "A web server for people (authorization code)"),
    "browser": ("authorization_code", "public", "A browser or an app for people (authorization code with PKCE)"),
}


class ClientForm(forms.Form):
    """A new client."""

    name = forms.CharField(max_length=128)
    kind = forms.ChoiceField(label="For", choices=[(key, label) for key, (_, _, label) in _KINDS.items()])
    scopes = LinesField(label="Scopes", rows=2, placeholder="pets:read", help_text="One per line.")
    audiences = LinesField(
        label="Audiences", rows=2, help_text="What tokens name as aud, one per line. Empty: the client's id."
    )
    redirects = LinesField(
        label="Redirect addresses", rows=2, placeholder="https://shop.example.com/signed-in", help_text="One per line."
    )

    def request(self) -> Shape:
        """The request of CreateOAuthClient."""
        data = self.cleaned_data
        grant, kind, _ = _KINDS[data["kind"]]
        lists = {"scopes": data["scopes"], "audiences": data["audiences"], "redirectUris": data["redirects"]}
        named = {"name": data["name"], "grantType": grant, "clientType": kind}
        return {**named, **{name: value for name, value in lists.items() if value}}


_REST = """\
x-amazon-apigateway-authorizer:
  type: jwt
  identitySource: method.request.header.Authorization
  jwtConfiguration:
    issuers: [{{issuer: "{issuer}", audiences: [{audience}]}}]
    defaultAlgorithms: [RS256]
"""
_HTTP = """\
x-amazon-apigateway-authorizer:
  type: jwt
  identitySource: $request.header.Authorization
  jwtConfiguration: {{issuer: "{issuer}", audience: [{audience}]}}
"""


def definitions(issuer: str, audience: str = "AUDIENCE") -> list[tuple[str, str]]:
    """The security scheme of an OpenAPI definition by which an API trusts the issuer, for each kind of API."""
    named = {"issuer": issuer, "audience": audience}
    return [("REST API", _REST.format(**named)), ("HTTP API", _HTTP.format(**named))]


@console_page("GET", "POST")
@sensitive_variables("made")
def oauth_clients(console: Console) -> HttpResponseBase:
    """The issuer and its clients; a POST makes one, whose secret this page shows and no page again."""
    form = ClientForm(console.posted)
    made = console.submit(form, "CreateOAuthClient", form.request(), _SERVICE) if form.is_valid() else None
    return _page(console, form=ClientForm() if made else form, made=made)


@console_page("POST")
@sensitive_variables("made")
def rotate_oauth_client(console: Console, client_id: str) -> HttpResponseBase:
    """Another secret for a client; the one before is none from now on."""
    request = {"clientId": client_id}
    made = console.attempt("The client has another secret.", "RotateOAuthClientSecret", request, _SERVICE)
    return _page(console, made=made) if made else redirect("console:oauth_clients")


@console_page("POST")
def delete_oauth_client(console: Console, client_id: str) -> HttpResponseBase:
    """Delete a client; tokens that it has are good until they end."""
    console.attempt("The client is gone.", "DeleteOAuthClient", {"clientId": client_id}, _SERVICE)
    return redirect("console:oauth_clients")


@console_page("POST")
def rotate_signing_key(console: Console) -> HttpResponseBase:
    """Let another key sign from now on."""
    done = "Another key signs from now on. The one before is shown until what it signed has ended."
    if console.attempt(done, "RotateOidcSigningKey", {}, _SERVICE) is None:
        messages.error(console.request, "The key that signs is the same as before.")
    return redirect("console:oauth_clients")


@sensitive_variables("made")
def _page(console: Console, form: ClientForm | None = None, made: dict[str, Any] | None = None) -> HttpResponse:
    example = {"name": "robot", "grantType": "client_credentials"}
    issuer = console.call("GetOidcIssuer", {}, _SERVICE)
    clients = console.call("ListOAuthClients", {}, _SERVICE)["items"]
    return console.page(
        "console/oauth_clients.html",
        section="oauth-clients",
        issuer=issuer,
        definitions=definitions(issuer["issuer"]),
        token_call=_token_call(issuer, made) if made and made.get("clientSecret") else "",
        pages=page_of_items(console, ((f"{one['name']} {one['clientId']}", one) for one in clients)),
        form=form or ClientForm(),
        made=made,
        cli=command_samples(
            console,
            [
                Command("GetOidcIssuer", service=_SERVICE),
                Command("CreateOAuthClient", example, service=_SERVICE),
            ],
        ),
        status=422 if form is not None and form.errors else 200,
    )


@sensitive_variables("made", "who")
def _token_call(issuer: dict[str, Any], made: dict[str, Any]) -> str:
    """The call that gets a token for a program, with its secret, which this page shows."""
    who = f"{made['clientId']}:{made['clientSecret']}"
    return f"curl {issuer['tokenUrl']} -u {shlex.quote(who)} -d grant_type=client_credentials"
