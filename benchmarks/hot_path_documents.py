"""What the gateway of the hot path's benchmark serves, and the ways in which it is asked for it.

A REST API has a bare HTTP_PROXY method; one that requires an API key under a throttled plan, on a stage with an access log; and one with
such a key and a request validator that requires a query parameter. An HTTP API has a proxy route.
"""

from __future__ import annotations

from typing import NamedTuple

import redis

from apps.core import documents, manifest
from apps.core.documents import (
    AccountDocument,
    AnyDocument,
    DeploymentDocument,
    Integration,
    KeyDocument,
    KeysDocument,
    Method,
    PlanDocument,
    PlanStage,
    Resource,
    StageDocument,
    Throttle,
    V2DeploymentDocument,
    V2StageDocument,
)
from apps.core.secrets import api_key_digest
from apps.core.v2_documents import V2Integration, V2Route, v2_deployment_section, v2_stage_section

API, HTTP_API = "bench00000", "benchhttp0"
KEY = "k" * 40
PLACE = {"account_id": "123456789012", "region": "us-east-1"}
DEPLOYMENT = "dep001"
PLENTY = Throttle(rate=200_000.0, burst=100_000)
LOG = (
    '{"id":"$context.requestId","ip":"$context.identity.sourceIp","time":"$context.requestTime","method":"$context.httpMethod",'
    '"path":"$context.path","status":"$context.status","length":"$context.responseLength","latency":"$context.responseLatency"}'
)


class Way(NamedTuple):
    """One way to ask the gateway for the back end's object: the path behind `/_aws/execute-api/`, and headers."""

    name: str
    path: str
    headers: tuple[str, ...] = ()


WAYS = (
    Way("bare HTTP_PROXY", f"{API}/plain/bare/pets"),
    Way("key + plan throttle + log", f"{API}/logged/keyed/pets", (f"x-api-key: {KEY}",)),
    Way("key + plan throttle + validator", f"{API}/plain/checked/pets?kind=dog", (f"x-api-key: {KEY}",)),
    Way("HTTP API proxy", f"{HTTP_API}/pets"),
)


def publish(client: redis.Redis, origin: str, environment_secret: bytes) -> None:
    """Put the documents in force as the control plane does."""
    for section, document in _sections(origin, environment_secret).items():
        body = documents.encode(document)
        client.set(manifest.document_key(documents.digest(body)), body)
        client.hset(manifest.MANIFEST, section, documents.digest(body))
    client.set(manifest.REVISION, 1)


def _sections(origin: str, environment_secret: bytes) -> dict[str, AnyDocument]:
    place = {**PLACE, "api_id": API, "deployment_id": DEPLOYMENT}
    key = KeyDocument(id="key1", name="k", digest=api_key_digest(KEY, environment_secret), plan_ids=("plan01",))
    plan = PlanDocument(
        **PLACE,
        plan_id="plan01",
        name="bench",
        throttle=PLENTY,
        stages=tuple(PlanStage(api_id=API, stage_name=stage) for stage in ("plain", "logged")),
    )
    return {
        documents.account_section(*PLACE.values()): AccountDocument(**PLACE, throttle=PLENTY),
        documents.deployment_section(API, DEPLOYMENT): DeploymentDocument(
            **place, api_name="bench", resources=_resources(origin)
        ),
        documents.stage_section(API, "plain"): StageDocument(**place, stage_name="plain"),
        documents.stage_section(API, "logged"): StageDocument(**place, stage_name="logged", access_log_format=LOG),
        documents.plan_section(*PLACE.values(), "plan01"): plan,
        documents.keys_section(*PLACE.values(), "00"): KeysDocument(**PLACE, shard="00", keys=(key,)),
        **_http_api(origin),
    }


def _resources(origin: str) -> tuple[Resource, ...]:
    integration = Integration(
        type="HTTP_PROXY",
        uri=f"{origin}/{{proxy}}",
        http_method="GET",
        request_parameters={"integration.request.path.proxy": "method.request.path.proxy"},
    )
    checked = {"validate_parameters": True, "request_parameters": {"method.request.querystring.kind": True}}
    methods = {
        "/bare/{proxy+}": Method(http_method="GET", integration=integration),
        "/keyed/{proxy+}": Method(http_method="GET", integration=integration, api_key_required=True),
        "/checked/{proxy+}": Method(http_method="GET", integration=integration, api_key_required=True, **checked),
    }
    return tuple(Resource(id=f"r{at}", path=path, methods=(methods[path],)) for at, path in enumerate(methods))


def _http_api(origin: str) -> dict[str, AnyDocument]:
    place = {**PLACE, "api_id": HTTP_API, "protocol_type": "HTTP", "deployment_id": DEPLOYMENT}
    integration = V2Integration(id="i1", type="HTTP_PROXY", uri=f"{origin}/pets", method="GET")
    deployment = V2DeploymentDocument(
        **place,
        api_name="bench",
        routes=(V2Route(id="r1", key="GET /pets", integration_id="i1"),),
        integrations={"i1": integration},
    )
    return {
        v2_deployment_section(HTTP_API, DEPLOYMENT): deployment,
        v2_stage_section(HTTP_API, "$default"): V2StageDocument(**place, stage_name="$default"),
    }
