"""Try-it with tokens and signatures, WebSocket APIs through the portal, and SDKs."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from websockets.sync.server import Server, ServerConnection, serve

from apps.core.secrets import Secret
from apps.portals.models import Application, ProductStage
from portal.developer import calling, trysocket
from portal.developer.pace import PACE
from portal.developer.reference import OperationPage, read_reference
from portal.developer.try_form import read_attempt
from portal.developer.tryit import Attempt, Credentials, send
from tests.portal.developer.shops import Shop


@pytest.fixture(autouse=True)
def _no_waiting() -> None:
    PACE.forget_everybody()


def operation(security: dict[str, Any], schemes: dict[str, Any]) -> OperationPage:
    document = {"paths": {"/pets": {"get": {"security": [security]}}}, "components": {"securitySchemes": schemes}}
    return next(read_reference(document).operations())


TOKEN = operation({"pool": ["pets/read"]}, {"pool": {"type": "apiKey", "name": "X-Token", "in": "header"}})
SIGNED = operation({"sigv4": []}, {"sigv4": {"type": "apiKey", "name": "Authorization", "in": "header"}})
BEARER = operation({"jwt": ["a"]}, {"jwt": {"type": "http", "scheme": "bearer"}})


def test_a_reference_tells_what_a_caller_has_to_bring() -> None:
    assert (TOKEN.token_header, TOKEN.scopes, TOKEN.signed, TOKEN.open) == ("X-Token", ("pets/read",), False, False)
    assert (BEARER.token_header, BEARER.scopes) == ("Authorization", ("a",))
    assert (SIGNED.signed, SIGNED.token_header, SIGNED.open) == (True, "", False)
    assert operation({}, {}).open


def test_a_token_goes_into_the_header_that_takes_it(origin: Any) -> None:
    send(read_attempt(TOKEN, {"token": " Bearer abc "}, ""), origin.url)

    assert origin.asked[0].headers["x-token"] == "Bearer abc"


def test_a_token_with_a_line_break_is_not_sent(origin: Any) -> None:
    answer = send(Attempt(TOKEN, "GET", {}, "", "", "a\r\nHost: evil"), origin.url)

    assert (origin.asked, "X-Token" in answer.problem) == ([], True)


def test_a_signature_is_made_with_the_access_key_that_was_typed(origin: Any) -> None:
    posted = {"access_key_id": "AKIDEXAMPLE", "secret_access_key": "hush", "session_token": "session"}
    attempt = read_attempt(SIGNED, posted, "", "eu-central-1")
    send(attempt, origin.url)

    headers = origin.asked[0].headers
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-central-1/execute-api/aws4_request" in headers["authorization"]
    assert headers["x-amz-security-token"] == "session"
    assert "hush" not in repr(attempt)


def test_an_operation_that_wants_no_signature_gets_none(origin: Any) -> None:
    credentials = Credentials("AKID", Secret("hush"), "", "us-east-1")
    send(Attempt(TOKEN, "GET", {}, "", "", "", credentials), origin.url)

    assert "authorization" not in origin.asked[0].headers


def test_the_portal_fills_in_a_token_of_the_readers_own_client(
    shop: Shop, signed_in: Client, origin: Any, monkeypatch: Any
) -> None:
    signed_in.post("/products/petstore/access/")
    shop.call("UpdateProduct", productId=shop.product_id, scopes=["pets/read"])
    app = Application.objects.get()
    client = shop.call(
        "CreateApplicationClient", applicationId=app.application_id, name="Robot", grantType="client_credentials"
    )
    row = ProductStage.objects.get()
    row.reference["components"]["securitySchemes"] = {"jwt": {"type": "http", "scheme": "bearer"}}
    row.reference["paths"]["/health"]["get"]["security"] = [{"jwt": ["pets/read"]}]
    row.reference_deployment_id = "changed"
    row.save()
    monkeypatch.setattr(calling, "try_it_url", lambda *_: origin.url)
    place = f"/products/petstore/reference/{shop.api_id}-prod/"

    assert "Robot" in signed_in.get(f"{place}?operation=get-health").content.decode()
    signed_in.post(f"{place}try/", {"operation": "get-health", "client": client["clientId"]})
    Client().post(f"{place}try/", {"operation": "get-health", "client": client["clientId"]})

    assert origin.asked[0].headers["authorization"].startswith("Bearer ey")
    assert "authorization" not in origin.asked[1].headers


@dataclass
class Chat:
    """A real WebSocket server that answers each message twice and remembers what it was told."""

    url: str
    keys: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)


@pytest.fixture
def chat() -> Iterator[Chat]:
    found = Chat("")

    def answer(socket: ServerConnection) -> None:
        assert socket.request is not None
        found.keys.append(socket.request.headers.get("x-api-key", ""))
        for message in socket:
            found.heard.append(str(message))
            if message == "bye":
                socket.close(1000)
                return
            socket.send(f"you said {message!s}")
            socket.send(b"\x00\x01")

    server: Server = serve(answer, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    found.url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
    yield found
    server.shutdown()
    thread.join(5)


def test_the_log_tells_what_was_said_by_whom(chat: Chat) -> None:
    log = trysocket.talk(chat.url, {"x-api-key": "k"}, ["hello"], 1)

    assert [line.kind for line in log.lines] == ["opened", "sent", "received", "received", "closed"]
    assert log.lines[2].text == "you said hello"
    assert log.lines[3].text == "(2 bytes of binary data)"
    assert chat.keys == ["k"]


def test_the_log_tells_that_the_api_closed(chat: Chat) -> None:
    log = trysocket.talk(chat.url, {}, ["bye"], 2)

    assert log.lines[-1].text == "The API closed the connection: 1000"


def test_a_gateway_that_is_away_is_told_in_words() -> None:
    assert "could not be reached" in trysocket.talk("ws://127.0.0.1:1/", {}, [], 1).lines[0].text


def test_at_most_ten_messages_are_sent(chat: Chat) -> None:
    trysocket.talk(chat.url, {}, [str(number) for number in range(20)], 1)

    assert len(chat.heard) == 10


def test_a_client_of_the_api_is_handed_out_for_every_language(shop: Shop) -> None:
    for kind in ("python", "javascript", "java", "ruby"):
        PACE.forget_everybody()
        answer = Client().get(f"/products/petstore/reference/{shop.api_id}-prod/sdk/{kind}/")
        assert answer.status_code == 200, kind
        assert zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
        assert answer["Content-Disposition"].startswith("attachment")
    PACE.forget_everybody()
    assert Client().get(f"/products/petstore/reference/{shop.api_id}-prod/sdk/cobol/").status_code == 404


def test_what_is_not_shown_has_no_client_either(shop: Shop) -> None:
    shop.call("UpdateProduct", productId=shop.product_id, visibility="signed-in")

    assert Client().get(f"/products/petstore/reference/{shop.api_id}-prod/sdk/python/").status_code == 404
