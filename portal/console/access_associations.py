"""Domain name access associations: the VPC endpoints from which private domain names are reached."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect

from apps.domain_names.models import AccessAssociation
from portal.console.api_frame import command_samples
from portal.console.commands import Command
from portal.console.gate import Console, console_page
from portal.console.paging import page_of_answer

_EXAMPLE = {
    "domainNameArn": "arn:aws:apigateway:us-east-1:123456789012:/domainnames/private.example.com+abc123",
    "accessAssociationSource": "vpce-0a1b2c3d",
    "accessAssociationSourceType": "VPCE",
}


class AssociationForm(forms.Form):
    """An endpoint for a private name, of this account or of one whose policy allows it."""

    domain = forms.CharField(
        label="ARN of the private domain name",
        max_length=2048,
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": _EXAMPLE["domainNameArn"]}),
    )
    source = forms.CharField(
        label="VPC endpoint",
        max_length=64,
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "vpce-0a1b2c3d"}),
    )


@console_page("GET", "POST")
def access_associations(console: Console) -> HttpResponseBase:
    """Associations of the account's endpoints, and of others with its names; a POST makes one more."""
    form = AssociationForm(console.posted)
    if form.is_valid():
        request = {
            "domainNameArn": form.cleaned_data["domain"].strip(),
            "accessAssociationSource": form.cleaned_data["source"].strip(),
            "accessAssociationSourceType": "VPCE",
        }
        if console.submit(form, "CreateDomainNameAccessAssociation", request) is not None:
            messages.success(console.request, "The endpoint reaches the domain name now.")
            return redirect("console:access_associations")
    pages = page_of_answer(console, "GetDomainNameAccessAssociations")
    own = set(
        AccessAssociation.objects.filter(account_id=console.account_id, region=console.region).values_list(
            "host", "source"
        )
    )
    return console.page(
        "console/access_associations.html",
        section="access-associations",
        form=form,
        associations=[
            {**item, "own": (_host(item["domainNameArn"]), item["accessAssociationSource"]) in own}
            for item in pages.rows
        ],
        pages=pages,
        cli=command_samples(
            console,
            [Command("GetDomainNameAccessAssociations"), Command("CreateDomainNameAccessAssociation", _EXAMPLE)],
        ),
        status=422 if form.errors else 200,
    )


@console_page("POST")
def end_association(console: Console) -> HttpResponseBase:
    """Delete an association of one's own, or reject another account's with one's own name."""
    given = console.request.POST
    request = {"domainNameAccessAssociationArn": given.get("association", "")}
    if given.get("domain"):
        request["domainNameArn"] = given["domain"]
        console.attempt("The association is rejected.", "RejectDomainNameAccessAssociation", request)
    else:
        console.attempt("The association is gone.", "DeleteDomainNameAccessAssociation", request)
    return redirect("console:access_associations")


def _host(arn: str) -> str:
    return arn.rpartition("/")[2].partition("+")[0]
