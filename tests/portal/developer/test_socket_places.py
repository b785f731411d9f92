"""Trying a WebSocket API with a connection that stays open: who may connect, and what the handshake carries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.test import Client
from websockets.sync.server import ServerConnection

from apps.accounts.models import User
from apps.portals.models import Application, ProductStage
from portal.developer.pace import PACE
from portal.developer.socket_places import stage_of_product
from portal.socket_bridge import MOST_OF_ONE_GUEST, Bridge
from tests.builders import call_v2
from tests.portal.developer.people import browser, person
from tests.portal.developer.shops import Shop
from tests.portal.page_socket import PageSocket, gateway_that

pytestmark = pytest.mark.django_db(transaction=True)


def echo(connection: ServerConnection) -> None:
    """Tells how it was connected to, then says again what it hears."""
    request = connection.request
    assert request is not None
    connection.send(
        json.dumps({"path": request.path, **{name.lower(): value for name, value in request.headers.items()}})
    )
    for message in connection:
        connection.send(message)


@pytest.fixture
def gateway(settings: Any) -> Iterator[None]:
    with gateway_that(echo, settings):
        PACE.forget_everybody()
        yield


@pytest.fixture
def chat(shop: Shop) -> str:
    """A WebSocket API in the shop's product, open to everybody: its slug."""
    api = call_v2(
        shop.caller, "CreateApi", Name="Chat", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )["ApiId"]
    integration = call_v2(shop.caller, "CreateIntegration", ApiId=api, IntegrationType="MOCK")["IntegrationId"]
    for key in ("$connect", "say"):
        call_v2(shop.caller, "CreateRoute", ApiId=api, RouteKey=key, Target=f"integrations/{integration}")
    call_v2(shop.caller, "CreateStage", ApiId=api, StageName="prod", AutoDeploy=True)
    stages = [{"restApiId": shop.api_id, "stageName": "prod"}, {"apiId": api, "stageName": "prod"}]
    shop.call("UpdateProduct", productId=shop.product_id, stages=stages)
    shop.call("PublishProduct", productId=shop.product_id)
    return f"{api}-prod"


def needing(**security: list[str]) -> None:
    """Have the reference say what connecting needs."""
    row = ProductStage.objects.get(v2_stage__isnull=False)
    row.reference["x-gatehouse-messages"]["connect"] = [security]
    row.reference["components"] = {
        "securitySchemes": {
            "api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
            "jwt": {"type": "http", "scheme": "bearer"},
            "sigv4": {"type": "apiKey", "name": "Authorization", "in": "header"},
        }
    }
    row.save()


class Tab(PageSocket):
    """The page's WebSocket in somebody's browser."""

    def __init__(
        self, client: Client, slug: str, bridge: Bridge | None = None, origin: str = "http://portal.test"
    ) -> None:
        path = f"/products/petstore/reference/{slug}/socket/"
        super().__init__(client, bridge or Bridge(stage_of_product), path, origin)

    async def open(self, **said: Any) -> dict[str, Any]:
        """What the API was told in the handshake, or why there was none."""
        assert await self.connect()
        await self.say(type="open", **said)
        first = await self.hear()
        told: dict[str, Any] = json.loads((await self.hear())["text"]) if first["type"] == "opened" else first
        return told


async def test_a_stranger_talks_to_an_api_that_is_open_for_as_long_as_they_like(chat: str, gateway: None) -> None:
    tab = Tab(Client(), chat)

    told = await tab.open(query="room=lobby")
    await tab.say(type="send", text="hello")

    assert (told["path"].endswith("/prod?room=lobby"), told["user-agent"]) == (True, "Gatehouse-try-it")
    assert not {"x-api-key", "authorization"} & set(told)
    assert await tab.hear() == {"type": "message", "text": "hello"}
    await tab.leave()


async def test_the_key_of_the_chosen_application_goes_along_and_nobody_elses(
    chat: str, ada: User, gateway: None
) -> None:
    application, key = await with_access(ada, api_key=[])

    assert (await Tab(await signed_in_as(ada), chat).open(application=application))["x-api-key"] == key
    eve = await database_sync_to_async(person)("eve@example.com")
    assert "x-api-key" not in await Tab(await signed_in_as(eve), chat).open(application=application)
    refused = await Tab(Client(), chat).open(application=application)
    assert (refused["type"], "Create an account" in refused["text"]) == ("refused", True)


async def test_a_token_that_was_pasted_or_is_a_clients_is_filled_in(
    chat: str, shop: Shop, ada: User, gateway: None
) -> None:
    application, _ = await with_access(ada, jwt=[])
    made = await database_sync_to_async(shop.call)(
        "CreateApplicationClient", applicationId=application, name="R", grantType="client_credentials"
    )
    page = await signed_in_as(ada)

    assert (await Tab(page, chat).open(token="Bearer mine"))["authorization"] == "Bearer mine"
    assert (await Tab(page, chat).open(client=made["clientId"]))["authorization"].startswith("Bearer ey")
    assert "authorization" not in await Tab(Client(), chat).open(client=made["clientId"])
    assert (await Tab(page, chat).open(token="a\r\nb: c"))["type"] == "refused"


async def test_an_access_key_that_was_typed_signs_the_handshake(chat: str, gateway: None) -> None:
    await database_sync_to_async(needing)(sigv4=[])

    told = await Tab(Client(), chat).open(
        access_key_id="AKIDEXAMPLE", secret_access_key="hush", session_token="s", query="a=1"
    )

    assert told["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/us-east-1/execute-api/aws4_request" in told["authorization"]
    assert told["x-amz-security-token"] == "s"
    assert "hush" not in json.dumps(told)


async def test_what_is_not_shown_and_pages_of_others_do_not_get_in(chat: str, shop: Shop) -> None:
    assert not await Tab(Client(), chat, origin="https://evil.example").connect()
    assert not await Tab(Client(), f"{shop.api_id}-prod").connect()
    await database_sync_to_async(shop.call)("UpdateProduct", productId=shop.product_id, visibility="signed-in")
    assert not await Tab(Client(), chat).connect()


async def test_one_visitor_has_so_many_connections_and_no_more(chat: str, gateway: None) -> None:
    bridge = Bridge(stage_of_product)
    tabs = [Tab(Client(), chat, bridge) for _ in range(MOST_OF_ONE_GUEST)]
    for tab in tabs:
        PACE.forget_everybody()
        await tab.open()

    another = Tab(Client(), chat, bridge)
    assert await another.connect()
    assert (await another.receive_output(5))["code"] == 1013
    for tab in tabs:
        await tab.leave()
    PACE.forget_everybody()
    assert "path" in await Tab(Client(), chat, bridge).open()


async def test_without_script_a_page_tells_what_was_said_or_why_not(chat: str, gateway: None) -> None:
    place = f"/products/petstore/reference/{chat}/socket/"
    talked, refused = await database_sync_to_async(without_script)(place)

    assert "hello there" in talked
    assert "Slow down a little" in refused
    assert "<h1>" in refused


def without_script(place: str) -> tuple[str, str]:
    talked = Client().post(place, {"messages": "hello there", "seconds": "2"}).content.decode()
    for _ in range(30):
        PACE.wait_for("address:127.0.0.1")
    return talked, Client().post(place, {"messages": "x", "seconds": "2"}).content.decode()


@database_sync_to_async
def with_access(user: User, **security: list[str]) -> tuple[str, str]:
    browser(user).post("/products/petstore/access/")
    needing(**security)
    application = Application.objects.get()
    return application.application_id, str(application.keys.get().api_key.value)


@database_sync_to_async
def signed_in_as(user: User) -> Client:
    return browser(user)
