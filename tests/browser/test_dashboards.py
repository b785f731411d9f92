"""An operator watches traffic come in: live, without anything moving, down to a method and a key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.test_admin_journey import invoke_url, preview_orders, sign_in
from tests.browser.test_every_page import check_page
from tests.installation import Installation
from tests.stack.backend import CountingBackend

pytestmark = pytest.mark.browser

PLACES = """() => [...document.querySelectorAll('#numbers h2, #numbers .chart-plot')].map((one) => Math.round(one.getBoundingClientRect().top + scrollY))"""


@pytest.fixture
def backend() -> Iterator[CountingBackend]:
    backend = CountingBackend()
    yield backend
    backend.stop()


def requests_told(page: Page) -> int:
    return int(page.locator("#numbers .stat-value").first.inner_text().replace(",", ""))


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_traffic_is_watched_as_it_comes_in(
    visit: Callable[..., Any],
    product: Installation,
    picture: Callable[..., Path],
    backend: CountingBackend,
    width: int,
    theme: str,
):
    shown = f"{theme}-{'phone' if width < 500 else 'desk'}"
    page = visit(theme=theme).page
    sign_in(page, product)
    preview_orders(page, backend, f"Watched {shown}")
    page.get_by_role("button", name="Publish").click()
    url = invoke_url(page)
    product.eventually(lambda: requests.get(f"{url}/orders/7", timeout=5), lambda answer: answer.status_code == 200, 5)
    page.set_viewport_size({"width": width, "height": 860})
    page.get_by_role("link", name="Watch its traffic").click()
    for at in range(30):
        requests.get(f"{url}/orders/{at}", timeout=5)
        requests.get(f"{url}/nothing" if at % 5 == 0 else f"{url}/orders", timeout=5)

    # It is live: what was called appears without a reload, and nothing is moved by it.
    product.eventually(lambda: requests_told(page), lambda count: count >= 61, 15)
    page.get_by_text("Numbers of Latency", exact=False).first.click()
    open_table = page.get_by_role("region", name="Latency, numbers", exact=True)
    expect(open_table).to_be_visible()
    before = page.evaluate(PLACES)
    for at in range(20):
        requests.get(f"{url}/orders/{at}", timeout=5)
    product.eventually(lambda: requests_told(page), lambda count: count >= 81, 15)
    expect(open_table).to_be_visible()
    assert page.evaluate(PLACES)[:4] == before[:4]
    page.get_by_text("Numbers of Latency", exact=False).first.click()
    check_page(page, "traffic")
    picture(page, f"dashboard-api-{shown}")
    page.locator(".bar-list").first.scroll_into_view_if_needed()
    picture(page, f"dashboard-lists-{shown}")

    page.get_by_role("link", name="/orders/{orderId}").first.click()
    expect(page.get_by_label("Method", exact=True)).to_have_value("GET /orders/{orderId}")
    check_page(page, "a method's traffic")

    page.goto("/console/dashboard/?period=24h")
    check_page(page, "dashboard")
    picture(page, f"dashboard-account-{shown}")
    page.get_by_role("link", name=f"Watched {shown}").first.click()
    expect(page).to_have_url(re.compile(r"/traffic/\?period=24h"))
    page.goto("/console/")
    expect(page.get_by_role("heading", name="Last 24 hours")).to_be_visible()
    check_page(page, "home")
    picture(page, f"dashboard-home-{shown}")


def test_a_key_s_traffic_is_its_own(visit: Callable[..., Any], product: Installation, picture: Callable[..., Path]):
    page = visit(width=390, theme="dark").page
    sign_in(page, product)
    page.goto("/console/api-keys/new/")
    page.get_by_label("Name", exact=True).fill("a watched partner")
    page.get_by_label(re.compile("Usage plan")).select_option(label="Free")
    page.get_by_role("button", name="Create API key").click()
    value = str(page.get_by_role("button", name="Copy value").get_attribute("data-copy"))
    page.get_by_role("link", name="Traffic", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("YOUR_KEY")
    check_page(page, "a key without traffic")
    command = page.locator(".code-prompt").inner_text()
    url = re.search(r"http://\S+?/_aws/execute-api/\w+/\w+", command)
    assert url is not None

    for _ in range(5):
        product.eventually(
            lambda: requests.get(f"{url.group()}/pets", headers={"x-api-key": value}, timeout=5).status_code,
            lambda status: status == 200,
        )

    product.eventually(
        lambda: page.locator("#numbers .stat-value").count() and requests_told(page), lambda count: count >= 5, 15
    )
    expect(page.get_by_role("heading", name="Busiest stages")).to_be_visible()
    check_page(page, "a key's traffic")
    picture(page, "dashboard-key-dark-phone")
