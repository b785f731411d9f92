"""API keys, usage plans and which key draws on which plan."""

from __future__ import annotations

from django.db import models

from apps.accounts.models import Account
from apps.accounts.sealed import SealedTextField
from apps.accounts.written_json import WrittenJSONField
from apps.core import ids


class ApiKey(models.Model):
    """A caller's key. The value is sealed (AWS shows it again with includeValue) and found by its keyed digest."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="api_keys")
    region = models.CharField(max_length=32)
    key_id = models.CharField(max_length=128, default=ids.api_key_id)
    value = SealedTextField()
    value_digest = models.CharField(max_length=32)
    name = models.CharField(max_length=1024, null=True, blank=True)  # noqa: DJ001 - absent and empty differ on the wire
    description = models.TextField(null=True, blank=True)  # noqa: DJ001
    enabled = models.BooleanField(default=False)
    customer_id = models.CharField(max_length=256, null=True, blank=True)  # noqa: DJ001
    stage_keys = WrittenJSONField(default=list)
    expires_at = models.DateTimeField(null=True, blank=True)
    # From where it may be used (`apps.core.key_origins`); everywhere without any.
    source_networks = WrittenJSONField(default=list)
    websites = WrittenJSONField(default=list)
    created = models.DateTimeField(auto_now_add=True)
    last_updated = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "region", "key_id"], name="one_api_key_per_id"),
            models.UniqueConstraint(fields=["account", "region", "value_digest"], name="one_api_key_per_value"),
        ]


class UsagePlan(models.Model):
    """Limits that keys share the wording of, not the counters: each key has its own bucket and quota."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="usage_plans")
    region = models.CharField(max_length=32)
    plan_id = models.CharField(max_length=10, default=ids.usage_plan_id)
    name = models.CharField(max_length=1024)
    description = models.TextField(null=True, blank=True)  # noqa: DJ001
    product_code = models.CharField(max_length=256, null=True, blank=True)  # noqa: DJ001
    throttle_rate_limit = models.FloatField(null=True, blank=True)
    throttle_burst_limit = models.IntegerField(null=True, blank=True)
    quota_limit = models.BigIntegerField(null=True, blank=True)
    quota_offset = models.IntegerField(default=0)
    quota_period = models.CharField(max_length=8, null=True, blank=True)  # noqa: DJ001
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "region", "plan_id"], name="one_usage_plan_per_id")]


class UsagePlanStage(models.Model):
    """An API stage that a plan covers; `throttle` maps `/path/METHOD` to `{"rateLimit", "burstLimit"}`."""

    plan = models.ForeignKey(UsagePlan, on_delete=models.CASCADE, related_name="api_stages")
    rest_api_id = models.CharField(max_length=10, db_index=True)
    stage_name = models.CharField(max_length=128)
    throttle = WrittenJSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "rest_api_id", "stage_name"], name="one_stage_once_per_plan")
        ]


class UsagePlanKey(models.Model):
    """A key's membership in a plan."""

    plan = models.ForeignKey(UsagePlan, on_delete=models.CASCADE, related_name="keys")
    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="plans")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "api_key"], name="one_membership_per_key_and_plan")]


class QuotaExtension(models.Model):
    """What UpdateUsage granted a key beyond (or took from) a plan's quota, in the period that starts on `period_start`."""

    membership = models.ForeignKey(UsagePlanKey, on_delete=models.CASCADE, related_name="extensions")
    period_start = models.DateField()
    requests = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["membership", "period_start"], name="one_extension_per_period")]
