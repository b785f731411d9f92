"""Usage plans: how much the holders of their keys may call, on which stages, and who they are."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from apps.control_plane.paging import page
from apps.metering import reports
from apps.rest_apis.models import RestApi
from apps.usage_plans.models import UsagePlan, UsagePlanKey
from portal.charts import meter
from portal.console.api_frame import command_samples
from portal.console.commands import Command
from portal.console.gate import Console, console_page
from portal.console.plan_forms import (
    MethodThrottlesForm,
    PlanForm,
    PlanKeyForm,
    PlanStageForm,
    plan_initial,
    plan_patches,
    throttle_lines,
    throttle_patches,
)
from portal.console.usage_export import usage_export_form

_PAGE = 25


@console_page("GET")
def usage_plans(console: Console) -> HttpResponseBase:
    """The list."""
    position = console.request.GET.get("position", "")
    plans = _plans(console).prefetch_related("api_stages").annotate(key_count=Count("keys"))
    rows, following = page(plans, {"limit": _PAGE, "position": position}, "name", "plan_id")
    return console.page(
        "console/usage_plans.html",
        section="usage-plans",
        plans=rows,
        next_url=f"?position={following}" if following else "",
        first_url=reverse("console:usage_plans") if position else "",
        cli=command_samples(console, [Command("GetUsagePlans")]),
    )


@console_page("GET", "POST")
def create_plan(console: Console) -> HttpResponseBase:
    """A new plan, for the stage that `?stage=` names; other stages and keys come next."""
    form = PlanForm(console.posted)
    api_id, _, stage_name = console.request.GET.get("stage", "").partition(":")
    covered = {"apiStages": [{"apiId": api_id, "stage": stage_name}]} if stage_name else {}
    if form.is_valid():
        created = console.submit(form, "CreateUsagePlan", {**form.request(), **covered})
        if created is not None:
            following = "Create an API key in it next." if covered else "Add the stages that it covers."
            messages.success(console.request, f"{created['name']} exists. {following}")
            return redirect("console:usage_plan", created["id"])
    return console.page(
        "console/form_page.html",
        section="usage-plans",
        title="Create usage plan",
        note="How fast and how often the holder of a key may call. Each key gets these limits for itself.",
        form=form,
        submit="Create usage plan",
        back=reverse("console:usage_plans"),
        trail=[{"label": "Usage plans", "url": reverse("console:usage_plans")}, {"label": "Create usage plan"}],
        cli=command_samples(console, [Command("CreateUsagePlan", _EXAMPLE)]),
        status=422 if form.errors else 200,
    )


@console_page("GET", "POST")
def usage_plan(console: Console, plan_id: str) -> HttpResponseBase:
    """One plan: its limits, stages and keys with what they have used."""
    plan = _find(console, plan_id)
    form = PlanForm(console.posted, initial=plan_initial(plan))
    if form.is_valid():
        patches = plan_patches(plan, form.cleaned_data)
        if (
            not patches
            or console.submit(form, "UpdateUsagePlan", {"usagePlanId": plan_id, "patchOperations": patches}) is not None
        ):
            messages.success(console.request, "Saved. The limits act now.")
            return redirect("console:usage_plan", plan_id)
    return _plan_page(console, plan, form=form, status=422 if form.errors else 200)


@console_page("POST")
def delete_plan(console: Console, plan_id: str) -> HttpResponseBase:
    """Delete a plan; the stages that it covers are taken out first, in the same step."""
    plan = _find(console, plan_id)
    if console.request.POST.get("confirmation", "").strip() != plan.name.strip():
        messages.error(console.request, f"Type {plan.name} to delete the plan. Nothing was deleted.")
        return redirect("console:usage_plan", plan_id)
    patches = [
        {"op": "remove", "path": "/apiStages", "value": f"{one.rest_api_id}:{one.stage_name}"}
        for one in plan.api_stages.all()
    ]
    if patches:
        console.call("UpdateUsagePlan", {"usagePlanId": plan_id, "patchOperations": patches})
    done = f"{plan.name} is gone. Its keys stay."
    if console.attempt(done, "DeleteUsagePlan", {"usagePlanId": plan_id}) is None:
        return redirect("console:usage_plan", plan_id)
    return redirect("console:usage_plans")


@console_page("POST")
def add_stage(console: Console, plan_id: str) -> HttpResponseBase:
    """Let the plan cover one more stage."""
    plan = _find(console, plan_id)
    form = PlanStageForm(console.request.POST, console=console, plan=plan, prefix="stage")
    if form.is_valid():
        patches = [{"op": "add", "path": "/apiStages", "value": form.cleaned_data["stage"]}]
        if console.submit(form, "UpdateUsagePlan", {"usagePlanId": plan_id, "patchOperations": patches}) is not None:
            messages.success(console.request, f"{plan.name} covers one more stage.")
            return redirect("console:usage_plan", plan_id)
    return _plan_page(console, plan, stage_form=form, status=422)


@console_page("POST")
def remove_stage(console: Console, plan_id: str) -> HttpResponseBase:
    """Take a stage out of the plan."""
    _find(console, plan_id)
    patches = [{"op": "remove", "path": "/apiStages", "value": console.request.POST.get("stage", "")}]
    console.attempt(
        "The plan covers the stage no more.", "UpdateUsagePlan", {"usagePlanId": plan_id, "patchOperations": patches}
    )
    return redirect("console:usage_plan", plan_id)


@console_page("GET", "POST")
def method_throttles(console: Console, plan_id: str, api_id: str, stage_name: str) -> HttpResponseBase:
    """Limits of single methods of one covered stage."""
    plan = _find(console, plan_id)
    covered = plan.api_stages.filter(rest_api_id=api_id, stage_name=stage_name).first()
    if covered is None:
        return redirect("console:usage_plan", plan_id)
    form = MethodThrottlesForm(console.posted, initial={"throttles": throttle_lines(covered)})
    if form.is_valid():
        patches = throttle_patches(covered, form.cleaned_data["throttles"])
        request = {"usagePlanId": plan_id, "patchOperations": patches}
        if not patches or console.submit(form, "UpdateUsagePlan", request) is not None:
            messages.success(console.request, f"The method throttles of {stage_name} act now.")
            return redirect("console:usage_plan", plan_id)
    return console.page(
        "console/form_page.html",
        section="usage-plans",
        title=f"Method throttles on {stage_name}",
        note="They stand beside the plan's own throttle; a call must pass both.",
        form=form,
        submit="Save throttles",
        back=reverse("console:usage_plan", args=[plan_id]),
        trail=[*_trail(plan, last=False), {"label": f"Method throttles on {stage_name}"}],
        status=422 if form.errors else 200,
    )


@console_page("POST")
def add_key(console: Console, plan_id: str) -> HttpResponseBase:
    """Put an existing key into the plan."""
    plan = _find(console, plan_id)
    form = PlanKeyForm(console.request.POST, console=console, plan=plan)
    if form.is_valid():
        request = {"usagePlanId": plan_id, "keyId": form.cleaned_data["key"], "keyType": "API_KEY"}
        if console.submit(form, "CreateUsagePlanKey", request) is not None:
            messages.success(console.request, "The key draws on the plan now.")
            return redirect("console:usage_plan", plan_id)
    return _plan_page(console, plan, key_form=form, status=422)


@console_page("POST")
def remove_key(console: Console, plan_id: str, key_id: str) -> HttpResponseBase:
    """Take a key out of the plan."""
    console.attempt(
        "The key draws on the plan no more.", "DeleteUsagePlanKey", {"usagePlanId": plan_id, "keyId": key_id}
    )
    return redirect("console:usage_plan", plan_id)


def _plan_page(
    console: Console,
    plan: UsagePlan,
    form: PlanForm | None = None,
    stage_form: PlanStageForm | None = None,
    key_form: PlanKeyForm | None = None,
    status: int = 200,
) -> HttpResponseBase:
    position = console.request.GET.get("position", "")
    keys = UsagePlanKey.objects.filter(plan=plan).select_related("api_key").defer("api_key__value")
    rows, following = page(keys, {"limit": _PAGE, "position": position}, "pk")
    request = {"usagePlanId": plan.plan_id}
    return console.page(
        "console/usage_plan.html",
        export_form=usage_export_form(timezone.now().date()),
        section="usage-plans",
        plan=plan,
        form=form or PlanForm(initial=plan_initial(plan)),
        stage_form=stage_form or PlanStageForm(console=console, plan=plan, prefix="stage"),
        key_form=key_form or PlanKeyForm(console=console, plan=plan),
        stages=_covered(plan),
        keys=_with_usage(plan, rows),
        next_url=f"?position={following}" if following else "",
        first_url=reverse("console:usage_plan", args=[plan.plan_id]) if position else "",
        trail=_trail(plan),
        cli=command_samples(console, [Command("GetUsagePlan", request), Command("GetUsagePlanKeys", request)]),
        status=status,
    )


def _plans(console: Console) -> Any:
    return UsagePlan.objects.filter(account_id=console.account_id, region=console.region)


def _find(console: Console, plan_id: str) -> UsagePlan:
    return console.caller.find(UsagePlan, "Invalid Usage Plan ID specified", plan_id=plan_id)


def _covered(plan: UsagePlan) -> list[dict[str, Any]]:
    rows = list(plan.api_stages.order_by("rest_api_id", "stage_name"))
    names = dict(RestApi.objects.filter(id__in=[row.rest_api_id for row in rows]).values_list("id", "name"))
    return [
        {
            "row": row,
            "api_name": names.get(row.rest_api_id, row.rest_api_id),
            "value": f"{row.rest_api_id}:{row.stage_name}",
        }
        for row in rows
    ]


def _with_usage(plan: UsagePlan, rows: list[UsagePlanKey]) -> list[dict[str, Any]]:
    """Keys with a meter of their quota in the running period."""
    if plan.quota_limit is None or plan.quota_period is None:
        return [{"key": row.api_key, "meter": None} for row in rows]
    used = reports.used_in_period(
        plan.account_id,
        plan.region,
        plan.plan_id,
        [row.api_key.key_id for row in rows],
        plan.quota_period,
        plan.quota_offset,
        timezone.now().date(),
    )
    return [{"key": row.api_key, "meter": meter(used[row.api_key.key_id], plan.quota_limit)} for row in rows]


def _trail(plan: UsagePlan, *, last: bool = True) -> list[dict[str, str]]:
    first = {"label": "Usage plans", "url": reverse("console:usage_plans")}
    return [
        first,
        {"label": plan.name}
        if last
        else {"label": plan.name, "url": reverse("console:usage_plan", args=[plan.plan_id])},
    ]


_EXAMPLE = {
    "name": "Standard",
    "throttle": {"rateLimit": 10, "burstLimit": 20},
    "quota": {"limit": 100000, "period": "MONTH"},
    "apiStages": [{"apiId": "API_ID", "stage": "prod"}],
}
