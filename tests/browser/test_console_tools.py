"""The console's tools in a real browser: the palette, editors with a live preview, functions that run, who can call."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from playwright.sync_api import expect

from tests.browser.test_admin_journey import sign_in
from tests.browser.test_every_page import accessibility_faults
from tests.installation import Installation

pytestmark = pytest.mark.browser


@pytest.fixture
def api(product: Installation) -> str:
    """The id of an API with one HTTP method and a policy."""
    gateway = boto3.client("apigateway", **product.boto3_arguments())
    allow = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    made: str = gateway.create_rest_api(name="Tooled", policy=policy)["id"]
    root = gateway.get_resources(restApiId=made)["items"][0]["id"]
    at = {"restApiId": made, "resourceId": root, "httpMethod": "POST"}
    gateway.put_method(**at, authorizationType="NONE")
    template = {"application/json": '{"who": $input.json("$.name")}'}
    gateway.put_integration(
        **at, type="HTTP", integrationHttpMethod="POST", uri="http://127.0.0.1:9/", requestTemplates=template
    )
    return made


def test_the_palette_leads_to_an_api_by_keyboard_alone(visit: Callable[..., Any], product: Installation, api: str):
    page = visit().page
    sign_in(page, product)
    page.keyboard.press("Control+k")
    first = page.locator("#palette-found [role=option]").first
    expect(first).to_be_visible()
    page.keyboard.type("tooled")
    expect(first).to_contain_text("Tooled")
    assert accessibility_faults(page) == []
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Tooled", level=1)).to_be_visible()


def test_a_template_is_shown_anew_while_one_types(visit: Callable[..., Any], product: Installation, api: str):
    page = visit().page
    sign_in(page, product)
    page.goto(f"/console/apis/{api}/")
    page.locator("#resource-tree").get_by_role("link", name="POST").click()
    page.get_by_label("Edit integration request").click()
    preview = page.locator("#preview-answer")
    expect(preview).to_contain_text('"Rex"')
    assert accessibility_faults(page) == []

    page.get_by_label("For application/json").fill("$input.path('$.price') each")
    expect(preview).to_contain_text("12.5 each")
    page.get_by_label("For application/json").fill("#if($x)")
    expect(preview).to_contain_text("line")


def test_a_function_is_written_and_run(visit: Callable[..., Any], product: Installation):
    page = visit().page
    sign_in(page, product)
    page.goto("/console/functions/new/")
    page.get_by_label("Name").fill("written-here")
    page.get_by_role("button", name="Create function").click()
    page.get_by_label("Source").fill('def handler(event, context):\n    print("seen")\n    return {"got": event}\n')
    page.get_by_role("button", name="Deploy").click()
    page.get_by_role("button", name="Empty").click()
    page.get_by_role("button", name="Invoke").click()

    expect(page.locator("#test-answer")).to_contain_text("returned")
    expect(page.locator("#test-answer")).to_contain_text('"got": {}')
    expect(page.locator("#test-answer")).to_contain_text("seen")
    assert accessibility_faults(page) == []


def test_who_can_call_is_answered_on_the_page(visit: Callable[..., Any], product: Installation, api: str):
    page = visit().page
    sign_in(page, product)
    page.goto(f"/console/apis/{api}/policy/")
    page.get_by_role("button", name="Check").click()

    expect(page.locator("#who-answer")).to_contain_text("Statement 1 decides")
    assert accessibility_faults(page) == []
