"""Runs mapping templates: the variables they see, and what becomes of those that fail."""

from __future__ import annotations

from apps.core.vtl import Template, VtlError
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.mapping.template_context import TemplateContext
from gateway_runtime.mapping.template_functions import UTIL
from gateway_runtime.mapping.template_input import Input


def render(template: Template, exchange: Exchange, body: str) -> bytes:
    """The template's text for the request's body, or the back end's. Raises GatewayError where the template fails."""
    context = exchange.template_context
    if context is None:
        context = exchange.template_context = TemplateContext(exchange)
    variables = {
        "input": Input(exchange, body),
        "util": UTIL,
        "context": context,
        "stageVariables": dict(exchange.stage_variables()),
    }
    try:
        return template.render(variables).encode("utf-8", "replace")
    except VtlError as error:
        raise GatewayError("DEFAULT_5XX", detail=f"the mapping template failed: {error}") from None
