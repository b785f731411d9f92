"""Quotas that run out are told once; everything that is shown can be found."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from apps.control_plane import registry
from apps.metering.models import DailyUsage
from apps.portals import tasks
from apps.portals.models import Application, ApplicationMember, WebhookDelivery
from portal.developer.quota_alerts import reached, tell_of_quotas
from tests.portal.developer.people import browser, person
from tests.portal.developer.shops import Shop, make_product


def use(shop: Shop, calls: int) -> None:
    """The application's only key has used so many of 1,000 calls."""
    app = Application.objects.get()
    DailyUsage.objects.update_or_create(
        account_id=app.account_id,
        region=app.region,
        plan_id=shop.free,
        key_id=app.keys.get().api_key.key_id,
        day=datetime.now(UTC).date(),
        defaults={"used": calls},
    )
    tell_of_quotas()
    tasks.send_mail_that_waits()


@pytest.mark.parametrize(("used", "threshold"), [(0, 0), (799, 0), (800, 80), (999, 80), (1000, 100), (5000, 100)])
def test_a_quota_is_told_of_at_80_and_at_100_per_cent(used: int, threshold: int) -> None:
    assert reached(used, 1000) == threshold


def test_the_owner_and_managers_hear_of_a_quota_once_for_each_threshold(shop: Shop, signed_in: Client) -> None:
    signed_in.post("/products/petstore/access/", {"plan": shop.free})
    for role in ("manager", "viewer"):
        user = person(f"{role}@example.com")
        ApplicationMember.objects.create(application=Application.objects.get(), email=user.email, user=user, role=role)
    shop.call("CreateWebhook", url="http://127.0.0.1:1/", events=["quota.reached"])

    for calls in (700, 800, 900, 1000, 1001):
        use(shop, calls)

    subjects = [(one.to[0], one.subject) for one in mail.outbox]
    told = ["My first app has used 80 % of its quota of PetStore", "My first app has used all of its quota of PetStore"]
    assert subjects == [(who, what) for what in told for who in ("ada@example.com", "manager@example.com")]
    assert WebhookDelivery.objects.count() == 2
    assert "Used up" in signed_in.get(f"/apps/{Application.objects.get().application_id}/").content.decode()


def test_a_quota_that_was_made_smaller_is_told_of_too(shop: Shop, signed_in: Client) -> None:
    signed_in.post("/products/petstore/access/", {"plan": shop.free})
    app = Application.objects.get()
    key = app.keys.get().api_key
    registry.call(
        shop.caller,
        "apigateway",
        "UpdateUsage",
        {
            "usagePlanId": shop.free, "keyId": key.key_id,
            "patchOperations": [{"op": "replace", "path": "/remaining", "value": "500"}],
        },
    )  # fmt: skip

    use(shop, 300)
    assert mail.outbox == []
    use(shop, 450)

    assert "80 %" in mail.outbox[0].subject


def test_looking_for_quotas_asks_no_more_for_many_applications_than_for_few(
    shop: Shop, signed_in: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        browser(person(f"dev{number}@example.com")).post("/products/petstore/access/", {"plan": shop.free})
    today = datetime.now(UTC).date()
    keys = [key.api_key.key_id for app in Application.objects.all() for key in app.keys.all()]
    place = {"account_id": shop.caller.account_id, "region": shop.caller.region, "plan_id": shop.free, "day": today}
    DailyUsage.objects.bulk_create([DailyUsage(key_id=key, used=10, **place) for key in keys])
    with django_assert_max_num_queries(3):
        tell_of_quotas()
    DailyUsage.objects.update(used=1000)
    tell_of_quotas()
    tasks.send_mail_that_waits()

    with django_assert_max_num_queries(16):
        tell_of_quotas()

    assert len(mail.outbox) == 12


def found(client: Client, words: str) -> str:
    return client.get("/search/", {"q": words}).content.decode()


def test_products_operations_and_guides_are_found(shop: Shop) -> None:
    shop.call("PutPortalPage", slug="limits", title="About limits", body="Rates of pets.")

    page = found(Client(), "pets")
    assert 'href="/products/petstore/"' in page
    assert "About limits" in page
    assert "?operation=get-pets" in page
    assert "Nothing has" in found(Client(), "zebra")
    assert "Type a few letters" in found(Client(), "")


def test_what_is_not_shown_is_not_found(shop: Shop, signed_in: Client) -> None:
    shop.call("UpdateProduct", productId=shop.product_id, visibility="signed-in")
    shop.call("PutPortalPage", slug="secret", title="Pets in secret", visibility="signed-in")

    assert "/products/petstore/" not in found(Client(), "pets")
    assert "secret" not in found(Client(), "pets")
    assert "Pets in secret" in found(signed_in, "pets")
    assert Client().get("/api/v1/search/?q=pets").json() == {"items": []}


def test_search_text_is_never_markup(shop: Shop) -> None:
    assert "<script>alert" not in found(Client(), "<script>alert(1)</script>")


def test_a_product_has_one_openapi_file_for_all_of_its_apis(shop: Shop) -> None:
    other = make_product(shop.caller, "other", "Other")
    stages = [{"restApiId": one.api_id, "stageName": "prod"} for one in (shop, other)]
    shop.call("UpdateProduct", productId=shop.product_id, stages=stages)
    shop.call("PublishProduct", productId=shop.product_id)

    one = Client().get("/products/other/openapi.json").json()
    both = Client().get("/products/petstore/openapi.json").json()

    assert (one["info"]["title"], set(one["paths"])) == ("Other", {"/pets", "/health"})
    assert len(both["paths"]) == 4
    assert {item["servers"][0]["url"].split("/")[-2] for item in both["paths"].values()} == {shop.api_id, other.api_id}


def test_llms_txt_has_products_guides_and_the_portals_own_api(shop: Shop) -> None:
    shop.call("PutPortalBrand", name="Acme APIs", tagline="Pets.")
    shop.call("PutPortalPage", slug="limits", title="About limits")

    text = Client().get("/llms.txt").content.decode()
    assert text.startswith("# Acme APIs\n")
    assert "/products/petstore/openapi.json" in text
    assert "[About limits](" in text
    assert "/api/v1/openapi.json" in text
