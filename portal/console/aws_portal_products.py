"""Products of API Gateway's portals: their pages, what of them portals show, and with whom they are shared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from apps.control_plane.errors import NotFoundException
from portal.console.api_frame import command_samples
from portal.console.aws_portals import SERVICE, everything
from portal.console.commands import Command
from portal.console.fields import CodeField, read_json
from portal.console.gate import Console, Shape, console_page


class ProductForm(forms.Form):
    """What a product is called."""

    name = forms.CharField(max_length=255)
    description = forms.CharField(max_length=1024, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def request(self) -> Shape:
        data = self.cleaned_data
        return {"DisplayName": data["name"], **({"Description": data["description"]} if data["description"] else {})}


class SharingForm(forms.Form):
    """Which other accounts may show the product."""

    policy = CodeField(
        label="Policy",
        required=False,
        language="json",
        help_text="Empty: with nobody. Allows apigateway:GetPortalProduct.",
    )

    def clean_policy(self) -> str:
        text = str(self.cleaned_data["policy"]).strip()
        read_json(text or "{}")
        return text


@dataclass(frozen=True)
class Row:
    """A page of a product in the list. `shown` is where portals show it; "" says that it is a draft."""

    arn: str
    label: str
    note: str
    url: str
    shown: str
    place: int


class OrderForm(forms.Form):
    """What portals show of a product: a field for each of its pages."""

    def __init__(self, *args: Any, pages: list[Row], endpoints: list[Row], **options: Any) -> None:
        super().__init__(*args, **options)
        self._pages, self._endpoints = pages, endpoints
        choices = [("", "Draft"), ("shown", "Shown"), ("overview", "Shown first")]
        for number, row in enumerate(pages):
            self.fields[f"page-{number}"] = forms.ChoiceField(
                label=row.label, choices=choices, required=False, initial=row.shown
            )
            self.fields[f"page-{number}-place"] = _place(row)
        for number, row in enumerate(endpoints):
            self.fields[f"endpoint-{number}"] = forms.CharField(
                label=f"Section of {row.label}", max_length=255, required=False, initial=row.shown,
                widget=forms.TextInput(attrs={"placeholder": "draft"}),
            )  # fmt: skip
            self.fields[f"endpoint-{number}-place"] = _place(row)

    def page_rows(self) -> list[tuple[Row, forms.BoundField, forms.BoundField]]:
        return [(row, self[f"page-{n}"], self[f"page-{n}-place"]) for n, row in enumerate(self._pages)]

    def endpoint_rows(self) -> list[tuple[Row, forms.BoundField, forms.BoundField]]:
        return [(row, self[f"endpoint-{n}"], self[f"endpoint-{n}-place"]) for n, row in enumerate(self._endpoints)]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        first = [n for n in range(len(self._pages)) if cleaned.get(f"page-{n}") == "overview"]
        for number in first[1:]:
            self.add_error(f"page-{number}", "One page is shown first.")
        return cleaned

    def order(self) -> Shape:
        """The DisplayOrder."""
        data = self.cleaned_data
        pages = sorted(range(len(self._pages)), key=lambda n: data[f"page-{n}-place"] or 0)
        order: Shape = {"ProductPageArns": [self._pages[n].arn for n in pages if data[f"page-{n}"] == "shown"]}
        for number in pages:
            if data[f"page-{number}"] == "overview":
                order["OverviewPageArn"] = self._pages[number].arn
        sections: dict[str, list[str]] = {}
        for number in sorted(range(len(self._endpoints)), key=lambda n: data[f"endpoint-{n}-place"] or 0):
            section = data[f"endpoint-{number}"].strip()
            if section:
                sections.setdefault(section, []).append(self._endpoints[number].arn)
        order["Contents"] = [
            {"SectionName": name, "ProductRestEndpointPageArns": arns} for name, arns in sections.items()
        ]
        return order


@console_page("GET")
def portal_products(console: Console) -> HttpResponseBase:
    """The account's products, and those that others share with it."""
    shared = everything(console, "ListPortalProducts", {"ResourceOwner": "OTHER_ACCOUNTS"})
    return console.page(
        "console/aws/products.html",
        section="portal-products",
        tab="products",
        products=everything(console, "ListPortalProducts", {}),
        shared=shared,
        cli=command_samples(console, [Command("ListPortalProducts", service=SERVICE)]),
    )


@console_page("GET", "POST")
def create_portal_product(console: Console) -> HttpResponseBase:
    """A new product; its pages come next."""
    form = ProductForm(console.posted)
    if form.is_valid():
        made = console.submit(form, "CreatePortalProduct", form.request(), SERVICE)
        if made is not None:
            messages.success(
                console.request, f"{made['DisplayName']} is there. Give it pages, and say which are shown."
            )
            return redirect("console:portal_product", made["PortalProductId"])
    back = reverse("console:portal_products")
    return console.page(
        "console/form_page.html",
        section="portal-products",
        title="Create portal product",
        note="Pages about methods of REST APIs, and pages in Markdown, that portals show together.",
        form=form,
        submit="Create product",
        back=back,
        trail=[{"label": "Portal products", "url": back}, {"label": "Create portal product"}],
        cli=command_samples(console, [Command("CreatePortalProduct", {"DisplayName": "Pets"}, service=SERVICE)]),
        status=422 if form.errors else 200,
    )


