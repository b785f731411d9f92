"""Configuration documents: what the control plane publishes and the runtime compiles.

A *section* is a named place (`stage/a1b2c3d4e5/prod`) that holds the digest of one immutable *document*. A deployment's document is
frozen at CreateDeployment; stages, plans, keys and account limits are small documents of their own, because on AWS
they act without a new deployment. Members carry AWS's meaning under snake_case names.

HTTP and WebSocket APIs have documents of their own (`v2_documents`), and so have Lambda functions (`function_documents`). Documents travel as JSON with `kind` as their tag. `encode` is
canonical: equal documents have equal bytes, hence equal digests.
"""

from __future__ import annotations

import hashlib

import msgspec

from apps.core.document import Document
from apps.core.function_documents import FunctionDocument
from apps.core.v2_documents import V2DeploymentDocument, V2StageDocument


class IntegrationResponse(Document, frozen=True):
    """How a back end's answer becomes a method's answer. `selection_pattern` None is the default response."""

    status_code: str
    selection_pattern: str | None = None
    response_parameters: dict[str, str] = {}
    response_templates: dict[str, str | None] = {}
    content_handling: str | None = None


class Integration(Document, frozen=True):
    """What stands behind a method. `timeout_in_millis` is 50 to 29,000, and up to 900,000 for one that streams (STREAM)."""

    type: str
    uri: str | None = None
    http_method: str | None = None
    connection_type: str = "INTERNET"
    connection_id: str | None = None
    credentials: str | None = None
    request_parameters: dict[str, str] = {}
    request_templates: dict[str, str | None] = {}
    passthrough_behavior: str = "WHEN_NO_MATCH"
    content_handling: str | None = None
    timeout_in_millis: int = 29_000
    cache_namespace: str | None = None
    cache_key_parameters: tuple[str, ...] = ()
    insecure_skip_verification: bool = False
    integration_target: str | None = None
    response_transfer_mode: str = "BUFFERED"
    responses: tuple[IntegrationResponse, ...] = ()


class MethodResponse(Document, frozen=True):
    """The headers a method may answer with, per status: `response_parameters` maps `method.response.header.X` to required."""

    status_code: str
    response_parameters: dict[str, bool] = {}
    response_models: dict[str, str] = {}


class Method(Document, frozen=True):
    """One HTTP method (or ANY) of a resource. `validate_parameters` and `validate_body` are what its request validator asks for."""

    http_method: str
    integration: Integration
    authorization_type: str = "NONE"
    authorizer_id: str | None = None
    authorization_scopes: tuple[str, ...] = ()
    api_key_required: bool = False
    operation_name: str | None = None
    request_parameters: dict[str, bool] = {}
    request_models: dict[str, str] = {}
    validate_parameters: bool = False
    validate_body: bool = False
    responses: tuple[MethodResponse, ...] = ()


class ClaimRule(Document, frozen=True):
    """A claim that a token has to carry where it is `required`, as one string, and equal to `expected` where that is said."""

    name: str
    required: bool = False
    expected: str | None = None


class TokenIssuer(Document, frozen=True):
    """Whose tokens an authorizer accepts. `issuer` is the claim `iss`, letter by letter; its keys are at `jwks_uri`, or else
    where its discovery document says. Without audiences any audience will do. With `client_ids` the claim `client_id` counts as the
    audience of tokens that have none.
    """

    issuer: str
    jwks_uri: str | None = None
    audiences: tuple[str, ...] = ()
    claims: tuple[ClaimRule, ...] = ()
    client_ids: bool = False


class Authorizer(Document, frozen=True):
    """Who decides whether a caller may: a function (TOKEN, REQUEST), user pools (COGNITO_USER_POOLS) or issuers of tokens (JWT).

    `identity_sources` are mapping expressions such as `method.request.header.Authorization`. Pools and issuers are both
    `issuers`, whose tokens are signed by one of `algorithms`.
    """

    id: str
    name: str
    type: str
    uri: str | None = None
    credentials: str | None = None
    identity_sources: tuple[str, ...] = ()
    identity_validation_expression: str | None = None
    result_ttl_in_seconds: int = 300
    issuers: tuple[TokenIssuer, ...] = ()
    algorithms: tuple[str, ...] = ()


