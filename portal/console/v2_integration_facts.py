"""What an integration does, in facts for a page."""

from __future__ import annotations

from apps.v2_apis.models import Integration
from portal.console.method_detail import Fact

TYPES = {
    "HTTP_PROXY": "HTTP proxy",
    "HTTP": "HTTP, mapped",
    "AWS_PROXY": "Lambda proxy",
    "AWS": "AWS, mapped",
    "MOCK": "Mock",
}


def type_of(row: Integration) -> str:
    """The type in words."""
    if row.integration_subtype:
        return "AWS service action"
    if row.connection_type == "VPC_LINK":
        return "Private, through a VPC link"
    return TYPES[row.integration_type]


def integration_facts(row: Integration) -> list[Fact]:
    """Everything that is set, in the order in which one asks."""
    facts = [Fact("Integration id", row.integration_id, code=True), Fact("Type", type_of(row))]
    texts = (
        ("Action", row.integration_subtype),
        ("Leads to", row.integration_uri),
        ("VPC link", row.connection_id),
        ("Credentials", row.credentials_arn),
        ("Template chosen by", row.template_selection_expression),
        ("Response chosen by", row.integration_response_selection_expression),
    )
    facts += [Fact(name, text, code=True) for name, text in texts if text]
    if row.integration_method and row.integration_type.startswith("HTTP"):
        facts.append(Fact("Method of the back end", row.integration_method))
    if row.payload_format_version and row.integration_type == "AWS_PROXY" and not row.api.websocket:
        facts.append(Fact("Payload format", row.payload_format_version))
    facts.append(Fact("Timeout", f"{row.timeout_in_millis:,} ms"))
    if row.request_parameters:
        facts.append(Fact("Request parameters", _lines(row.request_parameters), block=True))
    for status, mapping in sorted(row.response_parameters.items()):
        facts.append(Fact(f"Response parameters of {status}", _lines(mapping), block=True))
    facts += [Fact(f"Template {key}", text, block=True) for key, text in sorted(row.request_templates.items())]
    if row.content_handling_strategy:
        facts.append(Fact("Content handling", row.content_handling_strategy))
    if row.description:
        facts.append(Fact("Description", row.description))
    return facts


def _lines(mapping: dict[str, str]) -> str:
    return "\n".join(f"{name} = {value}" for name, value in sorted(mapping.items()))
