"""VPC links of REST APIs, and the targets that stand for the load balancers to which they lead."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from portal.console.api_frame import command_samples
from portal.console.commands import Command
from portal.console.fields import member_patch
from portal.console.gate import Console, Shape, console_page
from portal.console.load_balancer_forms import SERVICE, BalancerForm, balancer_of, initial_of, request_of
from portal.console.paging import page_of_answer
from portal.console.target_health import health_of

_EXAMPLE = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/shop/50dc6c495c0c9188"


class LinkForm(forms.Form):
    """A new link."""

    name = forms.CharField(max_length=1024, widget=forms.TextInput(attrs={"placeholder": "shop"}))
    description = forms.CharField(required=False)
    target = forms.CharField(
        label="Load balancer",
        help_text="The ARN of a network load balancer. What stands for it here is said on the link's page.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": _EXAMPLE}),
    )


@console_page("GET")
def vpc_links(console: Console) -> HttpResponseBase:
    """The links, and how many targets each leads to."""
    pages = page_of_answer(console, "GetVpcLinks")
    balancers = {one["loadBalancerArn"]: one for one in console.call("ListLoadBalancers", {}, SERVICE)["items"]}
    rows = [{**link, **_behind(balancers.get(link["targetArns"][0], {}))} for link in pages.rows]
    return console.page(
        "console/vpc_links.html",
        section="vpc-links",
        links=rows,
        pages=pages,
        subnet_pages=page_of_answer(console, "GetVpcLinks", "apigatewayv2", name="after"),
        cli=command_samples(console, [Command("GetVpcLinks"), Command("GetVpcLinks", service="apigatewayv2")]),
    )


def _behind(balancer: Shape) -> Shape:
    """What stands for a link's load balancer: how many targets, or the name at which they are looked up."""
    return {"count": len(balancer.get("targets", [])), "found_at": (balancer.get("discovery") or {}).get("name", "")}


@console_page("GET", "POST")
def create_vpc_link(console: Console) -> HttpResponseBase:
    """A new link; its targets come next."""
    form = LinkForm(console.posted)
    if form.is_valid():
        data = form.cleaned_data
        request = {"name": data["name"], "targetArns": [data["target"].strip()]}
        if data["description"]:
            request["description"] = data["description"]
        made = console.submit(form, "CreateVpcLink", request)
        if made is not None:
            messages.success(console.request, f"{made['name']} is there. Say what stands for its load balancer.")
            return redirect("console:vpc_link", made["id"])
    return console.page(
        "console/form_page.html",
        section="vpc-links",
        title="Create VPC link",
        note="Private integrations reach their back ends through it.",
        form=form,
        submit="Create VPC link",
        back=reverse("console:vpc_links"),
        trail=[{"label": "VPC links", "url": reverse("console:vpc_links")}, {"label": "Create VPC link"}],
        cli=command_samples(console, [Command("CreateVpcLink", {"name": "shop", "targetArns": [_EXAMPLE]})]),
        status=422 if form.errors else 200,
    )


@console_page("GET", "POST")
def vpc_link(console: Console, link_id: str) -> HttpResponseBase:
    """One link, with the targets of its load balancer."""
    link = console.call("GetVpcLink", {"vpcLinkId": link_id})
    arn = link["targetArns"][0]
    balancer = balancer_of(console, arn)
    form = BalancerForm(console.posted, initial=initial_of(balancer))
    request = request_of(arn, balancer, form.cleaned_data) if form.is_valid() else None
    if request and console.submit(form, "PutLoadBalancer", request, SERVICE) is not None:
        messages.success(console.request, "The targets are in use now.")
        return redirect("console:vpc_link", link_id)
    return console.page(
        "console/vpc_link.html",
        section="vpc-links",
        link=link,
        arn=arn,
        form=form,
        missing=balancer is None,
        health=health_of(console, arn),
        trail=[{"label": "VPC links", "url": reverse("console:vpc_links")}, {"label": link["name"]}],
        cli=command_samples(console, [Command("GetVpcLink", {"vpcLinkId": link_id})]),
        status=422 if form.errors else 200,
    )


@console_page("POST")
def rename_vpc_link(console: Console, link_id: str) -> HttpResponseBase:
    """Give a link another name and description."""
    link, given = console.call("GetVpcLink", {"vpcLinkId": link_id}), console.request.POST
    patches = [
        *member_patch("/name", link["name"], given.get("name", "").strip()),
        *member_patch("/description", link.get("description", ""), given.get("description", "").strip()),
    ]
    done = "The link is saved."
    if patches:
        console.attempt(done, "UpdateVpcLink", {"vpcLinkId": link_id, "patchOperations": patches})
    else:
        messages.success(console.request, done)
    return redirect("console:vpc_link", link_id)


@console_page("POST")
def forget_targets(console: Console, link_id: str) -> HttpResponseBase:
    """Let nothing stand for the link's load balancer any more."""
    arn = console.call("GetVpcLink", {"vpcLinkId": link_id})["targetArns"][0]
    console.attempt("The targets are forgotten.", "DeleteLoadBalancer", {"loadBalancerArn": arn}, SERVICE)
    return redirect("console:vpc_link", link_id)


@console_page("POST")
def delete_vpc_link(console: Console, link_id: str) -> HttpResponseBase:
    """Delete a link that no integration uses; its load balancer's targets stay for other links."""
    if console.attempt("The link is gone.", "DeleteVpcLink", {"vpcLinkId": link_id}) is None:
        return redirect("console:vpc_link", link_id)
    return redirect("console:vpc_links")
