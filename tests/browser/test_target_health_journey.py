"""Targets of a load balancer are seen to be well, and to fall ill."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from portal.supervisor.valkey import free_loopback_port
from tests.browser.test_admin_journey import sign_in
from tests.browser.test_every_page import check_page
from tests.installation import Installation
from tests.stack.backend import CountingBackend

pytestmark = pytest.mark.browser

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/shop/50dc6c495c0c918"


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_health_of_targets_is_live(
    visit: Callable[..., Any], product: Installation, picture: Callable[..., Path], width: int, theme: str
):
    backend = CountingBackend()
    page = visit(width=width, theme=theme).page
    sign_in(page, product)
    page.goto("/console/load-balancers/new/")
    page.get_by_label("ARN").fill(f"{ARN}{width % 10 + 1}")
    page.get_by_label("Targets").fill(f"127.0.0.1:{backend.port} 3\n127.0.0.1:{free_loopback_port()}")
    page.get_by_label("Health check").select_option("path")
    page.get_by_label(re.compile("^Path")).fill("/health")
    page.get_by_label("Every").fill("5")
    page.get_by_role("button", name="Save").click()

    well = page.get_by_role("row", name=re.compile(f":{backend.port}"))
    expect(well).to_contain_text("healthy", timeout=15_000)
    expect(page.get_by_role("main")).to_contain_text("It cannot be reached", timeout=15_000)
    check_page(page, "load balancer")
    picture(page, f"load-balancer-{theme}")

    backend.stop()
    expect(well).to_contain_text("unhealthy", timeout=25_000)
    page.goto("/console/load-balancers/")
    expect(page.get_by_role("row").last).to_contain_text("2 of 2 unhealthy")
    check_page(page, "load balancers")
    picture(page, f"load-balancers-{theme}")
