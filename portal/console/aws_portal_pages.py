"""Pages of portal products: those in Markdown, and those about a method at a path of a REST API's stage."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from apps.deployments.models import Stage
from apps.portals.aws_portals import ProductRestEndpointPage
from portal.console.api_frame import command_samples
from portal.console.aws_portals import SERVICE
from portal.console.commands import Command
from portal.console.fields import offer, switch
from portal.console.gate import Console, Shape, console_page

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY")


class PageForm(forms.Form):
    """A page in Markdown."""

    title = forms.CharField(max_length=255)
    body = forms.CharField(
        label="Text", max_length=32_768, strip=False, help_text="Markdown.", widget=forms.Textarea(attrs={"rows": 16})
    )


class EndpointForm(forms.Form):
    """What a page about a method says. Empty members are what the stage's own definition says."""

    operation_name = forms.CharField(label="Title", max_length=255, required=False)
    body = forms.CharField(
        label="Text", max_length=32_768, required=False, strip=False, widget=forms.Textarea(attrs={"rows": 8}),
        help_text="Markdown. Empty: what the stage's documentation says.",
    )  # fmt: skip
    endpoint = forms.CharField(
        label="Endpoint shown", max_length=1024, required=False, widget=forms.TextInput(attrs={"spellcheck": "false"})
    )
    try_it = forms.BooleanField(label="Visitors may try it", required=False, widget=switch())

    def members(self) -> Shape:
        data = self.cleaned_data
        given = {"Body": data["body"], "Endpoint": data["endpoint"], "OperationName": data["operation_name"]}
        overrides = {name: value for name, value in given.items() if value}
        content: Shape = {"Overrides": overrides} if overrides else {"None": {}}
        return {"DisplayContent": content, "TryItState": "ENABLED" if data["try_it"] else "DISABLED"}


class NewEndpointForm(EndpointForm):
    """A new page about a method."""

    stage = forms.ChoiceField()
    method = forms.ChoiceField(choices=[(one, one) for one in _METHODS])
    path = forms.CharField(
        max_length=4096, widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "/pets"})
    )

    field_order = ["stage", "method", "path", "operation_name", "body", "endpoint", "try_it"]

    def __init__(self, *args: Any, console: Console, **options: Any) -> None:
        super().__init__(*args, **options)
        stages = Stage.objects.filter(rest_api__account_id=console.account_id, rest_api__region=console.region)
        found = stages.order_by("rest_api__name", "name").values_list("rest_api_id", "name", "rest_api__name")[:500]
        offer(self, "stage", [(f"{api}:{name}", f"{title} · {name}") for api, name, title in found])

    def members(self) -> Shape:
        data = self.cleaned_data
        api, stage = data["stage"].split(":", 1)
        parts = {"RestApiId": api, "Stage": stage, "Path": data["path"], "Method": data["method"]}
        return {"RestEndpointIdentifier": {"IdentifierParts": parts}, **super().members()}


@console_page("GET", "POST")
def create_page(console: Console, product_id: str) -> HttpResponseBase:
    """A new page in Markdown: a draft until the product says that it is shown."""
    product = _product(console, product_id)
    form = PageForm(console.posted)
    if form.is_valid():
        request = {"PortalProductId": product_id, "DisplayContent": _content(form)}
        if console.submit(form, "CreateProductPage", request, SERVICE) is not None:
            return _done(console, product_id, "The page is a draft: say below that it is shown.")
    return _page(console, product, form, "New page", "Create page", Command("CreateProductPage", service=SERVICE))


@console_page("GET", "POST")
def portal_page(console: Console, product_id: str, page_id: str) -> HttpResponseBase:
    """One page in Markdown."""
    product, place = _product(console, product_id), {"PortalProductId": product_id, "ProductPageId": page_id}
    found = console.call("GetProductPage", place, SERVICE)["DisplayContent"]
    form = PageForm(console.posted, initial={"title": found["Title"], "body": found["Body"]})
    request = {**place, "DisplayContent": _content(form)} if form.is_valid() else None
    if request and console.submit(form, "UpdateProductPage", request, SERVICE) is not None:
        return _done(console, product_id, "Saved. Visitors see it when a portal is published again.")
    delete = reverse("console:delete_portal_page", args=[product_id, page_id])
    command = Command("GetProductPage", place, service=SERVICE)
    return _page(console, product, form, found["Title"], "Save page", command, delete)


