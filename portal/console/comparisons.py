"""Any two deployments of an API side by side."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpResponseBase

from apps.core import documents
from apps.deployments.models import Deployment
from portal.console.api_frame import ApiFrame, api_frame
from portal.console.changes import Difference, changes_between
from portal.console.commands import Command
from portal.console.gate import Console, console_page

_OFFERED = 100


@console_page("GET")
def compare(console: Console, api_id: str) -> HttpResponseBase:
    """What callers would notice on the way from one deployment to another. Without a choice: the two newest."""
    frame = api_frame(console, api_id, "deployments")
    rows = list(
        frame.api.deployments.defer("document", "openapi").order_by("-pk").prefetch_related("stages")[:_OFFERED]
    )
    before, after = two_of([row.deployment_id for row in rows], console.request.GET)
    changes = changes_between(_document(frame, before), _document(frame, after)) if rows else []
    return frame.page(
        "console/compare.html",
        deployments=rows,
        before=before,
        after=after,
        difference=Difference(changes),
        trail=[
            *frame.way,
            {"label": "Deployments", "url": frame.url("deployments")},
            {"label": "Compare"},
        ],
        cli=[
            Command("GetDeployment", {"restApiId": api_id, "deploymentId": one, "embed": ["apisummary"]})
            for one in dict.fromkeys((before, after))
        ],
    )


def two_of(newest: list[str], asked: Mapping[str, str]) -> tuple[str, str]:
    """The ids of the deployments to compare, the earlier first: those that were asked for, else the two newest."""
    after = asked.get("to") or (newest[0] if newest else "")
    return asked.get("from") or (newest[1] if len(newest) > 1 else after), after


def _document(frame: ApiFrame, deployment_id: str) -> documents.DeploymentDocument:
    """What was frozen. Raises NotFoundException for an id that is none of the API's."""
    frame.console.call("GetDeployment", {"restApiId": frame.api.id, "deploymentId": deployment_id})
    body = Deployment.objects.values_list("document", flat=True).get(rest_api=frame.api, deployment_id=deployment_id)
    document = documents.decode(body)
    assert isinstance(document, documents.DeploymentDocument)
    return document