_FORMS = ("name", "order", "sharing")


@console_page("GET", "POST")
def portal_product(console: Console, product_id: str) -> HttpResponseBase:
    """One product. Its three forms are told apart by the button that sends them."""
    found = console.call("GetPortalProduct", {"PortalProductId": product_id}, SERVICE)
    pages, endpoints = page_rows(console, found)
    sent = console.request.POST.get("form", "") if console.posted is not None else ""
    if console.posted is not None and sent not in _FORMS:
        raise Http404("no such form")
    form = ProductForm(
        console.posted if sent == "name" else None,
        initial={"name": found["DisplayName"], "description": found.get("Description", "")},
    )
    order = OrderForm(console.posted if sent == "order" else None, pages=pages, endpoints=endpoints)
    sharing = SharingForm(
        console.posted if sent == "sharing" else None, initial={"policy": _policy(console, product_id)}
    )
    if _saved(console, product_id, form, order, sharing):
        messages.success(console.request, "Saved. Visitors see it when a portal is published again.")
        return redirect("console:portal_product", product_id)
    return console.page(
        "console/aws/product.html",
        section="portal-products",
        product=found,
        form=form,
        order=order,
        sharing=sharing,
        pages=pages,
        endpoints=endpoints,
        trail=[
            {"label": "Portal products", "url": reverse("console:portal_products")},
            {"label": found["DisplayName"]},
        ],
        cli=command_samples(console, [Command("GetPortalProduct", {"PortalProductId": product_id}, service=SERVICE)]),
        status=422 if form.errors or order.errors or sharing.errors else 200,
    )


@console_page("POST")
def delete_portal_product(console: Console, product_id: str) -> HttpResponseBase:
    """Delete a product with its pages."""
    request = {"PortalProductId": product_id}
    if console.attempt("The product is gone.", "DeletePortalProduct", request, SERVICE) is None:
        return redirect("console:portal_product", product_id)
    return redirect("console:portal_products")


def page_rows(console: Console, product: Shape) -> tuple[list[Row], list[Row]]:
    """The Markdown pages and the endpoint pages of a product, as they are shown, drafts last."""
    identifier = {"PortalProductId": product["PortalProductId"]}
    order = product.get("DisplayOrder") or {}
    shown = dict.fromkeys(order.get("ProductPageArns") or (), "shown")
    if order.get("OverviewPageArn"):
        shown = {order["OverviewPageArn"]: "overview", **shown}
    sections = {
        arn: section["SectionName"]
        for section in order.get("Contents") or ()
        for arn in section["ProductRestEndpointPageArns"]
    }
    pages = [
        _row(one["ProductPageArn"], one["PageTitle"], "", "portal_product_page", product, one["ProductPageId"], shown)
        for one in everything(console, "ListProductPages", identifier)
    ]
    endpoints = []
    for one in everything(console, "ListProductRestEndpointPages", identifier):
        parts = one["RestEndpointIdentifier"]["IdentifierParts"]
        label = one.get("OperationName") or f"{parts['Method']} {parts['Path']}"
        note = f"{parts['Method']} {parts['Path']} · {parts['RestApiId']} · {parts['Stage']}"
        arn, page_id = one["ProductRestEndpointPageArn"], one["ProductRestEndpointPageId"]
        endpoints.append(_row(arn, label, note, "portal_endpoint_page", product, page_id, sections))
    return sorted(pages, key=lambda row: row.place), sorted(endpoints, key=lambda row: row.place)


def _row(arn: str, label: str, note: str, view: str, product: Shape, page_id: str, shown: dict[str, str]) -> Row:
    place = list(shown).index(arn) + 1 if arn in shown else len(shown) + 1
    url = reverse(f"console:{view}", args=[product["PortalProductId"], page_id])
    return Row(arn, label, note, url, shown.get(arn, ""), place)


def _place(row: Row) -> forms.IntegerField:
    return forms.IntegerField(
        label=f"Place of {row.label}", min_value=1, max_value=999, required=False, initial=row.place
    )


def _policy(console: Console, product_id: str) -> str:
    try:
        found = console.call("GetPortalProductSharingPolicy", {"PortalProductId": product_id}, SERVICE)
    except NotFoundException:
        return ""
    text: str = found.get("PolicyDocument") or ""
    return text


def _saved(console: Console, product_id: str, form: ProductForm, order: OrderForm, sharing: SharingForm) -> bool:
    """Whether one of the forms was sent, was right, and is carried out."""
    identifier = {"PortalProductId": product_id}
    if form.is_valid():
        data = form.cleaned_data
        request = {**identifier, "DisplayName": data["name"], "Description": data["description"]}
        return console.submit(form, "UpdatePortalProduct", request, SERVICE) is not None
    if order.is_valid():
        request = {**identifier, "DisplayOrder": order.order()}
        return console.submit(order, "UpdatePortalProduct", request, SERVICE) is not None
    if not sharing.is_valid():
        return False
    text = sharing.cleaned_data["policy"]
    if text:
        policy = {**identifier, "PolicyDocument": text}
        return console.submit(sharing, "PutPortalProductSharingPolicy", policy, SERVICE) is not None
    return console.submit(sharing, "DeletePortalProductSharingPolicy", identifier, SERVICE) is not None