@console_page("POST")
def delete_page(console: Console, product_id: str, page_id: str) -> HttpResponseBase:
    """Delete a page, and take it out of what is shown."""
    request = {"PortalProductId": product_id, "ProductPageId": page_id}
    console.attempt("The page is gone.", "DeleteProductPage", request, SERVICE)
    return redirect("console:portal_product", product_id)


@console_page("GET", "POST")
def create_endpoint_page(console: Console, product_id: str) -> HttpResponseBase:
    """A new page about a method."""
    product = _product(console, product_id)
    form = NewEndpointForm(console.posted, initial={"try_it": True}, console=console)
    if form.is_valid():
        request = {"PortalProductId": product_id, **form.members()}
        if console.submit(form, "CreateProductRestEndpointPage", request, SERVICE) is not None:
            return _done(console, product_id, "The page is a draft: give it a section below to show it.")
    command = Command("CreateProductRestEndpointPage", service=SERVICE)
    return _page(console, product, form, "New endpoint page", "Create page", command)


@console_page("GET", "POST")
def endpoint_page(console: Console, product_id: str, page_id: str) -> HttpResponseBase:
    """One page about a method."""
    product, place = (
        _product(console, product_id),
        {"PortalProductId": product_id, "ProductRestEndpointPageId": page_id},
    )
    found = console.call("GetProductRestEndpointPage", place, SERVICE)
    form = EndpointForm(console.posted, initial=_overrides(product_id, page_id))
    request = {**place, **form.members()} if form.is_valid() else None
    if request and console.submit(form, "UpdateProductRestEndpointPage", request, SERVICE) is not None:
        return _done(console, product_id, "Saved. Visitors see it when a portal is published again.")
    parts = found["RestEndpointIdentifier"]["IdentifierParts"]
    delete = reverse("console:delete_portal_endpoint_page", args=[product_id, page_id])
    command = Command("GetProductRestEndpointPage", place, service=SERVICE)
    return _page(console, product, form, f"{parts['Method']} {parts['Path']}", "Save page", command, delete)


@console_page("POST")
def delete_endpoint_page(console: Console, product_id: str, page_id: str) -> HttpResponseBase:
    """Delete a page about a method, and take it out of what is shown."""
    request = {"PortalProductId": product_id, "ProductRestEndpointPageId": page_id}
    console.attempt("The page is gone.", "DeleteProductRestEndpointPage", request, SERVICE)
    return redirect("console:portal_product", product_id)


def _product(console: Console, product_id: str) -> Shape:
    return console.call("GetPortalProduct", {"PortalProductId": product_id}, SERVICE)


def _content(form: PageForm) -> Shape:
    return {"Title": form.cleaned_data["title"], "Body": form.cleaned_data["body"]}


def _overrides(product_id: str, page_id: str) -> Shape:
    """What the page says itself. The operation tells it together with what the stage's definition says."""
    row = ProductRestEndpointPage.objects.get(product__product_id=product_id, page_id=page_id)
    return {
        "operation_name": row.operation_name,
        "body": row.body,
        "endpoint": row.endpoint,
        "try_it": row.try_it,
    }


def _done(console: Console, product_id: str, text: str) -> HttpResponseBase:
    messages.success(console.request, text)
    return redirect("console:portal_product", product_id)


def _page(
    console: Console, product: Shape, form: forms.Form, title: str, submit: str, command: Command, delete: str = ""
) -> HttpResponseBase:
    back = reverse("console:portal_product", args=[product["PortalProductId"]])
    products = {"label": "Portal products", "url": reverse("console:portal_products")}
    return console.page(
        "console/aws/page.html",
        section="portal-products",
        title=title,
        form=form,
        submit=submit,
        back=back,
        delete=delete,
        trail=[products, {"label": product["DisplayName"], "url": back}, {"label": title}],
        cli=command_samples(console, [command]),
        status=422 if form.errors else 200,
    )
