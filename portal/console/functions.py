"""Lambda functions of the account: listed, made, edited, tried, published, and lent to APIs."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from apps.control_plane.errors import AccessDeniedException, AwsError
from apps.functions.models import FunctionVersion
from apps.rest_apis.models import RestApi
from apps.v2_apis.models import Api
from portal.console.api_frame import command_samples
from portal.console.commands import Command
from portal.console.function_forms import (
    EVENTS,
    AliasForm,
    AllowForm,
    ConfigurationForm,
    EventForm,
    NewFunctionForm,
    PackageForm,
    SourceForm,
)
from portal.console.function_packages import Source, replaced, source_of
from portal.console.gate import Console, Shape, console_page
from portal.highlighting import highlight_json

_PAGE = 50
_MOST_APIS = 200
_ROLE = "arn:aws:iam::{account}:role/lambda"
_SERVICE = "lambda"


@dataclass(frozen=True)
class Outcome:
    """What came of an invocation."""

    failed: bool
    payload: str
    log: str


@console_page("GET")
def functions(console: Console) -> HttpResponseBase:
    """The functions by name."""
    marker = console.request.GET.get("position", "")
    asked: Shape = {"MaxItems": _PAGE, **({"Marker": marker} if marker else {})}
    answer = console.call("ListFunctions", asked, _SERVICE)
    return console.page(
        "console/functions.html",
        section="functions",
        functions=answer["Functions"],
        first_url=reverse("console:functions") if marker else "",
        next_url="?" + urlencode({"position": answer["NextMarker"]}) if answer.get("NextMarker") else "",
        cli=command_samples(console, [Command("ListFunctions", service=_SERVICE)]),
    )


@console_page("GET", "POST")
def create_function(console: Console) -> HttpResponseBase:
    """A new function; it can be invoked at once."""
    form = NewFunctionForm(console.posted, console.request.FILES if console.posted is not None else None)
    if form.is_valid():
        package, handler = form.code()
        request = {
            "FunctionName": form.cleaned_data["name"],
            "Runtime": form.cleaned_data["runtime"],
            "Handler": handler,
            "Role": _ROLE.format(account=console.account_id),
            "Code": {"ZipFile": package},
        }
        if console.submit(form, "CreateFunction", request, _SERVICE) is not None:
            messages.success(console.request, f"{request['FunctionName']} can be invoked now.")
            return redirect("console:function", request["FunctionName"])
    example = {
        "FunctionName": "pets",
        "Runtime": "python3.12",
        "Handler": "app.handler",
        "Role": _ROLE.format(account=console.account_id),
    }
    return console.page(
        "console/function_create.html",
        section="functions",
        form=form,
        trail=[{"label": "Functions", "url": reverse("console:functions")}, {"label": "New function"}],
        cli=command_samples(console, [Command("CreateFunction", example, service=_SERVICE)]),
        status=422 if form.errors else 200,
    )


@console_page("GET")
def function(console: Console, name: str) -> HttpResponseBase:
    """One function: source, test, configuration, versions and permissions."""
    return _page(console, name)


@console_page("POST")
def save_source(console: Console, name: str) -> HttpResponseBase:
    """Give the file with the handler another text."""
    row = _latest(console, name)
    form = SourceForm(console.request.POST, prefix="source")
    found = _source(row)
    if form.is_valid() and found.editable:
        package = replaced(bytes(row.code.body), found.name, form.cleaned_data["source"])
        request = {"FunctionName": name, "ZipFile": package}
        if console.submit(form, "UpdateFunctionCode", request, _SERVICE) is not None:
            messages.success(console.request, "Saved. The next invocation runs it.")
            return redirect("console:function", name)
    return _page(console, name, source_form=form)


@console_page("POST")
def upload_package(console: Console, name: str) -> HttpResponseBase:
    """Replace all of the code."""
    form = PackageForm(console.request.POST, console.request.FILES, prefix="package")
    if form.is_valid():
        request = {"FunctionName": name, "ZipFile": form.cleaned_data["package"].read()}
        if console.submit(form, "UpdateFunctionCode", request, _SERVICE) is not None:
            messages.success(console.request, "The package is in place. The next invocation runs it.")
            return redirect("console:function", name)
    return _page(console, name, package_form=form)


@console_page("POST")
def configure_function(console: Console, name: str) -> HttpResponseBase:
    """Change how the function runs."""
    runtime = _latest(console, name).runtime
    form = ConfigurationForm(console.request.POST, prefix="configuration", runtime=runtime)
    if form.is_valid():
        data = form.cleaned_data
        request = {
            "FunctionName": name,
            "Description": data["description"],
            "Runtime": data["runtime"],
            "Handler": data["handler"],
            "Timeout": data["timeout"],
            "MemorySize": data["memory"],
            "Environment": {"Variables": data["environment"]},
        }
        if console.submit(form, "UpdateFunctionConfiguration", request, _SERVICE) is not None:
            messages.success(console.request, "The configuration acts from the next invocation on.")
            return redirect("console:function", name)
    return _page(console, name, configuration_form=form)


@console_page("POST")
def invoke_function(console: Console, name: str) -> HttpResponseBase:
    """Run the function on an event, and show what it returned and printed."""
    if not console.may_write:
        raise AccessDeniedException("A viewer cannot invoke functions.")
    form = EventForm(console.request.POST, prefix="event")
    outcome: Outcome | None = None
    if form.is_valid():
        request = {"FunctionName": name, "Payload": form.cleaned_data["event"].encode(), "LogType": "Tail"}
        told = console.submit(form, "Invoke", request, _SERVICE)
        outcome = _outcome(told) if told is not None else None
    return _page(console, name, event_form=form, outcome=outcome)


@console_page("POST")
def publish_version(console: Console, name: str) -> HttpResponseBase:
    """Freeze code and configuration under the next number."""
    console.attempt("The version is published.", "PublishVersion", {"FunctionName": name}, _SERVICE)
    return redirect("console:function", name)


@console_page("POST")
def put_alias(console: Console, name: str) -> HttpResponseBase:
    """Make an alias, or point the one of that name elsewhere."""
    form = AliasForm(console.request.POST, prefix="alias", versions=_versions(console, name))
    if form.is_valid():
        data = form.cleaned_data
        known = {alias["Name"] for alias in _aliases(console, name)}
        request = {"FunctionName": name, "Name": data["name"], "FunctionVersion": data["version"]}
        operation = "UpdateAlias" if data["name"] in known else "CreateAlias"
        if console.submit(form, operation, request, _SERVICE) is not None:
            messages.success(console.request, f"{data['name']} is version {data['version']}.")
            return redirect("console:function", name)
    return _page(console, name, alias_form=form)


@console_page("POST")
def delete_alias(console: Console, name: str, alias: str) -> HttpResponseBase:
    """Take an alias away; versions stay."""
    console.attempt(f"The alias {alias} is gone.", "DeleteAlias", {"FunctionName": name, "Name": alias}, _SERVICE)
    return redirect("console:function", name)


@console_page("POST")
def allow_api(console: Console, name: str) -> HttpResponseBase:
    """Let an API of the account invoke the function."""
    form = AllowForm(console.request.POST, prefix="allow", apis=_apis(console))
    if form.is_valid():
        api_id = form.cleaned_data["api"]
        request = {
            "FunctionName": name,
            "StatementId": f"api-{api_id}-{secrets.token_hex(3)}",
            "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": f"arn:aws:execute-api:{console.region}:{console.account_id}:{api_id}/*",
        }
        if console.submit(form, "AddPermission", request, _SERVICE) is not None:
            messages.success(console.request, "The API may invoke the function.")
            return redirect("console:function", name)
    return _page(console, name, allow_form=form)


@console_page("POST")
def revoke_permission(console: Console, name: str, statement: str) -> HttpResponseBase:
    """Take a permission away."""
    request = {"FunctionName": name, "StatementId": statement}
    console.attempt("Whoever it named may invoke the function no more.", "RemovePermission", request, _SERVICE)
    return redirect("console:function", name)


@console_page("POST")
def delete_function(console: Console, name: str) -> HttpResponseBase:
    """Delete a function, after its name has been typed."""
    if console.request.POST.get("confirmation", "").strip() != name:
        messages.error(console.request, f"Type {name} to delete the function. Nothing was deleted.")
        return redirect("console:function", name)
    if console.attempt(f"{name} is gone.", "DeleteFunction", {"FunctionName": name}, _SERVICE) is None:
        return redirect("console:function", name)
    return redirect("console:functions")


def _page(console: Console, name: str, *, outcome: Outcome | None = None, **given: forms.Form) -> HttpResponse:
    """The page of a function, with the one form that was sent back with errors."""
    row = _latest(console, name)
    shape = console.call("GetFunctionConfiguration", {"FunctionName": name}, _SERVICE)
    source = _source(row)
    versions, apis = _versions(console, name), _apis(console)
    page_forms: dict[str, forms.Form] = {
        "source_form": SourceForm(prefix="source", initial={"source": source.text}),
        "package_form": PackageForm(prefix="package"),
        "configuration_form": ConfigurationForm(prefix="configuration", initial=_initial(shape), runtime=row.runtime),
        "event_form": EventForm(prefix="event"),
        "alias_form": AliasForm(prefix="alias", versions=versions),
        "allow_form": AllowForm(prefix="allow", apis=apis),
        **given,
    }
    event = {"FunctionName": name, "LogType": "Tail"}
    return console.page(
        "console/function.html",
        section="functions",
        function=shape,
        source=source,
        outcome=outcome,
        events=[(label, json.dumps(value, indent=2)) for label, value in EVENTS.items()],
        versions=console.call("ListVersionsByFunction", {"FunctionName": name}, _SERVICE)["Versions"],
        aliases=_aliases(console, name),
        statements=_statements(console, name),
        apis=apis,
        trail=[{"label": "Functions", "url": reverse("console:functions")}, {"label": name}],
        cli=command_samples(
            console,
            [
                Command("GetFunction", {"FunctionName": name}, service=_SERVICE),
                Command("Invoke", event, service=_SERVICE),
            ],
        ),
        status=422 if any(form.errors for form in given.values()) else 200,
        **page_forms,
    )


def _latest(console: Console, name: str) -> FunctionVersion:
    """`$LATEST` with its package. Raises NotFoundException."""
    console.call("GetFunctionConfiguration", {"FunctionName": name}, _SERVICE)
    return FunctionVersion.objects.select_related("function", "code").get(
        function__account_id=console.account_id, function__region=console.region, function__name=name, version="$LATEST"
    )


def _source(row: FunctionVersion) -> Source:
    return source_of(bytes(row.code.body), row.runtime, row.handler)


def _versions(console: Console, name: str) -> list[str]:
    answer = console.call("ListVersionsByFunction", {"FunctionName": name}, _SERVICE)
    return [str(one["Version"]) for one in answer["Versions"]]


def _aliases(console: Console, name: str) -> list[Shape]:
    return list(console.call("ListAliases", {"FunctionName": name}, _SERVICE)["Aliases"])


def _statements(console: Console, name: str) -> list[Shape]:
    """Who may invoke the function, besides the account itself."""
    try:
        policy = json.loads(console.call("GetPolicy", {"FunctionName": name}, _SERVICE)["Policy"])
    except AwsError as error:
        if error.status != 404:
            raise
        return []
    return [
        {
            "id": one["Sid"],
            "principal": _principal(one["Principal"]),
            "source": one.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn", ""),
        }
        for one in policy["Statement"]
    ]


def _principal(principal: Any) -> str:
    return ", ".join(map(str, principal.values())) if isinstance(principal, dict) else str(principal)


def _apis(console: Console) -> list[tuple[str, str]]:
    mine = {"account_id": console.account_id, "region": console.region}
    rest = list(RestApi.objects.filter(**mine).order_by("name").values_list("id", "name")[:_MOST_APIS])
    v2 = list(Api.objects.filter(**mine).order_by("name").values_list("id", "name")[:_MOST_APIS])
    return [(api_id, f"{name} ({api_id})") for api_id, name in [*rest, *v2]]


def _initial(shape: Shape) -> dict[str, Any]:
    return {
        "description": shape.get("Description", ""),
        "runtime": shape["Runtime"],
        "handler": shape["Handler"],
        "timeout": shape["Timeout"],
        "memory": shape["MemorySize"],
        "environment": shape.get("Environment", {}).get("Variables", {}),
    }


def _outcome(told: Shape) -> Outcome:
    text = bytes(told.get("Payload") or b"").decode("utf-8", "replace")
    try:
        payload: str = highlight_json(json.dumps(json.loads(text), indent=2, ensure_ascii=False))
    except ValueError:
        payload = text
    log = base64.b64decode(told.get("LogResult") or "").decode("utf-8", "replace")
    return Outcome(bool(told.get("FunctionError")), payload, log)
