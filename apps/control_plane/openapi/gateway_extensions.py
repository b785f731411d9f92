"""Request validators and gateway responses of a definition."""

from __future__ import annotations

from dataclasses import dataclass, field

from apps.control_plane.errors import BadRequestException
from apps.control_plane.openapi.extensions import PREFIX
from apps.control_plane.openapi.node import Node
from apps.control_plane.openapi.spec import GatewayResponseSpec, ValidatorSpec
from apps.control_plane.v1.gateway_responses import DEFAULT_STATUS, check_gateway_response
from apps.rest_apis.models import GatewayResponse

VALIDATORS = PREFIX + "request-validators"
VALIDATOR = PREFIX + "request-validator"
RESPONSES = PREFIX + "gateway-responses"
_MAX_NAME = 256


@dataclass(frozen=True)
class Validators:
    """The request validators of one definition."""

    root: Node
    specs: dict[str, ValidatorSpec] = field(default_factory=dict)

    def of(self, operation: Node) -> str | None:
        """The name of an operation's validator: its own, or the whole document's."""
        node = operation if operation.has(VALIDATOR) else self.root
        name = node.text(VALIDATOR)
        if name is None:
            return None
        if name not in self.specs:
            node.error(f"Invalid Request Validator identifier specified: {name}", VALIDATOR)
        return name


def read_validators(root: Node) -> Validators:
    """The validators that a definition has by name."""
    specs = {}
    for name, node in root.member(VALIDATORS).members() if root.has(VALIDATORS) else ():
        if not name.strip() or len(name) > _MAX_NAME:
            node.error("Request Validator name cannot be blank, and can be at most 256 characters")
        specs[name] = ValidatorSpec(name, node.flag("validateRequestBody"), node.flag("validateRequestParameters"))
    return Validators(root, specs)


def read_gateway_responses(root: Node) -> tuple[GatewayResponseSpec, ...]:
    """The gateway responses that a definition customises."""
    specs = []
    for kind, node in root.member(RESPONSES).members() if root.has(RESPONSES) else ():
        spec = GatewayResponseSpec(
            response_type=kind.upper(),
            status_code=node.text("statusCode"),
            response_parameters=_texts(node, "responseParameters"),
            response_templates=_texts(node, "responseTemplates"),
        )
        problem = _problem(spec)
        if problem:
            node.error(f"Unable to put gateway response '{kind}': {problem}")
        specs.append(spec)
    return tuple(specs)


def _texts(node: Node, key: str) -> dict[str, str]:
    given = node.member(key)
    return {name: text for name in given.data if (text := given.text(name)) is not None}


def _problem(spec: GatewayResponseSpec) -> str | None:
    if spec.response_type not in DEFAULT_STATUS:
        return "Invalid gateway response type specified"
    status = spec.status_code
    if status is not None and not (len(status) == 3 and status.isascii() and status.isdigit() and status[0] in "12345"):
        return f"Invalid statusCode specified: {status}"
    try:
        check_gateway_response(
            GatewayResponse(response_parameters=spec.response_parameters, response_templates=spec.response_templates)
        )
    except BadRequestException as error:
        return error.message
    return None
