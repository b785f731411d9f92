"""What requests met: the newest of them with filters, one request's story, and all stories of a trace."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from apps.core.execution_log import log_group
from apps.core.stories import Phase, Story
from apps.deployments.models import Stage
from apps.metering import stories
from apps.metering.stories import StoryFilter
from apps.rest_apis.models import Resource, RestApi
from apps.v2_apis.models import Api
from apps.v2_apis.models import Stage as V2Stage
from portal.console.choosing import ApiFilterForm
from portal.console.gate import Console, console_page
from portal.console.resources import resource_url
from portal.console.waterfall import LABELS, Bar, milliseconds, phase_bar, span

_SHOWN = 100
STATUSES = ("2xx", "3xx", "4xx", "5xx", "429", "403", "504")
TONES = {2: "success", 3: "info", 4: "warning", 5: "danger"}
KEPT_FOR = {
    "refusal": "it was refused or failed",
    "sample": "it is in the sample of successes",
    "log": "the method logs its execution",
    "trace": "its trace is sampled",
    "test": "it was a test call of the draft",
}


@dataclass(frozen=True)
class Line:
    """One request of the list."""

    story: Story
    api_name: str

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.story.at, UTC)

    @property
    def tone(self) -> str:
        return TONES.get(self.story.status // 100, "neutral")

    @property
    def latency(self) -> str:
        return milliseconds(self.story.latency_ms)

    @property
    def decided(self) -> str:
        """The phase that ended it, where one did."""
        last = self.story.phases[-1] if self.story.error and self.story.phases else None
        return LABELS.get(last.name, last.name) if last is not None else ""


@console_page("GET")
def logs(console: Console) -> HttpResponseBase:
    """Newest first; the list is swapped in every two seconds unless it is paused."""
    given = {name: console.request.GET.get(name, "").strip() for name in ("api", "stage", "status", "text")}
    paused = console.request.GET.get("paused", "") == "1"
    names = api_names(console)
    api_filter = ApiFilterForm(console.request.GET, console=console, every="Every API")
    given["api"] = api_filter.api_id
    try:
        found = stories.search(
            console.account_id,
            console.region,
            StoryFilter(given["api"], given["stage"], given["status"], given["text"]),
            _SHOWN,
        )
    except stories.Unavailable:
        return _unavailable(console)
    if len(found) == 1 and found[0].request_id == given["text"]:
        return redirect("console:story", found[0].request_id)
    kept = {name: value for name, value in given.items() if value}
    return console.page(
        "console/logs.html",
        section="logs",
        lines=[Line(story, names.get(story.api_id, story.api_id)) for story in found],
        given=given,
        api_filter=api_filter,
        stages=stage_names(console),
        statuses=STATUSES,
        is_filtered=bool(kept),
        paused=paused,
        here="?" + urlencode(kept),
        other="?" + urlencode(kept if paused else {**kept, "paused": "1"}),
        most=_SHOWN,
    )


@console_page("GET")
def story(console: Console, request_id: str) -> HttpResponseBase:
    """Why a request was answered as it was."""
    try:
        found = stories.find(console.account_id, console.region, request_id)
    except stories.Unavailable:
        return _unavailable(console)
    if found is None:
        return console.page(
            "console/story_unknown.html",
            section="logs",
            request_id=request_id[:128],
            trail=_trail("Unknown request"),
            status=404,
        )
    api = _apis(console).filter(id=found.api_id).first()
    log_name = found.stage_name + ("/Canary" if found.canary else "")
    return console.page(
        "console/story.html",
        section="logs",
        line=Line(found, api.name if api else found.api_id),
        story=found,
        api=api,
        bars=[*_bars(found, api), *_answer(found)],
        is_timed=any(phase.took_ms is not None for phase in found.phases),
        kept_for=KEPT_FOR.get(found.kept_for, ""),
        log=[(datetime.fromtimestamp(event.at, UTC), event.text.partition(") ")[2]) for event in found.log],
        log_group=log_group(found.api_id, log_name),
        log_query=urlencode({"kind": "execution", "api": found.api_id, "stage": log_name, "request_id": request_id}),
        facts=_facts(found),
        trail=_trail(f"{found.method} {found.path}"[:60]),
    )


@console_page("GET")
def trace(console: Console, root: str) -> HttpResponseBase:
    """The requests of one trace that are kept, on one line of time."""
    try:
        found = stories.of_trace(console.account_id, console.region, root)
    except stories.Unavailable:
        return _unavailable(console)
    if not found:
        raise Http404("No request of this trace is kept")
    began = found[0].at
    whole = max(story.at - began + story.latency_ms / 1000 for story in found) * 1000
    names = api_names(console)
    return console.page(
        "console/trace.html",
        section="logs",
        root=root,
        whole=milliseconds(whole),
        rows=[
            (Line(story, names.get(story.api_id, story.api_id)), _requests_bar(story, began, whole)) for story in found
        ],
        trail=_trail("Trace"),
    )


def _apis(console: Console) -> Any:
    return RestApi.objects.filter(account_id=console.account_id, region=console.region)


def _v2_apis(console: Console) -> Any:
    return Api.objects.filter(account_id=console.account_id, region=console.region)


def api_names(console: Console) -> dict[str, str]:
    """APIs of all kinds: names by id."""
    return {**dict(_apis(console).values_list("id", "name")), **dict(_v2_apis(console).values_list("id", "name"))}


def stage_names(console: Console) -> list[str]:
    rest = Stage.objects.filter(rest_api__in=_apis(console)).values_list("name", flat=True)
    return sorted({*rest, *V2Stage.objects.filter(api__in=_v2_apis(console)).values_list("name", flat=True)})


def _trail(label: str) -> list[dict[str, str]]:
    return [{"label": "Logs", "url": reverse("console:logs")}, {"label": label}]


def _unavailable(console: Console) -> HttpResponse:
    return console.page("console/logs_unavailable.html", section="logs", status=503)


def _requests_bar(story: Story, began: float, whole: float) -> Bar:
    x, width = span((story.at - began) * 1000, story.latency_ms, whole)
    tone = TONES.get(story.status // 100, "neutral")
    return Bar(f"{story.method} {story.path}", str(story.status), tone, "", x, width, milliseconds(story.latency_ms))


def _bars(story: Story, api: RestApi | None) -> list[Bar]:
    return [phase_bar(phase, story, *_configuration(phase, story, api)) for phase in story.phases]


def _answer(story: Story) -> list[Bar]:
    """From the last phase to the last byte."""
    timed = [phase for phase in story.phases if phase.took_ms is not None]
    if not timed:
        return []
    began = timed[-1].began_ms + (timed[-1].took_ms or 0)
    took = max(story.latency_ms - began, 0.0)
    x, width = span(began, took, story.latency_ms)
    said = f"status {story.status}, {story.sent_bytes} bytes"
    return [Bar("Answer", "sent", TONES.get(story.status // 100, "neutral"), said, x, width, milliseconds(took))]


def _configuration(phase: Phase, story: Story, api: RestApi | None) -> tuple[str, str]:
    """Where the configuration behind a phase is edited: its page, and what the link says."""
    if api is None:
        return "", ""
    if phase.name in ("validate_api_key", "quota", "throttle") and story.plan_id:
        return reverse("console:usage_plan", args=[story.plan_id]), "Usage plan"
    if phase.name == "validate_api_key":
        return reverse("console:usage_plans"), "Usage plans"
    if phase.name in ("throttle", "read_cache", "trace") and story.kept_for != "test":
        return reverse("console:stage", args=[api.id, story.stage_name]), "Stage"
    if phase.name in ("resource_policy", "require_resource_policy"):
        return reverse("console:api_settings", args=[api.id]), "Settings"
    if phase.name == "match_method":
        return reverse("console:api", args=[api.id]), "Resources"
    resource = Resource.objects.filter(rest_api=api, path=story.resource).first()
    if resource is None:
        return "", ""
    return resource_url(api.id, resource.resource_id), "Method"


def _facts(story: Story) -> list[tuple[str, str]]:
    pairs = [
        ("Request id", story.request_id),
        ("Extended id", story.extended_id),
        ("Resource", story.resource),
        ("Deployment", f"{story.deployment_id}{' (canary)' if story.canary else ''}"),
        ("Caller", story.client_ip),
        ("Principal", story.principal),
        ("API key", story.key_id),
        ("Usage plan", story.plan_id),
        ("Back end", story.endpoint),
        ("Back end's status", str(story.integration_status or "")),
        ("Gateway response", story.error),
        ("Message to the caller", story.message),
        ("What happened", story.detail),
    ]
    return [(label, value) for label, value in pairs if value]
