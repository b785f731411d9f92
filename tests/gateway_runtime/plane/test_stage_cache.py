"""The stage's cache: what is kept, under which key, for how long, and who may have it fresh."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.documents import AnyDocument, CanaryRelease, Integration, MethodSetting
from gateway_runtime.exchange import Exchange
from gateway_runtime.mapping.kept_answers import KeptAnswers
from gateway_runtime.phases.cache import LARGEST
from tests.gateway_runtime.plane.backend import Answer, Backend, Received
from tests.gateway_runtime.plane.builders import (
    SECRET,
    Route,
    Stage,
    any_method,
    get,
    http,
    http_proxy,
    mock,
    post,
    response,
    rest_api,
    route,
    stage,
)
from tests.gateway_runtime.plane.harness import FakeClock, GatewayHarness
from tests.gateway_runtime.plane.signing import credentials, policy_text, send, sign, statement

pytestmark = pytest.mark.asyncio


def caching(*, ttl: int = 300, **members: Any) -> MethodSetting:
    members.setdefault("require_authorization_for_cache_control", False)
    return MethodSetting(caching_enabled=True, cache_ttl_in_seconds=ttl, **members)


def cached_stage(setting: MethodSetting | None = None, key: str = "*/*", name: str = "prod", **members: Any) -> Stage:
    members.setdefault("cache_cluster_size", 0.5)
    return stage(name, method_settings={key: setting or caching()}, **members)


def counting(backend: Backend) -> None:
    """The back end answers with the number of the request."""
    backend.choose = lambda received: Answer(200, str(len(backend.requests)).encode(), [("X-From", "back-end")])


async def bodies(gateway: GatewayHarness, *paths: str, **options: Any) -> list[str]:
    return [(await gateway.get(path, **options)).body.decode() for path in paths]


async def test_an_answer_is_given_again_with_its_status_and_headers(gateway: GatewayHarness, backend: Backend) -> None:
    backend.answers(201, {"pet": 1}, X_Colour="red", Set_Cookie="a=b")
    gateway.serve(rest_api(get("/pets", http_proxy(f"{backend.url}/pets")), cached_stage()))

    first, second = await gateway.get("/prod/pets"), await gateway.get("/prod/pets")

    def lasting(answer: Any) -> list[tuple[str, str]]:
        return [
            header
            for header in answer.headers
            if header[0] not in ("x-amzn-requestid", "x-amz-apigw-id", "x-amzn-trace-id")
        ]

    assert (second.status, second.body, lasting(second)) == (first.status, first.body, lasting(first))
    assert second.header("x-amzn-requestid") != first.header("x-amzn-requestid")
    assert len(backend.requests) == 1


async def test_an_answer_passes_after_its_time_to_live(
    gateway: GatewayHarness, backend: Backend, clock: FakeClock
) -> None:
    counting(backend)
    gateway.serve(rest_api(get("/pets", http_proxy(backend.url)), cached_stage(caching(ttl=10))))

    assert await bodies(gateway, "/prod/pets", "/prod/pets") == ["1", "1"]
    clock.pass_seconds(9.9)
    assert await bodies(gateway, "/prod/pets") == ["1"]
    clock.pass_seconds(0.2)
    assert await bodies(gateway, "/prod/pets") == ["2"]


async def test_transformed_answers_and_mocks_are_kept_as_they_were_answered(gateway: GatewayHarness) -> None:
    text = "$context.requestId"
    gateway.serve(rest_api(get("/pets", mock(200, text)), cached_stage()))

    first, second = await bodies(gateway, "/prod/pets", "/prod/pets")

    assert first == second


async def test_an_http_integration_s_answer_is_kept_mapped(gateway: GatewayHarness, backend: Backend) -> None:
    counting(backend)
    integration = http(backend.url, "GET", response(200, None, x_from="integration.response.header.X-From"))
    gateway.serve(rest_api(get("/pets", integration), cached_stage()))

    await gateway.get("/prod/pets")
    again = await gateway.get("/prod/pets")

    assert (again.body, again.header("x-from")) == (b"1", "back-end")


@pytest.mark.parametrize(
    ("setting", "size"),
    [(caching(ttl=0), 0.5), (MethodSetting(), 0.5), (caching(), None)],
    ids=["no time to live", "not enabled", "no cluster"],
)
async def test_nothing_is_kept_where_the_stage_does_not_say_so(
    gateway: GatewayHarness, backend: Backend, setting: MethodSetting, size: float | None
) -> None:
    counting(backend)
    gateway.serve(rest_api(get("/pets", http_proxy(backend.url)), cached_stage(setting, cache_cluster_size=size)))

    assert await bodies(gateway, "/prod/pets", "/prod/pets") == ["1", "2"]


async def test_a_stage_s_setting_is_about_get_alone_and_a_method_s_own_about_any(
    gateway: GatewayHarness, backend: Backend
) -> None:
    counting(backend)
    routes = [
        post("/a", http_proxy(backend.url)),
        any_method("/b", http_proxy(backend.url)),
        post("/c", http_proxy(backend.url)),
    ]
    settings = {"*/*": caching(), "~1c/POST": caching()}
    gateway.serve(rest_api(*routes, stage("prod", method_settings=settings, cache_cluster_size=0.5)))

    async def twice(path: str, method: str = "POST") -> bool:
        return len({(await gateway.call(method, path)).body for _ in range(2)}) == 1

    assert [await twice("/prod/a"), await twice("/prod/b", "GET"), await twice("/prod/c")] == [False, False, True]


async def test_a_method_s_own_setting_can_turn_its_caching_off(gateway: GatewayHarness, backend: Backend) -> None:
    counting(backend)
    settings = {"*/*": caching(), "~1pets~1{id}/GET": MethodSetting()}
    routes = [get("/pets/{id}", http_proxy(backend.url))]
    gateway.serve(rest_api(*routes, stage("prod", method_settings=settings, cache_cluster_size=0.5)))

    assert await bodies(gateway, "/prod/pets/1", "/prod/pets/1") == ["1", "2"]


def keyed(backend: Backend, *parameters: str, **members: Any) -> Integration:
    return http_proxy(backend.url, cache_key_parameters=parameters, **members)


async def test_requests_that_differ_in_no_cache_key_parameter_get_one_answer(
    gateway: GatewayHarness, backend: Backend
) -> None:
    counting(backend)
    gateway.serve(rest_api(get("/pets/{id}", keyed(backend)), cached_stage()))

    assert await bodies(gateway, "/prod/pets/1?a=1", "/prod/pets/2?a=2") == ["1", "1"]


@pytest.mark.parametrize(
    ("parameter", "one", "other"),
    [
        ("method.request.path.id", ("/prod/pets/1", {}), ("/prod/pets/2", {})),
        ("method.request.querystring.q", ("/prod/pets/1?q=a", {}), ("/prod/pets/1?q=b", {})),
        ("method.request.querystring.q", ("/prod/pets/1?q=", {}), ("/prod/pets/1", {})),
        ("method.request.multivaluequerystring.q", ("/prod/pets/1?q=a&q=b", {}), ("/prod/pets/1?q=b", {})),
        ("method.request.multivaluequerystring.q", ("/prod/pets/1?q=a&q=b", {}), ("/prod/pets/1?q=ab", {})),
        ("method.request.header.X-Tenant", ("/prod/pets/1", {"x-tenant": "a"}), ("/prod/pets/1", {"x-tenant": "b"})),
        ("integration.request.header.tenant", ("/prod/pets/1?t=a", {}), ("/prod/pets/1?t=b", {})),
    ],
)
async def test_a_cache_key_parameter_tells_answers_apart(
    gateway: GatewayHarness, backend: Backend, parameter: str, one: tuple[str, Any], other: tuple[str, Any]
) -> None:
    counting(backend)
    mapped = {"integration.request.header.tenant": "method.request.querystring.t"}
    gateway.serve(rest_api(get("/pets/{id}", keyed(backend, parameter, request_parameters=mapped)), cached_stage()))

    found = [(await gateway.get(path, headers=headers)).body.decode() for path, headers in (one, other, one, other)]

    assert found == ["1", "2", "1", "2"]


@given(st.lists(st.tuples(st.text(max_size=4), st.text(max_size=4)), min_size=2, max_size=2, unique=True))
async def test_no_two_pairs_of_values_have_one_key(pairs: list[tuple[str, str]]) -> None:
    async with GatewayHarness(FakeClock()) as gateway:
        integration = mock(
            200,
            "$context.requestId",
            cache_key_parameters=("method.request.querystring.a", "method.request.querystring.b"),
        )
        gateway.serve(rest_api(get("/x", integration), cached_stage()))
        targets = [f"/prod/x?a={quote(a, safe='')}&b={quote(b, safe='')}" for a, b in pairs if "\x00" not in a + b]

        found = await bodies(gateway, *targets)

        assert len(set(found)) == len(targets)


async def test_resources_of_one_namespace_share_their_answers(gateway: GatewayHarness, backend: Backend) -> None:
    counting(backend)
    gateway.serve(
        rest_api(
            get("/a", http_proxy(backend.url, cache_namespace="pets")),
            get("/b", http_proxy(backend.url, cache_namespace="pets")),
            get("/c", http_proxy(backend.url)),
            cached_stage(),
        )
    )

    assert await bodies(gateway, "/prod/a", "/prod/b", "/prod/c") == ["1", "1", "2"]


async def test_stages_and_apis_do_not_share_answers(gateway: GatewayHarness, backend: Backend) -> None:
    counting(backend)
    pets = get("/pets", http_proxy(backend.url))
    gateway.serve(
        rest_api(pets, cached_stage(), cached_stage(name="dev")),
        rest_api(pets, cached_stage(), api_id="otherapi00", deployment_id="dep002"),
    )

    here = await bodies(gateway, "/prod/pets", "/dev/pets")
    there = await bodies(gateway, "/prod/pets", host="otherapi00.execute-api.localhost")

    assert [*here, *there] == ["1", "2", "3"]


async def test_a_flush_acts_at_once_and_a_deployment_leaves_what_is_kept(
    gateway: GatewayHarness, backend: Backend
) -> None:
    counting(backend)
    pets = get("/pets", http_proxy(backend.url))
    gateway.serve(rest_api(pets, cached_stage()))
    await gateway.get("/prod/pets")

    gateway.serve(rest_api(pets, cached_stage(), deployment_id="dep002"))
    assert await bodies(gateway, "/prod/pets") == ["1"]

    gateway.serve(rest_api(pets, cached_stage(cache_flushes=1)))
    assert await bodies(gateway, "/prod/pets") == ["2"]

    gateway.serve(rest_api(pets, cached_stage(cache_flushes=1, cache_cluster_size=1.6)))
    assert await bodies(gateway, "/prod/pets") == ["3"]


async def test_errors_of_a_back_end_are_kept_and_those_of_the_gateway_never(
    gateway: GatewayHarness, backend: Backend
) -> None:
    backend.answers(503, b"busy")
    gateway.serve(
        rest_api(
            get("/theirs", http_proxy(backend.url)), get("/ours", http_proxy("http://127.0.0.1:1/")), cached_stage()
        )
    )

    assert [(await gateway.get("/prod/theirs")).status for _ in range(2)] == [503, 503]
    assert len(backend.requests) == 1
    assert [(await gateway.get("/prod/ours")).status for _ in range(2)] == [504, 504]
    assert gateway.services.answers is not None


@pytest.mark.parametrize(("size", "times"), [(LARGEST, 1), (LARGEST + 1, 2)])
@pytest.mark.parametrize("framing", ["length", "chunked"])
async def test_a_mebibyte_is_kept_and_not_a_byte_more(
    gateway: GatewayHarness, backend: Backend, size: int, times: int, framing: str
) -> None:
    body = b"x" * size
    backend.answers(200, body)
    if framing == "chunked":
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
        backend.answer = Answer(raw=head + b"%x\r\n%b\r\n0\r\n\r\n" % (size, body))
    gateway.serve(rest_api(get("/pets", http_proxy(backend.url)), cached_stage()))

    answers = [await gateway.get("/prod/pets") for _ in range(2)]

    assert [answer.body == body for answer in answers] == [True, True]
    assert len(backend.requests) == times


async def test_head_is_not_answered_from_the_cache(gateway: GatewayHarness, backend: Backend) -> None:
    backend.answers(200, b"body")
    settings = {"~1pets/ANY": caching()}
    routes: list[Route] = [any_method("/pets", http_proxy(backend.url))]
    gateway.serve(rest_api(*routes, stage("prod", method_settings=settings, cache_cluster_size=0.5)))

    for _ in range(2):
        assert (await gateway.call("HEAD", "/prod/pets")).status == 200
    assert len(backend.requests) == 2


async def test_of_many_who_miss_one_answer_at_once_one_asks_the_back_end(
    gateway: GatewayHarness, backend: Backend
) -> None:
    all_there = asyncio.Event()

    def choose(received: Received) -> Answer:
        return Answer(200, str(len(backend.requests)).encode(), before=all_there.wait)

    backend.choose = choose
    gateway.serve(rest_api(get("/pets", http_proxy(backend.url)), cached_stage()))
    calls = [asyncio.create_task(gateway.get("/prod/pets")) for _ in range(20)]
    while not backend.requests:
        await asyncio.sleep(0)
    all_there.set()

    assert {(await call).body for call in calls} == {b"1"}
    assert len(backend.requests) == 1


async def test_those_who_wait_ask_themselves_when_the_first_one_fails(
    gateway: GatewayHarness, backend: Backend
) -> None:
    waiting = asyncio.Event()

    def choose(received: Received) -> Answer:
        if len(backend.requests) == 1:
            return Answer(raw=b"garbage\r\n\r\n", before=waiting.wait)
        return Answer(200, b"good")

    backend.choose = choose
    gateway.serve(rest_api(get("/pets", http_proxy(backend.url)), cached_stage()))
    calls = [asyncio.create_task(gateway.get("/prod/pets")) for _ in range(3)]
    while not backend.requests:
        await asyncio.sleep(0)
    waiting.set()

    assert sorted([(await call).status for call in calls]) == [200, 200, 502]


async def test_those_who_wait_go_on_when_the_first_one_is_cancelled(gateway: GatewayHarness, backend: Backend) -> None:
    never = asyncio.Event()

    def choose(received: Received) -> Answer:
        return Answer(200, b"good", before=never.wait if len(backend.requests) == 1 else None)

    backend.choose = choose
    gateway.serve(rest_api(get("/pets", http_proxy(backend.url)), cached_stage()))
    first = asyncio.create_task(gateway.get("/prod/pets"))
    while not backend.requests:
        await asyncio.sleep(0)
    second = asyncio.create_task(gateway.get("/prod/pets"))
    await asyncio.sleep(0)
    first.cancel()

    assert (await second).body == b"good"


async def test_anybody_may_have_a_fresh_answer_where_no_authorization_is_required(
    gateway: GatewayHarness, backend: Backend
) -> None:
    counting(backend)
    gateway.serve(rest_api(get("/pets", http_proxy(backend.url)), cached_stage()))
    await gateway.get("/prod/pets")

    fresh = await gateway.get("/prod/pets", cache_control="no-transform, max-age=0")

    assert fresh.body == b"2"
    assert await bodies(gateway, "/prod/pets") == ["2"]
    assert await bodies(gateway, "/prod/pets", cache_control="no-cache") == ["2"]


@pytest.mark.parametrize(
    ("strategy", "status", "warning"),
    [
        ("FAIL_WITH_403", 403, None),
        (
            "SUCCEED_WITH_RESPONSE_HEADER",
            200,
            "199 Cache-control headers were ignored because the caller was unauthorized.",
        ),
        ("SUCCEED_WITHOUT_RESPONSE_HEADER", 200, None),
    ],
)
async def test_who_may_not_have_a_fresh_answer_is_treated_as_the_stage_says(
    gateway: GatewayHarness, backend: Backend, strategy: str, status: int, warning: str | None
) -> None:
    counting(backend)
    setting = caching(require_authorization_for_cache_control=True, unauthorized_cache_control_header_strategy=strategy)
    gateway.serve(rest_api(get("/pets", http_proxy(backend.url)), cached_stage(setting)))

    asked = [await gateway.get("/prod/pets", cache_control="max-age=0") for _ in range(2)]
    plain = await gateway.get("/prod/pets")

    assert [(answer.status, answer.header("warning")) for answer in asked] == [(status, warning)] * 2
    assert plain.body == b"1"
    assert plain.header("warning") is None


@pytest.mark.parametrize(
    ("actions", "body"),
    [
        (["execute-api:Invoke", "execute-api:InvalidateCache"], b"2"),
        (["execute-api:*"], b"2"),
        (["execute-api:Invoke"], b"1"),
    ],
)
async def test_a_caller_whose_policies_allow_it_may_have_a_fresh_answer(
    gateway: GatewayHarness, backend: Backend, clock: FakeClock, actions: list[str], body: bytes
) -> None:
    counting(backend)
    clock.now = time.time()  # botocore signs for the time that it is
    setting = caching(require_authorization_for_cache_control=True)
    pets = get("/pets", http_proxy(backend.url), authorization_type="AWS_IAM")
    gateway.serve(rest_api(pets, cached_stage(setting)), credentials(policy_text(statement(Action=actions))))
    await send(gateway, sign())

    fresh = await send(gateway, sign(headers={"Cache-Control": "max-age=0"}))

    assert fresh.body == body


async def test_what_the_api_s_policy_denies_nobody_may_have_fresh(
    gateway: GatewayHarness, backend: Backend, clock: FakeClock
) -> None:
    counting(backend)
    clock.now = time.time()
    setting = caching(require_authorization_for_cache_control=True)
    pets = get("/pets", http_proxy(backend.url), authorization_type="AWS_IAM")
    denial = policy_text(statement("Deny", Action="execute-api:InvalidateCache", Principal="*"))
    api = replace(rest_api(pets, cached_stage(setting)), policy=denial)
    gateway.serve(api, credentials(policy_text(statement(Action="execute-api:*"))))
    await send(gateway, sign())

    assert (await send(gateway, sign(headers={"Cache-Control": "max-age=0"}))).body == b"1"


async def test_what_a_method_streams_is_not_kept(gateway: GatewayHarness, backend: Backend) -> None:
    counting(backend)
    gateway.serve(rest_api(get("/pets", http_proxy(backend.url, response_transfer_mode="STREAM")), cached_stage()))

    assert await bodies(gateway, "/prod/pets", "/prod/pets") == ["1", "2"]


async def test_encrypted_answers_are_kept_unreadable_and_bound_to_their_key(
    gateway: GatewayHarness, backend: Backend
) -> None:
    backend.answers(200, b"a secret of the back end")
    gateway.serve(rest_api(get("/pets", http_proxy(backend.url)), cached_stage(caching(cache_data_encrypted=True))))
    await gateway.get("/prod/pets")
    again = await gateway.get("/prod/pets")
    assert (again.body, len(backend.requests)) == (b"a secret of the back end", 1)

    exchange = Exchange({}, None, None)
    exchange.status, exchange.headers, exchange.answer = 200, [(b"a", b"b")], b"a secret"
    sealed = KeptAnswers(SECRET)
    kept = sealed.write(exchange, "key")

    assert b"secret" not in kept
    assert sealed.read(Exchange({}, None, None), kept, "key")
    assert not sealed.read(Exchange({}, None, None), kept, "another key")
    assert not KeptAnswers(b"o" * 32).read(Exchange({}, None, None), kept, "key")


@given(st.binary(max_size=60))
async def test_no_bytes_of_a_store_break_a_request(data: bytes) -> None:
    for kept in (KeptAnswers(None), KeptAnswers(SECRET)):
        kept.read(Exchange({}, None, None), data, "key")


@pytest.mark.parametrize(("use_stage_cache", "seen"), [(True, ["1", "1"]), (False, ["1", "2"])])
async def test_a_canary_uses_the_stage_s_cache_when_it_is_told_to(
    gateway: GatewayHarness, backend: Backend, use_stage_cache: bool, seen: list[str]
) -> None:
    counting(backend)
    pets = get("/pets", http_proxy(backend.url))
    gateway.serve(rest_api(pets, cached_stage()))
    before = await bodies(gateway, "/prod/pets")
    canary = CanaryRelease(deployment_id="dep002", percent_traffic=100.0, use_stage_cache=use_stage_cache)
    later: AnyDocument = rest_api(pets, deployment_id="dep002").documents()[0]

    gateway.serve(rest_api(pets, cached_stage(canary=canary)), later)

    assert [*before, *await bodies(gateway, "/prod/pets")] == seen


async def test_a_cache_key_parameter_that_no_request_has_is_a_mistake_of_the_api(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(get("/x", mock(cache_key_parameters=("method.request.body.a",))), cached_stage()))

    assert (await gateway.get("/prod/x")).status == 500


async def test_a_kept_answer_is_packed_for_those_who_ask_for_it(gateway: GatewayHarness, backend: Backend) -> None:
    backend.answers(200, b"x" * 2000)
    gateway.serve(
        replace(rest_api(route("GET", "/pets", http_proxy(backend.url)), cached_stage()), minimum_compression_size=100)
    )

    packed = await gateway.get("/prod/pets", accept_encoding="gzip")
    plain = await gateway.get("/prod/pets")

    assert (packed.header("content-encoding"), plain.header("content-encoding")) == ("gzip", None)
    assert (plain.body, len(backend.requests)) == (b"x" * 2000, 1)
