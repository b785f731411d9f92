"""The life of a product: versions of its stages, what changed, and its end."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from apps.portals.models import Product, ProductStage
from portal.console.fields import offer
from portal.console.gate import Console, console_page
from portal.developer.prose import render_markdown

_SERVICE = "gatehouse"
_SHOWN = 50


class ChangeForm(forms.Form):
    """A changelog entry."""

    title = forms.CharField(max_length=128)
    version = forms.CharField(max_length=32, required=False)
    body = forms.CharField(
        label="Text", required=False, max_length=32_768, help_text="Markdown.", widget=forms.Textarea(attrs={"rows": 5})
    )
    notify = forms.BooleanField(required=False, label="Tell subscribers by e-mail")


class DeprecationForm(forms.Form):
    """Why a product ends, when, and what to use instead."""

    notice = forms.CharField(
        max_length=2000,
        help_text="Why, and what to do. Subscribers get it by e-mail.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    sunset = forms.DateField(
        label="Ends on",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Nothing happens by itself on that day.",
    )
    successor = forms.ChoiceField(label="Use instead", required=False)

    def __init__(self, *args: Any, console: Console, product: Product, **options: Any) -> None:
        super().__init__(*args, **options)
        others = Product.objects.filter(account_id=console.account_id, region=console.region).exclude(pk=product.pk)
        offer(self, "successor", [("", "Nothing"), *others.order_by("name").values_list("product_id", "name")])


class VersionsForm(forms.Form):
    """What the product calls each of its stages."""

    def __init__(self, *args: Any, stages: list[ProductStage], **options: Any) -> None:
        super().__init__(*args, **options)
        self.stages = stages
        for stage in stages:
            self.fields[f"stage-{stage.pk}"] = forms.CharField(
                label=f"{stage.api.name} · {stage.of.name}", max_length=32, required=False, initial=stage.version
            )

    def request(self) -> list[dict[str, str]]:
        return [
            {
                "restApiId" if stage.stage is not None else "apiId": stage.api_id,
                "stageName": stage.of.name,
                "version": self.cleaned_data[f"stage-{stage.pk}"],
            }
            for stage in self.stages
        ]


@console_page("GET", "POST")
def lifecycle(console: Console, product_id: str) -> HttpResponseBase:
    """The page; its form makes a changelog entry."""
    row = _find(console, product_id)
    form = ChangeForm(console.posted)
    if form.is_valid():
        request = {"productId": product_id, **form.cleaned_data}
        if console.submit(form, "CreateChangelogEntry", request, _SERVICE) is not None:
            messages.success(console.request, "It is in the changelog.")
            return redirect("console:lifecycle", product_id)
    return _page(console, row, change=form)


@console_page("POST")
def deprecate_product(console: Console, product_id: str) -> HttpResponseBase:
    """Say that a product ends."""
    row = _find(console, product_id)
    form = DeprecationForm(console.posted, console=console, product=row)
    if form.is_valid():
        data = form.cleaned_data
        request = {
            "productId": product_id,
            "notice": data["notice"],
            **({"sunsetDate": data["sunset"].isoformat()} if data["sunset"] else {}),
            **({"successorId": data["successor"]} if data["successor"] else {}),
        }
        if console.submit(form, "DeprecateProduct", request, _SERVICE) is not None:
            messages.success(console.request, "The portal says so, and subscribers are told.")
            return redirect("console:lifecycle", product_id)
    return _page(console, row, deprecation=form)


@console_page("POST")
def reinstate_product(console: Console, product_id: str) -> HttpResponseBase:
    """Take a deprecation back."""
    console.attempt("The product is not deprecated any more.", "ReinstateProduct", {"productId": product_id}, _SERVICE)
    return redirect("console:lifecycle", product_id)


@console_page("POST")
def name_versions(console: Console, product_id: str) -> HttpResponseBase:
    """Name the versions that the product's stages are."""
    row = _find(console, product_id)
    form = VersionsForm(console.posted, stages=_stages(row))
    if form.is_valid():
        request = {"productId": product_id, "stages": form.request()}
        if console.submit(form, "UpdateProduct", request, _SERVICE) is not None:
            messages.success(console.request, "Saved.")
            return redirect("console:lifecycle", product_id)
    return _page(console, row, versions=form)


@console_page("POST")
def delete_change(console: Console, product_id: str, entry_id: str) -> HttpResponseBase:
    """Take a changelog entry back."""
    request = {"productId": product_id, "entryId": entry_id}
    console.attempt("The entry is gone. Mail that was sent is sent.", "DeleteChangelogEntry", request, _SERVICE)
    return redirect("console:lifecycle", product_id)


def _page(
    console: Console,
    row: Product,
    *,
    change: ChangeForm | None = None,
    deprecation: DeprecationForm | None = None,
    versions: VersionsForm | None = None,
) -> HttpResponseBase:
    initial = {
        "notice": row.deprecation_notice,
        "sunset": row.sunset,
        "successor": row.successor.product_id if row.successor else "",
    }
    forms_given = [form for form in (change, deprecation, versions) if form is not None]
    return console.page(
        "console/lifecycle.html",
        section="products",
        product=row,
        change_form=change or ChangeForm(),
        deprecation_form=deprecation or DeprecationForm(initial=initial, console=console, product=row),
        versions_form=versions or VersionsForm(stages=_stages(row)),
        entries=[
            {"row": entry, "body": render_markdown(entry.body)}
            for entry in row.changelog.order_by("-created", "-pk")[:_SHOWN]
        ],
        trail=[
            {"label": "Products", "url": reverse("console:products")},
            {"label": row.name, "url": reverse("console:product", args=[row.product_id])},
            {"label": "Versions and changes"},
        ],
        status=422 if any(form.errors for form in forms_given) else 200,
    )


def _stages(row: Product) -> list[ProductStage]:
    return list(row.stages.select_related("stage__rest_api", "v2_stage__api").order_by("pk"))


def _find(console: Console, product_id: str) -> Product:
    return console.caller.find(Product, "Invalid product identifier specified", product_id=product_id)
