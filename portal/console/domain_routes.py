"""Where the paths of a custom domain name lead: API mappings, and routing rules in their order."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect

from portal.console.domain_forms import MappingForm, RuleForm
from portal.console.domain_page import domain_page, find_name, stage_choices
from portal.console.gate import Console, console_page

_V2 = "apigatewayv2"


@console_page("POST")
def add_mapping(console: Console, name: str) -> HttpResponseBase:
    """Let one more path lead to a stage."""
    row = find_name(console, name)
    form = MappingForm(console.request.POST, stages=stage_choices(console), prefix="mapping")
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
    api_id, _, stage = console.request.POST.get("stage", "").partition(":")
    request = {"DomainName": name, "ApiMappingId": mapping_id, "ApiId": api_id, "Stage": stage}
    console.attempt("The path leads there within a second.", "UpdateApiMapping", request, _V2)
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
    form = RuleForm(console.request.POST, stages=stage_choices(console, only_rest=True), prefix="rule")
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
def move_rule(console: Console, name: str, rule_id: str) -> HttpResponseBase:
    """Ask a rule before the one that is before it: its priority becomes one between its new neighbours."""
    rules = console.call("ListRoutingRules", {"DomainName": name}, _V2)["RoutingRules"]
    at = next((index for index, rule in enumerate(rules) if rule["RoutingRuleId"] == rule_id), 0)
    if at == 0:
        return redirect("console:domain_name", name)
    above = rules[at - 2]["Priority"] if at > 1 else 0
    free = (above + rules[at - 1]["Priority"]) // 2
    if free <= above:
        messages.error(console.request, "There is no priority between the two rules above. Move one of those first.")
        return redirect("console:domain_name", name)
    rule = rules[at]
    request = {
        "DomainName": name,
        "RoutingRuleId": rule_id,
        "Priority": free,
        "Conditions": rule["Conditions"],
        "Actions": rule["Actions"],
    }
    console.attempt(f"The rule has priority {free} now.", "PutRoutingRule", request, _V2)
    return redirect("console:domain_name", name)
