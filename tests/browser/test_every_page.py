"""Every page that a link leads to: it answers, fits a phone, is accessible, and has no error in either theme."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import axe_playwright_python
import boto3
import pytest
from botocore import xform_name
from playwright.sync_api import Page

from tests.browser.test_admin_journey import sign_in
from tests.browser.test_developer_journey import register
from tests.furnishing import Shape, furnish
from tests.installation import Installation
from tests.pages import NOT_OURS, shape

pytestmark = pytest.mark.browser

MOST_PAGES = 300
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
# WCAG 2.2 to level AA, and what axe recommends besides.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def crawl(page: Page, base: str, start: str) -> list[str]:
    """Follow the links of pages of each kind once; fails on a page that does not answer or is too wide for its window."""
    waiting, seen = [urljoin(base, start)], {shape(start)}
    visited: list[str] = []
    while waiting and len(visited) < MOST_PAGES:
        address = waiting.pop(0)
        response = page.goto(address)
        assert response is not None
        assert response.status == 200, f"{address}: {response.status}"
        check_page(page, address)
        visited.append(address)
        for link in page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)"):
            if link.startswith(base) and not NOT_OURS.search(urlsplit(link).path) and shape(link) not in seen:
                seen.add(shape(link))
                waiting.append(link.split("#")[0])
    assert not waiting, f"more than {MOST_PAGES} kinds of pages"
    return visited


def check_page(page: Page, address: str) -> None:
    assert page.title(), f"{address} has no title"
    assert page.locator("h1").count() == 1, f"{address} has {page.locator('h1').count()} main headings"
    excess = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert excess <= 0, f"{address} is {excess} pixels too wide"
    assert accessibility_faults(page) == [], address


def accessibility_faults(page: Page) -> list[str]:
    """What axe finds on a page as it is now: the rule, and the first place that breaks it."""
    page.evaluate(AXE)
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then(result => result.violations)",
        RULES,
    )
    return [
        f"{fault['id']}: {fault['nodes'][0]['html'][:200]} {fault['nodes'][0]['failureSummary'][:300]}"
        for fault in found
    ]


@pytest.fixture(scope="module")
def furnished(product: Installation) -> Installation:
    clients: dict[str, Any] = {}

    def perform(service: str, operation: str, request: Shape) -> Shape:
        client = clients.setdefault(service, boto3.client(service, **product.boto3_arguments()))
        answer: Shape = getattr(client, xform_name(operation))(**request)
        return answer

    apis = perform("apigateway", "GetRestApis", {})["items"]
    furnish(perform, next(api["id"] for api in apis if api["name"] == "PetStore"))
    return product


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1280, "light")])
def test_the_console_on_a_phone_and_on_a_desk(
    visit: Callable[..., Any], furnished: Installation, width: int, theme: str
):
    product = furnished
    page = visit(width=width, theme=theme).page
    sign_in(page, product)

    assert len(crawl(page, product.endpoints["control"], "/console/")) > 100


@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (1280, "dark")])
def test_the_developer_portal_on_a_phone_and_on_a_desk(
    visit: Callable[..., Any], product: Installation, width: int, theme: str
):
    page = visit(width=width, theme=theme).page
    register(page, f"{theme}{width}@example.com")

    assert len(crawl(page, product.endpoints["control"], "/")) > 6
