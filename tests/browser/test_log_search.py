"""An operator searches the files of a stage's logs and watches them grow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from playwright.sync_api import expect

from portal.console.stage_forms import ACCESS_LOG_PRESETS
from tests.browser.test_admin_journey import sign_in
from tests.browser.test_every_page import check_page
from tests.installation import Installation

pytestmark = pytest.mark.browser


def switch_on(product: Installation) -> str:
    """Have the demo's stage write both logs; the URL that it answers at."""
    client = boto3.client("apigateway", **product.boto3_arguments())
    api_id = next(item["id"] for item in client.get_rest_apis()["items"] if "Pet" in item["name"])
    stage_name = client.get_stages(restApiId=api_id)["item"][0]["stageName"]
    operations = [
        {
            "op": "replace",
            "path": "/accessLogSettings/format",
            "value": ACCESS_LOG_PRESETS["JSON with latencies and errors"],
        },
        {"op": "replace", "path": "/*/*/logging/loglevel", "value": "INFO"},
    ]
    client.update_stage(restApiId=api_id, stageName=stage_name, patchOperations=operations)
    return f"{product.endpoints['gateway']}/_aws/execute-api/{api_id}/{stage_name}"


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_logs_are_searched_and_watched(
    visit: Callable[..., Any], product: Installation, picture: Callable[..., Path], width: int, theme: str
):
    url = switch_on(product)
    files = product.data / "log" / "access"

    def called() -> bool:
        requests.get(f"{url}/pets", timeout=5)
        requests.get(f"{url}/nowhere-{theme}", timeout=5)
        return any(theme in path.read_text() for path in files.glob("*/*.log"))

    product.eventually(called, bool, 10)
    page = visit(width=width, theme=theme).page
    sign_in(page, product)

    page.goto("/console/logs/")
    page.get_by_role("navigation", name="Logs").get_by_role("link", name="Log files").click()
    check_page(page, "log files")
    picture(page, f"console-log-files-{theme}")
    page.get_by_role("link", name="Access log of").first.click()
    lines = page.get_by_role("list", name="Lines, newest first")
    expect(lines).to_contain_text(f"nowhere-{theme}")
    check_page(page, "lines of a log")
    picture(page, f"console-log-lines-{theme}")

    # It is live: a line appears that was written after the page.
    requests.get(f"{url}/later-{theme}", timeout=5)
    expect(lines).to_contain_text(f"later-{theme}")

    page.get_by_label("Status", exact=True).select_option("4xx")
    page.get_by_text("More filters").click()
    page.get_by_label("Path").fill(f"later-{theme}")
    page.get_by_role("button", name="Search").click()
    expect(lines.get_by_role("listitem")).to_have_count(1)
    check_page(page, "a search")
    picture(page, f"console-log-search-{theme}")
    lines.get_by_role("link").click()
    expect(page.get_by_role("heading", name="What decided")).to_be_visible()
    page.get_by_role("link", name="Search the log").click()
    expect(page.get_by_role("heading", name="Execution log")).to_be_visible()
    check_page(page, "an execution log")
    picture(page, f"console-log-execution-{theme}")
