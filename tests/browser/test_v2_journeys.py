"""An operator makes an HTTP API and a WebSocket API in the console, and uses them there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.test_admin_journey import sign_in
from tests.browser.test_every_page import check_page
from tests.installation import Installation
from tests.stack.backend import CountingBackend

pytestmark = pytest.mark.browser


@pytest.fixture
def backend() -> Iterator[CountingBackend]:
    backend = CountingBackend()
    yield backend
    backend.stop()


@pytest.fixture
def v2(product: Installation) -> Any:
    return boto3.client("apigatewayv2", **product.boto3_arguments())


def new_api(page: Page, kind: str) -> None:
    page.goto("/console/")
    page.locator("summary", has_text="Create API").click()
    page.get_by_role("link", name=re.compile(kind)).click()


def tab(page: Page, api: str, name: str) -> None:
    """Go to one of the pages of an API by the side navigation."""
    pages = page.locator(".nav-of-api").filter(has_text=f"API: {api}")
    pages.get_by_role("link", name=re.compile(f"^{name}")).click()


def a_mock(v2: Any, api: str, answer: str) -> str:
    """A mock integration that answers with a text; its id."""
    templates = {"TemplateSelectionExpression": "\\$default"}
    made = v2.create_integration(
        ApiId=api, IntegrationType="MOCK", RequestTemplates={"$default": '{"statusCode": 200}'}, **templates
    )["IntegrationId"]
    v2.create_integration_response(
        ApiId=api,
        IntegrationId=made,
        IntegrationResponseKey="$default",
        ResponseTemplates={"$default": answer},
        **templates,
    )
    return str(made)


def test_an_http_api_is_made_called_changed_and_pointed_back(
    visit: Callable[..., Any], product: Installation, backend: CountingBackend, v2: Any
) -> None:
    page = visit().page
    sign_in(page, product)
    new_api(page, "HTTP API")
    page.get_by_label("Name").fill("Storefront")
    page.get_by_label("Where calls go").fill(f"http://127.0.0.1:{backend.port}")
    page.get_by_role("button", name="Create API").click()
    expect(page.get_by_role("heading", name="Where it answers")).to_be_visible()
    api = page.url.rstrip("/").rpartition("/")[2]
    url = f"{product.endpoints['gateway']}/_aws/execute-api/{api}"
    product.eventually(lambda: requests.get(f"{url}/orders/7", timeout=5).status_code, lambda status: status == 200)

    tab(page, "Storefront", "Test")
    page.get_by_label("Path").fill("/orders/7?state=open")
    page.get_by_role("button", name="Send").click()
    answer = page.locator("#test-answer")
    expect(answer).to_contain_text("200 OK")
    expect(answer).to_contain_text("/orders/7?state=open")
    expect(answer).to_contain_text("Request id")
    check_page(page, "the answer of a test call")

    tab(page, "Storefront", "Routes")
    page.get_by_role("link", name="Create route").click()
    page.get_by_label("Path").fill("/closed")
    page.get_by_label("Integration", exact=False).first.select_option(index=1)
    page.get_by_label("Authorization", exact=True).select_option("AWS_IAM")
    page.get_by_role("button", name="Create route").click()
    expect(page.get_by_role("heading", name="GET /closed")).to_be_visible()
    product.eventually(lambda: requests.get(f"{url}/closed", timeout=5).status_code, lambda status: status == 403)

    tab(page, "Storefront", "CORS")
    page.get_by_label("Access-Control-Allow-Origin").fill("https://shop.example.com")
    page.get_by_role("button", name="Save CORS").click()
    headers = {"origin": "https://shop.example.com"}
    product.eventually(
        lambda: requests.get(f"{url}/orders", headers=headers, timeout=5).headers.get("access-control-allow-origin"),
        lambda allowed: allowed == "https://shop.example.com",
    )

    tab(page, "Storefront", "API settings")
    page.get_by_role("button", name="Delete API").click()
    page.get_by_label("Type Storefront to confirm").fill("Storefront")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("Storefront is gone")).to_be_visible()
    assert api not in {one["ApiId"] for one in v2.get_apis()["Items"]}


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1280, "light")])
def test_a_websocket_api_is_made_and_spoken_with_from_the_browser(
    visit: Callable[..., Any], product: Installation, v2: Any, width: int, theme: str
) -> None:
    page = visit(width=width, theme=theme).page
    sign_in(page, product)
    new_api(page, "WebSocket API")
    page.get_by_label("Name").fill("Chat")
    page.get_by_role("button", name="Create API").click()
    expect(page.get_by_text("No route yet")).to_be_visible()
    api = page.url.rstrip("/").rpartition("/")[2]
    mock = a_mock(v2, api, '{"pong": true}')

    for key in ("$connect", "ping"):
        page.goto(f"/console/v2/{api}/routes/new/?key={key}")
        page.get_by_label("Integration", exact=False).first.select_option(mock)
        if key == "ping":
            page.get_by_label("Two-way communication").check()
        page.get_by_role("button", name="Create route").click()
        expect(page.get_by_text("The route is saved.")).to_be_visible()

    page.goto(f"/console/v2/{api}/client/")
    log = page.get_by_role("log")
    connect(page)
    page.get_by_label("Text", exact=True).fill('{"action": "ping"}')
    page.get_by_role("button", name="Send").click()
    expect(log).to_contain_text("→ sent")
    expect(log).to_contain_text('"pong": true')
    check_page(page, "the live client")
    page.get_by_role("button", name="Disconnect").click()
    expect(log).to_contain_text("closed with 1000")
    expect(page.get_by_role("button", name="Connect", exact=True)).to_be_enabled()
    v2.delete_api(ApiId=api)


def connect(page: Page) -> None:
    """Connect, again while the stage has not reached the gateway yet."""
    state = page.locator("[data-client-state]")
    button = page.get_by_role("button", name="Connect", exact=True)
    for _ in range(10):
        button.click()
        expect(state).to_have_text(re.compile("^connected|not connected"), timeout=5_000)
        if state.inner_text() == "connected":
            return
    raise AssertionError(page.get_by_role("log").inner_text())


def test_a_handshake_that_is_refused_says_so_and_leaves_the_client_ready(
    visit: Callable[..., Any], product: Installation, v2: Any
) -> None:
    api = v2.create_api(Name="Locked", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")
    api_id = api["ApiId"]
    v2.create_route(ApiId=api_id, RouteKey="$connect", AuthorizationType="AWS_IAM")
    v2.create_stage(ApiId=api_id, StageName="prod", AutoDeploy=True)
    page = visit().page
    sign_in(page, product)
    page.goto(f"/console/v2/{api_id}/client/")

    page.get_by_role("button", name="Connect", exact=True).click()

    expect(page.get_by_role("log")).to_contain_text("refused with 403")
    expect(page.get_by_role("button", name="Connect", exact=True)).to_be_enabled()
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    v2.delete_api(ApiId=api_id)
