"""HTTP and WebSocket APIs themselves, and quick create. What AWS fills in, takes and refuses, and what a PATCH leaves alone."""

from __future__ import annotations

from typing import Any

import pytest

from apps.control_plane.caller import Caller
from tests.builders import an_http_api, call_v2, refusal_v2

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:pets"
ROLE = "arn:aws:iam::123456789012:role/pets"


def test_a_new_http_api_has_awss_defaults(caller: Caller, http: str) -> None:
    api = call_v2(caller, "GetApi", ApiId=http)

    del api["CreatedDate"]
    assert api == {
        "ApiEndpoint": f"https://{http}.execute-api.us-east-1.amazonaws.com",
        "ApiId": http,
        "ApiKeySelectionExpression": "$request.header.x-api-key",
        "DisableExecuteApiEndpoint": False,
        "IpAddressType": "ipv4",
        "Name": "pets",
        "ProtocolType": "HTTP",
        "RouteSelectionExpression": "$request.method $request.path",
        "Tags": {},
    }


def test_a_websocket_api_needs_a_route_selection_expression(caller: Caller) -> None:
    answer = refusal_v2(caller, "CreateApi", Name="chat", ProtocolType="WEBSOCKET")

    assert "A route selection expression is required" in answer


@pytest.mark.parametrize(
    "members",
    [
        {"ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.a", "Target": "https://example.com"},
        {"ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.a", "CorsConfiguration": {}},
        {"ProtocolType": "HTTP", "RouteSelectionExpression": "$request.body.action"},
        {"ProtocolType": "HTTP", "DisableSchemaValidation": True},
        {"ProtocolType": "HTTP", "RouteKey": "GET /pets"},
        {"ProtocolType": "HTTP", "Target": "somewhere"},
        {"ProtocolType": "HTTP", "Name": "x" * 129},
        {"ProtocolType": "HTTP", "ApiKeySelectionExpression": "$request.header.key"},
        {"ProtocolType": "GRPC"},
    ],
)
def test_apis_that_are_refused(caller: Caller, members: dict[str, Any]) -> None:
    assert refusal_v2(caller, "CreateApi", **{"Name": "pets", **members}).startswith("BadRequestException")
    assert call_v2(caller, "GetApis")["Items"] == []


def test_a_patch_of_an_api_leaves_alone_what_it_does_not_name(caller: Caller) -> None:
    api = an_http_api(caller, Description="all", Version="7", CorsConfiguration={"AllowOrigins": ["*"], "MaxAge": 5})

    call_v2(caller, "UpdateApi", ApiId=api, Name="cats", Version="")
    found = call_v2(caller, "UpdateApi", ApiId=api, CorsConfiguration={"AllowOrigins": ["https://example.com"]})

    assert (found["Name"], found["Description"], found.get("Version")) == ("cats", "all", None)
    assert found["CorsConfiguration"] == {"AllowOrigins": ["https://example.com"]}


def test_quick_create_can_be_aimed_elsewhere(caller: Caller) -> None:
    api = an_http_api(caller, Target="https://example.com")

    call_v2(caller, "UpdateApi", ApiId=api, Target=FUNCTION, RouteKey="GET /pets", CredentialsArn=ROLE)

    (integration,) = call_v2(caller, "GetIntegrations", ApiId=api)["Items"]
    (route,) = call_v2(caller, "GetRoutes", ApiId=api)["Items"]
    assert (integration["IntegrationType"], integration["IntegrationUri"]) == ("AWS_PROXY", FUNCTION)
    assert (integration["CredentialsArn"], route["RouteKey"]) == (ROLE, "GET /pets")
    assert "quick create" in refusal_v2(caller, "UpdateApi", ApiId=an_http_api(caller), Target=FUNCTION)


def test_what_quick_create_made_is_managed(caller: Caller) -> None:
    api = an_http_api(caller, Target="https://example.com")
    (integration,) = call_v2(caller, "GetIntegrations", ApiId=api)["Items"]
    (route,) = call_v2(caller, "GetRoutes", ApiId=api)["Items"]
    at = {"ApiId": api, "IntegrationId": integration["IntegrationId"]}

    assert (integration["ApiGatewayManaged"], route["ApiGatewayManaged"]) == (True, True)
    assert "managed by API Gateway" in refusal_v2(caller, "DeleteIntegration", **at)
    assert "managed by API Gateway" in refusal_v2(
        caller, "UpdateRoute", ApiId=api, RouteId=route["RouteId"], RouteKey="GET /pets"
    )
    assert call_v2(caller, "UpdateIntegration", **at, TimeoutInMillis=1000)["TimeoutInMillis"] == 1000


def test_pages_of_apis_end(caller: Caller) -> None:
    made = {an_http_api(caller) for _ in range(3)}

    first = call_v2(caller, "GetApis", MaxResults="2")
    rest = call_v2(caller, "GetApis", MaxResults="2", NextToken=first["NextToken"])

    assert {api["ApiId"] for api in [*first["Items"], *rest["Items"]]} == made
    assert "NextToken" not in rest
    for wrong in ({"MaxResults": "0"}, {"MaxResults": "many"}, {"MaxResults": "9" * 40}, {"NextToken": "nothing"}):
        assert refusal_v2(caller, "GetApis", **wrong).startswith("BadRequestException: Invalid ")
