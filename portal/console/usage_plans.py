"""Usage plans: how much the holders of their keys may call, on which stages, and who they are."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from apps.control_plane.paging import page
from apps.deployments.models import Stage
from apps.metering import reports
from apps.rest_apis.models import RestApi
from apps.usage_plans.models import ApiKey, UsagePlan, UsagePlanKey, UsagePlanStage
from portal.charts import meter
from portal.console.api_frame import command_samples
from portal.console.commands import Command
from portal.console.fields import PairsField, Patch, map_patches, member_patch, plain
from portal.console.gate import Console, console_page

_PAGE = 25
_LIMITS = re.compile(r"(?P<rate>\d+(\.\d+)?)\s*/\s*(?P<burst>\d+)")


class PlanForm(forms.Form):
    """The plan itself: throttle and quota are each key's own."""

    name = forms.CharField(max_length=255)
    description = forms.CharField(required=False, max_length=1024)
    rate = forms.FloatField(label="Rate", min_value=0, required=False, help_text="Requests per second, for each key.")
    burst = forms.IntegerField(label="Burst", min_value=0, required=False, help_text="Requests at once.")
    quota = forms.IntegerField(
        label="Quota", min_value=1, required=False, help_text="Requests in each period. Empty: no quota."
    )
    period = forms.ChoiceField(
        choices=[("DAY", "a day"), ("WEEK", "a week"), ("MONTH", "a month")], required=False, initial="MONTH"
    )
    offset = forms.IntegerField(label="Starts on day", min_value=0, max_value=27, required=False, initial=0,
                                help_text="Days after the beginning of the week or month.")  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if (data.get("rate") is None) != (data.get("burst") is None) and not self.errors:
            self.add_error("rate", "Rate and burst go together: fill in both, or neither.")
        return data

    def request(self) -> dict[str, Any]:
        """The members of CreateUsagePlan."""
        data = self.cleaned_data
        members: dict[str, Any] = {"name": data["name"]}
        if data["description"]:
            members["description"] = data["description"]
        if data["rate"] is not None:
            members["throttle"] = {"rateLimit": float(data["rate"]), "burstLimit": data["burst"]}
        if data["quota"]:
            members["quota"] = {
                "limit": data["quota"],
                "period": data["period"] or "MONTH",
                "offset": data["offset"] or 0,
            }
        return members


