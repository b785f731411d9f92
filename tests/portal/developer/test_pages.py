"""The pages that everybody sees, the reference with try-it, and what programs read."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Membership, User
from apps.control_plane.caller import Caller
from apps.portals import references
from apps.portals.models import Application, Product, ProductStage
from portal.developer import reference_pages
from tests.portal.developer.shops import Shop, make_product


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


@pytest.fixture
def gateway(origin: Any, settings: Any) -> Any:
    """A server where the portal believes the gateway to be."""
    settings.ENVIRONMENT = dataclasses.replace(settings.ENVIRONMENT, internal_gateway_url=origin.url)
    return origin


@pytest.fixture(autouse=True)
def _own_pace() -> None:
    """No test waits for the pace of another."""
    reference_pages.PACE.forget_everybody()


def test_without_products_the_landing_page_says_how_they_come(db: None) -> None:
    page = text(Client().get("/"))

    assert "Nothing is published here yet" in page
    assert "How it works" in page


def test_a_product_is_a_card_with_what_one_needs_to_choose(shop: Shop) -> None:
    page = text(Client().get("/"))

    assert "PetStore" in page
    assert "3 operations" in page
    assert "Free: 1,000 calls a month" in page


def test_the_catalogue_is_searched_in_names_and_summaries(shop: Shop, caller: Caller) -> None:
    make_product(caller, "orders", "Orders")

    assert "Orders" in text(Client().get("/products/", {"q": "orders"}))
    found = Client().get("/products/", {"q": "pet SHOP store"}, headers={"HX-Target": "products"})
    assert "PetStore" in text(found)
    assert "Orders" not in text(found)
    assert "<html" not in found.content.decode()
    assert "Nothing matches “zebra”" in text(Client().get("/products/", {"q": "zebra"}))


def test_a_search_is_shown_as_text(shop: Shop) -> None:
    assert "<script>alert" not in Client().get("/products/", {"q": "<script>alert(1)</script>"}).content.decode()


def test_what_is_not_published_is_nowhere(caller: Caller, valkey: Any) -> None:
    made = make_product(caller, "secret", "Secret plan", publish=False)

    for page in ("/", "/products/", "/llms.txt", "/api/v1/products/"):
        assert "Secret" not in Client().get(page).content.decode()
    for page in (
        "/products/secret/",
        "/products/secret/reference/",
        "/api/v1/products/secret/",
        "/api/v1/products/secret/openapi.json",
    ):
        assert Client().get(page).status_code == 404
    tried = Client().post(f"/products/secret/reference/{made.api_id}-prod/try/", {"operation": "get-health"})
    assert tried.status_code == 404


def test_a_product_page_shows_description_plans_and_apis(shop: Shop) -> None:
    page = Client().get("/products/petstore/").content.decode()

    assert "<h2>Welcome</h2>" in page
    for words in ("5 requests a second, steadily", "Ask for access", "Get access", "YOUR_KEY"):
        assert words in page


def test_the_reference_shows_an_operation_with_samples(shop: Shop) -> None:
    page = text(Client().get("/products/petstore/reference/?operation=post-pets"))

    for words in (
        "POST /pets API key",
        "curl -X POST",
        "requests.request(",
        "await fetch(",
        "This operation answers only with a key",
    ):
        assert words in page


def test_while_a_reference_is_rendered_the_page_waits_for_it(shop: Shop) -> None:
    ProductStage.objects.update(reference={}, reference_deployment_id="")
    url = "/products/petstore/reference/"

    assert "The reference is being published" in text(Client().get(url))
    assert Client().get(url, {"poll": "1"}).status_code == 204
    assert "HX-Refresh" not in Client().get(url, {"poll": "1"})

    for row in references.behind().values_list("pk", flat=True):
        references.render(row)
    assert Client().get(url, {"poll": "1"})["HX-Refresh"] == "true"


def test_an_api_of_another_product_is_not_part_of_this_one(shop: Shop, caller: Caller) -> None:
    other = make_product(caller, "orders", "Orders")

    assert Client().get(f"/products/petstore/reference/{other.api_id}-prod/").status_code == 404


def try_it(client: Client, shop: Shop, operation: str = "get-pets", **values: str) -> Any:
    url = f"/products/petstore/reference/{shop.api_id}-prod/try/"
    return client.post(url, {"operation": operation, **values})


def test_try_it_sends_the_key_of_the_chosen_application(shop: Shop, signed_in: Client, gateway: Any) -> None:
    signed_in.post("/products/petstore/access/")
    application = Application.objects.get()

    answer = try_it(signed_in, shop, application=application.application_id)

    (asked,) = gateway.asked
    assert asked.path == f"/_aws/execute-api/{shop.api_id}/prod/pets"
    assert asked.headers["x-api-key"] == str(application.keys.get().api_key.value)
    assert "200 OK" in text(answer)
    assert 'id="samples"' in answer.content.decode()


def test_try_it_goes_without_a_key_when_told_to(shop: Shop, signed_in: Client, gateway: Any) -> None:
    signed_in.post("/products/petstore/access/")
    gateway.status, gateway.body = 403, b'{"message":"Forbidden"}'

    answer = try_it(signed_in, shop, application="none")

    assert "x-api-key" not in gateway.asked[0].headers
    assert "This operation needs a key" in text(answer)


def test_a_refusal_of_a_fresh_key_is_asked_again_until_the_gateway_knows_it(
    shop: Shop, signed_in: Client, gateway: Any
) -> None:
    signed_in.post("/products/petstore/access/")
    gateway.refusals, gateway.headers = 2, {"x-amzn-ErrorType": "ForbiddenException"}

    assert "200 OK" in text(try_it(signed_in, shop))
    assert len(gateway.asked) == 3


def test_a_429_is_explained_with_its_wait(shop: Shop, signed_in: Client, gateway: Any) -> None:
    signed_in.post("/products/petstore/access/")
    gateway.status, gateway.headers, gateway.body = 429, {"Retry-After": "7"}, b'{"message":"Too Many Requests"}'

    assert "Try again in 7 seconds" in text(try_it(signed_in, shop))


def test_who_operates_the_api_is_led_to_the_story_of_a_call(shop: Shop, signed_in: Client, gateway: Any) -> None:
    gateway.headers = {"x-amzn-RequestId": "e3d7ce50-3a1e-48f1-9adf-b68283d969e9"}
    there = "/console/logs/e3d7ce50-3a1e-48f1-9adf-b68283d969e9/"
    as_developer = try_it(signed_in, shop, "get-health").content.decode()

    user = User.objects.get(pk=signed_in.session["_auth_user_id"])
    account = Product.objects.get(slug="petstore").account
    Membership.objects.create(user=user, account=account, role="viewer")

    assert there not in as_developer
    assert there in try_it(signed_in, shop, "get-health").content.decode()


def test_an_answer_is_shown_as_text(shop: Shop, gateway: Any) -> None:
    gateway.headers = {"Content-Type": "text/html", "X-Evil": "<script>alert(2)</script>"}
    gateway.body = b"<script>alert(1)</script><img src=x>"

    page = try_it(Client(), shop, "get-health").content.decode()

    assert "<script>" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_stranger_tries_what_needs_no_key_and_is_invited_for_the_rest(shop: Shop, gateway: Any) -> None:
    assert "200 OK" in text(try_it(Client(), shop, "get-health"))
    assert "Sign up to try this" in text(try_it(Client(), shop, "get-pets"))
    assert len(gateway.asked) == 1


def test_try_it_works_without_scripts(shop: Shop, gateway: Any) -> None:
    url = f"/products/petstore/reference/{shop.api_id}-prod/try/"

    page = Client().post(url, {"operation": "get-health"})

    assert "200 OK" in text(page)
    assert "<html" in page.content.decode()


@pytest.mark.parametrize(
    "form",
    [
        {"operation": "delete-everything"},
        {"operation": "../../admin"},
        {"operation": "get-health", "url": "http://169.254.169.254/", "host": "evil", "base": "x", "path:x": "../.."},
    ],
)
def test_a_form_cannot_name_another_target(form: dict[str, str], shop: Shop, gateway: Any) -> None:
    answer = Client().post(f"/products/petstore/reference/{shop.api_id}-prod/try/", form)

    assert answer.status_code in {200, 404}
    assert {asked.path for asked in gateway.asked} <= {f"/_aws/execute-api/{shop.api_id}/prod/health"}


def test_a_visitor_who_presses_too_often_is_told_to_wait(shop: Shop, gateway: Any) -> None:
    answers = [text(try_it(Client(), shop, "get-health")) for _ in range(12)]

    assert any("Slow down a little" in answer for answer in answers)
    assert len(gateway.asked) < 12


def test_try_it_needs_a_csrf_token(shop: Shop) -> None:
    client = Client(enforce_csrf_checks=True)

    assert (
        client.post(f"/products/petstore/reference/{shop.api_id}-prod/try/", {"operation": "get-health"}).status_code
        == 403
    )


def test_programs_read_the_products_from_llms_txt(shop: Shop, settings: Any) -> None:
    page = Client().get("/llms.txt")

    assert page["Content-Type"].startswith("text/markdown")
    assert (
        f"- [PetStore]({settings.ENVIRONMENT.portal_url}/products/petstore/): A small pet shop."
        in page.content.decode()
    )


def test_the_api_lists_products_with_exactly_these_members(shop: Shop) -> None:
    (product,) = json.loads(Client().get("/api/v1/products/").content)["items"]

    assert set(product) == {
        "slug", "name", "summary", "version", "deprecated", "sunset", "operations", "mcp", "apis", "plans",
    }  # fmt: skip
    assert set(product["plans"][0]) == {
        "id", "name", "description", "rateLimit", "burstLimit", "quotaLimit", "quotaPeriod", "approvalRequired",
    }  # fmt: skip
    assert product["operations"] == 3


def test_the_api_hands_out_the_openapi_document_with_where_to_call(shop: Shop, settings: Any) -> None:
    document = json.loads(Client().get("/api/v1/products/petstore/openapi.json").content)

    assert set(document["paths"]) == {"/pets", "/health"}
    assert document["servers"] == [{"url": f"{settings.ENVIRONMENT.gateway_url}/_aws/execute-api/{shop.api_id}/prod"}]
    assert "x-amazon-apigateway-integration" not in json.dumps(document)


def test_the_api_tells_ones_own_applications_without_their_keys(shop: Shop, signed_in: Client) -> None:
    signed_in.post("/products/petstore/access/")
    application = Application.objects.get()

    answer = signed_in.get("/api/v1/applications/")

    (item,) = json.loads(answer.content)["items"]
    assert item["subscriptions"][0]["product"] == "petstore"
    assert str(application.keys.get().api_key.value) not in answer.content.decode()
    usage = json.loads(signed_in.get(f"/api/v1/applications/{application.application_id}/usage/?span=day").content)
    assert (usage["span"], usage["stepSeconds"], usage["quotas"][0]["limit"]) == ("day", 1800, 1000)


@pytest.mark.parametrize(
    "page", ["/", "/products/", "/products/petstore/", "/products/petstore/reference/", "/sign-in/", "/sign-up/"]
)
def test_pages_keep_to_the_content_security_policy(page: str, shop: Shop) -> None:
    answer = Client().get(page)
    html = answer.content.decode()

    assert "'unsafe" not in answer["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"\sstyle=|\son\w+=|hx-on|javascript:", html)
    assert not re.findall(r'(?:src|action)="https?://', html)


def test_a_description_cannot_bring_scripts_into_a_page(shop: Shop) -> None:
    Product.objects.update(description="<script>x</script>[a](javascript:x)", summary="<b>bold</b>", name="<i>Pet</i>")

    page = Client().get("/products/petstore/").content.decode()

    assert "<script>x" not in page
    assert "<b>bold" not in page
    assert "<i>Pet" not in page
