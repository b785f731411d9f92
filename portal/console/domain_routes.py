"""Where the paths of a custom domain name lead: API mappings, and routing rules in their order."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect

from apps.domain_names.models import DomainName, RoutingRule
from portal.console.domain_forms import LeadForm, MappingForm, PriorityForm, RuleForm
from portal.console.domain_page import domain_page, find_name
from portal.console.gate import Console, Shape, console_page

_V2 = "apigatewayv2"


@console_page("POST")
def add_mapping(console: Console, name: str) -> HttpResponseBase:
    """Let one more path lead to a stage."""
    row = find_name(console, name)
    form = MappingForm(console.request.POST, console=console, prefix="mapping")
    if form.is_valid():
        api_id, stage = form.cleaned_data["stage"].split(":", 1)
        request = {
            "DomainName": name,
            "ApiId": api_id,
            "Stage": stage,
            "ApiMappingKey": form.cleaned_data["key"].strip("/"),
        }
        if console.submit(form, "CreateApiMapping", request, _V2) is not None:
            messages.success(console.request, "The path leads there within a second.")
            return redirect("console:domain_name", name)
    return domain_page(console, row, mapping=form)


@console_page("POST")
def change_mapping(console: Console, name: str, mapping_id: str) -> HttpResponseBase:
    """Let a path lead to another stage."""
    form = LeadForm(console.request.POST, console=console)
    if form.is_valid():
        api_id, _, stage = form.cleaned_data["stage"].partition(":")
        request = {"DomainName": name, "ApiMappingId": mapping_id, "ApiId": api_id, "Stage": stage}
        console.attempt("The path leads there within a second.", "UpdateApiMapping", request, _V2)
    else:
        messages.error(console.request, " ".join(map(str, form.errors["stage"])))
    return redirect("console:domain_name", name)


@console_page("POST")
def remove_mapping(console: Console, name: str, mapping_id: str) -> HttpResponseBase:
    """Take a mapping away."""
    request = {"DomainName": name, "ApiMappingId": mapping_id}
    console.attempt("The path leads nowhere now.", "DeleteApiMapping", request, _V2)
    return redirect("console:domain_name", name)


@console_page("POST")
def add_rule(console: Console, name: str) -> HttpResponseBase:
    """One more routing rule."""
    row = find_name(console, name)
    form = RuleForm(console.request.POST, console=console, prefix="rule")
    if (
        form.is_valid()
        and console.submit(form, "CreateRoutingRule", {"DomainName": name, **form.request()}, _V2) is not None
    ):
        messages.success(console.request, "The rule is asked from now on.")
        return redirect("console:domain_name", name)
    return domain_page(console, row, rule=form)


@console_page("POST")
def remove_rule(console: Console, name: str, rule_id: str) -> HttpResponseBase:
    """Delete a rule."""
    request = {"DomainName": name, "RoutingRuleId": rule_id}
    console.attempt("The rule is gone.", "DeleteRoutingRule", request, _V2)
    return redirect("console:domain_name", name)


@console_page("POST")
def prioritize_rule(console: Console, name: str, rule_id: str) -> HttpResponseBase:
    """Give a rule another priority."""
    row = find_name(console, name)
    form = PriorityForm(console.request.POST, rule_id=rule_id)
    if form.is_valid():
        priority = form.cleaned_data["priority"]
        if console.submit(form, "PutRoutingRule", _moved(_rule(row, rule_id), priority), _V2) is not None:
            messages.success(console.request, f"The rule has priority {priority} now.")
            return redirect("console:domain_name", name)
    return domain_page(console, row, priority=form)


@console_page("POST")
def move_rule(console: Console, name: str, rule_id: str) -> HttpResponseBase:
    """Ask a rule before the one that is before it, or with `down` after the one that is after it: between its new neighbours."""
    row = find_name(console, name)
    rule, down = _rule(row, rule_id), console.request.POST.get("down") == "true"
    rules = row.routing_rules
    if down:
        passed = list(rules.filter(priority__gt=rule.priority).order_by("priority")[:2])
    else:
        passed = list(rules.filter(priority__lt=rule.priority).order_by("-priority")[:2])
    if not passed:
        return redirect("console:domain_name", name)
    near = passed[0].priority
    far = passed[1].priority if len(passed) > 1 else near + 200 if down else 0
    free = (near + far) // 2
    if free in (near, far):
        messages.error(console.request, f"There is no priority between {near} and {far}. Change one of those first.")
        return redirect("console:domain_name", name)
    console.attempt(f"The rule has priority {free} now.", "PutRoutingRule", _moved(rule, free), _V2)
    return redirect("console:domain_name", name)


def _rule(domain: DomainName, rule_id: str) -> RoutingRule:
    rule = domain.routing_rules.filter(rule_id=rule_id).first()
    if rule is None:
        raise Http404("no such rule")
    return rule


def _moved(rule: RoutingRule, priority: int) -> Shape:
    """The request of PutRoutingRule that leaves everything else as it is."""
    action = {"ApiId": rule.rest_api_id, "Stage": rule.stage, "StripBasePath": rule.strip_base_path}
    return {
        "DomainName": rule.domain_name.name,
        "RoutingRuleId": rule.rule_id,
        "Priority": priority,
        "Conditions": rule.conditions,
        "Actions": [{"InvokeApi": action}],
    }