class Resource(Document, frozen=True):
    """One node of the resource tree, with its whole path (`/pets/{petId}`)."""

    id: str
    path: str
    methods: tuple[Method, ...] = ()


class GatewayResponse(Document, frozen=True):
    """What the gateway answers in place of its own default. `status_code` None keeps that of the error."""

    status_code: str | None = None
    response_parameters: dict[str, str] = {}
    response_templates: dict[str, str] = {}


class DeploymentDocument(Document, frozen=True, tag_field="kind", tag="deployment"):
    """A REST API as it was at CreateDeployment. `resources` are sorted by path, `gateway_responses` by their type.

    `models` are the schemas, by name, that bodies are validated against, with all that those refer to. `authorizers` are those
    that methods name, by id.
    `policy` is the resource policy as it was written.
    """

    account_id: str
    region: str
    api_id: str
    api_name: str
    deployment_id: str
    api_key_source: str = "HEADER"
    binary_media_types: tuple[str, ...] = ()
    minimum_compression_size: int | None = None
    resources: tuple[Resource, ...] = ()
    gateway_responses: dict[str, GatewayResponse] = {}
    models: dict[str, str] = {}
    authorizers: dict[str, Authorizer] = {}
    policy: str | None = None


class MethodSetting(Document, frozen=True):
    """Stage settings of one method; None inherits. Rates are requests a second, bursts are requests."""

    throttling_rate_limit: float | None = None
    throttling_burst_limit: int | None = None
    metrics_enabled: bool = False
    logging_level: str = "OFF"
    data_trace_enabled: bool = False
    caching_enabled: bool = False
    cache_ttl_in_seconds: int = 300
    cache_data_encrypted: bool = False
    require_authorization_for_cache_control: bool = True
    unauthorized_cache_control_header_strategy: str = "SUCCEED_WITH_RESPONSE_HEADER"


class CanaryRelease(Document, frozen=True):
    """Another deployment that takes a share of a stage's requests.

    `percent_traffic` is above 0 and at most 100. `stage_variable_overrides` replace the stage's variables or add to them;
    with `use_stage_cache` its answers and the stage's are kept as one.
    """

    deployment_id: str
    percent_traffic: float
    stage_variable_overrides: dict[str, str] = {}
    use_stage_cache: bool = False


class ClientCertificate(Document, frozen=True):
    """What HTTPS back ends are shown: a certificate (PEM) and its private key, sealed for the place that the id is (`DocumentSeal`)."""

    id: str
    certificate: str
    private_key: str


class StageDocument(Document, frozen=True, tag_field="kind", tag="stage"):
    """A stage as it is now.

    `method_settings` is keyed as AWS keys it: `*/*` or `~1pets~1{petId}/GET`.
    `disable_execute_api_endpoint`, `endpoint_access_mode`, `private` and `edge_optimized` are the API's, but act on stages at once, so they travel here.
    The numbers of flushes are part of cache keys: a higher one makes everything that was kept before unknown. `cache_cluster_size` is gigabytes,
    and set where the stage keeps answers.
    """

    account_id: str
    region: str
    api_id: str
    stage_name: str
    deployment_id: str
    variables: dict[str, str] = {}
    method_settings: dict[str, MethodSetting] = {}
    access_log_format: str | None = None
    access_log_destination: str | None = None
    tracing_enabled: bool = False
    disable_execute_api_endpoint: bool = False
    endpoint_access_mode: str | None = None
    private: bool = False
    edge_optimized: bool = False
    client_certificate: ClientCertificate | None = None
    cache_flushes: int = 0
    authorizers_cache_flushes: int = 0
    cache_cluster_size: float | None = None
    canary: CanaryRelease | None = None


class Throttle(Document, frozen=True):
    """A token bucket: `rate` tokens a second, at most `burst` of them saved."""

    rate: float
    burst: int


ACCOUNT_THROTTLE = Throttle(rate=10_000.0, burst=5_000)
"""What all APIs of an account share in a region while nobody has set it, as on AWS."""


class PlanStage(Document, frozen=True):
    """One API stage that a plan covers; `method_throttles` is keyed `/pets/{petId}/GET`, as AWS keys it; `/GET` is the
    root's, `/*/*` each method's that has none of its own.
    """

    api_id: str
    stage_name: str
    method_throttles: dict[str, Throttle] = {}


