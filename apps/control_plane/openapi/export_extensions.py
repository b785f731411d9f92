"""The `x-amazon-apigateway-…` members of an export, from rows or from a frozen deployment."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from apps.core import documents
from apps.rest_apis.models import Integration, IntegrationResponse, RestApi

PREFIX = "x-amazon-apigateway-"
_TIMEOUT = 29_000


def integration_block(
    integration: Integration | documents.Integration,
    responses: Iterable[IntegrationResponse | documents.IntegrationResponse],
    resource_id: str,
) -> dict[str, Any]:
    """`x-amazon-apigateway-integration`, without what AWS leaves out because it is the default."""
    block: dict[str, Any] = {
        "type": integration.type.lower(),
        "httpMethod": integration.http_method,
        "uri": integration.uri,
        "credentials": integration.credentials,
        "connectionType": integration.connection_type if integration.connection_type == "VPC_LINK" else None,
        "connectionId": integration.connection_id,
        "responses": _responses(responses),
        "requestParameters": dict(integration.request_parameters),
        "requestTemplates": dict(integration.request_templates),
        "passthroughBehavior": integration.passthrough_behavior.lower(),
        "contentHandling": integration.content_handling,
        "timeoutInMillis": integration.timeout_in_millis if integration.timeout_in_millis != _TIMEOUT else None,
        "cacheNamespace": integration.cache_namespace if integration.cache_namespace != resource_id else None,
        "cacheKeyParameters": list(integration.cache_key_parameters),
        **_newer_members(integration),
    }
    return {key: value for key, value in block.items() if value not in (None, {}, [])}


def _newer_members(integration: Integration | documents.Integration) -> dict[str, Any]:
    if isinstance(integration, documents.Integration):
        return {"tlsConfig": {"insecureSkipVerification": True} if integration.insecure_skip_verification else None}
    return {
        "tlsConfig": integration.tls_config,
        "integrationTarget": integration.integration_target,
        "responseTransferMode": "STREAM" if integration.response_transfer_mode == "STREAM" else None,
    }


def _responses(responses: Iterable[IntegrationResponse | documents.IntegrationResponse]) -> dict[str, Any]:
    """Keyed by pattern; of two responses with one pattern the first by status is the one that would be chosen."""
    result: dict[str, Any] = {}
    for response in sorted(responses, key=lambda response: response.status_code):
        block: dict[str, Any] = {
            "statusCode": response.status_code,
            "responseParameters": dict(response.response_parameters),
            "responseTemplates": dict(response.response_templates),
            "contentHandling": response.content_handling,
        }
        key = response.selection_pattern or "default"
        result.setdefault(key, {name: value for name, value in block.items() if value not in (None, {})})
    return result


def api_members(
    api: RestApi | documents.DeploymentDocument, rest_api: RestApi
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The extensions of the API as a whole, and its endpoint configuration, which stands elsewhere in OpenAPI 3.

    `api` is what a deployment freezes, `rest_api` has what acts without one.
    """
    members: dict[str, Any] = {
        PREFIX + "api-key-source": api.api_key_source if api.api_key_source != "HEADER" else None,
        PREFIX + "binary-media-types": list(api.binary_media_types),
        PREFIX + "minimum-compression-size": api.minimum_compression_size,
        PREFIX + "policy": json.loads(rest_api.policy) if rest_api.policy else None,
        PREFIX + "security-policy": rest_api.security_policy,
        PREFIX + "endpoint-access-mode": rest_api.endpoint_access_mode,
    }
    endpoint = {
        "disableExecuteApiEndpoint": rest_api.disable_execute_api_endpoint or None,
        "vpcEndpointIds": rest_api.endpoint_configuration.get("vpcEndpointIds") or None,
    }
    return _given(members), _given(endpoint)


def _given(members: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in members.items() if value not in (None, [])}
