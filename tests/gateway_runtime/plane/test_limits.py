"""API keys, throttles and quotas as callers meet them."""

from __future__ import annotations

import pytest

from apps.core.documents import MethodSetting
from tests.gateway_runtime.plane.builders import (
    account,
    any_method,
    extension,
    get,
    key,
    keys,
    mock,
    plan,
    post,
    rest_api,
    stage,
)
from tests.gateway_runtime.plane.harness import FakeClock, GatewayHarness

KEYED = rest_api(get("/pets", mock()).with_key(), get("/free", mock()))


async def test_the_third_request_of_a_burst_of_two_is_refused(gateway: GatewayHarness, clock: FakeClock) -> None:
    gateway.serve(rest_api(get("/pets", mock(200)), stage("prod", rate=1, burst=2)))

    answers = [await gateway.get("/prod/pets") for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 429]
    refused = answers[-1]
    assert refused.json() == {"message": "Too Many Requests"}
    assert refused.header("x-amzn-errortype") == "TooManyRequestsException"
    assert refused.header("retry-after") == "1"
    assert refused.header("ratelimit-policy") == '"method";q=2;w=2'
    assert refused.header("ratelimit") == '"method";r=0;t=1'
    clock.pass_seconds(1)
    assert (await gateway.get("/prod/pets")).status == 200


async def test_a_key_of_a_covering_plan_is_admitted_and_metered(gateway: GatewayHarness) -> None:
    gateway.serve(KEYED, plan(), keys(key("s3cret")))

    answer = await gateway.get("/prod/pets", x_api_key="s3cret")

    assert answer.status == 200
    assert gateway.meter.uses == [("plan01", "key0000001")]
    assert gateway.meter.answers[0][1] == "key0000001"


@pytest.mark.parametrize("sent", [{}, {"x_api_key": "wrong"}, {"x_api_key": "x" * 200}, {"x_api_key": ""}])
async def test_a_missing_or_unknown_key_is_forbidden(gateway: GatewayHarness, sent: dict[str, str]) -> None:
    gateway.serve(KEYED, plan(), keys(key("s3cret")))

    answer = await gateway.get("/prod/pets", **sent)

    assert (answer.status, answer.json(), answer.header("x-amzn-errortype")) == (
        403,
        {"message": "Forbidden"},
        "ForbiddenException",
    )


async def test_disabled_expired_and_uncovered_keys_are_forbidden(gateway: GatewayHarness, clock: FakeClock) -> None:
    gateway.serve(
        KEYED,
        plan(),
        plan("plan02", stages=("other",)),
        keys(
            key("disabled", "k1", enabled=False),
            key("expiring", "k2", expires_at=clock.now + 60),
            key("elsewhere", "k3", "plan02"),
        ),
    )

    assert (await gateway.get("/prod/pets", x_api_key="disabled")).status == 403
    assert (await gateway.get("/prod/pets", x_api_key="elsewhere")).status == 403
    assert (await gateway.get("/prod/pets", x_api_key="expiring")).status == 200
    clock.pass_seconds(60)
    assert (await gateway.get("/prod/pets", x_api_key="expiring")).status == 403


async def test_a_method_that_requires_no_key_ignores_one(gateway: GatewayHarness) -> None:
    gateway.serve(KEYED, plan(quota=0), keys(key("s3cret")))

    assert (await gateway.get("/prod/free", x_api_key="s3cret")).status == 200
    assert gateway.meter.uses == []


async def test_each_key_has_the_plans_throttle_for_itself(gateway: GatewayHarness) -> None:
    gateway.serve(KEYED, plan(rate=1, burst=1), keys(key("one", "k1"), key("two", "k2")))

    statuses = [(await gateway.get("/prod/pets", x_api_key=value)).status for value in ("one", "one", "two")]

    assert statuses == [200, 429, 200]


async def test_a_plans_method_throttle_acts_before_its_own(gateway: GatewayHarness) -> None:
    api = rest_api(get("/pets", mock()).with_key(), post("/pets", mock()).with_key())
    gateway.serve(api, plan(rate=10, burst=10, methods={"/pets/GET": (1, 1)}), keys(key("one")))

    first, second = [await gateway.get("/prod/pets", x_api_key="one") for _ in range(2)]

    assert (first.status, second.status) == (200, 429)
    assert second.header("ratelimit-policy") == '"plan-method";q=1;w=1'
    assert (await gateway.post("/prod/pets", x_api_key="one")).status == 200


