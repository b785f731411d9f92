"""Customers: who holds keys, by the customer id of the keys, and what they ask for."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.paging import write_position
from apps.metering.models import DailyUsage
from apps.usage_plans.models import ApiKey
from tests.builders import a_key, a_plan, call, subscribe
from tests.counted import answers, report
from tests.portal.console.reading import text, words


def url(view: str, *args: str) -> str:
    return reverse(f"console:{view}", args=args)


@pytest.fixture
def application(caller: Caller) -> str:
    """The id of Ada's application, which has a key."""
    ada = User.objects.create_user("ada", "ada@example.com")
    given = registry.call(caller, "gatehouse", "CreateApplication", {"ownerId": str(ada.pk), "name": "Walkies"})
    application_id = str(given["applicationId"])
    a_key(caller, name="walkies", customerId=application_id)
    return application_id


def test_without_keys_that_somebody_holds_the_page_says_who_becomes_a_customer(owner: Client, caller: Caller) -> None:
    a_key(caller, name="nobody's")

    assert "No customer yet" in words(owner.get(url("customers")))


def test_keys_of_one_customer_id_are_one_customer_with_their_plans(owner: Client, caller: Caller) -> None:
    first = a_key(caller, name="one", customerId="acme")
    a_key(caller, name="two", customerId="acme")
    subscribe(caller, a_plan(caller, name="gold"), first)

    assert "acme customer id of keys 2 gold never 0" in words(owner.get(url("customers")))


def test_an_application_of_the_portal_is_told_by_its_name_and_owner(owner: Client, application: str) -> None:
    assert "Walkies ada@example.com 1" in words(owner.get(url("customers")))


@pytest.mark.parametrize("query", ["walk", "ADA@", "acme"])
def test_a_customer_is_found_by_name_owner_or_id(owner: Client, caller: Caller, application: str, query: str) -> None:
    a_key(caller, customerId="acme-1")
    found = text(owner.get(url("customers"), {"q": query}))

    assert (url("customer", application) in found, url("customer", "acme-1") in found) == (
        query != "acme",
        query == "acme",
    )


def test_customers_are_listed_a_page_at_a_time(owner: Client, caller: Caller) -> None:
    for number in range(26):
        a_key(caller, customerId=f"customer-{number:02}")
    first = owner.get(url("customers"))
    second = owner.get(url("customers") + str(first.context["pages"].next_url))

    assert [row.customer_id for row in first.context["pages"].rows] == [f"customer-{at:02}" for at in range(25, 0, -1)]
    assert [row.customer_id for row in second.context["pages"].rows] == ["customer-00"]


def test_what_a_customer_s_keys_ask_for_is_added_up(owner: Client, caller: Caller) -> None:
    keys = [a_key(caller, customerId="acme")["id"] for _ in range(2)]
    mine = {"account_id": caller.account_id, "region": caller.region}
    report(*(answers("a", 3, key_id=key, ago=5, **mine) for key in keys))
    for key in keys:
        DailyUsage.objects.create(**mine, plan_id="p", key_id=key, day=timezone.now().date(), used=7)

    row = owner.get(url("customers")).context["pages"].rows[0]
    chart = owner.get(url("customer", "acme")).context["chart"]
    assert (row.requests, row.last_used is not None) == (6, True)
    assert chart.rows[-1][-1] == "14"


def test_a_customer_s_page_has_its_keys_and_its_subscriptions(owner: Client, application: str) -> None:
    page = words(owner.get(url("customer", application)))

    assert "Walkies" in page
    assert "ada@example.com" in page
    assert "walkies" in page


def test_a_key_is_given_to_a_customer_on_its_page(owner: Client, caller: Caller) -> None:
    key = a_key(caller, name="k")["id"]
    owner.post(url("api_key", key), {"name": "k", "customer": "acme/eu", "enabled": "on"})

    assert ApiKey.objects.get().customer_id == "acme/eu"
    assert url("customer", "acme/eu") in text(owner.get(url("api_key", key)))
    assert owner.get(url("customer", "acme/eu")).status_code == 200


def test_a_key_is_taken_from_its_customer(owner: Client, caller: Caller) -> None:
    key = a_key(caller, name="k", customerId="acme")["id"]
    owner.post(url("api_key", key), {"name": "k", "customer": "", "enabled": "on"})

    assert call(caller, "GetApiKey", apiKey=key).get("customerId") is None


def test_a_new_key_can_be_somebody_s_from_the_beginning(owner: Client) -> None:
    owner.post(url("create_key"), {"name": "k", "customer": "acme", "enabled": "on"})

    assert ApiKey.objects.get().customer_id == "acme"


def test_nobody_s_customer_is_not_found(owner: Client) -> None:
    assert owner.get(url("customer", "nobody")).status_code == 404


def test_customers_of_other_accounts_are_not_told(owner: Client, elsewhere: Caller) -> None:
    a_key(elsewhere, customerId="theirs")

    assert "theirs" not in text(owner.get(url("customers")))
    assert owner.get(url("customer", "theirs")).status_code == 404


def test_a_position_of_another_list_is_told(owner: Client, caller: Caller) -> None:
    a_key(caller, customerId="acme")

    assert owner.get(url("customers"), {"position": write_position(["word"])}).status_code == 400
