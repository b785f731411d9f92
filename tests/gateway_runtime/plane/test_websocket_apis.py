"""WebSocket APIs: how connections open, where messages go, what comes back, and how they end."""

from __future__ import annotations

import asyncio
import base64
import time
from typing import Any

import pytest

from apps.core.v2_documents import V2Authorizer, V2IntegrationResponse, V2RouteSettings
from gateway_runtime.functions.errors import FunctionsUnreachable
from tests.gateway_runtime.plane.backend import Backend
from tests.gateway_runtime.plane.builders import ACCOUNT, key, keys, plan
from tests.gateway_runtime.plane.harness import FakeClock, GatewayHarness
from tests.gateway_runtime.plane.signing import credentials, sign
from tests.gateway_runtime.plane.sockets import CHAT, HOST, LAMBDA, Path, Refused, chat, connect, function, integration
from tests.gateway_runtime.plane.worker import eventually

OK = {"statusCode": 200}


def echo(event: dict[str, Any]) -> dict[str, Any]:
    return {"statusCode": 200, "body": event.get("body", "")}


# Opening ----------------------------------------------------------------------------------------------

REQUIRED = {
    "route.request.querystring.room": True,
    "route.request.header.X-Client": True,
    "route.request.header.X-Other": False,
}


async def test_the_function_of_connect_is_told_the_handshake(gateway: GatewayHarness, clock: FakeClock) -> None:
    arn = gateway.functions.runs("connect", OK)
    gateway.serve(*chat(Path("$connect", function(arn)), variables={"table": "rooms"}))

    await connect(gateway, "/prod?room=a&room=b", headers={"x-user": "ann", "User-Agent": "tests"})

    invocation = gateway.functions.invocations[0]
    event = invocation.event
    assert event["queryStringParameters"] == {"room": "b"}
    assert event["multiValueQueryStringParameters"] == {"room": ["a", "b"]}
    assert event["headers"]["X-User"] == "ann"
    assert event["stageVariables"] == {"table": "rooms"}
    assert event["isBase64Encoded"] is False
    assert "body" not in event
    context = event["requestContext"]
    assert (context["routeKey"], context["eventType"], context["messageDirection"]) == ("$connect", "CONNECT", "IN")
    assert (context["apiId"], context["stage"], context["connectedAt"]) == (CHAT, "prod", int(clock.now * 1000))
    assert context["identity"] == {"sourceIp": "192.0.2.7", "userAgent": "tests"}
    assert len(context["connectionId"]) == 16
    assert invocation.source_arn == f"arn:aws:execute-api:us-east-1:{ACCOUNT}:{CHAT}/prod/$connect"


async def test_a_connection_opens_without_a_connect_route(gateway: GatewayHarness) -> None:
    gateway.serve(*chat(Path("$default", None)))

    await connect(gateway)


@pytest.mark.parametrize(
    ("result", "status"),
    [({"statusCode": 401}, 401), ({"statusCode": 403}, 403), ({"statusCode": 500}, 500), ({"nonsense": 1}, 502)],
)
async def test_what_connect_refuses_does_not_open(gateway: GatewayHarness, result: Any, status: int) -> None:
    gateway.serve(*chat(Path("$connect", function(gateway.functions.runs("connect", result)))))

    with pytest.raises(Refused) as refused:
        await connect(gateway)

    assert refused.value.status == status
    assert refused.value.headers["x-amzn-requestid"]


@pytest.mark.parametrize(
    ("path", "headers", "missing"),
    [
        ("/prod", {}, "room, X-Client"),
        ("/prod?room=%20", {"X-Client": "app"}, "room"),
        ("/prod?room=7", {}, "X-Client"),
    ],
)
async def test_a_handshake_without_what_connect_requires_reaches_nobody(
    gateway: GatewayHarness, path: str, headers: dict[str, str], missing: str
) -> None:
    gateway.serve(*chat(Path("$connect", function(gateway.functions.runs("connect", OK)), request_parameters=REQUIRED)))

    with pytest.raises(Refused) as refused:
        await connect(gateway, path, headers=headers)

    assert (refused.value.status, refused.value.body["message"]) == (
        400,
        f"Missing required request parameters: [{missing}]",
    )
    assert gateway.functions.invocations == []
    await connect(gateway, "/prod?room=7", headers={"X-Client": "app"})


