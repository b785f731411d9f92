"""What every page of one HTTP or WebSocket API has in common: its heading, its tabs, its stages and the deploy dialog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse

from apps.v2_apis.models import Api, Stage
from portal.console import addresses
from portal.console.api_frame import Tab, command_samples
from portal.console.changes import Difference
from portal.console.commands import Command
from portal.console.fields import offer
from portal.console.gate import Console, Shape
from portal.console.openapi_parts import Part, part_url
from portal.console.v2_drafts import (
    DEFAULT_STAGE,
    V2Draft,
    v2_difference,
    v2_draft,
    v2_is_behind,
    v2_main_stage,
)
from portal.developer.addresses import try_it_url

SERVICE = "apigatewayv2"

# The view, its label, and the only protocol that has it; in the order of AWS's console, then what it does not have.
V2_TABS = (
    ("v2_api", "Routes", ""),
    ("v2_authorizers", "Authorization", "HTTP"),
    ("v2_authorizers", "Authorizers", "WEBSOCKET"),
    ("v2_integrations", "Integrations", ""),
    ("v2_cors", "CORS", "HTTP"),
    ("v2_models", "Models", "WEBSOCKET"),
    ("v2_stages", "Stages", ""),
    ("v2_traffic", "Metrics", "HTTP"),
    ("v2_traffic", "Dashboard", "WEBSOCKET"),
    ("v2_test", "Test", "HTTP"),
    ("v2_client", "Client", "WEBSOCKET"),
    ("v2_connections", "Connections", "WEBSOCKET"),
    ("v2_changes", "Changes", ""),
    ("v2_deployments", "Deployments", ""),
    ("v2_settings", "API settings", ""),
)


class V2DeployForm(forms.Form):
    """Which stage gets the API as it is now. Stages that deploy by themselves are no choice."""

    stage = forms.ChoiceField()
    description = forms.CharField(
        max_length=1024, required=False, help_text="What changes, for whoever reads the history."
    )

    def __init__(self, *args: Any, stage_names: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        offer(self, "stage", [(name, name) for name in stage_names])


@dataclass(frozen=True)
class StageState:
    """A stage with where it answers, and whether the API has been changed since what it runs was frozen."""

    stage: Stage
    url: str
    behind: bool


@dataclass(frozen=True)
class V2Frame:
    """One API of the caller with what its pages show around their own content."""

    console: Console
    api: Api
    current: str

    @cached_property
    def stages(self) -> list[Stage]:
        return list(self.api.stages.select_related("deployment").order_by("name"))

    @cached_property
    def states(self) -> list[StageState]:
        return [
            StageState(stage, invoke_url(self.api, stage.name), v2_is_behind(stage, self.draft))
            for stage in self.stages
        ]

    @cached_property
    def draft(self) -> V2Draft:
        return v2_draft(self.api)

    @property
    def problem(self) -> str:
        """Why the API cannot be deployed as it is; empty when it can."""
        return self.draft if isinstance(self.draft, str) else ""

    @property
    def main_stage(self) -> Stage | None:
        return v2_main_stage(self.stages)

    @cached_property
    def pending(self) -> Difference | None:
        """What the main stage does not run yet; None when it is up to date, or there is none."""
        stage = self.main_stage
        if stage is None or not v2_is_behind(stage, self.draft):
            return None
        found = self.difference(stage)
        return found if found.noticed else None

    def difference(self, stage: Stage | None) -> Difference:
        """What deploying the API as it is now to a stage would change; without a stage everything is new."""
        return v2_difference(self.draft, stage)

    @property
    def kind(self) -> str:
        return "WebSocket API" if self.api.websocket else "HTTP API"

    @cached_property
    def tabs(self) -> list[Tab]:
        tabs, counts = [], {"v2_stages": len(self.stages)}
        for view, label, protocol in V2_TABS:
            if protocol in ("", self.api.protocol_type):
                tabs.append(Tab(label, self.url(view), view == self.current, counts.get(view)))
                tabs += [Tab(name, url, current=False) for name, url in self._also_after(label)]
        return tabs

    def _also_after(self, label: str) -> list[tuple[str, str]]:
        """What AWS's console has entries for, and is a part of a page here."""
        if self.api.websocket:
            return []
        if label == "CORS":
            reimport = f"{reverse('console:v2_import')}?api={self.api.id}"
            return [("Reimport", reimport), ("Export", f"{self.url('v2_settings')}#export")]
        if label == "Metrics":
            stage = self.main_stage
            page = self.url("v2_stage", stage.name) if stage else self.url("v2_stages")
            return [("Logging", f"{page}#logging"), ("Throttling", f"{page}#throttling")]
        return []

    @property
    def by_hand(self) -> list[str]:
        """The stages that move only when somebody deploys to them."""
        return [stage.name for stage in self.stages if not stage.auto_deploy]

    @property
    def names(self) -> dict[str, str]:
        return {"ApiId": self.api.id}

    def url(self, view: str, *args: str) -> str:
        return reverse(f"console:{view}", args=[self.api.id, *args])

    def trail(self, *steps: tuple[str, str] | str) -> list[dict[str, str]]:
        """The way to a page of this API: labels with their addresses, the last a label alone."""
        trail = [{"label": "APIs", "url": reverse("console:home")}]
        for step in ((self.api.name, self.url("v2_api")), *steps) if steps else (self.api.name,):
            trail.append({"label": step} if isinstance(step, str) else {"label": step[0], "url": step[1]})
        return trail

    def call(self, name: str, **request: Any) -> Shape:
        return self.console.call(name, {**self.names, **request}, SERVICE)

    def saves(self, form: forms.Form, operation: str, done: str, **request: Any) -> bool:
        """Perform an operation for a valid form and tell that it is done; what is refused becomes an error of the form."""
        if self.console.submit(form, operation, {**self.names, **request}, SERVICE) is None:
            return False
        messages.success(self.console.request, done)
        return True

    def attempt(self, done: str, operation: str, **request: Any) -> bool:
        """Perform an operation behind a button."""
        return self.console.attempt(done, operation, {**self.names, **request}, SERVICE) is not None

    def command(self, operation: str, **request: Any) -> Command:
        return Command(operation, {**self.names, **request}, service=SERVICE)

    def to(self, view: str, *args: str) -> HttpResponseRedirect:
        return redirect(self.url(view, *args))

    def page(
        self,
        template: str,
        *,
        steps: tuple[tuple[str, str] | str, ...] = (),
        form: forms.Form | None = None,
        deploy_form: V2DeployForm | None = None,
        cli: list[Command] | None = None,
        openapi: Part | None = None,
        **context: Any,
    ) -> HttpResponse:
        """Show a page of this API; with errors of its form it is a 422, and errors of `deploy_form` open the dialog again."""
        frame = {
            "frame": self,
            "api": self.api,
            "form": form,
            "deploy_form": deploy_form or self.deploy_form(),
            "trail": self.trail(*steps),
            "cli": command_samples(self.console, cli or []),
            "openapi_url": ""
            if openapi is None or self.api.websocket
            else part_url("http_api_part", self.api.id, openapi),
            "status": 422 if form is not None and form.errors else 200,
        }
        return self.console.page(template, **{**frame, **context})

    def deploy_form(self, data: Any = None) -> V2DeployForm:
        return V2DeployForm(data, stage_names=self.by_hand, prefix="deploy")


