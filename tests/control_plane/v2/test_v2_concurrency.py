"""Several clients at once, each an unmodified boto3: no answer is a failure of ours, and what is left behind is whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest
import redis
from botocore.exceptions import ClientError

from apps.core import documents, manifest
from apps.core.v2_documents import V2DeploymentDocument
from apps.deployments import publisher
from apps.deployments.models import ConfigurationRevision
from apps.v2_apis.models import Deployment, Stage

CLIENTS = 4
Call = Callable[[], Any]


@pytest.fixture
def v2(aws: Callable[..., Any], valkey: redis.Redis) -> Any:
    client = aws("apigatewayv2")
    publisher.republish_everything()  # the access key was made without an operation
    return client


@pytest.fixture
def api(v2: Any) -> str:
    made: str = v2.create_api(Name="pets", ProtocolType="HTTP", Target="https://example.com")["ApiId"]
    return made


def at_once(*clients: Iterable[Call]) -> list[str]:
    """How all clients' calls end, sorted: "ok", or the error's code."""
    start = Barrier(len(clients))

    def run(calls: Iterable[Call]) -> list[str]:
        start.wait(20)
        return [ending(call) for call in calls]

    with ThreadPoolExecutor(len(clients)) as pool:
        return sorted(code for codes in pool.map(run, clients) for code in codes)


def ending(call: Call) -> str:
    try:
        call()
    except ClientError as error:
        failed = error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
        return f"failure: {error}" if failed else str(error.response["Error"]["Code"])
    return "ok"


def assert_published_is_what_the_rows_say(valkey: redis.Redis) -> None:
    before = ConfigurationRevision.objects.get(pk=1).number
    publisher.republish_everything()
    assert ConfigurationRevision.objects.get(pk=1).number == before
    assert int(valkey.get(manifest.REVISION) or 0) == before


def test_routes_made_at_once_are_all_deployed(v2: Any, api: str, valkey: redis.Redis) -> None:
    def routes(client: int) -> list[Call]:
        return [partial(v2.create_route, ApiId=api, RouteKey=f"GET /{client}/{number}") for number in range(5)]

    found = at_once(*(routes(client) for client in range(CLIENTS)))

    assert found == ["ok"] * 20
    stage = Stage.objects.select_related("deployment").get(api=api)
    assert stage.deployment is not None
    deployed = documents.decode(stage.deployment.document)
    assert isinstance(deployed, V2DeploymentDocument)
    assert len(deployed.routes) == 21
    assert Deployment.objects.filter(api=api).count() == 1
    assert_published_is_what_the_rows_say(valkey)


def test_of_two_routes_with_one_key_one_is_made(v2: Any, api: str, valkey: redis.Redis) -> None:
    create = partial(v2.create_route, ApiId=api, RouteKey="GET /pets")

    assert at_once(*([create] for _ in range(CLIENTS))) == ["ConflictException"] * (CLIENTS - 1) + ["ok"]


def test_an_api_that_is_deleted_while_it_is_changed_leaves_nothing_behind(
    v2: Any, api: str, valkey: redis.Redis
) -> None:
    changes = [partial(v2.create_route, ApiId=api, RouteKey=f"GET /{number}") for number in range(5)]
    settings = [partial(v2.update_stage, ApiId=api, StageName="$default", Description=str(n)) for n in range(5)]

    found = at_once(changes, settings, [partial(v2.delete_api, ApiId=api)])

    assert set(found) <= {"ok", "NotFoundException", "ConflictException"}
    assert [name for name in valkey.hkeys(manifest.MANIFEST) if api.encode() in name] == []
    assert_published_is_what_the_rows_say(valkey)


def test_imports_at_once_leave_one_definition(v2: Any, api: str, valkey: redis.Redis) -> None:
    def definition(path: str) -> str:
        return f'{{"openapi": "3.0.1", "info": {{"title": "{path}", "version": "1"}}, "paths": {{"/{path}": {{"get": {{}}}}}}}}'

    found = at_once(*([partial(v2.reimport_api, ApiId=api, Body=definition(path))] for path in ("a", "b", "c")))

    (route,) = v2.get_routes(ApiId=api)["Items"]
    assert found == ["ok"] * 3
    assert route["RouteKey"] == f"GET /{v2.get_api(ApiId=api)['Name']}"
    assert_published_is_what_the_rows_say(valkey)


def test_a_key_of_a_domain_name_is_mapped_once(v2: Any, api: str, valkey: redis.Redis) -> None:
    certificate = "arn:aws:acm:us-east-1:123456789012:certificate/one"
    v2.create_domain_name(DomainName="api.example.com", DomainNameConfigurations=[{"CertificateArn": certificate}])
    create = partial(v2.create_api_mapping, DomainName="api.example.com", ApiId=api, Stage="$default")

    assert at_once(*([create] for _ in range(CLIENTS))) == ["ConflictException"] * (CLIENTS - 1) + ["ok"]
    assert_published_is_what_the_rows_say(valkey)
