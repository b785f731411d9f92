"""Routing rules: requests to a custom domain name go to stages of REST APIs by their headers and base paths."""

from __future__ import annotations

import re

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException
from apps.control_plane.locking import hold
from apps.control_plane.paging import page
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.domain_names import find_domain_name
from apps.control_plane.v2.members import find_in
from apps.deployments import publisher
from apps.deployments.models import Stage
from apps.domain_names.models import DomainName, RoutingRule

MAX_HEADERS = 2
MAX_RULES = 1_000
_HEADER = re.compile(r"[A-Za-z0-9*?\-!#$%&'.^_`|~]{1,40}")
_GLOB = re.compile(r"(?:\*?[A-Za-z0-9?\-!#$%&'.^_`|~]{1,128}\*?)")
_BASE_PATH = re.compile(r"[A-Za-z0-9$\-_.+!*'()/]{1,300}")


@operation("CreateRoutingRule", service="apigatewayv2")
def create_routing_rule(caller: Caller, request: Shape) -> Shape:
    """A new rule of a domain name."""
    domain = _domain(caller, request)
    hold(domain)
    if domain.routing_rules.count() >= MAX_RULES:
        raise BadRequestException(f"A domain name can have at most {MAX_RULES} routing rules")
    return _put(caller, RoutingRule(domain_name=domain), request)


@operation("GetRoutingRule", service="apigatewayv2")
def get_routing_rule(caller: Caller, request: Shape) -> Shape:
    """One rule."""
    return _shape(_find(_domain(caller, request), request))


@operation("ListRoutingRules", service="apigatewayv2")
def list_routing_rules(caller: Caller, request: Shape) -> Shape:
    """The rules of a domain name, in the order in which they are evaluated."""
    rows = _domain(caller, request).routing_rules.select_related("domain_name")
    position = {"limit": request.get("MaxResults"), "position": request.get("NextToken")}
    found, token = page(rows, position, "priority")
    answer: Shape = {"RoutingRules": [_shape(row) for row in found]}
    return answer if token is None else {**answer, "NextToken": token}


@operation("PutRoutingRule", service="apigatewayv2")
def put_routing_rule(caller: Caller, request: Shape) -> Shape:
    """Replace what a rule says; its id stays."""
    domain = _domain(caller, request)
    hold(domain)
    return _put(caller, _find(domain, request), request)


@operation("DeleteRoutingRule", service="apigatewayv2")
def delete_routing_rule(caller: Caller, request: Shape) -> Shape:
    """Delete a rule."""
    domain = _domain(caller, request)
    hold(domain)
    _find(domain, request).delete()
    publisher.publish_domain_name(domain)
    return {}


def _put(caller: Caller, row: RoutingRule, request: Shape) -> Shape:
    domain = row.domain_name
    if domain.api_mappings.exists():
        raise BadRequestException("Routing rules are only supported for domain names whose mappings lead to REST APIs")
    if domain.routing_rules.filter(priority=request["Priority"]).exclude(pk=row.pk).exists():
        raise ConflictException(
            f"A routing rule with priority {request['Priority']} already exists for this domain name"
        )
    if len(request["Actions"]) != 1:
        raise BadRequestException("A routing rule must have exactly one action")
    action = request["Actions"][0]["InvokeApi"]
    row.priority = request["Priority"]
    row.conditions = request["Conditions"]
    _check_conditions(row.conditions)
    row.rest_api = caller.rest_api(action["ApiId"])
    if not Stage.objects.filter(rest_api=row.rest_api, name=action["Stage"]).exists():
        raise BadRequestException("Invalid stage identifier specified")
    if ("PRIVATE" in row.rest_api.endpoint_configuration.get("types", ())) != domain.private:
        raise BadRequestException(
            "Private APIs can only be routed to from private custom domain names, and no others from these"
        )
    row.stage = action["Stage"]
    row.strip_base_path = bool(action.get("StripBasePath"))
    row.save()
    publisher.publish_domain_name(domain)
    return _shape(row)


def _check_conditions(conditions: list[Shape]) -> None:
    """At most two headers, which all have to fit, and one base path."""
    headers = [header for each in conditions for header in (each.get("MatchHeaders") or {}).get("AnyOf", ())]
    paths = [path for each in conditions for path in (each.get("MatchBasePaths") or {}).get("AnyOf", ())]
    for each in conditions:
        if ("MatchHeaders" in each) == ("MatchBasePaths" in each):
            raise BadRequestException("A condition must have either MatchHeaders or MatchBasePaths")
        if any(len(kind.get("AnyOf", ())) != 1 for kind in each.values()):
            raise BadRequestException("AnyOf must have exactly one element")
    if len(headers) > MAX_HEADERS or len(paths) > 1:
        raise BadRequestException(
            f"A routing rule can have at most {MAX_HEADERS} header conditions and one base path condition"
        )
    for header in headers:
        if not _HEADER.fullmatch(header["Header"]):
            raise BadRequestException(f"Invalid header specified: {header['Header']}")
        if not _GLOB.fullmatch(header["ValueGlob"]):
            raise BadRequestException(f"Invalid header value glob specified: {header['ValueGlob']}")
    for path in paths:
        if not _BASE_PATH.fullmatch(path) or path.startswith("/") or path.endswith("/") or "//" in path:
            raise BadRequestException(f"Invalid base path specified: {path}")


def _domain(caller: Caller, request: Shape) -> DomainName:
    place = {"domainName": request["DomainName"], "domainNameId": request.get("DomainNameId")}
    return find_domain_name(caller, place)


def _find(domain: DomainName, request: Shape) -> RoutingRule:
    return find_in(domain.routing_rules.select_related("domain_name"), "RoutingRule", rule_id=request["RoutingRuleId"])


def _shape(row: RoutingRule) -> Shape:
    """AWS's RoutingRule."""
    invoke = {"ApiId": row.rest_api_id, "Stage": row.stage, "StripBasePath": row.strip_base_path}
    return {
        "Actions": [{"InvokeApi": invoke}],
        "Conditions": row.conditions,
        "Priority": row.priority,
        "RoutingRuleArn": f"{row.domain_name.arn}/routingrules/{row.rule_id}",
        "RoutingRuleId": row.rule_id,
    }
