"""Configuration documents of HTTP and WebSocket APIs (V2).

Both kinds share one shape; `protocol_type` (HTTP or WEBSOCKET) tells them apart, and members that a kind does not have keep their
defaults. A deployment's document is frozen by CreateDeployment, or by a change of the API when a stage has automatic deployment. It
holds the whole API, CORS and `disable_execute_api_endpoint` too: on AWS these act with the next deployment. Stages act at once.

Ids connect the parts: a route names its integration and its authorizer. Values are what the API's owner wrote: selection
expressions, parameter mappings and templates are parsed where they are compiled.
"""

from __future__ import annotations

from apps.core.document import Document


class V2IntegrationResponse(Document, frozen=True):
    """WebSocket: how a back end's answer becomes a message. `key` is `$default` or a regular expression between slashes."""

    id: str
    key: str
    content_handling_strategy: str | None = None
    response_parameters: dict[str, str] = {}
    response_templates: dict[str, str] = {}
    template_selection_expression: str | None = None


class V2Integration(Document, frozen=True):
    """What stands behind routes.

    `type` is AWS_PROXY or HTTP_PROXY, in WebSocket APIs also AWS, HTTP or MOCK; `subtype` (`SQS-SendMessage`) makes AWS_PROXY
    call that action of an AWS service with `request_parameters` as its arguments. Without subtype the keys of
    `request_parameters` are `append|overwrite|remove:header|querystring.{name}` or `overwrite:path` (HTTP), or
    `integration.request.header|querystring|path.{name}` (WebSocket). `response_parameters` (HTTP) are such mappings by the status
    of the back end's answer, of which one may be `overwrite:statuscode`. `server_name_to_verify` turns TLS on towards a VPC link.
    `timeout_in_millis` is 50 to 30,000 (HTTP) or 29,000 (WebSocket).
    """

    id: str
    type: str
    subtype: str | None = None
    uri: str | None = None
    method: str | None = None
    connection_type: str = "INTERNET"
    connection_id: str | None = None
    credentials_arn: str | None = None
    payload_format_version: str = "1.0"
    request_parameters: dict[str, str] = {}
    response_parameters: dict[str, dict[str, str]] = {}
    request_templates: dict[str, str] = {}
    template_selection_expression: str | None = None
    passthrough_behavior: str = "WHEN_NO_MATCH"
    content_handling_strategy: str | None = None
    response_selection_expression: str | None = None
    timeout_in_millis: int = 30_000
    server_name_to_verify: str | None = None
    responses: tuple[V2IntegrationResponse, ...] = ()


class V2Authorizer(Document, frozen=True):
    """Who decides whether a caller may.

    `type` is JWT (HTTP) or REQUEST (a Lambda function behind `uri`). Every one of `identity_sources` has to be there; a JWT
    authorizer has one. `result_ttl` is in seconds, 0 for no caching. `payload_format_version` is 1.0 or 2.0, and
    `simple_responses` is for 2.0 alone.
    """

    id: str
    name: str
    type: str
    identity_sources: tuple[str, ...] = ()
    uri: str | None = None
    credentials_arn: str | None = None
    payload_format_version: str = "1.0"
    simple_responses: bool = False
    result_ttl: int = 0
    identity_validation_expression: str | None = None
    jwt_issuer: str | None = None
    jwt_audience: tuple[str, ...] = ()


class V2RouteResponse(Document, frozen=True):
    """WebSocket: that, and how, a route answers the client. `key` is `$default`."""

    id: str
    key: str
    model_selection_expression: str | None = None
    response_models: dict[str, str] = {}
    response_parameters: dict[str, bool] = {}


class V2Route(Document, frozen=True):
    """Where a request or message goes.

    `key` is `GET /pets/{id}`, `ANY /{proxy+}` or `$default` (HTTP), or any value of the API's route selection expression, `$connect`,
    `$disconnect` or `$default` (WebSocket). `integration_id` is None for a route without a target. `authorization_type` is NONE,
    AWS_IAM, CUSTOM or JWT. `request_parameters` maps `route.request.querystring.{name}` to required; `request_models` maps values
    of `model_selection_expression` to names of models. A WebSocket route is two-way when `response_selection_expression` is set.
    """

    id: str
    key: str
    integration_id: str | None = None
    authorization_type: str = "NONE"
    authorizer_id: str | None = None
    authorization_scopes: tuple[str, ...] = ()
    api_key_required: bool = False
    operation_name: str | None = None
    model_selection_expression: str | None = None
    request_models: dict[str, str] = {}
    request_parameters: dict[str, bool] = {}
    response_selection_expression: str | None = None
    responses: tuple[V2RouteResponse, ...] = ()


class V2Cors(Document, frozen=True):
    """What an HTTP API says of cross-origin requests; it answers preflights itself when it has one of these.

    Methods and origins may be `*`, headers too. `max_age` is in seconds, -1 turns caching off, None says nothing.
    """

    allow_origins: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    allow_credentials: bool = False
    max_age: int | None = None


class V2DeploymentDocument(Document, frozen=True, tag_field="kind", tag="v2-deployment"):
    """An HTTP or WebSocket API as it was when it was deployed. `routes` are sorted by key; `models` are schemas by name."""

    account_id: str
    region: str
    api_id: str
    api_name: str
    protocol_type: str
    deployment_id: str
    routes: tuple[V2Route, ...] = ()
    integrations: dict[str, V2Integration] = {}
    authorizers: dict[str, V2Authorizer] = {}
    models: dict[str, str] = {}
    cors: V2Cors | None = None
    route_selection_expression: str = "$request.method $request.path"
    api_key_selection_expression: str = "$request.header.x-api-key"
    disable_execute_api_endpoint: bool = False
    disable_schema_validation: bool = False
    ip_address_type: str = "ipv4"


class V2RouteSettings(Document, frozen=True):
    """Stage settings of a route; None inherits from the stage's default. Rates are requests a second, bursts are requests."""

    throttling_rate_limit: float | None = None
    throttling_burst_limit: int | None = None
    detailed_metrics_enabled: bool | None = None
    logging_level: str | None = None
    data_trace_enabled: bool | None = None


class V2StageDocument(Document, frozen=True, tag_field="kind", tag="v2-stage"):
    """A stage as it is now. `stage_name` may be `$default` (HTTP), which the path of a request does not name.

    `route_settings` is keyed by route key. `authorizers_cache_flushes` is part of the key of cached decisions: a higher one makes
    all that were kept before unknown.
    """

    account_id: str
    region: str
    api_id: str
    protocol_type: str
    stage_name: str
    deployment_id: str
    variables: dict[str, str] = {}
    default_route_settings: V2RouteSettings = V2RouteSettings()
    route_settings: dict[str, V2RouteSettings] = {}
    access_log_format: str | None = None
    access_log_destination: str | None = None
    client_certificate_id: str | None = None
    authorizers_cache_flushes: int = 0


def v2_deployment_section(api_id: str, deployment_id: str) -> str:
    return f"v2-deployment/{api_id}/{deployment_id}"


def v2_stage_section(api_id: str, stage_name: str) -> str:
    return f"v2-stage/{api_id}/{stage_name}"
