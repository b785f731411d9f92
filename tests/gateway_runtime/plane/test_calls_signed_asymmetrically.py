"""AWS_IAM with Signature Version 4A, which names a set of regions in place of one."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.core.session_tokens import SessionTokens
from tests.gateway_runtime.plane.backend import Backend
from tests.gateway_runtime.plane.builders import SECRET, any_method, http_proxy, mock, rest_api
from tests.gateway_runtime.plane.harness import FakeClock, GatewayHarness
from tests.gateway_runtime.plane.http_apis import HOST as HTTP_HOST
from tests.gateway_runtime.plane.http_apis import http_api, route
from tests.gateway_runtime.plane.signing import KEY, Signed, credentials, send, sign_4a


@pytest.fixture(autouse=True)
def now(clock: FakeClock) -> FakeClock:
    """Requests are signed for the time that it is."""
    clock.now = time.time()
    return clock


def serve(gateway: GatewayHarness, integration: Any = None) -> None:
    method = any_method("/pets", integration or mock(200), authorization_type="AWS_IAM")
    gateway.serve(rest_api(method), credentials(invokes=True))


@pytest.mark.parametrize(
    "request_",
    [
        sign_4a,
        lambda: sign_4a("/prod/pets?b=2&a=x%20y", "POST", b'{"name": "Rex"}'),
        lambda: sign_4a(regions="eu-west-1,us-east-1"),
        lambda: sign_4a(regions="us-*"),
        lambda: sign_4a("/prod/pets?a=1", presigned_for=60),
    ],
)
async def test_what_is_signed_rightly_is_served(gateway: GatewayHarness, request_: Any) -> None:
    serve(gateway)

    assert (await send(gateway, request_())).status == 200


async def test_temporary_credentials_sign_so_too(gateway: GatewayHarness) -> None:
    serve(gateway)
    session = SessionTokens(SECRET).issue(KEY, datetime.now(UTC) + timedelta(minutes=5))

    signed = sign_4a(key=session.access_key_id, secret=session.secret, token=session.token)

    assert (await send(gateway, signed)).status == 200


def with_headers(request: Signed, **changed: str) -> Signed:
    named = {name.replace("_", "-"): value for name, value in changed.items()}
    return request._replace(headers={**request.headers, **named})


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (lambda: sign_4a(regions="eu-west-1"), "Credential should be scoped to a valid region, not 'eu-west-1'."),
        (lambda: sign_4a(secret="wrong"), "The request signature we calculated does not match"),
        (lambda: sign_4a()._replace(method="PUT"), "The request signature we calculated does not match"),
        (
            lambda: with_headers(sign_4a(regions="eu-west-1"), X_Amz_Region_Set="*"),
            "The request signature we calculated",
        ),
        (
            lambda: sign_4a("/prod/pets?a=1", presigned_for=60)._replace(method="POST"),
            "The request signature we calculated does not match",
        ),
    ],
)
async def test_what_is_not_is_refused(gateway: GatewayHarness, request_: Any, words: str) -> None:
    serve(gateway)

    answer = await send(gateway, request_())

    assert (answer.status, answer.header("x-amzn-errortype")) == (403, "InvalidSignatureException")
    assert answer.json()["message"].startswith(words)


async def test_a_mismatch_tells_the_string_of_its_own_version(gateway: GatewayHarness) -> None:
    serve(gateway)

    message = (await send(gateway, sign_4a(secret="wrong"))).json()["message"]

    assert "The String-to-Sign should have been\n'AWS4-ECDSA-P256-SHA256\n" in message
    assert "/execute-api/aws4_request\n" in message


async def test_it_expires_like_every_signature(gateway: GatewayHarness, clock: FakeClock) -> None:
    serve(gateway)
    signed = sign_4a()
    clock.pass_seconds(301)

    assert (await send(gateway, signed)).json()["message"].startswith("Signature expired")


async def test_a_back_end_sees_nothing_of_it(gateway: GatewayHarness, backend: Backend) -> None:
    serve(gateway, http_proxy(f"{backend.url}/pets"))

    for request in (sign_4a(), sign_4a("/prod/pets?a=1", presigned_for=60)):
        await send(gateway, request)

    assert [received.header("authorization") for received in backend.requests] == [None, None]
    assert backend.last.target == "/pets?a=1"


async def test_http_apis_take_version_4_alone(gateway: GatewayHarness) -> None:
    gateway.serve(*http_api(route("GET /pets", None, authorization_type="AWS_IAM")), credentials(invokes=True))

    answer = await send(gateway, sign_4a("/pets", host=HTTP_HOST), host=HTTP_HOST)

    assert (answer.status, answer.json()) == (403, {"message": "Forbidden"})
