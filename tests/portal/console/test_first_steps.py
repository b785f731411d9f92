"""What newcomers are told where they would be stuck: which definition fits, which plan a key needs, where tokens come from."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from apps.usage_plans.models import UsagePlan, UsagePlanKey
from tests.builders import a_plan, a_rest_api, a_stage, an_http_api, mock
from tests.portal.console.reading import text, words

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
