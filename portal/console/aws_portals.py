"""API Gateway's portals: what each looks like, whom it is for, which products it has, and when visitors see it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from portal.console.api_frame import command_samples
from portal.console.commands import Command
from portal.console.fields import offer
from portal.console.gate import Console, Shape, console_page

SERVICE = "apigatewayv2"
_COLORS = {
    "AccentColor": ("Accent", "#0e6c5b"),
    "BackgroundColor": ("Background", "#f7f7f5"),
    "HeaderColor": ("Header", "#ffffff"),
    "NavigationColor": ("Navigation", "#ffffff"),
    "TextColor": ("Text", "#1a1f1d"),
    "ErrorValidationColor": ("Errors", "#b3261e"),
}


class PortalForm(forms.Form):
    """A portal as its owner has it."""

    name = forms.CharField(max_length=255)
    description = forms.CharField(max_length=1024, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    products = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Shown in this order, those that others share too.",
    )
    logo = forms.CharField(
        label="Logo",
        max_length=1092,
        required=False,
        help_text="The address of a PNG, JPEG, GIF or WebP picture of at most 200 KB (s3, https, http or data). Empty leaves it as it is.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "https://example.com/logo.png"}),
    )
    access = forms.ChoiceField(
        label="Who may visit",
        choices=[("None", "Everybody"), ("CognitoConfig", "Those who sign in to a user pool")],
        initial="None",
        widget=forms.RadioSelect,
    )
    pool = forms.CharField(
        label="User pool",
        required=False,
        help_text="Its ARN, of this region.",
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
    )
    client = forms.CharField(
        label="App client id",
        required=False,
        help_text="An app client without a secret. Its callback URL is this portal's address.",
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
    )
    pool_domain = forms.CharField(
        label="User pool domain",
        required=False,
        help_text="Where the pool's sign-in pages are.",
        widget=forms.TextInput(
            attrs={"spellcheck": "false", "placeholder": "example.auth.us-east-1.amazoncognito.com"}
        ),
    )
    domain = forms.CharField(
        label="Domain name",
        required=False,
        help_text="Visitors who come by this name land in this portal. Empty: its address here alone.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "developers.example.com"}),
    )
    certificate = forms.CharField(
        label="Certificate",
        required=False,
        help_text="Its ARN, in us-east-1, as AWS wants one with a name.",
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
    )

    def __init__(self, *args: Any, console: Console, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, (label, color) in _COLORS.items():
            self.fields[name] = forms.RegexField(
                r"^#[0-9a-fA-F]{6}$",
                label=label,
                initial=color,
                error_messages={"invalid": "A colour such as #1f5fa8."},
                widget=forms.TextInput(attrs={"spellcheck": "false"}),
            )
        offer(self, "products", _products(console, self.initial.get("products", ())))

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if cleaned.get("access") == "CognitoConfig":
            for name in ("pool", "client", "pool_domain"):
                if not cleaned.get(name):
                    self.add_error(name, "A user pool needs this.")
        if bool(cleaned.get("domain")) != bool(cleaned.get("certificate")):
            self.add_error("domain", "A domain name and its certificate go together.")
        return cleaned

    def colors(self) -> list[forms.BoundField]:
        return [self[name] for name in _COLORS]

    def request(self) -> Shape:
        """The members of CreatePortal and UpdatePortal."""
        data = self.cleaned_data
        content: Shape = {
            "DisplayName": data["name"],
            "Description": data["description"],
            "Theme": {"CustomColors": {name: data[name] for name in _COLORS}},
        }
        if not data["description"]:
            del content["Description"]
        access: Shape = {"None": {}}
        if data["access"] == "CognitoConfig":
            access = {
                "CognitoConfig": {
                    "AppClientId": data["client"],
                    "UserPoolArn": data["pool"],
                    "UserPoolDomain": data["pool_domain"],
                }
            }
        endpoint: Shape = {"None": {}}
        if data["domain"]:
            endpoint = {"AcmManaged": {"DomainName": data["domain"], "CertificateArn": data["certificate"]}}
        request: Shape = {
            "PortalContent": content,
            "Authorization": access,
            "EndpointConfiguration": endpoint,
            "IncludedPortalProductArns": data["products"],
        }
        return {**request, "LogoUri": data["logo"]} if data["logo"] else request


def everything(console: Console, operation: str, request: Shape) -> list[Shape]:
    """All items of a list. What portals consist of has limits of its own, which bound it."""
    items: list[Shape] = []
    token: str | None = ""
    while token is not None:
        following = {"NextToken": token} if token else {}
        answer = console.call(operation, {**request, "MaxResults": "100", **following}, SERVICE)
        items += answer["Items"]
        token = answer.get("NextToken")
    return items


@console_page("GET")
def portals(console: Console) -> HttpResponseBase:
    """The portals of the account in the region."""
    rows = everything(console, "ListPortals", {})
    return console.page(
        "console/aws/portals.html",
        section="aws-portals",
        tab="portals",
        portals=rows,
        cli=command_samples(console, [Command("ListPortals", service=SERVICE)]),
    )


@console_page("GET", "POST")
def create_portal(console: Console) -> HttpResponseBase:
    """A new portal. Nobody sees it before it is published."""
    form = PortalForm(console.posted, console=console)
    if form.is_valid():
        made = console.submit(form, "CreatePortal", form.request(), SERVICE)
        if made is not None:
            messages.success(
                console.request, f"{made['PortalContent']['DisplayName']} is there. Publish it when it looks right."
            )
            return redirect("console:aws_portal", made["PortalId"])
    return _page(console, form, None)


@console_page("GET", "POST")
def portal(console: Console, portal_id: str) -> HttpResponseBase:
    """One portal: its form, its state, and what was published before."""
    found = console.call("GetPortal", {"PortalId": portal_id}, SERVICE)
    form = PortalForm(console.posted, initial=_initial(found), console=console)
    if form.is_valid():
        request = {"PortalId": portal_id, **form.request()}
        if console.submit(form, "UpdatePortal", request, SERVICE) is not None:
            messages.success(console.request, "Saved. Visitors see it when the portal is published again.")
            return redirect("console:aws_portal", portal_id)
    return _page(console, form, found)


@console_page("POST")
def publish_portal(console: Console, portal_id: str) -> HttpResponseBase:
    """Have visitors see the portal as it is now."""
    request = {"PortalId": portal_id}
    description = console.request.POST.get("description", "").strip()[:1024]
    if description:
        request["Description"] = description
    console.attempt("The portal is being published.", "PublishPortal", request, SERVICE)
    return redirect("console:aws_portal", portal_id)


@console_page("POST")
def preview_portal(console: Console, portal_id: str) -> HttpResponseBase:
    """Make a preview, which only who has its address sees."""
    console.attempt("A preview is being made.", "PreviewPortal", {"PortalId": portal_id}, SERVICE)
    return redirect("console:aws_portal", portal_id)


@console_page("POST")
def disable_portal(console: Console, portal_id: str) -> HttpResponseBase:
    """Take the portal off the web."""
    console.attempt("The portal is off the web.", "DisablePortal", {"PortalId": portal_id}, SERVICE)
    return redirect("console:aws_portal", portal_id)


@console_page("POST")
def roll_back_portal(console: Console, portal_id: str) -> HttpResponseBase:
    """Have visitors see an earlier publication again, at once."""
    request = {"portalId": portal_id, "publicationId": console.request.POST.get("publication", "")}
    console.attempt("Visitors see that publication now.", "RollBackPortal", request, "gatehouse")
    return redirect("console:aws_portal", portal_id)


@console_page("POST")
def delete_portal(console: Console, portal_id: str) -> HttpResponseBase:
    """Delete a portal that is disabled."""
    if console.attempt("The portal is gone.", "DeletePortal", {"PortalId": portal_id}, SERVICE) is None:
        return redirect("console:aws_portal", portal_id)
    return redirect("console:aws_portals")


def _page(console: Console, form: PortalForm, found: Shape | None) -> HttpResponseBase:
    name = found["PortalContent"]["DisplayName"] if found else "Create portal"
    history: list[Shape] = []
    commands = [Command("CreatePortal", {"PortalContent": "file://content.json"}, service=SERVICE)]
    if found:
        identifier = {"PortalId": found["PortalId"]}
        history = console.call("ListPortalPublications", {"portalId": found["PortalId"]}, "gatehouse")["items"]
        commands = [
            Command(one, identifier, service=SERVICE) for one in ("GetPortal", "PreviewPortal", "PublishPortal")
        ]
    return console.page(
        "console/aws/portal.html",
        section="aws-portals",
        title=name,
        form=form,
        portal=found,
        busy=found is not None and _busy(found),
        address=reverse("developer:portal", args=[found["PortalId"]]) if found else "",
        history=history,
        trail=[{"label": "Portals", "url": reverse("console:aws_portals")}, {"label": name}],
        cli=command_samples(console, commands),
        status=422 if form.errors else 200,
    )


def _busy(found: Shape) -> bool:
    preview = found.get("Preview") or {}
    return found["PublishStatus"] == "PUBLISH_IN_PROGRESS" or preview.get("PreviewStatus") == "PREVIEW_IN_PROGRESS"


def _initial(found: Shape) -> Shape:
    content, pool = found["PortalContent"], found["Authorization"].get("CognitoConfig") or {}
    endpoint = found["EndpointConfiguration"]
    return {
        "name": content["DisplayName"],
        "description": content.get("Description", ""),
        "products": found["IncludedPortalProductArns"],
        "access": "CognitoConfig" if pool else "None",
        "pool": pool.get("UserPoolArn", ""),
        "client": pool.get("AppClientId", ""),
        "pool_domain": pool.get("UserPoolDomain", ""),
        "domain": endpoint.get("DomainName", ""),
        "certificate": endpoint.get("CertificateArn", ""),
        **content["Theme"]["CustomColors"],
    }


def _products(console: Console, chosen: Any) -> list[tuple[str, str]]:
    """The products to choose from: those of the portal first, in their order, then its account's, then those that others share."""
    found: dict[str, str] = {}
    for owner, note in (("SELF", ""), ("OTHER_ACCOUNTS", " (shared)")):
        for one in everything(console, "ListPortalProducts", {"ResourceOwner": owner}):
            found[one["PortalProductArn"]] = one["DisplayName"] + note
    first = {arn: found.get(arn, f"{arn.rpartition('/')[2]} (no longer there)") for arn in chosen}
    return list({**first, **found}.items())
