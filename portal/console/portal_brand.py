"""The looks of the developer portal: name, colours, logo, with a preview in both themes."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from apps.control_plane.gatehouse.portal_brand import MOST_LOGO_BYTES
from apps.portals.models import PortalBrand
from apps.portals.palette import dark_shade, light_shade
from portal.console.gate import Console, console_page

_SERVICE = "gatehouse"
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_OWN = "#0e6c5b"


class BrandForm(forms.Form):
    """Name, tagline and colours."""

    name = forms.CharField(
        max_length=64, required=False, help_text="In the bar, in titles and in messages. Empty: Gatehouse Developers."
    )
    tagline = forms.CharField(max_length=280, required=False, help_text="One or two sentences on the landing page.")
    color = forms.CharField(
        label="Colour",
        required=False,
        max_length=7,
        help_text="For buttons and links, such as #1f5fa8. Empty: Gatehouse's own.",
    )
    color_dark = forms.CharField(
        label="Colour in the dark theme", required=False, max_length=7, help_text="Empty: the colour made light enough."
    )

    domain = forms.CharField(
        label="Domain name",
        required=False,
        max_length=253,
        help_text="Who comes by this name finds this account's portal: its brand, pages and products.",
        widget=forms.TextInput(attrs={"placeholder": "developers.example.com"}),
    )

    def clean_color(self) -> str:
        return _checked(self.cleaned_data["color"])

    def clean_color_dark(self) -> str:
        return _checked(self.cleaned_data["color_dark"])


class LogoForm(forms.Form):
    """A picture."""

    logo = forms.FileField(
        help_text="PNG, JPEG, GIF or WebP, at most 200 KB. It is shown 28 pixels high.",
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/gif,image/webp"}),
        error_messages={"required": "Choose a picture."},
    )

    def clean_logo(self) -> bytes:
        file = self.cleaned_data["logo"]
        if file.size > MOST_LOGO_BYTES:
            raise forms.ValidationError(f"At most {MOST_LOGO_BYTES // 1024} KB; this one has {file.size // 1024} KB.")
        content: bytes = file.read()
        return content


@console_page("GET", "POST")
def portal_brand(console: Console) -> HttpResponseBase:
    """The page, and what its form sends."""
    form = _saved(console)
    if form.is_valid():
        data = form.cleaned_data
        request = {
            "name": data["name"], "tagline": data["tagline"],
            "brandColor": data["color"], "brandColorDark": data["color_dark"],
            "domainName": data["domain"],
        }  # fmt: skip
        if console.submit(form, "PutPortalBrand", request, _SERVICE) is not None:
            messages.success(console.request, "The portal looks like that now.")
            return redirect("console:portal_brand")
    return _page(console, form, LogoForm())


@console_page("POST")
def put_logo(console: Console) -> HttpResponseBase:
    """Take another logo."""
    form = LogoForm(console.request.POST, console.request.FILES)
    if not form.is_valid() or not console.submit(form, "PutPortalLogo", form.cleaned_data, _SERVICE):
        return _page(console, _saved(console), form)
    messages.success(console.request, "The portal shows your logo.")
    return redirect("console:portal_brand")


@console_page("POST")
def delete_logo(console: Console) -> HttpResponseBase:
    """Take the logo away."""
    console.attempt("The portal shows Gatehouse's mark again.", "DeletePortalLogo", {}, _SERVICE)
    return redirect("console:portal_brand")


@console_page("GET")
def brand_preview(console: Console) -> HttpResponseBase:
    """How a colour looks that has not been saved."""
    given = console.request.GET
    return console.page(
        "console/parts/brand_preview.html", **_preview(given.get("color", ""), given.get("color_dark", ""))
    )


def _saved(console: Console) -> BrandForm:
    """The form with what is there, or with what it was sent with to its own address."""
    shape = console.call("GetPortalBrand", {}, _SERVICE)
    initial = {
        "name": shape["name"], "tagline": shape["tagline"],
        "color": shape["brandColor"], "color_dark": shape["brandColorDark"],
        "domain": shape["domainName"],
    }  # fmt: skip
    own = console.request.path == reverse("console:portal_brand")
    return BrandForm(console.posted if own else None, initial=initial)


def _page(console: Console, form: BrandForm, logo_form: LogoForm) -> HttpResponseBase:
    row = PortalBrand.objects.defer("logo").filter(account_id=console.account_id).first()
    logo_url = ""
    if row is not None and row.logo_digest:
        logo_url = f"{reverse('developer:brand_logo', args=[row.pk])}?v={row.logo_digest}"
    return console.page(
        "console/portal_brand.html",
        section="portal",
        form=form,
        logo_form=logo_form,
        logo_url=logo_url,
        **_preview(str(form["color"].value() or ""), str(form["color_dark"].value() or "")),
        status=422 if form.errors or logo_form.errors else 200,
    )


def _preview(color: str, color_dark: str) -> dict[str, Any]:
    """Both shades; what is no colour yet is shown in Gatehouse's own."""
    light = light_shade(color if _COLOR.fullmatch(color) else _OWN)
    dark = dark_shade(color_dark if _COLOR.fullmatch(color_dark) else "", light.color)
    return {"light": light, "dark": dark}


def _checked(text: str) -> str:
    if text and not _COLOR.fullmatch(text):
        raise forms.ValidationError("A colour is # and six digits from 0 to f, such as #1f5fa8.")
    return text
