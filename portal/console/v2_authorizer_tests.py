"""The made-up request for an authorizer of an HTTP or WebSocket API: a field for each thing that it reads, and the rest below."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from django import forms

from apps.v2_apis.models import Authorizer
from portal.console.fields import HeadersField, LinesField, PairsField
from portal.console.gate import Shape
from portal.console.v2_frame import V2Frame

_OFFERED_ROUTES = 100
_SOURCE = re.compile(r"\$?(?:route\.)?(?:request\.)?(header|querystring|context|stageVariables)\.(.+)")
_MEANINGS = {
    "header": "The header {}.",
    "querystring": "The query parameter {}.",
    "context": "The context variable {}.",
    "stageVariables": "The stage variable {}. Left empty it is the stage’s.",
}


class V2AuthorizerTestForm(forms.Form):
    """`sources` names the fields of the identity sources."""

    headers = HeadersField(
        label="More headers", rows=2, placeholder="Accept: application/json", help_text="One per line."
    )
    target = forms.CharField(
        label="Path and query string",
        required=False,
        help_text="Left empty it is the route’s path.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "/pets?limit=10"}),
    )
    variables = PairsField(
        label="Stage variables", rows=2, placeholder="tenant = blue", help_text="Beside those of the stage."
    )

    def __init__(self, *args: Any, frame: V2Frame, row: Authorizer, **options: Any) -> None:
        super().__init__(*args, **options)
        self.row = row
        self._read = [found for source in row.identity_source if (found := _SOURCE.fullmatch(source))]
        for number, found in enumerate(self._read):
            self.fields[f"source-{number}"] = self._source_field(found[1], found[2])
        stages = [(stage.name, stage.name) for stage in frame.stages]
        self._offer("stage", stages, "none", help_text="Its name and variables are what the authorizer sees.")
        if frame.api.websocket:
            self.fields["target"].help_text = "The path of the handshake; its query string counts."
        else:
            default = "$default, without scopes" if self._is_jwt else "$default"
            self._offer("route", _routes(row), default, help_text="One of those that it guards.")
        if self._is_jwt:
            self.fields["scopes"] = LinesField(
                label="Scopes",
                rows=2,
                placeholder="pets:read",
                help_text="One per line: a token needs one of them. Left empty they are the route’s.",
            )
        self.order_fields([*self.sources, "route", "stage", "scopes"])

    @property
    def sources(self) -> list[str]:
        return [f"source-{number}" for number in range(len(self._read))]

    @property
    def source_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.sources]

    @property
    def places(self) -> list[forms.BoundField]:
        return [self[name] for name in ("route", "stage") if name in self.fields and not self[name].is_hidden]

    @property
    def more(self) -> list[forms.BoundField]:
        return [self[name] for name in ("scopes", "target", "headers", "variables") if name in self.fields]

    @property
    def has_more_errors(self) -> bool:
        return any(field.errors for field in self.more)

    @property
    def _is_jwt(self) -> bool:
        return self.row.authorizer_type == "JWT"

    def _offer(self, name: str, choices: list[tuple[str, str]], otherwise: str, **options: Any) -> None:
        """A choice that begins with the first; without any there is nothing to choose."""
        every = [*choices, ("", otherwise)]
        widget = forms.Select if choices else forms.HiddenInput
        self.fields[name] = forms.ChoiceField(
            required=False, choices=every, initial=every[0][0], widget=widget, **options
        )

    def _source_field(self, kind: str, name: str) -> forms.CharField:
        attributes = {"spellcheck": "false", "autocomplete": "off"}
        widget = forms.Textarea(attrs={**attributes, "rows": 4}) if self._is_jwt else forms.TextInput(attrs=attributes)
        hint = (
            f"{_MEANINGS[kind].format(name)} With or without “Bearer”."
            if self._is_jwt
            else _MEANINGS[kind].format(name)
        )
        return forms.CharField(label="Token" if self._is_jwt else name, required=False, help_text=hint, widget=widget)

    def request(self) -> Shape:
        """The members of TestAuthorizer that say what is sent."""
        data = self.cleaned_data
        several: dict[str, list[str]] = {}
        for name, value in data["headers"]:
            several.setdefault(name, []).append(value)
        given: dict[str, dict[str, str]] = {kind: {} for kind in _MEANINGS}
        for field, found in zip(self.sources, self._read, strict=True):
            if data[field]:
                given[found[1]][found[2]] = " ".join(data[field].split())
        for name, value in given["header"].items():
            several[name] = [value]
        query = "&".join(f"{quote(name)}={quote(value)}" for name, value in given["querystring"].items())
        target = data["target"]
        members = {
            "routeId": data.get("route"),
            "stageName": data["stage"],
            "multiValueHeaders": several,
            "pathWithQueryString": f"{target}{'&' if '?' in target else '?'}{query}" if query else target,
            "authorizationScopes": data.get("scopes"),
            "stageVariables": {**data["variables"], **given["stageVariables"]},
            "additionalContext": given["context"],
        }
        return {name: value for name, value in members.items() if value}


def _routes(row: Authorizer) -> list[tuple[str, str]]:
    routes = row.routes.order_by("route_key")[:_OFFERED_ROUTES]
    return [(route.route_id, f"{route.route_key}{_scopes(route.authorization_scopes)}") for route in routes]


def _scopes(scopes: list[str]) -> str:
    return f" ({', '.join(scopes)})" if scopes else ""