class PlanStageForm(forms.Form):
    """A stage that the plan covers."""

    stage = forms.ChoiceField(label="Stage")

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        choice = self.fields["stage"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = choices


class MethodThrottlesForm(forms.Form):
    """Limits of single methods of a stage, for each key."""

    throttles = PairsField(
        label="Method throttles",
        placeholder="GET /pets = 5 / 10",
        help_text="One per line: method and path = requests per second / burst.",
    )

    def clean_throttles(self) -> dict[str, dict[str, float]]:
        found: dict[str, dict[str, float]] = {}
        for name, text in self.cleaned_data["throttles"].items():
            verb, _, path = name.partition(" ")
            limits = _LIMITS.fullmatch(text)
            if not path.strip().startswith("/") or limits is None:
                raise forms.ValidationError(f"“{name} = {text}” is not of the form GET /pets = 5 / 10.")
            found[f"{path.strip()}/{verb.upper()}"] = {
                "rateLimit": float(limits["rate"]),
                "burstLimit": int(limits["burst"]),
            }
        return found


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
    """A new plan; its stages and keys come next."""
    form = PlanForm(console.request.POST or None)
    if console.request.method == "POST" and form.is_valid():
        created = console.submit(form, "CreateUsagePlan", form.request())
        if created is not None:
            messages.success(console.request, f"{created['name']} exists. Add the stages that it covers.")
            return redirect("console:usage_plan", created["id"])
    return console.page(
        "console/form_page.html",
        section="usage-plans",
        title="New usage plan",
        note="How fast and how often the holder of a key may call. Each key gets these limits for itself.",
        form=form,
        submit="Create plan",
        back=reverse("console:usage_plans"),
        trail=[{"label": "Usage plans", "url": reverse("console:usage_plans")}, {"label": "New usage plan"}],
        cli=command_samples(console, [Command("CreateUsagePlan", _EXAMPLE)]),
        status=422 if form.errors else 200,
    )


@console_page("GET", "POST")
def usage_plan(console: Console, plan_id: str) -> HttpResponseBase:
    """One plan: its limits, stages and keys with what they have used."""
    plan = _find(console, plan_id)
    form = PlanForm(console.request.POST or None, initial=_initial(plan))
    if console.request.method == "POST" and form.is_valid():
        patches = _patches(plan, form.cleaned_data)
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
    form = PlanStageForm(console.request.POST, choices=_free_stages(console, plan), prefix="stage")
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
    form = MethodThrottlesForm(console.request.POST or None, initial={"throttles": _throttle_lines(covered)})
    if console.request.method == "POST" and form.is_valid():
        patches = _throttle_patches(covered, form.cleaned_data["throttles"])
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
    _find(console, plan_id)
    request = {"usagePlanId": plan_id, "keyId": console.request.POST.get("key", "") or "-", "keyType": "API_KEY"}
    console.attempt("The key draws on the plan now.", "CreateUsagePlanKey", request)
    return redirect("console:usage_plan", plan_id)


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
    status: int = 200,
) -> HttpResponseBase:
    position = console.request.GET.get("position", "")
    keys = UsagePlanKey.objects.filter(plan=plan).select_related("api_key").defer("api_key__value")
    rows, following = page(keys, {"limit": _PAGE, "position": position}, "pk")
    choices = _free_stages(console, plan)
    request = {"usagePlanId": plan.plan_id}
    return console.page(
        "console/usage_plan.html",
        section="usage-plans",
        plan=plan,
        form=form or PlanForm(initial=_initial(plan)),
        stage_form=stage_form or PlanStageForm(choices=choices, prefix="stage"),
        has_free_stages=bool(choices),
        stages=_covered(plan),
        keys=_with_usage(plan, rows),
        free_keys=_free_keys(console, plan),
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


def _initial(plan: UsagePlan) -> dict[str, Any]:
    return {
        "name": plan.name,
        "description": plan.description,
        "rate": plain(plan.throttle_rate_limit),
        "burst": plan.throttle_burst_limit,
        "quota": plan.quota_limit,
        "period": plan.quota_period or "MONTH",
        "offset": plan.quota_offset,
    }


def _patches(plan: UsagePlan, data: dict[str, Any]) -> list[Patch]:
    patches = [
        *member_patch("/name", plan.name, data["name"]),
        *member_patch("/description", plan.description or "", data["description"]),
    ]
    if data["rate"] is None:
        patches += [{"op": "remove", "path": "/throttle"}] if plan.throttle_rate_limit is not None else []
    else:
        patches += member_patch("/throttle/rateLimit", plan.throttle_rate_limit, data["rate"])
        patches += member_patch("/throttle/burstLimit", plan.throttle_burst_limit, data["burst"])
    if data["quota"] is None:
        return patches + ([{"op": "remove", "path": "/quota"}] if plan.quota_limit is not None else [])
    return [
        *patches,
        *member_patch("/quota/limit", plan.quota_limit, data["quota"]),
        *member_patch("/quota/period", plan.quota_period, data["period"] or "MONTH"),
        *member_patch("/quota/offset", plan.quota_offset, data["offset"] or 0),
    ]


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


def _free_stages(console: Console, plan: UsagePlan) -> list[tuple[str, str]]:
    """Stages of the account that the plan does not cover yet."""
    taken = set(plan.api_stages.values_list("rest_api_id", "stage_name"))
    rows = Stage.objects.filter(rest_api__account_id=console.account_id, rest_api__region=console.region)
    found = rows.values_list("rest_api_id", "name", "rest_api__name").order_by("rest_api__name", "name")
    return [(f"{api}:{name}", f"{title} · {name}") for api, name, title in found if (api, name) not in taken]


def _free_keys(console: Console, plan: UsagePlan) -> list[ApiKey]:
    """Some keys that are not in the plan, newest first, to choose from."""
    rows = ApiKey.objects.filter(account_id=console.account_id, region=console.region).exclude(plans__plan=plan)
    return list(rows.defer("value").order_by("-pk")[:200])


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


def _throttle_lines(covered: UsagePlanStage) -> dict[str, str]:
    return {
        f"{key.rpartition('/')[2]} {key.rpartition('/')[0]}": f"{limits['rateLimit']:g} / {limits['burstLimit']}"
        for key, limits in covered.throttle.items()
    }


def _throttle_patches(covered: UsagePlanStage, wanted: dict[str, dict[str, float]]) -> list[Patch]:
    base = f"/apiStages/{covered.rest_api_id}:{covered.stage_name}/throttle"
    patches: list[Patch] = [
        {"op": "remove", "path": f"{base}{_method(key)}"} for key in covered.throttle if key not in wanted
    ]
    for key, limits in wanted.items():
        patches += map_patches(f"{base}{_method(key)}", covered.throttle.get(key, {}), limits)
    return patches


def _method(key: str) -> str:
    """`/pets/{petId}/GET` as it stands in a patch path."""
    path, _, verb = key.rpartition("/")
    return "/" + path.replace("~", "~0").replace("/", "~1") + f"/{verb}"


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
