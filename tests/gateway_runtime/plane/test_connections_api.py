"""`@connections`: what back ends do with the connections of an API's stage."""

from __future__ import annotations

import json
import time
from urllib.parse import quote

import pytest

from tests.gateway_runtime.plane.harness import Answer, FakeClock, GatewayHarness
from tests.gateway_runtime.plane.signing import credentials, send, sign
from tests.gateway_runtime.plane.sockets import HOST, Path, Socket, chat, connect, function

OTHER = "other00000"


@pytest.fixture(autouse=True)
def now(clock: FakeClock) -> FakeClock:
    """botocore signs for the time that it is."""
    clock.now = time.time()
    return clock


def echo_id(gateway: GatewayHarness) -> Path:
    """A route that tells a connection its own id."""

    def tell(event: dict) -> dict:
        return {"statusCode": 200, "body": event["requestContext"]["connectionId"]}

    return Path("$default", function(gateway.functions.runs("id", tell)), two_way=True)


async def opened(gateway: GatewayHarness, **members: object) -> tuple[Socket, str]:
    gateway.serve(*chat(echo_id(gateway)), *chat(echo_id(gateway), api_id=OTHER), credentials(invokes=True))
    client = await connect(gateway)
    return client, await client.ask("who am I?")


async def call(
    gateway: GatewayHarness, method: str, connection_id: str, body: bytes = b"", *, host: str = HOST
) -> Answer:
    target = f"/prod/@connections/{quote(connection_id, safe='')}"
    return await send(gateway, sign(target, method, body, host=host), host)


async def test_a_back_end_sends_to_a_connection(gateway: GatewayHarness) -> None:
    client, connection_id = await opened(gateway)

    answers = [await call(gateway, "POST", connection_id, body) for body in (b'{"news": 1}', b"\xff\xfe")]

    assert [answer.status for answer in answers] == [200, 200]
    assert [await client.next(), await client.next()] == [{"news": 1}, b"\xff\xfe"]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_an_answer_has_nothing_of_the_one_before(gateway: GatewayHarness, method: str) -> None:
    _, first = await opened(gateway)
    _, second = await opened(gateway)

    answers = [await call(gateway, method, each) for each in (first, second)]

    names = [[name for name, _ in answer.headers] for answer in answers]
    assert names[0] == names[1]
    assert len(set(names[1])) == len(names[1])


async def test_a_back_end_asks_about_a_connection(gateway: GatewayHarness, clock: FakeClock) -> None:
    clock.now = 1_800_000_000.5
    _, connection_id = await opened(gateway)
    clock.now = time.time()

    answer = await call(gateway, "GET", connection_id)

    assert answer.json() == {
        "connectedAt": "2027-01-15T08:00:00.500Z",
        "identity": {"sourceIp": "192.0.2.7", "userAgent": ""},
        "lastActiveAt": "2027-01-15T08:00:00.500Z",
    }


async def test_a_back_end_closes_a_connection(gateway: GatewayHarness) -> None:
    client, connection_id = await opened(gateway)

    answer = await call(gateway, "DELETE", connection_id)

    assert answer.status == 204
    with pytest.raises(ConnectionError):
        await client.next()


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
async def test_a_connection_that_is_closed_is_gone(gateway: GatewayHarness, method: str) -> None:
    client, connection_id = await opened(gateway)
    await client.close()

    answer = await call(gateway, method, connection_id)

    assert (answer.status, answer.header("x-amzn-errortype")) == (410, "GoneException")


async def test_the_connections_of_another_api_are_out_of_reach(gateway: GatewayHarness) -> None:
    client, connection_id = await opened(gateway)

    answer = await call(gateway, "POST", connection_id, b"x", host=f"{OTHER}.execute-api.localhost")

    assert answer.status == 410
    assert client.silent()


async def test_what_is_no_connection_id_is_told(gateway: GatewayHarness) -> None:
    await opened(gateway)

    answer = await call(gateway, "POST", "nonsense", b"x")

    assert answer.status == 400
    assert answer.json() == {"message": "Invalid connectionId: nonsense"}


async def test_a_message_above_128_kilobytes_is_too_long(gateway: GatewayHarness) -> None:
    _, connection_id = await opened(gateway)

    answers = [await call(gateway, "POST", connection_id, b"x" * size) for size in (131_072, 131_073)]

    assert [answer.status for answer in answers] == [200, 413]
    assert answers[1].header("x-amzn-errortype") == "PayloadTooLargeException"


async def test_who_does_not_sign_or_may_not_manage_is_refused(gateway: GatewayHarness) -> None:
    _, connection_id = await opened(gateway)
    target = f"/prod/@connections/{quote(connection_id, safe='')}"

    unsigned = await gateway.post(target, b"x", host=HOST)
    gateway.serve(credentials())
    powerless = await call(gateway, "POST", connection_id, b"x")
    manage = {"Effect": "Allow", "Action": "execute-api:ManageConnections", "Resource": "*"}
    gateway.serve(credentials(json.dumps({"Version": "2012-10-17", "Statement": [manage]})))
    allowed = await call(gateway, "POST", connection_id, b"x")

    assert [unsigned.status, powerless.status, allowed.status] == [403, 403, 200]
    assert unsigned.json() == {"message": "Missing Authentication Token"}
    assert "execute-api:ManageConnections" in powerless.json()["Message"]


async def test_a_post_counts_as_a_message_and_nothing_else_there_does(gateway: GatewayHarness) -> None:
    client, connection_id = await opened(gateway)
    gateway.meter.answers.clear()
    gateway.meter.of_routes.clear()

    await call(gateway, "POST", connection_id, b"12345")
    await call(gateway, "GET", connection_id)
    await call(gateway, "DELETE", connection_id)
    await call(gateway, "POST", connection_id, b"12345")

    counted = [(label.method, status) for label, _, status in gateway.meter.answers]
    posts = [pair for pair in counted if pair[0] == "MESSAGE"]
    assert posts == [("MESSAGE", 200)]
    assert {method for method, _ in counted} <= {"MESSAGE", "DISCONNECT"}
    assert (5, False) in gateway.meter.of_routes
    assert client.silent() is False
