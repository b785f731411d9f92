"""An operator makes one of API Gateway's portals in the console, previews, publishes, changes and rolls it back."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from playwright.sync_api import expect

from tests.browser.test_admin_journey import sign_in
from tests.browser.test_every_page import check_page
from tests.installation import Installation

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1280, "light")])
def test_a_portal_is_made_previewed_published_and_put_back(
    visit: Callable[..., Any], product: Installation, picture: Any, width: int, theme: str
) -> None:
    page = visit(width=width, theme=theme).page
    sign_in(page, product)
    page.goto("/console/portals/")
    check_page(page, "the list of portals")
    page.goto("/console/portals/products/new/")
    page.get_by_label("Name").fill(f"Pets {width}")
    check_page(page, "a new portal product")
    page.get_by_role("button", name="Create product").click()
    page.get_by_role("link", name="Page", exact=True).click()
    page.get_by_label("Title").fill("Welcome")
    page.get_by_label("Text").fill("# Hello\n\nThis is the zoo.")
    page.get_by_role("button", name="Create page").click()
    page.get_by_role("link", name="Endpoint page").click()
    page.get_by_label("Stage").select_option(label="PetStore · prod")
    page.get_by_label("Path").fill("/pets")
    page.get_by_label("Visitors may try it").check()
    check_page(page, "a new endpoint page")
    page.get_by_role("button", name="Create page").click()
    page.get_by_label("Welcome", exact=True).select_option(label="Shown first")
    page.get_by_label(re.compile("Section of")).fill("Pets")
    page.get_by_role("button", name="Save what is shown").click()
    expect(page.get_by_text("Saved. Visitors see it")).to_be_visible()
    check_page(page, "a portal product")
    picture(page, f"console-portal-product-{theme}")
    page.get_by_role("link", name="Welcome").click()
    check_page(page, "a page of a portal product")

    page.goto("/console/portals/new/")
    page.get_by_label("Name", exact=True).fill(f"Zoo {width}")
    page.get_by_label(f"Pets {width}").check()
    check_page(page, "a new portal")
    page.get_by_role("button", name="Create portal").click()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("link", name="Open the preview")).to_be_visible(timeout=30_000)
    for note in ("opening day", "second day"):
        page.get_by_role("button", name="Publish", exact=True).click()
        page.get_by_label("What changed").fill(note)
        page.get_by_role("button", name="Publish now").click()
        expect(page.get_by_role("region", name="Publications").last).to_contain_text(note, timeout=30_000)
    check_page(page, "a portal")
    picture(page, f"console-portal-{theme}")
    page.get_by_role("button", name=re.compile("Show the publication of")).click()
    expect(page.get_by_text("Visitors see that publication now.")).to_be_visible()
    address = str(page.locator("#portal-state dd a").first.get_attribute("href"))
    page.goto(address)
    expect(page.get_by_role("heading", name=f"Zoo {width}", level=1)).to_be_visible()

    page.go_back()
    page.get_by_role("button", name="Disable").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(page.get_by_text("The portal is off the web.")).to_be_visible()
    answer = page.request.get(address)
    assert answer.status == 404
    client = boto3.client("apigatewayv2", **product.boto3_arguments())
    (portal,) = [one for one in client.list_portals()["Items"] if one["PortalContent"]["DisplayName"] == f"Zoo {width}"]
    assert portal["PublishStatus"] == "DISABLED"
