"""Stages and deployments of HTTP and WebSocket APIs. What AWS fills in, takes and refuses, and what a PATCH leaves alone."""

from __future__ import annotations

from typing import Any

import pytest

from apps.control_plane.caller import Caller
from tests.builders import an_http_api, call_v2, refusal_v2

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]

LOGS = {"DestinationArn": "arn:aws:logs:us-east-1:123456789012:log-group:pets", "Format": "$context.requestId"}


def test_a_new_stage_has_awss_defaults(caller: Caller, http: str, chat: str) -> None:
    stage = call_v2(caller, "CreateStage", ApiId=http, StageName="prod")

    del stage["CreatedDate"], stage["LastUpdatedDate"]
    assert stage == {
        "AutoDeploy": False,
        "DefaultRouteSettings": {"DetailedMetricsEnabled": False},
        "RouteSettings": {},
        "StageName": "prod",
        "StageVariables": {},
        "Tags": {},
    }
    settings = call_v2(caller, "CreateStage", ApiId=chat, StageName="prod")["DefaultRouteSettings"]
    assert settings == {"DataTraceEnabled": False, "DetailedMetricsEnabled": False, "LoggingLevel": "OFF"}


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"StageName": "a b"}, "Stage name only allows"),
        ({"StageName": "x" * 129}, "at most 128"),
        ({"DeploymentId": "none"}, "NotFoundException"),
        ({"AutoDeploy": True, "DeploymentId": "none"}, "NotFoundException"),
        (
            {"RouteSettings": {"GET /none": {}}},
            "Unable to find Route by key GET /none within the provided RouteSettings",
        ),
        ({"DefaultRouteSettings": {"LoggingLevel": "INFO"}}, "Execution logs are not supported on protocol type HTTP"),
        ({"DefaultRouteSettings": {"ThrottlingBurstLimit": -1}}, "must not be negative"),
        ({"AccessLogSettings": {"Format": "$context.requestId"}}, "Both a destination"),
        ({"AccessLogSettings": {**LOGS, "DestinationArn": "arn:aws:s3:::logs"}}, "Invalid ARN"),
        ({"AccessLogSettings": {**LOGS, "Format": "nothing"}}, "$context.requestId"),
        ({"ClientCertificateId": "abc123"}, "only supported for WEBSOCKET APIs"),
        ({"StageVariables": {"a b": "c"}}, "Invalid stage variable name"),
    ],
)
def test_stages_that_are_refused(caller: Caller, http: str, members: dict[str, Any], words: str) -> None:
    assert words in refusal_v2(caller, "CreateStage", **{"ApiId": http, "StageName": "prod", **members})
    assert call_v2(caller, "GetStages", ApiId=http)["Items"] == []


def test_a_websocket_api_has_no_default_stage(caller: Caller, chat: str) -> None:
    assert "only supported for HTTP APIs" in refusal_v2(caller, "CreateStage", ApiId=chat, StageName="$default")


def test_settings_of_a_stage_change_member_by_member(caller: Caller) -> None:
    api = an_http_api(caller, "GET /pets", "GET /cats")
    at = {"ApiId": api, "StageName": "prod"}
    call_v2(
        caller,
        "CreateStage",
        **at,
        StageVariables={"a": "1", "b": "2"},
        DefaultRouteSettings={"ThrottlingBurstLimit": 5},
        RouteSettings={"GET /pets": {"ThrottlingBurstLimit": 1}},
        AccessLogSettings=LOGS,
    )

    found = call_v2(
        caller,
        "UpdateStage",
        **at,
        StageVariables={"b": ""},
        DefaultRouteSettings={"ThrottlingRateLimit": 2.0},
        RouteSettings={"GET /cats": {"ThrottlingBurstLimit": 2}},
        AccessLogSettings={"Format": "$context.requestId $context.status"},
    )

    assert found["StageVariables"] == {"a": "1"}
    assert found["DefaultRouteSettings"] == {
        "DetailedMetricsEnabled": False,
        "ThrottlingBurstLimit": 5,
        "ThrottlingRateLimit": 2.0,
    }
    assert sorted(found["RouteSettings"]) == ["GET /cats", "GET /pets"]
    assert found["AccessLogSettings"]["DestinationArn"] == LOGS["DestinationArn"]


def test_a_deployment_stays_while_a_stage_points_at_it(caller: Caller) -> None:
    api = an_http_api(caller, "GET /pets")
    deployment = call_v2(caller, "CreateDeployment", ApiId=api)["DeploymentId"]
    call_v2(caller, "CreateStage", ApiId=api, StageName="prod", DeploymentId=deployment)

    assert "Active stages" in refusal_v2(caller, "DeleteDeployment", ApiId=api, DeploymentId=deployment)
