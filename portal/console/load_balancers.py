"""Load balancers: what stands here for the ARNs that VPC links and private integrations name, and how that is."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from portal.console.api_frame import command_samples
from portal.console.commands import Command
from portal.console.gate import Console, console_page
from portal.console.load_balancer_forms import SERVICE, BalancerForm, NewBalancerForm, initial_of, request_of
from portal.console.paging import page_of_items
from portal.console.target_health import health_of

_SECTION = "vpc-links"


@console_page("GET")
def load_balancers(console: Console) -> HttpResponseBase:
    """All of the region, with how their targets are."""
    found = console.call("ListLoadBalancers", {}, SERVICE)["items"]
    pages = page_of_items(console, ((one["loadBalancerArn"], one) for one in found))
    rows = [
        {
            "arn": one["loadBalancerArn"],
            "discovery": one.get("discovery"),
            "targets": len(one.get("targets") or []),
            "health": health_of(console, one["loadBalancerArn"]),
        }
        for one in pages.rows
    ]
    return console.page(
        "console/load_balancers.html",
        section=_SECTION,
        rows=rows,
        pages=pages,
        trail=[{"label": "VPC links", "url": reverse("console:vpc_links")}, {"label": "Load balancers"}],
        cli=command_samples(console, [Command("ListLoadBalancers", service=SERVICE)]),
    )


@console_page("GET", "POST")
def create_load_balancer(console: Console) -> HttpResponseBase:
    """Say what stands for another ARN."""
    form = NewBalancerForm(console.posted)
    if form.is_valid():
        arn = form.cleaned_data["arn"].strip()
        if console.submit(form, "PutLoadBalancer", request_of(arn, None, form.cleaned_data), SERVICE) is not None:
            messages.success(console.request, "Calls go to the targets from now on.")
            return redirect("console:load_balancer", arn)
    return console.page(
        "console/form_page.html",
        section=_SECTION,
        title="New load balancer",
        note="What stands here for an ARN: calls through VPC links are spread over its targets.",
        form=form,
        submit="Save",
        back=reverse("console:load_balancers"),
        trail=[*_trail(), {"label": "New load balancer"}],
        status=422 if form.errors else 200,
    )


@console_page("GET", "POST")
def load_balancer(console: Console, arn: str) -> HttpResponseBase:
    """One load balancer: how its targets are, and which they are."""
    balancer = console.call("GetLoadBalancer", {"loadBalancerArn": arn}, SERVICE)
    form = BalancerForm(console.posted, initial=initial_of(balancer))
    if form.is_valid():
        request = request_of(arn, balancer, form.cleaned_data)
        if console.submit(form, "PutLoadBalancer", request, SERVICE) is not None:
            messages.success(console.request, "The targets are in use now.")
            return redirect("console:load_balancer", arn)
    return console.page(
        "console/load_balancer.html",
        section=_SECTION,
        arn=arn,
        short=arn.rpartition(":")[2],
        form=form,
        health=health_of(console, arn),
        trail=[*_trail(), {"label": arn.rpartition(":")[2]}],
        cli=command_samples(console, [Command("GetTargetHealth", {"loadBalancerArn": arn}, service=SERVICE)]),
        status=422 if form.errors else 200,
    )


@console_page("POST")
def delete_load_balancer(console: Console, arn: str) -> HttpResponseBase:
    """Let nothing stand for an ARN any more."""
    done = "Nothing stands for it any more; calls through links to it fail."
    console.attempt(done, "DeleteLoadBalancer", {"loadBalancerArn": arn}, SERVICE)
    return redirect("console:load_balancers")


def _trail() -> list[dict[str, str]]:
    return [
        {"label": "VPC links", "url": reverse("console:vpc_links")},
        {"label": "Load balancers", "url": reverse("console:load_balancers")},
    ]
