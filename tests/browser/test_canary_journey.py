"""A canary that fails is seen to fail, and its guard takes it back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from playwright.sync_api import expect

from tests.browser.test_admin_journey import invoke_url, preview_orders, sign_in
from tests.browser.test_every_page import check_page
from tests.installation import Installation
from tests.stack.backend import CountingBackend

pytestmark = pytest.mark.browser


@pytest.fixture
def backend() -> Iterator[CountingBackend]:
    backend = CountingBackend()
    yield backend
    backend.stop()


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_a_failing_canary_is_compared_live_and_taken_back_by_its_guard(
    visit: Callable[..., Any],
    product: Installation,
    picture: Callable[..., Path],
    backend: CountingBackend,
    width: int,
    theme: str,
):
    page = visit(theme=theme).page
    sign_in(page, product)
    preview_orders(page, backend, f"Canary in {theme}")
    page.get_by_role("button", name="Publish").click()
    url = invoke_url(page)
    product.eventually(lambda: requests.get(f"{url}/orders", timeout=5).status_code, lambda status: status == 200, 5)
    api_id = url.split("/")[-2]
    aws: Any = boto3.client("apigateway", **product.boto3_arguments())
    orders = next(one["id"] for one in aws.get_resources(restApiId=api_id)["items"] if one["path"] == "/orders")
    broken = [{"op": "replace", "path": "/uri", "value": "http://127.0.0.1:9/orders"}]
    aws.update_integration(restApiId=api_id, resourceId=orders, httpMethod="GET", patchOperations=broken)
    broken_deployment = aws.create_deployment(restApiId=api_id, description="broken")["id"]

    page.set_viewport_size({"width": width, "height": 860})
    page.goto(f"/console/apis/{api_id}/stages/prod/canary/")
    page.get_by_label("Deployment").select_option(broken_deployment)
    page.get_by_label("Requests directed to canary, slider").fill("50")
    expect(page.get_by_label("Requests directed to canary", exact=True)).to_have_value("50")
    page.get_by_role("button", name="Release").click()
    expect(page.get_by_text("Too early to tell")).to_be_visible()
    statuses = [requests.get(f"{url}/orders", timeout=5).status_code for _ in range(300)]
    assert set(statuses) == {200, 504}

    expect(page.get_by_text("where the stage never does")).to_be_visible(timeout=15_000)
    check_page(page, "canary")
    picture(page, f"canary-{theme}")

    page.get_by_label(re.compile("Roll back when errors")).fill("5")
    page.get_by_label("After requests").fill("50")
    page.get_by_role("button", name="Guard it").click()
    expect(page.get_by_text("The guard watches the canary.")).to_be_visible()
    product.eventually(
        lambda: "canarySettings" in aws.get_stage(restApiId=api_id, stageName="prod"), lambda on: not on, 20
    )
    page.goto(f"/console/apis/{api_id}/stages/prod/canary/")
    expect(page.get_by_role("region", name="Earlier canaries")).to_contain_text("more than 5 points above")
    check_page(page, "earlier canaries")
    picture(page, f"canary-ended-{theme}")
    product.eventually(
        lambda: {requests.get(f"{url}/orders", timeout=5).status_code for _ in range(10)}, lambda found: found == {200}
    )
