"""Settings of the account: the limits that all of its APIs share in a region."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect

from portal.console.api_frame import command_samples
from portal.console.commands import Command
from portal.console.fields import plain
from portal.console.gate import Console, console_page


class ThrottleForm(forms.Form):
    """The account's token bucket."""

    rate = forms.FloatField(label="Rate", min_value=0, help_text="Requests per second over all APIs of this region.")
    burst = forms.IntegerField(label="Burst", min_value=0, help_text="Requests at once.")


@console_page("POST")
def log_role(console: Console) -> HttpResponseBase:
    """The role that AWS's API Gateway writes logs with. Here it is kept and told; logs need none."""
    arn = console.request.POST.get("role", "").strip()
    patch = {"op": "replace", "path": "/cloudwatchRoleArn", "value": arn}
    console.attempt("The role is saved.", "UpdateAccount", {"patchOperations": [patch]})
    return redirect("console:account")


@console_page("GET", "POST")
def account(console: Console) -> HttpResponseBase:
    """The page; the throttle is ours to change, on AWS only support can."""
    shape = console.call("GetAccount")
    throttle = shape["throttleSettings"]
    initial = {"rate": plain(throttle["rateLimit"]), "burst": throttle["burstLimit"]}
    form = ThrottleForm(console.posted, initial=initial)
    if form.is_valid():
        request = {"rateLimit": form.cleaned_data["rate"], "burstLimit": form.cleaned_data["burst"]}
        if console.submit(form, "UpdateAccountThrottle", request, "gatehouse") is not None:
            messages.success(console.request, "The account's limits act now.")
            return redirect("console:account")
    return console.page(
        "console/account.html",
        section="settings",
        account=shape,
        form=form,
        cli=command_samples(console, [Command("GetAccount")]),
        status=422 if form.errors else 200,
    )
