"""What the runtime cannot serve yet, named so that a person can find it: nothing is published that would act otherwise than on AWS."""

from __future__ import annotations

import re
from collections.abc import Mapping

from apps.core.aws_services import action_of
from apps.core.iam import IllFormedPolicy, check_resource_policy
from apps.core.integration_uris import are_the_callers, function_of, parse_aws_uri
from apps.core.json_path import JsonPathError, compile_path
from apps.core.mapping_text import holds_vtl
from apps.core.vtl import Template, VtlError
from apps.rest_apis.models import Integration, Method, Resource, RestApi

SERVED_AUTHORIZATIONS = frozenset({"NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS", "JWT"})
SERVED_INTEGRATIONS = frozenset({"AWS", "AWS_PROXY", "HTTP", "HTTP_PROXY", "MOCK"})

LINKED_INTEGRATIONS = frozenset({"HTTP", "HTTP_PROXY"})

_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.[A-Za-z0-9_]+\}")
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
        try:
            check_resource_policy(rest_api.policy)
        except IllFormedPolicy as error:
            reasons.append(f"the API: its resource policy: {error}")
    # A status below 200 ends no exchange.
    informational = rest_api.gateway_responses.filter(status_code__startswith="1").order_by("response_type")
    for kind, status in informational.values_list("response_type", "status_code"):
        reasons.append(f"the {kind} gateway response: status {status}")
    return reasons


def is_private(rest_api: RestApi) -> bool:
    return "PRIVATE" in (rest_api.endpoint_configuration or {}).get("types", [])


def is_edge_optimized(rest_api: RestApi) -> bool:
    return "EDGE" in (rest_api.endpoint_configuration or {}).get("types", [])


def method_refusals(resource: Resource, method: Method) -> list[str]:
    """Why one method (with its integration) cannot be served."""
    where = f"{method.http_method} {resource.path}"
    reasons = []
    if method.authorization_type not in SERVED_AUTHORIZATIONS:
        reasons.append(f"{where}: {method.authorization_type} authorization")
    return reasons + [
        f"{where}: {reason}" for reason in _integration_refusals(method.integration, method.authorization_type)
    ]


def _integration_refusals(integration: Integration, authorization_type: str) -> list[str]:
    if integration.type not in SERVED_INTEGRATIONS:
        return [f"{integration.type} integrations"]
    reasons = []
    if integration.connection_type == "VPC_LINK" and integration.type not in LINKED_INTEGRATIONS:
        reasons.append(f"VPC_LINK connections of {integration.type} integrations")
    mappings = [integration.request_parameters, *(answer.response_parameters for answer in integration.responses.all())]
    reasons += [reason for mapping in mappings for reason in _ill_formed_paths(mapping)]
    if integration.type in ("AWS", "AWS_PROXY"):
        reasons += _service_refusals(integration, authorization_type)
    if integration.type in ("HTTP_PROXY", "AWS_PROXY"):
        # A proxy integration hands bodies through: templates are kept on it, but AWS does not run them either.
        return reasons
    reasons += _ill_formed_templates("request template", integration.request_templates)
    for response in integration.responses.all():
        reasons += _ill_formed_templates(f"response template (of {response.status_code})", response.response_templates)
    return reasons


def _service_refusals(integration: Integration, authorization_type: str) -> list[str]:
    """Why the AWS service that an integration names cannot be called."""
    try:
        # What a variable holds, each stage says.
        uri = parse_aws_uri(_STAGE_VARIABLE.sub("v", integration.uri or ""))
    except ValueError as error:
        return [str(error)]
    function = function_of(uri)
    if are_the_callers(integration.credentials) and authorization_type != "AWS_IAM":
        return ["credentials of the caller without AWS_IAM authorization"]
    if function is not None:
        streams = integration.type == "AWS_PROXY" and integration.response_transfer_mode == "STREAM"
        if function.streams is not streams:
            return ["a function's response streams where type AWS_PROXY, URI and response transfer mode all say so"]
        return []
    if integration.type == "AWS_PROXY":
        return [f"AWS_PROXY integrations of {uri.service}"]
    if uri.kind == "action" and action_of(uri.name) is None:
        return [f"actions of {uri.name}"]
    return []


def _ill_formed_templates(what: str, templates: Mapping[str, str | None]) -> list[str]:
    """The templates that do not compile, with what is wrong in them and where."""
    reasons = []
    for content_type, text in templates.items():
        if text and holds_vtl(text):
            try:
                Template(text)
            except VtlError as error:
                reasons.append(f"the {content_type} {what}: {error}")
    return reasons


def _ill_formed_paths(parameters: Mapping[str, str]) -> list[str]:
    """The JSONPaths of a mapping that do not compile."""
    reasons = []
    for expression in parameters.values():
        body = _BODY.fullmatch(expression)
        if body is not None and body[1]:
            try:
                compile_path(body[1])
            except JsonPathError as error:
                reasons.append(f"a parameter mapping: {error}")
    return reasons
