"""Functions that this installation does not have: invoked at Lambda, signed by what the integration's or authorizer's credentials give."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from apps.core.aws_access import AwsAccess
from apps.core.sigv4_signing import AwsCredentials
from gateway_runtime.functions.client import FirstOf
from gateway_runtime.functions.remote import remote_lambda
from tests.gateway_runtime.plane.authorizers import by_function, grant, guarded
from tests.gateway_runtime.plane.aws_stand_in import SecurityTokens, Signed, answers, serve_service
from tests.gateway_runtime.plane.backend import Answer, Backend
from tests.gateway_runtime.plane.builders import ACCOUNT, lambda_custom, lambda_proxy, post, rest_api
from tests.gateway_runtime.plane.functions import function_arn
from tests.gateway_runtime.plane.harness import AWS_KEY, FakeClock, GatewayHarness
from tests.gateway_runtime.plane.signing import KEY, KEY_SECRET, credentials, policy_text, send, sign, statement

ARN = function_arn("elsewhere")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/invoker"


@pytest.fixture
def sts(clock: FakeClock) -> SecurityTokens:
    clock.now = time.time()  # botocore signs for the time that it is
    found = SecurityTokens(clock.time)
    found.keys[KEY] = AwsCredentials(KEY, KEY_SECRET)
    return found


@pytest.fixture
def invoked(gateway: GatewayHarness, backend: Backend, sts: SecurityTokens) -> list[Signed]:
    """What Lambda was asked that answers every event with a proxy result that is a policy too."""
    seen: list[Signed] = []

    def behaviour(signed: Signed) -> Answer:
        seen.append(signed)
        return answers({"statusCode": 201} if "authorizationToken" not in signed.json() else grant())

    serve_service(backend, behaviour, sts)
    reach(gateway, AwsAccess(AWS_KEY, endpoint_url=backend.url))
    return seen


def reach(gateway: GatewayHarness, access: AwsAccess) -> None:
    functions = FirstOf(gateway.functions, remote_lambda(gateway.pool, access))
    gateway.services = replace(gateway.services, aws=access, functions=functions)


def serve(gateway: GatewayHarness, role: str | None, **members: Any) -> None:
    gateway.serve(rest_api(post("/fn", lambda_proxy(ARN, credentials=role), **members)))


@pytest.mark.parametrize("role", [ROLE, None])
async def test_the_role_invokes_and_without_one_the_operators_key(
    gateway: GatewayHarness, invoked: list[Signed], sts: SecurityTokens, role: str | None
) -> None:
    serve(gateway, role)

    answer = await gateway.post("/prod/fn", b"{}")

    (call,) = invoked
    assert (answer.status, call.service, call.region) == (201, "lambda", "us-east-1")
    assert call.received.target.endswith("%3Aelsewhere/invocations")
    assert sts.roles.get(call.access_key_id) == role
    assert (call.access_key_id == AWS_KEY.access_key_id) is (role is None)


async def test_mapped_headers_are_signed_with_the_call(gateway: GatewayHarness, invoked: list[Signed]) -> None:
    mapping = {"integration.request.header.X-Amz-Tenant-Id": "'blue'"}
    gateway.serve(rest_api(post("/fn", lambda_custom(ARN, credentials=ROLE, request_parameters=mapping))))

    await gateway.post("/prod/fn", b"{}")

    assert invoked[0].received.header("x-amz-tenant-id") == "blue"


async def test_a_role_that_is_not_assumed_invokes_nothing(
    gateway: GatewayHarness, invoked: list[Signed], sts: SecurityTokens
) -> None:
    sts.refused.add(ROLE)
    serve(gateway, ROLE)

    answer = await gateway.post("/prod/fn", b"{}")

    assert (answer.status, answer.json(), invoked) == (500, {"message": "Internal server error"}, [])


async def test_without_sts_nothing_is_invoked(gateway: GatewayHarness, backend: Backend, invoked: list[Signed]) -> None:
    reach(gateway, AwsAccess(AWS_KEY, endpoint_url=backend.url, endpoint_urls={"STS": "http://127.0.0.1:1"}))
    serve(gateway, ROLE)

    assert ((await gateway.post("/prod/fn", b"{}")).status, invoked) == (504, [])


@pytest.mark.parametrize("accounts", [frozenset({"210987654321"}), frozenset({ACCOUNT})])
async def test_accounts_that_may_not_use_the_key_have_no_functions_elsewhere(
    gateway: GatewayHarness, backend: Backend, invoked: list[Signed], accounts: frozenset[str]
) -> None:
    reach(gateway, AwsAccess(AWS_KEY, accounts, backend.url))
    serve(gateway, None)

    answer = await gateway.post("/prod/fn", b"{}")

    may = ACCOUNT in accounts
    assert (answer.status, len(invoked)) == ((201, 1) if may else (500, 0))


async def test_with_the_callers_credentials_the_caller_invokes(
    gateway: GatewayHarness, invoked: list[Signed], sts: SecurityTokens
) -> None:
    policy = policy_text(statement(Action=["execute-api:Invoke", "lambda:InvokeFunction"]))
    method = post("/fn", lambda_proxy(ARN, credentials="arn:aws:iam::*:user/*"), authorization_type="AWS_IAM")
    gateway.serve(rest_api(method), credentials(policy))

    answer = await send(gateway, sign("/prod/fn", method="POST", body=b"{}"))

    assert (answer.status, [call.access_key_id for call in invoked], sts.asked) == (201, [KEY], [])


@pytest.mark.parametrize("role", [ROLE, None])
async def test_an_authorizer_is_asked_as_its_role(
    gateway: GatewayHarness, invoked: list[Signed], sts: SecurityTokens, role: str | None
) -> None:
    gateway.serve(rest_api(guarded("/pets"), by_function("elsewhere", credentials=role)))

    answer = await gateway.get("/prod/pets", authorization="let me in")

    (call,) = invoked
    assert (answer.status, json.loads(call.received.body)["authorizationToken"]) == (200, "let me in")
    assert sts.roles.get(call.access_key_id) == role


@pytest.mark.parametrize(
    ("away", "error_type"), [(False, "AuthorizerConfigurationException"), (True, "AuthorizerFailureException")]
)
async def test_an_authorizer_whose_role_is_not_assumed_lets_nobody_in(
    gateway: GatewayHarness, backend: Backend, invoked: list[Signed], sts: SecurityTokens, away: bool, error_type: str
) -> None:
    sts.refused.add(ROLE)
    if away:
        reach(gateway, AwsAccess(AWS_KEY, endpoint_url=backend.url, endpoint_urls={"STS": "http://127.0.0.1:1"}))
    gateway.serve(rest_api(guarded("/pets"), by_function("elsewhere", credentials=ROLE)))

    answer = await gateway.get("/prod/pets", authorization="let me in")

    assert (answer.status, answer.header("x-amzn-errortype"), invoked) == (500, error_type, [])


async def test_an_authorizers_role_spares_the_policy_of_a_function_of_its_account(gateway: GatewayHarness) -> None:
    gateway.functions.runs("gatekeeper", grant())
    theirs = by_function("gatekeeper", credentials=ROLE)
    gateway.serve(rest_api(guarded("/pets"), theirs))

    await gateway.get("/prod/pets", authorization="let me in")

    (invocation,) = gateway.functions.invocations
    assert (invocation.source_arn, invocation.role_arn) == ("", "")