def v2_frame(console: Console, api_id: str, current: str) -> V2Frame:
    """The frame of the caller's API; raises NotFoundException for an unknown id."""
    return V2Frame(console, console.caller.api(api_id), current)


def invoke_url(api: Api, stage_name: str) -> str:
    """Where a stage answers, without DNS and without a trailing slash. No path names the default stage."""
    url = addresses.path_style(api.id, stage_name)
    return websocket_url(url) if api.websocket else url.removesuffix(f"/{DEFAULT_STAGE}")


def own_url(api: Api, stage_name: str) -> str:
    """As `invoke_url`, where the portal itself reaches the gateway."""
    url = try_it_url(api.id, stage_name)
    return websocket_url(url) if api.websocket else url


def host_url(api: Api, stage_name: str) -> str:
    """The invoke URL with the API in the host name."""
    url = addresses.host_style(api.id, api.region, stage_name)
    return websocket_url(url) if api.websocket else url.removesuffix(f"/{DEFAULT_STAGE}")


def websocket_url(url: str) -> str:
    """The same address for WebSockets: `ws` for `http`, `wss` for `https`."""
    return "ws" + url.removeprefix("http")


def given(members: Mapping[str, Any]) -> Shape:
    """The members that say something, for an operation that creates."""
    return {name: value for name, value in members.items() if value not in ("", None, [], {})}


def map_change(before: Mapping[str, Any], after: Mapping[str, Any], empty: Any = "") -> Shape:
    """The member of an update that brings a map to `after`: V2 changes maps key by key, an empty value takes a key away."""
    return {**{name: empty for name in before if name not in after}, **after}