class Quota(Document, frozen=True):
    """`limit` requests a `period` (DAY, WEEK or MONTH), whose start `offset` shifts by days (see `quota_periods`)."""

    limit: int
    period: str
    offset: int = 0


class PlanDocument(Document, frozen=True, tag_field="kind", tag="plan"):
    """A usage plan; throttle and quota are each key's own, not shared between keys."""

    account_id: str
    region: str
    plan_id: str
    name: str
    throttle: Throttle | None = None
    quota: Quota | None = None
    stages: tuple[PlanStage, ...] = ()


class KeyDocument(Document, frozen=True):
    """An API key as the runtime knows it: never its value, only the keyed digest.

    `plan_ids` in the order of membership. `expires_at` is in epoch seconds. `source_networks` and `websites` are from where it may be used. `quota_extensions` maps a plan's id to
    requests that UpdateUsage has granted beyond (or taken from) its quota, with the period they hold for.
    """

    id: str
    name: str | None
    digest: str
    enabled: bool = True
    plan_ids: tuple[str, ...] = ()
    customer_id: str | None = None
    expires_at: float | None = None
    source_networks: tuple[str, ...] = ()
    websites: tuple[str, ...] = ()
    quota_extensions: dict[str, QuotaExtension] = {}


class QuotaExtension(Document, frozen=True):
    """`requests` more (or fewer) than the quota says in the period that starts on `period_start` (ISO date)."""

    period_start: str
    requests: int


class KeysDocument(Document, frozen=True, tag_field="kind", tag="keys"):
    """One shard of a region's API keys; keys are spread over shards so that a change republishes few of them."""

    account_id: str
    region: str
    shard: str
    keys: tuple[KeyDocument, ...] = ()


class AccountDocument(Document, frozen=True, tag_field="kind", tag="account"):
    """The limits every API of an account shares in one region."""

    account_id: str
    region: str
    throttle: Throttle


class ApiMapping(Document, frozen=True):
    """Where a base path of a custom domain name leads. `base_path` has no slash at its ends; the empty one is every path's.

    Without a `stage_name` the segment behind the base path names the stage.
    """

    api_id: str
    base_path: str = ""
    stage_name: str | None = None


class HeaderCondition(Document, frozen=True):
    """A header (in lower case) whose value has to fit a glob: `beta`, `beta*`, `*beta` or `*beta*`."""

    header: str
    value_glob: str


class RoutingRule(Document, frozen=True):
    """Requests that fit all of `headers` and one of `base_paths` (any path when there are none) go to a stage of a REST API.

    With `strip_base_path` the base path that was met is not part of the path that the API sees.
    """

    priority: int
    api_id: str
    stage_name: str
    headers: tuple[HeaderCondition, ...] = ()
    base_paths: tuple[str, ...] = ()
    strip_base_path: bool = False


class ServerCertificate(Document, frozen=True):
    """What callers over HTTPS are shown: a certificate and its chain (PEM), and its private key, sealed for the domain's section."""

    certificate: str
    private_key: str


class DomainDocument(Document, frozen=True, tag_field="kind", tag="domain"):
    """A public custom domain name, such as `api.example.com` or `*.example.com`, its mappings and its rules by priority.

    `mutual_tls` says that callers have to show a certificate, of which one in `trust_store` (PEM) is the root; without such a store
    nobody is let in. Without a `certificate` the gateway shows its own. `security_policy` is AWS's word for what TLS is spoken.
    `routing_mode` is in V1's words: rules count in the two modes that
    begin with ROUTING_RULE, mappings in the two that name BASE_PATH_MAPPING.
    """

    account_id: str
    region: str
    name: str
    routing_mode: str = "BASE_PATH_MAPPING_ONLY"
    mutual_tls: bool = False
    mappings: tuple[ApiMapping, ...] = ()
    rules: tuple[RoutingRule, ...] = ()
    certificate: ServerCertificate | None = None
    security_policy: str = "TLS_1_2"
    trust_store: str | None = None


class Target(Document, frozen=True):
    """One of the places among which a load balancer spreads calls; one of weight 0 gets none."""

    host: str
    port: int
    weight: int = 1


