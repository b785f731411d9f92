"""Lambda functions of the account: listed, made, configured, deleted."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from portal.console.api_frame import command_samples
from portal.console.commands import Command
from portal.console.function_forms import ConfigurationForm, LimitsForm, NewFunctionForm, PackageForm
from portal.console.function_page import LAMBDA, function_page, latest_of
from portal.console.gate import Console, Shape, console_page

_PAGE = 50
_ROLE = "arn:aws:iam::{account}:role/lambda"


@console_page("GET")
def functions(console: Console) -> HttpResponseBase:
    """The functions by name."""
    marker = console.request.GET.get("position", "")
    asked: Shape = {"MaxItems": _PAGE, **({"Marker": marker} if marker else {})}
    answer = console.call("ListFunctions", asked, LAMBDA)
    return console.page(
        "console/functions.html",
        section="functions",
        functions=answer["Functions"],
        first_url=reverse("console:functions") if marker else "",
        next_url="?" + urlencode({"position": answer["NextMarker"]}) if answer.get("NextMarker") else "",
        cli=command_samples(console, [Command("ListFunctions", service=LAMBDA)]),
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
        if console.submit(form, "CreateFunction", request, LAMBDA) is not None:
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
        trail=[{"label": "Functions", "url": reverse("console:functions")}, {"label": "Create function"}],
        cli=command_samples(console, [Command("CreateFunction", example, service=LAMBDA)]),
        status=422 if form.errors else 200,
    )


@console_page("GET")
def function(console: Console, name: str) -> HttpResponseBase:
    """One function: source, test, configuration, versions and permissions."""
    return function_page(console, name)


@console_page("POST")
def upload_package(console: Console, name: str) -> HttpResponseBase:
    """Replace all of the code."""
    form = PackageForm(console.request.POST, console.request.FILES, prefix="package")
    if form.is_valid():
        request = {"FunctionName": name, "ZipFile": form.cleaned_data["package"].read()}
        if console.submit(form, "UpdateFunctionCode", request, LAMBDA) is not None:
            messages.success(console.request, "The package is in place. The next invocation runs it.")
            return redirect("console:function", name)
    return function_page(console, name, package_form=form)


@console_page("POST")
def configure_function(console: Console, name: str) -> HttpResponseBase:
    """Change how the function runs."""
    runtime = latest_of(console, name).runtime
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
        if console.submit(form, "UpdateFunctionConfiguration", request, LAMBDA) is not None:
            messages.success(console.request, "The configuration acts from the next invocation on.")
            return redirect("console:function", name)
    return function_page(console, name, configuration_form=form)


@console_page("POST")
def limit_function(console: Console, name: str) -> HttpResponseBase:
    """Reserve invocations for the function, or none in particular, and give it other tags."""
    form = LimitsForm(console.request.POST, prefix="limits")
    if form.is_valid() and console.carry_out(form, lambda: _save_limits(console, name, form)) is not None:
        messages.success(console.request, "Concurrency and tags are saved.")
        return redirect("console:function", name)
    return function_page(console, name, limits_form=form)


def _save_limits(console: Console, name: str, form: LimitsForm) -> Shape:
    reserved, tags = form.cleaned_data["reserved"], form.cleaned_data["tags"]
    told = console.call("GetFunction", {"FunctionName": name}, LAMBDA)
    arn, known = told["Configuration"]["FunctionArn"], told.get("Tags", {})
    gone = [key for key in known if key not in tags]
    with transaction.atomic():
        if reserved is None:
            console.call("DeleteFunctionConcurrency", {"FunctionName": name}, LAMBDA)
        else:
            limit = {"FunctionName": name, "ReservedConcurrentExecutions": reserved}
            console.call("PutFunctionConcurrency", limit, LAMBDA)
        if gone:
            console.call("UntagResource", {"Resource": arn, "TagKeys": gone}, LAMBDA)
        if tags:
            console.call("TagResource", {"Resource": arn, "Tags": tags}, LAMBDA)
    return {}


@console_page("POST")
def delete_function(console: Console, name: str) -> HttpResponseBase:
    """Delete a function, after its name has been typed."""
    if console.request.POST.get("confirmation", "").strip() != name:
        messages.error(console.request, f"Type {name} to delete the function. Nothing was deleted.")
        return redirect("console:function", name)
    if console.attempt(f"{name} is gone.", "DeleteFunction", {"FunctionName": name}, LAMBDA) is None:
        return redirect("console:function", name)
    return redirect("console:functions")
