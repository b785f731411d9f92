"""Integrations of an HTTP or WebSocket API, and the integration responses of the latter."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponseBase

from apps.control_plane.v2.integration_subtypes import SUBTYPES
from apps.v2_apis.models import Integration, VpcLink
from portal.console.function_grants import grant_invocation
from portal.console.gate import Console, Shape, console_page
from portal.console.paging import page_of_rows
from portal.console.v2_frame import V2Frame, given, map_change, v2_frame
from portal.console.v2_integration_facts import integration_facts, type_of
from portal.console.v2_integration_forms import (
    HttpIntegrationForm,
    IntegrationForm,
    IntegrationResponseForm,
    WebSocketIntegrationForm,
)
from portal.console.v2_route_forms import described


@console_page("GET")
def integrations(console: Console, api_id: str) -> HttpResponseBase:
    """All integrations, with the routes that lead to them."""
    frame = v2_frame(console, api_id, "v2_integrations")
    pages = page_of_rows(console, frame.api.integrations.select_related("api").prefetch_related("routes"), "pk")
    rows = [
        {"integration": row, "type": type_of(row), "target": described(row), "routes": list(row.routes.all())}
        for row in pages.rows
    ]
    return frame.page(
        "console/v2/integrations.html",
        steps=("Integrations",),
        rows=rows,
        pages=pages,
        cli=[frame.command("GetIntegrations")],
    )


@console_page("GET", "POST")
def create_integration(console: Console, api_id: str) -> HttpResponseBase:
    """A new integration, for routes to lead to."""
    frame = v2_frame(console, api_id, "v2_integrations")
    form = _form(frame)
    if form.is_valid() and frame.saves(
        form, "CreateIntegration", "The integration exists: let a route lead to it.", **given(form.members())
    ):
        _grant(frame, form.members())
        return frame.to("v2_integrations")
    example = {"IntegrationType": "HTTP_PROXY", "IntegrationUri": "https://example.com", "IntegrationMethod": "ANY"}
    command = frame.command("CreateIntegration", **example, PayloadFormatVersion="1.0")
    return _page(frame, form, "Create integration", "Create integration", frame.url("v2_integrations"), command)


def _grant(frame: V2Frame, members: Shape) -> None:
    """A function that is invoked with a role needs no more; any other is allowed to be."""
    if not members.get("CredentialsArn"):
        grant_invocation(frame.console, frame.api.id, members.get("IntegrationUri"))


@console_page("GET", "POST")
def integration(console: Console, api_id: str, integration_id: str) -> HttpResponseBase:
    """One integration: what it does, and its responses."""
    frame = v2_frame(console, api_id, "v2_integrations")
    row = _integration(frame, integration_id)
    return frame.page(
        "console/v2/integration.html",
        steps=(("Integrations", frame.url("v2_integrations")), described(row)),
        integration=row,
        title=described(row),
        facts=integration_facts(row),
        routes=row.routes.order_by("route_key"),
        responses=row.responses.order_by("integration_response_key"),
        has_responses=frame.api.websocket and not row.integration_type.endswith("_PROXY"),
        cli=[frame.command("GetIntegration", IntegrationId=integration_id)],
    )


@console_page("GET", "POST")
def edit_integration(console: Console, api_id: str, integration_id: str) -> HttpResponseBase:
    """Change an integration; its kind stays."""
    frame = v2_frame(console, api_id, "v2_integrations")
    row = _integration(frame, integration_id)
    form = _form(frame, row)
    if form.is_valid() and frame.saves(
        form, "UpdateIntegration", "The integration is saved.", IntegrationId=integration_id, **form.members()
    ):
        _grant(frame, form.members())
        return frame.to("v2_integration", integration_id)
    command = frame.command("UpdateIntegration", IntegrationId=integration_id, TimeoutInMillis=5000)
    back = frame.url("v2_integration", integration_id)
    return _page(frame, form, "Edit integration", "Save integration", back, command)


@console_page("POST")
def delete_integration(console: Console, api_id: str, integration_id: str) -> HttpResponseBase:
    """Delete an integration that no route leads to."""
    frame = v2_frame(console, api_id, "v2_integrations")
    if frame.attempt("The integration is gone.", "DeleteIntegration", IntegrationId=integration_id):
        return frame.to("v2_integrations")
    return frame.to("v2_integration", integration_id)


@console_page("GET", "POST")
def integration_response(console: Console, api_id: str, integration_id: str, response_id: str = "") -> HttpResponseBase:
    """A new integration response, or one that is there."""
    frame = v2_frame(console, api_id, "v2_integrations")
    row = _integration(frame, integration_id)
    names = {"IntegrationId": integration_id}
    before: Shape = {}
    if response_id:
        names["IntegrationResponseId"] = response_id
        before = frame.call("GetIntegrationResponse", **names)
    form = IntegrationResponseForm(console.posted, initial=_response_initial(before))
    operation = "UpdateIntegrationResponse" if response_id else "CreateIntegrationResponse"
    if form.is_valid():
        members = _response_members(form.cleaned_data, before)
        if frame.saves(form, operation, "The response is saved.", **names, **members):
            return frame.to("v2_integration", integration_id)
    here = frame.url("v2_integration", integration_id)
    title = f"Response {before['IntegrationResponseKey']}" if before else "Create integration response"
    return frame.page(
        "console/v2/form.html",
        steps=(("Integrations", frame.url("v2_integrations")), (described(row), here), title),
        form=form,
        title=title,
        submit="Save response",
        back=here,
        cli=[frame.command(operation, **names, IntegrationResponseKey="$default")],
    )


@console_page("POST")
def delete_integration_response(
    console: Console, api_id: str, integration_id: str, response_id: str
) -> HttpResponseBase:
    """Delete an integration response."""
    frame = v2_frame(console, api_id, "v2_integrations")
    names = {"IntegrationId": integration_id, "IntegrationResponseId": response_id}
    frame.attempt("The response is gone.", "DeleteIntegrationResponse", **names)
    return frame.to("v2_integration", integration_id)


def _page(frame: V2Frame, form: IntegrationForm, title: str, submit: str, back: str, command: Any) -> HttpResponseBase:
    return frame.page(
        "console/v2/integration_form.html",
        steps=(("Integrations", frame.url("v2_integrations")), title),
        form=form,
        title=title,
        submit=submit,
        back=back,
        subtypes=[] if frame.api.websocket else [
            (name, sorted(arguments.required), sorted(arguments.optional)) for name, arguments in SUBTYPES.items()
        ],
        cli=[command],
    )  # fmt: skip


def _form(frame: V2Frame, row: Integration | None = None) -> IntegrationForm:
    api, posted = frame.api, frame.console.posted
    if api.websocket:
        return WebSocketIntegrationForm(posted, row=row)
    links = VpcLink.objects.filter(account_id=api.account_id, region=api.region).order_by("name")
    return HttpIntegrationForm(
        posted, row=row, links=[(link.link_id, f"{link.name} ({link.link_id})") for link in links]
    )


def _integration(frame: V2Frame, integration_id: str) -> Integration:
    row = frame.api.integrations.select_related("api").filter(integration_id=integration_id).first()
    if row is None:
        raise Http404("no such integration")
    return row


def _response_initial(before: Shape) -> dict[str, Any]:
    if not before:
        return {}
    return {
        "key": before["IntegrationResponseKey"],
        "template_expression": before.get("TemplateSelectionExpression", ""),
        "templates": before.get("ResponseTemplates", {}),
        "parameters": before.get("ResponseParameters", {}),
        "content_handling": before.get("ContentHandlingStrategy", ""),
    }


def _response_members(data: dict[str, Any], before: Shape) -> Shape:
    members = {
        "IntegrationResponseKey": data["key"],
        "TemplateSelectionExpression": data["template_expression"],
        "ResponseTemplates": map_change(before.get("ResponseTemplates", {}), data["templates"]),
        "ResponseParameters": map_change(before.get("ResponseParameters", {}), data["parameters"]),
    }
    if data["content_handling"]:
        members["ContentHandlingStrategy"] = data["content_handling"]
    return members
