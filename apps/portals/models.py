"""The developer portal's own nouns: its looks, pages and audiences; products, who subscribed to them, and with which keys."""

from __future__ import annotations

import secrets

from django.db import models

from apps.accounts.models import Account, User
from apps.accounts.sealed import SealedTextField
from apps.accounts.written_json import WrittenJSONField
from apps.deployments.models import Stage
from apps.identity.models import OAuthClient
from apps.rest_apis.models import RestApi
from apps.usage_plans.models import ApiKey, UsagePlan
from apps.v2_apis.models import Api
from apps.v2_apis.models import Stage as V2Stage


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
    """What an account's portal is called and looks like; empty members are Gatehouse's own.

    Who comes by `domain_name` sees this account's portal; by other names, that of the oldest account that has a brand.
    """

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="portal_brand")
    name = models.CharField(max_length=64, blank=True)
    tagline = models.CharField(max_length=280, blank=True)
    brand_color = models.CharField(max_length=7, blank=True)
    brand_color_dark = models.CharField(max_length=7, blank=True)
    logo = models.BinaryField(null=True, blank=True)
    logo_content_type = models.CharField(max_length=16, blank=True)
    logo_digest = models.CharField(max_length=16, blank=True)
    logo_size = models.PositiveIntegerField(default=0)
    domain_name = models.CharField(max_length=253, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["domain_name"], condition=~models.Q(domain_name=""), name="one_brand_per_domain_name"
            )
        ]


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
    deprecated = models.DateTimeField(null=True, blank=True)
    sunset = models.DateField(null=True, blank=True)
    deprecation_notice = models.TextField(blank=True)
    scopes = WrittenJSONField(default=list)
    audience = models.CharField(max_length=256, blank=True)
    mcp = models.BooleanField(default=False)
    successor = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="predecessors")
    created = models.DateTimeField(auto_now_add=True)


class ProductStage(models.Model):
    """An API stage in a product, of a REST API (`stage`) or of an HTTP or WebSocket API (`v2_stage`), with its reference.

    `reference` is the OpenAPI document (of the deployment `reference_deployment_id`) that the portal shows. `version` is
    what the product calls this stage of it, such as "v2"; it may be empty.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="stages")
    stage = models.ForeignKey(Stage, on_delete=models.CASCADE, null=True, blank=True, related_name="products")
    v2_stage = models.ForeignKey(V2Stage, on_delete=models.CASCADE, null=True, blank=True, related_name="products")
    version = models.CharField(max_length=32, blank=True)
    reference = WrittenJSONField(default=dict)
    reference_deployment_id = models.CharField(max_length=10, blank=True)
    reference_published = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "stage"], name="one_stage_once_per_product"),
            models.UniqueConstraint(fields=["product", "v2_stage"], name="one_v2_stage_once_per_product"),
            models.CheckConstraint(
                condition=models.Q(stage__isnull=False, v2_stage__isnull=True)
                | models.Q(stage__isnull=True, v2_stage__isnull=False),
                name="stage_of_one_kind",
            ),
        ]

    @property
    def of(self) -> Stage | V2Stage:
        """The stage, whichever kind it is."""
        found = self.stage or self.v2_stage
        assert found is not None, "the constraint sees to it"
        return found

    @property
    def api(self) -> RestApi | Api:
        return self.stage.rest_api if self.stage is not None else self._v2.api

    @property
    def api_id(self) -> str:
        return self.stage.rest_api_id if self.stage is not None else self._v2.api_id

    @property
    def protocol(self) -> str:
        """REST, HTTP or WEBSOCKET."""
        return "REST" if self.stage is not None else self._v2.api.protocol_type

    @property
    def _v2(self) -> V2Stage:
        assert self.v2_stage is not None, "the constraint sees to it"
        return self.v2_stage


class ChangelogEntry(models.Model):
    """What changed in a product, in Markdown."""

    entry_id = models.CharField(max_length=12, unique=True, default=_public_id)
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="changelog")
    title = models.CharField(max_length=128)
    version = models.CharField(max_length=32, blank=True)
    body = models.TextField(blank=True)
    created = models.DateTimeField(auto_now_add=True)


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


class ApplicationMember(models.Model):
    """Somebody who belongs to an application besides its owner. Until the invitation is accepted there is an address only."""

    class Role(models.TextChoices):
        MANAGER = "manager", "Manager"
        VIEWER = "viewer", "Viewer"

    member_id = models.CharField(max_length=12, unique=True, default=_public_id)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="members")
    email = models.EmailField(max_length=254)
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, blank=True, related_name="application_memberships"
    )
    role = models.CharField(max_length=7, choices=Role.choices, default=Role.VIEWER)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "email"], name="one_invitation_per_address"),
            models.UniqueConstraint(fields=["application", "user"], name="one_membership_per_application"),
        ]


class ApplicationClient(models.Model):
    """An OAuth client of an application. Its scopes are those of the products that the application uses."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="clients")
    client = models.OneToOneField(OAuthClient, on_delete=models.CASCADE, related_name="application_client")


