"""What the runtime cannot serve yet, named so that a person can find it: nothing is published that would act otherwise than on AWS."""

from __future__ import annotations

import re
from collections.abc import Mapping

from apps.core.mapping_text import holds_vtl, is_plain_path
from apps.deployments.models import Stage
from apps.rest_apis.models import Integration, Method, Resource, RestApi

SERVED_INTEGRATIONS = frozenset({"HTTP", "HTTP_PROXY", "MOCK"})

# `method.request.body.…` and `integration.response.body.…` of a parameter mapping, with the JSONPath behind it.
_BODY = re.compile(r"(?:method\.request|integration\.response)\.body(?:\.(.*))?", re.DOTALL)


class UnsupportedForDeployment(Exception):
    """The API or stage asks for what the runtime cannot do. `reasons` are lines such as `GET /pets: AWS_PROXY integrations`."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("This version of Gatehouse cannot serve: " + "; ".join(reasons))
        self.reasons = reasons


class NotDeployable(Exception):
    """The API is not complete; the message is AWS's."""


def api_refusals(rest_api: RestApi) -> list[str]:
    """Why the API as a whole cannot be served."""
    reasons = []
    if rest_api.policy:
        reasons.append("the API: resource policies")
    if "PRIVATE" in (rest_api.endpoint_configuration or {}).get("types", []):
        reasons.append("the API: PRIVATE endpoints")
    # A status below 200 ends no exchange.
    informational = rest_api.gateway_responses.filter(status_code__startswith="1").order_by("response_type")
    for kind, status in informational.values_list("response_type", "status_code"):
        reasons.append(f"the {kind} gateway response: status {status}")
    return reasons


def method_refusals(resource: Resource, method: Method) -> list[str]:
    """Why one method (with its integration) cannot be served."""
    where = f"{method.http_method} {resource.path}"
    reasons = []
    if method.authorization_type != "NONE":
        reasons.append(f"{where}: {method.authorization_type} authorization")
    return reasons + [f"{where}: {reason}" for reason in _integration_refusals(method.integration)]


def _integration_refusals(integration: Integration) -> list[str]:
    if integration.type not in SERVED_INTEGRATIONS:
        return [f"{integration.type} integrations"]
    reasons = []
    if integration.connection_type == "VPC_LINK":
        reasons.append("VPC_LINK connections")
    if integration.response_transfer_mode == "STREAM":
        reasons.append("response transfer mode STREAM")
    mappings = [integration.request_parameters, *(answer.response_parameters for answer in integration.responses.all())]
    reasons += [
        f"the JSONPath {path} in a parameter mapping" for mapping in mappings for path in _unserved_paths(mapping)
    ]
    if integration.type == "HTTP_PROXY":
        # A proxy integration hands bodies through: templates are kept on it, but AWS does not run them either.
        return reasons
    if _has_vtl(integration.request_templates):
        reasons.append(f"VTL in request templates of {integration.type} integrations")
    reasons += [
        f"VTL in response templates (of {response.status_code})"
        for response in integration.responses.all()
        if _has_vtl(response.response_templates)
    ]
    return reasons


def _has_vtl(templates: Mapping[str, str | None]) -> bool:
    return any(holds_vtl(template or "") for template in templates.values())


def _unserved_paths(parameters: Mapping[str, str]) -> list[str]:
    """The JSONPaths of a mapping that go beyond names and indexes."""
    bodies = (_BODY.fullmatch(expression) for expression in parameters.values())
    return [body[1] for body in bodies if body is not None and not is_plain_path(body[1] or "")]


def stage_refusals(stage: Stage) -> list[str]:
    """Why the stage's settings cannot be served."""
    reasons = []
    if float((stage.canary_settings or {}).get("percentTraffic") or 0) > 0:
        reasons.append(f"stage {stage.name}: canary releases that take traffic")
    if stage.cache_cluster_enabled:
        reasons.append(f"stage {stage.name}: cache clusters")
    return reasons
