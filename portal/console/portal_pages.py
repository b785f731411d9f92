"""Pages of the developer portal, and the audiences that they and products are shown to."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from apps.portals.models import Audience, PortalPage, Visibility
from portal.console.fields import LinesField, offer
from portal.console.gate import Console, console_page
from portal.console.paging import page_of_rows
from portal.developer.prose import render_markdown

_SERVICE = "gatehouse"
_START = """## Before you begin

Get a key on the page of a product. Every call carries it in the header `x-api-key`.

```
curl -H "x-api-key: YOUR_KEY" https://…
```
"""


class VisibleForm(forms.Form):
    """What products and pages have in common: who is shown them."""

    visibility = forms.ChoiceField(
        label="Shown to",
        choices=Visibility.choices,
        initial=Visibility.PUBLIC,
        required=False,
        widget=forms.RadioSelect,
    )
    audiences = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, console: Console, **options: Any) -> None:
        super().__init__(*args, **options)
        names = Audience.objects.filter(account_id=console.account_id).order_by("name").values_list("name", flat=True)
        offer(self, "audiences", [(name, name) for name in names])

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if cleaned and cleaned.get("visibility") == Visibility.AUDIENCE and not cleaned.get("audiences"):
            self.add_error("audiences", "Choose at least one audience, or show it to everybody.")
        return cleaned

    def visible(self) -> dict[str, Any]:
        """The members of a request that say who is shown it; none where nothing was chosen."""
        if not self.cleaned_data["visibility"]:
            return {}
        return {"visibility": self.cleaned_data["visibility"], "audiences": self.cleaned_data["audiences"]}


class PageForm(VisibleForm):
    """A page in Markdown."""

    title = forms.CharField(max_length=128)
    slug = forms.SlugField(
        label="Address", max_length=64, help_text="home and support stand in their own places, all others are guides."
    )
    body = forms.CharField(
        label="Text", required=False, max_length=100_000, strip=False, help_text="Markdown.",
        widget=forms.Textarea(attrs={"rows": 18}),
    )  # fmt: skip
    position = forms.IntegerField(
        min_value=0, max_value=1000, required=False, initial=0, help_text="Guides with a smaller number come first."
    )
    published = forms.BooleanField(required=False, initial=True, label="Published")

    field_order = ["title", "slug", "body", "visibility", "audiences", "position", "published"]

    def clean_slug(self) -> str:
        return str(self.cleaned_data["slug"]).lower()


class AudienceForm(forms.Form):
    """People by address or domain."""

    name = forms.SlugField(max_length=64, help_text="Small letters, digits and hyphens.")
    entries = LinesField(
        rows=6,
        placeholder="ada@example.com\n@partner.example",
        help_text="One per line: an address, or a domain with @ before it. Only confirmed addresses count.",
    )


@console_page("GET")
def portal_pages(console: Console) -> HttpResponseBase:
    """The list of pages."""
    found = page_of_rows(console, PortalPage.objects.filter(account_id=console.account_id), "slug")
    return console.page(
        "console/portal_pages.html",
        section="portal",
        pages=found.rows,
        next_url=found.next_url,
        first_url=found.first_url,
    )


@console_page("GET", "POST")
def create_page(console: Console) -> HttpResponseBase:
    """A new page; `?slug=` begins it as home or support."""
    initial = {"slug": console.request.GET.get("slug", ""), "body": _START, "published": True}
    return _edit(console, None, PageForm(console.posted, initial=initial, console=console))


@console_page("GET", "POST")
def portal_page(console: Console, slug: str) -> HttpResponseBase:
    """One page."""
    row = PortalPage.objects.filter(account_id=console.account_id, slug=slug).first()
    if row is None:
        raise Http404("No such page.")
    members = ("title", "slug", "body", "visibility", "position", "published")
    initial = {name: getattr(row, name) for name in members}
    initial["audiences"] = list(row.audiences.values_list("name", flat=True))
    form = PageForm(console.posted, initial=initial, console=console)
    form.fields["slug"].disabled = True
    return _edit(console, row, form)


@console_page("POST")
def page_preview(console: Console) -> HttpResponseBase:
    """How a text will be shown, before it is saved."""
    return console.page(
        "console/parts/page_preview.html", preview=render_markdown(console.request.POST.get("body", ""))
    )


@console_page("POST")
def delete_page(console: Console, slug: str) -> HttpResponseBase:
    """Delete a page."""
    console.attempt("The page is gone.", "DeletePortalPage", {"slug": slug}, _SERVICE)
    return redirect("console:portal_pages")


@console_page("GET", "POST")
def audiences(console: Console) -> HttpResponseBase:
    """The audiences, and a form that makes or replaces one; `?name=` fills it with one that there is."""
    mine = Audience.objects.filter(account_id=console.account_id)
    pages = page_of_rows(console, mine.prefetch_related("entries"), "name")
    chosen = mine.filter(name=console.request.GET.get("name", "")).first()
    initial = {"name": chosen.name, "entries": sorted(one.value for one in chosen.entries.all())} if chosen else {}
    form = AudienceForm(console.posted, initial=initial)
    if form.is_valid():
        request = {"audienceName": form.cleaned_data["name"].lower(), "entries": form.cleaned_data["entries"]}
        if console.submit(form, "PutAudience", request, _SERVICE) is not None:
            messages.success(console.request, "Saved.")
            return redirect("console:audiences")
    return console.page(
        "console/audiences.html",
        section="portal",
        pages=pages,
        form=form,
        chosen=chosen,
        status=422 if form.errors else 200,
    )


@console_page("POST")
def delete_audience(console: Console, name: str) -> HttpResponseBase:
    """Delete an audience that nothing is shown to."""
    console.attempt("The audience is gone.", "DeleteAudience", {"audienceName": name}, _SERVICE)
    return redirect("console:audiences")


def _edit(console: Console, row: PortalPage | None, form: PageForm) -> HttpResponseBase:
    if form.is_valid():
        data = form.cleaned_data
        request = {
            "slug": data["slug"],
            "title": data["title"],
            "body": data["body"],
            "position": data["position"] or 0,
            "published": data["published"],
            **form.visible(),
        }
        if console.submit(form, "PutPortalPage", request, _SERVICE) is not None:
            messages.success(console.request, "Saved.")
            return redirect("console:portal_page", data["slug"])
    return console.page(
        "console/portal_page.html",
        section="portal",
        form=form,
        portal_page=row,
        trail=[{"label": "Pages", "url": reverse("console:portal_pages")}, {"label": row.title if row else "New page"}],
        status=422 if form.errors else 200,
    )
