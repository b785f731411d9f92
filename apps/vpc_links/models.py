"""VPC links (V1): names for network load balancers behind which private back ends stand."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils import timezone

from apps.accounts.models import Account
from apps.accounts.written_json import WrittenJSONField
from apps.core import ids

PREPARATION = timedelta(seconds=1)


class VpcLink(models.Model):
    """A link to the load balancers in `target_arns`.

    AWS takes minutes to build one. Nothing has to be built here; a link is PENDING for `PREPARATION` all the same, so that
    whoever waits for AVAILABLE goes the way that it goes there.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="vpc_links")
    region = models.CharField(max_length=32)
    link_id = models.CharField(max_length=10, default=ids.vpc_link_id)
    name = models.CharField(max_length=1024)
    description = models.TextField(null=True, blank=True)  # noqa: DJ001 - absent and empty differ on the wire
    target_arns = WrittenJSONField(default=list)
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "region", "link_id"], name="one_vpc_link_per_id")]

    @property
    def status(self) -> str:
        """PENDING at first, then AVAILABLE."""
        return "PENDING" if timezone.now() < self.created + PREPARATION else "AVAILABLE"


class LoadBalancer(models.Model):
    """What stands for the ARN of a load balancer or of a service of Cloud Map here: the targets among which calls through a VPC link are
    spread, or the name in DNS at which they are found.

    `targets` are objects of `host`, `port` and `weight`; `health_check`, `discovery` and `retries`, where there are any, have the
    members of the operation.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="load_balancers")
    region = models.CharField(max_length=32)
    arn = models.CharField(max_length=512)
    targets = WrittenJSONField(default=list)
    health_check = WrittenJSONField(null=True, blank=True)
    discovery = WrittenJSONField(null=True, blank=True)
    retries = WrittenJSONField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "region", "arn"], name="one_load_balancer_per_arn")]
