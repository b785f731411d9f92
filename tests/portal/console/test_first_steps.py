"""What newcomers are told where they would be stuck: which definition fits, which plan a key needs, where tokens come from."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.functions.models import FunctionPolicy
from apps.rest_apis.models import Resource
from apps.usage_plans.models import UsagePlan, UsagePlanKey
from apps.v2_apis.models import Api, Integration, Route
from portal.console.function_packages import packed
from tests.builders import a_plan, a_rest_api, a_stage, a_websocket_api, an_http_api, mock
from tests.portal.console.reading import text, words

ROLE = "arn:aws:iam::123456789012:role/pets"
_JWT = """\
openapi: 3.0.1
info: {title: Orders, version: "1"}
paths: {}
components:
  securitySchemes:
    jwt:
      type: oauth2
      x-amazon-apigateway-authorizer:
        type: jwt
        identitySource: method.request.header.Authorization
        jwtConfiguration: %s
"""


def url(view: str, *args: str) -> str:
    return reverse(f"console:{view}", args=args)


@pytest.mark.parametrize(
    "configuration",
    [
        '{issuer: "https://example.com", audience: [orders]}',
        '{issuers: [{issuer: "https://example.com"}], defaultAlgorithms: [RS256]}',
    ],
)
def test_a_jwt_authorizer_of_another_kind_of_api_is_told_apart(owner: Client, configuration: str) -> None:
    page = owner.post(url("import"), {"definition": _JWT % configuration})

    assert "One with issuer and audience is that of an HTTP API." in words(page)
    assert url("v2_import") in text(page)


def test_the_authorizers_that_the_token_issuer_shows_are_taken(owner: Client) -> None:
    rest, http = (shown for _, shown in owner.get(url("oauth_clients")).context["definitions"])

    assert "issuers:" in rest
    page = owner.post(url("import"), {"definition": _definition(rest)})
    assert "This definition cannot be imported yet" not in text(page)
    page = owner.post(url("v2_import"), {"definition": _definition(http)})
    assert "jwtConfiguration" not in words(page).partition("OpenAPI definition")[0]


def _definition(authorizer: str) -> str:
    indented = "".join(f"      {line}\n" for line in authorizer.splitlines())
    return _JWT.partition("      x-amazon")[0] + indented


def a_guarded_stage(caller: Caller) -> str:
    api = a_rest_api(caller, {"/pets": {"GET": mock(api_key_required=True)}})
    a_stage(caller, api)
    return api


def test_who_is_live_without_a_plan_makes_one_for_the_stage(owner: Client, caller: Caller) -> None:
    api = a_guarded_stage(caller)
    way = f"{url('create_plan')}?stage={api}:prod"
    assert way in text(owner.get(url("live", api, "prod")))

    owner.post(way, {"name": "Gold"})

    assert UsagePlan.objects.get().api_stages.get().rest_api_id == api


def test_who_is_live_with_a_plan_makes_a_key_in_it(owner: Client, caller: Caller) -> None:
    api = a_guarded_stage(caller)
    plan = a_plan(caller, (api, "prod"))
    way = f"{url('create_key')}?plan={plan}"
    assert way in text(owner.get(url("live", api, "prod")))

    form: Any = owner.get(way).context["form"]
    page = owner.post(url("create_key"), {"name": "mine", "enabled": "on", "plan": form["plan"].value()}, follow=True)

    assert UsagePlanKey.objects.get().plan.plan_id == plan
    assert "mine works now." in words(page)


def test_a_key_in_no_plan_is_not_said_to_work(owner: Client) -> None:
    page = owner.post(url("create_key"), {"name": "mine", "enabled": "on"}, follow=True)

    assert "mine exists. It opens nothing until a usage plan has it." in words(page)


def test_a_client_that_was_made_is_told_how_it_gets_a_token(owner: Client) -> None:
    page = owner.post(url("oauth_clients"), {"name": "robot", "kind": "program"})

    assert "-d grant_type=client_credentials" in words(page)


def test_an_http_api_has_the_entries_of_aws_s_navigation(owner: Client, caller: Caller) -> None:
    page = text(owner.get(url("v2_api", an_http_api(caller, Name="Orders"))))

    assert [page.find(f">{name}<") > 0 for name in ("Reimport", "Export", "Logging", "Throttling")] == [True] * 4


def test_the_palette_finds_throttling_of_the_http_api_in_view(owner: Client, caller: Caller) -> None:
    api = an_http_api(caller, Name="Orders")
    call_headers = {"HX-Current-URL": f"http://localhost{url('v2_api', api)}"}

    assert "#throttling" in text(owner.get(url("palette"), {"q": "throttling"}, headers=call_headers))


@pytest.fixture
def function(caller: Caller) -> str:
    code = {"ZipFile": packed("app.py", "def handler(event, context): return {}")}
    request = {"FunctionName": "pets", "Runtime": "python3.12", "Handler": "app.handler", "Role": ROLE, "Code": code}
    return str(registry.call(caller, "lambda", "CreateFunction", request)["FunctionArn"])


def allowed(api: str) -> bool:
    """Whether the function's policy names the API."""
    return any(f":{api}/*" in row.document for row in FunctionPolicy.objects.all())


