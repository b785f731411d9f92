"""The forms in which routes of HTTP and WebSocket APIs are made and edited."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.control_plane.errors import BadRequestException
from apps.control_plane.v2.expressions import check_http_route_key, check_websocket_route_key
from apps.v2_apis.models import Api, Integration, Route
from portal.console.fields import LinesField, PairsField, offer, switch
from portal.console.gate import Shape
from portal.console.v2_apis import expression_field
from portal.console.v2_frame import map_change

DEFAULT_KEY = "$default"
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY")
_OPEN, _IAM = "NONE", "AWS_IAM"


class RouteForm(forms.Form):
    """What routes of both kinds have: where they lead and who may pass."""

    target = forms.ChoiceField(label="Integration", required=False)
    new_target = forms.CharField(
        label="Or a new integration with",
        required=False,
        max_length=2048,
        help_text="A URL or the ARN of a function. Everything else is made under Integrations.",
        widget=forms.TextInput(
            attrs={"spellcheck": "false", "inputmode": "url", "placeholder": "https://api.example.com/pets"}
        ),
    )
    authorization = forms.ChoiceField(label="Authorization")
    operation_name = forms.CharField(label="Operation name", max_length=64, required=False)

    def __init__(self, *args: Any, api: Api, route: Route | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.api, self.route = api, route
        integrations = api.integrations.order_by("pk")
        offer(self, "target", [("", "None yet"), *((row.integration_id, described(row)) for row in integrations)])
        authorizers = [
            (row.authorizer_id, f"{row.name} ({'JWT' if row.authorizer_type == 'JWT' else 'Lambda'})")
            for row in api.authorizers.order_by("name")
        ]
        offer(self, "authorization", [(_OPEN, "Open: anybody may"), (_IAM, "IAM: signed calls"), *authorizers])
        if route is not None:
            self.initial = {**self._from(route), **self.initial}

    def _from(self, route: Route) -> dict[str, Any]:
        return {
            "target": route.integration.integration_id if route.integration else "",
            "authorization": route.authorizer.authorizer_id if route.authorizer else route.authorization_type,
            "operation_name": route.operation_name or "",
        }

    def members(self) -> Shape:
        """The members of CreateRoute and UpdateRoute but for a new integration."""
        data = self.cleaned_data
        members: Shape = {"RouteKey": self.key(), "OperationName": data["operation_name"]}
        if not data["new_target"]:
            members["Target"] = f"integrations/{data['target']}" if data["target"] else ""
        chosen = data["authorization"]
        authorizer = self.api.authorizers.filter(authorizer_id=chosen).first()
        if authorizer is None:
            return {**members, "AuthorizationType": chosen, "AuthorizerId": ""}
        kind = "JWT" if authorizer.authorizer_type == "JWT" else "CUSTOM"
        return {**members, "AuthorizationType": kind, "AuthorizerId": chosen}

    def key(self) -> str:
        raise NotImplementedError


class HttpRouteForm(RouteForm):
    """A route of an HTTP API."""

    method = forms.ChoiceField(
        choices=[*((verb, verb) for verb in VERBS), (DEFAULT_KEY, "$default: what no other route takes")]
    )
    path = forms.CharField(
        required=False,
        max_length=1000,
        help_text="{petId} takes one part of a path, {proxy+} at the end all the rest.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "none", "placeholder": "/pets/{petId}"}),
    )
    scopes = LinesField(
        label="Authorization scopes",
        placeholder="pets:read",
        help_text="One per line; a token needs one of them. With a JWT authorizer only.",
    )

    field_order = ["method", "path", "target", "new_target", "authorization", "scopes", "operation_name"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("method") and "path" not in self.errors:
            try:
                check_http_route_key(self.key())
            except BadRequestException as error:
                path = data.get("path") or ""
                self.add_error("path", error.message if path.startswith("/") else "A path begins with a slash.")
        return data

    def key(self) -> str:
        data = self.cleaned_data
        return DEFAULT_KEY if data["method"] == DEFAULT_KEY else f"{data['method']} {data['path']}"

    def members(self) -> Shape:
        return {**super().members(), "AuthorizationScopes": self.cleaned_data["scopes"]}

    def _from(self, route: Route) -> dict[str, Any]:
        method, _, path = route.route_key.partition(" ")
        return {**super()._from(route), "method": method, "path": path, "scopes": route.authorization_scopes}


class WebSocketRouteForm(RouteForm):
    """A route of a WebSocket API."""

    route_key = forms.CharField(
        label="Route key",
        max_length=128,
        help_text="What the route selection expression finds in a message; or $connect, $disconnect, and $default for what no route takes.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "none", "placeholder": "join"}),
    )
    answers = forms.BooleanField(
        label="Two-way communication",
        required=False,
        widget=switch(),
        help_text="What the integration answers goes back to the client through the connection (a route response).",
    )
    api_key_required = forms.BooleanField(
        label="API key required", required=False, widget=switch(), help_text="Of $connect: when a connection opens."
    )
    parameters = PairsField(
        label="Request parameters",
        rows=2,
        placeholder="route.request.querystring.token = required",
        help_text="One per line, each required or optional. Of $connect: what must come with the handshake.",
    )
    model_expression = expression_field(
        label="Model selection expression",
        required=False,
        help_text="What of a message names its model, such as $request.body.kind.",
    )
    models = PairsField(
        label="Models of messages",
        rows=2,
        placeholder="order = Order",
        help_text="One per line: what the expression finds, and the name of the model. $default stands for anything.",
    )

    field_order = ["route_key", "target", "new_target", "answers", "authorization", "api_key_required", "parameters",
                   "model_expression", "models", "operation_name"]  # fmt: skip

    def clean_route_key(self) -> str:
        key = str(self.cleaned_data["route_key"]).strip()
        try:
            check_websocket_route_key(key)
        except BadRequestException as error:
            raise forms.ValidationError(error.message) from None
        return key

    def clean_parameters(self) -> dict[str, bool]:
        words: dict[str, str] = self.cleaned_data["parameters"]
        for name, need in words.items():
            if need not in ("required", "optional"):
                raise forms.ValidationError(f"{name} must be required or optional, not “{need}”.")
        return {name: need == "required" for name, need in words.items()}

    def key(self) -> str:
        return str(self.cleaned_data["route_key"])

    def members(self) -> Shape:
        data, route = self.cleaned_data, self.route
        parameters = {name: {"Required": needed} for name, needed in data["parameters"].items()}
        return {
            **super().members(),
            "ApiKeyRequired": data["api_key_required"],
            "ModelSelectionExpression": data["model_expression"],
            "RequestModels": map_change(route.request_models if route else {}, data["models"]),
            "RequestParameters": map_change(route.request_parameters if route else {}, parameters, {}),
            "RouteResponseSelectionExpression": DEFAULT_KEY if data["answers"] else "",
        }

    def _from(self, route: Route) -> dict[str, Any]:
        return {
            **super()._from(route),
            "route_key": route.route_key,
            "answers": bool(route.route_response_selection_expression),
            "api_key_required": route.api_key_required,
            "parameters": {
                name: "required" if needed.get("Required") else "optional"
                for name, needed in route.request_parameters.items()
            },
            "model_expression": route.model_selection_expression or "",
            "models": route.request_models,
        }


def described(row: Integration) -> str:
    """An integration in a word's space: what it leads to."""
    if row.integration_subtype:
        return row.integration_subtype
    if row.integration_type == "MOCK":
        return f"Mock ({row.integration_id})"
    method = f"{row.integration_method} " if row.integration_type.startswith("HTTP") and row.integration_method else ""
    private = " through a VPC link" if row.connection_type == "VPC_LINK" else ""
    return f"{method}{row.integration_uri or row.integration_id}{private}"
