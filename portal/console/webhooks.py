"""Webhooks: who is told what happens in the portal, and how the telling went."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from apps.control_plane.paging import page
from apps.control_plane.wire.service_models import service_model
from apps.portals.models import Webhook, WebhookDelivery
from portal.console.gate import Console, console_page

_PAGE = 25
_SERVICE = "gatehouse"
_EVENTS: list[str] = service_model(_SERVICE).shape_for("WebhookEvent").enum


class WebhookForm(forms.Form):
    """Where to, and what."""

    url = forms.CharField(
        label="Address", max_length=2000, help_text="It gets a POST with JSON, and has ten seconds to answer 2xx."
    )
    description = forms.CharField(max_length=280, required=False)
    events = forms.MultipleChoiceField(
        choices=[(event, event) for event in _EVENTS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: all of them, and those to come.",
    )
    enabled = forms.BooleanField(required=False, initial=True)

    def request(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("url", "description", "events")}


@console_page("GET", "POST")
def webhooks(console: Console) -> HttpResponseBase:
    """The list, and a form for another one. The secret is shown once, on the page that the form leads to."""
    form = WebhookForm(console.posted)
    created = None
    if form.is_valid():
        created = console.submit(form, "CreateWebhook", form.request(), _SERVICE)
        if created is not None:
            form = WebhookForm()
    return console.page(
        "console/webhooks.html",
        section="portal",
        webhooks=_mine(console).order_by("pk"),
        form=form,
        created=created,
        status=422 if form.errors else 200,
    )


@console_page("GET", "POST")
def webhook(console: Console, webhook_id: str) -> HttpResponseBase:
    """One webhook with its log."""
    row = _find(console, webhook_id)
    initial = {"url": row.url, "description": row.description, "events": row.events, "enabled": row.enabled}
    form = WebhookForm(console.posted, initial=initial)
    if form.is_valid():
        request = {"webhookId": webhook_id, **form.request(), "enabled": form.cleaned_data["enabled"]}
        if console.submit(form, "UpdateWebhook", request, _SERVICE) is not None:
            messages.success(console.request, "Saved.")
            return redirect("console:webhook", webhook_id)
    return _page(console, row, form)


@console_page("POST")
def rotate_webhook_secret(console: Console, webhook_id: str) -> HttpResponseBase:
    """Another secret, shown once."""
    row = _find(console, webhook_id)
    answer = console.call("UpdateWebhook", {"webhookId": webhook_id, "rotateSecret": True}, _SERVICE)
    initial = {"url": row.url, "description": row.description, "events": row.events, "enabled": row.enabled}
    return _page(console, row, WebhookForm(initial=initial), answer["secret"])


@console_page("POST")
def test_webhook(console: Console, webhook_id: str) -> HttpResponseBase:
    """Send a test."""
    console.attempt(
        "A test is on its way: the log shows how it went.", "TestWebhook", {"webhookId": webhook_id}, _SERVICE
    )
    return redirect("console:webhook", webhook_id)


@console_page("POST")
def redeliver(console: Console, webhook_id: str, delivery_id: str) -> HttpResponseBase:
    """Send an event again."""
    request = {"webhookId": webhook_id, "deliveryId": delivery_id}
    console.attempt("It is sent again.", "RedeliverWebhook", request, _SERVICE)
    return redirect("console:webhook", webhook_id)


@console_page("POST")
def delete_webhook(console: Console, webhook_id: str) -> HttpResponseBase:
    """Delete a webhook."""
    console.attempt("The webhook is gone.", "DeleteWebhook", {"webhookId": webhook_id}, _SERVICE)
    return redirect("console:webhooks")


@console_page("GET")
def deliveries(console: Console, webhook_id: str) -> HttpResponseBase:
    """The log alone, asked for while something waits."""
    return console.page("console/parts/deliveries.html", **_log(console, _find(console, webhook_id)))


def _page(console: Console, row: Webhook, form: WebhookForm, secret: str = "") -> HttpResponseBase:
    return console.page(
        "console/webhook.html",
        section="portal",
        form=form,
        secret=secret,
        trail=[{"label": "Webhooks", "url": reverse("console:webhooks")}, {"label": row.url}],
        status=422 if form.errors else 200,
        **_log(console, row),
    )


def _log(console: Console, row: Webhook) -> dict[str, Any]:
    position = console.request.GET.get("position", "")
    rows, following = page(row.deliveries.all(), {"limit": _PAGE, "position": position}, "-pk")
    return {
        "webhook": row,
        "deliveries": rows,
        "waiting": any(one.status == WebhookDelivery.Status.WAITING for one in rows),
        "next_url": f"?position={following}" if following else "",
        "first_url": reverse("console:webhook", args=[row.webhook_id]) if position else "",
    }


def _mine(console: Console) -> Any:
    return Webhook.objects.filter(account_id=console.account_id)


def _find(console: Console, webhook_id: str) -> Webhook:
    console.call("GetWebhook", {"webhookId": webhook_id}, _SERVICE)
    found: Webhook = _mine(console).get(webhook_id=webhook_id)
    return found
