"""Working on an API: its list, resources, methods, deployments, stages and settings."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from apps.deployments.models import Stage
from apps.rest_apis.models import Method, RestApi
from tests.builders import a_method, a_rest_api, a_stage, call, http, mock
from tests.portal.console.reading import text, words


def url(view: str, *args: str) -> str:
    return reverse(f"console:{view}", args=args)


def resource_id(caller: Caller, api: str, path: str) -> str:
    rows = call(caller, "GetResources", restApiId=api)["items"]
    return next(row["id"] for row in rows if row["path"] == path)


def test_an_empty_list_teaches_how_to_begin(owner: Client) -> None:
    page = words(owner.get(url("home")))

    assert "No API in this region yet" in page
    assert "aws apigateway import-rest-api" in page


def test_the_list_finds_by_name_and_by_id(owner: Client, caller: Caller) -> None:
    pets, shop = a_rest_api(caller, name="Pet store"), a_rest_api(caller, name="Shop")

    assert "Shop" not in words(owner.get(url("home"), {"q": "pet st"}))
    assert "Pet store" not in words(owner.get(url("home"), {"q": shop}))
    assert "Pet store" in words(owner.get(url("home"), {"q": pets[:6]}))


def test_the_list_goes_on_page_by_page_without_losing_one(owner: Client, caller: Caller) -> None:
    for number in range(27):
        a_rest_api(caller, {}, name=f"API {number:02}")
    first = owner.get(url("home"))
    following = text(first).partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")

    second = words(owner.get(following))

    assert "API 24" in words(first)
    assert "API 24" not in second
    assert "API 25" in second
    assert "API 26" in second


def test_the_list_asks_as_much_for_many_as_for_few(
    owner: Client, caller: Caller, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        a_stage(caller, a_rest_api(caller, name=f"API {number}"))

    with django_assert_max_num_queries(12):
        owner.get(url("home"))


def test_an_edited_draft_is_pending_until_it_is_deployed(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)
    pages = [url("api", api), url("stages", api), url("stage", api, "prod")]
    assert "draft edited" not in words(owner.get(url("home")))

    a_method(caller, api, "/pets", "POST", mock())
    assert "draft edited" in words(owner.get(url("home")))
    assert all("1 change not deployed" in words(owner.get(page)) for page in pages)

    owner.post(url("deploy", api), {"deploy-stage": "prod"})
    assert "draft edited" not in words(owner.get(url("home")))
    assert all("not deployed" not in words(owner.get(page)) for page in pages)


def test_an_edit_that_callers_would_not_notice_leaves_stages_up_to_date(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)
    call(caller, "CreateRequestValidator", restApiId=api, name="both", validateRequestBody=True)

    assert "not deployed" not in words(owner.get(url("api", api)))
    assert "up to date" in words(owner.get(url("stages", api)))
    assert "prod runs the draft" in words(owner.get(url("changes", api)))


def test_each_stage_tells_what_it_does_not_run(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)
    a_method(caller, api, "/pets", "POST", mock())
    a_stage(caller, api, "beta")

    page = words(owner.get(url("stages", api)))
    assert ("up to date" in page, "1 change not deployed" in page) == (True, True)
    assert f"{url('changes', api)}?stage=prod" in text(owner.get(url("stages", api)))


def test_an_api_can_begin_from_nothing(owner: Client) -> None:
    owner.post(url("create_api"), {"name": "Pet store", "description": "Pets"})

    assert RestApi.objects.get().name == "Pet store"


def test_what_an_operation_refuses_stands_in_the_form_with_what_was_typed(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)

    answer = owner.post(url("create_resource", api, resource_id(caller, api, "/")), {"resource-path_part": "no spaces"})

    assert answer.status_code == 422
    assert "Resource's path part only allow" in words(answer)
    assert 'value="no spaces"' in text(answer)


def test_a_resource_and_a_mock_method_are_made_in_two_steps(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller, {})
    owner.post(url("create_resource", api, resource_id(caller, api, "/")), {"resource-path_part": "health"})
    health = resource_id(caller, api, "/health")

    owner.post(url("create_method", api, health), {"http_method": "GET", "type": "MOCK", "timeout": "29000"})

    assert "It is live" not in words(owner.post(url("deploy", api), {"deploy-new_stage": "prod"}, follow=True))
    assert Stage.objects.get().name == "prod"


def test_a_path_variable_is_mapped_to_the_back_end(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller, {"/pets/{petId}": {"GET": mock()}})
    pet = resource_id(caller, api, "/pets/{petId}")

    owner.post(
        url("create_method", api, pet),
        {"http_method": "DELETE", "type": "HTTP_PROXY", "uri": "https://x.example.com/{petId}", "timeout": "29000"},
    )

    integration = call(caller, "GetIntegration", restApiId=api, resourceId=pet, httpMethod="DELETE")
    assert integration["requestParameters"] == {"integration.request.path.petId": "method.request.path.petId"}


def test_a_method_that_fails_half_way_is_not_there_at_all(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    pets = resource_id(caller, api, "/pets")

    answer = owner.post(
        url("create_method", api, pets),
        {"http_method": "POST", "type": "HTTP_PROXY", "uri": "nonsense", "timeout": "29000"},
    )

    assert (answer.status_code, "Invalid HTTP endpoint specified for URI" in words(answer)) == (422, True)
    assert not Method.objects.filter(resource__rest_api=api, http_method="POST").exists()


def test_the_key_requirement_and_parameters_of_a_method_are_edited(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    pets = resource_id(caller, api, "/pets")

    owner.post(
        url("edit_method", api, pets, "GET"),
        {"api_key_required": "on", "parameters": "method.request.querystring.limit = required\n"},
    )

    method = call(caller, "GetMethod", restApiId=api, resourceId=pets, httpMethod="GET")
    assert method["apiKeyRequired"]
    assert method["requestParameters"] == {"method.request.querystring.limit": True}


@pytest.mark.parametrize("lines", ["method.request.header.x", "= required", "a = b", "a = required\na = optional"])
def test_a_wrong_parameter_line_is_told_at_the_field(owner: Client, caller: Caller, lines: str) -> None:
    api = a_rest_api(caller)

    answer = owner.post(url("edit_method", api, resource_id(caller, api, "/pets"), "GET"), {"parameters": lines})

    assert (answer.status_code, "field-error" in text(answer)) == (422, True)
    assert lines.splitlines()[0] in text(answer)


def test_an_integration_is_edited_and_keeps_what_the_form_does_not_show(owner: Client, caller: Caller) -> None:
    api = a_rest_api(
        caller, {"/pets": {"GET": http("https://old.example.com", tlsConfig={"insecureSkipVerification": True})}}
    )
    pets = resource_id(caller, api, "/pets")

    owner.post(
        url("edit_integration", api, pets, "GET"),
        {
            "type": "HTTP_PROXY",
            "uri": "https://new.example.com",
            "integration_http_method": "POST",
            "timeout": "5000",
            "passthrough": "WHEN_NO_MATCH",
        },
    )

    integration = call(caller, "GetIntegration", restApiId=api, resourceId=pets, httpMethod="GET")
    assert (integration["uri"], integration["httpMethod"], integration["timeoutInMillis"]) == (
        "https://new.example.com",
        "POST",
        5000,
    )
    assert integration["tlsConfig"] == {"insecureSkipVerification": True}


def test_a_proxy_that_becomes_a_mock_answers_at_once(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller, {"/pets": {"GET": http("https://old.example.com")}})
    pets = resource_id(caller, api, "/pets")

    owner.post(url("edit_integration", api, pets, "GET"), {"type": "MOCK", "timeout": "29000"})

    integration = call(caller, "GetIntegration", restApiId=api, resourceId=pets, httpMethod="GET")
    assert integration["requestTemplates"] == {"application/json": '{"statusCode": 200}'}
    assert integration["integrationResponses"] == {"200": {"statusCode": "200"}}


def test_a_mock_that_becomes_http_keeps_its_responses(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller, {"/pets": {"GET": mock("404", body="{}")}})
    pets = resource_id(caller, api, "/pets")

    owner.post(
        url("edit_integration", api, pets, "GET"),
        {"type": "HTTP", "uri": "https://new.example.com", "timeout": "29000", "passthrough": "WHEN_NO_MATCH"},
    )

    integration = call(caller, "GetIntegration", restApiId=api, resourceId=pets, httpMethod="GET")
    assert integration["type"] == "HTTP"
    assert integration["integrationResponses"]["404"]["responseTemplates"] == {"application/json": "{}"}


def test_an_integration_that_the_form_does_not_offer_is_not_lost_by_saving(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    pets = resource_id(caller, api, "/pets")
    arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations"
    at = {"restApiId": api, "resourceId": pets, "httpMethod": "GET"}
    call(caller, "PutIntegration", **at, type="AWS_PROXY", integrationHttpMethod="POST", uri=arn)

    page = text(owner.get(url("edit_integration", api, pets, "GET")))

    assert '<option value="AWS_PROXY" selected>' in page


def test_a_response_with_headers_and_a_template_is_saved_on_both_sides(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    at = (api, resource_id(caller, api, "/pets"), "GET")

    owner.post(
        url("edit_response", *at, "200"),
        {
            "headers": "method.response.header.X-Total = 'many'",
            "templates-type": "application/json",
            "templates-value": '{"ok": true}',
        },
    )

    method = call(caller, "GetMethod", restApiId=at[0], resourceId=at[1], httpMethod="GET")
    answer = method["methodIntegration"]["integrationResponses"]["200"]
    assert method["methodResponses"]["200"]["responseParameters"] == {"method.response.header.X-Total": False}
    assert answer["responseParameters"] == {"method.response.header.X-Total": "'many'"}
    assert answer["responseTemplates"] == {"application/json": '{"ok": true}'}


def test_a_method_is_shown_as_four_boxes(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    page = words(owner.get(url("api", api) + f"?resource={resource_id(caller, api, '/pets')}&method=GET"))

    boxes = [
        page.index(box) for box in ("Method request", "Integration request", "Integration response", "Method response")
    ]
    assert boxes == sorted(boxes)


def test_a_breaking_change_is_marked_before_it_is_deployed(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    a_method(caller, api, "/pets", "POST", mock())
    a_stage(caller, api)
    call(caller, "DeleteMethod", restApiId=api, resourceId=resource_id(caller, api, "/pets"), httpMethod="POST")

    page = words(owner.get(url("changes", api)))

    assert "1 breaking change" in page
    assert "removed: POST /pets breaking" in page


def test_why_a_draft_cannot_be_deployed_is_said_before_one_tries(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    at = {"restApiId": api, "resourceId": resource_id(caller, api, "/pets"), "httpMethod": "POST"}
    call(caller, "PutMethod", **at, authorizationType="NONE")

    assert "No integration defined for method" in words(owner.get(url("changes", api)))
    assert owner.post(url("deploy", api), {"deploy-new_stage": "prod"}).status_code == 422


@pytest.mark.parametrize("name", ["", "no spaces", "a/b", "ä"])
def test_a_stage_name_that_cannot_be_is_told_in_the_dialog(owner: Client, caller: Caller, name: str) -> None:
    api = a_rest_api(caller)

    answer = owner.post(url("deploy", api), {"deploy-new_stage": name, "deploy-description": "my words"})

    assert (answer.status_code, "data-dialog-auto" in text(answer), "my words" in text(answer)) == (422, True, True)


def test_a_stage_is_rolled_back_with_one_button(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)
    first = Stage.objects.get().deployment.deployment_id
    a_method(caller, api, "/pets", "POST", mock())
    a_stage(caller, api)
    assert f"Roll prod back to {first}" in text(owner.get(url("deployments", api)))

    owner.post(url("rollback", api, "prod"), {"deployment": first})

    assert Stage.objects.get().deployment.deployment_id == first
    assert "1 change not deployed" in words(owner.get(url("api", api)))


def test_a_stage_s_settings_are_edited_without_touching_the_others(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api, variables={"gone": "1", "kept": "2"})

    owner.post(
        url("stage", api, "prod"),
        {"description": "Live", "rate": "5.5", "burst": "10", "variables": "kept = 2\nnew = a=b", "log_access": "on"},
    )

    stage = call(caller, "GetStage", restApiId=api, stageName="prod")
    assert (stage["description"], stage["variables"]) == ("Live", {"kept": "2", "new": "a=b"})
    assert (
        stage["methodSettings"]["*/*"]["throttlingRateLimit"],
        stage["methodSettings"]["*/*"]["throttlingBurstLimit"],
    ) == (5.5, 10)
    assert "$context.requestId" in stage["accessLogSettings"]["format"]


def test_saving_a_stage_s_page_unchanged_changes_nothing(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)
    before = call(caller, "GetStage", restApiId=api, stageName="prod")

    owner.post(url("stage", api, "prod"), {})

    assert call(caller, "GetStage", restApiId=api, stageName="prod") == before


def test_what_is_seen_of_a_stage_is_chosen_on_its_page(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)

    owner.post(url("stage", api, "prod"), {"log_level": "INFO", "data_trace": "on", "tracing": "on"})

    stage = call(caller, "GetStage", restApiId=api, stageName="prod")
    assert stage["tracingEnabled"] is True
    settings = stage["methodSettings"]["*/*"]
    assert (settings["loggingLevel"], settings["dataTraceEnabled"]) == ("INFO", True)


def test_throttle_and_access_log_of_a_stage_can_be_taken_away_again(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)
    owner.post(url("stage", api, "prod"), {"rate": "5", "burst": "10", "log_access": "on"})

    owner.post(url("stage", api, "prod"), {})

    stage = call(caller, "GetStage", restApiId=api, stageName="prod")
    assert stage["methodSettings"]["*/*"]["throttlingRateLimit"] == -1
    assert "accessLogSettings" not in stage


@pytest.mark.parametrize(
    "settings", [{"rate": "5"}, {"rate": "-1", "burst": "1"}, {"log_access": "on", "log_format": "no id"}]
)
def test_settings_that_cannot_be_are_told_at_their_fields(
    owner: Client, caller: Caller, settings: dict[str, str]
) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)

    answer = owner.post(url("stage", api, "prod"), settings)

    assert (answer.status_code, "field-error" in text(answer)) == (422, True)


@pytest.mark.parametrize("typed", ["", "test", "PROD"])
def test_a_stage_goes_only_when_its_name_is_typed(owner: Client, caller: Caller, typed: str) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)

    owner.post(url("delete_stage", api, "prod"), {"confirmation": typed})

    assert Stage.objects.exists()


def test_an_api_goes_when_its_name_is_typed(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)

    owner.post(url("delete_api", api), {"confirmation": "petstore"})

    assert not RestApi.objects.exists()


def test_settings_of_an_api_are_saved(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)

    owner.post(
        url("api_settings", api),
        {"name": "Pets", "api_key_source": "HEADER", "binary_media_types": "image/png\n\nimage/*\n", "description": ""},
    )

    saved = call(caller, "GetRestApi", restApiId=api)
    assert (saved["name"], saved["binaryMediaTypes"]) == ("Pets", ["image/png", "image/*"])


@pytest.mark.parametrize(("format", "first"), [("yaml", b"openapi: 3"), ("json", b"{")])
def test_what_a_stage_runs_is_downloaded(owner: Client, caller: Caller, format: str, first: bytes) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)

    answer = owner.get(url("export", api), {"stage": "prod", "kind": "oas30", "format": format})

    assert answer["Content-Disposition"].startswith("attachment")
    assert answer.content.startswith(first)


def test_names_cannot_bring_markup_into_a_page(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller, name="<script>alert(1)</script>")

    for page in (url("home"), url("api", api), url("api_settings", api)):
        assert "<script>alert" not in text(owner.get(page))


def test_the_tree_asks_as_much_for_many_resources_as_for_few(
    owner: Client, caller: Caller, django_assert_max_num_queries: Any
) -> None:
    api = a_rest_api(caller, {f"/r{number}/{{id}}": {"GET": mock(), "POST": mock()} for number in range(15)})
    a_stage(caller, api)

    with django_assert_max_num_queries(12):
        owner.get(url("api", api))


FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:pets"


@pytest.mark.parametrize(
    ("transfer", "path"),
    [
        ("BUFFERED", f"2015-03-31/functions/{FUNCTION}/invocations"),
        ("STREAM", f"2021-11-15/functions/{FUNCTION}/response-streaming-invocations"),
    ],
)
def test_the_arn_of_a_function_is_enough_for_a_lambda_proxy(
    owner: Client, caller: Caller, transfer: str, path: str
) -> None:
    api = a_rest_api(caller)
    pets = resource_id(caller, api, "/pets")
    wanted = {"type": "AWS_PROXY", "uri": FUNCTION, "timeout": "29000", "transfer": transfer}

    owner.post(url("edit_integration", api, pets, "GET"), wanted)

    made = call(caller, "GetIntegration", restApiId=api, resourceId=pets, httpMethod="GET")
    assert (made["type"], made["httpMethod"]) == ("AWS_PROXY", "POST")
    assert made["uri"] == f"arn:aws:apigateway:us-east-1:lambda:path/{path}"


def test_credentials_and_content_handling_of_a_service_are_saved_and_taken_away(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    at = (api, resource_id(caller, api, "/pets"), "GET")
    wanted = {
        "type": "AWS",
        "uri": f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations",
        "timeout": "29000",
        "credentials": "arn:aws:iam::123456789012:role/pets",
        "content_handling": "CONVERT_TO_TEXT",
    }

    owner.post(url("edit_integration", *at), wanted)
    made = call(caller, "GetIntegration", restApiId=api, resourceId=at[1], httpMethod="GET")
    owner.post(url("edit_integration", *at), {**wanted, "credentials": "", "content_handling": ""})
    changed = call(caller, "GetIntegration", restApiId=api, resourceId=at[1], httpMethod="GET")

    assert (made["credentials"], made["contentHandling"]) == (wanted["credentials"], "CONVERT_TO_TEXT")
    assert (changed.get("credentials"), changed.get("contentHandling")) == (None, None)
    assert changed["integrationResponses"].keys() == {"200"}


def test_an_aws_integration_names_what_it_calls(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    pets = resource_id(caller, api, "/pets")

    page = text(owner.post(url("edit_integration", api, pets, "GET"), {"type": "AWS", "timeout": "29000"}))

    assert "needs the ARN of what it calls" in page