async def test_messages_have_no_parameters_to_require(gateway: GatewayHarness) -> None:
    gateway.serve(*chat(Path("$default", function(gateway.functions.runs("said", OK)), request_parameters=REQUIRED)))

    socket = await connect(gateway)
    await socket.say("hello")

    await eventually(lambda: len(gateway.functions.invocations) == 1)


async def test_connect_chooses_among_the_subprotocols_that_are_offered(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("connect", {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "chat.v2"}})
    gateway.serve(*chat(Path("$connect", function(arn))))

    offered = await connect(gateway, subprotocols=["chat.v1", "chat.v2"])
    other = await connect(gateway, subprotocols=["chat.v1"])

    assert (offered.subprotocol, other.subprotocol) == ("chat.v2", None)


@pytest.mark.parametrize(
    ("source", "chosen"),
    [
        ("'chat.v2'", "chat.v2"),
        ("integration.response.body.protocol", "chat.v1"),
        ("integration.response.header.X-Protocol", "chat.v2"),
        ("stageVariables.protocol", "chat.v1"),
        ("'chat.v3'", None),
    ],
)
async def test_an_integration_response_of_connect_may_choose_too(
    gateway: GatewayHarness, backend: Backend, source: str, chosen: str | None
) -> None:
    backend.answers(200, {"protocol": "chat.v1"}, X_Protocol="chat.v2")
    parameters = {"route.response.header.Sec-WebSocket-Protocol": source, "route.response.header.Set-Cookie": "'a=b'"}
    response = V2IntegrationResponse(id="1", key="$default", response_parameters=parameters)
    open_ = Path("$connect", integration("HTTP", backend.url, responses=(response,)))
    gateway.serve(*chat(open_, variables={"protocol": "chat.v1"}))

    client = await connect(gateway, subprotocols=["chat.v1", "chat.v2"])

    assert client.subprotocol == chosen


async def test_an_address_of_more_than_4096_bytes_is_too_long(gateway: GatewayHarness) -> None:
    gateway.serve(*chat(Path("$default", None)))

    await connect(gateway, f"/prod?a={'b' * (4_096 - len('/prod?a='))}")
    with pytest.raises(Refused) as refused:
        await connect(gateway, f"/prod?a={'b' * (4_097 - len('/prod?a='))}")

    assert (refused.value.status, refused.value.body["message"]) == (414, "Request-URI Too Long")


@pytest.mark.parametrize("path", ["/", "/test", "/prod/deeper"])
async def test_an_unknown_stage_or_path_is_forbidden(gateway: GatewayHarness, path: str) -> None:
    gateway.serve(*chat(Path("$default", None)))

    with pytest.raises(Refused) as refused:
        await connect(gateway, path)

    assert (refused.value.status, refused.value.body["message"]) == (403, "Forbidden")


# Who may open -----------------------------------------------------------------------------------------


def authorizer(arn: str, **members: Any) -> V2Authorizer:
    return V2Authorizer(id="auth01", name="who", type="REQUEST", uri=LAMBDA.format(arn), **members)


def grants(effect: str) -> Any:
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": "*"}
    return {"principalId": "ann", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
            "context": {"room": "7"}}  # fmt: skip


