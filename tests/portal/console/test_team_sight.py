"""What members of a team for some APIs see of logs, traces, dashboards and search: what is about these APIs, and nothing else."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Membership, User
from apps.control_plane import registry
from apps.control_plane.caller import Caller, staff_caller
from apps.control_plane.errors import AccessDeniedException, NotFoundException
from apps.core.stories import Story
from apps.metering import stories
from tests.builders import a_key, a_plan, a_rest_api, a_stage, an_http_api, call, subscribe
from tests.portal.console.reading import text


@pytest.fixture
def apis(caller: Caller, valkey: Any) -> dict[str, str]:
    """`ours` and `theirs`, REST APIs, and `web` and `foreign`, HTTP APIs."""
    made = {name: a_rest_api(caller, name=name) for name in ("ours", "theirs")}
    for api in made.values():
        a_stage(caller, api)
    return made | {name: an_http_api(caller, "GET /pets", Name=name) for name in ("web", "foreign")}


@pytest.fixture
def nina(caller: Caller, apis: dict[str, str]) -> tuple[Caller, Client]:
    """Somebody whose team is for `ours` and `web` alone: as a caller, and as a browser."""
    user = User.objects.create(username="nina", email="nina@example.com")
    Membership.objects.create(user=user, account_id=caller.account_id, role="member")
    team = {"teamName": "devs", "role": "editor", "apiIds": [apis["ours"], apis["web"]]}
    registry.call(caller, "gatehouse", "PutTeam", team)
    registry.call(caller, "gatehouse", "PutTeamMember", {"teamName": "devs", "userName": "nina"})
    browser = Client()
    browser.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    found = staff_caller(user, caller.account_id, caller.region, "127.0.0.1")
    assert found is not None
    return found, browser


def url(view: str, *args: str) -> str:
    return reverse(f"console:{view}", args=args)


def a_log(api: str) -> None:
    path = Path(django_settings.ENVIRONMENT.data_dir) / "log" / "access" / api / "prod.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("a secret line\n")


def a_story(caller: Caller, api: str, request_id: str) -> None:
    story = Story(
        request_id=request_id,
        account_id=caller.account_id,
        region=caller.region,
        api_id=api,
        stage_name="prod",
        at=time.time(),
        method="GET",
        path="/pets",
        status=200,
        latency_ms=1,
        kept_for="sample",
    )
    stories.keep(story)


@pytest.mark.parametrize(
    ("view", "args"),
    [
        ("logs", ()), ("log_files", ()), ("story", ("r-theirs",)), ("trace", ("1-2-3",)), ("dashboard", ()),
        ("key_traffic", ("a-key",)), ("choices", ("apis",)), ("choices", ("keys",)), ("audit", ()), ("export_audit", ()),
        ("functions", ()), ("function_log", ("pets",)), ("function_invocations", ("pets",)), ("subscriptions", ()),
    ],
)  # fmt: skip
def test_pages_about_the_whole_account_are_closed(
    caller: Caller, nina: tuple[Caller, Client], apis: dict[str, str], view: str, args: tuple[str, ...]
) -> None:
    a_log(apis["theirs"])
    a_story(caller, apis["theirs"], "r-theirs")

    answer = nina[1].get(url(view, *args))

    assert answer.status_code == 403
    assert apis["theirs"] not in text(answer)


def test_lines_of_a_log_are_closed_whatever_the_address_says(nina: tuple[Caller, Client], apis: dict[str, str]) -> None:
    a_log(apis["theirs"])

    answer = nina[1].get(url("log_lines"), {"kind": "access", "api": apis["theirs"], "stage": "prod"})

    assert answer.status_code == 403
    assert "a secret line" not in text(answer)


@pytest.mark.parametrize("view", ["traffic", "live", "canary", "changes", "stage", "rest_api_part"])
def test_pages_of_a_rest_api_are_open_for_the_teams_own_alone(
    nina: tuple[Caller, Client], apis: dict[str, str], view: str
) -> None:
    stage = ["prod"] if view in ("live", "canary", "stage") else []
    asked = {"part": "paths"} if view == "rest_api_part" else {}

    assert nina[1].get(url(view, apis["ours"], *stage), asked).status_code in (200, 404)
    assert nina[1].get(url(view, apis["theirs"], *stage), asked).status_code == 404


@pytest.mark.parametrize("view", ["v2_api", "v2_traffic", "v2_changes", "v2_authorizers", "v2_test", "v2_stages"])
def test_pages_of_an_http_api_are_open_for_the_teams_own_alone(
    nina: tuple[Caller, Client], apis: dict[str, str], view: str
) -> None:
    assert nina[1].get(url(view, apis["web"])).status_code == 200
    assert nina[1].get(url(view, apis["foreign"])).status_code == 404


def test_search_and_the_palette_find_the_teams_own_alone(
    caller: Caller, nina: tuple[Caller, Client], apis: dict[str, str]
) -> None:
    key = a_key(caller, name="theirs key")
    plan = a_plan(caller, (apis["theirs"], "prod"), name="theirs plan")
    subscribe(caller, plan, key)

    for query in ("theirs", apis["theirs"], apis["theirs"][:5], "foreign", key["id"], plan):
        told = text(nina[1].get(url("palette"), {"q": query}))
        listed = text(nina[1].get(url("home"), {"q": query}))
        for hidden in (apis["theirs"], apis["foreign"], key["id"], plan):
            assert f"/{hidden}/" not in told, query
            assert f"/{hidden}/" not in listed, query
    assert apis["ours"] in text(nina[1].get(url("palette"), {"q": "ours"}))
    assert apis["web"] in text(nina[1].get(url("home"), {"q": "web"}))


@pytest.mark.parametrize(
    ("operation", "request_of"),
    [
        ("ListRequests", lambda apis: {"restApiId": apis["theirs"]}), ("GetRequest", lambda apis: {"requestId": "r-theirs"}),
        ("ListLogGroups", lambda apis: {}), ("ListLogEvents", lambda apis: {"kind": "access", "apiId": apis["theirs"], "stageName": "prod"}),
        ("GetTrafficMetrics", lambda apis: {"restApiId": apis["theirs"]}), ("GetApiMetrics", lambda apis: {"apiId": apis["foreign"]}),
        ("GetCanary", lambda apis: {"restApiId": apis["theirs"], "stageName": "prod"}),
        ("TestAuthorizer", lambda apis: {"apiId": apis["foreign"], "authorizerId": "any"}),
        ("ListConnections", lambda apis: {"apiId": apis["foreign"], "stageName": "prod"}),
        ("ListFunctionLogEvents", lambda apis: {"functionName": "pets"}),
    ],
)  # fmt: skip
def test_programs_see_no_more(
    caller: Caller, nina: tuple[Caller, Client], apis: dict[str, str], operation: str, request_of: Any
) -> None:
    a_story(caller, apis["theirs"], "r-theirs")

    with pytest.raises(AccessDeniedException):
        registry.call(nina[0], "gatehouse", operation, request_of(apis))


def test_programs_are_told_of_the_teams_own_apis(nina: tuple[Caller, Client], apis: dict[str, str]) -> None:
    asked = {"restApiId": apis["ours"], "stageName": "prod"}

    assert call(nina[0], "GetStage", **asked)["stageName"] == "prod"
    with pytest.raises(NotFoundException):  # there is no canary, and that is told
        registry.call(nina[0], "gatehouse", "GetCanary", asked)
