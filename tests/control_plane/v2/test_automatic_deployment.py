"""Automatic deployment: a change of an API reaches its stages in the transaction of the change, or says why not."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError
from apps.core import documents, manifest
from apps.core.v2_documents import V2DeploymentDocument, V2StageDocument, v2_deployment_section, v2_stage_section
from apps.deployments import publisher
from apps.deployments.models import ConfigurationRevision
from tests.builders import a_websocket_api, an_http_api, call_v2

pytestmark = pytest.mark.django_db(transaction=True)


def read(valkey: redis.Redis, section: str) -> Any:
    """The document that a runtime finds in a section; None without one."""
    digest = valkey.hget(manifest.MANIFEST, section)
    if digest is None:
        return None
    body = valkey.get(manifest.document_key(digest.decode()))
    assert body is not None
    return documents.decode(body)


def served(valkey: redis.Redis, api: str, stage: str) -> tuple[V2StageDocument, V2DeploymentDocument] | None:
    """The stage that a runtime serves, and the API as it serves it."""
    at = read(valkey, v2_stage_section(api, stage))
    return None if at is None else (at, read(valkey, v2_deployment_section(api, at.deployment_id)))


def keys(valkey: redis.Redis, api: str, stage: str) -> list[str]:
    found = served(valkey, api, stage)
    assert found is not None
    return [route.key for route in found[1].routes]


def test_quick_create_makes_an_api_that_is_served_at_once(caller: Caller, valkey: redis.Redis) -> None:
    api = an_http_api(caller, Target="https://example.com/pets")

    stage = call_v2(caller, "GetStage", ApiId=api, StageName="$default")
    found = served(valkey, api, "$default")

    assert found is not None
    assert (stage["AutoDeploy"], stage["ApiGatewayManaged"]) == (True, True)
    assert (
        stage["LastDeploymentStatusMessage"]
        == f"Successfully deployed stage with deployment ID '{found[0].deployment_id}'"
    )
    (route,) = found[1].routes
    assert route.key == "$default"
    assert found[1].integrations[str(route.integration_id)].uri == "https://example.com/pets"


def test_a_change_is_served_by_the_stages_that_deploy_by_themselves_and_by_no_other(
    caller: Caller, valkey: redis.Redis
) -> None:
    api = an_http_api(caller, "GET /pets")
    call_v2(caller, "CreateStage", ApiId=api, StageName="live", AutoDeploy=True)
    call_v2(caller, "CreateStage", ApiId=api, StageName="prod")
    call_v2(caller, "CreateDeployment", ApiId=api, StageName="prod")

    call_v2(caller, "CreateRoute", ApiId=api, RouteKey="GET /cats")

    assert keys(valkey, api, "live") == ["GET /cats", "GET /pets"]
    assert keys(valkey, api, "prod") == ["GET /pets"]


def test_an_api_without_routes_cannot_be_deployed_and_the_stage_says_so(caller: Caller, valkey: redis.Redis) -> None:
    api = an_http_api(caller)

    stage = call_v2(caller, "CreateStage", ApiId=api, StageName="$default", AutoDeploy=True)
    (deployment,) = call_v2(caller, "GetDeployments", ApiId=api)["Items"]

    words = "Deployment attempt failed: Unable to deploy API because no routes exist in this API"
    assert stage["LastDeploymentStatusMessage"] == words
    assert (deployment["DeploymentStatus"], deployment["DeploymentStatusMessage"]) == ("FAILED", words)
    assert served(valkey, api, "$default") is None


def test_a_failed_deployment_leaves_the_stage_where_it_is(caller: Caller, valkey: redis.Redis) -> None:
    api = an_http_api(caller, "GET /pets")
    call_v2(caller, "CreateStage", ApiId=api, StageName="live", AutoDeploy=True)
    (route,) = call_v2(caller, "GetRoutes", ApiId=api)["Items"]

    call_v2(caller, "DeleteRoute", ApiId=api, RouteId=route["RouteId"])

    assert keys(valkey, api, "live") == ["GET /pets"]
    assert "Unable to deploy" in call_v2(caller, "GetStage", ApiId=api, StageName="live")["LastDeploymentStatusMessage"]


def test_a_stage_that_deploys_by_itself_takes_no_deployment_from_anybody(caller: Caller, valkey: redis.Redis) -> None:
    api = an_http_api(caller, "GET /pets")
    call_v2(caller, "CreateStage", ApiId=api, StageName="live", AutoDeploy=True)

    with pytest.raises(AwsError, match="AutoDeploy"):
        call_v2(caller, "CreateDeployment", ApiId=api, StageName="live")


def test_deployments_that_nobody_can_go_back_to_are_forgotten(caller: Caller, valkey: redis.Redis) -> None:
    api = an_http_api(caller, "GET /pets")
    call_v2(caller, "CreateStage", ApiId=api, StageName="live", AutoDeploy=True)
    mine = call_v2(caller, "CreateDeployment", ApiId=api, Description="mine")["DeploymentId"]

    for number in range(5):
        call_v2(caller, "CreateRoute", ApiId=api, RouteKey=f"GET /pets/{number}")

    left = call_v2(caller, "GetDeployments", ApiId=api)["Items"]
    assert {each["DeploymentId"] for each in left if not each["AutoDeployed"]} == {mine}
    assert len(left) == 2
    published = [name for name in valkey.hkeys(manifest.MANIFEST) if name.startswith(b"v2-deployment/")]
    assert len(published) == 1


def test_what_is_published_is_what_the_rows_say(caller: Caller, valkey: redis.Redis) -> None:
    an_http_api(caller, Target="https://example.com")
    before = ConfigurationRevision.objects.get(pk=1).number

    publisher.republish_everything()

    assert ConfigurationRevision.objects.get(pk=1).number == before


def test_a_deleted_api_is_served_no_more(caller: Caller, valkey: redis.Redis) -> None:
    api = an_http_api(caller, Target="https://example.com")

    call_v2(caller, "DeleteApi", ApiId=api)

    assert [name for name in valkey.hkeys(manifest.MANIFEST) if api.encode() in name] == []


def test_stage_settings_act_without_a_deployment(caller: Caller, valkey: redis.Redis) -> None:
    api = an_http_api(caller, Target="https://example.com")

    call_v2(
        caller,
        "UpdateStage",
        ApiId=api,
        StageName="$default",
        StageVariables={"color": "blue"},
        DefaultRouteSettings={"ThrottlingBurstLimit": 5, "ThrottlingRateLimit": 2.5},
        RouteSettings={"$default": {"ThrottlingBurstLimit": 1}},
    )
    call_v2(caller, "ResetAuthorizersCache", ApiId=api, StageName="$default")

    found = served(valkey, api, "$default")
    assert found is not None
    stage = found[0]
    assert (stage.variables, stage.authorizers_cache_flushes) == ({"color": "blue"}, 1)
    assert stage.default_route_settings.throttling_rate_limit == 2.5
    assert stage.route_settings["$default"].throttling_burst_limit == 1


def test_a_websocket_api_is_frozen_with_all_its_parts(caller: Caller, valkey: redis.Redis) -> None:
    api = a_websocket_api(caller)
    made = call_v2(caller, "CreateIntegration", ApiId=api, IntegrationType="MOCK")["IntegrationId"]
    call_v2(caller, "CreateIntegrationResponse", ApiId=api, IntegrationId=made, IntegrationResponseKey="/4../")
    call_v2(caller, "CreateModel", ApiId=api, Name="Message", Schema='{"type": "object"}')
    route = call_v2(
        caller,
        "CreateRoute",
        ApiId=api,
        RouteKey="say",
        Target=f"integrations/{made}",
        RouteResponseSelectionExpression="$default",
        ModelSelectionExpression="$request.body.kind",
        RequestModels={"message": "Message"},
    )
    call_v2(caller, "CreateRouteResponse", ApiId=api, RouteId=route["RouteId"], RouteResponseKey="$default")
    call_v2(caller, "CreateStage", ApiId=api, StageName="live", AutoDeploy=True)

    found = served(valkey, api, "live")
    assert found is not None
    deployment = found[1]
    (frozen,) = deployment.routes
    assert deployment.protocol_type == "WEBSOCKET"
    assert deployment.route_selection_expression == "$request.body.action"
    assert [response.key for response in deployment.integrations[made].responses] == ["/4../"]
    assert (frozen.request_models, [response.key for response in frozen.responses]) == (
        {"message": "Message"},
        ["$default"],
    )
    assert deployment.models == {"Message": '{"type": "object"}'}
