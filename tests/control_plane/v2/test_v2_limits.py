"""What AWS limits is limited, and an API as large as it may be costs the database what a small one does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError
from apps.control_plane.v2 import apis, authorizers, integrations, routes, stages, vpc_links
from apps.v2_apis.models import Api, Authorizer, Integration, Route, Stage, VpcLink
from tests.builders import an_http_api, call_v2

pytestmark = pytest.mark.django_db(transaction=True)

OWNED = {"account_id": "123456789012", "region": "us-east-1"}
PROXY = {"IntegrationType": "HTTP_PROXY", "IntegrationMethod": "GET", "IntegrationUri": "https://example.com"}
FUNCTION = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:123456789012:function:pets/invocations"
)


def statements(caller: Caller, operation: str, **request: Any) -> int:
    """How many statements an operation sends."""
    with CaptureQueriesContext(connection) as sent:
        call_v2(caller, operation, **request)
    return len(sent)


def fill_routes(api: Api, count: int) -> None:
    integration = Integration.objects.create(
        api=api, integration_type="HTTP_PROXY", integration_uri="https://example.com", timeout_in_millis=30_000
    )
    Route.objects.bulk_create(
        Route(api=api, route_key=f"GET /{number}", integration=integration) for number in range(count)
    )


def fill_integrations(api: Api, count: int) -> None:
    Integration.objects.bulk_create(
        Integration(api=api, integration_type="HTTP_PROXY", timeout_in_millis=30_000) for _ in range(count)
    )


def fill_authorizers(api: Api, count: int) -> None:
    Authorizer.objects.bulk_create(
        Authorizer(api=api, name=f"filler {number}", authorizer_type="JWT") for number in range(count)
    )


def fill_stages(api: Api, count: int) -> None:
    Stage.objects.bulk_create(Stage(api=api, name=f"filler{number}") for number in range(count))


def fill_apis(api: Api, count: int) -> None:
    Api.objects.bulk_create(Api(name="filler", protocol_type="HTTP", **OWNED) for _ in range(count - 1))


def fill_links(api: Api, count: int) -> None:
    VpcLink.objects.bulk_create(VpcLink(name="filler", **OWNED) for _ in range(count))


@pytest.mark.parametrize(
    ("fill", "most", "operation", "members"),
    [
        (fill_routes, routes.MAX_ROUTES, "CreateRoute", {"RouteKey": "GET /more"}),
        (
            fill_integrations,
            integrations.MAX_INTEGRATIONS,
            "CreateIntegration",
            {**PROXY, "PayloadFormatVersion": "1.0"},
        ),
        (
            fill_authorizers,
            authorizers.MAX_AUTHORIZERS,
            "CreateAuthorizer",
            {
                "Name": "more",
                "AuthorizerType": "REQUEST",
                "AuthorizerUri": FUNCTION,
                "AuthorizerPayloadFormatVersion": "2.0",
                "IdentitySource": ["$request.header.Authorization"],
            },
        ),
        (fill_stages, stages.MAX_STAGES, "CreateStage", {"StageName": "more"}),
        (fill_apis, apis.MAX_APIS, "CreateApi", {"Name": "more", "ProtocolType": "HTTP"}),
        (fill_links, vpc_links.MAX_LINKS, "CreateVpcLink", {"Name": "more", "SubnetIds": ["subnet-1"]}),
    ],
)
def test_one_more_than_there_may_be_is_refused(
    caller: Caller,
    valkey: redis.Redis,
    fill: Callable[[Api, int], None],
    most: int,
    operation: str,
    members: dict[str, Any],
) -> None:
    api = an_http_api(caller)
    fill(Api.objects.get(pk=api), most)
    of_api = {} if operation in ("CreateApi", "CreateVpcLink") else {"ApiId": api}

    with pytest.raises(AwsError) as refused:
        call_v2(caller, operation, **of_api, **members)

    assert refused.value.code == "TooManyRequestsException"


def test_a_change_of_a_large_api_costs_what_one_of_a_small_api_does(caller: Caller, valkey: redis.Redis) -> None:
    counts = []
    for size in (5, 299):
        api = an_http_api(caller)
        fill_routes(Api.objects.get(pk=api), size)
        call_v2(caller, "CreateStage", ApiId=api, StageName="live", AutoDeploy=True)
        counts.append(statements(caller, "CreateRoute", ApiId=api, RouteKey="GET /more"))

    assert counts[0] == counts[1]
    assert counts[1] < 45


def test_lists_cost_the_same_however_long_they_are(caller: Caller, valkey: redis.Redis) -> None:
    small, large = an_http_api(caller), an_http_api(caller)
    for api, size in ((small, 1), (large, 10)):
        fill_routes(Api.objects.get(pk=api), size * 30)
        fill_stages(Api.objects.get(pk=api), size)

    for operation in ("GetRoutes", "GetStages", "GetIntegrations"):
        found = [statements(caller, operation, ApiId=api, MaxResults="500") for api in (small, large)]
        assert found[0] == found[1], operation
