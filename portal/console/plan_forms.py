"""The forms of usage plans, and the patches that bring a plan to what a form says."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from apps.usage_plans.models import UsagePlan, UsagePlanKey, UsagePlanStage
from portal.console.choosing import OneOfMany, keys, one_of_many, rest_stages
from portal.console.fields import PairsField, Patch, ThrottleForm, map_patches, member_patch, plain
from portal.console.gate import Console

_LIMITS = re.compile(r"(?P<rate>\d+(\.\d+)?)\s*/\s*(?P<burst>\d+)")


class PlanForm(ThrottleForm):
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

    stage = OneOfMany(label="Stage to add")

    def __init__(self, *args: Any, console: Console, plan: UsagePlan, **options: Any) -> None:
        super().__init__(*args, **options)
        covered = {f"{api}:{name}" for api, name in plan.api_stages.values_list("rest_api_id", "stage_name")}
        one_of_many(self, "stage").offer(console, rest_stages, without=lambda found: covered)


class PlanKeyForm(forms.Form):
    """A key that draws on the plan."""

    key = OneOfMany(label="Key to add")

    def __init__(self, *args: Any, console: Console, plan: UsagePlan, **options: Any) -> None:
        super().__init__(*args, **options)

        def inside(found: list[str]) -> set[str]:
            members = UsagePlanKey.objects.filter(plan=plan, api_key__key_id__in=found)
            return set(members.values_list("api_key__key_id", flat=True))

        one_of_many(self, "key").offer(console, keys, without=inside)


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


def plan_initial(plan: UsagePlan) -> dict[str, Any]:
    return {
        "name": plan.name,
        "description": plan.description,
        "rate": plain(plan.throttle_rate_limit),
        "burst": plan.throttle_burst_limit,
        "quota": plan.quota_limit,
        "period": plan.quota_period or "MONTH",
        "offset": plan.quota_offset,
    }


def plan_patches(plan: UsagePlan, data: dict[str, Any]) -> list[Patch]:
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


def throttle_lines(covered: UsagePlanStage) -> dict[str, str]:
    return {
        f"{key.rpartition('/')[2]} {key.rpartition('/')[0]}": f"{limits['rateLimit']:g} / {limits['burstLimit']}"
        for key, limits in covered.throttle.items()
    }


def throttle_patches(covered: UsagePlanStage, wanted: dict[str, dict[str, float]]) -> list[Patch]:
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
