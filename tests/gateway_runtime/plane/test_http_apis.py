"""HTTP APIs: which route a request takes, what its back end is given, and what comes back."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from apps.core.v2_documents import V2Authorizer, V2Cors, V2RouteSettings
from gateway_runtime.functions.errors import InvocationTimedOut
from tests.gateway_runtime.plane.backend import Backend
from tests.gateway_runtime.plane.builders import ACCOUNT, domain, get, mock, rest_api
from tests.gateway_runtime.plane.functions import function_arn
from tests.gateway_runtime.plane.harness import Answer, FakeClock, GatewayHarness
from tests.gateway_runtime.plane.http_apis import HOST, HTTP_API, function, http_api, proxy, route
from tests.gateway_runtime.plane.signing import credentials, send, sign
from tests.issuer import Issuer

NOW = 1_700_000_000


def tells(name: str) -> Any:
    return lambda event: {"statusCode": 200, "body": name}


async def call(gateway: GatewayHarness, path: str, method: str = "GET", body: bytes = b"", **headers: str) -> Answer:
    return await gateway.call(method, path, body, host=HOST, **headers)


# Routes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "taken"),
    [
        ("GET /pets/dog/1", "GET /pets/dog/1"),
        ("GET /pets/dog/2", "GET /pets/dog/{id}"),
        ("GET /pets/cat/1", "GET /pets/{proxy+}"),
        ("POST /pets/dog/2", "ANY /{proxy+}"),
        ("POST /test/5", "ANY /{proxy+}"),
        ("GET /", "$default"),
    ],
)
async def test_a_full_match_goes_before_a_greedy_one_and_that_before_default(
    gateway: GatewayHarness, request_: str, taken: str
) -> None:
    keys = ["GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default"]
    gateway.serve(
        *http_api(*(route(key, function(gateway.functions.runs(str(at), tells(key)))) for at, key in enumerate(keys)))
    )
    method, _, path = request_.partition(" ")

    assert (await call(gateway, path, method)).body.decode() == taken


@pytest.mark.parametrize(("path", "status"), [("/pets", 200), ("/dogs", 404), ("/prod/pets", 404)])
async def test_what_no_route_takes_is_not_found(gateway: GatewayHarness, path: str, status: int) -> None:
    gateway.serve(*http_api(route("GET /pets", function(gateway.functions.runs("pets", tells("pets"))))))

    answer = await call(gateway, path)

    assert answer.status == status
    if status == 404:
        assert answer.json() == {"message": "Not Found"}
        assert answer.header("apigw-requestid")


async def test_a_stage_that_has_a_name_stands_before_the_path(gateway: GatewayHarness) -> None:
    gateway.serve(*http_api(route("GET /pets", function(gateway.functions.runs("pets", tells("pets")))), stage="prod"))

    answers = [await call(gateway, path) for path in ("/prod/pets", "/pets", "/")]

    assert [answer.status for answer in answers] == [200, 404, 404]
    assert answers[1].json() == {"message": "Not Found"}
    assert answers[1].header("apigw-requestid")


async def test_an_endpoint_that_is_disabled_is_not_found(gateway: GatewayHarness) -> None:
    pets = route("GET /pets", function(gateway.functions.runs("pets", tells("pets"))))
    gateway.serve(*http_api(pets, disable_execute_api_endpoint=True))

    answer = await call(gateway, "/pets")

    assert (answer.status, answer.json()) == (404, {"message": "Not Found"})


@pytest.mark.parametrize(
    ("path", "taken", "caught"),
    [
        ("/pets", "exact", None),
        ("/pets/", "below", {"proxy": ""}),
        ("/pets/a/", "below", {"proxy": "a/"}),
        ("/cats/", "default", None),
        ("/", "root", None),
    ],
)
async def test_a_slash_at_the_end_makes_another_path(
    gateway: GatewayHarness, path: str, taken: str, caught: dict[str, str] | None
) -> None:
    keys = {
        "exact": "GET /pets",
        "below": "GET /pets/{proxy+}",
        "cats": "GET /cats",
        "root": "GET /",
        "default": "$default",
    }
    runs = gateway.functions.runs
    gateway.serve(*http_api(*(route(key, function(runs(name, tells(name)))) for name, key in keys.items())))

    answer = await call(gateway, path)

    assert answer.body.decode() == taken
    event = gateway.functions.invocations[-1].event
    assert (event["rawPath"], event.get("pathParameters")) == (path, caught)


async def test_it_harms_no_rest_api_beside_it_and_goes_as_it_came(gateway: GatewayHarness) -> None:
    deployment, at = http_api(route("$default", None))
    gateway.serve(deployment, at, rest_api(get("/pets", mock(200, "pets"))))

    gateway.withdraw(at)

    assert (await gateway.get("/prod/pets")).body == b"pets"
    assert (await call(gateway, "/pets")).status == 403


async def test_a_header_overrides_no_method(gateway: GatewayHarness) -> None:
    gateway.serve(*http_api(route("GET /pets", function(gateway.functions.runs("pets", tells("pets"))))))

    answer = await call(gateway, "/pets", x_http_method_override="DELETE")

    assert answer.body == b"pets"


async def test_a_route_without_an_integration_fails_as_its_configuration(gateway: GatewayHarness) -> None:
    gateway.serve(*http_api(route("GET /pets", None)))

    answer = await call(gateway, "/pets")

    assert (answer.status, answer.json()) == (500, {"message": "Internal Server Error"})


async def test_a_custom_domain_name_leads_to_it(gateway: GatewayHarness) -> None:
    gateway.serve(
        *http_api(route("GET /pets/{id}", function(gateway.functions.runs("pets", tells("pets"))))),
        domain("api.example.com", ("v1/shop", HTTP_API, "$default")),
    )

    answer = await gateway.get("/v1/shop/pets/7", host="api.example.com")

    assert answer.body == b"pets"
    assert gateway.functions.invocations[0].event["pathParameters"] == {"id": "7"}


# HTTP back ends ---------------------------------------------------------------------------------------


async def test_a_proxy_is_given_the_request_and_its_answer_comes_back(
    gateway: GatewayHarness, backend: Backend
) -> None:
    backend.answers(201, b'{"made": true}', x_own="mine", content_type="application/json")
    gateway.serve(*http_api(route("POST /pets/{id}/{proxy+}", proxy(f"{backend.url}/animals/{{id}}/{{proxy}}"))))

    answer = await call(gateway, "/pets/7/a/b?x=1&x=2", "POST", b"{}", x_mine="yours", x_forwarded_for="6.6.6.6")

    sent = backend.requests[0]
    assert (sent.method, sent.target, sent.body) == ("POST", "/animals/7/a/b?x=1&x=2", b"{}")
    assert (sent.header("x-mine"), sent.header("x-forwarded-for")) == ("yours", None)
    assert sent.header("forwarded") == f"for=6.6.6.6, by=127.0.0.1;for=192.0.2.7;host={HOST};proto=http"
    assert (answer.status, answer.json(), answer.header("x-own")) == (201, {"made": True}, "mine")
    assert answer.header("x-amzn-requestid") is None


async def test_the_default_route_sends_the_full_path_on(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.serve(*http_api(route("$default", proxy(f"{backend.url}/base")), stage="prod"))

    await call(gateway, "/prod/a/b%20c?d=1")

    assert backend.requests[0].target == "/base/a/b%20c?d=1"


async def test_mappings_change_requests_and_answers(gateway: GatewayHarness, backend: Backend) -> None:
    backend.answers(200, b'{"id": 42}', x_secret="hide", content_type="application/json")
    request_parameters = {
        "append:header.x-pet": "$request.path.id",
        "overwrite:header.x-who": "$context.identity.sourceIp",
        "remove:header.x-drop": "''",
        "append:querystring.stage": "${stageVariables.color} and ${request.querystring.q}",
        "remove:querystring.q": "''",
        "append:header.x-name": "$request.body.pet.name",
        "append:header.x-none": "$request.header.absent",
        "overwrite:path": "/v2/$request.path.id",
    }
    response_parameters = {
        "200": {
            "overwrite:statuscode": "203",
            "append:header.x-id": "$response.body.id",
            "remove:header.x-secret": "''",
        }
    }
    behind = proxy(backend.url, request_parameters=request_parameters, response_parameters=response_parameters)
    gateway.serve(*http_api(route("POST /pets/{id}", behind), variables={"color": "red"}))

    answer = await call(
        gateway, "/pets/7?q=a b".replace(" ", "%20"), "POST", b'{"pet": {"name": "Rex"}}', x_drop="1", x_who="me"
    )

    sent = backend.requests[0]
    assert sent.target == "/v2/7?stage=red%20and%20a%20b"
    shown = [sent.header(name) for name in ("x-pet", "x-who", "x-drop", "x-name", "x-none")]
    assert shown == ["7", "192.0.2.7", None, "Rex", None]
    assert (answer.status, answer.header("x-id"), answer.header("x-secret")) == (203, "42", None)
    assert answer.json() == {"id": 42}


async def test_a_back_end_that_is_away_is_unavailable(gateway: GatewayHarness) -> None:
    gateway.serve(*http_api(route("GET /pets", proxy("http://127.0.0.1:1/"))))

    answer = await call(gateway, "/pets")

    assert (answer.status, answer.json()) == (503, {"message": "Service Unavailable"})


# Functions --------------------------------------------------------------------------------------------


async def test_payload_2_0_tells_the_request(gateway: GatewayHarness, clock: FakeClock) -> None:
    arn = gateway.functions.runs("pets", {"ok": True})
    gateway.serve(*http_api(route("ANY /pets/{id}", function(arn)), stage="prod", variables={"color": "red"}))

    await call(
        gateway,
        "/prod/pets/a%20b?x=1&x=2&y=",
        "POST",
        b'{"a": 1}',
        cookie="s=1; t=2",
        accept="a",
        content_type="application/json",
    )

    event = gateway.functions.invocations[0].event
    assert (event["version"], event["routeKey"], event["rawPath"]) == ("2.0", "ANY /pets/{id}", "/prod/pets/a%20b")
    assert (event["rawQueryString"], event["queryStringParameters"]) == ("x=1&x=2&y=", {"x": "1,2", "y": ""})
    assert event["cookies"] == ["s=1", "t=2"]
    assert (event["headers"]["accept"], event["headers"]["host"]) == ("a", HOST)
    assert "cookie" not in event["headers"]
    assert (event["pathParameters"], event["stageVariables"]) == ({"id": "a b"}, {"color": "red"})
    assert (event["body"], event["isBase64Encoded"]) == ('{"a": 1}', False)
    context = event["requestContext"]
    assert context["http"] == {
        "method": "POST", "path": "/prod/pets/a%20b", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7", "userAgent": "",
    }  # fmt: skip
    assert (context["accountId"], context["apiId"], context["stage"]) == (ACCOUNT, HTTP_API, "prod")
    assert (context["routeKey"], context["timeEpoch"]) == ("ANY /pets/{id}", int(clock.now * 1000))
    assert context["time"] == "14/Nov/2023:22:13:20 +0000"


async def test_a_body_that_is_no_text_is_told_in_base64(gateway: GatewayHarness) -> None:
    gateway.serve(*http_api(route("POST /pets", function(gateway.functions.runs("pets", {"ok": True})))))

    await call(gateway, "/pets", "POST", b"\xff\x00", content_type="image/png")

    event = gateway.functions.invocations[0].event
    assert (event["body"], event["isBase64Encoded"]) == (base64.b64encode(b"\xff\x00").decode(), True)


async def test_payload_1_0_tells_it_as_rest_apis_do(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("pets", {"statusCode": 200, "body": "x"})
    gateway.serve(*http_api(route("GET /pets/{id}", function(arn, "1.0"))))

    answer = await call(gateway, "/pets/7?x=1&x=2", x_own="mine")

    event = gateway.functions.invocations[0].event
    assert (event["version"], event["resource"], event["path"], event["httpMethod"]) == (
        "1.0",
        "/pets/{id}",
        "/pets/7",
        "GET",
    )
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"]}
    assert event["headers"]["x-own"] == "mine"
    assert event["requestContext"]["resourceId"] == "GET /pets/{id}"
    assert answer.header("content-type") == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("result", "status", "body"),
    [
        ({"message": "hi"}, 200, b'{"message": "hi"}'),
        ("hello", 200, b"hello"),
        ([1, 2], 200, b"[1, 2]"),
        (None, 200, b"null"),
        ({"statusCode": 201, "body": "made"}, 201, b"made"),
        ({"statusCode": "204"}, 204, b""),
        ({"statusCode": 200, "body": "aGk=", "isBase64Encoded": True}, 200, b"hi"),
        ({"statusCode": "none"}, 500, b'{"message":"Internal Server Error"}'),
        ({"statusCode": 200, "body": "%%", "isBase64Encoded": True}, 500, b'{"message":"Internal Server Error"}'),
    ],
)
async def test_what_a_function_gives_becomes_the_answer(
    gateway: GatewayHarness, result: Any, status: int, body: bytes
) -> None:
    gateway.serve(*http_api(route("GET /pets", function(gateway.functions.runs("pets", lambda event: result)))))

    answer = await call(gateway, "/pets")

    assert (answer.status, answer.body) == (status, body)


async def test_a_function_sets_headers_and_cookies(gateway: GatewayHarness) -> None:
    result = {
        "statusCode": 200,
        "headers": {"X-Own": "1", "Content-Type": "text/html"},
        "cookies": ["a=1", "b=2"],
        "body": "x",
    }
    gateway.serve(*http_api(route("GET /pets", function(gateway.functions.runs("pets", result)))))

    answer = await call(gateway, "/pets")

    assert (answer.header("x-own"), answer.header("content-type")) == ("1", "text/html")
    assert [value for name, value in answer.headers if name == "set-cookie"] == ["a=1", "b=2"]


async def test_a_function_that_takes_too_long_is_unavailable(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("slow", InvocationTimedOut("30 s"))
    gateway.serve(*http_api(route("GET /pets", function(arn))))

    answer = await call(gateway, "/pets")

    assert (answer.status, answer.json()) == (503, {"message": "Service Unavailable"})


@pytest.mark.parametrize(("key", "shown"), [("GET /pets", "GET/pets"), ("$default", "$default")])
async def test_a_function_is_invoked_on_behalf_of_the_route(gateway: GatewayHarness, key: str, shown: str) -> None:
    gateway.serve(*http_api(route(key, function(gateway.functions.runs("pets", {"ok": True})))))

    await call(gateway, "/pets")

    source = gateway.functions.invocations[0].source_arn
    assert source == f"arn:aws:execute-api:us-east-1:{ACCOUNT}:{HTTP_API}/$default/{shown}"


# Access -----------------------------------------------------------------------------------------------


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with Issuer() as made:
        yield made


def tokens(issuer: Issuer, source: str = "$request.header.Authorization") -> V2Authorizer:
    return V2Authorizer(
        id="auth01", name="tokens", type="JWT", identity_sources=(source,),
        jwt_issuer=issuer.url, jwt_audience=("pets",),
    )  # fmt: skip


async def test_a_token_opens_a_route_and_its_claims_reach_the_function(gateway: GatewayHarness, issuer: Issuer) -> None:
    arn = gateway.functions.runs("pets", {"ok": True})
    guarded = route("GET /pets", function(arn), authorization_type="JWT", authorizer_id="auth01")
    gateway.serve(*http_api(guarded, authorizers=(tokens(issuer),)))

    answer = await call(gateway, "/pets", authorization=f"Bearer {issuer.token(now=NOW)}")

    assert answer.status == 200
    told = gateway.functions.invocations[0].event["requestContext"]["authorizer"]["jwt"]
    assert told["claims"]["sub"] == "alice"


@pytest.mark.parametrize(
    ("headers", "challenge"),
    [
        ({}, "Bearer"),
        ({"authorization": "Bearer nonsense"}, 'Bearer scope="" error="invalid_token" error_description='),
    ],
)
async def test_without_a_good_token_a_route_says_what_it_asks_for(
    gateway: GatewayHarness, issuer: Issuer, headers: dict[str, str], challenge: str
) -> None:
    guarded = route("GET /pets", function(function_arn("pets")), authorization_type="JWT", authorizer_id="auth01")
    gateway.serve(*http_api(guarded, authorizers=(tokens(issuer),)))

    answer = await call(gateway, "/pets", **headers)

    assert (answer.status, answer.json()) == (401, {"message": "Unauthorized"})
    assert str(answer.header("www-authenticate")).startswith(challenge)


async def test_a_token_needs_one_of_the_scopes(gateway: GatewayHarness, issuer: Issuer) -> None:
    arn = gateway.functions.runs("pets", {"ok": True})
    guarded = route(
        "GET /pets", function(arn), authorization_type="JWT", authorizer_id="auth01", authorization_scopes=("a", "b")
    )
    gateway.serve(*http_api(guarded, authorizers=(tokens(issuer),)))

    answers = [
        await call(gateway, "/pets", authorization=f"Bearer {issuer.token(now=NOW, scope=scope)}")
        for scope in ("b", "c")
    ]

    assert [answer.status for answer in answers] == [200, 403]
    assert 'error="insufficient_scope"' in str(answers[1].header("www-authenticate"))


async def test_a_token_comes_in_a_query_parameter(gateway: GatewayHarness, issuer: Issuer) -> None:
    arn = gateway.functions.runs("pets", {"ok": True})
    guarded = route("GET /pets", function(arn), authorization_type="JWT", authorizer_id="auth01")
    gateway.serve(*http_api(guarded, authorizers=(tokens(issuer, "$request.querystring.token"),)))

    targets = (f"/pets?token={issuer.token(now=NOW)}", "/pets?token=nonsense", "/pets")

    assert [(await call(gateway, target)).status for target in targets] == [200, 401, 401]


async def test_a_client_id_counts_where_there_is_no_audience(gateway: GatewayHarness, issuer: Issuer) -> None:
    arn = gateway.functions.runs("pets", {"ok": True})
    guarded = route("GET /pets", function(arn), authorization_type="JWT", authorizer_id="auth01")
    gateway.serve(*http_api(guarded, authorizers=(tokens(issuer),)))

    sent = [issuer.token(now=NOW, aud=None, client_id=client) for client in ("pets", "dogs")]

    assert [(await call(gateway, "/pets", authorization=token)).status for token in sent] == [200, 401]


def asks(arn: str, **members: Any) -> V2Authorizer:
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    return V2Authorizer(id="auth01", name="asks", type="REQUEST", uri=uri, **members)


@pytest.mark.parametrize(("allowed", "status"), [(True, 200), (False, 403)])
async def test_a_function_says_simply_who_may(gateway: GatewayHarness, allowed: bool, status: int) -> None:
    who = gateway.functions.runs("who", {"isAuthorized": allowed, "context": {"n": 1, "list": [1]}})
    arn = gateway.functions.runs("pets", {"ok": True})
    guarded = route("GET /pets/{id}", function(arn), authorization_type="CUSTOM", authorizer_id="auth01")
    simple = asks(who, payload_format_version="2.0", simple_responses=True, identity_sources=("$request.header.auth",))
    gateway.serve(*http_api(guarded, authorizers=(simple,)))

    answer = await call(gateway, "/pets/7", auth="secret")

    asked = gateway.functions.invocations[0].event
    assert answer.status == status
    assert (asked["version"], asked["type"], asked["identitySource"]) == ("2.0", "REQUEST", ["secret"])
    assert asked["routeArn"] == f"arn:aws:execute-api:us-east-1:{ACCOUNT}:{HTTP_API}/$default/GET/pets/7"
    if allowed:
        told = gateway.functions.invocations[1].event["requestContext"]["authorizer"]
        assert told == {"lambda": {"n": 1, "list": [1]}}
    else:
        assert answer.json() == {"message": "Forbidden"}


async def test_who_shows_no_identity_is_not_asked_about(gateway: GatewayHarness) -> None:
    who = gateway.functions.runs("who", {"isAuthorized": True})
    guarded = route("GET /pets", function(function_arn("pets")), authorization_type="CUSTOM", authorizer_id="auth01")
    simple = asks(who, payload_format_version="2.0", simple_responses=True, identity_sources=("$request.header.auth",))
    gateway.serve(*http_api(guarded, authorizers=(simple,)))

    answer = await call(gateway, "/pets")

    assert (answer.status, answer.json(), gateway.functions.invocations) == (401, {"message": "Unauthorized"}, [])


async def test_what_a_function_decided_is_remembered(gateway: GatewayHarness, clock: FakeClock) -> None:
    who = gateway.functions.runs("who", {"isAuthorized": True})
    arn = gateway.functions.runs("pets", {"ok": True})
    guarded = route("GET /pets", function(arn), authorization_type="CUSTOM", authorizer_id="auth01")
    simple = asks(
        who,
        payload_format_version="2.0",
        simple_responses=True,
        identity_sources=("$request.header.auth",),
        result_ttl=60,
    )
    gateway.serve(*http_api(guarded, authorizers=(simple,)))

    for wait in (0, 59, 2):
        clock.pass_seconds(wait)
        await call(gateway, "/pets", auth="secret")

    assert [each.arn for each in gateway.functions.invocations].count(function_arn("who")) == 2


@pytest.mark.parametrize(("invokes", "status"), [(True, 200), (False, 403)])
async def test_callers_can_sign(gateway: GatewayHarness, clock: FakeClock, invokes: bool, status: int) -> None:
    clock.now = time.time()
    arn = gateway.functions.runs("pets", {"ok": True})
    gateway.serve(
        *http_api(route("GET /pets", function(arn), authorization_type="AWS_IAM")), credentials(invokes=invokes)
    )

    answer = await send(gateway, sign("/pets", host=HOST), HOST)

    assert answer.status == status
    if invokes:
        told = gateway.functions.invocations[0].event["requestContext"]["authorizer"]["iam"]
        assert told["userArn"] == f"arn:aws:iam::{ACCOUNT}:user/alice"
    else:
        assert answer.json() == {"message": "Forbidden"}


# Origins ----------------------------------------------------------------------------------------------

CORS = V2Cors(
    allow_origins=("https://app.example.com", "http://*"), allow_methods=("GET", "POST"), allow_headers=("x-own",),
    expose_headers=("x-shown",), allow_credentials=True, max_age=60,
)  # fmt: skip


def cors_of(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers if name.startswith("access-control-")}


@pytest.mark.parametrize("path", ["/pets", "/nowhere"])
async def test_a_preflight_is_answered_by_the_api_itself(gateway: GatewayHarness, path: str) -> None:
    guarded = route("ANY /pets", function(function_arn("pets")), authorization_type="CUSTOM", authorizer_id="auth01")
    gateway.serve(*http_api(guarded, authorizers=(asks(function_arn("who")),), cors=CORS))

    answer = await call(gateway, path, "OPTIONS", origin="https://app.example.com", access_control_request_method="GET")

    assert (answer.status, answer.body) == (204, b"")
    assert cors_of(answer) == {
        "access-control-allow-origin": "https://app.example.com",
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET,POST",
        "access-control-allow-headers": "x-own",
        "access-control-max-age": "60",
    }


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [("https://app.example.com", True), ("http://any.where", True), ("https://evil.example.com", False)],
)
async def test_answers_say_what_the_api_says_of_origins(
    gateway: GatewayHarness, backend: Backend, origin: str, allowed: bool
) -> None:
    backend.answers(200, b"{}", access_control_allow_origin="*", access_control_allow_methods="DELETE")
    gateway.serve(*http_api(route("GET /pets", proxy(backend.url)), cors=CORS))

    shown = cors_of(await call(gateway, "/pets", origin=origin))

    expected = {
        "access-control-allow-origin": origin,
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "x-shown",
    }
    assert shown == (expected if allowed else {})


async def test_errors_can_be_read_by_other_origins(gateway: GatewayHarness) -> None:
    gateway.serve(*http_api(route("GET /pets", proxy("http://127.0.0.1:1/")), cors=V2Cors(allow_origins=("*",))))

    answer = await call(gateway, "/pets", origin="https://app.example.com")

    assert (answer.status, cors_of(answer)) == (503, {"access-control-allow-origin": "*"})


# Limits and logs --------------------------------------------------------------------------------------


async def test_routes_are_throttled_by_their_settings(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("pets", {"ok": True})
    gateway.serve(
        *http_api(
            route("GET /pets", function(arn)),
            route("GET /dogs", function(arn)),
            settings={"GET /pets": V2RouteSettings(throttling_rate_limit=1, throttling_burst_limit=1)},
            default_settings=V2RouteSettings(throttling_rate_limit=1, throttling_burst_limit=2),
        )
    )

    pets = [(await call(gateway, "/pets")).status for _ in range(2)]
    dogs = [await call(gateway, "/dogs") for _ in range(3)]

    assert (pets, [answer.status for answer in dogs]) == ([200, 429], [200, 200, 429])
    assert dogs[2].json() == {"message": "Too Many Requests"}


async def test_a_body_above_ten_megabytes_is_too_large(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.serve(*http_api(route("POST /pets", proxy(backend.url))))

    answer = await call(gateway, "/pets", "POST", b"x" * (10 * 1024 * 1024 + 1))

    assert (answer.status, answer.json()) == (413, {"message": "Request Entity Too Large"})


@pytest.mark.parametrize("path", ["/pets", "/nowhere"])
async def test_the_log_knows_a_request_by_the_identifier_that_its_caller_saw(
    gateway: GatewayHarness, path: str
) -> None:
    arn = gateway.functions.runs("pets", {"ok": True})
    gateway.serve(*http_api(route("GET /pets", function(arn)), log='{"id":"$context.requestId"}'))

    answers = [await call(gateway, path) for _ in range(2)]

    assert [json.loads(line)["id"] for line in gateway.logs.lines] == [
        answer.header("apigw-requestid") for answer in answers
    ]


async def test_requests_are_logged_and_counted_by_their_routes(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("pets", {"ok": True})
    log = json.dumps({"route": "$context.routeKey", "status": "$context.status"})
    gateway.serve(*http_api(route("GET /pets/{id}", function(arn)), route("$default", None), log=log))

    for path in ("/pets/7", "/other"):
        await call(gateway, path)

    assert [json.loads(line) for line in gateway.logs.lines] == [
        {"route": "GET /pets/{id}", "status": "200"},
        {"route": "$default", "status": "500"},
    ]
    assert [label.resource for label, _, _ in gateway.meter.answers] == ["/pets/{id}", "$default"]
