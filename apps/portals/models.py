"""The developer portal's own nouns: its looks, pages and audiences; products, who subscribed to them, and with which keys."""

from __future__ import annotations

import secrets

from django.db import models

from apps.accounts.models import Account, User
from apps.accounts.written_json import WrittenJSONField
from apps.deployments.models import Stage
from apps.usage_plans.models import ApiKey, UsagePlan


def _public_id() -> str:
    return secrets.token_hex(6)


class Audience(models.Model):
    """People to whom products and pages are shown: by address, or all of a domain."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="audiences")
    name = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="one_audience_per_name")]


class AudienceEntry(models.Model):
    """An address (`ada@example.com`) or a domain (`@example.com`), in lower case."""

    audience = models.ForeignKey(Audience, on_delete=models.CASCADE, related_name="entries")
    value = models.CharField(max_length=254, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["audience", "value"], name="one_entry_once_per_audience")]


class Visibility(models.TextChoices):
    """Who is shown something in the portal. Members of the account see all of its own."""

    PUBLIC = "public", "Everybody"
    SIGNED_IN = "signed-in", "Everybody who has signed in"
    AUDIENCE = "audience", "Chosen audiences"


class PortalBrand(models.Model):
    """What an account's portal is called and looks like; empty members are Gatehouse's own."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="portal_brand")
    name = models.CharField(max_length=64, blank=True)
    tagline = models.CharField(max_length=280, blank=True)
    brand_color = models.CharField(max_length=7, blank=True)
    brand_color_dark = models.CharField(max_length=7, blank=True)
    logo = models.BinaryField(null=True, blank=True)
    logo_content_type = models.CharField(max_length=16, blank=True)
    logo_digest = models.CharField(max_length=16, blank=True)
    logo_size = models.PositiveIntegerField(default=0)


class PortalPage(models.Model):
    """A page of the portal, in Markdown: `home` and `support` in their places, all others are guides."""

    HOME, SUPPORT = "home", "support"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="portal_pages")
    slug = models.SlugField(max_length=64)
    title = models.CharField(max_length=128)
    body = models.TextField(blank=True)
    visibility = models.CharField(max_length=9, choices=Visibility.choices, default=Visibility.PUBLIC)
    audiences = models.ManyToManyField(Audience, blank=True, related_name="pages")
    position = models.PositiveSmallIntegerField(default=0)
    published = models.BooleanField(default=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "slug"], name="one_portal_page_per_slug"),
            models.UniqueConstraint(
                fields=["slug"], condition=~models.Q(slug__in=["home", "support"]), name="one_guide_per_address"
            ),
        ]

    @property
    def guide(self) -> bool:
        return self.slug not in (self.HOME, self.SUPPORT)


class Product(models.Model):
    """What a developer subscribes to: one or more API stages with a page, offered under usage plans."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="products")
    region = models.CharField(max_length=32)
    product_id = models.CharField(max_length=12, unique=True, default=_public_id)
    slug = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=128)
    summary = models.CharField(max_length=280, blank=True)
    description = models.TextField(blank=True)
    published = models.BooleanField(default=False)
    visibility = models.CharField(max_length=9, choices=Visibility.choices, default=Visibility.PUBLIC)
    audiences = models.ManyToManyField(Audience, blank=True, related_name="products")
    created = models.DateTimeField(auto_now_add=True)


class ProductStage(models.Model):
    """An API stage in a product, with the reference that was last rendered for it.

    `reference` is the OpenAPI document (of the deployment `reference_deployment_id`) that the portal shows.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="stages")
    stage = models.ForeignKey(Stage, on_delete=models.CASCADE, related_name="products")
    reference = WrittenJSONField(default=dict)
    reference_deployment_id = models.CharField(max_length=10, blank=True)
    reference_published = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "stage"], name="one_stage_once_per_product")]


class ProductPlan(models.Model):
    """A usage plan under which a product is offered."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="plans")
    plan = models.ForeignKey(UsagePlan, on_delete=models.CASCADE, related_name="products")
    position = models.PositiveSmallIntegerField(default=0)
    approval_required = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "plan"], name="one_plan_once_per_product")]
        ordering = ["position", "id"]


class Application(models.Model):
    """A developer's program: it holds the keys and the subscriptions."""

    application_id = models.CharField(max_length=12, unique=True, default=_public_id)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="applications")
    region = models.CharField(max_length=32)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="applications")
    name = models.CharField(max_length=128)
    description = models.CharField(max_length=280, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "account", "name"], name="one_application_per_name")]


class ApplicationKey(models.Model):
    """A key of an application. When it is rotated, the old one keeps working until its `expires_at` (on the ApiKey)."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="keys")
    api_key = models.OneToOneField(ApiKey, on_delete=models.CASCADE, related_name="application_key")
    replaced_by = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="replaces")
    created = models.DateTimeField(auto_now_add=True)


class Subscription(models.Model):
    """An application's use of a product under one of its plans."""

    class Status(models.TextChoices):
        PENDING = "pending", "Waiting for approval"
        ACTIVE = "active", "Active"
        REFUSED = "refused", "Refused"

    subscription_id = models.CharField(max_length=12, unique=True, default=_public_id)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="subscriptions")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="subscriptions")
    product_plan = models.ForeignKey(ProductPlan, on_delete=models.CASCADE, related_name="subscriptions")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.ACTIVE)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "product"], name="one_subscription_per_product")]


# Django looks for an app's models here.
from apps.portals import aws_portals  # noqa: E402, F401
