"""API Gateway's portals in the console: products with pages, what is shown, publishing, previews and the way back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.portals import tasks
from apps.portals.aws_portals import Portal, PortalProduct, PortalPublication, ProductPage, ProductRestEndpointPage
from tests.builders import a_rest_api, a_stage
from tests.portal.console.reading import text

COLORS = {
    "AccentColor": "#0e6c5b", "BackgroundColor": "#ffffff", "HeaderColor": "#ffffff", "NavigationColor": "#ffffff",
    "TextColor": "#111111", "ErrorValidationColor": "#b3261e",
}  # fmt: skip


def url(view: str, *args: str) -> str:
    return reverse(f"console:{view}", args=args)


def call(caller: Caller, operation: str, /, **request: Any) -> Any:
    return registry.call(caller, "apigatewayv2", operation, request)


@pytest.fixture
def product(owner: Client) -> PortalProduct:
    owner.post(url("create_portal_product"), {"name": "Pets", "description": "About pets"})
    return PortalProduct.objects.get()


@pytest.fixture
def api(caller: Caller) -> str:
    made = a_rest_api(caller)
    a_stage(caller, made)
    return made


@pytest.fixture
def portal(owner: Client, product: PortalProduct) -> Portal:
    owner.post(url("create_aws_portal"), {"name": "Zoo", "access": "None", "products": [product.arn], **COLORS})
    return Portal.objects.get()


def publish(owner: Client, portal: Portal, description: str) -> None:
    owner.post(url("publish_aws_portal", portal.portal_id), {"description": description})
    tasks.publish_portal(portal.pk)
    portal.refresh_from_db()


def test_a_product_gets_pages_that_are_drafts_until_they_are_shown(
    owner: Client, product: PortalProduct, caller: Caller, api: str
) -> None:
    place = product.product_id
    owner.post(url("create_portal_product_page", place), {"title": "Welcome", "body": "# Hello"})
    owner.post(url("create_portal_product_page", place), {"title": "Terms", "body": "Be kind."})
    owner.post(
        url("create_portal_endpoint_page", place),
        {"stage": f"{api}:prod", "method": "GET", "path": "/pets", "try_it": "on", "operation_name": "List pets"},
    )
    assert "DisplayOrder" not in call(caller, "GetPortalProduct", PortalProductId=place)

    answer = owner.post(
        url("portal_product", place),
        {
            "form": "order", "page-0": "shown", "page-0-place": "2", "page-1": "overview", "page-1-place": "1",
            "endpoint-0": "Pets", "endpoint-0-place": "1",
        },
    )  # fmt: skip

    assert answer.status_code == 302, text(answer)
    order = call(caller, "GetPortalProduct", PortalProductId=place)["DisplayOrder"]
    welcome, terms = ProductPage.objects.order_by("pk")
    endpoint = ProductRestEndpointPage.objects.get()
    assert order == {
        "OverviewPageArn": terms.arn,
        "ProductPageArns": [welcome.arn],
        "Contents": [{"SectionName": "Pets", "ProductRestEndpointPageArns": [endpoint.arn]}],
    }
    assert (endpoint.operation_name, endpoint.try_it) == ("List pets", True)
    page = text(owner.get(url("portal_product", place)))
    assert "List pets" in page
    assert "Welcome" in page


def test_two_pages_cannot_both_be_shown_first(owner: Client, product: PortalProduct) -> None:
    for title in ("A", "B"):
        owner.post(url("create_portal_product_page", product.product_id), {"title": title, "body": "x"})

    answer = owner.post(
        url("portal_product", product.product_id), {"form": "order", "page-0": "overview", "page-1": "overview"}
    )

    assert answer.status_code == 422
    assert "One page is shown first." in text(answer)


def test_pages_are_changed_and_deleted_and_inherited_words_stay_inherited(
    owner: Client, product: PortalProduct, api: str
) -> None:
    place = product.product_id
    owner.post(url("create_portal_product_page", place), {"title": "Welcome", "body": "# Hello"})
    owner.post(url("create_portal_endpoint_page", place), {"stage": f"{api}:prod", "method": "GET", "path": "/pets"})
    page, endpoint = ProductPage.objects.get(), ProductRestEndpointPage.objects.get()

    owner.post(url("portal_product_page", place, page.page_id), {"title": "Hello", "body": "new"})
    shown = owner.get(url("portal_endpoint_page", place, endpoint.page_id))
    owner.post(url("portal_endpoint_page", place, endpoint.page_id), {"try_it": "on"})

    page.refresh_from_db()
    endpoint.refresh_from_db()
    assert (page.title, page.body) == ("Hello", "new")
    assert shown.context["form"].initial["operation_name"] == ""
    assert (endpoint.operation_name, endpoint.try_it) == ("", True)
    owner.post(url("delete_portal_page", place, page.page_id), {"confirmation": page.page_id})
    owner.post(url("delete_portal_endpoint_page", place, endpoint.page_id), {"confirmation": endpoint.page_id})
    assert [kind.objects.count() for kind in (ProductPage, ProductRestEndpointPage)] == [0, 0]
    owner.post(url("delete_portal_product", place), {"confirmation": place})
    assert not PortalProduct.objects.exists()


def test_a_page_about_a_method_that_is_not_there_says_so(owner: Client, product: PortalProduct, api: str) -> None:
    answer = owner.post(
        url("create_portal_endpoint_page", product.product_id),
        {"stage": f"{api}:prod", "method": "DELETE", "path": "/nothing"},
    )

    assert answer.status_code == 422
    assert "Invalid REST endpoint identifier" in text(answer)


def test_a_sharing_policy_is_put_checked_and_taken_away(owner: Client, product: PortalProduct) -> None:
    place = url("portal_product", product.product_id)
    policy = json.dumps({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Principal": {"AWS": "210987654321"}, "Action": "apigateway:GetPortalProduct",
            "Resource": product.arn,
        }],
    })  # fmt: skip

    assert owner.post(place, {"form": "sharing", "policy": policy}).status_code == 302
    product.refresh_from_db()
    assert json.loads(product.sharing_policy) == json.loads(policy)
    assert owner.post(place, {"form": "sharing", "policy": "{"}).status_code == 422
    assert owner.post(place, {"form": "sharing", "policy": "{}"}).status_code == 422
    assert owner.post(place, {"form": "sharing", "policy": ""}).status_code == 302
    product.refresh_from_db()
    assert product.sharing_policy == ""


def test_a_portal_is_published_and_an_earlier_publication_shown_again_in_one_click(
    owner: Client, portal: Portal
) -> None:
    publish(owner, portal, "opening day")
    owner.post(url("aws_portal", portal.portal_id), {"name": "Bigger zoo", "access": "None", **COLORS})
    publish(owner, portal, "second day")
    first, second = PortalPublication.objects.order_by("pk")
    assert portal.live_id == second.pk
    page = text(owner.get(url("aws_portal", portal.portal_id)))
    assert "opening day" in page
    assert "second day" in page

    owner.post(url("roll_back_aws_portal", portal.portal_id), {"publication": str(first.pk)})

    portal.refresh_from_db()
    assert portal.live_id == first.pk
    assert portal.display_name == "Bigger zoo"


def test_a_preview_is_made_and_its_address_shown(owner: Client, portal: Portal) -> None:
    owner.post(url("preview_aws_portal", portal.portal_id))
    waiting = owner.get(url("aws_portal", portal.portal_id)).content.decode()
    tasks.preview_portal(portal.pk)

    assert "every 1s" in waiting
    shown = owner.get(url("aws_portal", portal.portal_id)).content.decode()
    assert "/portals/preview/" in shown
    assert "every 1s" not in shown


def test_who_comes_by_a_portals_own_name_lands_in_it(owner: Client, portal: Portal, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "zoo.example.com"]
    certificate = f"arn:aws:acm:us-east-1:{portal.account_id}:certificate/x"
    named = {"name": "Zoo", "access": "None", "domain": "zoo.example.com", "certificate": certificate, **COLORS}
    owner.post(url("aws_portal", portal.portal_id), named)
    by_name = {"host": "zoo.example.com:443"}
    assert Client().get("/", headers=by_name).status_code == 200

    publish(owner, portal, "")

    answer = Client().get("/", headers=by_name)
    assert (answer.status_code, answer["Location"]) == (302, f"/portals/{portal.portal_id}/")
    assert Client().get("/").status_code == 200


def test_a_portal_is_disabled_before_it_is_deleted(owner: Client, portal: Portal) -> None:
    publish(owner, portal, "")
    owner.post(url("delete_aws_portal", portal.portal_id), {"confirmation": portal.portal_id})
    assert Portal.objects.exists()

    owner.post(url("disable_aws_portal", portal.portal_id))
    assert "disable-portal" not in text(owner.get(url("aws_portal", portal.portal_id)))
    owner.post(url("delete_aws_portal", portal.portal_id), {"confirmation": portal.portal_id})

    assert not Portal.objects.exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"AccentColor": "red"}, "A colour such as"),
        ({"access": "CognitoConfig"}, "A user pool needs this."),
        ({"domain": "portal.example.com"}, "go together"),
        (
            {
                "access": "CognitoConfig", "client": "x", "pool_domain": "pool.auth.us-east-1.amazoncognito.com",
                "pool": "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Elsewhere",
            },
            "same Region",
        ),
        ({"logo": "ftp://bucket/logo.png"}, "Invalid logo URI"),
        ({"name": ""}, "required"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_portal_stands_in_its_form(
    owner: Client, portal: Portal, change: dict[str, str], told: str
) -> None:
    answer = owner.post(url("aws_portal", portal.portal_id), {"name": "Zoo", "access": "None", **COLORS, **change})

    assert answer.status_code == 422
    assert told in str(answer.context["form"].errors)


def test_viewers_read_and_change_nothing_and_others_find_nothing(
    viewer: Client, portal: Portal, product: PortalProduct, elsewhere: Caller
) -> None:
    for page in (url("aws_portals"), url("portal_products"), url("aws_portal", portal.portal_id)):
        assert viewer.get(page).status_code == 200
    shown = viewer.get(url("portal_product", product.product_id))
    assert (shown.status_code, "Save what is shown" in text(shown)) == (200, False)
    assert viewer.post(url("publish_aws_portal", portal.portal_id)).status_code == 403
    theirs = call(elsewhere, "CreatePortalProduct", DisplayName="Theirs")["PortalProductId"]
    assert viewer.get(url("portal_product", theirs)).status_code == 404


def test_a_product_with_more_pages_than_a_list_holds_keeps_all_that_are_shown(
    owner: Client, product: PortalProduct, caller: Caller
) -> None:
    made = [
        ProductPage(product=product, title=f"Page {number}", body="x", page_id=f"page{number:06}")
        for number in range(130)
    ]
    ProductPage.objects.bulk_create(made)
    posted = {f"page-{number}": "shown" for number in range(130)}

    owner.post(url("portal_product", product.product_id), {"form": "order", **posted})

    order = call(caller, "GetPortalProduct", PortalProductId=product.product_id)["DisplayOrder"]
    assert len(order["ProductPageArns"]) == 130