async def test_an_authorizer_decides_about_connections_and_its_context_stays(gateway: GatewayHarness) -> None:
    who = authorizer(gateway.functions.runs("who", grants("Allow")), identity_sources=("route.request.header.Auth",))
    open_ = Path("$connect", None, authorization_type="CUSTOM", authorizer_id="auth01")
    gateway.serve(*chat(open_, Path("$default", function(gateway.functions.runs("echo", echo))), authorizers=(who,)))

    client = await connect(gateway, headers={"Auth": "secret"})
    await client.say({"action": "x"})
    while len(gateway.functions.invocations) < 2:
        await asyncio.sleep(0)

    asked, told = (invocation.event for invocation in gateway.functions.invocations)
    assert (asked["type"], asked["headers"]["Auth"]) == ("REQUEST", "secret")
    assert asked["methodArn"] == f"arn:aws:execute-api:us-east-1:{ACCOUNT}:{CHAT}/prod/$connect"
    assert asked["requestContext"]["connectionId"] == told["requestContext"]["connectionId"]
    assert told["requestContext"]["authorizer"]["room"] == "7"


@pytest.mark.parametrize(("bytes_", "status"), [(7_000, None), (8_200, 500)])
async def test_what_an_authorizer_says_of_a_connection_has_8_kilobytes(
    gateway: GatewayHarness, bytes_: int, status: int | None
) -> None:
    who = authorizer(gateway.functions.runs("who", {**grants("Allow"), "context": {"room": "7" * bytes_}}))
    gateway.serve(
        *chat(Path("$connect", None, authorization_type="CUSTOM", authorizer_id="auth01"), authorizers=(who,))
    )

    if status is None:
        await connect(gateway)
    else:
        with pytest.raises(Refused) as refused:
            await connect(gateway)
        assert refused.value.status == status


@pytest.mark.parametrize(("headers", "effect", "status"), [({}, "Allow", 401), ({"Auth": "x"}, "Deny", 403)])
async def test_who_shows_nothing_or_is_denied_does_not_connect(
    gateway: GatewayHarness, headers: dict[str, str], effect: str, status: int
) -> None:
    who = authorizer(gateway.functions.runs("who", grants(effect)), identity_sources=("route.request.header.Auth",))
    open_ = Path("$connect", None, authorization_type="CUSTOM", authorizer_id="auth01")
    gateway.serve(*chat(open_, authorizers=(who,)))

    with pytest.raises(Refused) as refused:
        await connect(gateway, headers=headers)

    assert refused.value.status == status


async def test_a_connection_can_need_a_key(gateway: GatewayHarness) -> None:
    gateway.serve(
        *chat(Path("$connect", None, api_key_required=True)), plan(api_id=CHAT), keys(key("s3cret-s3cret-s3cret"))
    )

    await connect(gateway, headers={"x-api-key": "s3cret-s3cret-s3cret"})
    with pytest.raises(Refused) as refused:
        await connect(gateway)

    assert (refused.value.status, refused.value.body["message"]) == (403, "Forbidden")


async def test_an_authorizer_can_name_the_key(gateway: GatewayHarness) -> None:
    named = {**grants("Allow"), "usageIdentifierKey": "s3cret-s3cret-s3cret"}
    who = authorizer(
        gateway.functions.runs("who", lambda event: named), identity_sources=("route.request.header.Auth",)
    )
    open_ = Path("$connect", None, authorization_type="CUSTOM", authorizer_id="auth01", api_key_required=True)
    api = chat(open_, authorizers=(who,), api_key_selection_expression="$context.authorizer.usageIdentifierKey")
    gateway.serve(*api, plan(api_id=CHAT), keys(key("s3cret-s3cret-s3cret")))

    await connect(gateway, headers={"Auth": "x"})
    named["usageIdentifierKey"] = "unknown"
    with pytest.raises(Refused) as refused:
        await connect(gateway, headers={"Auth": "x", "x-api-key": "s3cret-s3cret-s3cret"})

    assert (refused.value.status, refused.value.body["message"]) == (403, "Forbidden")


