"""What was used, added up from the runtime's batches. Only metering's tasks write here."""

from __future__ import annotations

from django.db import models


class UsageBatch(models.Model):
    """A batch that has been added. The primary key is what makes adding it twice impossible."""

    batch_id = models.CharField(primary_key=True, max_length=36)
    received = models.DateTimeField(auto_now_add=True, db_index=True)


class DailyUsage(models.Model):
    """Requests that drew on a key's quota under a plan on one day (UTC): GetUsage's numbers.

    Ids rather than foreign keys: usage outlives the key and the plan that it tells of.
    """

    account_id = models.CharField(max_length=12)
    region = models.CharField(max_length=32)
    plan_id = models.CharField(max_length=10)
    key_id = models.CharField(max_length=128)
    day = models.DateField()
    used = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account_id", "region", "plan_id", "key_id", "day"], name="one_usage_row_per_day"
            )
        ]


class Answers(models.Model):
    """What was answered, as sums; latencies are milliseconds."""

    account_id = models.CharField(max_length=12)
    region = models.CharField(max_length=32)
    api_id = models.CharField(max_length=10, blank=True)
    stage_name = models.CharField(max_length=128, blank=True)
    resource = models.CharField(max_length=1024, blank=True)
    method = models.CharField(max_length=16, blank=True)
    key_id = models.CharField(max_length=128, blank=True)
    canary = models.BooleanField(default=False)
    count = models.BigIntegerField(default=0)
    errors_4xx = models.BigIntegerField(default=0)
    errors_5xx = models.BigIntegerField(default=0)
    throttled = models.BigIntegerField(default=0)
    latency_ms = models.FloatField(default=0)
    integration_latency_ms = models.FloatField(default=0)
    cache_hits = models.BigIntegerField(default=0)
    cache_misses = models.BigIntegerField(default=0)
    integration_errors = models.BigIntegerField(default=0)
    data_processed = models.BigIntegerField(default=0)
    # Counts by the place of their bucket (`apps.core.usage.LATENCY_BOUNDS_MS`), as a DDSketch has them.
    latency_buckets = models.JSONField(default=dict)
    integration_buckets = models.JSONField(default=dict)

    class Meta:
        abstract = True


class TrafficMinute(Answers):
    """What one method of a stage, or of its canary, answered to one key in one minute."""

    minute = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "account_id",
                    "region",
                    "api_id",
                    "stage_name",
                    "resource",
                    "method",
                    "key_id",
                    "minute",
                    "canary",
                ],
                name="one_traffic_row_per_minute",
            )
        ]
        indexes = [
            models.Index(fields=["api_id", "minute"], name="traffic_of_api"),
            models.Index(fields=["account_id", "key_id", "minute"], name="traffic_of_key"),
        ]


class TrafficRollup(Answers):
    """The same added up, so that a dashboard reads as many rows as it has points, however many keys and methods there are.

    `scope` says whose answers these are; the members that do not name it are empty. `step` is how many seconds `start` begins.
    """

    class Scope(models.TextChoices):
        ACCOUNT = "account"
        STAGE = "stage"
        METHOD = "method"
        KEY = "key"  # of a stage

    scope = models.CharField(max_length=8, choices=Scope.choices)
    step = models.IntegerField()
    start = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "account_id", "api_id", "scope", "step", "start", "key_id", "region", "stage_name", "resource", "method",
                    "canary",
                ],
                name="one_rollup_of_each_step",
            )
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["account_id", "scope", "step", "start"], name="rollups_of_account"),
            models.Index(fields=["account_id", "key_id", "scope", "step", "start"], name="rollups_of_key"),
        ]
