"""What every page of one API has in common: its heading, its tabs, the note that the draft is ahead, and the deploy dialog."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse

from apps.deployments.models import Stage
from apps.rest_apis.models import RestApi
from portal.console.changes import Difference
from portal.console.commands import Command, samples
from portal.console.drafts import Draft, difference, draft_of, is_behind, main_stage, stages_of
from portal.console.fields import offer
from portal.console.gate import Console
from portal.console.openapi_parts import Part, part_url

# In the order of AWS's console, then what it does not have.
TABS = (
    ("api", "Resources"),
    ("stages", "Stages"),
    ("authorizers", "Authorizers"),
    ("gateway_responses", "Gateway responses"),
    ("models", "Models"),
    ("request_validators", "Request validators"),
    ("resource_policy", "Resource policy"),
    ("documentation", "Documentation"),
    ("traffic", "Dashboard"),
    ("changes", "Changes"),
    ("deployments", "Deployments"),
    ("api_settings", "API settings"),
)
NEW_STAGE = ""
STAGE_NAME = "A stage name has letters, digits, hyphens and underscores only."


class DeployForm(forms.Form):
    """Which stage gets the draft."""

    stage = forms.ChoiceField(required=False)
    new_stage = forms.SlugField(
        label="New stage",
        max_length=128,
        required=False,
        help_text="Becomes the first part of the invoke URL. Leave empty to use an existing stage.",
        error_messages={"invalid": STAGE_NAME},
    )
    description = forms.CharField(
        max_length=1024, required=False, help_text="What changes, for whoever reads the history."
    )

    def __init__(self, *args: Any, stage_names: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        offer(self, "stage", [(name, name) for name in stage_names] + [(NEW_STAGE, "A new stage")])
        if not stage_names:
            self.fields["new_stage"].initial = "prod"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("new_stage") and not data.get("stage") and "new_stage" not in self.errors:
            self.add_error("new_stage", "Name the stage to deploy to.")
        return data

    @property
    def target(self) -> str:
        return str(self.cleaned_data["new_stage"] or self.cleaned_data["stage"])


@dataclass(frozen=True)
class Tab:
    """A page of an API in its navigation; `count` is of what it lists, where that is told."""

    label: str
    url: str
    current: bool
    count: int | None = None


@dataclass(frozen=True)
class ApiFrame:
    """One API of the caller with what its pages show around their own content."""

    console: Console
    api: RestApi
    stages: list[Stage]
    current: str

    @property
    def main_stage(self) -> Stage | None:
        return main_stage(self.stages)

    @cached_property
    def draft(self) -> Draft:
        return draft_of(self.api)

    @cached_property
    def tabs(self) -> list[Tab]:
        counts = {"stages": len(self.stages)}
        return [Tab(label, self.url(view), view == self.current, counts.get(view)) for view, label in TABS]

    @property
    def trail(self) -> list[dict[str, str]]:
        return [{"label": "APIs", "url": reverse("console:home")}, {"label": self.api.name}]

    @property
    def way(self) -> list[dict[str, str]]:
        """The trail to the pages of this API, for a page below one of them to go on from."""
        return [*self.trail[:-1], {"label": self.api.name, "url": self.url("api")}]

    def url(self, view: str, *args: str) -> str:
        return reverse(f"console:{view}", args=[self.api.id, *args])

    def difference(self, stage: Stage | None) -> Difference:
        return difference(self.draft, stage)

    def pending_on(self, stage: Stage | None) -> Difference | None:
        """What a stage does not run yet; None where callers would notice nothing of a deployment, or there is no stage."""
        if stage is None or not is_behind(stage, self.api):
            return None
        found = self.difference(stage)
        return found if found.noticed else None

    def page(
        self,
        template: str,
        *,
        deploy_form: DeployForm | None = None,
        cli: list[Command] | None = None,
        openapi: Part | None = None,
        **context: Any,
    ) -> HttpResponse:
        """Show a page of this API; `deploy_form` with errors opens the deploy dialog again, `openapi` is what it shows of the API."""
        frame = {
            "frame": self,
            "api": self.api,
            "deploy_form": deploy_form or self.deploy_form(),
            "pending": self.pending_on(self.main_stage),
            "trail": self.trail,
            "cli": command_samples(self.console, cli or []),
            "openapi_url": "" if openapi is None else part_url("rest_api_part", self.api.id, openapi),
        }
        return self.console.page(template, **{**frame, **context})

    def deploy_form(self, data: Any = None) -> DeployForm:
        initial = {"stage": self.main_stage.name} if self.main_stage else None
        return DeployForm(data, initial=initial, stage_names=[stage.name for stage in self.stages], prefix="deploy")


def api_frame(console: Console, api_id: str, current: str) -> ApiFrame:
    """The frame of the caller's API; raises NotFoundException for an unknown id."""
    api = console.caller.rest_api(api_id)
    return ApiFrame(console, api, stages_of(api), current)


def command_samples(console: Console, commands: list[Command]) -> list[dict[str, Any]]:
    """Commands as "Show as CLI" takes them; nothing for none."""
    if not commands:
        return []
    return list(samples(commands, settings.ENVIRONMENT.portal_url, console.region))
