"""Lambda authorizers: whom they are asked about, what their answers mean, and what is remembered of them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_runtime.authorizers.grant import read_grant
from gateway_runtime.authorizers.identity import identity_key
from gateway_runtime.errors import GatewayError
from gateway_runtime.functions.errors import (
    FunctionNotFound,
    FunctionsUnreachable,
    FunctionThrottled,
    InvocationDenied,
    InvocationTimedOut,
)
from gateway_runtime.ports import FunctionAnswer
from tests.gateway_runtime.plane.authorizers import any_path, by_function, grant, guarded, policy
from tests.gateway_runtime.plane.builders import ACCOUNT, API, REGION, key, keys, mock, plan, rest_api, stage
from tests.gateway_runtime.plane.harness import Answer, FakeClock, GatewayHarness

EXPLICIT = "User is not authorized to access this resource with an explicit deny"
IMPLICIT = "User is not authorized to access this resource"
FORWARDED = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Port": "8080", "X-Forwarded-Proto": "http"}
ARN = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/prod"


def refusal(answer: Answer) -> tuple[int, str | None, str | None]:
    return answer.status, answer.header("x-amzn-errortype"), answer.json()["message"]


async def test_a_token_authorizer_is_asked_as_aws_asks(gateway: GatewayHarness) -> None:
    gateway.functions.runs("gatekeeper", grant(context={"colour": "blue"}))
    gateway.serve(rest_api(guarded("/pets/{id}"), by_function()))

    answer = await gateway.get("/prod/pets/7?x=1", authorization="let me in")

    assert answer.json() == {"principal": "alice", "colour": "blue"}
    (invocation,) = gateway.functions.invocations
    assert invocation.event == {
        "type": "TOKEN",
        "methodArn": f"{ARN}/GET/pets/7",
        "authorizationToken": "let me in",
    }
    assert invocation.source_arn == f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/authorizers/auth01"


async def test_a_request_authorizer_is_told_the_request(gateway: GatewayHarness) -> None:
    gateway.functions.runs("gatekeeper", grant())
    sources = ("method.request.header.X-Who", "method.request.querystring.team", "stageVariables.tier", "context.path")
    authorizer = by_function(kind="REQUEST", identity_sources=sources)
    gateway.serve(rest_api(guarded("/pets/{id}"), authorizer, stage("prod", variables={"tier": "gold"})))

    headers = [("X-Who", "alice"), ("X-Who", "bob"), ("User-Agent", "story/1")]
    answer = await gateway.get("/prod/pets/a%20b?team=red&team=blue&empty", headers=headers)

    assert answer.status == 200
    event = gateway.functions.invocations[0].event
    context = event.pop("requestContext")
    trace = event["headers"].pop("X-Amzn-Trace-Id")
    assert event["multiValueHeaders"].pop("X-Amzn-Trace-Id") == [trace]
    assert event == {
        "type": "REQUEST",
        "methodArn": f"{ARN}/GET/pets/a%20b",
        "resource": "/pets/{id}",
        "path": "/pets/a%20b",
        "httpMethod": "GET",
        "headers": {"host": f"{API}.execute-api.localhost", "X-Who": "bob", "User-Agent": "story/1", **FORWARDED},
        "multiValueHeaders": {
            "host": [f"{API}.execute-api.localhost"],
            "X-Who": ["alice", "bob"],
            "User-Agent": ["story/1"],
            **{name: [value] for name, value in FORWARDED.items()},
        },
        "queryStringParameters": {"team": "blue", "empty": ""},
        "multiValueQueryStringParameters": {"team": ["red", "blue"], "empty": [""]},
        "pathParameters": {"id": "a%20b"},
        "stageVariables": {"tier": "gold"},
    }
    assert context["identity"]["sourceIp"] == "192.0.2.7"
    assert context["identity"]["userAgent"] == "story/1"
    assert context["identity"]["userArn"] is None
    assert (context["path"], context["stage"], context["apiId"]) == ("/prod/pets/a%20b", "prod", API)
    assert (context["resourcePath"], context["httpMethod"], context["accountId"]) == ("/pets/{id}", "GET", ACCOUNT)
    assert context["requestTimeEpoch"] == 1_700_000_000_000


@pytest.mark.parametrize(
    "asked",
    [
        {"x_who": "alice"},
        {"x_who": ""},
        {},
    ],
)
async def test_a_request_without_all_identity_sources_asks_nobody(
    gateway: GatewayHarness, asked: dict[str, str]
) -> None:
    sources = ("method.request.header.X-Who", "method.request.querystring.team")
    gateway.functions.runs("gatekeeper", grant())
    gateway.serve(rest_api(guarded(), by_function(kind="REQUEST", identity_sources=sources)))

    answer = await gateway.get("/prod/pets", **asked)

    assert refusal(answer) == (401, "UnauthorizedException", "Unauthorized")
    assert gateway.functions.invocations == []


async def test_a_token_that_the_expression_does_not_match_asks_nobody(gateway: GatewayHarness) -> None:
    gateway.functions.runs("gatekeeper", grant())
    gateway.serve(rest_api(guarded(), by_function(identity_validation_expression="Bearer [a-z]+")))

    assert (await gateway.get("/prod/pets", authorization="Bearer abc")).status == 200
    for wrong in ("Bearer ABC", "xBearer abc", "Bearer abc\t", "Bearer"):
        assert (await gateway.get("/prod/pets", authorization=wrong)).status == 401
    assert len(gateway.functions.invocations) == 1


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (grant("Deny"), EXPLICIT),
        (grant("Allow", f"{ARN}/POST/*"), IMPLICIT),
        (grant("Allow", f"{ARN}/GET/pets/8"), IMPLICIT),
        ({"principalId": "alice", "policyDocument": {"Version": "2012-10-17", "Statement": []}}, IMPLICIT),
    ],
)
async def test_what_the_policy_does_not_allow_is_refused(
    gateway: GatewayHarness, answer: dict[str, Any], message: str
) -> None:
    gateway.functions.runs("gatekeeper", answer)
    gateway.serve(rest_api(guarded("/pets/{id}"), by_function()))

    assert refusal(await gateway.get("/prod/pets/7", authorization="t")) == (403, "AccessDeniedException", message)


async def test_conditions_of_the_policy_count(gateway: GatewayHarness) -> None:
    at = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    elsewhere = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}

    def by_token(event: dict[str, Any]) -> dict[str, Any]:
        return grant() | {
            "policyDocument": policy(Condition=at if event["authorizationToken"] == "here" else elsewhere)
        }

    gateway.functions.runs("gatekeeper", by_token)
    gateway.serve(rest_api(guarded(), by_function()))

    assert (await gateway.get("/prod/pets", authorization="here")).status == 200
    assert (await gateway.get("/prod/pets", authorization="there")).status == 403


@pytest.mark.parametrize("path", ["/prod/admin", "/prod/%61dmin", "/prod/admin/", "/prod/adm%69n"])
async def test_no_spelling_of_a_path_escapes_a_denial(gateway: GatewayHarness, path: str) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [*policy()["Statement"], *policy("Deny", f"{ARN}/GET/admin*")["Statement"]],
    }
    gateway.functions.runs("gatekeeper", grant() | {"policyDocument": document})

    gateway.serve(rest_api(any_path(), by_function()))
    assert refusal(await gateway.get(path, authorization="t")) == (403, "AccessDeniedException", EXPLICIT)

    gateway.serve(rest_api(any_path(), guarded("/admin"), by_function()))
    assert (await gateway.get(path, authorization="t")).status == 403


async def test_a_policy_for_the_arn_that_was_told_allows_unusual_paths(gateway: GatewayHarness) -> None:
    gateway.functions.runs("gatekeeper", lambda event: grant("Allow", event["methodArn"]))
    gateway.serve(rest_api(any_path(), by_function()))

    assert (await gateway.get("/prod/a%20b/c", authorization="t")).status == 200


async def test_an_arn_that_is_too_long_is_refused(gateway: GatewayHarness) -> None:
    gateway.functions.runs("gatekeeper", grant())
    gateway.serve(rest_api(any_path(), by_function()))

    answer = await gateway.get("/prod/" + "a" * 1600, authorization="t")

    assert (answer.status, answer.json()["message"]) == (414, "Request URI too long")


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        (FunctionAnswer(b'{"errorMessage":"Unauthorized"}', "Unhandled"), 401, "UnauthorizedException"),
        (FunctionAnswer(b'{"errorMessage":"Unauthorized: expired"}', "Unhandled"), 500, "AuthorizerFailureException"),
        (FunctionAnswer(b'"Unauthorized"', "Unhandled"), 500, "AuthorizerFailureException"),
        (FunctionAnswer(b"", "Unhandled"), 500, "AuthorizerConfigurationException"),
        (FunctionNotFound("x"), 500, "AuthorizerConfigurationException"),
        (InvocationDenied("x"), 500, "AuthorizerConfigurationException"),
        (FunctionThrottled("x"), 500, "AuthorizerFailureException"),
        (InvocationTimedOut("x"), 500, "AuthorizerFailureException"),
        (FunctionsUnreachable("x"), 500, "AuthorizerFailureException"),
        (None, 500, "AuthorizerConfigurationException"),
        ("Allow", 500, "AuthorizerConfigurationException"),
        ([grant()], 500, "AuthorizerConfigurationException"),
        ({}, 500, "AuthorizerConfigurationException"),
        ({"principalId": "alice"}, 500, "AuthorizerConfigurationException"),
        ({"policyDocument": policy()}, 500, "AuthorizerConfigurationException"),
        (grant() | {"principalId": 7}, 500, "AuthorizerConfigurationException"),
        (grant() | {"policyDocument": "*"}, 500, "AuthorizerConfigurationException"),
        (grant() | {"policyDocument": {"Statement": "Allow"}}, 500, "AuthorizerConfigurationException"),
        (grant() | {"policyDocument": policy("allow")}, 500, "AuthorizerConfigurationException"),
        (grant(context={"roles": ["admin"]}), 500, "AuthorizerConfigurationException"),
        (grant(context={"user": {"id": 1}}), 500, "AuthorizerConfigurationException"),
        (grant(context="blue"), 500, "AuthorizerConfigurationException"),
        (grant(usageIdentifierKey=7), 500, "AuthorizerConfigurationException"),
        (grant(context={"long": "x" * 40_000}), 500, "AuthorizerConfigurationException"),
        (FunctionAnswer(b'{"principalId":"a",'), 500, "AuthorizerConfigurationException"),
        (FunctionAnswer(b"\xff\xfe"), 500, "AuthorizerConfigurationException"),
    ],
)
async def test_what_is_no_decision_lets_nobody_in(
    gateway: GatewayHarness, answer: Any, status: int, error: str
) -> None:
    gateway.functions.runs("gatekeeper", answer)
    gateway.serve(rest_api(guarded(), by_function()))

    told = await gateway.get("/prod/pets", authorization="t")

    assert refusal(told) == (status, error, "Unauthorized" if status == 401 else None)
    assert status == 401 or told.body == b'{"message":null}'


async def test_scalars_of_the_context_become_text(gateway: GatewayHarness) -> None:
    context = {"colour": True, "age": 7, "share": 0.5, "none": None}
    gateway.functions.runs("gatekeeper", grant(context=context))
    shown = '{"all":"$context.authorizer.colour $context.authorizer.age $context.authorizer.share"}'
    gateway.serve(rest_api(guarded(integration=mock(body=shown)), by_function()))

    assert (await gateway.get("/prod/pets", authorization="t")).json() == {"all": "true 7 0.5"}


async def test_what_an_authorizer_says_reaches_logs_and_gateway_responses(gateway: GatewayHarness) -> None:
    gateway.functions.runs("gatekeeper", grant("Deny", context={"colour": 'blue"\n'}))
    log = '{"who":"$context.authorizer.principalId","colour":"$context.authorizer.colour","no":"$context.authorizer.x"}'
    gateway.serve(rest_api(guarded(), by_function(), stage("prod", log=log)))

    assert (await gateway.get("/prod/pets", authorization="t")).status == 403
    assert gateway.logs.lines == ['{"who":"alice","colour":"blue\\" ","no":"-"}\n']


async def test_a_template_that_changes_the_authorizers_map_changes_it_for_nobody_else(gateway: GatewayHarness) -> None:
    gateway.functions.runs("gatekeeper", grant(context={"colour": "blue"}))
    body = (
        '#set($before = $context.authorizer.colour)#set($x = $context.authorizer.put("colour", "red")){"c":"$before"}'
    )
    gateway.serve(rest_api(guarded(integration=mock(body=body)), by_function()))

    for _ in range(2):
        assert (await gateway.get("/prod/pets", authorization="t")).json() == {"c": "blue"}


async def test_the_key_that_an_authorizer_names_draws_on_its_plan(gateway: GatewayHarness) -> None:
    named = {"alice": "k" * 20, "bob": "z" * 20}

    def by_token(event: dict[str, Any]) -> dict[str, Any]:
        found = named.get(event["authorizationToken"])
        return grant(usageIdentifierKey=found) if found else grant()

    gateway.functions.runs("gatekeeper", by_token)
    api = replace(rest_api(guarded().with_key(), by_function()), api_key_source="AUTHORIZER")
    gateway.serve(api, plan(), keys(key("k" * 20)))

    assert (await gateway.get("/prod/pets", authorization="alice")).status == 200
    assert (await gateway.get("/prod/pets", authorization="bob")).status == 403
    assert (await gateway.get("/prod/pets", authorization="carol", x_api_key="k" * 20)).status == 403
    assert gateway.meter.uses == [("plan01", "key0000001")]


# What is remembered --------------------------------------------------------------------------------------------------


async def test_an_answer_is_remembered_for_the_whole_stage_until_its_time_is_over(
    gateway: GatewayHarness, clock: FakeClock
) -> None:
    gateway.functions.runs("gatekeeper", grant("Allow", f"{ARN}/GET/pets"))
    gateway.serve(rest_api(guarded(), guarded("/orders"), by_function(result_ttl_in_seconds=60)))

    assert (await gateway.get("/prod/pets", authorization="t")).status == 200
    assert (await gateway.get("/prod/orders", authorization="t")).status == 403
    clock.pass_seconds(59)
    assert (await gateway.get("/prod/pets", authorization="t")).status == 200
    assert len(gateway.functions.invocations) == 1
    clock.pass_seconds(1)
    assert (await gateway.get("/prod/pets", authorization="t")).status == 200
    assert len(gateway.functions.invocations) == 2


async def test_each_identity_is_asked_about_by_itself(gateway: GatewayHarness) -> None:
    sources = ("method.request.header.A", "method.request.header.B")
    gateway.functions.runs("gatekeeper", grant())
    gateway.serve(rest_api(guarded(), by_function(kind="REQUEST", identity_sources=sources)))

    for a, b in (("x", "yz"), ("xy", "z"), ("x,y", "z"), ("x", "y,z")):
        await gateway.get("/prod/pets", a=a, b=b)
    await gateway.get("/prod/pets", headers=[("A", "x"), ("A", "y"), ("B", "z")])

    assert len(gateway.functions.invocations) == 5


async def test_a_time_to_live_of_zero_asks_each_time(gateway: GatewayHarness) -> None:
    gateway.functions.runs("gatekeeper", grant())
    gateway.serve(rest_api(guarded(), by_function(result_ttl_in_seconds=0)))

    for _ in range(3):
        await gateway.get("/prod/pets", authorization="t")

    assert len(gateway.functions.invocations) == 3


async def test_without_identity_sources_nothing_is_remembered(gateway: GatewayHarness) -> None:
    gateway.functions.runs("gatekeeper", grant())
    gateway.serve(rest_api(guarded(), by_function(kind="REQUEST", identity_sources=())))

    for _ in range(2):
        await gateway.get("/prod/pets")

    assert len(gateway.functions.invocations) == 2


async def test_flushing_forgets_and_an_unchanged_authorizer_is_remembered_through_deployments(
    gateway: GatewayHarness,
) -> None:
    gateway.functions.runs("gatekeeper", grant())
    api = rest_api(guarded(), by_function())
    gateway.serve(api)
    await gateway.get("/prod/pets", authorization="t")

    gateway.serve(replace(api, deployment_id="dep002"))
    await gateway.get("/prod/pets", authorization="t")
    assert len(gateway.functions.invocations) == 1

    gateway.serve(replace(api, stages=(stage("prod", authorizers_cache_flushes=1),)))
    await gateway.get("/prod/pets", authorization="t")
    assert len(gateway.functions.invocations) == 2

    gateway.serve(rest_api(guarded(), by_function(result_ttl_in_seconds=10)))
    await gateway.get("/prod/pets", authorization="t")
    assert len(gateway.functions.invocations) == 3


async def test_stages_do_not_share_what_they_remember(gateway: GatewayHarness) -> None:
    gateway.functions.runs("gatekeeper", grant())
    gateway.serve(rest_api(guarded(), by_function(), stage("prod"), stage("test")))

    await gateway.get("/prod/pets", authorization="t")
    await gateway.get("/test/pets", authorization="t")

    assert len(gateway.functions.invocations) == 2


async def test_while_the_function_is_down_only_what_is_remembered_passes(
    gateway: GatewayHarness, clock: FakeClock
) -> None:
    gateway.functions.runs("gatekeeper", grant())
    gateway.serve(rest_api(guarded(), by_function()))
    await gateway.get("/prod/pets", authorization="known")

    gateway.functions.runs("gatekeeper", FunctionsUnreachable("down"))

    assert (await gateway.get("/prod/pets", authorization="known")).status == 200
    assert (await gateway.get("/prod/pets", authorization="new")).status == 500
    clock.pass_seconds(300)
    assert (await gateway.get("/prod/pets", authorization="known")).status == 500


async def test_failures_are_not_remembered(gateway: GatewayHarness) -> None:
    answers = [FunctionsUnreachable("down"), grant()]
    gateway.functions.runs("gatekeeper", lambda event: answers.pop(0))
    gateway.serve(rest_api(guarded(), by_function()))

    assert (await gateway.get("/prod/pets", authorization="t")).status == 500
    assert (await gateway.get("/prod/pets", authorization="t")).status == 200


async def test_many_at_once_with_one_identity_ask_once(gateway: GatewayHarness) -> None:
    gateway.functions.runs("gatekeeper", grant())
    gateway.serve(rest_api(guarded(), by_function()))

    answers = await asyncio.gather(*[gateway.get("/prod/pets", authorization="t") for _ in range(20)])

    assert [answer.status for answer in answers] == [200] * 20
    assert len(gateway.functions.invocations) == 1


async def test_a_stage_variable_names_the_function(gateway: GatewayHarness) -> None:
    uri = by_function("${stageVariables.keeper}").uri
    gateway.functions.runs("gatekeeper", grant())
    api = rest_api(guarded(), by_function(uri=uri), stage("prod", variables={"keeper": "gatekeeper"}), stage("bare"))
    gateway.serve(api)

    assert (await gateway.get("/prod/pets", authorization="t")).status == 200
    assert (await gateway.get("/bare/pets", authorization="t")).status == 500


@pytest.mark.parametrize(
    "method",
    [
        {"authorizer_id": "other1"},
        {"authorizer_id": None},
        {"authorization_type": "JWT"},
        {"authorization_type": "ODD"},
    ],
)
async def test_a_method_without_an_authorizer_of_its_kind_serves_nobody(
    gateway: GatewayHarness, method: dict[str, Any]
) -> None:
    gateway.functions.runs("gatekeeper", grant())
    gateway.serve(rest_api(guarded(**method), by_function()))

    assert (await gateway.get("/prod/pets", authorization="t")).status >= 500


# Any input -----------------------------------------------------------------------------------------------------------

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def outcome(payload: bytes) -> str:
    """`granted`, or the kind of refusal; anything else fails the test."""
    try:
        read_grant(FunctionAnswer(payload))
    except GatewayError as error:
        return error.name
    return "granted"


@given(st.binary(max_size=200))
def test_any_bytes_are_a_grant_or_a_refusal(payload: bytes) -> None:
    assert outcome(payload) == "AUTHORIZER_CONFIGURATION_ERROR"


@given(_json, _json, _json)
def test_any_values_are_a_grant_or_a_refusal(principal: Any, document: Any, context: Any) -> None:
    answer = {"principalId": principal, "policyDocument": document, "context": context}

    assert outcome(json.dumps(answer).encode()) in ("granted", "AUTHORIZER_CONFIGURATION_ERROR")


@given(st.lists(st.lists(st.text()).map(tuple)).map(tuple), st.lists(st.lists(st.text()).map(tuple)).map(tuple))
def test_two_identities_share_a_key_only_when_they_are_the_same(
    one: tuple[tuple[str, ...], ...], other: tuple[tuple[str, ...], ...]
) -> None:
    assert (identity_key(b"scope", one) == identity_key(b"scope", other)) == (one == other)
