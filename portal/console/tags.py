"""Tags of whatever has them, on one page: REST, HTTP and WebSocket APIs, stages, keys, plans, domain names, links and certificates."""

from __future__ import annotations

import re
from urllib.parse import unquote

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from portal.console.api_frame import command_samples
from portal.console.commands import Command
from portal.console.fields import PairsField
from portal.console.gate import Console, Shape, console_page

_PLACES = (
    (r"/restapis/([a-z0-9]+)", "api_settings"),
    (r"/restapis/([a-z0-9]+)/stages/([^/]+)", "stage"),
    (r"/apis/([a-z0-9]+)", "v2_settings"),
    (r"/apis/([a-z0-9]+)/stages/([^/]+)", "v2_stage"),
    (r"/apikeys/([A-Za-z0-9]+)", "api_key"),
    (r"/usageplans/([A-Za-z0-9]+)", "usage_plan"),
    (r"/domainnames/([^/]+)", "domain_name"),
    (r"/clientcertificates/[A-Za-z0-9]+", "client_certificates"),
    (r"/vpclinks/[A-Za-z0-9]+", "vpc_links"),
)
"""Paths of ARNs, and the page of what each names."""


class TagsForm(forms.Form):
    """All tags of one thing."""

    tags = PairsField(
        label="Tags", rows=8, placeholder="team = pets", help_text="One per line: name = value, at most 50."
    )


@console_page("GET", "POST")
def tags(console: Console) -> HttpResponseBase:
    """The tags of what `?of=` names, which is the path of its ARN."""
    path = console.request.GET.get("of", "")
    back = _page_of(path)
    arn = console.caller.arn(path)
    known = console.call("GetTags", {"resourceArn": arn})["tags"]
    form = TagsForm(console.posted, initial={"tags": known})
    if (
        form.is_valid()
        and console.carry_out(form, lambda: save_tags(console, arn, known, form.cleaned_data["tags"])) is not None
    ):
        messages.success(console.request, "The tags are saved.")
        return redirect(back)
    return console.page(
        "console/tags.html",
        arn=arn,
        form=form,
        back=back,
        trail=[{"label": "Back", "url": back}, {"label": "Tags"}],
        cli=command_samples(
            console,
            [
                Command("GetTags", {"resourceArn": arn}),
                Command("TagResource", {"resourceArn": arn, "tags": {"team": "pets"}}),
            ],
        ),
        status=422 if form.errors else 200,
    )


def save_tags(console: Console, arn: str, before: dict[str, str], after: dict[str, str]) -> Shape:
    """Bring the tags of a resource to `after`, or change none of them."""
    gone = [name for name in before if name not in after]
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    with transaction.atomic():
        if gone:
            console.call("UntagResource", {"resourceArn": arn, "tagKeys": gone})
        if changed:
            console.call("TagResource", {"resourceArn": arn, "tags": changed})
    return {}


def _page_of(path: str) -> str:
    for pattern, view in _PLACES:
        match = re.fullmatch(pattern, path)
        if match is not None:
            return reverse(f"console:{view}", args=[unquote(part) for part in match.groups()])
    raise Http404("nothing that has tags")
