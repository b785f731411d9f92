"""An operator sees a call arrive in the logs, asks why it was refused, and follows a trace."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.test_admin_journey import invoke_url, preview_orders, sign_in
from tests.browser.test_every_page import check_page
from tests.installation import Installation
from tests.stack.backend import CountingBackend

pytestmark = pytest.mark.browser

ROOT = "1-5759e988-bd862e3fe1be46a994272793"


@pytest.fixture
def backend() -> Iterator[CountingBackend]:
    backend = CountingBackend()
    yield backend
    backend.stop()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_refusal_is_explained_from_the_logs(
    visit: Callable[..., Any],
    product: Installation,
    picture: Callable[..., Path],
    backend: CountingBackend,
    theme: str,
):
    page = visit(theme=theme).page
    sign_in(page, product)
    preview_orders(page, backend, f"Orders in {theme}")
    page.get_by_role("button", name="Publish").click()
    url = invoke_url(page)
    product.eventually(lambda: requests.get(f"{url}/orders/7", timeout=5), lambda answer: answer.status_code == 200, 2)

    # The stage is told to log and to trace.
    page.get_by_role("link", name=re.compile("stage", re.IGNORECASE)).first.click()
    if page.get_by_label("CloudWatch logs").count() == 0:
        page.get_by_role("link", name="prod", exact=True).first.click()
    page.get_by_label("CloudWatch logs").select_option("INFO")
    page.get_by_label("Data tracing").check()
    page.get_by_label("X-Ray tracing").check()
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_text("act now")).to_be_visible()
    header = {"X-Amzn-Trace-Id": f"Root={ROOT};Sampled=1"}
    product.eventually(
        lambda: requests.get(f"{url}/orders/7", headers=header, timeout=5),
        lambda answer: (
            "Sampled=1" in answer.headers.get("x-amzn-trace-id", "") and "Parent" in answer.headers["x-amzn-trace-id"]
        ),
        5,
    )
    refused = requests.get(f"{url}/nothing", timeout=5)
    assert refused.status_code == 403

    # The list is live: what was called appears without a reload.
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Logs", exact=True).click()
    row = page.get_by_role("row").filter(has_text=refused.headers["x-amzn-requestid"])
    expect(row).to_contain_text("Find the method")
    check_page(page, "logs")
    picture(page, f"console-logs-{theme}")
    row.get_by_role("link").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What decided")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("has no method for GET")
    picture(page, f"console-refusal-{theme}")

    page.goto("/console/logs/")
    page.get_by_role("row").filter(has_text="/orders/7").filter(has_text="200").first.get_by_role("link").click()
    expect(page.get_by_role("main")).to_contain_text("Method completed with status: 200")
    check_page(page, "story")
    picture(page, f"console-story-{theme}")
    page.get_by_role("link", name="Trace").click()
    expect(page.get_by_role("heading", name="Requests of the trace")).to_be_visible()
    check_page(page, "trace")
    picture(page, f"console-trace-{theme}")
