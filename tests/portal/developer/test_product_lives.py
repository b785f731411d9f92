"""Products of all kinds of APIs, what changed in them, how they end, and who is told."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from apps.accounts.models import Membership, User
from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException
from apps.portals import references, tasks
from apps.portals.models import OutgoingMail, WebhookDelivery
from tests.portal.developer.people import browser, person
from tests.portal.developer.shops import Shop, make_product


def v2(caller: Caller, operation: str, /, **request: Any) -> dict[str, Any]:
    return registry.call(caller, "apigatewayv2", operation, request)


def an_http_api(caller: Caller) -> str:
    api = v2(
        caller,
        "CreateApi",
        Name="Orders",
        ProtocolType="HTTP",
        Target="https://example.com",
        RouteKey="GET /orders/{id}",
    )
    return str(api["ApiId"])


def a_websocket_api(caller: Caller) -> str:
    api = v2(
        caller, "CreateApi", Name="Chat", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )["ApiId"]
    integration = v2(
        caller,
        "CreateIntegration",
        ApiId=api,
        IntegrationType="MOCK",
        RequestTemplates={"$default": '{"statusCode": 200}'},
    )
    model = '{"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "example": "hi"}}}'
    v2(caller, "CreateModel", ApiId=api, Name="say", ContentType="application/json", Schema=model)
    target = f"integrations/{integration['IntegrationId']}"
    v2(caller, "CreateRoute", ApiId=api, RouteKey="$connect", Target=target, ApiKeyRequired=True)
    v2(
        caller,
        "CreateRoute",
        ApiId=api,
        RouteKey="say",
        Target=target,
        ModelSelectionExpression="$request.body.action",
        RequestModels={"say": "say"},
    )
    v2(caller, "CreateStage", ApiId=api, StageName="prod")
    v2(caller, "CreateDeployment", ApiId=api, StageName="prod")
    return str(api)


@pytest.fixture
def mixed(shop: Shop) -> Shop:
    """The PetStore with an HTTP API and a WebSocket API beside its REST API."""
    stages = [
        {"restApiId": shop.api_id, "stageName": "prod", "version": "v1"},
        {"apiId": an_http_api(shop.caller), "stageName": "$default", "version": "v2"},
        {"apiId": a_websocket_api(shop.caller), "stageName": "prod"},
    ]
    shop.call("UpdateProduct", productId=shop.product_id, stages=stages)
    shop.call("PublishProduct", productId=shop.product_id)
    return shop


def text(client: Client, place: str) -> str:
    answer = client.get(place)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_product_groups_rest_http_and_websocket_apis(mixed: Shop) -> None:
    stages = mixed.call("GetProduct", productId=mixed.product_id)["stages"]

    assert [(one["protocol"], one["version"]) for one in stages] == [("REST", "v1"), ("HTTP", "v2"), ("WEBSOCKET", "")]
    page = text(Client(), "/products/petstore/")
    assert all(name in page for name in ("Orders", "Chat", "1 message", "v2"))


def test_the_reference_of_an_http_api_has_its_routes_and_no_back_end(mixed: Shop) -> None:
    api = mixed.call("GetProduct", productId=mixed.product_id)["stages"][1]["apiId"]

    page = text(Client(), f"/products/petstore/reference/{api}-$default/")
    document = Client().get(f"/api/v1/products/petstore/openapi.json?api={api}-$default").json()
    assert "/orders/{id}" in page
    assert list(document["paths"]) == ["/orders/{id}"]
    assert document["servers"][0]["url"].endswith(f"/{api}")
    assert "example.com" not in str(document)


def test_the_reference_of_a_websocket_api_says_where_to_connect_and_what_to_send(
    mixed: Shop, signed_in: Client
) -> None:
    api = mixed.call("GetProduct", productId=mixed.product_id)["stages"][2]["apiId"]

    page = text(Client(), f"/products/petstore/reference/{api}-prod/")
    assert "ws://" in page
    assert f"/_aws/execute-api/{api}/prod" in page
    assert "&quot;action&quot;: &quot;say&quot;" in page
    assert "YOUR_KEY" in page
    assert '<div class="toasts" id="toasts" aria-live="polite"></div>' in page
    signed_in.post("/products/petstore/access/")
    assert "YOUR_KEY" not in text(signed_in, f"/products/petstore/reference/{api}-prod/")


def test_the_plans_of_a_product_cover_what_has_keys(mixed: Shop) -> None:
    plan = registry.call(mixed.caller, "apigateway", "GetUsagePlan", {"usagePlanId": mixed.free})

    assert len(plan["apiStages"]) == 2


def test_a_reference_follows_a_stage_that_deploys_by_itself(mixed: Shop) -> None:
    api = mixed.call("GetProduct", productId=mixed.product_id)["stages"][1]["apiId"]
    target = v2(mixed.caller, "GetRoutes", ApiId=api)["Items"][0]["Target"]
    v2(mixed.caller, "CreateRoute", ApiId=api, RouteKey="POST /orders", Target=target)

    for row in references.behind().values_list("pk", flat=True):
        references.render(row)

    assert "/orders" in Client().get(f"/api/v1/products/petstore/openapi.json?api={api}-$default").json()["paths"]


@pytest.mark.parametrize("stage", [{"stageName": "prod"}, {"stageName": "prod", "restApiId": "a", "apiId": "b"}])
def test_a_stage_is_named_by_one_api(shop: Shop, stage: dict[str, str]) -> None:
    with pytest.raises(BadRequestException, match="restApiId"):
        shop.call("UpdateProduct", productId=shop.product_id, stages=[stage])


def test_a_deprecated_product_says_so_everywhere_and_tells_its_subscribers(shop: Shop, signed_in: Client) -> None:
    make_product(shop.caller, "better-pets", "Better pets")
    better = shop.call("ListProducts")["items"][1]["productId"]
    signed_in.post("/products/petstore/access/")
    shop.call(
        "DeprecateProduct", productId=shop.product_id, notice="It is old.", sunsetDate="2030-03-31", successorId=better
    )
    tasks.send_mail_that_waits()

    for place in ("/products/petstore/", "/products/petstore/reference/"):
        page = text(signed_in, place)
        assert "PetStore is deprecated and ends on 31 March 2030" in page
        assert "Use Better pets instead" in page
    assert "Deprecated" in text(signed_in, "/products/")
    assert [(one.to, one.subject) for one in mail.outbox] == [(["ada@example.com"], "PetStore is deprecated")]
    assert "/products/better-pets/" in mail.outbox[0].body

    shop.call("ReinstateProduct", productId=shop.product_id)
    assert "is deprecated" not in text(signed_in, "/products/petstore/")


@pytest.mark.parametrize("day", ["2030-02-30", "tomorrow"])
def test_the_day_of_the_end_is_a_day(shop: Shop, day: str) -> None:
    with pytest.raises(Exception, match=r"sunsetDate"):
        shop.call("DeprecateProduct", productId=shop.product_id, notice="Old.", sunsetDate=day)


def test_a_changelog_entry_is_shown_and_mailed_where_asked(shop: Shop, signed_in: Client) -> None:
    signed_in.post("/products/petstore/access/")
    shop.call("CreateChangelogEntry", productId=shop.product_id, title="Quiet change", body="Nothing to see.")
    entry = shop.call(
        "CreateChangelogEntry",
        productId=shop.product_id,
        title="Cats",
        version="2.1",
        body="**Cats** are here.",
        notify=True,
    )
    tasks.send_mail_that_waits()

    assert "<strong>Cats</strong> are here." in text(Client(), "/products/petstore/")
    assert [one.subject for one in mail.outbox] == ["PetStore 2.1: Cats"]
    assert len(shop.call("ListChangelogEntries", productId=shop.product_id)["items"]) == 2
    shop.call("DeleteChangelogEntry", productId=shop.product_id, entryId=entry["entryId"])
    assert "Cats" not in text(Client(), "/products/petstore/")


def test_staff_hear_of_a_request_and_the_developer_of_its_end(shop: Shop, signed_in: Client, caller: Caller) -> None:
    staff, viewer = person("staff@example.com"), person("viewer@example.com")
    Membership.objects.create(user=staff, account_id=caller.account_id, role="owner")
    Membership.objects.create(user=viewer, account_id=caller.account_id, role="viewer")
    signed_in.post("/products/petstore/access/", {"plan": shop.partner})
    waiting = shop.call("ListSubscriptions", status="pending")["items"][0]["subscriptionId"]
    shop.call("ApproveSubscription", subscriptionId=waiting)
    tasks.send_mail_that_waits()

    assert [(one.to, one.subject) for one in mail.outbox] == [
        (["staff@example.com"], "My first app asks for PetStore"),
        (["ada@example.com"], "PetStore: access approved"),
    ]


def test_a_message_is_sent_once_however_often_the_task_runs(shop: Shop, signed_in: Client) -> None:
    signed_in.post("/products/petstore/access/")
    shop.call("DeprecateProduct", productId=shop.product_id, notice="Old.")
    number = OutgoingMail.objects.get().pk
    for _ in range(3):
        tasks.send_mail_out(number)

    assert len(mail.outbox) == 1
    assert OutgoingMail.objects.get().sent is not None


def test_a_message_that_could_not_be_sent_waits(shop: Shop, signed_in: Client, settings: Any) -> None:
    signed_in.post("/products/petstore/access/")
    shop.call("DeprecateProduct", productId=shop.product_id, notice="Old.")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    tasks.send_mail_that_waits()

    row = OutgoingMail.objects.get()
    assert (row.sent, row.attempts, row.due is not None) == (None, 1, True)


def test_programs_hear_of_subscriptions_and_keys(shop: Shop, signed_in: Client) -> None:
    shop.call("CreateWebhook", url="http://127.0.0.1:1/")
    signed_in.post("/products/petstore/access/")

    events = list(WebhookDelivery.objects.order_by("pk").values_list("event", flat=True))
    assert events == ["application.created", "key.created", "subscription.created"]


def test_the_console_tells_changes_names_versions_and_ends_products(mixed: Shop, ada: User, caller: Caller) -> None:
    Membership.objects.create(user=ada, account_id=caller.account_id, role="owner")
    console, place = browser(ada), f"/console/products/{mixed.product_id}/lifecycle/"

    assert console.post(place, {"title": ""}).status_code == 422
    assert console.post(place, {"title": "Cats", "version": "2.1", "body": "Meow."}).status_code == 302
    names = {f"stage-{row['id']}": "v9" for row in mixed_rows(mixed)}
    assert console.post(f"{place}versions/", names).status_code == 302
    assert console.post(f"{place}deprecate/", {"notice": ""}).status_code == 422
    assert console.post(f"{place}deprecate/", {"notice": "Old.", "sunset": "2030-01-01"}).status_code == 302
    product = mixed.call("GetProduct", productId=mixed.product_id)
    assert (product["sunsetDate"], {one["version"] for one in product["stages"]}) == ("2030-01-01", {"v9"})
    assert "Cats" in console.get(place).content.decode()
    entry = mixed.call("ListChangelogEntries", productId=mixed.product_id)["items"][0]["entryId"]
    assert console.post(f"{place}{entry}/delete/", {"confirmation": entry}).status_code == 302
    assert console.post(f"{place}reinstate/").status_code == 302
    assert (
        console.get("/console/products/").status_code
        == console.get(f"/console/products/{mixed.product_id}/").status_code
        == 200
    )


def mixed_rows(shop: Shop) -> list[dict[str, Any]]:
    from apps.portals.models import ProductStage

    return list(ProductStage.objects.filter(product__product_id=shop.product_id).values("id"))


def test_saving_a_product_in_the_console_keeps_its_versions(mixed: Shop, ada: User, caller: Caller) -> None:
    Membership.objects.create(user=ada, account_id=caller.account_id, role="owner")
    before = mixed.call("GetProduct", productId=mixed.product_id)["stages"]
    stages = [
        f"v2:{one['apiId']}:{one['stageName']}" if "apiId" in one else f"{one['restApiId']}:prod" for one in before
    ]
    form = {"name": "PetStore", "slug": "petstore", "stages": stages, "plans": [mixed.free, mixed.pro, mixed.partner]}

    assert browser(ada).post(f"/console/products/{mixed.product_id}/", form).status_code == 302

    assert mixed.call("GetProduct", productId=mixed.product_id)["stages"] == before


def test_the_console_makes_tests_and_rotates_webhooks(shop: Shop, ada: User, caller: Caller) -> None:
    Membership.objects.create(user=ada, account_id=caller.account_id, role="owner")
    console = browser(ada)

    assert console.post("/console/portal/webhooks/", {"url": "nowhere"}).status_code == 422
    page = console.post(
        "/console/portal/webhooks/", {"url": "http://127.0.0.1:1/", "events": "key.created"}
    ).content.decode()
    assert "whsec_" in page
    hook = shop.call("ListWebhooks")["items"][0]["webhookId"]
    place = f"/console/portal/webhooks/{hook}/"
    assert console.post(f"{place}test/").status_code == 302
    assert "webhook.test" in console.get(place).content.decode()
    assert console.get(f"{place}deliveries/").status_code == 200
    assert "whsec_" in console.post(f"{place}secret/", {"confirmation": hook}).content.decode()
    assert console.post(place, {"url": "http://127.0.0.1:2/"}).status_code == 302
    assert shop.call("GetWebhook", webhookId=hook) | {"createdDate": None} == {
        "webhookId": hook, "url": "http://127.0.0.1:2/", "events": [], "description": "", "enabled": False, "createdDate": None,
    }  # fmt: skip
    delivery = shop.call("ListWebhookDeliveries", webhookId=hook)["items"][0]["deliveryId"]
    assert console.post(f"{place}deliveries/{delivery}/").status_code == 302
    assert console.post(f"{place}delete/", {"confirmation": hook}).status_code == 302
    assert console.get(place).status_code == 404
