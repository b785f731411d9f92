"""Editors of the console in a browser: documentation, validators, files of a function, what is not deployed, the OpenAPI tab."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from playwright.sync_api import expect

from tests.browser.test_admin_journey import sign_in
from tests.browser.test_every_page import check_page
from tests.installation import Installation

pytestmark = pytest.mark.browser


def client(product: Installation, service: str) -> Any:
    return boto3.client(service, **product.boto3_arguments())


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_documentation_is_written_previewed_published_and_inherited(
    visit: Callable[..., Any], product: Installation, width: int, theme: str
) -> None:
    v1 = client(product, "apigateway")
    api = v1.create_rest_api(name=f"Documented {width}")["id"]
    root = v1.get_resources(restApiId=api)["items"][0]["id"]
    v1.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
    v1.put_method_response(restApiId=api, resourceId=root, httpMethod="GET", statusCode="200")
    page = visit(width=width, theme=theme).page
    sign_in(page, product)

    page.goto(f"/console/apis/{api}/documentation/?type=RESPONSE&path=/")
    page.locator("#id_body").fill("It went **well**.")
    expect(page.locator("#page-preview strong")).to_have_text("well")
    page.get_by_label("Other properties").fill('{"x": ')
    page.get_by_role("button", name="Save part").click()
    expect(page.get_by_text("This is no JSON")).to_be_visible()
    check_page(page, "documentation with an error")
    page.get_by_label("Other properties").fill('{"x": 1}')
    page.get_by_role("button", name="Save part").click()
    expect(page.get_by_text("Publish a version for stages to show it")).to_be_visible()

    page.goto(f"/console/apis/{api}/documentation/?type=METHOD&path=/&method=GET")
    page.get_by_role("link", name="Response 200 of GET /").click()
    expect(page.get_by_role("heading", name="Inherited")).to_be_visible()
    check_page(page, "inherited documentation")

    page.get_by_role("link", name="Publish documentation", exact=True).click()
    page.locator("#id_version").fill("1.0")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_role("table").get_by_text("1.0")).to_be_visible()
    check_page(page, "documentation versions")
    v1.delete_rest_api(restApiId=api)


def test_a_method_is_shown_as_its_part_of_the_definition(visit: Callable[..., Any], product: Installation) -> None:
    v1 = client(product, "apigateway")
    api = v1.create_rest_api(name="Shown as OpenAPI")["id"]
    root = v1.get_resources(restApiId=api)["items"][0]["id"]
    v1.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
    v1.put_integration(restApiId=api, resourceId=root, httpMethod="GET", type="MOCK")
    page = visit().page
    sign_in(page, product)
    page.goto(f"/console/apis/{api}/?resource={root}&method=GET")

    page.get_by_text("Show as CLI, boto3, OpenAPI").click()
    page.get_by_role("tab", name="OpenAPI").click()

    panel = page.locator("#cli .tab-panel:visible")
    panel.scroll_into_view_if_needed()
    expect(panel).to_contain_text("x-amazon-apigateway-integration")
    check_page(page, "the OpenAPI tab")
    v1.delete_rest_api(restApiId=api)


@pytest.mark.parametrize(("width", "theme"), [(1280, "dark"), (390, "light")])
def test_any_file_of_a_function_is_edited_and_runs(
    visit: Callable[..., Any], product: Installation, width: int, theme: str
) -> None:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", "from prices import PRICE\n\ndef handler(event, context):\n    return PRICE\n")
        archive.writestr("prices.py", "PRICE = 1\n")
    functions, name = client(product, "lambda"), f"prices-{width}"
    role = "arn:aws:iam::123456789012:role/any"
    functions.create_function(
        FunctionName=name, Runtime="python3.12", Handler="app.handler", Role=role, Code={"ZipFile": package.getvalue()}
    )
    page = visit(width=width, theme=theme).page
    sign_in(page, product)
    page.goto(f"/console/functions/of/{name}/code/")

    page.get_by_label("New file").fill("../outside.py")
    page.get_by_role("button", name="Add file").click()
    expect(page.get_by_text("A path within the package")).to_be_visible()
    check_page(page, "files of a function with an error")

    page.get_by_role("navigation", name="Files").get_by_role("link", name="prices.py").click()
    page.locator("textarea[name=source-source]").fill("PRICE = 42\n")
    page.get_by_role("button", name="Deploy").click()
    expect(page.get_by_text("Deployed. The next invocation runs it.")).to_be_visible()
    check_page(page, "files of a function")

    page.goto(f"/console/functions/of/{name}/")
    page.get_by_role("button", name="Invoke").click()
    expect(page.locator("#test-answer")).to_contain_text("42", timeout=30_000)
    functions.delete_function(FunctionName=name)


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_what_an_http_api_has_not_deployed_is_read_deployed_and_rolled_back(
    visit: Callable[..., Any], product: Installation, width: int, theme: str
) -> None:
    v2, name = client(product, "apigatewayv2"), f"Store {width}"
    api = v2.create_api(Name=name, ProtocolType="HTTP")["ApiId"]
    v2.create_stage(ApiId=api, StageName="prod")
    old = v2.create_route(ApiId=api, RouteKey="GET /pets")["RouteId"]
    first = v2.create_deployment(ApiId=api, StageName="prod")["DeploymentId"]
    v2.delete_route(ApiId=api, RouteId=old)
    v2.create_route(ApiId=api, RouteKey="GET /owners", AuthorizationType="AWS_IAM")
    page = visit(width=width, theme=theme).page
    sign_in(page, product)

    page.goto(f"/console/v2/{api}/")
    page.get_by_role("link", name="2 changes not deployed").click()
    expect(page.get_by_role("heading", name="Draft against prod")).to_be_visible()
    expect(page.get_by_text("1 breaking change")).to_be_visible()
    check_page(page, "changes of an HTTP API")

    page.locator(".page-header").get_by_role("button", name="Deploy").click()
    page.get_by_role("button", name="Deploy now").click()
    expect(page.get_by_text(re.compile("live on prod"))).to_be_visible()
    page.goto(f"/console/v2/{api}/deployments/")
    check_page(page, "deployments of an HTTP API")
    page.get_by_role("button", name=re.compile("^Roll prod back")).click()
    expect(page.get_by_text(f"prod runs deployment {first}")).to_be_visible()
    assert v2.get_stage(ApiId=api, StageName="prod")["DeploymentId"] == first
    v2.delete_api(ApiId=api)
