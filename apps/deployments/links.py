"""VPC links and what stands for the load balancers behind them, as the runtime knows them."""

from __future__ import annotations

from typing import Any

from apps.core import documents
from apps.v2_apis.models import VpcLink as V2VpcLink
from apps.vpc_links.models import LoadBalancer, VpcLink


def links_document(account_id: str, region: str) -> documents.LinksDocument:
    """All of an account in a region."""
    place: dict[str, Any] = {"account_id": account_id, "region": region}
    links = {row.link_id: tuple(row.target_arns) for row in VpcLink.objects.filter(**place)}
    links |= {row.link_id: () for row in V2VpcLink.objects.filter(**place)}
    balancers = {row.arn: _load_balancer(row) for row in LoadBalancer.objects.filter(**place)}
    return documents.LinksDocument(**place, links=links, balancers=balancers)


def places_of_links() -> set[tuple[str, str]]:
    """The accounts and regions that have any."""
    found: set[tuple[str, str]] = set()
    for rows in (VpcLink.objects, V2VpcLink.objects, LoadBalancer.objects):
        found.update(rows.values_list("account_id", "region"))
    return found


def _load_balancer(row: LoadBalancer) -> documents.LoadBalancer:
    check, discovery, retries = row.health_check, row.discovery, row.retries
    return documents.LoadBalancer(
        targets=tuple(
            documents.Target(host=target["host"], port=target["port"], weight=target["weight"])
            for target in row.targets
        ),
        health_check=None
        if check is None
        else documents.HealthCheck(
            path=check.get("path"),
            port=check.get("port"),
            interval_seconds=check["intervalSeconds"],
            timeout_seconds=check["timeoutSeconds"],
            healthy_threshold=check["healthyThreshold"],
            unhealthy_threshold=check["unhealthyThreshold"],
        ),
        discovery=None
        if discovery is None
        else documents.Discovery(
            name=discovery["name"], record_type=discovery["recordType"], port=discovery.get("port", 0)
        ),
        retries=None
        if retries is None
        else documents.Retries(attempts=retries["attempts"], budget_percent=retries["budgetPercent"]),
    )
