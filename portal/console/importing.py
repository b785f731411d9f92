"""From an OpenAPI definition to a live API in three screens: paste, preview, live."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from apps.control_plane.errors import AwsError
from apps.control_plane.openapi.document import load
from apps.control_plane.openapi.importer import Preview, preview
from apps.rest_apis.models import RestApi
from apps.usage_plans.models import UsagePlan
from portal.console.api_frame import STAGE_NAME, command_samples
from portal.console.commands import Command
from portal.console.fields import code_area, offer, unix_lines
from portal.console.gate import Console, console_page
from portal.console.import_advice import advice_on
from portal.console.listing import line_of, listing
from portal.console.publication import Publication, publish

STEPS = ("Paste", "Preview", "Live")
MAX_DEFINITION = 6 * 1024 * 1024
NEW_PLAN = "new"
EXAMPLE = Path(__file__).with_name("example_api.yaml")
"""A pet store that answers by itself, to look at and to call."""


class DefinitionForm(forms.Form):
    """The text or the file."""

    definition = forms.CharField(
        label="OpenAPI definition", required=False, strip=False, widget=code_area(18), max_length=MAX_DEFINITION
    )
    file = forms.FileField(required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        upload: UploadedFile | None = data.get("file")
        text = data.get("definition") or ""
        if not text.strip() and upload:
            try:
                text = upload.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                self.add_error("file", "The file is not UTF-8 text.")
        if not text.strip() and not self.errors:
            self.add_error("definition", "Paste a definition, or choose a file.")
        data["definition"] = unix_lines(text)
        return data


class RestDefinitionForm(DefinitionForm):
    """With where it goes."""

    api = forms.CharField(required=False, widget=forms.HiddenInput)
    mode = forms.ChoiceField(
        label="What is already there",
        choices=[
            ("overwrite", "Replace it: what the definition does not have goes"),
            ("merge", "Keep it: add and change only"),
        ],
        initial="overwrite",
        required=False,
    )


class PublishForm(forms.Form):
    """What becomes of the definition."""

    name = forms.CharField(label="API name", max_length=1024)
    stage = forms.SlugField(
        label="Stage",
        max_length=128,
        initial="prod",
        help_text="Becomes the first part of the invoke URL.",
        error_messages={"invalid": STAGE_NAME},
    )
    back_end = forms.URLField(
        label="Back end",
        required=False,
        assume_scheme="https",
        help_text="Where operations without an integration of their own are sent, by their path.",
        widget=forms.TextInput(
            attrs={"spellcheck": "false", "inputmode": "url", "placeholder": "https://api.example.com"}
        ),
    )
    require_key = forms.BooleanField(
        label="Require an API key", required=False, help_text="On every operation but OPTIONS."
    )
    offer = forms.BooleanField(
        label="Offer it in the developer portal",
        required=False,
        help_text="Makes a product of it that developers find and subscribe to.",
    )
    product_name = forms.CharField(label="Product name", max_length=128, required=False)
    plan = forms.ChoiceField(label="Usage plan", required=False)
    plan_name = forms.CharField(label="Name of the new plan", max_length=128, initial="Standard", required=False)
    plan_rate = forms.FloatField(label="Requests per second", min_value=0, initial=10, required=False)
    plan_burst = forms.IntegerField(label="Burst", min_value=0, initial=20, required=False)
    plan_quota = forms.IntegerField(label="Requests a month", min_value=1, initial=100_000, required=False)

    def __init__(self, *args: Any, plans: list[tuple[str, str]], needs_back_end: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        offer(self, "plan", [(NEW_PLAN, "A new plan"), *plans])
        self.needs_back_end = needs_back_end

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.needs_back_end and not data.get("back_end") and "back_end" not in self.errors:
            self.add_error("back_end", "Some operations have no integration: name the back end that they are sent to.")
        if data.get("offer") and data.get("plan") == NEW_PLAN and not data.get("plan_name"):
            self.add_error("plan_name", "Name the plan.")
        return data


@dataclass(frozen=True)
class Draft:
    """A definition on the second screen."""

    text: str
    found: Preview
    api: RestApi | None
    mode: str

    @property
    def without_integration(self) -> int:
        return sum(1 for operation in self.found.operations if operation.integration_type is None)

    @property
    def hidden_fields(self) -> list[tuple[str, str]]:
        return [("api", self.api.id if self.api else ""), ("mode", self.mode)]


@console_page("GET", "POST")
def import_definition(console: Console) -> HttpResponseBase:
    """Screens one and two. The definition travels in the form; nothing is written before "Publish"."""
    post = console.request.POST
    if console.request.method != "POST":
        api = _target(console, console.request.GET.get("api", ""))
        example = EXAMPLE.read_text() if "example" in console.request.GET else ""
        initial = {"api": api.id if api else "", "mode": "overwrite", "definition": example}
        return _paste_page(console, RestDefinitionForm(initial=initial), api)
    api = _target(console, post.get("api", ""))
    form = RestDefinitionForm(post, console.request.FILES)
    if not form.is_valid():
        return _paste_page(console, form, api, status=422)
    text = form.cleaned_data["definition"]
    draft = Draft(text, preview(text.encode(), {}), api, form.cleaned_data["mode"] or "overwrite")
    if "publish" not in post:
        return _preview_page(console, draft, _publish_form(console, draft))
    return _publish(console, draft)


def _publish(console: Console, draft: Draft) -> HttpResponse:
    form = _publish_form(console, draft, console.request.POST)
    if not form.is_valid() or draft.found.errors:
        return _preview_page(console, draft, form, status=422)
    data = form.cleaned_data
    wanted = Publication(
        definition=draft.text.encode(),
        api_id=draft.api.id if draft.api else "",
        mode=draft.mode,
        name=data["name"],
        stage=data["stage"],
        back_end=data["back_end"].rstrip("/"),
        require_key=data["require_key"],
        product_name=(data["product_name"] or data["name"])[:128] if data["offer"] else "",
        plan_id="" if data["plan"] == NEW_PLAN else data["plan"],
        plan=_plan_members(data),
    )
    made = console.carry_out(form, lambda: publish(console.call, wanted))
    if made is None:
        return _preview_page(console, draft, form, status=422)
    url = redirect("console:live", made["apiId"], wanted.stage)
    if made.get("productId"):
        url["Location"] += f"?product={made['productId']}"
    return url


def _paste_page(console: Console, form: RestDefinitionForm, api: RestApi | None, status: int = 200) -> HttpResponse:
    return console.page(
        "console/import.html",
        section="import",
        form=form,
        api=api,
        steps=STEPS,
        cli=command_samples(console, [_command(api.id if api else "", "overwrite")]),
        status=status,
    )


def _preview_page(console: Console, draft: Draft, form: PublishForm, status: int = 200) -> HttpResponse:
    notes = [*draft.found.errors, *draft.found.warnings]
    stage = {"restApiId": draft.api.id if draft.api else "API_ID", "stageName": "prod"}
    return console.page(
        "console/import_preview.html",
        section="import",
        draft=draft,
        form=form,
        listing=listing(draft.text, notes),
        advice=advice_on(draft.found.errors),
        notes_without_line=[note for note in notes if line_of(note) is None],
        steps=STEPS,
        cli=command_samples(console, [_command(draft.api.id if draft.api else "", draft.mode), Command("CreateDeployment", stage)]),
        status=status,
    )  # fmt: skip


def _publish_form(console: Console, draft: Draft, data: Any = None) -> PublishForm:
    title = draft.api.name if draft.api else draft.found.title or ""
    plans = UsagePlan.objects.filter(account_id=console.account_id, region=console.region).order_by("name")[:300]
    initial = {
        "name": title,
        "product_name": title,
        "plan": NEW_PLAN,
        "back_end": server_url(draft.text) if draft.without_integration else "",
    }
    return PublishForm(
        data,
        initial=initial,
        plans=[(plan.plan_id, plan.name) for plan in plans],
        needs_back_end=draft.without_integration > 0,
    )


def server_url(text: str) -> str:
    """The first absolute server of a definition that can be read, as a guess at its back end."""
    try:
        servers = load(text.encode()).data.get("servers")
    except AwsError:
        return ""
    first = servers[0] if isinstance(servers, list) and servers and isinstance(servers[0], dict) else {}
    url = first.get("url")
    return url if isinstance(url, str) and url.startswith(("http://", "https://")) and "{" not in url else ""


def _plan_members(data: dict[str, Any]) -> dict[str, Any]:
    members: dict[str, Any] = {"name": data["plan_name"] or "Standard"}
    if data["plan_rate"] is not None or data["plan_burst"] is not None:
        members["throttle"] = {"rateLimit": float(data["plan_rate"] or 0), "burstLimit": data["plan_burst"] or 0}
    if data["plan_quota"]:
        members["quota"] = {"limit": data["plan_quota"], "period": "MONTH"}
    return members


def _target(console: Console, api_id: str) -> RestApi | None:
    return console.caller.rest_api(api_id) if api_id else None


def _command(api_id: str, mode: str) -> Command:
    if api_id:
        return Command("PutRestApi", {"restApiId": api_id, "mode": mode}, file="openapi.yaml")
    return Command("ImportRestApi", {}, file="openapi.yaml")
