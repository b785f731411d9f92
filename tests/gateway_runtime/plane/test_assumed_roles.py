"""Integrations that name a role: it is assumed at STS, its session signs, and the operator's own key never stands in for it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import boto3
import pytest
from botocore.config import Config
from hypothesis import given
from hypothesis import strategies as st

from apps.core.aws_access import AwsAccess
from apps.core.v2_documents import V2Integration
from gateway_runtime.iam.sts import error_code, read_session
from gateway_runtime.limits import ROLES
from tests.gateway_runtime.plane.aws_stand_in import SecurityTokens, Signed, answers, serve_service
from tests.gateway_runtime.plane.backend import Answer, Backend
from tests.gateway_runtime.plane.builders import ACCOUNT, aws, post, rest_api, stage
from tests.gateway_runtime.plane.harness import AWS_KEY, FakeClock, GatewayHarness
from tests.gateway_runtime.plane.http_apis import HOST, http_api, route

PETS, STAFF = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("pets", "staff"))


@pytest.fixture
def sts(clock: FakeClock) -> SecurityTokens:
    return SecurityTokens(clock.time)


@pytest.fixture
def asked(gateway: GatewayHarness, backend: Backend, sts: SecurityTokens) -> list[Signed]:
    """What services other than STS were asked."""
    seen: list[Signed] = []

    def behaviour(signed: Signed) -> Answer:
        seen.append(signed)
        return answers({"done": True})

    serve_service(backend, behaviour, sts)
    gateway.reach_aws(backend.url)
    return seen


def serve(gateway: GatewayHarness, role: str | None = PETS, path: str = "/a", **variables: str) -> None:
    gateway.serve(
        rest_api(post(path, aws("dynamodb:action/Scan", credentials=role)), stage("prod", variables=variables))
    )


async def test_the_session_of_the_role_signs(gateway: GatewayHarness, asked: list[Signed], sts: SecurityTokens) -> None:
    serve(gateway)

    answer = await gateway.post("/prod/a", b"{}")

    (question,), (call,) = sts.asked, asked
    assert (question.access_key_id, question.region, question.service) == (AWS_KEY.access_key_id, "us-east-1", "sts")
    assert question.form == {
        "Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": PETS, "ExternalId": ACCOUNT,
        "RoleSessionName": "BackplaneAssumeRoleSession",
    }  # fmt: skip
    assert (answer.status, sts.roles[call.access_key_id]) == (200, PETS)


async def test_a_session_serves_until_shortly_before_its_end(
    gateway: GatewayHarness, asked: list[Signed], sts: SecurityTokens, clock: FakeClock
) -> None:
    serve(gateway)
    for _ in range(2):
        await gateway.post("/prod/a", b"{}")
    assert len(sts.asked) == 1

    clock.pass_seconds(sts.seconds - ROLES.usable_before_seconds)
    await gateway.post("/prod/a", b"{}")

    assert len(sts.asked) == 2
    assert [call.access_key_id for call in asked] == ["ASIASESSION1", "ASIASESSION1", "ASIASESSION2"]


async def test_near_its_end_a_session_is_renewed_aside(
    gateway: GatewayHarness, asked: list[Signed], sts: SecurityTokens, clock: FakeClock
) -> None:
    serve(gateway)
    await gateway.post("/prod/a", b"{}")
    clock.pass_seconds(sts.seconds - ROLES.renewed_before_seconds)

    for _ in range(50):
        await gateway.post("/prod/a", b"{}")

    assert len(sts.asked) == 2
    used = [call.access_key_id for call in asked]
    assert used == sorted(used), "nobody waits, and whoever comes later has the new one"
    assert (used[1], used[-1]) == ("ASIASESSION1", "ASIASESSION2")


async def test_while_sts_is_away_the_session_that_is_there_goes_on_to_its_end(
    gateway: GatewayHarness, asked: list[Signed], sts: SecurityTokens, clock: FakeClock
) -> None:
    serve(gateway)
    await gateway.post("/prod/a", b"{}")
    sts.refused.add(PETS)
    clock.pass_seconds(sts.seconds - ROLES.renewed_before_seconds)

    statuses = [(await gateway.post("/prod/a", b"{}")).status for _ in range(20)]

    assert statuses == [200] * 20
    assert len(sts.asked) == 2, "who was refused pauses"


async def test_calls_that_come_together_ask_once(
    gateway: GatewayHarness, asked: list[Signed], sts: SecurityTokens
) -> None:
    serve(gateway)

    found = await asyncio.gather(*(gateway.post("/prod/a", b"{}") for _ in range(10)))

    assert {answer.status for answer in found} == {200}
    assert (len(sts.asked), len(asked)) == (1, 10)


async def test_each_role_has_a_session_of_its_own(
    gateway: GatewayHarness, asked: list[Signed], sts: SecurityTokens
) -> None:
    gateway.serve(
        rest_api(
            *(post(path, aws("dynamodb:action/Scan", credentials=role)) for path, role in (("/a", PETS), ("/b", STAFF)))
        )
    )

    await gateway.post("/prod/a", b"{}")
    await gateway.post("/prod/b", b"{}")

    assert [sts.roles[call.access_key_id] for call in asked] == [PETS, STAFF]


async def test_a_stage_variable_may_name_the_role(
    gateway: GatewayHarness, asked: list[Signed], sts: SecurityTokens
) -> None:
    serve(gateway, f"arn:aws:iam::{ACCOUNT}:${{stageVariables.who}}", who="role/staff")

    await gateway.post("/prod/a", b"{}")

    assert sts.roles[asked[0].access_key_id] == STAFF


async def test_who_may_not_assume_the_role_calls_nothing_in_its_place(
    gateway: GatewayHarness, asked: list[Signed], sts: SecurityTokens, clock: FakeClock
) -> None:
    sts.refused.add(PETS)
    serve(gateway)

    refused = [await gateway.post("/prod/a", b"{}") for _ in range(3)]

    assert [(answer.status, answer.json()) for answer in refused] == [(500, {"message": "Internal server error"})] * 3
    assert (len(sts.asked), asked) == (1, [])

    sts.refused.clear()
    clock.pass_seconds(ROLES.pause_seconds)
    assert (await gateway.post("/prod/a", b"{}")).status == 200


@pytest.mark.parametrize("status", [200, 302, 500])
async def test_an_sts_that_gives_no_session_is_an_integration_failure(
    gateway: GatewayHarness, backend: Backend, status: int
) -> None:
    backend.answers(status, "<html>no session</html>")
    gateway.reach_aws(backend.url)
    serve(gateway)

    answer = await gateway.post("/prod/a", b"{}")

    assert (answer.status, answer.json()) == (504, {"message": "Network error communicating with endpoint"})
    assert len(backend.requests) == 1


async def test_a_session_that_is_over_signs_nothing_and_is_not_asked_for_again_at_once(
    gateway: GatewayHarness, asked: list[Signed], sts: SecurityTokens
) -> None:
    """As when the clocks of this machine and of STS are far apart."""
    sts.seconds = 0
    serve(gateway)

    statuses = [(await gateway.post("/prod/a", b"{}")).status for _ in range(3)]

    assert (statuses, len(sts.asked), asked) == ([504] * 3, 1, [])


async def test_an_sts_that_answers_without_end_is_not_read_to_the_end(
    gateway: GatewayHarness, backend: Backend
) -> None:
    backend.answers(200, "<Credentials>" + " " * (ROLES.answer_bytes + 1))
    gateway.reach_aws(backend.url)
    serve(gateway)

    assert (await gateway.post("/prod/a", b"{}")).status == 504


async def test_without_sts_services_are_not_called(
    gateway: GatewayHarness, asked: list[Signed], backend: Backend
) -> None:
    elsewhere = AwsAccess(AWS_KEY, endpoint_url=backend.url, endpoint_urls={"STS": "http://127.0.0.1:1"})
    gateway.services = replace(gateway.services, aws=elsewhere)
    serve(gateway)

    assert (await gateway.post("/prod/a", b"{}")).status == 504
    assert asked == []


@pytest.mark.parametrize("role", ["arn:aws:iam::123456789012:user/pets", "pets", f"{PETS}&Action=GetSessionToken"])
async def test_what_names_no_role_is_not_asked_for(
    gateway: GatewayHarness, asked: list[Signed], sts: SecurityTokens, role: str
) -> None:
    serve(gateway, role)

    assert (await gateway.post("/prod/a", b"{}")).status == 500
    assert (sts.asked, asked) == ([], [])


@pytest.mark.parametrize(("role", "assumes"), [(PETS, False), (None, True)])
async def test_the_operators_key_signs_where_no_role_is_named_or_roles_are_not_assumed(
    gateway: GatewayHarness, asked: list[Signed], sts: SecurityTokens, role: str | None, assumes: bool
) -> None:
    gateway.services = replace(gateway.services, aws=replace(gateway.services.aws, assumes_roles=assumes))
    serve(gateway, role)

    await gateway.post("/prod/a", b"{}")

    assert ([call.access_key_id for call in asked], sts.asked) == ([AWS_KEY.access_key_id], [])


@pytest.mark.parametrize(("refused", "status"), [(False, 200), (True, 500)])
async def test_http_apis_assume_roles_as_well(
    gateway: GatewayHarness, asked: list[Signed], sts: SecurityTokens, refused: bool, status: int
) -> None:
    sts.refused = {STAFF} if refused else set()
    parameters = {"StreamName": "s", "Data": "aGVsbG8=", "PartitionKey": "p"}
    integration = V2Integration(
        id="", type="AWS_PROXY", subtype="Kinesis-PutRecord", request_parameters=parameters, credentials_arn=STAFF
    )
    gateway.serve(*http_api(route("POST /a", integration)))

    answer = await gateway.call("POST", "/a", host=HOST)

    assert answer.status == status
    assert [sts.roles[call.access_key_id] for call in asked] == ([] if refused else [STAFF])


async def test_the_stand_in_is_an_sts_for_the_aws_sdk(backend: Backend, sts: SecurityTokens) -> None:
    serve_service(backend, lambda signed: answers({}), sts)
    client = boto3.client(
        "sts", region_name="us-east-1", endpoint_url=backend.url, aws_access_key_id=AWS_KEY.access_key_id,
        aws_secret_access_key=AWS_KEY.secret_access_key, aws_session_token=AWS_KEY.session_token,
        config=Config(retries={"max_attempts": 1}),
    )  # fmt: skip
    sts.refused.add(STAFF)

    told = await asyncio.to_thread(client.assume_role, RoleArn=PETS, RoleSessionName="me")

    given_out = sts.keys["ASIASESSION1"]
    found = told["Credentials"]
    assert (found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]) == (
        given_out.access_key_id, given_out.secret_access_key, given_out.session_token,
    )  # fmt: skip
    assert found["Expiration"].timestamp() == pytest.approx(sts.now() + sts.seconds, abs=1)
    with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
        await asyncio.to_thread(client.assume_role, RoleArn=STAFF, RoleSessionName="me")


@given(
    st.binary(max_size=400) | st.text(alphabet="<>/AccessKeyIdExpirationSecretSessionToken 2026-01T:Z+", max_size=400)
)
def test_whatever_sts_says_is_a_session_or_none(answer: bytes | str) -> None:
    said = answer if isinstance(answer, bytes) else answer.encode()

    assert read_session(said) is None or read_session(said)
    assert error_code(said).isascii()
