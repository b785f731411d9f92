"""Integrations with the caller's credentials: who signed the request to the API signs the one to the service."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from apps.core.aws_access import AwsAccess
from apps.core.session_tokens import SessionTokens
from apps.core.sigv4_signing import AwsCredentials
from apps.core.v2_documents import V2Integration
from tests.gateway_runtime.plane.aws_stand_in import SecurityTokens, Signed, answers, serve_service
from tests.gateway_runtime.plane.backend import Answer, Backend
from tests.gateway_runtime.plane.builders import SECRET, aws, http_proxy, post, rest_api
from tests.gateway_runtime.plane.harness import FakeClock, GatewayHarness
from tests.gateway_runtime.plane.http_apis import HOST as HTTP_HOST
from tests.gateway_runtime.plane.http_apis import http_api, route
from tests.gateway_runtime.plane.signing import KEY, KEY_SECRET, credentials, policy_text, send, sign, statement

AS_CALLER = "arn:aws:iam::*:user/*"


@pytest.fixture(autouse=True)
def now(clock: FakeClock) -> FakeClock:
    """botocore signs for the time that it is."""
    clock.now = time.time()
    return clock


@pytest.fixture
def sts() -> SecurityTokens:
    found = SecurityTokens()
    found.keys[KEY] = AwsCredentials(KEY, KEY_SECRET)
    return found


@pytest.fixture
def asked(gateway: GatewayHarness, backend: Backend, sts: SecurityTokens) -> list[Signed]:
    """What a service was asked that knows the callers' access keys. The operator has none for the gateway."""
    seen: list[Signed] = []

    def behaviour(signed: Signed) -> Answer:
        seen.append(signed)
        return answers({"done": True})

    serve_service(backend, behaviour, sts)
    gateway.services = replace(gateway.services, aws=AwsAccess(endpoint_url=backend.url))
    return seen


def serve(gateway: GatewayHarness, *documents: Any, authorization_type: str = "AWS_IAM", policy: str = "") -> None:
    method = post("/pets", aws("dynamodb:action/Scan", credentials=AS_CALLER), authorization_type=authorization_type)
    gateway.serve(replace(rest_api(method), policy=policy or None), *documents)


async def test_the_callers_access_key_signs(gateway: GatewayHarness, asked: list[Signed], sts: SecurityTokens) -> None:
    serve(gateway, credentials(invokes=True))

    answer = await send(gateway, sign(method="POST", body=b"{}"))

    (call,) = asked
    assert (answer.status, call.access_key_id, call.service, sts.asked) == (200, KEY, "dynamodb", [])
    assert call.received.header("x-amz-security-token") is None


async def test_temporary_credentials_go_with_their_token(
    gateway: GatewayHarness, asked: list[Signed], sts: SecurityTokens
) -> None:
    serve(gateway, credentials(invokes=True))
    session = SessionTokens(SECRET).issue(KEY, datetime.now(UTC) + timedelta(minutes=5))
    sts.keys[session.access_key_id] = AwsCredentials(session.access_key_id, session.secret, session.token)

    signed = sign(method="POST", body=b"{}", key=session.access_key_id, secret=session.secret, token=session.token)
    answer = await send(gateway, signed)

    assert (answer.status, asked[0].access_key_id) == (200, session.access_key_id)
    assert asked[0].received.header("x-amz-security-token") == session.token


async def test_who_may_not_call_the_api_reaches_no_service(gateway: GatewayHarness, asked: list[Signed]) -> None:
    serve(gateway, credentials())

    assert ((await send(gateway, sign(method="POST"))).status, asked) == (403, [])


async def test_a_method_whose_callers_do_not_sign_has_nobodys_credentials(
    gateway: GatewayHarness, asked: list[Signed]
) -> None:
    serve(gateway, credentials(invokes=True), authorization_type="NONE")

    answer = await send(gateway, sign(method="POST", body=b"{}"))

    assert (answer.status, answer.json(), asked) == (500, {"message": "Internal server error"}, [])


async def test_a_caller_of_another_account_is_not_acted_for(gateway: GatewayHarness, asked: list[Signed]) -> None:
    """Whoever writes the API of one account would else do with another's services what its callers may."""
    stranger = credentials(policy_text(statement(Action="*")), account_id="210987654321")
    everybody = policy_text(statement(Principal="*"))
    serve(gateway, stranger, policy=everybody)

    assert ((await send(gateway, sign(method="POST", body=b"{}"))).status, asked) == (500, [])


async def test_other_integrations_do_not_get_to_see_what_signed(gateway: GatewayHarness, backend: Backend) -> None:
    integration = msgspec.structs.replace(http_proxy(f"{backend.url}/pets"), credentials=AS_CALLER)
    gateway.serve(rest_api(post("/pets", integration, authorization_type="AWS_IAM")), credentials(invokes=True))

    await send(gateway, sign(method="POST", body=b"{}"))

    sent = b"".join(f"{name}:{value}\n".encode() for name, value in backend.last.headers) + backend.last.body
    assert KEY.encode() not in sent
    assert KEY_SECRET.encode() not in sent


@pytest.mark.parametrize(("authorization_type", "status"), [("AWS_IAM", 200), ("NONE", 500)])
async def test_http_apis_have_them_as_well(
    gateway: GatewayHarness, asked: list[Signed], authorization_type: str, status: int
) -> None:
    parameters = {"StreamName": "s", "Data": "aGVsbG8=", "PartitionKey": "p"}
    integration = V2Integration(
        id="", type="AWS_PROXY", subtype="Kinesis-PutRecord", request_parameters=parameters, credentials_arn=AS_CALLER
    )
    documents = http_api(route("POST /pets", integration, authorization_type=authorization_type))
    gateway.serve(*documents, credentials(invokes=True))

    answer = await send(gateway, sign("/pets", method="POST", body=b"{}", host=HTTP_HOST), host=HTTP_HOST)

    assert answer.status == status
    assert [call.access_key_id for call in asked] == ([KEY] if status == 200 else [])
