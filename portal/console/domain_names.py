"""Custom domain names: hosts of one's own, what they show over HTTPS, and whom they let in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from apps.control_plane.errors import AwsError
from apps.control_plane.paging import page
from apps.domain_names.certificates import certificate_arn
from apps.domain_names.models import DomainName
from portal.console.api_frame import command_samples
from portal.console.commands import Command
from portal.console.domain_forms import PASTED, SELF_SIGNED, DomainForm
from portal.console.domain_page import (
    OURS,
    SECTION,
    certificate_choices,
    certificates_of,
    domain_page,
    domain_trail,
    find_name,
    settings_form,
    trust_form,
)
from portal.console.gate import Console, console_page

_PAGE = 25


@console_page("GET")
def domain_names(console: Console) -> HttpResponseBase:
    """The list."""
    position = console.request.GET.get("position", "")
    rows = DomainName.objects.filter(account_id=console.account_id, region=console.region, domain_name_id="")
    counted = rows.defer("certificate_private_key").annotate(
        to_rest=Count("base_path_mappings", distinct=True), to_v2=Count("api_mappings", distinct=True)
    )
    found, following = page(counted, {"limit": _PAGE, "position": position}, "name", "pk")
    certificates = certificates_of(console)
    return console.page(
        "console/domain_names.html",
        section=SECTION,
        names=[{"row": row, "certificate": certificates.get(certificate_arn(row) or "")} for row in found],
        next_url=f"?position={following}" if following else "",
        first_url=reverse("console:domain_names") if position else "",
        cli=command_samples(console, [Command("GetDomainNames")]),
    )


@sensitive_post_parameters("private_key")
@console_page("GET", "POST")
def create_domain_name(console: Console) -> HttpResponseBase:
    """A new name."""
    form = DomainForm(console.posted, certificates=certificate_choices(console))
    if form.is_valid() and console.carry_out(form, lambda: _create(console, form.cleaned_data)) is not None:
        name = form.cleaned_data["name"].lower()
        messages.success(console.request, f"{name} exists. Say where its paths lead.")
        return redirect("console:domain_name", name)
    example = {"domainName": "api.example.com", "regionalCertificateArn": "CERTIFICATE_ARN",
               "endpointConfiguration": {"types": ["REGIONAL"]}}  # fmt: skip
    return console.page(
        "console/form_page.html",
        section=SECTION,
        title="Add domain name",
        note="Let DNS lead it to the gateway; its certificate is shown there over HTTPS.",
        form=form,
        submit="Create domain name",
        back=reverse("console:domain_names"),
        trail=[*domain_trail(), {"label": "Add domain name"}],
        cli=command_samples(console, [Command("CreateDomainName", example)]),
        status=422 if form.errors else 200,
    )


@sensitive_variables("data", "pasted")
def _create(console: Console, data: dict[str, Any]) -> dict[str, Any]:
    """The name with its certificate; one that was made for it goes again when the name cannot be."""
    made = None
    if data["certificate"] == SELF_SIGNED:
        made = console.call("GenerateCertificate", {"domainNames": [data["name"]]}, OURS)
    elif data["certificate"] == PASTED:
        pasted = {"certificateBody": data["body"], "certificatePrivateKey": data["private_key"]}
        if data["chain"]:
            pasted["certificateChain"] = data["chain"]
        made = console.call("ImportCertificate", pasted, OURS)
    arn = made["certificateArn"] if made else data["certificate"]
    request = {
        "domainName": data["name"].lower(),
        "regionalCertificateArn": arn,
        "endpointConfiguration": {"types": ["REGIONAL"]},
        "securityPolicy": data["security_policy"],
    }
    if data["security_policy"].startswith("SecurityPolicy_"):
        request["endpointAccessMode"] = "BASIC"
    try:
        return console.call("CreateDomainName", request)
    except AwsError:
        if made:
            console.call("DeleteCertificate", {"certificateArn": arn}, OURS)
        raise


@console_page("GET", "POST")
def domain_name(console: Console, name: str) -> HttpResponseBase:
    """One name: where its paths lead, what it shows, whom it lets in."""
    row = find_name(console, name)
    form = settings_form(console, row, console.posted)
    if form.is_valid():
        patches = _patches(row, form.cleaned_data)
        request = {"domainName": name, "patchOperations": patches}
        if not patches or console.submit(form, "UpdateDomainName", request) is not None:
            messages.success(console.request, "Saved. It acts within a second.")
            return redirect("console:domain_name", name)
    return domain_page(console, row, settings=form)


@console_page("POST")
def trust(console: Console, name: str) -> HttpResponseBase:
    """Turn mutual TLS on, to another trust store, or off."""
    row = find_name(console, name)
    form = trust_form(console, row, console.posted)
    if form.is_valid():
        uri, _, version = form.cleaned_data["truststore"].partition("\n")
        prefix = "/mutualTlsAuthentication/truststore"
        patches = [
            {"op": "replace", "path": f"{prefix}Uri", "value": uri},
            {"op": "replace", "path": f"{prefix}Version", "value": version},
        ]
        request = {"domainName": name, "patchOperations": patches}
        if console.submit(form, "UpdateDomainName", request) is not None:
            done = "Only clients of the trust store get in now." if uri else "Nobody is asked for a certificate now."
            messages.success(console.request, done)
            return redirect("console:domain_name", name)
    return domain_page(console, row, trust=form)


@console_page("POST")
def delete_domain_name(console: Console, name: str) -> HttpResponseBase:
    """Delete a name with its mappings and rules."""
    row = find_name(console, name)
    if console.request.POST.get("confirmation", "").strip() != row.name:
        messages.error(console.request, f"Type {row.name} to delete the name. Nothing was deleted.")
        return redirect("console:domain_name", name)
    if console.attempt(f"{row.name} is gone.", "DeleteDomainName", {"domainName": name}) is None:
        return redirect("console:domain_name", name)
    return redirect("console:domain_names")


def _patches(row: DomainName, data: dict[str, Any]) -> list[dict[str, str]]:
    member = "regionalCertificateArn" if "REGIONAL" in row.types else "certificateArn"
    wanted = {
        member: (certificate_arn(row) or "", data["certificate"]),
        "securityPolicy": (row.security_policy, data["security_policy"]),
        "routingMode": (row.routing_mode, data["routing_mode"]),
    }
    patches = [{"op": "replace", "path": f"/{name}", "value": new} for name, (old, new) in wanted.items() if old != new]
    enhanced = data["security_policy"].startswith("SecurityPolicy_")
    if enhanced and not row.endpoint_access_mode:
        patches.append({"op": "replace", "path": "/endpointAccessMode", "value": "BASIC"})
    if not enhanced and row.endpoint_access_mode:
        patches.append({"op": "remove", "path": "/endpointAccessMode"})
    return patches