async def test_a_methods_own_setting_replaces_the_stages(gateway: GatewayHarness) -> None:
    settings = {"~1pets/GET": MethodSetting(throttling_rate_limit=1, throttling_burst_limit=3)}
    gateway.serve(
        rest_api(get("/pets", mock()), get("/toys", mock()), stage("prod", rate=1, burst=1, method_settings=settings))
    )

    pets = [(await gateway.get("/prod/pets")).status for _ in range(4)]
    toys = [(await gateway.get("/prod/toys")).status for _ in range(2)]

    assert (pets, toys) == ([200, 200, 200, 429], [200, 429])


async def test_a_stage_s_setting_for_all_methods_limits_each_of_them(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(get("/a", mock()), get("/b", mock()), post("/b", mock()), stage("prod", rate=1, burst=1)))

    async def twice(method: str, path: str) -> list[int]:
        return [(await gateway.call(method, path)).status for _ in range(2)]

    assert await twice("GET", "/prod/a") == [200, 429]
    assert await twice("GET", "/prod/b") == [200, 429]
    assert await twice("POST", "/prod/b") == [200, 429]


async def test_any_is_one_method_whatever_is_asked_of_it(gateway: GatewayHarness) -> None:
    api = rest_api(any_method("/pets", mock()).with_key())
    gateway.serve(api, plan(methods={"/pets/ANY": (1, 2)}), keys(key("one")))

    statuses = [(await gateway.call(method, "/prod/pets", x_api_key="one")).status for method in ("GET", "PUT", "GET")]

    assert statuses == [200, 200, 429]


async def test_a_plan_s_throttle_for_all_methods_is_each_one_s_that_has_none_of_its_own(
    gateway: GatewayHarness,
) -> None:
    api = rest_api(*(get(path, mock()).with_key() for path in ("/a", "/b", "/")))
    limits: dict[str, tuple[float, int]] = {"/*/*": (1, 1), "/b/GET": (1, 2), "/GET": (1, 3)}
    gateway.serve(api, plan(rate=100, burst=100, methods=limits), keys(key("one")))

    async def admitted(path: str) -> int:
        return [(await gateway.get(path, x_api_key="one")).status for _ in range(5)].count(200)

    assert [await admitted(path) for path in ("/prod/a", "/prod/b", "/prod")] == [1, 2, 3]


@pytest.mark.parametrize(("rate", "burst"), [(-1, -1), (-1, 5), (5, -1)])
async def test_a_negative_limit_is_none(gateway: GatewayHarness, rate: float, burst: int) -> None:
    settings = {"~1pets/GET": MethodSetting(throttling_rate_limit=rate, throttling_burst_limit=burst)}
    gateway.serve(rest_api(get("/pets", mock()), stage("prod", rate=1, burst=1, method_settings=settings)))

    assert {(await gateway.get("/prod/pets")).status for _ in range(50)} == {200}


async def test_limits_are_asked_from_the_caller_s_method_to_the_account(
    gateway: GatewayHarness, clock: FakeClock
) -> None:
    """Each level in turn is the one that has no token left; the answer names the first that refuses."""
    api = rest_api(get("/pets", mock()).with_key(), stage("prod", rate=0.001, burst=3))
    limits: dict[str, tuple[float, int]] = {"/pets/GET": (0.001, 1)}
    named = []
    for plan_limits in ((limits, 2), (None, 2), (None, None)):
        methods, burst = plan_limits
        rate = None if burst is None else 0.001
        gateway.serve(api, plan(rate=rate, burst=burst or 0, methods=methods), keys(key("one")), account(0.001, 4))
        refused = await gateway.get("/prod/pets", x_api_key="one")
        while refused.status == 200:
            refused = await gateway.get("/prod/pets", x_api_key="one")
        named.append((refused.header("ratelimit-policy") or "").partition(";")[0])
    gateway.serve(rest_api(get("/pets", mock()).with_key(), stage("prod")))
    refused = await gateway.get("/prod/pets", x_api_key="one")
    while refused.status == 200:
        refused = await gateway.get("/prod/pets", x_api_key="one")
    named.append((refused.header("ratelimit-policy") or "").partition(";")[0])

    assert named == ['"plan-method"', '"plan"', '"method"', '"account"']


