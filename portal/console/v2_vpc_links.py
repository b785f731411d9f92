"""VPC links of HTTP APIs: into the subnets of a VPC. Nothing has to be built behind one here."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from portal.console.api_frame import command_samples
from portal.console.commands import Command
from portal.console.fields import LinesField
from portal.console.gate import Console, console_page
from portal.console.v2_frame import SERVICE, given

_EXAMPLE = {"Name": "shop", "SubnetIds": ["subnet-0a1b2c3d"]}


class SubnetLinkForm(forms.Form):
    """A new link."""

    name = forms.CharField(max_length=128, widget=forms.TextInput(attrs={"placeholder": "shop"}))
    subnets = LinesField(label="Subnets", placeholder="subnet-0a1b2c3d", help_text="Their ids, one per line.")
    groups = LinesField(label="Security groups", placeholder="sg-0a1b2c3d", help_text="Their ids, one per line.")

    def clean_subnets(self) -> list[str]:
        subnets: list[str] = self.cleaned_data["subnets"]
        if not subnets:
            raise forms.ValidationError("Name at least one subnet.")
        return subnets


@console_page("GET", "POST")
def create_subnet_link(console: Console) -> HttpResponseBase:
    """A new link for private integrations of HTTP APIs."""
    form = SubnetLinkForm(console.posted)
    if form.is_valid():
        data = form.cleaned_data
        request = {"Name": data["name"], "SubnetIds": data["subnets"], "SecurityGroupIds": data["groups"]}
        made = console.submit(form, "CreateVpcLink", given(request), SERVICE)
        if made is not None:
            messages.success(console.request, f"{made['Name']} can be chosen in integrations of HTTP APIs.")
            return redirect("console:vpc_links")
    return console.page(
        "console/form_page.html",
        section="vpc-links",
        title="Create VPC link for HTTP APIs",
        note="Their private integrations name it, and the load balancer, listener or Cloud Map service behind it.",
        form=form,
        submit="Create VPC link",
        back=reverse("console:vpc_links"),
        trail=[{"label": "VPC links", "url": reverse("console:vpc_links")}, {"label": "Create VPC link"}],
        cli=command_samples(console, [Command("CreateVpcLink", _EXAMPLE, service=SERVICE)]),
        status=422 if form.errors else 200,
    )


@console_page("POST")
def rename_subnet_link(console: Console, link_id: str) -> HttpResponseBase:
    """Give a link another name."""
    request = {"VpcLinkId": link_id, "Name": console.request.POST.get("name", "").strip()}
    console.attempt("The link has its new name.", "UpdateVpcLink", request, SERVICE)
    return redirect("console:vpc_links")


@console_page("POST")
def delete_subnet_link(console: Console, link_id: str) -> HttpResponseBase:
    """Delete a link that no integration uses."""
    console.attempt("The link is gone.", "DeleteVpcLink", {"VpcLinkId": link_id}, SERVICE)
    return redirect("console:vpc_links")
