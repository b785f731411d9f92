"""Applications: made, changed and ended by their owner, with keys and usage."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import AuditEvent, User
from apps.control_plane.caller import Caller
from apps.metering.models import DailyUsage, TrafficMinute
from apps.portals.models import Application, Subscription
from tests.portal.developer.shops import Shop, make_product


@pytest.fixture
def mine(shop: Shop, signed_in: Client) -> Application:
    """An application of Ada's that uses the PetStore under the free plan."""
    signed_in.post("/products/petstore/access/")
    return Application.objects.get()


def home(application: Application) -> str:
    return f"/apps/{application.application_id}/"


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_without_applications_the_page_says_how_to_get_one(signed_in: Client) -> None:
    assert "No application yet" in text(signed_in.get("/apps/"))


def test_an_application_is_made_with_a_name(shop: Shop, signed_in: Client) -> None:
    answer = signed_in.post("/apps/", {"name": "Shop window", "description": "The web shop"}, follow=True)

    assert "Shop window" in text(answer)
    assert "A key is made as soon as the application uses a product" in text(answer)


def test_another_key_is_offered_once_there_is_one(shop: Shop, mine: Application, signed_in: Client) -> None:
    signed_in.post("/apps/", {"name": "Shop window"})
    empty = Application.objects.get(name="Shop window")

    assert 'id="new-key"' in signed_in.get(home(mine)).content.decode()
    assert 'id="new-key"' not in signed_in.get(home(empty)).content.decode()


def test_a_name_that_one_has_already_is_refused_in_words(mine: Application, signed_in: Client) -> None:
    answer = signed_in.post("/apps/", {"name": mine.name})

    assert (answer.status_code, "already have an application called" in text(answer)) == (422, True)


def test_an_application_is_renamed(mine: Application, signed_in: Client) -> None:
    signed_in.post(f"{home(mine)}edit/", {"name": "Better name", "description": "x"})

    assert Application.objects.get().name == "Better name"


def test_a_name_that_is_too_long_stands_in_the_dialog(mine: Application, signed_in: Client) -> None:
    answer = signed_in.post(f"/apps/{mine.application_id}/edit/", {"name": "n" * 129, "description": "kept"})

    page = answer.content.decode()
    assert (answer.status_code, "at most 128 characters" in page) == (422, True)
    assert 'id="edit-application" aria-labelledby="edit-title" data-dialog-auto' in page
    assert ("n" * 129 in page, 'value="kept"' in page) == (True, True)


def test_an_application_goes_only_when_its_name_was_typed(mine: Application, signed_in: Client) -> None:
    signed_in.post(f"{home(mine)}delete/", {"confirm": "something else"})
    assert Application.objects.exists()

    signed_in.post(f"{home(mine)}delete/", {"confirm": mine.name})
    assert not Application.objects.exists()


def test_a_key_is_masked_until_it_is_asked_for(mine: Application, signed_in: Client) -> None:
    key = mine.keys.get().api_key

    page = signed_in.get(home(mine))
    shown = signed_in.get(f"{home(mine)}keys/{key.key_id}/")

    assert f"{key.value[:4]}…{key.value[-4:]}" in text(page)
    assert str(key.value) not in text(page)
    assert str(key.value) in text(shown)
    assert "no-store" in shown["Cache-Control"]


def test_a_rotated_key_keeps_working_for_the_chosen_time(mine: Application, signed_in: Client) -> None:
    old = mine.keys.get()

    answer = signed_in.post(f"{home(mine)}keys/{old.api_key.key_id}/rotate/", {"overlap": "3600"}, follow=True)

    old.refresh_from_db()
    assert old.replaced_by is not None
    left = old.api_key.expires_at - datetime.now(UTC)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    assert "Replaced" in text(answer)
    assert "data-countdown" in answer.content.decode()


def test_an_overlap_that_is_not_offered_is_refused(mine: Application, signed_in: Client) -> None:
    signed_in.post(f"{home(mine)}keys/{mine.keys.get().api_key.key_id}/rotate/", {"overlap": "99999999"})

    assert mine.keys.count() == 1


def test_the_reference_uses_the_new_key_after_a_rotation(mine: Application, signed_in: Client) -> None:
    old = mine.keys.get()
    signed_in.post(f"{home(mine)}keys/{old.api_key.key_id}/rotate/", {"overlap": "3600"})

    page = signed_in.get("/products/petstore/reference/?operation=get-pets").content.decode()

    assert str(mine.keys.exclude(pk=old.pk).get().api_key.value) in page
    assert str(old.api_key.value) not in page


def test_a_revoked_key_is_replaced_on_request(mine: Application, signed_in: Client) -> None:
    gone = mine.keys.get().api_key.key_id

    page = signed_in.post(f"{home(mine)}keys/{gone}/revoke/", follow=True)
    assert "its calls are refused until you create one" in text(page)
    signed_in.post(f"{home(mine)}keys/")

    assert mine.keys.get().api_key.key_id != gone