async def test_a_handshake_can_be_signed_in_its_query(gateway: GatewayHarness, clock: FakeClock) -> None:
    clock.now = time.time()
    gateway.serve(*chat(Path("$connect", None, authorization_type="AWS_IAM")), credentials(invokes=True))
    signed = sign("/prod?room=a", presigned_for=300, host=HOST).target

    await connect(gateway, signed)
    for wrong in ("/prod?room=a", signed.replace("room=a", "room=b")):
        with pytest.raises(Refused) as refused:
            await connect(gateway, wrong)
        assert refused.value.status == 403


# Messages ---------------------------------------------------------------------------------------------


async def test_a_message_takes_the_route_that_its_body_names(gateway: GatewayHarness) -> None:
    join = gateway.functions.runs("join", lambda event: {"statusCode": 200, "body": "joined"})
    rest = gateway.functions.runs("rest", lambda event: {"statusCode": 200, "body": "what?"})
    gateway.serve(*chat(Path("join", function(join), two_way=True), Path("$default", function(rest), two_way=True)))
    client = await connect(gateway)

    answers = [await client.ask(said) for said in ({"action": "join"}, {"action": "sing"}, {"other": 1}, "no json")]

    assert answers == ["joined", "what?", "what?", "what?"]
    told = gateway.functions.invocations[0].event
    assert told["body"] == '{"action": "join"}'
    assert (told["requestContext"]["routeKey"], told["requestContext"]["eventType"]) == ("join", "MESSAGE")
    assert told["requestContext"]["messageId"]
    assert "headers" not in told


async def test_a_message_without_a_route_is_told_that_it_is_forbidden(gateway: GatewayHarness) -> None:
    gateway.serve(*chat(Path("join", function(gateway.functions.runs("join", OK)))))
    client = await connect(gateway)

    answer = await client.ask({"action": "sing"})

    assert answer["message"] == "Forbidden"
    assert answer.keys() == {"message", "connectionId", "requestId"}


async def test_a_route_that_is_not_two_way_sends_nothing_back(gateway: GatewayHarness) -> None:
    one_way = Path("quiet", function(gateway.functions.runs("quiet", echo)))
    gateway.serve(*chat(one_way, Path("loud", function(gateway.functions.runs("loud", echo)), two_way=True)))
    client = await connect(gateway)
    await client.say({"action": "quiet"})

    answer = await client.ask({"action": "loud"})

    assert answer == {"action": "loud"}
    assert client.silent()


async def test_a_binary_message_ends_the_connection(gateway: GatewayHarness) -> None:
    gateway.serve(*chat(Path("$default", function(gateway.functions.runs("echo", echo)), two_way=True)))
    client = await connect(gateway)

    with pytest.raises(ConnectionError):
        await client.ask(b"\xff\x00\xfe")

    assert client.closed is not None
    assert client.closed[0] == 1003
    assert gateway.functions.invocations == []


async def test_a_function_answers_with_bytes_by_base64(gateway: GatewayHarness) -> None:
    encoded = base64.b64encode(b"\xff\x00\xfe").decode()
    arn = gateway.functions.runs("bytes", {"statusCode": 200, "body": encoded, "isBase64Encoded": True})
    gateway.serve(*chat(Path("$default", function(arn), two_way=True)))
    client = await connect(gateway)

    assert await client.ask("anything") == b"\xff\x00\xfe"


async def test_content_handling_turns_base64_into_bytes_and_back(gateway: GatewayHarness, backend: Backend) -> None:
    backend.answers(200, b"\xff\x00")
    there_and_back = integration(
        "HTTP",
        backend.url,
        content_handling_strategy="CONVERT_TO_BINARY",
        responses=(V2IntegrationResponse(id="1", key="$default", content_handling_strategy="CONVERT_TO_TEXT"),),
    )
    gateway.serve(*chat(Path("$default", there_and_back, two_way=True)))
    client = await connect(gateway)

    answer = await client.ask(base64.b64encode(b"\x00\xfe").decode())
    broken = await client.ask("no base64!")

    assert backend.requests[0].body == b"\x00\xfe"
    assert answer == base64.b64encode(b"\xff\x00").decode()
    assert broken["message"] == "Internal server error"
    assert len(backend.requests) == 1


