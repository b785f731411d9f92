"""An API's resource policy: who may call it at all, and the question who can call what."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from apps.core.iam import IllFormedPolicy, check_resource_policy
from apps.rest_apis.models import Method, RestApi
from portal.console.api_frame import ApiFrame, api_frame
from portal.console.commands import Command
from portal.console.fields import CodeField, PairsField, offer, read_json
from portal.console.gate import Console, console_page
from portal.console.openapi_parts import POLICY
from portal.console.policy_check import Call, Verdict, readable, verdict
from portal.highlighting import highlight_json

_ANY_VERB = "GET"
_EVERYTHING = "execute-api:/*"


def _statement(effect: str, **members: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": _EVERYTHING, **members}


PRESETS = {
    "IP range allowlist": [
        _statement("Allow"),
        _statement("Deny", Condition={"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}}),
    ],
    "IP range denylist": [
        _statement("Allow"),
        _statement("Deny", Condition={"IpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}}),
    ],
    "AWS account allowlist": [_statement("Allow", Principal={"AWS": "arn:aws:iam::210987654321:root"})],
    "Source VPC allowlist": [
        _statement("Allow"),
        _statement("Deny", Condition={"StringNotEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}),
    ],
}
"""Statements to begin with, by what they are for."""


class PolicyForm(forms.Form):
    """The policy as a document; empty takes it away."""

    policy = CodeField(
        label="Policy",
        rows=20,
        language="json",
        required=False,
        max_length=8192,
        help_text="execute-api:/stage/METHOD/path stands for the ARN of this API. Empty: everybody may call, as the methods say.",
    )

    def clean_policy(self) -> str:
        text = str(self.cleaned_data["policy"]).strip()
        if text:
            read_json(text)
            try:
                check_resource_policy(text)
            except IllFormedPolicy as error:
                raise forms.ValidationError(str(error)) from None
        return text


class WhoForm(forms.Form):
    """A call that somebody might make."""

    method = forms.ChoiceField(label="Method", required=False)
    stage = forms.CharField(initial="prod", max_length=128, widget=forms.TextInput(attrs={"spellcheck": "false"}))
    path = forms.CharField(
        label="Path as it is called",
        required=False,
        help_text="Empty: the resource's.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "/pets/42"}),
    )
    address = forms.GenericIPAddressField(label="From address", initial="192.0.2.10")
    principal = forms.CharField(
        label="Signed by",
        required=False,
        help_text="Empty: the caller does not sign.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "arn:aws:iam::123456789012:user/ana"}),
    )
    keys = PairsField(
        label="Other condition keys",
        rows=2,
        placeholder="aws:SourceVpce = vpce-1a2b3c4d",
        help_text="One per line, such as aws:UserAgent or aws:SourceVpce.",
    )

    def __init__(self, *args: Any, methods: list[Method], **options: Any) -> None:
        super().__init__(*args, **options)
        self.methods = {f"{row.http_method} {row.resource.path}": row for row in methods}
        offer(self, "method", [(name, name) for name in self.methods])

    def call(self, api: RestApi) -> Call:
        """The call that is asked about."""
        data = self.cleaned_data
        row = self.methods.get(data["method"])
        verb = row.http_method if row else _ANY_VERB
        return Call(
            api_arn=f"arn:aws:execute-api:{api.region}:{api.account_id}:{api.id}",
            stage=data["stage"],
            method=_ANY_VERB if verb == "ANY" else verb,
            path=data["path"] or (row.resource.path if row else "/"),
            authorization=row.authorization_type if row else "NONE",
            principal=data["principal"],
            context={"aws:SourceIp": [data["address"]], **{name: [value] for name, value in data["keys"].items()}},
        )


@console_page("GET", "POST")
def resource_policy(console: Console, api_id: str) -> HttpResponseBase:
    """The policy of the draft."""
    frame = api_frame(console, api_id, "resource_policy")
    preset = PRESETS.get(console.request.GET.get("preset", ""))
    text = readable(json.dumps({"Version": "2012-10-17", "Statement": preset}) if preset else frame.api.policy)
    form = PolicyForm(console.posted, initial={"policy": text})
    if form.is_valid():
        after = form.cleaned_data["policy"]
        patches = [{"op": "replace", "path": "/policy", "value": after}]
        if console.submit(form, "UpdateRestApi", {"restApiId": api_id, "patchOperations": patches}) is not None:
            messages.success(
                console.request, "The policy is saved in the draft. It counts from the next deployment on."
            )
            return redirect("console:resource_policy", api_id)
    return _page(frame, form, WhoForm(prefix="who", methods=_methods(frame.api)))


@console_page("POST")
def who_can_call(console: Console, api_id: str) -> HttpResponseBase:
    """What the policy of the draft says of a call. Nothing is called."""
    frame = api_frame(console, api_id, "resource_policy")
    who = WhoForm(console.request.POST, prefix="who", methods=_methods(frame.api))
    found = verdict(frame.api.policy, who.call(frame.api)) if who.is_valid() else None
    arn = who.call(frame.api).arn if found else ""
    return _page(frame, PolicyForm(initial={"policy": readable(frame.api.policy)}), who, found=found, arn=arn)


def _page(
    frame: ApiFrame, form: PolicyForm, who: WhoForm, *, found: Verdict | None = None, arn: str = ""
) -> HttpResponse:
    names = {"restApiId": frame.api.id}
    value = frame.api.policy or json.dumps({"Version": "2012-10-17", "Statement": [_statement("Allow")]})
    patches = [{"op": "replace", "path": "/policy", "value": value}]
    return frame.page(
        "console/resource_policy.html",
        openapi=POLICY,
        form=form,
        who=who,
        verdict=found,
        arn=arn,
        statement=highlight_json(found.statement) if found and found.statement else "",
        statement_title=f"Statement {found.place} decides" if found else "",
        presets=list(PRESETS),
        private=frame.api.endpoint_configuration.get("types") == ["PRIVATE"],
        trail=[
            *frame.way,
            {"label": "Resource policy"},
        ],
        cli=[Command("UpdateRestApi", {**names, "patchOperations": patches})],
        status=422 if form.errors or who.errors else 200,
    )


def _methods(api: RestApi) -> list[Method]:
    rows = Method.objects.filter(resource__rest_api=api).select_related("resource")
    return list(rows.order_by("resource__path", "http_method"))
