"""Stages of an HTTP or WebSocket API, their settings, and the paths of custom domain names that lead to them."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponseBase

from apps.domain_names.models import ApiMapping, DomainName
from apps.v2_apis.models import Stage
from portal.console.fields import offer
from portal.console.gate import Console, Shape, console_page
from portal.console.v2_frame import SERVICE, V2Frame, given, host_url, invoke_url, v2_frame
from portal.console.v2_stage_forms import V2StageForm


class MappingForm(forms.Form):
    """A path of a custom domain name for a stage."""

    domain = forms.ChoiceField(label="Domain name")
    stage = forms.ChoiceField()
    key = forms.CharField(
        label="Path",
        required=False,
        max_length=300,
        help_text="Empty: the whole domain name.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "pets"}),
    )

    def __init__(self, *args: object, frame: V2Frame, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        api = frame.api
        names = DomainName.objects.filter(account_id=api.account_id, region=api.region).order_by("name")
        for field, choices in (("domain", [row.name for row in names]), ("stage", [one.name for one in frame.stages])):
            offer(self, field, [(name, name) for name in choices])


@console_page("GET", "POST")
def stages(console: Console, api_id: str) -> HttpResponseBase:
    """The stages, and the custom domain names that lead to them; a POST maps one more path."""
    frame = v2_frame(console, api_id, "v2_stages")
    form = MappingForm(console.posted, frame=frame)
    if form.is_valid():
        data = form.cleaned_data
        request = {"DomainName": data["domain"], "Stage": data["stage"], "ApiMappingKey": data["key"]}
        if frame.saves(form, "CreateApiMapping", f"{data['domain']} leads to {data['stage']}.", **given(request)):
            return frame.to("v2_stages")
    return frame.page(
        "console/v2/stages.html",
        steps=("Stages",),
        form=form,
        has_domains=bool(form.fields["domain"].choices),  # type: ignore[attr-defined]
        mappings=ApiMapping.objects.filter(api=frame.api).select_related("domain_name").order_by("mapping_key"),
        cli=[frame.command("GetStages")],
    )


@console_page("POST")
def delete_mapping(console: Console, api_id: str, mapping_id: str) -> HttpResponseBase:
    """Let a path of a domain name lead here no more."""
    frame = v2_frame(console, api_id, "v2_stages")
    row = ApiMapping.objects.filter(api=frame.api, mapping_id=mapping_id).select_related("domain_name").first()
    if row is None:
        raise Http404("no such mapping")
    request = {"DomainName": row.domain_name.name, "ApiMappingId": mapping_id}
    console.attempt("The mapping is gone.", "DeleteApiMapping", request, SERVICE)
    return frame.to("v2_stages")


@console_page("GET", "POST")
def create_stage(console: Console, api_id: str) -> HttpResponseBase:
    """A new stage: one that deploys by itself, or at a deployment."""
    frame = v2_frame(console, api_id, "v2_stages")
    form = V2StageForm(console.posted, api=frame.api, initial={"auto_deploy": True})
    if form.is_valid():
        name, members = form.cleaned_data["name"], given(form.members())
        if frame.saves(form, "CreateStage", f"The stage {name} exists.", StageName=name, **members):
            return frame.to("v2_stage", name)
    return frame.page(
        "console/v2/stage_form.html",
        steps=(("Stages", frame.url("v2_stages")), "Create stage"),
        form=form,
        cli=[frame.command("CreateStage", StageName="prod", AutoDeploy=True)],
    )


@console_page("GET", "POST")
def stage(console: Console, api_id: str, stage_name: str) -> HttpResponseBase:
    """One stage: where it answers, what it runs, and its settings."""
    frame = v2_frame(console, api_id, "v2_stages")
    row = v2_stage(frame, stage_name)
    form = V2StageForm(console.posted, api=frame.api, stage=row)
    if form.is_valid() and console.carry_out(form, lambda: _save(frame, form, stage_name)) is not None:
        messages.success(console.request, f"The settings of {stage_name} act now.")
        return frame.to("v2_stage", stage_name)
    names = {"StageName": stage_name}
    throttle = {"ThrottlingRateLimit": 100.0, "ThrottlingBurstLimit": 200}
    return frame.page(
        "console/v2/stage.html",
        steps=(("Stages", frame.url("v2_stages")), stage_name),
        form=form,
        stage=row,
        url=invoke_url(frame.api, stage_name),
        host_url=host_url(frame.api, stage_name),
        behind=next(state.behind for state in frame.states if state.stage.name == stage_name),
        formats=form.formats,
        route_keys=list(row.api.routes.order_by("route_key").values_list("route_key", flat=True)),
        cli=[
            frame.command("GetStage", **names),
            frame.command("UpdateStage", **names, DefaultRouteSettings=throttle),
        ],
    )


@console_page("POST")
def forget_authorizers(console: Console, api_id: str, stage_name: str) -> HttpResponseBase:
    """Forget what the authorizers of a stage have decided."""
    frame = v2_frame(console, api_id, "v2_stages")
    frame.attempt(
        f"{stage_name} asks its authorizers again.", "ResetAuthorizersCache", StageName=v2_stage(frame, stage_name).name
    )
    return frame.to("v2_stage", stage_name)


@console_page("POST")
def delete_stage(console: Console, api_id: str, stage_name: str) -> HttpResponseBase:
    """Take a stage down, after its name has been typed."""
    frame = v2_frame(console, api_id, "v2_stages")
    if console.request.POST.get("confirmation", "").strip() != stage_name:
        messages.error(console.request, f"Type {stage_name} to delete the stage. Nothing was deleted.")
        return frame.to("v2_stage", stage_name)
    done = f"{stage_name} is gone. Its invoke URL answers no more."
    if not frame.attempt(done, "DeleteStage", StageName=stage_name):
        return frame.to("v2_stage", stage_name)
    return frame.to("v2_stages")


def v2_stage(frame: V2Frame, stage_name: str) -> Stage:
    """The API's stage of this name."""
    found = next((one for one in frame.stages if one.name == stage_name), None)
    if found is None:
        raise Http404("no such stage")
    return found


def _save(frame: V2Frame, form: V2StageForm, name: str) -> Shape:
    with transaction.atomic():
        for key in form.dropped_routes:
            frame.call("DeleteRouteSettings", StageName=name, RouteKey=key)
        if form.ends_log:
            frame.call("DeleteAccessLogSettings", StageName=name)
        return frame.call("UpdateStage", StageName=name, **form.members())