async def test_what_a_template_writes_in_base64_can_be_sent_as_bytes(gateway: GatewayHarness, backend: Backend) -> None:
    backend.answers(200, '{"image": "/wA="}')
    as_bytes = V2IntegrationResponse(
        id="1",
        key="$default",
        content_handling_strategy="CONVERT_TO_BINARY",
        response_templates={"$default": "$input.path('$.image')"},
    )
    gateway.serve(*chat(Path("$default", integration("HTTP", backend.url, responses=(as_bytes,)), two_way=True)))
    client = await connect(gateway)

    assert await client.ask("{}") == b"\xff\x00"


async def test_an_integration_that_is_dead_is_told_and_the_connection_goes_on(gateway: GatewayHarness) -> None:
    dead = function(gateway.functions.runs("dead", FunctionsUnreachable("nobody")))
    gateway.serve(
        *chat(
            Path("dead", dead, two_way=True), Path("live", function(gateway.functions.runs("live", echo)), two_way=True)
        )
    )
    client = await connect(gateway)

    failed = await client.ask({"action": "dead"})
    lives = await client.ask({"action": "live"})

    assert failed["message"] == "Network error communicating with endpoint"
    assert lives == {"action": "live"}


async def test_http_back_ends_are_asked_by_template_and_answer_by_integration_response(
    gateway: GatewayHarness, backend: Backend
) -> None:
    behind = integration(
        "HTTP",
        f"{backend.url}/messages",
        template_selection_expression="${request.body.action}",
        request_templates={"send": '{"text": $input.json(\'$.text\'), "from": "$context.connectionId"}'},
        request_parameters={"integration.request.header.X-Connection": "context.connectionId"},
        response_selection_expression="$integration.response.statuscode",
        responses=(
            V2IntegrationResponse(id="1", key="$default", response_templates={"$default": '{"other": true}'}),
            V2IntegrationResponse(
                id="2", key="/2\\d\\d/", response_templates={"$default": '{"got": $input.json("$.from")}'}
            ),
        ),
    )
    gateway.serve(*chat(Path("send", behind, two_way=True)))
    client = await connect(gateway)

    answer = await client.ask({"action": "send", "text": "hello"})

    sent = backend.requests[0]
    assert answer == {"got": "backend"}
    assert sent.body.startswith(b'{"text": "hello", "from": "')
    assert sent.header("x-connection") in sent.body.decode()


async def test_an_http_proxy_is_given_the_message_and_its_answer_comes_back(
    gateway: GatewayHarness, backend: Backend
) -> None:
    gateway.serve(*chat(Path("$default", integration("HTTP_PROXY", f"{backend.url}/hook"), two_way=True)))
    client = await connect(gateway)

    answer = await client.ask({"text": "hello"})

    assert answer == {"from": "backend"}
    assert (backend.requests[0].method, backend.requests[0].body) == ("POST", b'{"text": "hello"}')


async def test_a_mock_answers_by_its_templates(gateway: GatewayHarness) -> None:
    mock = integration(
        "MOCK",
        request_templates={"$default": '{"statusCode": 200}'},
        template_selection_expression="\\$default",
        responses=(
            V2IntegrationResponse(
                id="1", key="$default", response_templates={"$default": '{"pong": "$context.routeKey"}'}
            ),
        ),
    )
    gateway.serve(*chat(Path("ping", mock, two_way=True)))

    assert await (await connect(gateway)).ask({"action": "ping"}) == {"pong": "ping"}


async def test_a_message_that_does_not_fit_its_model_goes_nowhere(gateway: GatewayHarness) -> None:
    say = Path(
        "say",
        function(gateway.functions.runs("say", echo)),
        two_way=True,
        model_selection_expression="$request.body.action",
        request_models={"say": "Say"},
    )
    schema = '{"type": "object", "required": ["text"]}'
    gateway.serve(*chat(say, models={"Say": schema}))
    client = await connect(gateway)

    answers = [await client.ask({"action": "say"}), await client.ask({"action": "say", "text": "x"})]

    assert [answers[0]["message"], answers[1]["text"]] == ["Invalid request body", "x"]


