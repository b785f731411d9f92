"""What happens to API keys besides editing: many imported at once, ended, rotated, and given more of a quota."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from portal.console.api_frame import command_samples
from portal.console.commands import Command
from portal.console.gate import Console, console_page

_EXAMPLE = "Name,Key,Description,Enabled,UsagePlanIds\nacme-mobile,0123456789abcdefghij,The app,true,\nacme-web,,The site,true,"
_LARGEST = 10 * 1024 * 1024
_MOST_WARNINGS = 50
OVERLAPS = ((3_600, "an hour"), (86_400, "a day"), (604_800, "a week"), (0, "not at all"))


class ImportForm(forms.Form):
    """A CSV file, or its text."""

    file = forms.FileField(
        label="CSV file", required=False, widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"})
    )
    text = forms.CharField(
        label="Or its text",
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "placeholder": _EXAMPLE}),
        help_text="Columns in any order: Name, Key (empty: one is made), Description, Enabled, UsagePlanIds.",
    )
    strict = forms.BooleanField(label="Import nothing unless every line can be imported", required=False, initial=True)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > _LARGEST:
            raise forms.ValidationError("A file has at most 10 MB.")
        return file

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and not data.get("file") and not (data.get("text") or "").strip():
            self.add_error("text", "Choose a file, or paste its lines.")
        return data

    @property
    def body(self) -> bytes:
        file = self.cleaned_data["file"]
        return bytes(file.read()) if file else str(self.cleaned_data["text"]).encode()


@console_page("GET", "POST")
def import_keys(console: Console) -> HttpResponseBase:
    """Make many keys from a CSV file. Lines that cannot be imported are told by their numbers."""
    form = ImportForm(console.posted, console.request.FILES if console.posted is not None else None)
    warnings: list[str] = []
    if form.is_valid():
        request = {"format": "csv", "body": form.body, "failOnWarnings": form.cleaned_data["strict"]}
        told = console.submit(form, "ImportApiKeys", request)
        if told is not None:
            warnings = told.get("warnings", [])
            count = len(told.get("ids", []))
            messages.success(console.request, f"{count} key{'' if count == 1 else 's'} imported.")
            if not warnings:
                return redirect("console:api_keys")
    return console.page(
        "console/import_keys.html",
        section="api-keys",
        form=form,
        warnings=warnings[:_MOST_WARNINGS],
        more=max(0, len(warnings) - _MOST_WARNINGS),
        trail=[{"label": "API keys", "url": reverse("console:api_keys")}, {"label": "Import"}],
        cli=command_samples(console, [Command("ImportApiKeys", {"format": "csv"}, file="keys.csv")]),
        status=422 if form.errors else 200,
    )


@console_page("POST")
def rotate_key(console: Console, key_id: str) -> HttpResponseBase:
    """A new key in the place of this one, which works on for a while. The page of the new one shows its value."""
    given = console.request.POST.get("overlap", "")
    overlap = int(given) if given in {str(seconds) for seconds, _ in OVERLAPS} else 86_400
    made = console.attempt(
        "This is the new key. The old one ends by itself.",
        "RotateApiKey",
        {"keyId": key_id, "overlapSeconds": overlap},
        "gatehouse",
    )
    if made is None:
        return redirect("console:api_key", key_id)
    return redirect(reverse("console:api_key", args=[made["keyId"]]) + "?show=value")


@console_page("POST")
def end_key(console: Console, key_id: str) -> HttpResponseBase:
    """Say when a key ends (UTC), or that it lasts."""
    given = console.request.POST.get("expires", "").strip()
    try:
        ends = datetime.fromisoformat(given).replace(tzinfo=UTC) if given else None
    except ValueError:
        console.refuse("This is no date and time.")
        return redirect("console:api_key", key_id)
    request = {"keyId": key_id, **({"expiresDate": ends} if ends else {})}
    done = f"The key ends on {ends:%Y-%m-%d at %H:%M} UTC." if ends else "The key lasts."
    console.attempt(done, "PutApiKeyExpiry", request, "gatehouse")
    return redirect("console:api_key", key_id)


@console_page("POST")
def limit_key(console: Console, key_id: str) -> HttpResponseBase:
    """Say from which networks and websites a key may be used, one on each line; none are everywhere."""
    networks, websites = (console.request.POST.get(name, "").split() for name in ("networks", "websites"))
    done = "The key works from there alone." if networks or websites else "The key works from everywhere."
    request = {"keyId": key_id, "sourceNetworks": networks, "websites": websites}
    console.attempt(done, "PutApiKeyOrigins", request, "gatehouse")
    return redirect("console:api_key", key_id)


@console_page("POST")
def grant_usage(console: Console, key_id: str, plan_id: str) -> HttpResponseBase:
    """Say how many requests a key has left in the running period of a plan's quota."""
    remaining = console.request.POST.get("remaining", "").strip()
    patches = [{"op": "replace", "path": "/remaining", "value": remaining}]
    request = {"usagePlanId": plan_id, "keyId": key_id, "patchOperations": patches}
    console.attempt(f"The key has {remaining} requests left in this period.", "UpdateUsage", request)
    return redirect("console:api_key", key_id)
