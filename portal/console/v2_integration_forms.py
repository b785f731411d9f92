"""The forms in which integrations of HTTP and WebSocket APIs are made and edited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from apps.control_plane.errors import BadRequestException
from apps.control_plane.v2.integration_subtypes import SUBTYPES, check_subtype
from apps.core.integration_uris import invocation_uri
from apps.v2_apis.models import Integration
from portal.console.fields import PairsField, offer
from portal.console.gate import Shape
from portal.console.method_forms import HANDLINGS, PASSTHROUGH
from portal.console.v2_apis import expression_field
from portal.console.v2_fields import (
    KeyedTemplatesField,
    StatusMappingsField,
    message_mappings,
    reply_mappings,
    request_mappings,
)
from portal.console.v2_frame import map_change
from portal.console.v2_route_forms import DEFAULT_KEY, VERBS

PRIVATE, SERVICE_ACTION = "PRIVATE", "SERVICE"
_HTTP_KINDS = (
    ("HTTP_PROXY", "HTTP: a URL"),
    ("AWS_PROXY", "Lambda: a function"),
    (SERVICE_ACTION, "An action of an AWS service"),
    (PRIVATE, "Private: through a VPC link"),
)
_WEBSOCKET_KINDS = (
    ("AWS_PROXY", "Lambda proxy: a function gets the message"),
    ("HTTP_PROXY", "HTTP proxy: hand the message to a URL"),
    ("HTTP", "HTTP: map message and answer"),
    ("AWS", "AWS: map message and answer of a function or a service"),
    ("MOCK", "Mock: answer without a back end"),
)


class IntegrationForm(forms.Form):
    """What integrations of both kinds have. `row` is the one that is edited; its kind stays."""

    uri = forms.CharField(
        label="URL or ARN",
        required=False,
        max_length=2048,
        help_text="The URL of the back end, or the ARN of a function. ${stageVariables.NAME} stands for a stage variable.",
        widget=forms.TextInput(
            attrs={"spellcheck": "false", "inputmode": "url", "placeholder": "https://api.example.com/pets/{petId}"}
        ),
    )
    method = forms.ChoiceField(
        label="Method of the back end", choices=[(verb, verb) for verb in reversed(VERBS)], required=False
    )
    link = forms.ChoiceField(label="VPC link", required=False)
    credentials = forms.CharField(
        label="Credentials",
        required=False,
        max_length=2048,
        help_text="The ARN of the role that the call is made with.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "arn:aws:iam::123456789012:role/gateway"}),
    )
    description = forms.CharField(max_length=1024, required=False)

    def __init__(
        self,
        *args: Any,
        row: Integration | None = None,
        links: Sequence[tuple[str, str]] = (),
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.row = row
        known = row.connection_id if row is not None else None
        gone = [(known, known)] if known and known not in dict(links) else []
        offer(self, "link", [("", "Choose a VPC link" if links else "There is no VPC link yet"), *links, *gone])
        if row is not None:
            self.initial = {**self._from(row), **self.initial}
            self.fields["kind"].disabled = True

    def _from(self, row: Integration) -> dict[str, Any]:
        return {
            "kind": kind_of(row),
            "uri": row.integration_uri,
            "method": row.integration_method or "ANY",
            "link": row.connection_id or "",
            "credentials": row.credentials_arn,
            "description": row.description,
            "timeout": row.timeout_in_millis,
            "parameters": row.request_parameters,
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        kind = data.get("kind")
        if kind not in ("MOCK", SERVICE_ACTION) and not data.get("uri") and "uri" not in self.errors:
            what = "URL" if str(kind).startswith("HTTP") else "ARN"
            self.add_error("uri", f"This kind of integration needs the {what} of what it calls.")
        if kind == PRIVATE and not data.get("link"):
            self.add_error("link", "Choose the VPC link that leads to it.")
        return data

    def members(self) -> Shape:
        """The members of CreateIntegration and UpdateIntegration."""
        data, before = self.cleaned_data, self.row
        members: Shape = {
            "Description": data["description"],
            "CredentialsArn": data["credentials"],
            "TimeoutInMillis": data["timeout"],
            "RequestParameters": map_change(before.request_parameters if before else {}, data["parameters"]),
        }
        if data["kind"] not in ("MOCK", SERVICE_ACTION):
            members["IntegrationUri"] = data["uri"]
        if data["kind"] in ("HTTP_PROXY", "HTTP", PRIVATE):
            members["IntegrationMethod"] = data["method"] or "ANY"
        if data["kind"] == PRIVATE:
            members |= {"ConnectionType": "VPC_LINK", "ConnectionId": data["link"]}
        if before is None:
            kind = {PRIVATE: "HTTP_PROXY", SERVICE_ACTION: "AWS_PROXY"}.get(data["kind"], data["kind"])
            members["IntegrationType"] = kind
        return members


class HttpIntegrationForm(IntegrationForm):
    """An integration of an HTTP API: always a proxy."""

    kind = forms.ChoiceField(label="Leads to", choices=_HTTP_KINDS)
    subtype = forms.ChoiceField(
        label="Action", required=False, choices=[("", "Choose an action"), *((name, name) for name in SUBTYPES)]
    )
    arguments = PairsField(
        label="Arguments",
        placeholder="QueueUrl = https://sqs.us-east-1.amazonaws.com/123456789012/pets\nMessageBody = $request.body",
        help_text="One per line: texts, or $request.body.NAME, $request.header.NAME, $context.NAME. The table below says which.",
    )
    payload_format = forms.ChoiceField(
        label="Payload format",
        required=False,
        choices=[("2.0", "2.0: short events, plain answers"), ("1.0", "1.0: events as of REST APIs")],
    )
    timeout = forms.IntegerField(
        min_value=50, max_value=30_000, initial=30_000, help_text="Milliseconds, 50 to 30,000."
    )
    tls_name = forms.CharField(
        label="Server name for TLS",
        required=False,
        max_length=512,
        help_text="Checked against the certificate of the private back end, which is then asked by HTTPS.",
    )
    parameters = request_mappings()
    response_parameters = StatusMappingsField(
        label="Response parameters",
        help_text="By the status of the back end: append:header.NAME, overwrite:header.NAME, remove:header.NAME or overwrite:statuscode "
        "= $response.header.NAME, $response.body.NAME, $context.NAME or a text.",
    )

    field_order = ["kind", "uri", "method", "link", "tls_name", "subtype", "arguments", "payload_format", "credentials",
                   "timeout", "parameters", "response_parameters", "description"]  # fmt: skip

    def _from(self, row: Integration) -> dict[str, Any]:
        of_service = row.integration_subtype is not None
        return {
            **super()._from(row),
            "subtype": row.integration_subtype or "",
            "arguments": row.request_parameters if of_service else {},
            "parameters": {} if of_service else row.request_parameters,
            "payload_format": row.payload_format_version,
            "tls_name": (row.tls_config or {}).get("ServerNameToVerify", ""),
            "response_parameters": row.response_parameters,
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("kind") == SERVICE_ACTION:
            try:
                check_subtype(data.get("subtype") or "", data.get("arguments") or {})
            except BadRequestException as error:
                self.add_error("arguments" if data.get("subtype") else "subtype", error.message)
            if not data.get("credentials"):
                self.add_error("credentials", "An action needs the role that it is called with.")
        return data

    def members(self) -> Shape:
        data, before = self.cleaned_data, self.row
        members = super().members()
        function = data["kind"] == "AWS_PROXY"
        members["PayloadFormatVersion"] = (data["payload_format"] or "2.0") if function else "1.0"
        members["ResponseParameters"] = map_change(
            before.response_parameters if before else {}, data["response_parameters"], {}
        )
        if data["kind"] == SERVICE_ACTION:
            members["IntegrationSubtype"] = data["subtype"]
            members["RequestParameters"] = map_change(before.request_parameters if before else {}, data["arguments"])
        if data["kind"] == PRIVATE and data["tls_name"]:
            members["TlsConfig"] = {"ServerNameToVerify": data["tls_name"]}
        return members


class WebSocketIntegrationForm(IntegrationForm):
    """An integration of a WebSocket API."""

    kind = forms.ChoiceField(label="Integration", choices=_WEBSOCKET_KINDS)
    timeout = forms.IntegerField(
        min_value=50, max_value=29_000, initial=29_000, help_text="Milliseconds, 50 to 29,000."
    )
    parameters = message_mappings()
    template_expression = expression_field(
        label="Template selection expression",
        required=False,
        help_text=r"What chooses among the templates: ${request.body.kind}, or \$default for always the same.",
    )
    templates = KeyedTemplatesField(
        label="Request templates",
        help_text="They write what the back end gets. A mock's says which response it chooses: "
        r'{"statusCode": 200}, under \$default.',
    )
    passthrough = forms.ChoiceField(label="Other messages", choices=PASSTHROUGH, required=False)
    content_handling = forms.ChoiceField(label="Content handling", choices=HANDLINGS, required=False)

    field_order = ["kind", "uri", "method", "credentials", "timeout", "parameters", "template_expression", "templates",
                   "passthrough", "content_handling", "description"]  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        del self.fields["link"]

    def _from(self, row: Integration) -> dict[str, Any]:
        return {
            **super()._from(row),
            "template_expression": row.template_selection_expression,
            "templates": row.request_templates,
            "passthrough": row.passthrough_behavior,
            "content_handling": row.content_handling_strategy or "",
        }

    def members(self) -> Shape:
        data, before = self.cleaned_data, self.row
        members = {
            **super().members(),
            "TemplateSelectionExpression": data["template_expression"],
            "RequestTemplates": map_change(before.request_templates if before else {}, data["templates"]),
        }
        if data["kind"] in ("AWS_PROXY", "AWS"):
            members["IntegrationUri"] = invocation_uri(data["uri"], streams=False) or data["uri"]
        if data["passthrough"]:
            members["PassthroughBehavior"] = data["passthrough"]
        if data["content_handling"]:
            members["ContentHandlingStrategy"] = data["content_handling"]
        return members


class IntegrationResponseForm(forms.Form):
    """How an answer of a back end becomes a message."""

    key = forms.CharField(
        label="Response key",
        max_length=1024,
        initial=DEFAULT_KEY,
        help_text="$default, or an expression between slashes that the status (HTTP) or the error message (Lambda) must match: /4../.",
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
    )
    template_expression = expression_field(
        label="Template selection expression", required=False, help_text="What chooses among the templates."
    )
    templates = KeyedTemplatesField(label="Response templates", help_text="They write the message to the client.")
    parameters = reply_mappings()
    content_handling = forms.ChoiceField(label="Content handling", choices=HANDLINGS, required=False)


def kind_of(row: Integration) -> str:
    """The choice that an integration is."""
    if row.integration_subtype:
        return SERVICE_ACTION
    if row.connection_type == "VPC_LINK" and not row.api.websocket:
        return PRIVATE
    return row.integration_type
