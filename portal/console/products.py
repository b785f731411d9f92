"""Products: what developers find in the portal, and who waits for an approval to use it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.forms.utils import ErrorDict
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from apps.control_plane.paging import page
from apps.portals.models import Product, Subscription
from portal.console.choosing import plans, product_stages
from portal.console.choosing_some import some_of_many
from portal.console.fields import LinesField, offer
from portal.console.gate import Console, console_page
from portal.console.portal_pages import VisibleForm

_PAGE = 25
_SERVICE = "gatehouse"


class ProductForm(VisibleForm):
    """The page of a product and what belongs to it."""

    name = forms.CharField(max_length=128)
    slug = forms.SlugField(
        label="Address", max_length=64, help_text="Small letters, digits and hyphens: /products/pet-store/."
    )
    summary = forms.CharField(max_length=280, required=False, help_text="One sentence, for the catalogue.")
    description = forms.CharField(
        required=False, max_length=32_768, help_text="Markdown.", widget=forms.Textarea(attrs={"rows": 8})
    )
    stages = forms.MultipleChoiceField(
        label="API stages",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one stage."},
    )
    plans = forms.MultipleChoiceField(
        label="Usage plans",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one plan."},
    )
    approval = forms.MultipleChoiceField(
        label="Plans that need an approval",
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Subscriptions to these wait until somebody here approves them.",
    )

    scopes = LinesField(help_text="What OAuth clients of subscribed applications may ask for, one per line.")
    audience = forms.CharField(
        max_length=256, required=False, help_text="Whom their tokens are for: the audience of your JWT authorizer."
    )

    mcp = forms.BooleanField(
        label="Tools for agents (MCP)",
        required=False,
        widget=forms.CheckboxInput(attrs={"role": "switch"}),
        help_text="Programs that have a key of the product, or a portal token, may call its operations as tools.",
    )

    def __init__(self, *args: Any, console: Console, **options: Any) -> None:
        super().__init__(*args, console=console, **options)
        self.stage_offer = some_of_many(self, "stages", product_stages, console)
        self.plan_offer = some_of_many(self, "plans", plans, console)
        offer(self, "approval", self.plan_offer.choices)
        if self.is_searching:
            self._errors = ErrorDict()  # what has been typed comes back as it is, and nothing is wrong with it yet

    @property
    def is_searching(self) -> bool:
        """Whether the form was sent to find other stages or plans."""
        return self.is_bound and "find" in self.data

    def request(self) -> dict[str, Any]:
        """The members of CreateProduct and UpdateProduct."""
        data = self.cleaned_data
        return {
            "slug": data["slug"].lower(),
            "name": data["name"],
            "summary": data["summary"],
            "description": data["description"],
            "stages": [self._stage(value) for value in data["stages"]],
            "usagePlans": [
                {"usagePlanId": plan, "approvalRequired": plan in data["approval"]} for plan in data["plans"]
            ],
            "scopes": data["scopes"],
            "audience": data["audience"],
            "mcp": data["mcp"],
            **self.visible(),
        }

    def _stage(self, value: str) -> dict[str, str]:
        """A stage of a request by its choice; what the product calls it stays."""
        member, place = ("apiId", value.removeprefix("v2:")) if value.startswith("v2:") else ("restApiId", value)
        api, name = place.split(":", 1)
        return {member: api, "stageName": name, "version": self.initial.get("versions", {}).get(value, "")}


@console_page("GET")
def products(console: Console) -> HttpResponseBase:
    """The list."""
    position = console.request.GET.get("position", "")
    rows, following = page(
        _products(console)
        .prefetch_related("stages__stage__rest_api", "stages__v2_stage__api", "plans__plan")
        .annotate(
            active=Count("subscriptions", filter=Q(subscriptions__status=Subscription.Status.ACTIVE), distinct=True),
            waiting=Count("subscriptions", filter=Q(subscriptions__status=Subscription.Status.PENDING), distinct=True),
        ),
        {"limit": _PAGE, "position": position},
        "name",
        "product_id",
    )
    return console.page(
        "console/products.html",
        section="products",
        products=rows,
        next_url=f"?position={following}" if following else "",
        first_url=reverse("console:products") if position else "",
    )


@console_page("GET", "POST")
def create_product(console: Console) -> HttpResponseBase:
    """A new product; it is published from its page."""
    form = ProductForm(console.posted, console=console)
    if not form.is_searching and form.is_valid():
        created = console.submit(form, "CreateProduct", form.request(), _SERVICE)
        if created is not None:
            messages.success(console.request, f"{created['name']} exists. Publish it when its page reads well.")
            return redirect("console:product", created["productId"])
    return console.page(
        "console/product.html",
        section="products",
        form=form,
        product=None,
        trail=[{"label": "Products", "url": reverse("console:products")}, {"label": "Create product"}],
        status=422 if form.errors else 200,
    )


@console_page("GET", "POST")
def product(console: Console, product_id: str) -> HttpResponseBase:
    """One product."""
    row = _find(console, product_id)
    form = ProductForm(console.posted, initial=_initial(row), console=console)
    if not form.is_searching and form.is_valid():
        saved = console.submit(form, "UpdateProduct", {"productId": product_id, **form.request()}, _SERVICE)
        if saved is not None:
            messages.success(console.request, "Saved.")
            return redirect("console:product", product_id)
    return console.page(
        "console/product.html",
        section="products",
        form=form,
        product=row,
        subscriptions=row.subscriptions.count(),
        trail=[{"label": "Products", "url": reverse("console:products")}, {"label": row.name}],
        status=422 if form.errors else 200,
    )


@console_page("POST")
def publish_product(console: Console, product_id: str) -> HttpResponseBase:
    """Show a product in the portal, with the reference of what its stages run now."""
    _find(console, product_id)
    console.attempt("The product is in the portal.", "PublishProduct", {"productId": product_id}, _SERVICE)
    return redirect("console:product", product_id)


@console_page("POST")
def unpublish_product(console: Console, product_id: str) -> HttpResponseBase:
    """Take a product out of the catalogue; those who subscribed keep calling."""
    _find(console, product_id)
    request = {"productId": product_id, "published": False}
    console.attempt(
        "The product is out of the portal. Subscribers keep their keys.", "UpdateProduct", request, _SERVICE
    )
    return redirect("console:product", product_id)


@console_page("POST")
def delete_product(console: Console, product_id: str) -> HttpResponseBase:
    """Delete a product, after its name has been typed."""
    row = _find(console, product_id)
    if console.request.POST.get("confirmation", "").strip() != row.name.strip():
        messages.error(console.request, f"Type {row.name} to delete the product. Nothing was deleted.")
        return redirect("console:product", product_id)
    if console.attempt(f"{row.name} is gone.", "DeleteProduct", {"productId": product_id}, _SERVICE) is None:
        return redirect("console:product", product_id)
    return redirect("console:products")


def _products(console: Console) -> Any:
    return Product.objects.filter(account_id=console.account_id, region=console.region)


def _find(console: Console, product_id: str) -> Product:
    return console.caller.find(Product, "Invalid product identifier specified", product_id=product_id)


def _initial(row: Product) -> dict[str, Any]:
    plans = list(row.plans.select_related("plan"))
    versions = {
        f"{'' if one.stage else 'v2:'}{one.api_id}:{one.of.name}": one.version
        for one in row.stages.select_related("stage", "v2_stage__api")
    }
    return {
        "name": row.name,
        "slug": row.slug,
        "summary": row.summary,
        "description": row.description,
        "scopes": row.scopes,
        "audience": row.audience,
        "mcp": row.mcp,
        "visibility": row.visibility,
        "audiences": list(row.audiences.values_list("name", flat=True)),
        "stages": list(versions),
        "versions": versions,
        "plans": [one.plan.plan_id for one in plans],
        "approval": [one.plan.plan_id for one in plans if one.approval_required],
    }
