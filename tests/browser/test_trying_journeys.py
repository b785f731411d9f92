"""Trying what streams, talking to a WebSocket API that stays open, and an agent that calls a product's tools, on the running product."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.test_admin_journey import sign_in
from tests.browser.test_developer_journey import register
from tests.browser.test_every_page import check_page
from tests.browser.test_v2_journeys import a_mock, connect
from tests.installation import Installation

pytestmark = pytest.mark.browser


class Ticker:
    """A back end that says `data: 1`, and the rest when it is told to; `gone` tells that its caller has left."""

    def __init__(self) -> None:
        self.more, self.gone = threading.Event(), threading.Event()
        ticker = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                try:
                    self.say("data: first\n\n")
                    while not ticker.more.wait(0.2):
                        self.say(": still here\n\n")
                    self.say("data: last\n\n")
                    self.wfile.write(b"0\r\n\r\n")
                except OSError:
                    ticker.gone.set()
                    self.close_connection = True

            def say(self, text: str) -> None:
                self.wfile.write(f"{len(text):x}\r\n{text}\r\n".encode())

            def log_message(self, format: str, *args: object) -> None:
                """A test's back end has nothing to tell."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.more.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


@pytest.fixture
def ticker() -> Iterator[Ticker]:
    made = Ticker()
    yield made
    made.stop()


def offer(page: Page, name: str, *stages: str) -> None:
    """Make a product of stages in the console, with tools for agents, and publish it."""
    page.goto("/console/products/new/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Address").fill(name.lower())
    for stage in stages:
        page.get_by_label(stage, exact=False).check()
    page.get_by_role("group", name="Usage plans", exact=True).get_by_role("checkbox").first.check()
    page.get_by_role("switch", name="Tools for agents (MCP)").check()
    page.get_by_role("button", name="Create product").click()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("The product is in the portal.")).to_be_visible()


def reference(page: Page, product: Installation, address: str) -> None:
    """Open a reference, once it is rendered."""
    product.eventually(
        lambda: page.goto(address) and page.get_by_role("heading", name="Try it").count(), lambda found: found == 1, 40
    )


def test_an_answer_that_streams_is_shown_as_it_comes_and_stopped_by_a_button(
    visit: Callable[..., Any], product: Installation, ticker: Ticker, picture: Any
) -> None:
    rest = boto3.client("apigateway", **product.boto3_arguments())
    api = rest.create_rest_api(name="Ticker")
    at = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    rest.put_method(**at, authorizationType="NONE")
    rest.put_integration(
        **at,
        type="HTTP_PROXY",
        integrationHttpMethod="GET",
        uri=f"http://127.0.0.1:{ticker.port}/",
        responseTransferMode="STREAM",
    )
    rest.create_deployment(restApiId=api["id"], stageName="prod")
    url = f"{product.endpoints['gateway']}/_aws/execute-api/{api['id']}/prod/"
    console = visit().page
    sign_in(console, product)
    offer(console, "Ticks", "Ticker · prod")
    page = visit(width=390, theme="dark").page
    reference(page, product, "/products/ticks/reference/")
    product.eventually(lambda: requests.get(url, stream=True, timeout=5).status_code, lambda status: status == 200)
    ticker.gone.clear()

    page.get_by_role("button", name="Send request").click()
    answer = page.locator("#answer")
    expect(answer).to_contain_text("data: first")
    expect(answer).to_contain_text("200 OK")
    expect(answer).not_to_contain_text("data: last")
    check_page(page, "an answer on its way")
    picture(page, "portal-streaming")
    page.get_by_role("button", name="Stop").click()
    expect(answer).to_contain_text("You stopped it here.")
    assert ticker.gone.wait(5)

    page.get_by_role("button", name="Send request").click()
    expect(answer).to_contain_text("data: first")
    ticker.more.set()
    expect(answer).to_contain_text("data: last")
    expect(answer.get_by_role("tab", name=re.compile("Headers"))).to_be_visible()
    rest.delete_rest_api(restApiId=api["id"])


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1280, "light")])
def test_a_websocket_api_is_talked_to_for_as_long_as_one_likes(
    visit: Callable[..., Any], product: Installation, picture: Any, width: int, theme: str
) -> None:
    v2 = boto3.client("apigatewayv2", **product.boto3_arguments())
    name = f"Room{width}"
    api = v2.create_api(Name=name, ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")["ApiId"]
    mock = a_mock(v2, api, '{"pong": true}')
    v2.create_route(ApiId=api, RouteKey="$connect", Target=f"integrations/{mock}", ApiKeyRequired=True)
    route = v2.create_route(
        ApiId=api, RouteKey="ping", Target=f"integrations/{mock}", RouteResponseSelectionExpression="$default"
    )
    v2.create_route_response(ApiId=api, RouteId=route["RouteId"], RouteResponseKey="$default")
    v2.create_stage(ApiId=api, StageName="prod", AutoDeploy=True)
    console = visit().page
    sign_in(console, product)
    offer(console, name, f"{name} · prod")
    page = visit(width=width, theme=theme).page
    register(page, f"talker{width}@example.com")
    reference(page, product, f"/products/{name.lower()}/reference/")
    page.get_by_role("button", name="Get a key").click()

    connect(page)
    page.get_by_label("Message", exact=True).fill('{"action": "ping"}')
    page.get_by_role("button", name="Send").click()
    log = page.get_by_role("log")
    expect(log).to_contain_text('"pong": true')
    page.get_by_role("button", name="Send").click()
    expect(log.get_by_text('"pong": true')).to_have_count(2)
    check_page(page, "a connection that stays open")
    picture(page, f"portal-socket-{theme}")
    page.get_by_role("button", name="Disconnect").click()
    expect(log).to_contain_text("closed with 1000")
    v2.delete_api(ApiId=api)


def test_an_agent_calls_a_tool_and_the_developer_sees_the_usage(
    visit: Callable[..., Any], product: Installation, picture: Any
) -> None:
    console = visit().page
    sign_in(console, product)
    console.goto("/console/products/")
    console.get_by_role("link", name="PetStore", exact=True).click()
    console.get_by_role("switch", name="Tools for agents (MCP)").check()
    console.get_by_role("button", name="Save product").click()
    page = visit().page
    register(page, "agent@example.com")
    page.goto("/products/petstore/")
    card = page.get_by_role("region", name="For agents")
    expect(card).to_contain_text("/products/petstore/mcp")
    check_page(page, "a product with tools")
    picture(page, "portal-agents")
    page.goto("/apps/")
    page.get_by_role("link", name="My first app").first.click()
    application = page.url
    page.goto(str(page.get_by_role("link", name=re.compile("Reveal key")).first.get_attribute("href")))
    key = page.locator("tbody code").filter(has_text=re.compile(r"^\s*\w{40}\s*$")).inner_text().strip()

    def use() -> dict[str, Any]:
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "get-pets", "arguments": {}}}
        url = f"{product.endpoints['control']}/products/petstore/mcp"
        answer: dict[str, Any] = requests.post(url, json=message, headers={"x-api-key": key}, timeout=10).json()[
            "result"
        ]
        return answer

    result = product.eventually(use, lambda result: not result["isError"])
    assert "Rex" in json.dumps(result)
    page.goto(application)
    expect(page.get_by_role("region", name="Products")).to_contain_text(
        re.compile(r"[1-9] of 1,000 calls"), timeout=3000
    )
