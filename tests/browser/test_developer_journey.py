"""A stranger becomes a caller: register, subscribe, try, see the usage."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

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


class Journey:
    """Counts what somebody does on the way: clicks, screens (whole pages that are shown) and seconds."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks, self.began = page, 0, time.monotonic()
        self.screens: list[str] = []
        page.on("framenavigated", lambda frame: self._arrived(frame.url) if frame == page.main_frame else None)

    def _arrived(self, url: str) -> None:
        path = urlsplit(url).path
        if not self.screens or self.screens[-1] != path:
            self.screens.append(path)

    def click(self, role: Any, name: str | re.Pattern[str]) -> None:
        self.clicks += 1
        self.page.get_by_role(role, name=name).first.click()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def state(self, what: str) -> str:
        """What was counted, in a line for whoever reads the output of the run."""
        line = f"{what}: {self.clicks} clicks, {len(self.screens)} screens, {self.seconds:.1f} s"
        print(line, "|", " → ".join(self.screens))
        return line


def test_from_the_landing_page_to_the_first_answer_in_four_clicks(visit: Callable[..., Any], picture: Any):
    page = visit().page
    journey = Journey(page)

    page.goto("/")
    journey.click("button", "Get a key for PetStore")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Password").fill("a long and quiet walk")
    journey.click("button", "Create account")
    journey.click("link", "Confirm e-mail address")
    expect(page.locator("#samples")).to_contain_text(re.compile(r"x-api-key: \w{40}"))
    journey.click("button", "Send request")
    answer = page.get_by_role("region", name="Try it")
    expect(answer).to_contain_text("200 OK")
    called = time.monotonic()

    told = journey.state("landing page to first 200")
    assert (journey.clicks, len(journey.screens), journey.seconds < 60) == (4, 4, True), told
    expect(answer).to_contain_text("Rex")
    picture(page, "portal-try-it")

    usage = Journey(page)
    usage.click("link", "My apps")
    usage.click("link", "My first app")
    expect(page.get_by_role("region", name="Products")).to_contain_text("1 of 1,000 calls", timeout=3000)
    print(f"call to usage on the page: {time.monotonic() - called:.1f} s, {usage.clicks} clicks")
    expect(page.get_by_role("meter", name="This day")).to_be_visible()
    picture(page, "portal-usage")


def test_a_key_is_rotated_in_one_click_and_both_work_until_the_old_one_ends(
    visit: Callable[..., Any], product: Installation
):
    page = visit().page
    register(page, "grace@example.com")
    page.get_by_role("link", name="My apps").click()
    page.get_by_role("link", name="My first app").first.click()

    rotation = Journey(page)
    rotation.click("button", re.compile("^Rotate key"))

    reveal = page.get_by_role("link", name=re.compile("Reveal key"))
    expect(reveal).to_have_count(2)
    assert rotation.clicks == 1, rotation.state("rotating a key")
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


def test_the_old_key_stops_when_one_chooses_so(visit: Callable[..., Any]):
    page = visit(width=390, theme="dark").page
    register(page, "hopper@example.com")
    page.goto("/apps/")
    page.get_by_role("link", name="My first app").first.click()

    page.get_by_role("button", name=re.compile("Choose how long key")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Stop now").click()
    dialog.get_by_role("button", name="Rotate").click()

    expect(page.get_by_text("Your new key is ready.", exact=True)).to_be_visible()


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
