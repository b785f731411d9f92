"""The form in which stages of HTTP and WebSocket APIs are made and edited, and the formats of access logs to choose from."""

from __future__ import annotations

import json
from typing import Any

from django import forms

from apps.client_certificates.models import ClientCertificate
from apps.v2_apis.models import Api, Stage
from portal.console.fields import PairsField, offer, plain, switch
from portal.console.gate import Shape
from portal.console.stage_forms import LOG_LEVELS, StageSettingsForm
from portal.console.v2_frame import DEFAULT_STAGE, map_change

_HTTP_MEMBERS = {
    "requestId": "$context.requestId",
    "ip": "$context.identity.sourceIp",
    "requestTime": "$context.requestTime",
    "httpMethod": "$context.httpMethod",
    "routeKey": "$context.routeKey",
    "status": "$context.status",
    "protocol": "$context.protocol",
    "responseLength": "$context.responseLength",
}
_WEBSOCKET_MEMBERS = {
    "requestId": "$context.requestId",
    "ip": "$context.identity.sourceIp",
    "requestTime": "$context.requestTime",
    "eventType": "$context.eventType",
    "routeKey": "$context.routeKey",
    "status": "$context.status",
    "connectionId": "$context.connectionId",
}
CUSTOM, OFF = "custom", ""


def formats(api: Api) -> dict[str, str]:
    """Formats of a line by name, as AWS's console offers them."""
    members = _WEBSOCKET_MEMBERS if api.websocket else _HTTP_MEMBERS
    request = "$context.eventType $context.routeKey" if api.websocket else "$context.httpMethod $context.routeKey"
    fields = "".join(f"<{name}>{value}</{name}>" for name, value in members.items() if name != "requestId")
    return {
        "JSON": json.dumps(members),
        "CLF": f'$context.identity.sourceIp - - [$context.requestTime] "{request}" $context.status $context.requestId',
        "CSV": ",".join(members.values()),
        "XML": f'<request id="$context.requestId">{fields}</request>',
    }