class HealthCheck(Document, frozen=True):
    """How targets are asked whether they are well: whether they accept a connection or, with a `path`, answer 200 to 399.

    `port` None is the target's own. A target is well after `healthy_threshold` good answers in a row, and unwell after
    `unhealthy_threshold` bad ones.
    """

    path: str | None = None
    port: int | None = None
    interval_seconds: int = 10
    timeout_seconds: int = 5
    healthy_threshold: int = 2
    unhealthy_threshold: int = 2


class Discovery(Document, frozen=True):
    """A name in DNS at which a service is found: by its SRV records, or by addresses (`A`, with AAAA) to which `port` belongs."""

    name: str
    record_type: str
    port: int = 0


class Retries(Document, frozen=True):
    """Calls that reach no target go to another one: to so many others at most, and no more of them than so many in a hundred calls."""

    attempts: int = 1
    budget_percent: int = 20


class LoadBalancer(Document, frozen=True):
    """What stands for the ARN of a load balancer, or of a service of Cloud Map: targets, or a name at which they are found."""

    targets: tuple[Target, ...]
    health_check: HealthCheck | None = None
    discovery: Discovery | None = None
    retries: Retries | None = None


class LinksDocument(Document, frozen=True, tag_field="kind", tag="links"):
    """The VPC links of an account in a region. `links` are the ARNs that a link leads to, by its id: none for one of V2, which leads
    to whatever load balancer an integration names. `balancers` are by ARN.
    """

    account_id: str
    region: str
    links: dict[str, tuple[str, ...]] = {}
    balancers: dict[str, LoadBalancer] = {}


class Identity(Document, frozen=True):
    """A principal of an account: `arn` and `unique_id` are its names. `invokes` lets it do everything of `execute-api` with
    the account's own APIs by its role; `policies` (texts) may let it call any and may forbid.
    """

    arn: str
    unique_id: str
    invokes: bool = False
    policies: tuple[str, ...] = ()


class AccessKeyDocument(Document, frozen=True):
    """An active access key of the identity `arn`. `secret` is sealed for the place that its id is (`DocumentSeal`)."""

    id: str
    secret: str
    arn: str


class CredentialsDocument(Document, frozen=True, tag_field="kind", tag="credentials"):
    """An account's principals that can sign, and what they sign with."""

    account_id: str
    identities: tuple[Identity, ...] = ()
    keys: tuple[AccessKeyDocument, ...] = ()


AnyDocument = (
    DeploymentDocument
    | StageDocument
    | PlanDocument
    | KeysDocument
    | AccountDocument
    | DomainDocument
    | V2DeploymentDocument
    | V2StageDocument
    | FunctionDocument
    | CredentialsDocument
    | LinksDocument
)

_encoder = msgspec.json.Encoder(order="deterministic")
_decoder: msgspec.json.Decoder[AnyDocument] = msgspec.json.Decoder(AnyDocument)


def encode(document: AnyDocument) -> bytes:
    """The document's canonical bytes."""
    return _encoder.encode(document)


def decode(data: bytes | str) -> AnyDocument:
    """The document again; raises `msgspec.ValidationError` when the bytes do not describe one."""
    return _decoder.decode(data)


def digest(data: bytes) -> str:
    """The address of a document: the SHA-256 of its bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def deployment_section(api_id: str, deployment_id: str) -> str:
    return f"deployment/{api_id}/{deployment_id}"


def stage_section(api_id: str, stage_name: str) -> str:
    return f"stage/{api_id}/{stage_name}"


def plan_section(account_id: str, region: str, plan_id: str) -> str:
    return f"plan/{account_id}/{region}/{plan_id}"


def keys_section(account_id: str, region: str, shard: str) -> str:
    return f"keys/{account_id}/{region}/{shard}"


def credentials_section(account_id: str) -> str:
    return f"credentials/{account_id}"


def links_section(account_id: str, region: str) -> str:
    return f"links/{account_id}/{region}"


def account_section(account_id: str, region: str) -> str:
    return f"account/{account_id}/{region}"


def domain_section(region: str, name: str) -> str:
    """One name may stand in several regions of its account."""
    return f"domain/{region}/{name}"


def function_section(account_id: str, region: str, name: str) -> str:
    return f"function/{account_id}/{region}/{name}"


def key_shard(key_id: str) -> str:
    """Which of 256 shards a key lives in: two hexadecimal digits that depend only on its id."""
    return hashlib.blake2b(key_id.encode(), digest_size=1).hexdigest()
