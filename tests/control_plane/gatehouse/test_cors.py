"""CORS of REST APIs: what enabling it writes, and what browsers then get."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from apps.accounts.models import AuditEvent
from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException
from apps.control_plane.gatehouse.cors import cors_plan
from apps.rest_apis.models import GatewayResponse
from tests.builders import a_caller, a_method, a_resource, a_rest_api, a_stage, call, http, mock, published
from tests.gateway_runtime.plane.harness import Answer, FakeClock, GatewayHarness

HEADERS = "Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token"


@pytest.fixture
def api(caller: Caller) -> str:
    return a_rest_api(caller, {"/pets": {"GET": mock("200", body="[]"), "POST": mock("201")}})


def enable(caller: Caller, api: str, path: str = "/pets", **members: Any) -> dict[str, Any]:
    request = {"restApiId": api, "resourceId": a_resource(caller, api, path), **members}
    return registry.call(caller, "gatehouse", "EnableCors", request)


def served(caller: Caller, api: str, *calls: tuple[str, str]) -> list[Answer]:
    """What the data plane answers once the API is deployed."""
    a_stage(caller, api)
    sections = published()

    async def answers() -> list[Answer]:
        async with GatewayHarness(FakeClock()) as gateway:
            gateway.serve_sections(*sections)
            host = f"{api}.execute-api.localhost"
            return [await gateway.call(method, f"/prod{path}", host=host) for method, path in calls]

    return asyncio.run(answers())


def cors_headers(answer: Answer) -> dict[str, str]:
    prefix = "access-control-"
    return {name.removeprefix(prefix): value for name, value in answer.headers if name.startswith(prefix)}


def test_a_browser_s_preflight_call_and_refusal_are_answered(caller: Caller, api: str) -> None:
    enable(caller, api)

    preflight, found, made, refused = served(
        caller, api, ("OPTIONS", "/pets"), ("GET", "/pets"), ("POST", "/pets"), ("DELETE", "/pets")
    )

    assert preflight.status == 200
    assert cors_headers(preflight) == {
        "allow-origin": "*",
        "allow-methods": "GET,OPTIONS,POST",
        "allow-headers": HEADERS,
    }
    assert (found.status, cors_headers(found)) == (200, {"allow-origin": "*"})
    assert (made.status, cors_headers(made)) == (201, {"allow-origin": "*"})
    assert (refused.status, cors_headers(refused)) == (403, cors_headers(preflight))


def test_everything_that_can_be_said_is_said(caller: Caller, api: str) -> None:
    enable(
        caller,
        api,
        allowOrigin="https://shop.example.com",
        allowMethods=["GET"],
        allowHeaders=["X-One", "X-Two"],
        exposeHeaders=["X-Total"],
        allowCredentials=True,
        maxAge=600,
        gatewayResponses=["DEFAULT_5XX"],
    )

    preflight, found, refused = served(caller, api, ("OPTIONS", "/pets"), ("GET", "/pets"), ("PUT", "/pets"))

    origin = {"allow-origin": "https://shop.example.com", "allow-credentials": "true"}
    assert cors_headers(preflight) == {
        **origin,
        "allow-methods": "GET",
        "allow-headers": "X-One,X-Two",
        "max-age": "600",
    }
    assert cors_headers(found) == {**origin, "expose-headers": "X-Total"}
    assert cors_headers(refused) == {}


def test_enabling_it_again_replaces_what_is_there(caller: Caller, api: str) -> None:
    enable(caller, api, maxAge=5)
    first = call(caller, "GetResources", restApiId=api, embed=["methods"])

    enable(caller, api, allowOrigin="https://a.example.com")
    preflight, found = served(caller, api, ("OPTIONS", "/pets"), ("GET", "/pets"))
    enable(caller, api, maxAge=5)

    assert "max-age" not in cors_headers(preflight)
    assert cors_headers(found) == {"allow-origin": "https://a.example.com"}
    assert call(caller, "GetResources", restApiId=api, embed=["methods"]) == first


def test_an_options_method_of_one_s_own_is_replaced(caller: Caller, api: str) -> None:
    a_method(caller, api, "/pets", "OPTIONS", http("http://127.0.0.1:9/"))

    enable(caller, api)

    (preflight,) = served(caller, api, ("OPTIONS", "/pets"))
    assert (preflight.status, cors_headers(preflight)["allow-origin"]) == (200, "*")


def test_gateway_responses_keep_what_else_they_say(caller: Caller, api: str) -> None:
    own = {
        "statusCode": "418",
        "responseParameters": {"gatewayresponse.header.X-Own": "'1'"},
        "responseTemplates": {"application/json": '{"own": 1}'},
    }
    call(caller, "PutGatewayResponse", restApiId=api, responseType="DEFAULT_4XX", **own)

    enable(caller, api)

    (refused,) = served(caller, api, ("DELETE", "/pets"))
    assert (refused.status, refused.json(), refused.header("x-own")) == (418, {"own": 1}, "1")
    assert cors_headers(refused)["allow-origin"] == "*"


def test_proxies_are_told_of_and_left_alone(caller: Caller) -> None:
    api = a_rest_api(caller, {"/pets": {"ANY": http("http://127.0.0.1:9/pets")}})

    answer = enable(caller, api, allowOrigin="https://a.example.com")

    assert answer["notes"] == [
        "ANY /pets is a proxy integration: its back end has to answer with "
        "Access-Control-Allow-Origin: https://a.example.com itself."
    ]
    (preflight,) = served(caller, api, ("OPTIONS", "/pets"))
    assert cors_headers(preflight)["allow-methods"] == "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT"


def test_the_plan_is_what_is_written_and_writes_nothing(caller: Caller, api: str) -> None:
    request = {"restApiId": api, "resourceId": a_resource(caller, api, "/pets")}
    before = call(caller, "GetResources", restApiId=api, embed=["methods"])
    events = AuditEvent.objects.count()

    plan = cors_plan(caller, request)

    assert call(caller, "GetResources", restApiId=api, embed=["methods"]) == before
    assert AuditEvent.objects.count() == events
    assert [step.says for step in plan.steps] == enable(caller, api)["changes"]
    audited = list(AuditEvent.objects.order_by("pk").values_list("operation", flat=True))[events:]
    assert audited == [*(step.operation for step in plan.steps), "EnableCors"]


def test_an_api_without_the_empty_model_and_a_method_without_an_integration_can_have_it(caller: Caller) -> None:
    api = a_rest_api(caller, {"/pets": {"GET": mock()}})
    call(caller, "DeleteModel", restApiId=api, modelName="Empty")
    names = {"restApiId": api, "resourceId": a_resource(caller, api, "/pets")}
    call(caller, "PutMethod", **names, httpMethod="PUT", authorizationType="NONE")

    answer = enable(caller, api)

    assert answer["notes"] == ["PUT /pets has no integration yet: enable CORS again when it has one."]
    assert call(caller, "GetMethod", **names, httpMethod="OPTIONS")["methodIntegration"]["type"] == "MOCK"


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"allowOrigin": "example.com"}, "Invalid origin specified: example.com"),
        ({"allowOrigin": "https://a'b.example.com"}, "Invalid origin specified"),
        ({"allowCredentials": True}, "Credentials can be allowed to one origin only"),
        ({"allowMethods": ["FETCH"]}, "Invalid method specified: FETCH"),
        ({"allowHeaders": ["X-One', 'x"]}, "Invalid header specified"),
        ({"exposeHeaders": ["a b"]}, "Invalid header specified"),
        ({"maxAge": 86_401}, "Invalid max age specified"),
        ({"maxAge": -1}, "Invalid max age specified"),
        ({"gatewayResponses": ["THROTTLED"]}, "Invalid gateway response specified: THROTTLED"),
    ],
)
def test_what_no_browser_would_take_is_refused_and_writes_nothing(
    caller: Caller, api: str, members: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadRequestException) as refused:
        enable(caller, api, **members)

    assert message in refused.value.message
    with pytest.raises(NotFoundException):
        call(caller, "GetMethod", restApiId=api, resourceId=a_resource(caller, api, "/pets"), httpMethod="OPTIONS")


def test_a_failure_in_the_middle_leaves_nothing_behind(caller: Caller, api: str) -> None:
    call(caller, "PutGatewayResponse", restApiId=api, responseType="DEFAULT_5XX", statusCode="500")
    # As an older release could have kept it: no operation takes this any more.
    GatewayResponse.objects.filter(response_type="DEFAULT_5XX").update(response_parameters={"no.header": "'x'"})

    with pytest.raises(BadRequestException):
        enable(caller, api)

    with pytest.raises(NotFoundException):
        call(caller, "GetMethod", restApiId=api, resourceId=a_resource(caller, api, "/pets"), httpMethod="OPTIONS")


def test_another_account_s_resource_is_unknown(caller: Caller, api: str) -> None:
    request = {"restApiId": api, "resourceId": a_resource(caller, api, "/pets")}
    stranger = a_caller("999999999999")

    with pytest.raises(NotFoundException):
        registry.call(stranger, "gatehouse", "EnableCors", request)
