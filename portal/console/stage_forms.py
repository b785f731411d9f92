"""The form of a stage's settings, and formats of access logs to begin with."""

from __future__ import annotations

import json
from typing import Any

from django import forms

from portal.console.fields import PairsField, ThrottleForm, code_area, offer, switch

_LOGGED = {
    "requestId": "$context.requestId",
    "ip": "$context.identity.sourceIp",
    "caller": "$context.identity.caller",
    "user": "$context.identity.user",
    "requestTime": "$context.requestTime",
    "httpMethod": "$context.httpMethod",
    "resourcePath": "$context.resourcePath",
    "status": "$context.status",
    "protocol": "$context.protocol",
    "responseLength": "$context.responseLength",
}
_COMMON = (
    "$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime] "
    '"$context.httpMethod $context.resourcePath $context.protocol" $context.status $context.responseLength '
    "$context.requestId"
)
LOG_LEVELS = [("OFF", "Off"), ("ERROR", "Errors only"), ("INFO", "Errors and info logs")]
ACCESS_LOG_EXAMPLE = json.dumps(_LOGGED)
ACCESS_LOG_PRESETS = {
    "JSON": ACCESS_LOG_EXAMPLE,
    "Common Log Format": _COMMON,
    "XML": f'<request id="{_LOGGED["requestId"]}">'
    + "".join(f"<{name}>{value}</{name}>" for name, value in list(_LOGGED.items())[1:])
    + "</request>",
    "CSV": ",".join(_LOGGED.values()),
    "JSON with latencies and errors": json.dumps({
        **_LOGGED, "path": "$context.path", "apiKeyId": "$context.identity.apiKeyId", "latency": "$context.responseLatency", "integrationLatency": "$context.integration.latency",
        "integrationStatus": "$context.integration.status", "error": "$context.error.responseType",
    }),
}  # fmt: skip
"""Formats to begin with: AWS's four, and one to find out what is slow."""


class StageSettingsForm(ThrottleForm):
    """What stages of all kinds of APIs have."""

    description = forms.CharField(max_length=1024, required=False)
    burst = forms.IntegerField(label="Burst", min_value=0, required=False, help_text="Requests at once.")
    variables = PairsField(
        label="Stage variables",
        placeholder="backend = blue.example.com",
        help_text="One per line. Integrations read them as ${stageVariables.backend}.",
    )
    log_format = forms.CharField(
        label="Log format",
        required=False,
        max_length=3072,
        widget=code_area(4),
        help_text="$context variables, on one line. It must hold $context.requestId or $context.extendedRequestId.",
    )

    def checked_format(self, written: str) -> str:
        """The format of an access log on one line, which must say which request it is of."""
        line = " ".join(written.split())
        if "$context.requestId" not in line and "$context.extendedRequestId" not in line:
            self.add_error("log_format", "The format must hold $context.requestId or $context.extendedRequestId.")
        return line


class StageForm(StageSettingsForm):
    """What can be changed on a stage of a REST API without deploying."""

    rate = forms.FloatField(
        label="Rate",
        min_value=0,
        required=False,
        help_text="Requests per second of every method. Empty: the account's.",
    )
    log_access = forms.BooleanField(label="Custom access logging", required=False, widget=switch())
    log_level = forms.ChoiceField(
        label="CloudWatch logs",
        choices=LOG_LEVELS,
        required=False,
        help_text="Execution logs: what happened to requests, step by step. They are kept here, under Logs; it slows each request a little.",
    )
    data_trace = forms.BooleanField(
        label="Data tracing",
        required=False,
        widget=switch(),
        help_text="The logs hold the headers and bodies that callers and back ends send. For development.",
    )
    metrics = forms.BooleanField(
        label="Detailed metrics", required=False, widget=switch(), help_text="Figures of each method, for Prometheus."
    )
    tracing = forms.BooleanField(
        label="X-Ray tracing",
        required=False,
        widget=switch(),
        help_text="Requests get a place in an X-Ray trace; one a second and a share of the others are recorded.",
    )

    certificate = forms.ChoiceField(
        label="Client certificate", required=False, help_text="Shown to back ends, so that they know who calls."
    )
    tags = PairsField(label="Tags", rows=2, placeholder="team = shop", help_text="One per line.")

    def __init__(self, *args: Any, certificates: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        offer(self, "certificate", [("", "None"), *certificates])

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        written = data.get("log_format") or ACCESS_LOG_EXAMPLE
        data["log_format"] = self.checked_format(written) if data.get("log_access") else ""
        data["log_level"] = data.get("log_level") or "OFF"
        return data