class ApplicationKey(models.Model):
    """A key of an application. When it is rotated, the old one keeps working until its `expires_at` (on the ApiKey)."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="keys")
    api_key = models.OneToOneField(ApiKey, on_delete=models.CASCADE, related_name="application_key")
    label = models.CharField(max_length=64, blank=True)
    replaced_by = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="replaces")
    created = models.DateTimeField(auto_now_add=True)


class Subscription(models.Model):
    """An application's use of a product under one of its plans.

    `quota_told` is the period (its first day) and the threshold of its quota of which the application's people were told last.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "Waiting for approval"
        ACTIVE = "active", "Active"
        REFUSED = "refused", "Refused"

    subscription_id = models.CharField(max_length=12, unique=True, default=_public_id)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="subscriptions")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="subscriptions")
    product_plan = models.ForeignKey(ProductPlan, on_delete=models.CASCADE, related_name="subscriptions")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.ACTIVE)
    quota_told = models.CharField(max_length=12, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "product"], name="one_subscription_per_product")]


class PortalToken(models.Model):
    """With which a developer's own program uses the portal's JSON API. Only its digest is kept."""

    token_id = models.CharField(max_length=12, unique=True, default=_public_id)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="portal_tokens")
    name = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)
    scopes = WrittenJSONField(default=list)
    expires = models.DateTimeField()
    last_used = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)


class OutgoingMail(models.Model):
    """A message that waits to be sent, or was. `key` says what it is about: the same is told to the same person once."""

    key = models.CharField(max_length=128, unique=True)
    recipient = models.EmailField(max_length=254)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    attempts = models.PositiveSmallIntegerField(default=0)
    due = models.DateTimeField(null=True, blank=True, db_index=True)
    sent = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)


class Webhook(models.Model):
    """Where events of an account's portal are sent, signed with `secret`. `events` empty means all of them."""

    webhook_id = models.CharField(max_length=12, unique=True, default=_public_id)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="webhooks")
    url = models.CharField(max_length=2000)
    description = models.CharField(max_length=280, blank=True)
    events = WrittenJSONField(default=list)
    secret = SealedTextField()
    enabled = models.BooleanField(default=True)
    created = models.DateTimeField(auto_now_add=True)


class WebhookDelivery(models.Model):
    """One event on its way to one webhook. `due` is when it is tried next; None once it has arrived or was given up.

    `event_id` is the same in every attempt, so that who receives it twice knows.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Given up"

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event_id = models.CharField(max_length=32)
    event = models.CharField(max_length=32)
    payload = models.TextField()
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    response_status = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=200, blank=True)
    due = models.DateTimeField(null=True, blank=True, db_index=True)
    delivered = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["webhook", "event_id"], name="one_delivery_per_event")]


# Django looks for an app's models here.
from apps.portals import aws_portals  # noqa: E402, F401