class V2StageForm(StageSettingsForm):
    """A stage: what deploys to it, and what acts without deploying."""

    name = forms.CharField(
        label="Name",
        max_length=128,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "none"}),
    )
    auto_deploy = forms.BooleanField(
        label="Automatic deployment",
        required=False,
        widget=switch(),
        help_text="The stage deploys every change by itself: what is saved is live within a second.",
    )
    deployment = forms.ChoiceField(
        label="Deployment", required=False, help_text="What the stage runs, when it does not deploy by itself."
    )
    rate = forms.FloatField(
        min_value=0, required=False, help_text="Requests per second of every route. Empty: the account's."
    )
    route_throttle = PairsField(
        label="Route throttling",
        rows=3,
        placeholder="GET /pets = 10, 20",
        help_text="One per line: the route's key = rate, burst. They stand in place of the stage's.",
    )
    metrics = forms.BooleanField(label="Detailed metrics", required=False, widget=switch())
    log = forms.ChoiceField(label="Access logging", required=False)
    log_level = forms.ChoiceField(label="CloudWatch logs", choices=LOG_LEVELS, required=False)
    certificate = forms.ChoiceField(
        label="Client certificate", required=False, help_text="What back ends are shown, so that they know who calls."
    )
    data_trace = forms.BooleanField(
        label="Data tracing",
        required=False,
        widget=switch(),
        help_text="The logs hold the messages that clients and back ends send. For development.",
    )

    def __init__(self, *args: Any, api: Api, stage: Stage | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.api, self.stage = api, stage
        self.formats = formats(api)
        offer(
            self,
            "log",
            [(OFF, "Off"), *((name, name) for name in self.formats), (CUSTOM, "A format of my own")],
        )
        found = api.deployments.exclude(document="").defer("document").order_by("-pk")[:100]
        labels = [(row.deployment_id, f"{row.deployment_id} {(row.description or '')[:60]}".strip()) for row in found]
        offer(self, "deployment", [("", "None yet"), *labels])
        if stage is not None:
            self.initial = {**self._from(stage), **self.initial}
            self.fields["name"].disabled = True
        else:
            self.fields["name"].help_text = (
                "The first part of the invoke URL's path."
                if api.websocket
                else "The first part of the invoke URL's path, or $default for none."
            )
        if api.websocket:
            offer(self, "certificate", [("", "None"), *_certificates(api)])
        else:
            del self.fields["log_level"], self.fields["data_trace"], self.fields["certificate"]

    def _from(self, stage: Stage) -> dict[str, Any]:
        settings = stage.default_route_settings
        written = (stage.access_log_settings or {}).get("Format") or ""
        known = next((name for name, text in self.formats.items() if text == written), CUSTOM)
        return {
            "name": stage.name,
            "auto_deploy": stage.auto_deploy,
            "deployment": stage.deployment.deployment_id if stage.deployment else "",
            "description": stage.description,
            "variables": stage.stage_variables,
            "rate": plain(settings.get("ThrottlingRateLimit")),
            "burst": settings.get("ThrottlingBurstLimit"),
            "route_throttle": _throttles(stage.route_settings),
            "metrics": bool(settings.get("DetailedMetricsEnabled")),
            "log": known if written else OFF,
            "log_format": written if known == CUSTOM else "",
            "log_level": settings.get("LoggingLevel") or "OFF",
            "data_trace": bool(settings.get("DataTraceEnabled")),
            "certificate": stage.client_certificate_id or "",
        }

    def clean_route_throttle(self) -> dict[str, Shape]:
        given: dict[str, str] = self.cleaned_data["route_throttle"]
        found: dict[str, Shape] = {}
        for key, text in given.items():
            rate, _, burst = (part.strip() for part in text.partition(","))
            try:
                found[key] = {"ThrottlingRateLimit": float(rate), "ThrottlingBurstLimit": int(burst)}
            except ValueError:
                raise forms.ValidationError(f"{key}: write a rate and a burst, such as 10, 20.") from None
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        chosen, written = data.get("log", OFF), data.get("log_format") or ""
        data["log_format"] = self.checked_format(written) if chosen == CUSTOM else self.formats.get(chosen, "")
        return data

    def members(self) -> Shape:
        """The members of CreateStage and UpdateStage. What a stage stops having is in `removals`."""
        data, stage = self.cleaned_data, self.stage
        settings: Shape = {"DetailedMetricsEnabled": data["metrics"]}
        if self.api.websocket:
            settings |= {"LoggingLevel": data["log_level"] or "OFF", "DataTraceEnabled": data["data_trace"]}
        if data["rate"] is not None:
            settings |= {"ThrottlingRateLimit": data["rate"], "ThrottlingBurstLimit": data["burst"]}
        members: Shape = {
            "AutoDeploy": data["auto_deploy"],
            "Description": data["description"],
            "StageVariables": map_change(stage.stage_variables if stage else {}, data["variables"]),
            "DefaultRouteSettings": settings,
            "RouteSettings": data["route_throttle"],
        }
        if self.api.websocket and data["certificate"] != ((stage.client_certificate_id if stage else "") or ""):
            members["ClientCertificateId"] = data["certificate"]
        before = stage.deployment.deployment_id if stage and stage.deployment else ""
        if data["deployment"] and data["deployment"] != before and not data["auto_deploy"]:
            members["DeploymentId"] = data["deployment"]
        if data["log_format"]:
            members["AccessLogSettings"] = {"Format": data["log_format"], "DestinationArn": self._destination()}
        return members

    @property
    def dropped_routes(self) -> list[str]:
        """Routes whose own throttle is taken away."""
        before = _throttles(self.stage.route_settings) if self.stage else {}
        return [key for key in before if key not in self.cleaned_data["route_throttle"]]

    @property
    def ends_log(self) -> bool:
        return bool(self.stage and self.stage.access_log_settings and not self.cleaned_data["log_format"])

    def _destination(self) -> str:
        known = (self.stage.access_log_settings or {}).get("DestinationArn") if self.stage else ""
        name = self.cleaned_data["name"].replace(DEFAULT_STAGE, "default")
        group = f"API-Gateway-Access-Logs_{self.api.id}/{name}"
        return known or f"arn:aws:logs:{self.api.region}:{self.api.account_id}:log-group:{group}"


def _certificates(api: Api) -> list[tuple[str, str]]:
    rows = ClientCertificate.objects.filter(account_id=api.account_id, region=api.region).order_by("created")
    return [(row.certificate_id, row.description or row.certificate_id) for row in rows]


def _throttles(settings: dict[str, Any]) -> dict[str, str]:
    """Routes that have a throttle of their own, as the form writes them."""
    return {
        key: f"{plain(one['ThrottlingRateLimit'])}, {one.get('ThrottlingBurstLimit', 0)}"
        for key, one in settings.items()
        if one.get("ThrottlingRateLimit") is not None
    }
