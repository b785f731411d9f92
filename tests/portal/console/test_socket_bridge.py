"""The bridge of the live client: who may use it, and what it carries both ways."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.test import Client
from websockets.sync.server import ServerConnection
from websockets.typing import Subprotocol

from apps.control_plane.caller import Caller
from portal.console.websocket_apis_bridge import stage_of_console
from portal.socket_bridge import Bridge
from tests.builders import a_websocket_api, an_http_api, call_v2
from tests.portal.page_socket import PageSocket, gateway_that

pytestmark = pytest.mark.django_db(transaction=True)


def echo(connection: ServerConnection) -> None:
    """Tells how it was connected to, then says again what it hears; `bye` ends it."""
    request = connection.request
    assert request is not None
    told = {"path": request.path, "token": request.headers.get("x-token"), "agent": request.headers["user-agent"]}
    connection.send(json.dumps(told))
    for message in connection:
        if message == "bye":
            connection.close(1001, "Going away")
            return
        connection.send(message)


def first_offered(connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return next(iter(offered), None)


@pytest.fixture
def gateway(settings: Any) -> Iterator[None]:
    with gateway_that(echo, settings, select_subprotocol=first_offered):
        yield


@pytest.fixture
def nobody(member: Callable[[str], Client]) -> Client:
    return member("nobody")


@pytest.fixture
def api(caller: Caller) -> str:
    made = a_websocket_api(caller)
    call_v2(caller, "CreateStage", ApiId=made, StageName="prod")
    return made


class SocketPage(PageSocket):
    """The WebSocket of the live client's page."""

    def __init__(self, client: Client, path: str, origin: str = "http://portal.test") -> None:
        super().__init__(client, Bridge(stage_of_console), path, origin)


def at(api: str, stage: str = "prod") -> str:
    return f"/console/v2/{api}/stages/{stage}/socket/"


async def opened(client: Client, api: str, **handshake: Any) -> SocketPage:
    page = SocketPage(client, at(api))
    assert await page.connect()
    await page.say(type="open", **handshake)
    return page


async def test_a_connection_has_the_query_headers_and_subprotocol_that_were_asked_for(
    owner: Client, api: str, gateway: None
) -> None:
    page = await opened(owner, api, query="?a=1&b=ä", headers=[["x-token", "secret"]], protocols=["chat"])

    assert await page.hear() == {"type": "opened", "protocol": "chat"}
    assert json.loads((await page.hear())["text"]) == {
        "path": f"/_aws/execute-api/{api}/prod?a=1&b=%C3%A4",
        "token": "secret",
        "agent": "Gatehouse-console",
    }
    await page.leave()


async def test_texts_binary_and_long_messages_go_both_ways(owner: Client, api: str, gateway: None) -> None:
    page = await opened(owner, api)
    long, data = "ä" * 40_000, base64.b64encode(bytes(range(256)) * 200).decode()
    for _ in range(2):
        await page.hear()

    await page.say(type="send", text=long)
    await page.say(type="send", base64=data)
    await page.say(type="send", text="")

    assert await page.hear() == {"type": "message", "text": long}
    assert await page.hear() == {"type": "message", "base64": data}
    assert await page.hear() == {"type": "message", "text": ""}
    await page.leave()


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ({"base64": "no base64"}, "This is no base64."),
        ({"text": "x" * 140_000}, "A message has at most 128 KB."),
        ({}, "This is no base64."),
    ],
)
async def test_what_cannot_be_sent_is_told_and_the_connection_goes_on(
    owner: Client, api: str, gateway: None, message: dict[str, str], told: str
) -> None:
    page = await opened(owner, api)
    for _ in range(2):
        await page.hear()

    await page.say(**{"type": "send", **message})
    await page.say(type="send", text="still there")

    assert await page.hear() == {"type": "unsent", "text": told}
    assert (await page.hear())["text"] == "still there"
    await page.leave()


@pytest.mark.parametrize(("last", "code"), [({"type": "send", "text": "bye"}, 1001), ({"type": "close"}, 1000)])
async def test_the_end_is_told_with_its_code(
    owner: Client, api: str, gateway: None, last: dict[str, str], code: int
) -> None:
    page = await opened(owner, api)
    for _ in range(2):
        await page.hear()

    await page.say(**last)

    end = await page.hear()
    assert (end["type"], end["code"]) == ("closed", code)
    assert (await page.receive_output(5))["type"] == "websocket.close"


@pytest.mark.parametrize(
    "handshake",
    [
        {"headers": [["host", "elsewhere"]]},
        {"headers": [["sec-websocket-key", "x"]]},
        {"headers": [["x", "a\r\nb: c"]]},
        {"headers": ["x"]},
        {"headers": 7},
        {"protocols": ["a b"]},
    ],
)
async def test_a_handshake_that_cannot_be_is_refused_or_left_out(
    owner: Client, api: str, gateway: None, handshake: dict[str, Any]
) -> None:
    page = await opened(owner, api, **handshake)

    told = await page.hear()

    assert told["type"] == ("opened" if handshake.get("headers") == 7 else "refused")
    await page.leave()


async def test_a_gateway_that_is_away_is_told(owner: Client, api: str, settings: Any) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, internal_gateway_url="http://127.0.0.1:1")

    page = await opened(owner, api)

    assert "could not be reached" in (await page.hear())["text"]


async def test_only_those_who_may_edit_come_in_and_only_from_our_own_pages(
    owner: Client, viewer: Client, nobody: Client, api: str
) -> None:
    strangers = [
        SocketPage(Client(), at(api)),
        SocketPage(viewer, at(api)),
        SocketPage(nobody, at(api)),
        SocketPage(owner, at(api), origin="https://evil.example"),
        SocketPage(owner, at(api), origin=""),
        SocketPage(owner, at(api, "nowhere")),
        SocketPage(owner, at("abcdefghij")),
        SocketPage(owner, "/console/"),
    ]

    assert [await page.connect() for page in strangers] == [False] * len(strangers)


async def test_a_stage_of_somebody_else_or_of_an_http_api_is_not_there(
    owner: Client, caller: Caller, elsewhere: Caller
) -> None:
    pages = [SocketPage(owner, at(made)) for made in await made_elsewhere(caller, elsewhere)]

    assert [await page.connect() for page in pages] == [False, False]


@database_sync_to_async
def made_elsewhere(caller: Caller, elsewhere: Caller) -> list[str]:
    made = [(caller, an_http_api(caller)), (elsewhere, a_websocket_api(elsewhere))]
    for who, api in made:
        call_v2(who, "CreateStage", ApiId=api, StageName="prod")
    return [api for _, api in made]


async def test_what_is_no_message_of_ours_ends_the_conversation(owner: Client, api: str) -> None:
    page = SocketPage(owner, at(api))
    await page.connect()

    await page.send_input({"type": "websocket.receive", "text": "hello"})

    await page.wait(5)
    assert await page.receive_nothing()
