"""`x-amazon-apigateway-integration`: what stands behind an operation."""

from __future__ import annotations

from typing import Any

from apps.control_plane.openapi.node import Node
from apps.control_plane.openapi.spec import IntegrationResponseSpec, IntegrationSpec
from apps.control_plane.v1.integration_checks import BAD_TIMEOUT, LONGEST_STREAM, LONGEST_TIMEOUT

INTEGRATION = "x-amazon-apigateway-integration"
TYPES = ("HTTP", "HTTP_PROXY", "AWS", "AWS_PROXY", "MOCK")
_CHOICES = {
    "type": TYPES,
    "connectionType": ("INTERNET", "VPC_LINK"),
    "passthroughBehavior": ("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"),
    "contentHandling": ("CONVERT_TO_BINARY", "CONVERT_TO_TEXT"),
    "responseTransferMode": ("BUFFERED", "STREAM"),
    "httpMethod": ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY"),
}
_TEXTS = {"uri", "credentials", "connectionId", "cacheNamespace", "integrationTarget"}
_OTHERS = {"requestParameters", "requestTemplates", "responses", "timeoutInMillis", "cacheKeyParameters", "tlsConfig"}
_HTTP_API_ONLY = {"payloadFormatVersion", "integrationSubtype", "description"}
_RESPONSE = {"statusCode", "responseParameters", "responseTemplates", "contentHandling"}


class _Malformed(Exception):
    """A member of an integration has no meaning; the message says which."""


def read_integration(operation: Node, path: str) -> IntegrationSpec | None:
    """The integration of an operation; None when it has none, or (with an error found) one that cannot be."""
    if not operation.has(INTEGRATION):
        return None
    node = operation.member(INTEGRATION)
    if not isinstance(operation.data[INTEGRATION], dict):
        operation.error(_malformed(path, "it is not an object"), INTEGRATION)
        return None
    resolved = node.resolved()
    if resolved is None:
        return None
    try:
        return _integration(resolved)
    except _Malformed as error:
        node.error(_malformed(path, str(error)))
        return None


def _malformed(path: str, reason: str) -> str:
    return f"Unable to parse API definition because of a malformed integration at path {path}: {reason}"


def _integration(node: Node) -> IntegrationSpec:
    for key in node.data.keys() - _CHOICES.keys() - _TEXTS - _OTHERS - _HTTP_API_ONLY:
        if not key.startswith("x-"):
            node.warn(f"Unknown member '{key}' of an integration. Ignoring.", key)
    kind = _choice(node, "type")
    if kind is None:
        raise _Malformed("type is missing")
    return IntegrationSpec(
        type=kind,
        http_method=_choice(node, "httpMethod") if kind != "MOCK" else None,
        uri=_text(node, "uri"),
        connection_type=_choice(node, "connectionType") or ("INTERNET" if kind in ("HTTP", "HTTP_PROXY") else None),
        connection_id=_text(node, "connectionId"),
        credentials=_text(node, "credentials"),
        request_parameters=_texts_by_name(node, "requestParameters"),
        request_templates=_texts_by_name(node, "requestTemplates"),
        passthrough_behavior=_choice(node, "passthroughBehavior") or "WHEN_NO_MATCH",
        content_handling=_choice(node, "contentHandling"),
        timeout_in_millis=_timeout(node),
        cache_namespace=_text(node, "cacheNamespace"),
        cache_key_parameters=tuple(node.texts("cacheKeyParameters")),
        tls_config=_tls_config(node),
        integration_target=_text(node, "integrationTarget"),
        response_transfer_mode=_choice(node, "responseTransferMode") or "BUFFERED",
        responses=_responses(node),
    )


def _choice(node: Node, key: str) -> str | None:
    value = node.data.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or value.upper() not in _CHOICES[key]:
        raise _Malformed(f"Invalid {key} value '{value}'")
    return value.upper()


def _text(node: Node, key: str) -> str | None:
    value = node.data.get(key)
    if value is not None and not isinstance(value, str):
        raise _Malformed(f"Invalid {key} value, it is not a string")
    return value


def _texts_by_name(node: Node, key: str) -> dict[str, str]:
    values = node.data.get(key)
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise _Malformed(f"Invalid {key} value, it is not an object")
    for name, value in values.items():
        if not isinstance(value, str):
            raise _Malformed(f"Invalid {key} value for '{name}', it is not a string")
    return dict(values)


def _timeout(node: Node) -> int:
    value = node.data.get("timeoutInMillis", 29_000)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _Malformed("Invalid timeoutInMillis value, it is not a number")
    longest = LONGEST_STREAM if node.data.get("responseTransferMode") == "STREAM" else LONGEST_TIMEOUT
    if not 50 <= value <= longest:
        raise _Malformed(BAD_TIMEOUT)
    return value


def _tls_config(node: Node) -> dict[str, Any] | None:
    value = node.data.get("tlsConfig")
    if value is None:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("insecureSkipVerification", False), bool):
        raise _Malformed("Invalid tlsConfig value")
    return {"insecureSkipVerification": value.get("insecureSkipVerification", False)}


def _responses(node: Node) -> tuple[IntegrationResponseSpec, ...]:
    """Responses are one per status: of two patterns that lead to the same one, the last is kept."""
    by_status: dict[str, IntegrationResponseSpec] = {}
    responses = node.data.get("responses") or {}
    if not isinstance(responses, dict):
        raise _Malformed("Invalid responses value, it is not an object")
    for pattern, value in responses.items():
        response = node.member("responses").member(pattern)
        if not isinstance(value, dict):
            raise _Malformed(f"Invalid response '{pattern}', it is not an object")
        for key in value.keys() - _RESPONSE:
            response.warn(f"Unknown member '{key}' of an integration response. Ignoring.", key)
        status = response.text("statusCode")
        if status is None or not is_status(status):
            raise _Malformed(f"Invalid statusCode value of response '{pattern}'")
        by_status[status] = IntegrationResponseSpec(
            status_code=status,
            selection_pattern=None if pattern == "default" else pattern,
            response_parameters=_texts_by_name(response, "responseParameters"),
            response_templates=_nullable_texts(response, "responseTemplates"),
            content_handling=_choice(response, "contentHandling"),
        )
    return tuple(by_status.values())


def _nullable_texts(node: Node, key: str) -> dict[str, str | None]:
    """Response templates may be null: the body then passes as it is."""
    values = node.data.get(key)
    if not isinstance(values, dict):
        return dict(_texts_by_name(node, key))
    given = {name: value for name, value in values.items() if value is not None}
    for name, value in given.items():
        if not isinstance(value, str):
            raise _Malformed(f"Invalid {key} value for '{name}', it is not a string")
    return {name: given.get(name) for name in values}


def is_status(text: str) -> bool:
    return len(text) == 3 and text.isascii() and text.isdigit() and text[0] in "12345"
