"""Versions and aliases of Lambda functions."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect

from portal.console.function_forms import AliasForm
from portal.console.function_page import LAMBDA, aliases_of, function_page, version_numbers
from portal.console.gate import Console, console_page


@console_page("POST")
def publish_version(console: Console, name: str) -> HttpResponseBase:
    """Freeze code and configuration under the next number."""
    console.attempt("The version is published.", "PublishVersion", {"FunctionName": name}, LAMBDA)
    return redirect("console:function", name)


@console_page("POST")
def put_alias(console: Console, name: str) -> HttpResponseBase:
    """Make an alias, or point the one of that name elsewhere."""
    form = AliasForm(console.request.POST, prefix="alias", versions=version_numbers(console, name))
    if form.is_valid():
        data = form.cleaned_data
        known = {alias["Name"] for alias in aliases_of(console, name)}
        request = {"FunctionName": name, "Name": data["name"], "FunctionVersion": data["version"]}
        operation = "UpdateAlias" if data["name"] in known else "CreateAlias"
        if console.submit(form, operation, request, LAMBDA) is not None:
            messages.success(console.request, f"{data['name']} is version {data['version']}.")
            return redirect("console:function", name)
    return function_page(console, name, alias_form=form)


@console_page("POST")
def delete_alias(console: Console, name: str, alias: str) -> HttpResponseBase:
    """Take an alias away; versions stay."""
    console.attempt(f"The alias {alias} is gone.", "DeleteAlias", {"FunctionName": name, "Name": alias}, LAMBDA)
    return redirect("console:function", name)
