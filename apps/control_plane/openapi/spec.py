"""What an API definition says, whichever version of OpenAPI said it: the form between the readers and the writer.

Members are named as the columns of `apps.rest_apis.models`, so that writing is copying. Schemas refer to models as
`#/models/Pet`; rows hold AWS's model URLs instead, and exports the references of their version of OpenAPI.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apps.control_plane.openapi.documentation_parts import PartSpec

MODEL_REF = "#/models/"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
ANY_METHOD = "x-amazon-apigateway-any-method"


@dataclass(frozen=True)
class IntegrationResponseSpec:
    status_code: str
    selection_pattern: str | None = None
    response_parameters: dict[str, str] = field(default_factory=dict)
    response_templates: dict[str, str | None] = field(default_factory=dict)
    content_handling: str | None = None


@dataclass(frozen=True)
class IntegrationSpec:
    type: str
    http_method: str | None = None
    uri: str | None = None
    connection_type: str | None = None
    connection_id: str | None = None
    credentials: str | None = None
    request_parameters: dict[str, str] = field(default_factory=dict)
    request_templates: dict[str, str] = field(default_factory=dict)
    passthrough_behavior: str = "WHEN_NO_MATCH"
    content_handling: str | None = None
    timeout_in_millis: int = 29_000
    cache_namespace: str | None = None
    cache_key_parameters: tuple[str, ...] = ()
    tls_config: dict[str, Any] | None = None
    integration_target: str | None = None
    response_transfer_mode: str = "BUFFERED"
    responses: tuple[IntegrationResponseSpec, ...] = ()


@dataclass(frozen=True)
class ResponseSpec:
    status_code: str
    description: str = ""
    response_parameters: dict[str, bool] = field(default_factory=dict)
    response_models: dict[str, str] = field(default_factory=dict)
    header_descriptions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AuthorizerSpec:
    """An authorizer that was checked; `columns` are those of its row."""

    name: str
    type: str
    columns: dict[str, Any]


@dataclass(frozen=True)
class ValidatorSpec:
    name: str
    validate_request_body: bool = False
    validate_request_parameters: bool = False


@dataclass(frozen=True)
class GatewayResponseSpec:
    response_type: str
    status_code: str | None = None
    response_parameters: dict[str, str] = field(default_factory=dict)
    response_templates: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class OperationSpec:
    """One method of one path. `documentation` is for people: summary, description, tags, parameters.

    `authorizer` and `request_validator` are names of the definition's.
    """

    path: str
    http_method: str
    pointer: str
    operation_name: str | None = None
    authorization_type: str = "NONE"
    authorizer: str | None = None
    authorization_scopes: tuple[str, ...] = ()
    api_key_required: bool = False
    request_validator: str | None = None
    request_parameters: dict[str, bool] = field(default_factory=dict)
    request_models: dict[str, str] = field(default_factory=dict)
    documentation: dict[str, Any] = field(default_factory=dict)
    responses: tuple[ResponseSpec, ...] = ()
    integration: IntegrationSpec | None = None


@dataclass(frozen=True)
class ModelSpec:
    name: str
    schema: dict[str, Any]
    pointer: str
    description: str | None = None
    content_type: str = "application/json"


@dataclass(frozen=True)
class ApiSpec:
    """A whole definition. `paths` has every path with its pointer, those without a method too."""

    name: str | None
    description: str | None
    version: str | None
    base_path: str
    paths: dict[str, str]
    operations: tuple[OperationSpec, ...]
    models: tuple[ModelSpec, ...]
    api_key_source: str | None = None
    binary_media_types: tuple[str, ...] = ()
    minimum_compression_size: int | None = None
    endpoint_configuration: dict[str, Any] = field(default_factory=dict)
    disable_execute_api_endpoint: bool | None = None
    policy: str | None = None
    security_policy: str | None = None
    endpoint_access_mode: str | None = None
    openapi_info: dict[str, Any] = field(default_factory=dict)
    authorizers: tuple[AuthorizerSpec, ...] = ()
    validators: tuple[ValidatorSpec, ...] = ()
    gateway_responses: tuple[GatewayResponseSpec, ...] = ()
    documentation_parts: tuple[PartSpec, ...] = ()
