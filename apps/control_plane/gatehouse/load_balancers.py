"""Load balancers: what stands here for the ARNs to which VPC links lead."""

from __future__ import annotations

import re
from typing import Any

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, LimitExceededException
from apps.control_plane.registry import Shape, operation
from apps.deployments import publisher
from apps.vpc_links.models import LoadBalancer

MAX_BALANCERS = 50
MAX_TARGETS = 100
_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d{12}:\S{1,400}", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:.]{2,45}", re.ASCII)
_NAME = re.compile(
    r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.?",
    re.ASCII,
)
_PATH = re.compile(r"/[!-~]{0,1023}", re.ASCII)
# Members of a health check: smallest, largest and default value.
_NUMBERS = {
    "intervalSeconds": (5, 300, 10),
    "timeoutSeconds": (1, 60, 5),
    "healthyThreshold": (1, 10, 2),
    "unhealthyThreshold": (1, 10, 2),
}


@operation("PutLoadBalancer", "gatehouse")
def put_load_balancer(caller: Caller, request: Shape) -> Shape:
    """Say which targets stand for a load balancer, or at which name in DNS they are found; it acts at once."""
    arn = request["loadBalancerArn"]
    if not _ARN.fullmatch(arn):
        raise BadRequestException(f"Invalid ARN. ARN is not well formed {arn}")
    place: dict[str, Any] = {"account_id": caller.account_id, "region": caller.region}
    found = LoadBalancer.objects.filter(**place)
    if not found.filter(arn=arn).exists() and found.count() >= MAX_BALANCERS:
        raise LimitExceededException(f"An account can have at most {MAX_BALANCERS} load balancers in a region.")
    discovery = _discovery(request)
    members = {
        "targets": _targets(request.get("targets") or []) if discovery is None else [],
        "discovery": discovery,
        "health_check": _health_check(request.get("healthCheck")),
        "retries": _retries(request.get("retries")),
    }
    row, _ = LoadBalancer.objects.update_or_create(**place, arn=arn, defaults=members)
    publisher.publish_links(caller.account_id, caller.region)
    return load_balancer_shape(row)


@operation("GetLoadBalancer", "gatehouse")
def get_load_balancer(caller: Caller, request: Shape) -> Shape:
    """What stands for one load balancer."""
    return load_balancer_shape(find_load_balancer(caller, request))


@operation("ListLoadBalancers", "gatehouse")
def list_load_balancers(caller: Caller, request: Shape) -> Shape:
    """All of the account in the region, by ARN."""
    rows = LoadBalancer.objects.filter(account_id=caller.account_id, region=caller.region)
    return {"items": [load_balancer_shape(row) for row in rows.order_by("arn")]}


@operation("DeleteLoadBalancer", "gatehouse")
def delete_load_balancer(caller: Caller, request: Shape) -> Shape:
    """Let nothing stand for a load balancer; calls through links to it fail from now on."""
    find_load_balancer(caller, request).delete()
    publisher.publish_links(caller.account_id, caller.region)
    return {}


def load_balancer_shape(row: LoadBalancer) -> Shape:
    """The LoadBalancer of `service-2.json`."""
    shape: Shape = {"loadBalancerArn": row.arn, "targets": row.targets}
    shape |= {} if row.discovery is None else {"discovery": row.discovery}
    shape |= {} if row.health_check is None else {"healthCheck": row.health_check}
    return shape if row.retries is None else {**shape, "retries": row.retries}


def find_load_balancer(caller: Caller, request: Shape) -> LoadBalancer:
    """The load balancer that a request names; raises NotFoundException."""
    return caller.find(LoadBalancer, "Invalid load balancer ARN specified", arn=request["loadBalancerArn"])


def _targets(given: list[Shape]) -> list[Shape]:
    if not 1 <= len(given) <= MAX_TARGETS:
        raise BadRequestException(f"A load balancer must have 1 to {MAX_TARGETS} targets.")
    targets = [
        {
            "host": _host(target["host"]),
            "port": _number("port", target["port"], 1, 65_535),
            "weight": _number("weight", target.get("weight", 1), 0, 1_000),
        }
        for target in given
    ]
    if len({(target["host"], target["port"]) for target in targets}) < len(targets):
        raise BadRequestException("A load balancer must not have a target twice.")
    if not any(target["weight"] for target in targets):
        raise BadRequestException("At least one target must have a weight above 0.")
    return targets


def _discovery(request: Shape) -> Shape | None:
    """SRV records tell ports themselves; with addresses goes the port that all have."""
    given = request.get("discovery")
    if given is None:
        return None
    if request.get("targets"):
        raise BadRequestException("A load balancer has targets or a discovery, not both.")
    if len(given["name"]) > 253 or not _NAME.fullmatch(given["name"]):
        raise BadRequestException(f"Invalid name of a discovery: {given['name'][:64]}")
    found: Shape = {"name": given["name"], "recordType": given["recordType"]}
    if given["recordType"] == "SRV":
        if given.get("port"):
            raise BadRequestException("The port of a discovery comes with its SRV records.")
        return found
    return {**found, "port": _number("port", given.get("port", 0), 1, 65_535)}


def _host(host: str) -> str:
    if not _HOST.fullmatch(host):
        raise BadRequestException(f"Invalid host of a target: {host[:64]}")
    return host


def _health_check(given: Shape | None) -> Shape | None:
    if given is None:
        return None
    check: Shape = {
        name: _number(name, given.get(name, default), least, most) for name, (least, most, default) in _NUMBERS.items()
    }
    if given.get("path"):
        if not _PATH.fullmatch(given["path"]):
            raise BadRequestException("Invalid path of a health check: it begins with / and is at most 1024 characters")
        check["path"] = given["path"]
    if given.get("port"):
        check["port"] = _number("port", given["port"], 1, 65_535)
    return check


def _retries(given: Shape | None) -> Shape | None:
    if given is None:
        return None
    return {
        "attempts": _number("attempts", given.get("attempts", 1), 1, 3),
        "budgetPercent": _number("budgetPercent", given.get("budgetPercent", 20), 1, 100),
    }


def _number(name: str, value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        raise BadRequestException(f"Invalid {name}: it must be between {least} and {most}")
    return value
