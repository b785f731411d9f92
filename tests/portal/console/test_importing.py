"""From a pasted definition to a live API, in three screens."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from apps.deployments.models import Stage
from apps.portals.models import Product
from apps.rest_apis.models import RestApi
from tests.builders import a_plan, a_rest_api, a_stage, call
from tests.portal.console.reading import text, words

PLAIN = """openapi: 3.0.1
info: {title: Shop, version: "1"}
servers: [{url: "https://shop.example.com/v1"}]
paths:
  /items:
    get: {summary: All items, responses: {"200": {description: ok}}}
    options: {responses: {"200": {description: ok}}}
  /items/{itemId}:
    get: {responses: {"200": {description: ok}}}
"""
BROKEN = """openapi: 3.0.1
info: {title: Shop, version: "1"}
paths:
  /items:
    get:
      x-amazon-apigateway-integration:
        type: nonsense
      responses: {"200": {description: ok}}
"""
PUBLISH = {
    "publish": "yes",
    "mode": "overwrite",
    "name": "Shop",
    "stage": "prod",
    "back_end": "https://shop.example.com/v1",
    "plan": "new",
    "plan_name": "Standard",
    "plan_rate": "10",
    "plan_burst": "20",
    "plan_quota": "1000",
}


def post(browser: Client, **data: Any) -> Any:
    return browser.post(reverse("console:import"), data)


def test_a_preview_shows_what_would_be_made_and_writes_nothing(owner: Client) -> None:
    page = words(post(owner, definition=PLAIN))

    assert "3 operations" in page
    assert "GET /items All items the back end below" in page
    assert not RestApi.objects.exists()


def test_the_server_of_the_definition_is_the_first_guess_at_the_back_end(owner: Client) -> None:
    assert 'value="https://shop.example.com/v1"' in text(post(owner, definition=PLAIN))


def test_a_file_is_as_good_as_pasted_text(owner: Client) -> None:
    file = SimpleUploadedFile("shop.yaml", b"\xef\xbb\xbf" + PLAIN.encode())

    assert "3 operations" in words(post(owner, definition="", file=file))


def test_a_file_that_is_no_text_is_refused_in_words(owner: Client) -> None:
    answer = post(owner, definition="", file=SimpleUploadedFile("shop.yaml", b"\xff\xfe\x00"))

    assert (answer.status_code, "not UTF-8" in words(answer)) == (422, True)


def test_nothing_pasted_is_said_at_the_field(owner: Client) -> None:
    answer = post(owner, definition="  \n")

    assert (answer.status_code, "Paste a definition" in words(answer)) == (422, True)


def test_an_error_stands_below_its_line_and_the_text_is_kept(owner: Client) -> None:
    answer = post(owner, definition=BROKEN)

    assert "This definition cannot be imported yet" in words(answer)
    assert "listing-marked tone-danger" in text(answer)
    assert "type: nonsense" in text(answer).partition("<textarea")[2]


@pytest.mark.parametrize("junk", ["{", "a: [", "just words", "openapi: 4.0.0", "paths: {}"])
def test_what_is_no_definition_is_told_so(owner: Client, junk: str) -> None:
    answer = post(owner, definition=junk)

    assert answer.status_code in (200, 422)
    assert "problem" in words(answer) or "Null characters" in words(answer)
    assert not RestApi.objects.exists()


def test_a_definition_with_errors_cannot_be_published_by_hand_either(owner: Client) -> None:
    assert post(owner, definition=BROKEN, **PUBLISH).status_code == 422
    assert not RestApi.objects.exists()


def test_publishing_makes_a_live_api(owner: Client) -> None:
    answer = post(owner, definition=PLAIN, **PUBLISH)

    api = RestApi.objects.get()
    assert answer["Location"] == reverse("console:live", args=[api.id, "prod"])
    assert Stage.objects.filter(rest_api=api, name="prod").exists()
    page = words(owner.get(answer["Location"]))
    assert f"/_aws/execute-api/{api.id}/prod" in page
    assert f"curl http://127.0.0.1:8080/_aws/execute-api/{api.id}/prod/items" in page


def test_operations_without_an_integration_go_to_the_back_end_by_their_path(owner: Client, caller: Caller) -> None:
    post(owner, definition=PLAIN, **PUBLISH)

    item = next(row for row in resources(caller) if row["path"] == "/items/{itemId}")
    method = item["resourceMethods"]["GET"]
    assert method["methodIntegration"]["uri"] == "https://shop.example.com/v1/items/{itemId}"
    assert method["methodIntegration"]["requestParameters"] == {
        "integration.request.path.itemId": "method.request.path.itemId"
    }


def test_a_key_is_required_of_every_operation_but_options(owner: Client, caller: Caller) -> None:
    post(owner, definition=PLAIN, **PUBLISH, require_key="on")

    required = {
        f"{verb} {row['path']}": method["apiKeyRequired"]
        for row in resources(caller)
        for verb, method in row.get("resourceMethods", {}).items()
    }
    assert required == {"GET /items": True, "OPTIONS /items": False, "GET /items/{itemId}": True}


def test_offering_it_makes_a_published_product_with_a_new_plan(owner: Client) -> None:
    post(owner, definition=PLAIN, **PUBLISH, offer="on", product_name="The shop")

    product = Product.objects.get()
    assert (product.name, product.published) == ("The shop", True)
    plan = product.plans.get().plan
    assert (plan.name, plan.throttle_rate_limit, plan.quota_limit) == ("Standard", 10, 1000)
    assert plan.api_stages.get().stage_name == "prod"


def test_an_existing_plan_covers_the_new_stage_too(owner: Client, caller: Caller) -> None:
    other = a_rest_api(caller)
    plan_id = a_plan(caller, (other, a_stage(caller, other)))

    post(owner, definition=PLAIN, **{**PUBLISH, "offer": "on", "plan": plan_id})

    assert len(call(caller, "GetUsagePlan", usagePlanId=plan_id)["apiStages"]) == 2


def test_without_a_back_end_nothing_is_published_and_the_field_says_why(owner: Client) -> None:
    answer = post(owner, definition=PLAIN, **{**PUBLISH, "back_end": ""})

    assert (answer.status_code, "name the back end" in words(answer)) == (422, True)
    assert not RestApi.objects.exists()


def test_what_fails_half_way_leaves_nothing_behind(owner: Client) -> None:
    answer = post(owner, definition=PLAIN, **{**PUBLISH, "back_end": "https://shop.example.com/{oops"})

    assert answer.status_code in (302, 422)
    if answer.status_code == 422:
        assert not RestApi.objects.exists()


def test_the_name_and_stage_that_were_chosen_count(owner: Client) -> None:
    post(owner, definition=PLAIN, **{**PUBLISH, "name": "Corner shop", "stage": "v1"})

    assert RestApi.objects.get().name == "Corner shop"
    assert Stage.objects.get().name == "v1"


def test_an_import_can_replace_what_an_api_has(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)

    post(owner, definition=PLAIN, **PUBLISH, api=api)

    assert RestApi.objects.count() == 1
    assert {row["path"] for row in resources(caller)} == {"/", "/items", "/items/{itemId}"}


def test_an_import_can_add_to_what_an_api_has(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)

    post(owner, definition=PLAIN, **{**PUBLISH, "mode": "merge"}, api=api)

    assert {row["path"] for row in resources(caller)} == {"/", "/items", "/items/{itemId}", "/pets"}


def test_an_api_of_another_account_is_no_target(owner: Client, elsewhere: Caller) -> None:
    assert post(owner, definition=PLAIN, **PUBLISH, api=a_rest_api(elsewhere)).status_code == 404


def test_a_viewer_may_look_at_a_preview_and_publish_nothing(viewer: Client) -> None:
    assert post(viewer, definition=PLAIN).status_code == 200
    assert post(viewer, definition=PLAIN, **PUBLISH).status_code == 403
    assert not RestApi.objects.exists()


def resources(caller: Caller) -> list[dict[str, Any]]:
    api = RestApi.objects.get(account_id=caller.account_id)
    items: list[dict[str, Any]] = call(caller, "GetResources", restApiId=api.id, embed=["methods"])["items"]
    return items
