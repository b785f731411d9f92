"""An operator publishes an API, changes it, takes the change back and hands out a key."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.installation import Installation
from tests.stack.backend import CountingBackend

pytestmark = pytest.mark.browser


@pytest.fixture
def backend() -> Iterator[CountingBackend]:
    backend = CountingBackend()
    yield backend
    backend.stop()


def sign_in(page: Page, product: Installation) -> None:
    page.goto("/console/")
    page.get_by_label("E-mail or user name").fill(product.endpoints["admin_username"])
    page.get_by_label("Password").fill(product.endpoints["admin_password"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="APIs", level=1)).to_be_visible()


def preview_orders(page: Page, backend: CountingBackend, name: str) -> None:
    """Go as far as the preview of the orders API, under a name."""
    text = Path(__file__).with_name("orders.yaml").read_text().replace("BACKEND", f"127.0.0.1:{backend.port}")
    page.get_by_role("link", name="Import OpenAPI").click()
    page.get_by_label("OpenAPI definition").fill(text)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("table")).to_contain_text("/orders/{orderId}")
    page.get_by_label("API name").fill(name)


def shown(page: Page, pattern: str) -> str:
    """The first thing on the page that looks like this; fails the test when there is none."""
    expect(page.get_by_role("main")).to_contain_text(re.compile(pattern))
    found = re.search(pattern, page.get_by_role("main").inner_text())
    assert found is not None
    return found.group()


def invoke_url(page: Page) -> str:
    return shown(page, r"http://\S+/_aws/execute-api/\w+/prod")


def test_from_a_document_to_a_live_api_in_three_screens(
    visit: Callable[..., Any], product: Installation, picture: Any, backend: CountingBackend
):
    page = visit().page
    sign_in(page, product)
    began = time.monotonic()

    preview_orders(page, backend, "Orders")
    picture(page, "console-import-preview")
    page.get_by_label("Offer it in the developer portal").check()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", name="It is live")).to_be_visible()
    assert time.monotonic() - began < 120
    picture(page, "console-live")

    url = invoke_url(page)
    answer = product.eventually(
        lambda: requests.get(f"{url}/orders/7?state=open", timeout=5), lambda answer: answer.status_code == 200, 2
    )
    assert answer.json() == {"method": "GET", "path": "/orders/7?state=open"}

    page.get_by_role("link", name="See its resources").click()
    page.get_by_role("navigation", name="Resource tree").get_by_role("link", name=re.compile("GET")).last.click()
    expect(page.get_by_role("heading", name="Integration request")).to_be_visible()
    picture(page, "console-method")


def test_a_change_is_seen_before_it_is_deployed_and_taken_back_with_one_click(
    visit: Callable[..., Any], product: Installation, backend: CountingBackend, picture: Any
):
    page = visit().page
    sign_in(page, product)
    preview_orders(page, backend, "Orders to change")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", name="It is live")).to_be_visible()
    url = invoke_url(page)
    product.eventually(lambda: requests.get(f"{url}/orders", timeout=5).status_code, lambda status: status == 200)

    page.get_by_role("link", name="See its resources").click()
    page.get_by_role("navigation", name="Resource tree").get_by_role("link", name=re.compile("GET")).first.click()
    page.get_by_role("link", name="Edit method request").click()
    page.get_by_label("API key required").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("navigation", name="Main").get_by_role("link", name=re.compile("Changes")).click()
    expect(page.get_by_role("main")).to_contain_text(re.compile("breaking", re.IGNORECASE))
    picture(page, "console-changes")

    page.get_by_role("button", name="Deploy", exact=True).first.click()
    page.get_by_role("dialog").get_by_role("button", name="Deploy").click()
    product.eventually(lambda: requests.get(f"{url}/orders", timeout=5).status_code, lambda status: status == 403)

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Deployments").click()
    page.get_by_role("button", name=re.compile("Roll prod back")).first.click()
    product.eventually(lambda: requests.get(f"{url}/orders", timeout=5).status_code, lambda status: status == 200)


def test_a_key_made_in_the_console_opens_the_demo(visit: Callable[..., Any], product: Installation):
    page = visit().page
    sign_in(page, product)
    page.get_by_role("link", name="API keys").click()
    page.get_by_role("link", name="Create API key").first.click()
    page.get_by_label("Name", exact=True).fill("a partner")
    page.get_by_label(re.compile("Usage plan")).select_option(label="Free")
    page.get_by_role("button", name="Create API key").click()

    value = str(page.get_by_role("button", name="Copy value").get_attribute("data-copy"))
    page.get_by_role("link", name="APIs", exact=True).click()
    page.get_by_role("row", name=re.compile("PetStore")).get_by_role("link", name="prod").click()
    url = invoke_url(page)
    product.eventually(
        lambda: requests.get(f"{url}/pets", headers={"x-api-key": value}, timeout=5).status_code,
        lambda status: status == 200,
    )


def test_a_document_with_faults_is_explained_where_they_are_and_nothing_is_lost(
    visit: Callable[..., Any], product: Installation
):
    page = visit().page
    sign_in(page, product)
    page.get_by_role("link", name="Import OpenAPI").click()
    page.get_by_label("OpenAPI definition").fill("openapi: 3.0.1\ninfo:\n  title: [unclosed\n")
    page.get_by_role("button", name="Preview").click()

    note = page.get_by_role("region", name="Notes in the definition")
    expect(note).to_contain_text("[unclosed")
    expect(note).to_contain_text(re.compile(r"line \d+, column \d+"))
    expect(page.get_by_label("OpenAPI definition")).to_have_value(re.compile("unclosed"))
