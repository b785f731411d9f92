"""HTTP and WebSocket APIs in the console: making them, their routes, integrations, stages and deployments."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from tests.builders import a_rest_api, a_websocket_api, an_http_api, call_v2
from tests.portal.console.reading import text, words

ROUTE = {"method": "GET", "path": "/pets", "new_target": "https://example.com/pets", "authorization": "NONE"}
INTEGRATION = {"kind": "HTTP_PROXY", "uri": "https://example.com", "method": "ANY", "timeout": "30000"}


def url(view: str, *args: str) -> str:
    return reverse(f"console:v2_{view}", args=args)


def items(caller: Caller, operation: str, api: str, **names: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = call_v2(caller, operation, ApiId=api, **names)["Items"]
    return found


def a_stage(caller: Caller, api: str, name: str = "prod", **members: Any) -> None:
    call_v2(caller, "CreateStage", ApiId=api, StageName=name, **members)


def test_apis_of_all_three_kinds_stand_in_one_list_by_name(owner: Client, caller: Caller) -> None:
    a_rest_api(caller, name="beta")
    an_http_api(caller, Name="alpha")
    a_websocket_api(caller, Name="gamma")

    page = words(owner.get(reverse("console:home")))

    assert page.index("alpha") < page.index("beta") < page.index("gamma")
    for kind in ("HTTP", "REST", "WebSocket"):
        assert kind in page


def test_the_list_goes_on_where_a_page_of_both_tables_ended(owner: Client, caller: Caller) -> None:
    for number in range(14):
        a_rest_api(caller, {}, name=f"api {number:02}a")
        an_http_api(caller, Name=f"api {number:02}b")

    first = owner.get(reverse("console:home"))
    second = owner.get(first.context["next_url"])

    names = [row.name for page in (first, second) for row in page.context["rows"]]
    assert names == sorted(names)
    assert len(names) == 28
    assert second.context["next_url"] == ""


def test_quick_create_makes_an_http_api_that_answers_everywhere(owner: Client, caller: Caller) -> None:
    page = owner.post(url("create", "http"), {"name": "pets", "target": "https://example.com"}, follow=True)

    api = page.context["api"].id
    assert [route["RouteKey"] for route in items(caller, "GetRoutes", api)] == ["$default"]
    assert [stage["AutoDeploy"] for stage in items(caller, "GetStages", api)] == [True]
    assert f"/_aws/execute-api/{api}" in words(page)


@pytest.mark.parametrize(
    ("kind", "given", "told"),
    [
        ("http", {"name": "pets", "target": "nowhere"}, "Invalid target specified"),
        ("http", {"name": "", "target": ""}, "This field is required"),
        ("http", {"name": "pets", "route_key": "GET /"}, "A route needs somewhere to lead"),
        ("websocket", {"name": "chat", "expression": "action"}, "Invalid RouteSelectionExpression specified"),
    ],
)
def test_an_api_that_cannot_be_is_told_in_the_form(owner: Client, kind: str, given: dict[str, str], told: str) -> None:
    answer = owner.post(url("create", kind), given)

    assert (answer.status_code, told in words(answer)) == (422, True)


def test_a_websocket_api_comes_with_a_stage_that_deploys_by_itself(owner: Client, caller: Caller) -> None:
    given = {"name": "chat", "expression": "$request.body.action", "stage": "production"}

    page = owner.post(url("create", "websocket"), given, follow=True)

    api = page.context["api"].id
    assert "No route yet" in words(page)
    assert [(row["StageName"], row["AutoDeploy"]) for row in items(caller, "GetStages", api)] == [("production", True)]


def test_a_route_is_made_with_its_integration_shown_changed_and_deleted(owner: Client, caller: Caller) -> None:
    api = an_http_api(caller)

    shown = words(owner.post(url("create_route", api), ROUTE, follow=True))
    (route,) = items(caller, "GetRoutes", api)
    (integration,) = items(caller, "GetIntegrations", api)
    assert (route["RouteKey"], route["Target"]) == ("GET /pets", f"integrations/{integration['IntegrationId']}")
    assert "https://example.com/pets" in shown

    at = (api, route["RouteId"])
    edited = {"method": "ANY", "path": "/pets/{petId}", "target": "", "authorization": "AWS_IAM"}
    shown = words(owner.post(url("edit_route", *at), edited, follow=True))
    (route,) = items(caller, "GetRoutes", api)
    assert (route["RouteKey"], route["AuthorizationType"], "Target" in route) == ("ANY /pets/{petId}", "AWS_IAM", False)
    assert "leads nowhere yet" in shown

    owner.post(url("delete_route", *at))
    assert items(caller, "GetRoutes", api) == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"path": "pets"}, "A path begins with a slash"),
        ({"path": "/{a}/{a}"}, "invalid path"),
        ({"path": "/{proxy+}/x"}, "greedy path variable"),
        ({"new_target": "nowhere"}, "Invalid HTTP endpoint specified"),
        ({"scopes": "read"}, "Authorization scopes can only be specified with"),
    ],
)
def test_a_route_that_cannot_be_leaves_nothing_behind(
    owner: Client, caller: Caller, given: dict[str, str], told: str
) -> None:
    api = an_http_api(caller)

    answer = owner.post(url("create_route", api), {**ROUTE, **given})

    assert (answer.status_code, told in words(answer)) == (422, True)
    assert items(caller, "GetRoutes", api) == items(caller, "GetIntegrations", api) == []


def test_a_route_of_a_websocket_api_begins_and_ends_to_answer(owner: Client, caller: Caller) -> None:
    api = a_websocket_api(caller)
    given = {"route_key": "join", "new_target": "https://example.com", "authorization": "NONE", "answers": "on"}

    owner.post(url("create_route", api), given)
    (route,) = items(caller, "GetRoutes", api)
    answering = items(caller, "GetRouteResponses", api, RouteId=route["RouteId"])
    owner.post(url("edit_route", api, route["RouteId"]), {"route_key": "join", "authorization": "NONE"})

    assert route["RouteResponseSelectionExpression"] == "$default"
    assert [response["RouteResponseKey"] for response in answering] == ["$default"]
    assert items(caller, "GetRouteResponses", api, RouteId=route["RouteId"]) == []
    assert "RouteResponseSelectionExpression" not in items(caller, "GetRoutes", api)[0]


def test_parameters_of_a_route_are_set_and_taken_away(owner: Client, caller: Caller) -> None:
    api = a_websocket_api(caller)
    given = {
        "route_key": "$connect",
        "authorization": "NONE",
        "parameters": "route.request.querystring.token = required",
    }

    owner.post(url("create_route", api), given)
    (route,) = items(caller, "GetRoutes", api)
    owner.post(url("edit_route", api, route["RouteId"]), {**given, "parameters": "", "api_key_required": "on"})

    assert route["RequestParameters"] == {"route.request.querystring.token": {"Required": True}}
    (route,) = items(caller, "GetRoutes", api)
    assert ("RequestParameters" in route, route["ApiKeyRequired"]) == (False, True)


def test_an_integration_maps_parameters_both_ways_and_loses_them_again(owner: Client, caller: Caller) -> None:
    api = an_http_api(caller)
    mapped = {
        **INTEGRATION,
        "parameters": "append:header.x-stage = $context.stage",
        "response_parameters-type": "200",
        "response_parameters-value": "overwrite:statuscode = 201",
    }

    owner.post(url("create_integration", api), mapped)
    (made,) = items(caller, "GetIntegrations", api)
    page = words(owner.get(url("integration", api, made["IntegrationId"])))
    owner.post(url("edit_integration", api, made["IntegrationId"]), INTEGRATION)

    assert made["RequestParameters"] == {"append:header.x-stage": "$context.stage"}
    assert made["ResponseParameters"] == {"200": {"overwrite:statuscode": "201"}}
    assert "append:header.x-stage = $context.stage" in page
    (plain,) = items(caller, "GetIntegrations", api)
    assert "RequestParameters" not in plain
    assert "ResponseParameters" not in plain


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"uri": ""}, "needs the URL"),
        ({"uri": "ftp://example.com"}, "Invalid HTTP endpoint"),
        ({"timeout": "40000"}, "less than or equal to 30000"),
        ({"parameters": "header.x = y"}, "header.x: Invalid Request Actioned Parameter mapping expression"),
        ({"parameters": "append:header.host = x"}, "Operations on header host are restricted"),
        ({"response_parameters-type": "abc", "response_parameters-value": "a = b"}, "“abc” is no status"),
        ({"kind": "AWS_PROXY", "uri": "https://example.com"}, "must be the ARN of a Lambda function"),
        ({"kind": "PRIVATE"}, "Choose the VPC link"),
        ({"kind": "SERVICE", "subtype": ""}, "Invalid integration subtype"),
        ({"kind": "SERVICE", "subtype": "SQS-SendMessage"}, "MessageBody is required"),
        (
            {"kind": "SERVICE", "subtype": "SQS-PurgeQueue", "arguments": "QueueUrl = https://sqs"},
            "An action needs the role",
        ),
    ],
)
def test_an_integration_that_cannot_be_is_told_in_the_form(
    owner: Client, caller: Caller, given: dict[str, str], told: str
) -> None:
    api = an_http_api(caller)

    answer = owner.post(url("create_integration", api), {**INTEGRATION, **given})

    assert (answer.status_code, told in words(answer)) == (422, True)
    assert items(caller, "GetIntegrations", api) == []


def test_an_action_of_a_service_is_an_integration(owner: Client, caller: Caller) -> None:
    api = an_http_api(caller)
    given = {
        "kind": "SERVICE",
        "subtype": "SQS-SendMessage",
        "arguments": "QueueUrl = https://sqs.us-east-1.amazonaws.com/123456789012/pets\nMessageBody = $request.body",
        "credentials": "arn:aws:iam::123456789012:role/gateway",
        "timeout": "5000",
    }

    answer = owner.post(url("create_integration", api), given)

    assert answer.status_code == 302
    (made,) = items(caller, "GetIntegrations", api)
    assert (made["IntegrationSubtype"], made["RequestParameters"]["MessageBody"]) == (
        "SQS-SendMessage",
        "$request.body",
    )


def test_a_mock_of_a_websocket_api_has_templates_and_responses(owner: Client, caller: Caller) -> None:
    api = a_websocket_api(caller)
    given = {
        "kind": "MOCK",
        "timeout": "29000",
        "template_expression": "\\$default",
        "templates-type": "$default",
        "templates-value": '{"statusCode": 200}',
    }
    owner.post(url("create_integration", api), given)
    (made,) = items(caller, "GetIntegrations", api)
    response = {"key": "$default", "templates-type": "$default", "templates-value": "pong"}

    page = words(owner.post(url("create_integration_response", api, made["IntegrationId"]), response, follow=True))
    (answer,) = items(caller, "GetIntegrationResponses", api, IntegrationId=made["IntegrationId"])
    at = (api, made["IntegrationId"], answer["IntegrationResponseId"])
    changed = owner.post(url("integration_response", *at), {**response, "key": "/4../"})
    refused = owner.post(url("integration_response", *at), {**response, "key": "4.."})
    (after,) = items(caller, "GetIntegrationResponses", api, IntegrationId=made["IntegrationId"])
    owner.post(url("delete_integration_response", *at))

    assert made["RequestTemplates"] == {"$default": '{"statusCode": 200}'}
    assert answer["ResponseTemplates"] == {"$default": "pong"}
    assert "$default" in page
    assert (changed.status_code, refused.status_code, after["IntegrationResponseKey"]) == (302, 422, "/4../")
    assert items(caller, "GetIntegrationResponses", api, IntegrationId=made["IntegrationId"]) == []


def test_an_integration_in_use_stays_and_says_so(owner: Client, caller: Caller) -> None:
    api = an_http_api(caller, "GET /pets")
    (made,) = items(caller, "GetIntegrations", api)

    page = words(owner.post(url("delete_integration", api, made["IntegrationId"]), follow=True))

    assert "referenced by the following Routes" in page
    assert items(caller, "GetIntegrations", api)


def test_a_stage_is_made_and_what_it_has_is_set_and_taken_away(owner: Client, caller: Caller) -> None:
    api = an_http_api(caller, "GET /pets")
    owner.post(url("create_stage", api), {"name": "prod", "auto_deploy": "on"})
    settings = {
        "auto_deploy": "on",
        "variables": "colour = blue",
        "rate": "10",
        "burst": "20",
        "route_throttle": "GET /pets = 1, 2",
        "log": "JSON",
    }

    owner.post(url("stage", api, "prod"), settings)
    (stage,) = items(caller, "GetStages", api)
    page = words(owner.get(url("stage", api, "prod")))
    owner.post(url("stage", api, "prod"), {"auto_deploy": "on", "rate": "10", "burst": "20"})
    (plain,) = items(caller, "GetStages", api)

    assert "Successfully deployed stage with deployment ID" in page
    assert stage["StageVariables"] == {"colour": "blue"}
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == 10
    assert stage["RouteSettings"] == {"GET /pets": {"ThrottlingRateLimit": 1, "ThrottlingBurstLimit": 2}}
    assert "$context.requestId" in stage["AccessLogSettings"]["Format"]
    assert (plain["StageVariables"], plain["RouteSettings"], "AccessLogSettings" in plain) == ({}, {}, False)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"route_throttle": "GET /pets = fast"}, "write a rate and a burst"),
        ({"route_throttle": "GET /nowhere = 1, 2"}, "Unable to find Route by key GET /nowhere"),
        ({"rate": "1"}, "Rate and burst go together"),
        ({"log": "custom", "log_format": "$context.status"}, "must hold $context.requestId"),
    ],
)
def test_settings_that_cannot_be_are_told_in_the_form(
    owner: Client, caller: Caller, given: dict[str, str], told: str
) -> None:
    api = an_http_api(caller, "GET /pets")
    a_stage(caller, api)

    answer = owner.post(url("stage", api, "prod"), given)

    assert told in words(answer)
    assert answer.status_code in (404, 422)


def test_a_stage_is_deployed_by_hand_and_pointed_back(owner: Client, caller: Caller) -> None:
    api = an_http_api(caller, "GET /pets")
    a_stage(caller, api)
    deploy = {"deploy-stage": "prod", "deploy-description": "first"}

    owner.post(url("deploy", api), deploy)
    first = items(caller, "GetStages", api)[0]["DeploymentId"]
    call_v2(caller, "UpdateApi", ApiId=api, CorsConfiguration={"AllowOrigins": ["*"]})
    pending = words(owner.get(url("stages", api)))
    owner.post(url("deploy", api), {**deploy, "deploy-description": "second"})
    second = items(caller, "GetStages", api)[0]["DeploymentId"]
    page = words(owner.post(url("point", api), {"stage": "prod", "deployment": first}, follow=True))

    assert "changes pending" in pending
    assert first != second
    assert items(caller, "GetStages", api)[0]["DeploymentId"] == first
    assert f"prod runs deployment {first}." in page


def test_a_stage_that_is_pointed_back_no_longer_deploys_by_itself(owner: Client, caller: Caller) -> None:
    api = an_http_api(caller, "GET /pets")
    made = call_v2(caller, "CreateDeployment", ApiId=api)["DeploymentId"]
    a_stage(caller, api, AutoDeploy=True)

    page = words(owner.post(url("point", api), {"stage": "prod", "deployment": made}, follow=True))

    (stage,) = items(caller, "GetStages", api)
    assert (stage["DeploymentId"], stage["AutoDeploy"]) == (made, False)
    assert "no longer deploys by itself" in page


def test_an_api_that_cannot_be_deployed_opens_the_dialog_with_the_reason(owner: Client, caller: Caller) -> None:
    api = an_http_api(caller)
    a_stage(caller, api)

    answer = owner.post(url("deploy", api), {"deploy-stage": "prod"})

    assert answer.status_code == 422
    assert "data-dialog-auto" in text(answer)


def test_settings_of_an_api_and_its_end_by_name(owner: Client, caller: Caller) -> None:
    api = a_websocket_api(caller)
    given = {
        "name": "talk",
        "expression": "$request.body.kind",
        "key_source": "$context.authorizer.usageIdentifierKey",
        "closed": "on",
    }

    owner.post(url("settings", api), given)
    changed = call_v2(caller, "GetApi", ApiId=api)
    owner.post(url("delete", api), {"confirmation": "chat"})
    kept = items(caller, "GetStages", api)
    page = words(owner.post(url("delete", api), {"confirmation": "talk"}, follow=True))

    assert (changed["Name"], changed["RouteSelectionExpression"]) == ("talk", "$request.body.kind")
    assert changed["DisableExecuteApiEndpoint"] is True
    assert kept == []
    assert "talk is gone" in page
    assert owner.get(url("api", api)).status_code == 404


def test_an_http_api_is_exported_as_a_file(owner: Client, caller: Caller) -> None:
    api = an_http_api(caller, "GET /pets")

    answer = owner.get(url("export", api), {"format": "json", "extensions": "1"})

    assert "attachment" in answer["Content-Disposition"]
    assert b"x-amazon-apigateway-integration" in answer.content


def test_a_viewer_reads_everything_and_has_no_button_for_it(viewer: Client, caller: Caller) -> None:
    api = an_http_api(caller, "GET /pets")
    a_stage(caller, api, AutoDeploy=True)
    (route,), (integration,) = items(caller, "GetRoutes", api), items(caller, "GetIntegrations", api)
    pages = [
        url("api", api),
        url("api", api) + f"?route={route['RouteId']}",
        url("integrations", api),
        url("integration", api, integration["IntegrationId"]),
        url("stages", api),
        url("stage", api, "prod"),
        url("deployments", api),
        url("settings", api),
    ]

    for address in pages:
        page = text(viewer.get(address))
        main = page[page.index("<main") : page.index("</main")]
        assert "button-primary" not in main, address
        assert "danger" not in main, address
    assert viewer.post(url("delete_route", api, route["RouteId"])).status_code == 403


def test_an_api_of_somebody_else_is_not_there(owner: Client, caller: Caller, elsewhere: Caller) -> None:
    api = an_http_api(elsewhere, "GET /pets")

    for view in ("api", "integrations", "stages", "deployments", "settings"):
        assert owner.get(url(view, api)).status_code == 404


def test_commands_are_those_of_apigatewayv2(owner: Client, caller: Caller) -> None:
    page = words(owner.get(url("stages", an_http_api(caller))))

    assert "aws apigatewayv2 get-stages --api-id" in page
    assert 'apigatewayv2 = boto3.client( "apigatewayv2"' in page
