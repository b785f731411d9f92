"""A stranger becomes a caller: register, subscribe, try, see the usage."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest
import requests
from playwright.sync_api import Page, expect

from tests.installation import Installation

pytestmark = pytest.mark.browser


def demo_path(product: Installation) -> str:
    """Where the gateway answers for the demo's API."""
    client = boto3.client("apigateway", **product.boto3_arguments())
    api = next(api["id"] for api in client.get_rest_apis()["items"] if api["name"] == "PetStore")
    return f"/_aws/execute-api/{api}/prod"


def register(page: Page, email: str) -> None:
    """Get a key for the demo's product with a new account."""
    page.goto("/")
    page.get_by_role("button", name="Get a key for PetStore").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill("a long and quiet walk")
    page.get_by_role("button", name="Create account").click()
    page.get_by_role("link", name="Confirm e-mail address").click()
    expect(page.get_by_role("button", name="Send request")).to_be_visible()


def test_from_the_landing_page_to_the_first_answer_in_four_clicks(visit: Callable[..., Any], picture: Any):
    page = visit().page
    began = time.monotonic()

    page.goto("/")
    page.get_by_role("button", name="Get a key for PetStore").click()  # 1
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Password").fill("a long and quiet walk")
    page.get_by_role("button", name="Create account").click()  # 2
    page.get_by_role("link", name="Confirm e-mail address").click()  # 3
    page.get_by_role("button", name="Send request").click()  # 4
    answer = page.get_by_role("region", name="Try it")
    expect(answer).to_contain_text("200 OK")
    called = time.monotonic()

    expect(answer).to_contain_text("Rex")
    assert called - began < 60
    picture(page, "portal-try-it")

    page.get_by_role("link", name="My apps").click()
    page.get_by_role("link", name="My first app").first.click()
    expect(page.get_by_role("region", name="Products")).to_contain_text("1 of 1,000 calls", timeout=3000)
    expect(page.get_by_role("meter", name="This day")).to_be_visible()
    picture(page, "portal-usage")


def test_a_key_is_rotated_and_both_work_until_the_old_one_ends(visit: Callable[..., Any], product: Installation):
    page = visit().page
    register(page, "grace@example.com")
    page.get_by_role("link", name="My apps").click()
    page.get_by_role("link", name="My first app").first.click()

    page.get_by_role("button", name="Rotate").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Rotate").click()

    reveal = page.get_by_role("link", name=re.compile("Reveal key"))
    expect(reveal).to_have_count(2)
    values = []
    for address in [link.get_attribute("href") for link in reveal.all()]:
        page.goto(str(address))
        values.append(page.locator("tbody code").filter(has_text=re.compile(r"^\s*\w{40}\s*$")).inner_text().strip())
    assert len(set(values)) == 2
    url = f"{product.endpoints['gateway']}{demo_path(product)}/pets"
    for value in values:
        product.eventually(
            lambda value=value: requests.get(url, headers={"x-api-key": value}, timeout=5),
            lambda answer: answer.status_code == 200,
        )


def test_a_product_shows_its_plans_and_its_reference(visit: Callable[..., Any], picture: Any):
    page = visit().page

    page.goto("/products/")
    page.get_by_role("searchbox").fill("pets that look")
    page.get_by_role("link", name="PetStore", exact=True).first.click()

    expect(page.get_by_role("heading", name="PetStore", level=1)).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("1,000")
    picture(page, "portal-product")
    page.get_by_role("link", name="Reference").first.click()
    expect(page.get_by_role("navigation", name="Operations")).to_contain_text("/pets/{petId}")
