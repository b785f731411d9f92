"""What the portal shows to whom, and in whose looks."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.accounts.models import Account, Membership, User
from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError
from apps.portals.models import Subscription
from tests.portal.developer.people import browser, person
from tests.portal.developer.shops import Shop, make_product

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
PLACES = (
    "/products/petstore/",
    "/products/petstore/reference/",
    "/api/v1/products/petstore/",
    "/api/v1/products/petstore/openapi.json",
)


def hide(shop: Shop) -> None:
    shop.call("PutAudience", audienceName="partners", entries=["@example.com", "eve@elsewhere.example"])
    shop.call("UpdateProduct", productId=shop.product_id, visibility="audience", audiences=["partners"])


def statuses(client: Client) -> set[int]:
    return {client.get(place).status_code for place in PLACES}


def listed(client: Client) -> list[bool]:
    return [
        "PetStore" in client.get(place).content.decode()
        for place in ("/", "/products/", "/llms.txt", "/api/v1/products/")
    ]


def test_a_product_for_those_who_signed_in_is_not_there_for_strangers(shop: Shop, signed_in: Client) -> None:
    shop.call("UpdateProduct", productId=shop.product_id, visibility="signed-in")

    assert (statuses(Client()), listed(Client())) == ({404}, [False] * 4)
    assert (statuses(signed_in), listed(signed_in)) == ({200}, [True] * 4)


def test_a_product_for_a_domain_is_there_for_those_who_confirmed_an_address_in_it(
    shop: Shop, signed_in: Client
) -> None:
    hide(shop)

    assert statuses(signed_in) == statuses(browser(person("eve@elsewhere.example"))) == {200}
    assert statuses(Client()) == statuses(browser(person("bob@elsewhere.example"))) == {404}


def test_an_address_that_was_not_confirmed_puts_nobody_into_an_audience(shop: Shop, ada: User) -> None:
    hide(shop)
    EmailAddress.objects.filter(user=ada).update(verified=False)

    assert statuses(browser(ada)) == {404}


def test_members_of_the_account_see_what_is_for_others(shop: Shop, caller: Caller) -> None:
    hide(shop)
    staff = person("staff@elsewhere.example")
    Membership.objects.create(user=staff, account_id=caller.account_id, role="viewer")

    assert statuses(browser(staff)) == {200}


def test_nobody_subscribes_to_what_they_are_not_shown(shop: Shop) -> None:
    hide(shop)
    bob = browser(person("bob@elsewhere.example"))

    assert bob.post("/products/petstore/access/").status_code == 404
    assert not Subscription.objects.exists()


def test_guides_and_support_are_there_for_whom_they_are_written(shop: Shop, signed_in: Client) -> None:
    shop.call("PutPortalPage", slug="limits", title="Limits", body="# Rates\n\n<script>alert(1)</script>")
    shop.call("PutPortalPage", slug="support", title="Support", body="Write to us.", visibility="signed-in")
    shop.call("PutPortalPage", slug="home", title="Home", body="Welcome to *Acme*.")
    shop.call("PutPortalPage", slug="draft", title="Draft", published=False)

    page = Client().get("/guides/limits/").content.decode()
    assert "<h2>Rates</h2>" in page
    assert "<script>alert" not in page
    assert "Welcome to <em>Acme</em>." in Client().get("/").content.decode()
    assert [Client().get("/support/").status_code, signed_in.get("/support/").status_code] == [404, 200]
    assert 'href="/support/"' in signed_in.get("/").content.decode()
    assert 'href="/support/"' not in Client().get("/").content.decode()
    assert Client().get("/guides/draft/").status_code == 404


def test_a_portal_without_guides_says_where_to_read_instead(shop: Shop) -> None:
    assert "No guide yet" in Client().get("/guides/").content.decode()


def test_pages_are_in_the_accounts_looks(shop: Shop) -> None:
    shop.call("PutPortalBrand", name="Acme APIs", tagline="Ship it.", brandColor="#1f5fa8")
    shop.call("PutPortalLogo", logo=PNG)

    page = Client().get("/").content.decode()
    assert "<title>Acme APIs</title>" in page
    assert "Ship it." in page
    style = Client().get(f"/brand/{shop.caller.account_id}/style.css")
    assert (style["Content-Type"], b"--brand: light-dark(#1f5fa8, #" in style.content) == (
        "text/css; charset=utf-8",
        True,
    )


def test_by_an_accounts_own_name_its_brand_pages_and_products_are_shown(shop: Shop, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "apis.acme.example"]
    other = Account.objects.create(id="210987654321", name="Acme")
    acme = Caller(account_id=other.id, region="us-east-1", principal=f"arn:aws:iam::{other.id}:user/a", via="seed")
    theirs = make_product(acme, "rockets", "Rockets")
    shop.call("PutPortalBrand", name="Pets Inc")
    theirs.call("PutPortalBrand", name="Acme APIs", domainName="APIs.acme.example")
    shop.call("PutPortalPage", slug="petting", title="Petting", body="x")
    theirs.call("PutPortalPage", slug="launching", title="Launching", body="x")

    here, there = (Client(headers={"host": name}) for name in ("testserver", "apis.acme.example:8443"))

    assert [one.get("/").context["portal_brand"].name for one in (here, there)] == ["Pets Inc", "Acme APIs"]
    assert [item["slug"] for item in there.get("/api/v1/products/").json()["items"]] == ["rockets"]
    assert {item["slug"] for item in here.get("/api/v1/products/").json()["items"]} == {"petstore", "rockets"}
    assert "PetStore" not in there.get("/products/").content.decode()
    assert [item["slug"] for item in there.get("/api/v1/guides/").json()["items"]] == ["launching"]
    llms = there.get("/llms.txt").content.decode()
    assert ("Rockets" in llms, "PetStore" in llms) == (True, False)


def test_a_name_that_leads_elsewhere_is_no_portals_name(shop: Shop) -> None:
    other = Account.objects.create(id="210987654321", name="Acme")
    acme = Caller(account_id=other.id, region="us-east-1", principal=f"arn:aws:iam::{other.id}:user/a", via="seed")
    registry.call(acme, "gatehouse", "PutPortalBrand", {"domainName": "apis.acme.example"})

    for name in ("apis.acme.example", "*.example.com", "127.0.0.1", "no name", "x" * 300):
        with pytest.raises(AwsError):
            shop.call("PutPortalBrand", domainName=name)
    assert shop.call("PutPortalBrand", domainName="")["domainName"] == ""


def test_a_logo_is_served_so_that_it_can_do_nothing(shop: Shop) -> None:
    shop.call("PutPortalLogo", logo=PNG)

    answer = Client().get(f"/brand/{shop.caller.account_id}/logo")

    assert answer.content == PNG
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("place", ["style.css", "logo"])
def test_an_account_without_looks_of_its_own_has_no_files_either(shop: Shop, place: str) -> None:
    shop.call("PutPortalBrand", name="Acme")

    assert Client().get(f"/brand/{shop.caller.account_id}/{place}").status_code == 404
    assert Client().get(f"/brand/000000000000/{place}").status_code == 404


def test_the_console_edits_brand_pages_and_audiences(shop: Shop, caller: Caller, settings: Any) -> None:
    staff = person("staff@example.com")
    Membership.objects.create(user=staff, account_id=caller.account_id, role="owner")
    console = browser(staff)

    refused = console.post("/console/portal/", {"name": "Acme", "color": "#ffee88"})
    assert (refused.status_code, "text needs 4.5:1" in refused.content.decode()) == (422, True)
    assert console.post("/console/portal/", {"name": "Acme", "color": "#1f5fa8"}).status_code == 302
    assert (
        console.post("/console/portal/audiences/", {"name": "partners", "entries": "@partner.example"}).status_code
        == 302
    )
    page = {"slug": "limits", "title": "Limits", "body": "Text", "visibility": "audience", "audiences": "partners"}
    assert console.post("/console/portal/pages/new/", page).status_code == 302
    assert shop.call("GetPortalPage", slug="limits")["audiences"] == ["partners"]
    for place in (
        "",
        "pages/",
        "pages/new/",
        "pages/p/limits/",
        "audiences/?name=partners",
        "preview/?color=%23ffee88",
    ):
        assert console.get(f"/console/portal/{place}").status_code == 200
    preview = console.post("/console/portal/pages/preview/", {"body": "**bold**"}).content.decode()
    assert "<strong>bold</strong>" in preview


def test_a_picture_that_is_too_large_is_told_at_its_field(shop: Shop, caller: Caller) -> None:
    staff = person("staff@example.com")
    Membership.objects.create(user=staff, account_id=caller.account_id, role="owner")
    file = SimpleUploadedFile("logo.png", PNG + bytes(200 * 1024), "image/png")

    answer = browser(staff).post("/console/portal/logo/", {"logo": file})

    assert (answer.status_code, "At most 200 KB" in answer.content.decode()) == (422, True)
