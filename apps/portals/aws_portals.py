"""API Gateway's portals: a portal of products with pages, and what of it has been published.

Visitors never see these rows but the last publication: a change shows when the portal is published again.
"""

from __future__ import annotations

from django.db import models

from apps.accounts.models import Account
from apps.accounts.written_json import WrittenJSONField
from apps.core import ids
from apps.deployments.models import Stage


class PortalProduct(models.Model):
    """What a portal shows: endpoints of REST APIs with pages about them. `sharing_policy` says which other accounts may show it too."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="portal_products")
    region = models.CharField(max_length=32)
    product_id = models.CharField(max_length=30, unique=True, default=ids.rest_api_id)
    display_name = models.CharField(max_length=255)
    description = models.CharField(max_length=1024, blank=True)
    display_order = WrittenJSONField(null=True, blank=True)
    sharing_policy = models.TextField(blank=True)
    last_modified = models.DateTimeField(auto_now=True)

    @property
    def arn(self) -> str:
        return f"arn:aws:apigateway:{self.region}:{self.account_id}:/portalproducts/{self.product_id}"


class ProductPage(models.Model):
    """A page of a product in Markdown. Portals show those that the product's display order names."""

    product = models.ForeignKey(PortalProduct, on_delete=models.CASCADE, related_name="pages")
    page_id = models.CharField(max_length=30, unique=True, default=ids.rest_api_id)
    title = models.CharField(max_length=255)
    body = models.TextField()
    last_modified = models.DateTimeField(auto_now=True)

    @property
    def arn(self) -> str:
        return f"{self.product.arn}/productpages/{self.page_id}"


class ProductRestEndpointPage(models.Model):
    """A page about a method at a path of a stage. Empty overrides are what the stage's own export says."""

    product = models.ForeignKey(PortalProduct, on_delete=models.CASCADE, related_name="endpoint_pages")
    page_id = models.CharField(max_length=30, unique=True, default=ids.rest_api_id)
    rest_api_id = models.CharField(max_length=50)
    stage_name = models.CharField(max_length=128)
    path = models.CharField(max_length=4096)
    method = models.CharField(max_length=20)
    body = models.TextField(blank=True)
    endpoint = models.CharField(max_length=1024, blank=True)
    operation_name = models.CharField(max_length=255, blank=True)
    try_it = models.BooleanField(default=False)
    last_modified = models.DateTimeField(auto_now=True)

    @property
    def arn(self) -> str:
        return f"{self.product.arn}/productrestendpointpages/{self.page_id}"

    @property
    def default_endpoint(self) -> str:
        return (
            f"https://{self.rest_api_id}.execute-api.{self.product.region}.amazonaws.com/{self.stage_name}{self.path}"
        )

    def stage(self) -> Stage | None:
        """The stage, of the product's own account and region; None when there is none any more."""
        return (
            Stage.objects.select_related("deployment", "rest_api")
            .filter(
                rest_api_id=self.rest_api_id,
                name=self.stage_name,
                rest_api__account_id=self.product.account_id,
                rest_api__region=self.product.region,
            )
            .first()
        )


class Portal(models.Model):
    """A portal as its owner has it; `live` is what visitors see of it and `preview` what a preview shows."""

    class Status(models.TextChoices):
        PUBLISHED = "PUBLISHED"
        PUBLISH_IN_PROGRESS = "PUBLISH_IN_PROGRESS"
        PUBLISH_FAILED = "PUBLISH_FAILED"
        DISABLED = "DISABLED"

    class PreviewStatus(models.TextChoices):
        IN_PROGRESS = "PREVIEW_IN_PROGRESS"
        FAILED = "PREVIEW_FAILED"
        READY = "PREVIEW_READY"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="portals")
    region = models.CharField(max_length=32)
    portal_id = models.CharField(max_length=30, unique=True, default=ids.rest_api_id)
    display_name = models.CharField(max_length=255)
    description = models.CharField(max_length=1024, blank=True)
    colors = WrittenJSONField(default=dict)
    logo_uri = models.CharField(max_length=1092, blank=True)
    logo = models.BinaryField(null=True, blank=True)
    logo_content_type = models.CharField(max_length=16, blank=True)
    logo_uploaded = models.DateTimeField(null=True, blank=True)
    authorization = WrittenJSONField(default=dict)
    domain_name = models.CharField(max_length=256, blank=True)
    certificate_arn = models.CharField(max_length=2048, blank=True)
    rum_app_monitor_name = models.CharField(max_length=255, blank=True)
    product_arns = WrittenJSONField(default=list)
    last_modified = models.DateTimeField(auto_now=True)

    status = models.CharField(max_length=20, choices=Status.choices, default=Status.DISABLED)
    status_exception = WrittenJSONField(null=True, blank=True)
    publishing_description = models.CharField(max_length=1024, blank=True)
    live = models.ForeignKey("PortalPublication", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    last_published = models.DateTimeField(null=True, blank=True)
    last_published_description = models.CharField(max_length=1024, blank=True)

    preview_status = models.CharField(max_length=20, choices=PreviewStatus.choices, blank=True)
    preview_exception = WrittenJSONField(null=True, blank=True)
    preview = models.ForeignKey("PortalPublication", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["domain_name"], condition=~models.Q(domain_name=""), name="one_portal_per_domain_name"
            )
        ]

    @property
    def arn(self) -> str:
        return f"arn:aws:apigateway:{self.region}:{self.account_id}:/portals/{self.portal_id}"

    @property
    def default_domain_name(self) -> str:
        return f"p-{self.portal_id}.apigw-portal.{self.region}.on.aws"


class PortalPublication(models.Model):
    """A portal as it was at one moment, whole: nothing that changes later changes it."""

    portal = models.ForeignKey(Portal, on_delete=models.CASCADE, related_name="publications")
    document = WrittenJSONField(default=dict)
    logo = models.BinaryField(null=True, blank=True)
    logo_content_type = models.CharField(max_length=16, blank=True)
    description = models.CharField(max_length=1024, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    is_preview = models.BooleanField(default=False)
