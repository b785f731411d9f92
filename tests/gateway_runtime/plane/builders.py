"""The language in which stories about the data plane are told: APIs, stages, plans and keys as documents."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from apps.core import documents
from apps.core.documents import (
    AccountDocument,
    AnyDocument,
    ApiMapping,
    Authorizer,
    CredentialsDocument,
    DeploymentDocument,
    DomainDocument,
    FunctionDocument,
    Integration,
    IntegrationResponse,
    KeyDocument,
    KeysDocument,
    LinksDocument,
    Method,
    MethodSetting,
    PlanDocument,
    PlanStage,
    Quota,
    QuotaExtension,
    Resource,
    StageDocument,
    Throttle,
)
from apps.core.secrets import api_key_digest
from apps.core.v2_documents import V2DeploymentDocument, V2StageDocument, v2_deployment_section, v2_stage_section

ACCOUNT, REGION, API = "123456789012", "us-east-1", "a1b2c3d4e5"
SECRET = b"k" * 32
PLACE: dict[str, Any] = {"account_id": ACCOUNT, "region": REGION}


@dataclass(frozen=True)
class Route:
    """A method at a path."""

    path: str
    method: Method

    def with_key(self) -> Route:
        return replace(self, method=_changed(self.method, api_key_required=True))


def _changed(struct: Any, **members: Any) -> Any:
    return type(struct)(**{**{name: getattr(struct, name) for name in struct.__struct_fields__}, **members})


def route(http_method: str, path: str, integration: Integration, **members: Any) -> Route:
    return Route(path, Method(http_method=http_method, integration=integration, **members))


def get(path: str, integration: Integration, **members: Any) -> Route:
    return route("GET", path, integration, **members)


def post(path: str, integration: Integration, **members: Any) -> Route:
    return route("POST", path, integration, **members)


def any_method(path: str, integration: Integration, **members: Any) -> Route:
    return route("ANY", path, integration, **members)


def response(
    status: int | str = 200,
    body: str | None = None,
    pattern: str | None = None,
    content_type: str = "application/json",
    **parameters: str,
) -> IntegrationResponse:
    """An integration response; `parameters` are response headers by name, `_` standing for `-`."""
    return IntegrationResponse(
        status_code=str(status),
        selection_pattern=pattern,
        response_templates={} if body is None else {content_type: body},
        response_parameters={
            f"method.response.header.{name.replace('_', '-')}": source for name, source in parameters.items()
        },
    )


def mock(
    status: int = 200, body: str | None = None, *, responses: tuple[IntegrationResponse, ...] = (), **members: Any
) -> Integration:
    """A mock that answers `status`, or chooses among `responses` by it."""
    members.setdefault("request_templates", {"application/json": f'{{"statusCode": {status}}}'})
    return Integration(type="MOCK", responses=responses or (response(status, body),), **members)


def http_proxy(uri: str, method: str = "ANY", **members: Any) -> Integration:
    return Integration(type="HTTP_PROXY", uri=uri, http_method=method, **members)


def http(uri: str, method: str = "POST", *responses: IntegrationResponse, **members: Any) -> Integration:
    return Integration(type="HTTP", uri=uri, http_method=method, responses=responses or (response(200),), **members)


def function_uri(function: str) -> str:
    """The integration URI that invokes a function, by ARN or name."""
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"


def lambda_stream(function: str, **members: Any) -> Integration:
    """AWS_PROXY with a function that streams its response."""
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2021-11-15/functions/{function}/response-streaming-invocations"
    return lambda_proxy(function, uri=uri, response_transfer_mode="STREAM", **members)


def lambda_proxy(function: str, **members: Any) -> Integration:
    """AWS_PROXY with a function."""
    return Integration(type="AWS_PROXY", **{"uri": function_uri(function), "http_method": "POST", **members})


def lambda_custom(function: str, *responses: IntegrationResponse, **members: Any) -> Integration:
    """AWS with a function, and 200 as its default response."""
    chosen = responses or (response(200),)
    return Integration(type="AWS", uri=function_uri(function), http_method="POST", responses=chosen, **members)


def aws(service: str, *responses: IntegrationResponse, method: str = "POST", **members: Any) -> Integration:
    """AWS with a service by the end of its URI, such as `sqs:action/SendMessage`."""
    uri = f"arn:aws:apigateway:{REGION}:{service}"
    return Integration(type="AWS", uri=uri, http_method=method, responses=responses or (response(200),), **members)


@dataclass(frozen=True)
class Stage:
    """A stage before it knows its deployment."""

    name: str
    members: dict[str, Any] = field(default_factory=dict)


def stage(
    name: str, *, rate: float | None = None, burst: int | None = None, log: str | None = None, **members: Any
) -> Stage:
    """A stage; `rate` and `burst` throttle all its methods."""
    if rate is not None:
        setting = MethodSetting(throttling_rate_limit=rate, throttling_burst_limit=burst)
        members["method_settings"] = {**members.get("method_settings", {}), "*/*": setting}
    if log is not None:
        members["access_log_format"] = log
    return Stage(name, members)


@dataclass(frozen=True)
class RestApi:
    """Routes and the stages they are deployed to."""

    routes: tuple[Route, ...]
    stages: tuple[Stage, ...]
    api_id: str = API
    deployment_id: str = "dep001"
    binary_media_types: tuple[str, ...] = ()
    models: dict[str, str] = field(default_factory=dict)
    minimum_compression_size: int | None = None
    authorizers: tuple[Authorizer, ...] = ()
    api_key_source: str = "HEADER"
    policy: str | None = None

    def documents(self) -> list[AnyDocument]:
        resources = [
            Resource(
                id=f"r{at}",
                path=path,
                methods=tuple(route.method for route in self.routes if route.path == path),
            )
            for at, path in enumerate(sorted({route.path for route in self.routes}))
        ]
        place = {**PLACE, "api_id": self.api_id, "deployment_id": self.deployment_id}
        deployment = DeploymentDocument(
            **place,
            api_name="pets",
            resources=tuple(resources),
            binary_media_types=self.binary_media_types,
            models=self.models,
            minimum_compression_size=self.minimum_compression_size,
            authorizers={authorizer.id: authorizer for authorizer in self.authorizers},
            api_key_source=self.api_key_source,
            policy=self.policy,
        )
        return [deployment, *(StageDocument(**place, stage_name=each.name, **each.members) for each in self.stages)]


def rest_api(*parts: Route | Stage | Authorizer, api_id: str = API, deployment_id: str = "dep001") -> RestApi:
    routes = tuple(part for part in parts if isinstance(part, Route))
    return RestApi(
        routes,
        tuple(part for part in parts if isinstance(part, Stage)) or (stage("prod"),),
        api_id,
        deployment_id,
        authorizers=tuple(part for part in parts if isinstance(part, Authorizer)),
    )


def plan(
    plan_id: str = "plan01",
    *,
    rate: float | None = None,
    burst: int = 0,
    quota: int | None = None,
    period: str = "DAY",
    stages: tuple[str, ...] = ("prod",),
    api_id: str = API,
    methods: dict[str, tuple[float, int]] | None = None,
) -> PlanDocument:
    throttles = {key: Throttle(rate=limit, burst=size) for key, (limit, size) in (methods or {}).items()}
    return PlanDocument(
        **PLACE,
        plan_id=plan_id,
        name=plan_id,
        throttle=None if rate is None else Throttle(rate=rate, burst=burst),
        quota=None if quota is None else Quota(limit=quota, period=period),
        stages=tuple(PlanStage(api_id=api_id, stage_name=name, method_throttles=throttles) for name in stages),
    )


def key(value: str, key_id: str = "key0000001", *plans: str, **members: Any) -> KeyDocument:
    return KeyDocument(
        id=key_id, name=key_id, digest=api_key_digest(value, SECRET), plan_ids=plans or ("plan01",), **members
    )


def keys(*members: KeyDocument, shard: str = "00") -> KeysDocument:
    return KeysDocument(**PLACE, shard=shard, keys=members)


def extension(day: str, requests: int) -> QuotaExtension:
    return QuotaExtension(period_start=day, requests=requests)


def account(rate: float, burst: int) -> AccountDocument:
    return AccountDocument(**PLACE, throttle=Throttle(rate=rate, burst=burst))


def domain(name: str, *mappings: tuple[str, str, str | None], **members: Any) -> DomainDocument:
    """A custom domain name; each mapping is a base path, an API and a stage."""
    found = tuple(ApiMapping(base_path=path, api_id=api_id, stage_name=name) for path, api_id, name in mappings)
    return DomainDocument(**{**PLACE, "name": name, "mappings": found, **members})


def section_of(document: AnyDocument) -> str:
    """The section a document belongs to."""
    if isinstance(document, DeploymentDocument):
        return documents.deployment_section(document.api_id, document.deployment_id)
    if isinstance(document, StageDocument):
        return documents.stage_section(document.api_id, document.stage_name)
    if isinstance(document, PlanDocument):
        return documents.plan_section(document.account_id, document.region, document.plan_id)
    if isinstance(document, KeysDocument):
        return documents.keys_section(document.account_id, document.region, document.shard)
    if isinstance(document, DomainDocument):
        return documents.domain_section(document.region, document.name)
    if isinstance(document, V2DeploymentDocument):
        return v2_deployment_section(document.api_id, document.deployment_id)
    if isinstance(document, V2StageDocument):
        return v2_stage_section(document.api_id, document.stage_name)
    if isinstance(document, FunctionDocument):
        return documents.function_section(document.account_id, document.region, document.name)
    if isinstance(document, LinksDocument):
        return documents.links_section(document.account_id, document.region)
    if isinstance(document, CredentialsDocument):
        return documents.credentials_section(document.account_id)
    return documents.account_section(document.account_id, document.region)


def all_documents(*parts: RestApi | AnyDocument) -> list[AnyDocument]:
    return [document for part in parts for document in (part.documents() if isinstance(part, RestApi) else [part])]


def sections(*parts: RestApi | AnyDocument) -> tuple[dict[str, str], dict[str, bytes]]:
    """A manifest's sections and the documents' bytes by digest."""
    named: dict[str, str] = {}
    bodies: dict[str, bytes] = {}
    for document in all_documents(*parts):
        body = documents.encode(document)
        digest = documents.digest(body)
        named[section_of(document)] = digest
        bodies[digest] = body
    return named, bodies
