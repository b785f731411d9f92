"""Deployments and stages, and the configuration that has been published for the runtime."""

from __future__ import annotations

from django.db import models

from apps.accounts.models import Account
from apps.accounts.written_json import WrittenJSONField
from apps.core import ids
from apps.rest_apis.models import RestApi


class Deployment(models.Model):
    """A REST API as it was at one moment: its document never changes."""

    rest_api = models.ForeignKey(RestApi, on_delete=models.CASCADE, related_name="deployments")
    deployment_id = models.CharField(max_length=10, default=ids.deployment_id)
    description = models.TextField(null=True, blank=True)  # noqa: DJ001 - absent and empty differ on the wire
    created = models.DateTimeField(auto_now_add=True)
    draft_revision = models.PositiveBigIntegerField()
    document = models.TextField()
    # The API's export (OpenAPI 3) at that moment: what the developer portal's reference shows.
    openapi = WrittenJSONField(default=dict)
    # What exports add to it when they are asked for API Gateway's own: authorizers, validators, gateway responses.
    extensions = WrittenJSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rest_api", "deployment_id"], name="one_deployment_per_id")]


class Stage(models.Model):
    """A named pointer to a deployment, with settings that act without deploying again."""

    rest_api = models.ForeignKey(RestApi, on_delete=models.CASCADE, related_name="stages")
    name = models.CharField(max_length=128)
    deployment = models.ForeignKey(Deployment, on_delete=models.PROTECT, related_name="stages")
    description = models.TextField(null=True, blank=True)  # noqa: DJ001
    client_certificate_id = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001
    cache_cluster_enabled = models.BooleanField(default=False)
    cache_cluster_size = models.CharField(max_length=8, null=True, blank=True)  # noqa: DJ001
    variables = WrittenJSONField(default=dict)
    method_settings = WrittenJSONField(default=dict)
    access_log_settings = WrittenJSONField(null=True, blank=True)
    canary_settings = WrittenJSONField(null=True, blank=True)
    documentation_version = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001
    tracing_enabled = models.BooleanField(default=False)
    web_acl_arn = models.CharField(max_length=2048, null=True, blank=True)  # noqa: DJ001
    # How often the caches were flushed: the numbers are part of the runtime's cache keys.
    cache_flushes = models.PositiveIntegerField(default=0)
    authorizers_cache_flushes = models.PositiveIntegerField(default=0)
    created = models.DateTimeField(auto_now_add=True)
    last_updated = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rest_api", "name"], name="one_stage_per_name")]

    @property
    def serving_canary_id(self) -> str | None:
        """The id of the deployment that the stage's canary gives traffic to; None while it gives none."""
        settings = self.canary_settings or {}
        if not float(settings.get("percentTraffic") or 0):
            return None
        deployment_id: str | None = settings.get("deploymentId")
        return deployment_id


class StageHistory(models.Model):
    """Which deployment a stage pointed to from when on: what history and rollback in the console show."""

    stage = models.ForeignKey(Stage, on_delete=models.CASCADE, related_name="history")
    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    principal = models.CharField(max_length=256, blank=True)


class StageCanary(models.Model):
    """A canary of a stage from its release to its end, and the guard that watches it. `ended` None: it is released now.

    What it answered is counted from `measured_from` on, a whole minute in which no earlier canary of the stage answered.
    """

    class Outcome(models.TextChoices):
        PROMOTED = "promoted"
        ENDED = "ended"
        REPLACED = "replaced"

    stage = models.ForeignKey(Stage, on_delete=models.CASCADE, related_name="canaries")
    deployment_id = models.CharField(max_length=10)
    released = models.DateTimeField()
    measured_from = models.DateTimeField()
    ended = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, blank=True)
    reason = models.TextField(blank=True)
    # The members of a CanaryGuard of our service model.
    guard = WrittenJSONField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stage"], condition=models.Q(ended=None), name="one_canary_at_a_time")
        ]


class ConfigurationDocument(models.Model):
    """The canonical bytes of a published document, by their digest."""

    digest = models.CharField(primary_key=True, max_length=64)
    body = models.TextField()


class ConfigurationSection(models.Model):
    """Which document a section holds since `revision`; `document` None says that the section is gone."""

    name = models.CharField(primary_key=True, max_length=320)
    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    document = models.ForeignKey(ConfigurationDocument, on_delete=models.PROTECT, null=True)
    revision = models.PositiveBigIntegerField(db_index=True)


class ConfigurationRevision(models.Model):
    """The one counter of revisions (row 1). `announced` is the last one that Redis has been told."""

    number = models.PositiveBigIntegerField(default=0)
    announced = models.PositiveBigIntegerField(default=0)
