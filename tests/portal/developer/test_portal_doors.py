"""The door of a portal with a user pool: visitors sign in at the pool, and are known to that portal alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client

from apps.control_plane.caller import Caller
from apps.portals.tasks import publish_waiting_portals
from tests.builders import a_portal_with_pages, a_rest_api, a_stage, call_v2, mock
from tests.issuer import CLIENT_ID, UserPool, rsa_key

POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_Staff"


@pytest.fixture
def pool(settings: Any) -> Iterator[UserPool]:
    """A pool on an end point that the operator has set."""
    with UserPool() as made:
        pools = {"us-east-1_Staff": made.url}
        settings.ENVIRONMENT = replace(
            settings.ENVIRONMENT, user_pools=pools, public_portal_url="http://testserver", allow_private_backends=True
        )
        yield made


@pytest.fixture
def ids(caller: Caller, valkey: Any, pool: UserPool) -> dict[str, str]:
    """A published portal for the people of the pool."""
    api = a_rest_api(caller, {"/pets": {"GET": mock()}})
    a_stage(caller, api)
    found = a_portal_with_pages(caller, api)
    ask_for(caller, found, pool.url)
    return found


def ask_for(caller: Caller, ids: dict[str, str], domain: str, arn: str = POOL, client: str = CLIENT_ID) -> None:
    config = {"AppClientId": client, "UserPoolArn": arn, "UserPoolDomain": domain}
    call_v2(caller, "UpdatePortal", PortalId=ids["PortalId"], Authorization={"CognitoConfig": config})
    call_v2(caller, "PublishPortal", PortalId=ids["PortalId"])
    publish_waiting_portals()


def home(ids: dict[str, str]) -> str:
    return f"/portals/{ids['PortalId']}/"


def endpoint(ids: dict[str, str]) -> str:
    return f"{home(ids)}products/{ids['PortalProductId']}/endpoints/{ids['ProductRestEndpointPageId']}/"


def visit(browser: Client, pool: UserPool, path: str) -> Any:
    """There and back."""
    return browser.get(pool.agrees(browser.get(path)["Location"]))


def test_a_visitor_signs_in_at_the_pool_and_comes_to_the_page_they_wanted(
    ids: dict[str, str], pool: UserPool, client: Client
) -> None:
    there = client.get(endpoint(ids))
    asked = parse_qs(urlsplit(there["Location"]).query)
    assert asked["redirect_uri"] == [f"http://testserver{home(ids)}"]
    assert asked["scope"] == ["openid"]
    before = client.session.session_key

    back = client.get(pool.agrees(there["Location"]))

    assert (back.status_code, back["Location"]) == (302, endpoint(ids))
    assert client.session.session_key != before
    page = client.get(endpoint(ids))
    assert page.status_code == 200
    assert "nina@example.com" in page.content.decode()


def test_who_signed_in_to_the_installation_is_nobody_to_the_pool(ids: dict[str, str], signed_in: Client) -> None:
    assert signed_in.get(home(ids)).status_code == 302
    assert signed_in.get("/apps/").status_code == 200


def test_a_visitor_is_no_person_of_the_installation(ids: dict[str, str], pool: UserPool, client: Client) -> None:
    visit(client, pool, home(ids))

    assert client.get(home(ids)).status_code == 200
    assert client.get("/apps/").status_code == 302


def test_signing_out_closes_the_door_again(ids: dict[str, str], pool: UserPool, client: Client) -> None:
    visit(client, pool, home(ids))

    left = client.post(f"{home(ids)}sign-out/")

    assert "You are signed out" in left.content.decode()
    assert client.get(home(ids)).status_code == 302


def test_after_some_hours_and_after_a_change_of_the_pool_one_signs_in_again(
    caller: Caller, ids: dict[str, str], pool: UserPool, client: Client
) -> None:
    with time_machine.travel(0, tick=True) as clock:
        clock.move_to("2026-11-01")
        visit(client, pool, home(ids))
        assert client.get(home(ids)).status_code == 200
        clock.shift(9 * 3600)
        assert client.get(home(ids)).status_code == 302

    visit(client, pool, home(ids))
    ask_for(caller, ids, pool.url, client="another")
    assert client.get(home(ids)).status_code == 302


def test_a_call_without_a_visitor_is_not_made(ids: dict[str, str], client: Client, origin: Any) -> None:
    for way in ("try", "stream"):
        refused = client.post(f"{endpoint(ids)}{way}/")
        assert (refused.status_code, "Your sign-in has ended" in refused.content.decode()) == (403, True)
    assert origin.asked == []


@pytest.mark.parametrize(
    "lies",
    [{"nonce": "another"}, {"aud": "another"}, {"iss": "http://other.example"}, {"exp": 1}, {"sub": None}],
)
def test_a_token_that_does_not_fit_the_question_opens_nothing(
    ids: dict[str, str], pool: UserPool, client: Client, lies: dict[str, Any]
) -> None:
    pool.lies = lies

    assert visit(client, pool, home(ids)).status_code == 502
    assert client.get(home(ids)).status_code == 302


def test_a_token_of_another_key_opens_nothing(ids: dict[str, str], pool: UserPool, client: Client) -> None:
    pool.signs_with = rsa_key(1)

    refused = visit(client, pool, home(ids))

    assert (refused.status_code, "cannot be used" in refused.content.decode()) == (502, True)


def test_an_answer_counts_once_and_only_in_the_browser_that_asked(
    ids: dict[str, str], pool: UserPool, client: Client
) -> None:
    answer = pool.agrees(client.get(home(ids))["Location"])

    assert Client().get(answer).status_code == 502
    assert client.get(answer).status_code == 302
    assert client.get(answer).status_code == 502


def test_two_tabs_may_ask_at_once(ids: dict[str, str], pool: UserPool, client: Client) -> None:
    first, second = client.get(home(ids))["Location"], client.get(endpoint(ids))["Location"]

    assert client.get(pool.agrees(first))["Location"] == home(ids)
    assert client.get(pool.agrees(second))["Location"] == endpoint(ids)


def test_who_does_not_agree_stands_before_the_door(ids: dict[str, str], pool: UserPool, client: Client) -> None:
    pool.refuses = "access_denied"

    page = visit(client, pool, home(ids)).content.decode()

    assert "The sign-in was not completed there." in page
    assert f'href="{home(ids)}"' in page
    assert client.get(f"{home(ids)}style.css").status_code == 200


def test_an_end_point_without_a_discovery_document_has_a_pools_addresses(
    ids: dict[str, str], pool: UserPool, client: Client
) -> None:
    pool.broken["/.well-known/openid-configuration"] = (404, b"")

    assert visit(client, pool, home(ids)).status_code == 302
    assert client.get(home(ids)).status_code == 200


def test_a_pool_that_is_away_is_told_on_the_page(ids: dict[str, str], pool: UserPool, client: Client) -> None:
    pool.broken["/.well-known/openid-configuration"] = (503, b"")

    assert client.get(home(ids)).status_code == 502


def test_amazons_pools_are_asked_at_their_domain(caller: Caller, ids: dict[str, str], client: Client) -> None:
    ask_for(caller, ids, "shop.auth.us-east-1.amazoncognito.com", POOL.replace("Staff", "Abc123"))

    address = client.get(home(ids))["Location"]

    assert address.startswith("https://shop.auth.us-east-1.amazoncognito.com/oauth2/authorize?")