async def test_a_route_has_its_own_throttle(gateway: GatewayHarness) -> None:
    route = Path("say", function(gateway.functions.runs("say", echo)), two_way=True)
    settings = {"say": V2RouteSettings(throttling_rate_limit=1, throttling_burst_limit=2)}
    gateway.serve(*chat(route, settings=settings))
    client = await connect(gateway)

    answers = [await client.ask({"action": "say"}) for _ in range(3)]

    assert [answer.get("message") for answer in answers] == [None, None, "Too Many Requests"]


async def test_a_slow_message_holds_no_other_up(gateway: GatewayHarness) -> None:
    release = asyncio.Event()

    async def wait(event: dict[str, Any]) -> dict[str, Any]:
        await release.wait()
        return {"statusCode": 200, "body": "at last"}

    slow = function(gateway.functions.runs("slow", wait))
    gateway.serve(
        *chat(
            Path("slow", slow, two_way=True), Path("fast", function(gateway.functions.runs("fast", echo)), two_way=True)
        )
    )
    client = await connect(gateway)
    await client.say({"action": "slow"})

    first = await client.ask({"action": "fast"})
    release.set()

    assert first == {"action": "fast"}
    assert await client.next() == "at last"


# Ends -------------------------------------------------------------------------------------------------


async def test_the_end_of_a_connection_is_told_with_its_code(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("bye", OK)
    gateway.serve(*chat(Path("$disconnect", function(arn)), Path("$default", None)))
    client = await connect(gateway)

    await client.close(1001, "gone home")

    context = gateway.functions.invocations[0].event["requestContext"]
    assert (context["routeKey"], context["eventType"]) == ("$disconnect", "DISCONNECT")
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (1001, "gone home")
    assert len(gateway.services.connections) == 0


@pytest.mark.parametrize(("quiet", "talks"), [(599, True), (600, False)])
async def test_a_connection_that_is_silent_for_ten_minutes_ends(
    gateway: GatewayHarness, clock: FakeClock, quiet: int, talks: bool
) -> None:
    gateway.serve(*chat(Path("$default", function(gateway.functions.runs("echo", echo)), two_way=True)))
    client = await connect(gateway)
    clock.pass_seconds(quiet)

    gateway.services.connections.sweep()

    if talks:
        assert await client.ask({"a": 1}) == {"a": 1}
    else:
        with pytest.raises(ConnectionError):
            await client.next()
        assert client.closed == (1001, "Going away")


async def test_a_connection_ends_after_two_hours_whatever_it_says(gateway: GatewayHarness, clock: FakeClock) -> None:
    gateway.serve(*chat(Path("$default", function(gateway.functions.runs("echo", echo)), two_way=True)))
    client = await connect(gateway)
    for _ in range(12):
        clock.pass_seconds(590)
        gateway.services.connections.sweep()
        await client.ask({"a": 1})

    clock.pass_seconds(590)
    gateway.services.connections.sweep()

    with pytest.raises(ConnectionError):
        await client.next()


async def test_events_are_logged_and_counted_by_their_routes(gateway: GatewayHarness) -> None:
    log = "$context.eventType $context.routeKey $context.status"
    gateway.serve(*chat(Path("say", function(gateway.functions.runs("say", echo)), two_way=True), log=log))
    client = await connect(gateway)
    await client.ask({"action": "say"})
    await client.ask({"action": "sing"})
    await client.close()

    assert gateway.logs.lines[:3] == ["CONNECT $connect 200\n", "MESSAGE say 200\n", "MESSAGE $default 403\n"]
    assert [label.resource for label, _, _ in gateway.meter.answers][1] == "say"
