"""The page of one Lambda function, which its forms come back to with their errors."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse

from apps.control_plane.errors import AwsError
from apps.functions.models import FunctionVersion
from portal.console.api_frame import command_samples
from portal.console.commands import Command
from portal.console.function_forms import (
    EVENTS,
    AliasForm,
    AllowForm,
    ConfigurationForm,
    EventForm,
    LimitsForm,
    PackageForm,
    SourceForm,
)
from portal.console.function_packages import Source, source_of
from portal.console.gate import Console, Shape

LAMBDA = "lambda"


@dataclass(frozen=True)
class Outcome:
    """What came of an invocation."""

    failed: bool
    payload: str
    log: str


def function_page(console: Console, name: str, *, outcome: Outcome | None = None, **given: forms.Form) -> HttpResponse:
    """The page of a function, with the one form that was sent back with errors."""
    row = latest_of(console, name)
    shape = console.call("GetFunctionConfiguration", {"FunctionName": name}, LAMBDA)
    source = _source(row)
    versions = version_numbers(console, name)
    page_forms: dict[str, forms.Form] = {
        "source_form": SourceForm(prefix="source", initial={"source": source.text, "revision": row.revision_id}),
        "package_form": PackageForm(prefix="package"),
        "configuration_form": ConfigurationForm(prefix="configuration", initial=_initial(shape), runtime=row.runtime),
        "limits_form": LimitsForm(prefix="limits", initial=_limits(console, name)),
        "event_form": EventForm(prefix="event", qualifiers=qualifiers_of(console, name)),
        "alias_form": AliasForm(prefix="alias", versions=versions),
        "allow_form": AllowForm(prefix="allow", console=console),
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
        versions=console.call("ListVersionsByFunction", {"FunctionName": name}, LAMBDA)["Versions"],
        aliases=aliases_of(console, name),
        statements=statements_of(console, name),
        trail=function_trail(name),
        cli=command_samples(
            console,
            [
                Command("GetFunction", {"FunctionName": name}, service=LAMBDA),
                Command("Invoke", event, service=LAMBDA),
            ],
        ),
        status=422 if any(form.errors for form in given.values()) else 200,
        **page_forms,
    )


def function_trail(name: str, step: str = "") -> list[dict[str, str]]:
    """The way to the page of a function, or to one behind it."""
    trail = [{"label": "Functions", "url": reverse("console:functions")}]
    if not step:
        return [*trail, {"label": name}]
    return [*trail, {"label": name, "url": reverse("console:function", args=[name])}, {"label": step}]


def latest_of(console: Console, name: str) -> FunctionVersion:
    """`$LATEST` with its package. Raises NotFoundException."""
    console.call("GetFunctionConfiguration", {"FunctionName": name}, LAMBDA)
    return FunctionVersion.objects.select_related("function", "code").get(
        function__account_id=console.account_id, function__region=console.region, function__name=name, version="$LATEST"
    )


def _source(row: FunctionVersion) -> Source:
    return source_of(bytes(row.code.body), row.runtime, row.handler)


def _initial(shape: Shape) -> dict[str, Any]:
    return {
        "description": shape.get("Description", ""),
        "runtime": shape["Runtime"],
        "handler": shape["Handler"],
        "timeout": shape["Timeout"],
        "memory": shape["MemorySize"],
        "environment": shape.get("Environment", {}).get("Variables", {}),
    }


def _limits(console: Console, name: str) -> dict[str, Any]:
    reserved = console.call("GetFunctionConcurrency", {"FunctionName": name}, LAMBDA)
    tags = console.call("GetFunction", {"FunctionName": name}, LAMBDA).get("Tags", {})
    return {"reserved": reserved.get("ReservedConcurrentExecutions"), "tags": tags}


def qualifiers_of(console: Console, name: str) -> list[str]:
    """What can be invoked: versions, the latest first, and aliases."""
    return [*version_numbers(console, name), *(str(alias["Name"]) for alias in aliases_of(console, name))]


def statements_of(console: Console, name: str) -> list[Shape]:
    """Who may invoke the function, besides the account itself."""
    try:
        policy = json.loads(console.call("GetPolicy", {"FunctionName": name}, LAMBDA)["Policy"])
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


def version_numbers(console: Console, name: str) -> list[str]:
    answer = console.call("ListVersionsByFunction", {"FunctionName": name}, LAMBDA)
    return [str(one["Version"]) for one in answer["Versions"]]


def aliases_of(console: Console, name: str) -> list[Shape]:
    return list(console.call("ListAliases", {"FunctionName": name}, LAMBDA)["Aliases"])