async def test_the_accounts_limit_is_shared_by_its_apis(gateway: GatewayHarness) -> None:
    other = rest_api(get("/a", mock()), api_id="otherapi00", deployment_id="dep002")
    gateway.serve(rest_api(get("/a", mock())), other, account(rate=1, burst=2))

    statuses = [
        (await gateway.get("/prod/a")).status,
        (await gateway.get("/prod/a", host="otherapi00.execute-api.localhost")).status,
        (await gateway.get("/prod/a")).status,
    ]

    assert statuses == [200, 200, 429]


async def test_an_account_whose_limit_nobody_has_set_has_aws_s(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(get("/a", mock())))

    admitted = 0
    while (refused := await gateway.get("/prod/a")).status == 200:
        admitted += 1

    assert admitted == 5_000
    assert refused.header("ratelimit-policy") == '"account";q=5000;w=1'


async def test_what_a_later_bucket_refuses_takes_no_token_from_an_earlier_one(
    gateway: GatewayHarness, clock: FakeClock
) -> None:
    gateway.serve(
        rest_api(get("/pets", mock()).with_key(), stage("prod", rate=1, burst=1)),
        plan(rate=0.0001, burst=2),
        keys(key("one")),
    )

    statuses = [(await gateway.get("/prod/pets", x_api_key="one")).status for _ in range(5)]
    clock.pass_seconds(1)
    statuses.append((await gateway.get("/prod/pets", x_api_key="one")).status)

    assert statuses == [200, 429, 429, 429, 429, 200]


async def test_a_limit_of_nothing_admits_nothing(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(get("/pets", mock()), stage("prod", rate=0, burst=0)))

    assert (await gateway.get("/prod/pets")).status == 429


async def test_a_changed_limit_acts_at_once_on_the_same_bucket(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(get("/pets", mock()), stage("prod", rate=1, burst=5)))
    await gateway.get("/prod/pets")

    gateway.serve(rest_api(get("/pets", mock()), stage("prod", rate=1, burst=1)))

    assert [(await gateway.get("/prod/pets")).status for _ in range(2)] == [200, 429]


async def test_a_quota_admits_its_limit_and_begins_anew_with_its_period(
    gateway: GatewayHarness, clock: FakeClock
) -> None:
    gateway.serve(KEYED, plan(quota=2), keys(key("one")))

    answers = [await gateway.get("/prod/pets", x_api_key="one") for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[2].json() == {"message": "Limit Exceeded"}
    assert answers[2].header("x-amzn-errortype") == "LimitExceededException"
    assert answers[2].header("ratelimit-policy") == '"quota";q=2;w=86400'
    assert answers[2].header("retry-after") == str(24 * 3600 - (22 * 3600 + 13 * 60 + 20))
    assert len(gateway.meter.uses) == 2
    clock.pass_seconds(2 * 3600)
    assert (await gateway.get("/prod/pets", x_api_key="one")).status == 200


async def test_an_extension_holds_for_its_own_period_alone(gateway: GatewayHarness, clock: FakeClock) -> None:
    extended = key("one", quota_extensions={"plan01": extension("2023-11-14", 1)})
    gateway.serve(KEYED, plan(quota=1), keys(extended))

    today = [(await gateway.get("/prod/pets", x_api_key="one")).status for _ in range(3)]
    clock.pass_seconds(2 * 3600)
    tomorrow = [(await gateway.get("/prod/pets", x_api_key="one")).status for _ in range(2)]

    assert (today, tomorrow) == ([200, 200, 429], [200, 429])


async def test_a_throttled_request_does_not_draw_on_the_quota(gateway: GatewayHarness, clock: FakeClock) -> None:
    gateway.serve(KEYED, plan(rate=1, burst=1, quota=2), keys(key("one")))

    statuses = []
    for _ in range(2):
        statuses += [(await gateway.get("/prod/pets", x_api_key="one")).status for _ in range(2)]
        clock.pass_seconds(1)

    assert statuses == [200, 429, 200, 429]


async def test_a_revoked_key_stops_working_with_the_next_revision(gateway: GatewayHarness) -> None:
    gateway.serve(KEYED, plan(), keys(key("one")))
    assert (await gateway.get("/prod/pets", x_api_key="one")).status == 200

    gateway.serve(keys())

    assert (await gateway.get("/prod/pets", x_api_key="one")).status == 403
