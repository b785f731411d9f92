"""A portal of API Gateway's: previewed, published and visited, on a phone and on a desk, in both themes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from playwright.sync_api import expect

from tests.browser.test_every_page import check_page
from tests.builders import COLORS
from tests.installation import Installation, wait_for

pytestmark = pytest.mark.browser

TERMS = "# Terms\n\nBe kind to *every* pet.\n\n| Plan | Pets |\n|---|---|\n| Small | 3 |\n\n> Ask before you adopt.\n"
MAGENTA = {**COLORS, "HeaderColor": "#7a1f5c", "NavigationColor": "#f3e3ee", "AccentColor": "#e055a8"}
Portal = dict[str, str]


@pytest.fixture(scope="module")
def portal(product: Installation) -> Portal:
    """A portal over the demo's API, made as its owner would make it; not published yet."""
    client = boto3.client("apigatewayv2", **product.boto3_arguments())
    rest = boto3.client("apigateway", **product.boto3_arguments())
    api = next(item["id"] for item in rest.get_rest_apis()["items"] if item["name"] == "PetStore")
    made = client.create_portal_product(DisplayName="Adoption", Description="Find a pet and take it home.")
    of_product = {"PortalProductId": made["PortalProductId"]}
    page = client.create_product_page(**of_product, DisplayContent={"Title": "Terms of adoption", "Body": TERMS})
    endpoints = {
        (path, method): client.create_product_rest_endpoint_page(
            **of_product,
            RestEndpointIdentifier={
                "IdentifierParts": {"RestApiId": api, "Stage": "prod", "Path": path, "Method": method}
            },
            TryItState="ENABLED",
        )
        for path, method in (("/health", "GET"), ("/pets", "GET"), ("/pets", "POST"))
    }
    sections = [
        {"SectionName": name, "ProductRestEndpointPageArns": [one["ProductRestEndpointPageArn"] for one in found]}
        for name, found in (("Service", [endpoints["/health", "GET"]]), ("Pets", list(endpoints.values())[1:]))
    ]
    order = {"ProductPageArns": [page["ProductPageArn"]], "Contents": sections}
    client.update_portal_product(**of_product, DisplayOrder=order)
    found = client.create_portal(
        Authorization={"None": {}},
        EndpointConfiguration={"None": {}},
        PortalContent={
            "DisplayName": "Paws & Co.",
            "Description": "APIs of a small pet shop.",
            "Theme": {"CustomColors": MAGENTA},
        },
        IncludedPortalProductArns=[made["PortalProductArn"]],
    )
    return {"id": found["PortalId"], "product": made["PortalProductId"]}


def client_of(product: Installation) -> Any:
    return boto3.client("apigatewayv2", **product.boto3_arguments())


def published(product: Installation, portal: Portal) -> str:
    """The portal's path, once it is published."""
    client = client_of(product)
    if client.get_portal(PortalId=portal["id"])["PublishStatus"] != "PUBLISHED":
        client.publish_portal(PortalId=portal["id"], Description="opening day")
        wait_for(lambda: client.get_portal(PortalId=portal["id"])["PublishStatus"] == "PUBLISHED", 20)
    return f"/portals/{portal['id']}/"


def test_a_portal_is_previewed_then_published_then_visited(
    visit: Callable[..., Any], product: Installation, portal: Portal, picture: Any
):
    client, page = client_of(product), visit().page
    client.preview_portal(PortalId=portal["id"])
    wait_for(lambda: client.get_portal(PortalId=portal["id"])["Preview"]["PreviewStatus"] == "PREVIEW_READY", 20)
    page.goto(client.get_portal(PortalId=portal["id"])["Preview"]["PreviewUrl"])
    expect(page.get_by_text("This is a preview")).to_be_visible()
    check_page(page, "the preview")
    page.get_by_role("link", name="Adoption").click()
    page.get_by_role("link", name="Check that the API answers").first.click()
    expect(page.get_by_role("button", name="Send request")).to_have_count(0)
    answer = page.goto(f"/portals/{portal['id']}/")
    assert answer is not None
    assert answer.status == 404

    page.goto(published(product, portal))
    page.get_by_role("link", name="Adoption").click()
    page.get_by_role("link", name="Check that the API answers").first.click()
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_role("region", name="Try it")).to_contain_text("200 OK")
    check_page(page, "the answer")
    picture(page, "published-portal")


@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")])
def test_every_page_of_a_portal_fits_and_can_be_read(
    visit: Callable[..., Any], product: Installation, portal: Portal, picture: Any, width: int, theme: str
):
    page = visit(width=width, theme=theme).page
    size = "phone" if width == 390 else "desk"
    page.goto(published(product, portal))
    check_page(page, "the portal")
    picture(page, f"portal-home-{size}-{theme}")

    page.get_by_role("link", name="Adoption").click()
    check_page(page, "the product")
    picture(page, f"portal-product-{size}-{theme}")
    page.get_by_role("link", name="Terms of adoption").click()
    check_page(page, "a page")
    picture(page, f"portal-page-{size}-{theme}")
    page.get_by_role("link", name="Add a pet").click()
    check_page(page, "an endpoint")
    picture(page, f"portal-endpoint-{size}-{theme}")
