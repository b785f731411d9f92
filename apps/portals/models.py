"""The developer portal's own nouns: products that group API stages, who subscribed to them, and with which keys."""

from __future__ import annotations

import secrets

from django.db import models

from apps.accounts.models import Account, User
from apps.accounts.written_json import WrittenJSONField
from apps.deployments.models import Stage
from apps.usage_plans.models import ApiKey, UsagePlan


def _public_id() -> str:
    return secrets.token_hex(6)


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
