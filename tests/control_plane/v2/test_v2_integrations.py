"""Integrations of HTTP and WebSocket APIs. What AWS fills in, takes and refuses, and what a PATCH leaves alone."""

from __future__ import annotations

from typing import Any

import pytest

from apps.control_plane.caller import Caller
from apps.core.integration_subtypes import SUBTYPES
from tests.builders import an_http_api, call_v2, refusal_v2

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("valkey")]

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:pets"
INVOCATION = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
ROLE = "arn:aws:iam::123456789012:role/pets"
PROXY = {
    "IntegrationType": "HTTP_PROXY",
    "IntegrationMethod": "GET",
    "IntegrationUri": "https://example.com",
    "PayloadFormatVersion": "1.0",
}
CALLED = {"IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION, "PayloadFormatVersion": "2.0"}


def test_a_new_integration_has_awss_defaults(caller: Caller, http: str, chat: str) -> None:
    function = call_v2(caller, "CreateIntegration", ApiId=http, **CALLED)
    answering = call_v2(caller, "CreateIntegration", ApiId=chat, IntegrationType="AWS", IntegrationUri=INVOCATION)

    assert function == {
        **CALLED,
        "ConnectionType": "INTERNET",
        "IntegrationId": function["IntegrationId"],
        "IntegrationMethod": "POST",
        "TimeoutInMillis": 30_000,
    }
    assert (answering["TimeoutInMillis"], answering["PassthroughBehavior"]) == (29_000, "WHEN_NO_MATCH")
    assert answering["IntegrationResponseSelectionExpression"] == "${integration.response.body.errorMessage}"


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (
            {"IntegrationType": "AWS", "IntegrationUri": FUNCTION},
            "Currently, an API with a protocol type of HTTP may only be associated with proxy integrations (AWS_PROXY, HTTP_PROXY)",
        ),
        ({**CALLED, "PayloadFormatVersion": None}, "PayloadFormatVersion is a required parameter for integration"),
        ({**PROXY, "PayloadFormatVersion": "2.0"}, "not supported for integrations of this type"),
        ({**PROXY, "IntegrationUri": "ftp://example.com"}, "Invalid HTTP endpoint"),
        ({**PROXY, "IntegrationMethod": None}, "HttpMethod must be specified"),
        ({**PROXY, "IntegrationMethod": "FETCH"}, "Invalid HTTP method"),
        ({**CALLED, "IntegrationUri": "https://example.com"}, "Invalid integration URI"),
        ({**PROXY, "RequestTemplates": {"a": "b"}}, "only supported for WEBSOCKET APIs"),
        ({**PROXY, "ConnectionType": "VPC_LINK"}, "ConnectionId is required"),
        ({**PROXY, "ConnectionType": "VPC_LINK", "ConnectionId": "none"}, "Invalid connection ID"),
        ({**PROXY, "ConnectionId": "one"}, "ConnectionId can only be specified"),
        ({**PROXY, "TlsConfig": {"ServerNameToVerify": "a"}}, "private integrations"),
        ({**CALLED, "CredentialsArn": "me"}, "Invalid ARN"),
        ({"IntegrationType": "AWS_PROXY", "IntegrationSubtype": "S3-PutObject"}, "Invalid integration subtype"),
        (
            {"IntegrationType": "AWS_PROXY", "IntegrationSubtype": "SQS-SendMessage"},
            "Parameter: MessageBody is required",
        ),
    ],
)
def test_integrations_that_http_apis_refuse(caller: Caller, http: str, members: dict[str, Any], words: str) -> None:
    given = {name: value for name, value in members.items() if value is not None}

    answer = refusal_v2(caller, "CreateIntegration", ApiId=http, **given)

    assert answer.startswith("BadRequestException")
    assert words in answer


@pytest.mark.parametrize("subtype", sorted(SUBTYPES))
def test_every_subtype_takes_its_arguments_and_no_other(caller: Caller, http: str, subtype: str) -> None:
    arguments = dict.fromkeys([*SUBTYPES[subtype].required, *SUBTYPES[subtype].optional], "$request.body.x")
    request = {"ApiId": http, "IntegrationType": "AWS_PROXY", "IntegrationSubtype": subtype, "CredentialsArn": ROLE}

    made = call_v2(caller, "CreateIntegration", **request, RequestParameters=arguments)

    assert (made["PayloadFormatVersion"], made["RequestParameters"]) == ("1.0", arguments)
    for name in SUBTYPES[subtype].required:
        fewer = {key: value for key, value in arguments.items() if key != name}
        assert f"Parameter: {name}" in refusal_v2(caller, "CreateIntegration", **request, RequestParameters=fewer)
    more = {**arguments, "Nothing": "x"}
    assert "Parameter: Nothing" in refusal_v2(caller, "CreateIntegration", **request, RequestParameters=more)


def test_maps_of_an_integration_change_key_by_key(caller: Caller, http: str) -> None:
    made = call_v2(
        caller,
        "CreateIntegration",
        ApiId=http,
        **PROXY,
        RequestParameters={"append:header.a": "1", "append:header.b": "2"},
        ResponseParameters={"200": {"append:header.a": "1"}, "404": {"overwrite:statuscode": "410"}},
    )

    found = call_v2(
        caller,
        "UpdateIntegration",
        ApiId=http,
        IntegrationId=made["IntegrationId"],
        RequestParameters={"append:header.b": "", "append:header.c": "3"},
        ResponseParameters={"200": {"append:header.x": "9"}, "404": {}},
    )

    assert found["RequestParameters"] == {"append:header.a": "1", "append:header.c": "3"}
    assert found["ResponseParameters"] == {"200": {"append:header.x": "9"}}


def test_an_integration_stays_while_routes_lead_to_it(caller: Caller) -> None:
    api = an_http_api(caller, "GET /pets")
    (route,) = call_v2(caller, "GetRoutes", ApiId=api)["Items"]
    integration = route["Target"].removeprefix("integrations/")

    answer = refusal_v2(caller, "DeleteIntegration", ApiId=api, IntegrationId=integration)

    assert answer == (
        "ConflictException: Cannot delete Integration because it is referenced by the following Routes with Ids: "
        f"[{route['RouteId']}]"
    )


def test_integration_responses_are_for_websocket_apis(caller: Caller, http: str, chat: str) -> None:
    made = call_v2(caller, "CreateIntegration", ApiId=http, **PROXY)["IntegrationId"]
    at = {"ApiId": http, "IntegrationId": made, "IntegrationResponseKey": "$default"}
    assert "only supported for WEBSOCKET APIs" in refusal_v2(caller, "CreateIntegrationResponse", **at)

    mock = call_v2(caller, "CreateIntegration", ApiId=chat, IntegrationType="MOCK")["IntegrationId"]
    for key in ("/(/", "400", "//"):
        at = {"ApiId": chat, "IntegrationId": mock, "IntegrationResponseKey": key}
        assert "Invalid integration response key" in refusal_v2(caller, "CreateIntegrationResponse", **at)
