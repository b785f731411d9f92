"""Authorizers of a REST API: who decides whether a caller may, and trying one on a made-up request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from apps.control_plane.errors import AccessDeniedException
from apps.functions.models import Function
from apps.rest_apis.models import Method
from portal.console.api_frame import ApiFrame, api_frame
from portal.console.authorizer_decisions import Decision, decision_of
from portal.console.authorizer_forms import BY_FUNCTION, KINDS, AuthorizerForm, AuthorizerTestForm, initial_of
from portal.console.commands import Command
from portal.console.gate import Console, Shape, console_page
from portal.console.openapi_parts import SCHEMES
from portal.console.resources import resource_url

_OFFERED_FUNCTIONS = 100


@dataclass(frozen=True)
class Listed:
    """An authorizer in the list. `remembers` is seconds, None for tokens, which are remembered until they expire."""

    id: str
    name: str
    kind: str
    decider: str
    sources: list[str]
    remembers: int | None
    methods: int


@console_page("GET")
def authorizers(console: Console, api_id: str) -> HttpResponseBase:
    """The authorizers of an API, and how many methods each of them guards."""
    frame = api_frame(console, api_id, "authorizers")
    items = console.call("GetAuthorizers", {"restApiId": api_id, "limit": 500}).get("items", [])
    used = list(Method.objects.filter(resource__rest_api=frame.api).values_list("authorizer_id", flat=True))
    return frame.page(
        "console/authorizers.html",
        openapi=SCHEMES,
        authorizers=[_listed(item, used.count(item["id"])) for item in items],
        cli=[Command("GetAuthorizers", {"restApiId": api_id})],
    )


@console_page("GET", "POST")
def create_authorizer(console: Console, api_id: str) -> HttpResponseBase:
    """A new authorizer."""
    frame = api_frame(console, api_id, "authorizers")
    form = AuthorizerForm(console.posted, initial=initial_of({}))
    if form.is_valid():
        made = console.submit(form, "CreateAuthorizer", {"restApiId": api_id, **form.request()})
        if made is not None:
            messages.success(console.request, f"{made['name']} is in the draft. Methods can ask for it now.")
            return redirect("console:authorizer", api_id, made["id"])
    example = {
        "restApiId": api_id,
        "name": "signed-in",
        "type": "TOKEN",
        "identitySource": initial_of({})["sources"][0],
    }
    return _page(
        frame, "console/authorizer_create.html", form, "Create authorizer", [Command("CreateAuthorizer", example)]
    )


@console_page("GET", "POST")
def authorizer(console: Console, api_id: str, authorizer_id: str) -> HttpResponseBase:
    """One authorizer: its settings, the methods that it guards, and the panel that tries it."""
    frame = api_frame(console, api_id, "authorizers")
    names = {"restApiId": api_id, "authorizerId": authorizer_id}
    shape = console.call("GetAuthorizer", names)
    form = AuthorizerForm(console.posted, initial=initial_of(shape))
    if form.is_valid():
        patches = form.patches(shape)
        if not patches or console.submit(form, "UpdateAuthorizer", {**names, "patchOperations": patches}) is not None:
            messages.success(console.request, f"{form.cleaned_data['name']} is saved in the draft.")
            return redirect("console:authorizer", api_id, authorizer_id)
    return _authorizer_page(frame, shape, form, AuthorizerTestForm(prefix="test", initial=_test_initial(shape)))


@console_page("POST")
def test_authorizer(console: Console, api_id: str, authorizer_id: str) -> HttpResponseBase:
    """Ask the authorizer about a made-up request. A viewer may not."""
    if not console.may_write:
        raise AccessDeniedException("A viewer cannot make test calls.")
    frame = api_frame(console, api_id, "authorizers")
    names = {"restApiId": api_id, "authorizerId": authorizer_id}
    shape = console.call("GetAuthorizer", names)
    form = AuthorizerTestForm(console.request.POST, prefix="test")
    told = console.submit(form, "TestInvokeAuthorizer", {**names, **form.request()}) if form.is_valid() else None
    commands = [Command("TestInvokeAuthorizer", {**names, **form.request()})] if form.is_valid() else []
    unchanged = AuthorizerForm(initial=initial_of(shape))
    return _authorizer_page(
        frame, shape, unchanged, form, decision=None if told is None else decision_of(told), commands=commands
    )


@console_page("POST")
def delete_authorizer(console: Console, api_id: str, authorizer_id: str) -> HttpResponseBase:
    """Delete an authorizer that guards nothing; which method it guards is told otherwise."""
    request = {"restApiId": api_id, "authorizerId": authorizer_id}
    if console.attempt("The authorizer is gone from the draft.", "DeleteAuthorizer", request) is None:
        return redirect("console:authorizer", api_id, authorizer_id)
    return redirect("console:authorizers", api_id)


def _authorizer_page(
    frame: ApiFrame,
    shape: Shape,
    form: AuthorizerForm,
    test_form: AuthorizerTestForm,
    *,
    decision: Decision | None = None,
    commands: list[Command] | None = None,
) -> HttpResponse:
    names = {"restApiId": frame.api.id, "authorizerId": shape["id"]}
    rows = Method.objects.filter(resource__rest_api=frame.api, authorizer_id=shape["id"]).select_related("resource")
    guarded = [
        {
            "verb": row.http_method,
            "path": row.resource.path,
            "url": resource_url(frame.api.id, row.resource.resource_id, row.http_method),
        }
        for row in rows.order_by("resource__path", "http_method")
    ]
    patches = [{"op": "replace", "path": "/authorizerResultTtlInSeconds", "value": "60"}]
    example = Command("UpdateAuthorizer", {**names, "patchOperations": patches})
    return _page(
        frame,
        "console/authorizer.html",
        form,
        shape["name"],
        commands or [Command("GetAuthorizer", names), example],
        authorizer=shape,
        kind=KINDS.get(shape["type"], shape["type"]),
        guarded=guarded,
        test_form=test_form,
        decision=decision,
    )


def _page(
    frame: ApiFrame, template: str, form: AuthorizerForm, title: str, cli: list[Command], **context: Any
) -> HttpResponse:
    test_form = context.get("test_form")
    return frame.page(
        template,
        openapi=(*SCHEMES, title),
        form=form,
        title=title,
        functions=_functions(frame.console),
        trail=[
            *frame.way,
            {"label": "Authorizers", "url": frame.url("authorizers")},
            {"label": title},
        ],
        cli=cli,
        status=422 if form.errors or (test_form is not None and test_form.errors) else 200,
        **context,
    )


def _functions(console: Console) -> list[str]:
    """ARNs to choose among."""
    rows = Function.objects.filter(account_id=console.account_id, region=console.region).order_by("name")
    return [
        f"arn:aws:lambda:{console.region}:{console.account_id}:function:{row.name}" for row in rows[:_OFFERED_FUNCTIONS]
    ]


def _listed(item: Shape, methods: int) -> Listed:
    kind = item["type"]
    if kind in BY_FUNCTION:
        decider = item.get("authorizerUri", "").partition("/functions/")[2].removesuffix("/invocations")
    elif kind == "JWT":
        decider = ", ".join(issuer["issuer"] for issuer in item["jwtConfiguration"]["issuers"])
    else:
        decider = ", ".join(item.get("providerARNs", []))
    remembers = item.get("authorizerResultTtlInSeconds", 300) if kind in BY_FUNCTION else None
    sources = [source for source in item.get("identitySource", "").split(",") if source]
    return Listed(item["id"], item["name"], KINDS[kind], decider, sources, remembers, methods)


def _test_initial(shape: Shape) -> dict[str, Any]:
    """The headers that the authorizer reads, to be filled in."""
    sources = [source.strip() for source in shape.get("identitySource", "").split(",")]
    names = [source.rpartition(".header.")[2] for source in sources if ".header." in source.lower()]
    return {"headers": "\n".join(f"{name}: " for name in names), "target": "/"}
