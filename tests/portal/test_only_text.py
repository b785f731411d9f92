"""What is no text, and what else no browser sends, is answered with a page of 400 before any database hears of it."""

from __future__ import annotations

from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Account, Membership, User
from apps.core.storable import holds_unstorable
from apps.rest_apis.models import RestApi

ENTRANCE = "allauth.account.auth_backends.AuthenticationBackend"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
REASON = "holds a character that is no text"


@pytest.fixture
def owner(account: Account, client: Client) -> Client:
    user = User.objects.create_user("mira", "mira@example.com", "a long pass phrase")
    Membership.objects.create(user=user, account=account, role="owner")
    client.force_login(user, backend=ENTRANCE)
    return client


@pytest.mark.parametrize(
    "address",
    ["/console/audit/?actor=%00", "/console/?%00=1", "/console/apis/a%00b/", "/search/?q=a%00", "/sign-in/?next=%00"],
)
def test_nul_in_an_address_is_answered_by_a_page(owner: Client, address: str) -> None:
    answer = owner.get(address, headers=BROWSER)

    assert (answer.status_code, REASON in answer.content.decode()) == (400, True)


def test_nul_in_a_field_changes_nothing(owner: Client) -> None:
    answer = owner.post(reverse("console:create_api"), {"name": "Pets", "description": "a\0b"}, headers=BROWSER)

    assert (answer.status_code, REASON in answer.content.decode()) == (400, True)
    assert not RestApi.objects.exists()


@pytest.mark.parametrize("codec", ["unicode_escape", "hex", "utf-16", "utf-7"])
def test_fields_are_read_as_utf_8_whatever_their_type_claims(owner: Client, codec: str) -> None:
    body = '--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nP\\ud800\r\n--b--\r\n'

    answer = owner.generic(
        "POST", reverse("console:create_api"), body, f"multipart/form-data; boundary=b; charset={codec}"
    )

    assert answer.status_code == 302
    assert RestApi.objects.get().name == "P\\ud800"


@pytest.mark.parametrize("address", ["/console/?q=%FF%ED%A0%80", "/console/apis/%FF%ED%A0%80/", "/search/?q=%C3%28"])
def test_bytes_that_are_no_utf_8_find_nothing(owner: Client, address: str) -> None:
    assert owner.get(address).status_code in (200, 404)


def test_an_address_of_any_length_finds_nothing(owner: Client) -> None:
    assert owner.get(f"/console/apis/{'a' * 50_000}/").status_code == 404
    assert owner.get(f"/console/audit/?actor={'a' * 50_000}").status_code == 200


def test_a_cookie_that_is_no_text_is_no_session(client: Client, db: None) -> None:
    client.cookies["sessionid"] = "aaaaaaaaaa\0"

    assert client.get("/admin/").status_code == 302
    assert client.get(reverse("console:home")).status_code == 302


def test_a_form_of_too_many_fields_is_answered_by_a_page(owner: Client) -> None:
    body = urlencode({f"name-{number}": "1" for number in range(1200)})

    answer = owner.post(reverse("console:create_api"), body, content_type="application/x-www-form-urlencoded")

    assert (answer.status_code, "This request cannot be read" in answer.content.decode()) == (400, True)


def test_a_form_without_its_token_is_answered_by_a_page(account: Account) -> None:
    answer = Client(enforce_csrf_checks=True).post(reverse("console:create_api"), {"name": "Pets"})

    assert (answer.status_code, "This form has grown old" in answer.content.decode()) == (403, True)


def test_the_json_api_says_so_in_json(owner: Client) -> None:
    answer = owner.post("/api/v1/applications/", '{"name": "a\\u0000"}', content_type="application/json")
    asked = owner.get("/api/v1/search/?q=%00", headers={"Accept": "*/*"})

    assert (answer.status_code, REASON in answer.json()["detail"]) == (400, True)
    assert (asked.status_code, REASON in asked.json()["detail"]) == (400, True)


def test_the_aws_api_answers_in_its_own_words(live_portal: str) -> None:
    with pytest.raises(HTTPError) as refused, urlopen(f"{live_portal}/restapis?position=%00", timeout=20):
        pass

    assert (refused.value.code, refused.value.headers["x-amzn-ErrorType"]) == (
        403,
        "MissingAuthenticationTokenException",
    )


@pytest.mark.parametrize(
    ("value", "holds"),
    [({"a": ["b", {"c\0": 1}]}, True), (["\ud800"], True), ({"a": ["b", 1, None, True, "😀"]}, False), ("\0", True)],
)
def test_what_json_holds_is_looked_through(value: Any, holds: bool) -> None:
    assert holds_unstorable(value) is holds
