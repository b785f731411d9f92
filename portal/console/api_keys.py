"""API keys: what callers of the APIs send, who holds them, and when they were last seen."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Max, Prefetch, Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from apps.metering import reports
from apps.metering.models import TrafficMinute
from apps.usage_plans.models import ApiKey, UsagePlan, UsagePlanKey
from portal.charts import Chart, Series, bar_chart, meter
from portal.console.api_frame import command_samples
from portal.console.choosing import OneOfMany, one_of_many, plans
from portal.console.commands import Command
from portal.console.fields import member_patch, switch
from portal.console.gate import Console, console_page
from portal.console.key_life import OVERLAPS
from portal.console.paging import SIZE, page_of_rows
from portal.console.traffic_trends import trends_of_keys

_ORIGINS = {"sourceNetworks": ["203.0.113.0/24"], "websites": ["https://shop.example.com"]}
_DAYS = 30


class KeyForm(forms.Form):
    """A key's own members."""

    name = forms.CharField(max_length=1024)
    description = forms.CharField(required=False, max_length=10_000)
    customer = forms.CharField(
        label="Customer id", required=False, max_length=256,
        help_text="Whose key it is: keys of one id are one customer.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )  # fmt: skip
    enabled = forms.BooleanField(
        required=False, initial=True, widget=switch(), help_text="A disabled key is refused with 403."
    )


class NewKeyForm(KeyForm):
    """A new key, in a plan at once if wanted."""

    plan = OneOfMany(
        label="Usage plan", required=False, help_text="A key does nothing until a plan joins it to a stage."
    )
    value = forms.CharField(
        label="Value", required=False, min_length=20, max_length=128,
        help_text="20 to 128 characters. Empty: one is made.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )  # fmt: skip

    field_order = ["name", "plan"]

    def __init__(self, *args: Any, console: Console, **options: Any) -> None:
        super().__init__(*args, **options)
        one_of_many(self, "plan").offer(console, plans, ("", "None yet"))


@console_page("GET")
def api_keys(console: Console) -> HttpResponseBase:
    """The list, newest first; found by name, or by the beginning of the id."""
    query = console.request.GET.get("q", "").strip()
    pages = page_of_rows(console, keys_found(console, query), "-pk")
    return console.page(
        "console/api_keys.html",
        section="api-keys",
        query=query,
        plans=_plan_choices(console) if console.may_write else [],
        rows=key_rows(console, pages.rows),
        next_url=pages.next_url,
        first_url=pages.first_url,
        cli=command_samples(console, [Command("GetApiKeys", {"limit": SIZE})]),
    )


@console_page("GET", "POST")
def create_key(console: Console) -> HttpResponseBase:
    """A new key; its page shows the value."""
    chosen = {"plan": console.request.GET.get("plan", "")}
    form = NewKeyForm(console.posted, initial=chosen, console=console)
    if form.is_valid():
        created = console.carry_out(form, lambda: _create(console, form.cleaned_data))
        if created is not None:
            name, plan = form.cleaned_data["name"], form.cleaned_data["plan"]
            said = f"{name} works now." if plan else f"{name} exists. It opens nothing until a usage plan has it."
            messages.success(console.request, said)
            return redirect(reverse("console:api_key", args=[created["id"]]) + "?show=value")
    return console.page(
        "console/form_page.html",
        section="api-keys",
        title="Create API key",
        note="Callers send it as x-api-key.",
        form=form,
        submit="Create API key",
        back=reverse("console:api_keys"),
        trail=[{"label": "API keys", "url": reverse("console:api_keys")}, {"label": "Create API key"}],
        cli=command_samples(
            console,
            [
                Command("CreateApiKey", {"name": "acme-mobile", "enabled": True}),
                Command("CreateUsagePlanKey", {"usagePlanId": "PLAN_ID", "keyId": "KEY_ID", "keyType": "API_KEY"}),
            ],
        ),
        status=422 if form.errors else 200,
    )


@console_page("GET", "POST")
def api_key(console: Console, key_id: str) -> HttpResponseBase:
    """One key: its value on demand, its plans with what is left of their quotas, its days."""
    key = _find(console, key_id)
    form = KeyForm(console.posted, initial=_initial(key))
    if form.is_valid():
        patches = [
            *member_patch("/name", key.name or "", form.cleaned_data["name"]),
            *member_patch("/description", key.description or "", form.cleaned_data["description"]),
            *member_patch("/customerId", key.customer_id or "", form.cleaned_data["customer"]),
            *member_patch("/enabled", key.enabled, form.cleaned_data["enabled"]),
        ]
        if (
            not patches
            or console.submit(form, "UpdateApiKey", {"apiKey": key_id, "patchOperations": patches}) is not None
        ):
            messages.success(console.request, "Saved.")
            return redirect("console:api_key", key_id)
    return console.page(
        "console/api_key.html",
        section="api-keys",
        key=key,
        form=form,
        value=_value(console, key_id) if console.request.GET.get("show") == "value" and console.may_write else "",
        expired=_expired(key),
        last_used=_last_seen(console, [key_id]).get(key_id),
        plans=_plans_with_usage(key),
        overlaps=OVERLAPS,
        chart=days_chart(console, [key_id]),
        trail=[{"label": "API keys", "url": reverse("console:api_keys")}, {"label": key.name or key_id}],
        cli=command_samples(
            console,
            [
                Command("GetApiKey", {"apiKey": key_id, "includeValue": True}),
                Command("GetApiKeyOrigins", {"keyId": key_id}, service="gatehouse"),
                Command("PutApiKeyOrigins", {"keyId": key_id, **_ORIGINS}, service="gatehouse"),
            ],
        ),
        status=422 if form.errors else 200,
    )


@console_page("POST")
def switch_key(console: Console, key_id: str) -> HttpResponseBase:
    """Enable or disable a key."""
    enabled = console.request.POST.get("enabled") == "true"
    patches = [{"op": "replace", "path": "/enabled", "value": "true" if enabled else "false"}]
    done = "The key works again." if enabled else "The key is refused from now on."
    console.attempt(done, "UpdateApiKey", {"apiKey": key_id, "patchOperations": patches})
    return redirect("console:api_key", key_id)


@console_page("POST")
def delete_key(console: Console, key_id: str) -> HttpResponseBase:
    """Delete a key, after its name has been typed."""
    key = _find(console, key_id)
    name = key.name or key.key_id
    if console.request.POST.get("confirmation", "").strip() != name.strip():
        messages.error(console.request, f"Type {name} to delete the key. Nothing was deleted.")
        return redirect("console:api_key", key_id)
    if console.attempt(f"{name} is gone. Whoever holds it is refused.", "DeleteApiKey", {"apiKey": key_id}) is None:
        return redirect("console:api_key", key_id)
    return redirect("console:api_keys")


def _create(console: Console, data: dict[str, Any]) -> dict[str, Any]:
    members: dict[str, Any] = {"name": data["name"], "enabled": data["enabled"]}
    for member, name in (("description", "description"), ("value", "value"), ("customerId", "customer")):
        if data[name]:
            members[member] = data[name]
    created = console.call("CreateApiKey", members)
    if data["plan"]:
        console.call("CreateUsagePlanKey", {"usagePlanId": data["plan"], "keyId": created["id"], "keyType": "API_KEY"})
    return created


def keys_found(console: Console, query: str) -> QuerySet[ApiKey]:
    """The keys with this in their name, or at the beginning of their id; all without it. Their values stay sealed."""
    rows = ApiKey.objects.filter(account_id=console.account_id, region=console.region)
    if query:
        rows = rows.filter(Q(name__icontains=query) | Q(key_id__startswith=query))
    # The value is sealed; opening it is slow and no list shows it.
    memberships = UsagePlanKey.objects.select_related("plan").order_by("pk")
    return rows.defer("value").prefetch_related(Prefetch("plans", memberships))


def key_rows(console: Console, keys: list[ApiKey]) -> list[dict[str, Any]]:
    """Keys with what a list says of them."""
    ids = [key.key_id for key in keys]
    trends, seen = trends_of_keys(console.account_id, ids), _last_seen(console, ids)
    return [
        {"key": key, "trend": trends.get(key.key_id), "last_used": seen.get(key.key_id), "expired": _expired(key)}
        for key in keys
    ]


def days_chart(console: Console, key_ids: reports.KeyIds) -> Chart:
    """What some keys have asked for together, day by day."""
    today = timezone.now().date()
    days = reports.usage_of_keys(console.account_id, console.region, key_ids, today - timedelta(days=_DAYS - 1), today)
    return bar_chart(
        "days",
        "Requests a day",
        [day.strftime("%b %d") for day, _ in days],
        [Series("Requests", tuple(float(used) for _, used in days))],
    )


def _find(console: Console, key_id: str) -> ApiKey:
    return console.caller.find(ApiKey, "Invalid API Key identifier specified", key_id=key_id)


def _value(console: Console, key_id: str) -> str:
    return str(console.call("GetApiKey", {"apiKey": key_id, "includeValue": True})["value"])


def _initial(key: ApiKey) -> dict[str, Any]:
    return {"name": key.name, "description": key.description, "enabled": key.enabled, "customer": key.customer_id}


def _expired(key: ApiKey) -> bool:
    return key.expires_at is not None and key.expires_at <= timezone.now()


def _last_seen(console: Console, key_ids: list[str]) -> dict[str, datetime]:
    """The last minute in which each key was used; keys that never were have no entry."""
    rows = TrafficMinute.objects.filter(account_id=console.account_id, region=console.region, key_id__in=key_ids)
    return dict(rows.values("key_id").annotate(last=Max("minute")).values_list("key_id", "last").order_by())


def _plan_choices(console: Console) -> list[tuple[str, str]]:
    rows = UsagePlan.objects.filter(account_id=console.account_id, region=console.region).order_by("name")
    return list(rows.values_list("plan_id", "name")[:300])


def _plans_with_usage(key: ApiKey) -> list[dict[str, Any]]:
    today = timezone.now().date()
    found = []
    for membership in key.plans.select_related("plan").order_by("pk"):
        plan = membership.plan
        used = None
        if plan.quota_limit is not None and plan.quota_period is not None:
            used = reports.used_in_period(
                key.account_id, key.region, plan.plan_id, [key.key_id], plan.quota_period, plan.quota_offset, today
            )[key.key_id]
        found.append(
            {"plan": plan, "meter": None if used is None or plan.quota_limit is None else meter(used, plan.quota_limit)}
        )
    return found
