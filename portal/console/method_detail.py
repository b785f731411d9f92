"""A method as the four boxes through which a call passes, each a list of facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from apps.rest_apis.models import Integration, Method, Resource, RestApi
from portal.console import addresses
from portal.console.api_frame import ApiFrame
from portal.console.commands import curl

SYNTHETIC = "MOCK"


@dataclass(frozen=True)
class Fact:
    """A name and its value, as console/parts/facts.html shows them; `code` for what a machine reads, `block` for several lines."""

    name: str
    value: str
    code: bool = False
    block: bool = False


@dataclass(frozen=True)
class Answer:
    """One status of an integration response or a method response."""

    status_code: str
    facts: list[Fact] = field(default_factory=list)


@dataclass(frozen=True)
class MethodDetail:
    """What the four boxes hold."""

    method: Method
    resource: Resource
    integration: Integration | None
    request_facts: list[Fact]
    integration_facts: list[Fact]
    integration_responses: list[Answer]
    method_responses: list[Answer]
    arn: str
    call: str
    missing_statuses: list[str]

    @property
    def is_proxy(self) -> bool:
        return self.integration is not None and self.integration.type.endswith("_PROXY")

    @property
    def back_end(self) -> str:
        """What stands behind the method, in one word."""
        if self.integration is None:
            return "Nothing yet"
        return "Gatehouse itself" if self.integration.type == SYNTHETIC else "HTTP back end"


def method_detail(frame: ApiFrame, resource: Resource, method: Method) -> MethodDetail:
    """Everything that the page of a method shows."""
    integration = getattr(method, "integration", None)
    answers = list(integration.responses.order_by("status_code")) if integration else []
    declared = list(method.responses.order_by("status_code"))
    answered = {answer.status_code for answer in answers}
    api = frame.api
    return MethodDetail(
        method=method,
        resource=resource,
        integration=integration,
        request_facts=_request_facts(api, method),
        integration_facts=_integration_facts(integration) if integration else [],
        integration_responses=[_integration_answer(answer) for answer in answers],
        method_responses=[_method_answer(response) for response in declared],
        arn=f"arn:aws:execute-api:{api.region}:{api.account_id}:{api.id}/*/{method.http_method}{resource.path}",
        call=_call(frame, resource, method),
        missing_statuses=[response.status_code for response in declared if response.status_code not in answered],
    )


def _request_facts(api: RestApi, method: Method) -> list[Fact]:
    facts = [
        Fact("API key", "required" if method.api_key_required else "not required"),
        Fact("Authorization", _authorization(api, method)),
    ]
    if method.authorization_scopes:
        facts.append(Fact("Scopes", ", ".join(method.authorization_scopes), code=True))
    if method.operation_name:
        facts.append(Fact("Operation name", method.operation_name, code=True))
    if method.request_validator_id:
        validator = api.request_validators.filter(validator_id=method.request_validator_id).first()
        facts.append(Fact("Request validator", (validator and validator.name) or method.request_validator_id))
    facts += [
        Fact("Parameter", f"{_short(name)} ({'required' if required else 'optional'})", code=True)
        for name, required in sorted(method.request_parameters.items())
    ]
    facts += [Fact(f"Body {kind}", model, code=True) for kind, model in sorted(method.request_models.items())]
    return facts


def _authorization(api: RestApi, method: Method) -> str:
    if not method.authorizer_id:
        return method.authorization_type
    row = api.authorizers.filter(authorizer_id=method.authorizer_id).first()
    return f"{method.authorization_type}: {row.name if row else method.authorizer_id}"


def _integration_facts(integration: Integration) -> list[Fact]:
    facts = [Fact("Type", integration.type)]
    if integration.uri:
        facts.append(Fact("Endpoint", f"{integration.http_method or ''} {integration.uri}".strip(), code=True))
    facts.append(Fact("Timeout", f"{integration.timeout_in_millis:,} ms"))
    facts += [Fact(_short(name), source, code=True) for name, source in sorted(integration.request_parameters.items())]
    if integration.type != "HTTP_PROXY":
        facts.append(Fact("Request body passthrough", integration.passthrough_behavior.replace("_", " ").lower()))
        facts += _templates(integration.request_templates)
    if (integration.tls_config or {}).get("insecureSkipVerification"):
        facts.append(Fact("TLS", "certificates are not checked"))
    return facts


def _integration_answer(answer: Any) -> Answer:
    facts = [
        Fact("HTTP status regex", answer.selection_pattern or "every other answer", code=bool(answer.selection_pattern))
    ]
    facts += [Fact(_short(name), source, code=True) for name, source in sorted(answer.response_parameters.items())]
    return Answer(answer.status_code, facts + _templates(answer.response_templates))


def _method_answer(response: Any) -> Answer:
    facts = [Fact("Header", _short(name), code=True) for name in sorted(response.response_parameters)]
    facts += [Fact(kind, model, code=True) for kind, model in sorted(response.response_models.items())]
    return Answer(response.status_code, facts)


def _templates(templates: dict[str, str | None]) -> list[Fact]:
    return [Fact(kind, text or "(empty)", code=True, block=True) for kind, text in sorted(templates.items())]


def _short(name: str) -> str:
    """`method.request.querystring.limit` → `querystring.limit`."""
    return name.split(".", 2)[-1]


def _call(frame: ApiFrame, resource: Resource, method: Method) -> str:
    stage = frame.main_stage
    if stage is None:
        return ""
    headers = {"x-api-key": "YOUR_KEY"} if method.api_key_required else {}
    return curl(method.http_method, addresses.path_style(frame.api.id, stage.name) + resource.path, headers)