def test_the_function_behind_a_new_method_lets_the_api_invoke_it(owner: Client, caller: Caller, function: str) -> None:
    api = a_rest_api(caller)
    resource = Resource.objects.get(path="/pets").resource_id
    fields = {"http_method": "POST", "type": "AWS_PROXY", "uri": function, "timeout": "29000"}

    page = owner.post(url("create_method", api, resource), fields, follow=True)

    assert allowed(api)
    assert "The API may invoke pets now." in words(page)


def test_the_function_of_a_new_http_api_lets_it_invoke_it(owner: Client, function: str) -> None:
    owner.post(url("v2_create", "http"), {"name": "Pets", "target": function})

    assert allowed(Api.objects.get().id)


def test_the_function_of_a_new_route_lets_its_api_invoke_it_once(owner: Client, caller: Caller, function: str) -> None:
    api = a_websocket_api(caller)

    for key in ("$default", "join"):
        owner.post(url("v2_create_route", api), {"route_key": key, "new_target": function, "authorization": "NONE"})

    assert allowed(api)
    assert FunctionPolicy.objects.get().document.count("apigateway.amazonaws.com") == 1


def test_a_function_that_is_invoked_with_a_role_needs_no_more(owner: Client, caller: Caller, function: str) -> None:
    api = an_http_api(caller)
    fields = {"kind": "AWS_PROXY", "uri": function, "credentials": ROLE, "payload": "2.0", "timeout": "30000"}

    owner.post(url("v2_create_integration", api), fields)

    assert Integration.objects.get().credentials_arn == ROLE
    assert not allowed(api)


def test_a_function_that_is_not_here_is_left_alone(owner: Client, caller: Caller, function: str) -> None:
    api = a_websocket_api(caller)

    fields = {"route_key": "$default", "new_target": function.replace("pets", "cats"), "authorization": "NONE"}
    owner.post(url("v2_create_route", api), fields)

    assert Route.objects.get().route_key == "$default"
    assert not allowed(api)


@pytest.mark.parametrize(
    ("view", "fields"),
    [
        ("v2_create_route", {"route_key": "$default", "authorization": "NONE", "new_target": "{function}"}),
        ("v2_create_integration", {"kind": "AWS_PROXY", "uri": "{function}", "timeout": "29000"}),
    ],
)
def test_a_websocket_api_is_led_to_a_function_by_its_arn(
    owner: Client, caller: Caller, function: str, view: str, fields: dict[str, str]
) -> None:
    filled = {name: value.format(function=function) for name, value in fields.items()}

    owner.post(url(view, a_websocket_api(caller)), filled)

    invoked = f"lambda:path/2015-03-31/functions/{function}/invocations"
    assert Integration.objects.get().integration_uri == f"arn:aws:apigateway:us-east-1:{invoked}"