def test_unsubscribing_ends_access(mine: Application, signed_in: Client) -> None:
    subscription = mine.subscriptions.get()

    answer = signed_in.post(f"{home(mine)}subscriptions/{subscription.subscription_id}/end/", follow=True)

    assert "no longer uses PetStore" in text(answer)
    assert not Subscription.objects.exists()


def test_another_plan_is_changed_to_in_one_step(mine: Application, shop: Shop, signed_in: Client) -> None:
    signed_in.post("/products/petstore/access/", {"plan": shop.pro})

    assert Subscription.objects.get().product_plan.plan.plan_id == shop.pro
    assert mine.keys.get().api_key.plans.get().plan.plan_id == shop.pro


def test_get_a_key_does_not_exchange_the_plan_that_one_has(mine: Application, shop: Shop, signed_in: Client) -> None:
    signed_in.post("/products/petstore/access/", {"plan": shop.pro})

    answer = signed_in.post("/products/petstore/access/")

    assert answer["Location"].startswith("/products/petstore/reference/")
    assert Subscription.objects.get().product_plan.plan.plan_id == shop.pro


def test_asking_for_a_plan_with_approval_does_not_cost_the_access_there_is(
    mine: Application, shop: Shop, signed_in: Client
) -> None:
    answer = signed_in.post("/products/petstore/access/", {"plan": shop.partner}, follow=True)

    assert "would end while you wait" in text(answer)
    assert Subscription.objects.get().product_plan.plan.plan_id == shop.free


def test_a_refused_request_can_be_made_again(shop: Shop, signed_in: Client) -> None:
    signed_in.post("/products/petstore/access/", {"plan": shop.partner})
    shop.call("RefuseSubscription", subscriptionId=Subscription.objects.get().subscription_id)
    assert "Refused" in text(signed_in.get(home(Application.objects.get())))

    signed_in.post("/products/petstore/access/", {"plan": shop.partner})

    assert Subscription.objects.get().status == Subscription.Status.PENDING


def test_every_change_is_in_the_audit_log_under_the_developer(mine: Application, ada: User) -> None:
    events = AuditEvent.objects.filter(via="portal", operation="Subscribe")

    assert [event.principal.rpartition("/")[2] for event in events] == [str(ada.pk)]


def record(application: Application, count: int = 3, errors: int = 1) -> None:
    key = application.keys.get().api_key
    now = datetime.now(UTC)
    plan = key.plans.get().plan
    owner = {"account_id": application.account_id, "region": application.region, "key_id": key.key_id}
    DailyUsage.objects.create(**owner, plan_id=plan.plan_id, day=now.date(), used=count)
    TrafficMinute.objects.create(
        **owner, api_id="abc", stage_name="prod", method="GET", minute=now.replace(second=0, microsecond=0),
        count=count, errors_4xx=errors, latency_buckets={},
    )  # fmt: skip


def test_usage_shows_the_quota_and_when_it_starts_again(mine: Application, signed_in: Client) -> None:
    record(mine)

    page = text(signed_in.get(home(mine)))

    assert "3 of 1,000 calls" in page
    assert re.search(r"Starts again 1 \w+, 00:00 UTC", page)
    assert "Calls 3" in page


@pytest.mark.parametrize("span", ["hour", "day", "week", "nonsense"])
def test_usage_is_drawn_for_each_stretch_of_time(span: str, mine: Application, signed_in: Client) -> None:
    record(mine)

    assert "Successful 2" in text(signed_in.get(f"{home(mine)}usage/?span={span}"))


def test_usage_is_sent_again_only_when_it_changed(mine: Application, signed_in: Client) -> None:
    page = signed_in.get(f"{home(mine)}usage/").content.decode()
    seen = re.search(r"seen=(\w+)", page)
    assert seen

    assert signed_in.get(f"{home(mine)}usage/?span=hour&seen={seen[1]}").status_code in {204, 200}
    record(mine)
    assert signed_in.get(f"{home(mine)}usage/?span=hour&seen={seen[1]}").status_code == 200


def test_the_number_of_queries_does_not_grow_with_subscriptions(
    mine: Application, caller: Caller, signed_in: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(4):
        make_product(caller, f"more-{number}", f"More {number}")
        signed_in.post(f"/products/more-{number}/access/")
    assert mine.subscriptions.count() == 5

    for page in (home(mine), "/apps/", "/products/", "/products/petstore/", "/", "/api/v1/applications/"):
        with django_assert_max_num_queries(20):
            assert signed_in.get(page).status_code == 200


def test_who_waits_for_approval_is_told_so_wherever_access_is_offered(shop: Shop, signed_in: Client) -> None:
    signed_in.post("/products/petstore/access/", {"plan": shop.partner})
    (application,) = Application.objects.all()

    product = signed_in.get("/products/petstore/").content.decode()
    reference = signed_in.get("/products/petstore/reference/", {"operation": "get-pets"}).content.decode()

    assert "See your request for Partner" in product
    assert "Ask for access to Partner" not in product
    assert f"{application.name} waits for approval of the plan Partner." in reference
    assert "None of your applications has access" not in reference
