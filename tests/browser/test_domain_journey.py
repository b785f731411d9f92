"""A custom domain name from the first form to a path that leads on, on a phone and on a desk, in both themes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from playwright.sync_api import Page, expect

from tests.browser.test_admin_journey import sign_in
from tests.browser.test_every_page import check_page
from tests.installation import Installation

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("GATEHOUSE_TEST_DOMAIN_PICTURES", "")


def look(page: Page, name: str) -> None:
    """The page is as every page has to be; a picture of it is taken where somebody asks for them."""
    check_page(page, page.url)
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1280, "light"), (390, "light"), (1280, "dark")])
def test_a_name_is_made_mapped_ruled_and_closed(
    visit: Callable[..., Any], product: Installation, width: int, theme: str
) -> None:
    page = visit(width=width, theme=theme).page
    name = f"{theme}{width}.example.com"
    sign_in(page, product)

    page.goto("/console/domain-names/new/")
    look(page, f"new-{width}-{theme}")
    page.get_by_label("Domain name").fill(name)
    page.get_by_role("button", name="Create domain name").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()

    page.get_by_label(re.compile(r"^Path")).fill("v1/pets")
    page.get_by_role("button", name="Add new mapping").click()
    expect(page.get_by_role("region", name="API mappings")).to_contain_text("/v1/pets")

    page.get_by_label("Headers").fill("x-version = beta*")
    page.get_by_role("button", name="Add routing rule").click()
    page.get_by_label("Base path").first.fill("v2")
    page.get_by_role("button", name="Add routing rule").click()
    expect(page.get_by_role("region", name="Routing rules")).to_contain_text("x-version: beta*")
    page.get_by_role("button", name="Move rule 200 up").click()
    expect(page.get_by_role("spinbutton", name="Priority of rule 50")).to_have_value("50")

    page.goto("/console/certificates/trust/")
    page.get_by_label("Address").fill(f"s3://clients/{name}.pem")
    page.get_by_label("Certificates", exact=True).fill(trustme.CA().cert_pem.bytes().decode())
    look(page, f"trust-{width}-{theme}")
    page.get_by_role("button", name="Keep trust store").click()
    look(page, f"certificates-{width}-{theme}")
    page.goto(f"/console/domain-names/of/{name}/")
    page.get_by_label("Trust store").select_option(f"s3://clients/{name}.pem")
    page.get_by_role("button", name="Save mutual TLS").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    look(page, f"domain-{width}-{theme}")

    page.goto("/console/domain-names/")
    expect(page.get_by_role("row", name=name)).to_contain_text("Mutual TLS")
    look(page, f"list-{width}-{theme}")
