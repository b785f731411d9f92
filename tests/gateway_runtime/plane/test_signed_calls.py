"""AWS_IAM: callers sign, and their policies and the API's decide together."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.documents import GatewayResponse, MethodSetting
from apps.core.session_tokens import SessionTokens
from tests.gateway_runtime.plane.backend import Backend
from tests.gateway_runtime.plane.builders import (
    ACCOUNT,
    API,
    REGION,
    SECRET,
    any_method,
    http_proxy,
    lambda_proxy,
    mock,
    rest_api,
    stage,
)
from tests.gateway_runtime.plane.harness import FakeClock, GatewayHarness
from tests.gateway_runtime.plane.http_apis import HOST as HTTP_HOST
from tests.gateway_runtime.plane.http_apis import http_api, route
from tests.gateway_runtime.plane.signing import (
    HOST,
    KEY,
    KEY_SECRET,
    Signed,
    credentials,
    policy_text,
    send,
    sign,
    statement,
)

WHO = (
    '{"account":"$context.identity.accountId","arn":"$context.identity.userArn","caller":"$context.identity.caller",'
    '"user":"$context.identity.user"}'
)
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
MISMATCH = "The request signature we calculated does not match the signature you provided."


@pytest.fixture(autouse=True)
def now(clock: FakeClock) -> FakeClock:
    """botocore signs for the time that it is."""
    clock.now = time.time()
    return clock


def serve(gateway: GatewayHarness, *documents: Any, policy: str | None = None, integration: Any = None) -> None:
    route = any_method("/pets/{proxy+}", integration or mock(200, WHO), authorization_type="AWS_IAM")
    root = any_method("/pets", integration or mock(200, WHO), authorization_type="AWS_IAM")
    gateway.serve(replace(rest_api(root, route), policy=policy), *(documents or (credentials(invokes=True),)))


@pytest.mark.parametrize(
    "request_",
    [
        sign,
        lambda: sign("/prod/pets?b=2&a=1&empty=&a=0&%C3%A9=x%20y%2Bz"),
        lambda: sign("/prod/pets/a%20b/caf%C3%A9/~c"),
        lambda: sign(method="POST", body=b'{"name": "Rex"}', headers={"Content-Type": "application/json"}),
        lambda: sign(method="POST", body=b"x" * 300_000),
        lambda: sign(headers={"X-Spaced": "  a   b  "}),
        lambda: sign(presigned_for=60),
        lambda: sign("/prod/pets?a=1", presigned_for=604_800),
        lambda: sign(method="PUT", body=b"{}", headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}),
    ],
)
async def test_what_botocore_signs_is_served(gateway: GatewayHarness, request_: Any) -> None:
    serve(gateway)

    answer = await send(gateway, request_())

    assert (answer.status, answer.json()["arn"]) == (200, ALICE)


async def test_who_asks_for_another_method_signs_that_one(gateway: GatewayHarness) -> None:
    """Else somebody on the way could turn a signed request into another by a header that is not signed."""
    serve(gateway)
    override = {"X-HTTP-Method-Override": "DELETE"}

    signed = sign(method="DELETE", headers=override)

    assert (await send(gateway, signed._replace(method="POST"))).status == 200
    assert (await send(gateway, sign(method="POST", headers=override))).status == 403


async def test_integrations_learn_who_called(gateway: GatewayHarness) -> None:
    serve(gateway)

    who = (await send(gateway, sign())).json()

    assert who["account"] == ACCOUNT
    assert who["caller"] == who["user"]
    assert who["caller"].startswith("AIDA")


async def test_a_request_through_the_path_address_is_verified_as_it_was_signed(gateway: GatewayHarness) -> None:
    serve(gateway)

    here = "127.0.0.1:8080"

    answer = await send(gateway, sign(f"/_aws/execute-api/{API}/prod/pets", host=here), host=here)

    assert answer.status == 200


def changed(request: Signed, **members: Any) -> Signed:
    return request._replace(**members)


def with_header(request: Signed, name: str, value: str) -> Signed:
    kept = {known: text for known, text in request.headers.items() if known.lower() != name.lower()}
    return request._replace(headers={**kept, name: value})


@pytest.mark.parametrize(
    ("signed", "mutated"),
    [
        ("/prod/pets?x=a%2Bb", "/prod/pets?x=a+b"),
        ("/prod/pets?x=a%20b", "/prod/pets?x=a+b"),
        ("/prod/pets/a/b", "/prod/pets/a//b"),
        ("/prod/pets/a", "/prod/pets/%61"),
        ("/prod/pets/a", "/prod/pets/a/"),
        ("/prod/pets?x=1&y=2", "/prod/pets?x=1&y=2&"),
    ],
)
async def test_no_other_spelling_of_a_target_passes_for_the_one_that_was_signed(
    gateway: GatewayHarness, signed: str, mutated: str
) -> None:
    serve(gateway)
    request = sign(signed)
    assert (await send(gateway, request)).status == 200

    answer = await send(gateway, changed(request, target=mutated))

    assert (answer.status, answer.header("x-amzn-errortype")) == (403, "InvalidSignatureException")


@pytest.mark.parametrize(
    "mutate",
    [
        lambda r: changed(r, method="PUT"),
        lambda r: changed(r, target="/prod/pets/a?x=1"),
        lambda r: changed(r, target="/prod/pets?x=2"),
        lambda r: changed(r, target="/prod/pets?x=1&y=1"),
        lambda r: changed(r, target="/prod/pets"),
        lambda r: changed(r, body=b"other"),
        lambda r: changed(r, body=b""),
        lambda r: with_header(r, "X-Amz-Date", (datetime.now(UTC) - timedelta(seconds=60)).strftime("%Y%m%dT%H%M%SZ")),
        lambda r: with_header(r, "X-Signed", "changed"),
        lambda r: with_header(r, "X-Amz-Content-SHA256", "0" * 64),
        lambda r: with_header(r, "X-Amz-Content-SHA256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        lambda r: with_header(r, "Authorization", r.headers["Authorization"][:-1]),
        lambda r: with_header(r, "Authorization", r.headers["Authorization"].replace(";x-signed", "")),
    ],
)
async def test_every_mutation_of_a_signed_request_is_refused(gateway: GatewayHarness, mutate: Any) -> None:
    serve(gateway)
    signed = sign("/prod/pets?x=1", "POST", b"body", headers={"X-Signed": "yes"})
    assert (await send(gateway, signed)).status == 200

    answer = await send(gateway, mutate(signed))

    assert (answer.status, answer.header("x-amzn-errortype")) == (403, "InvalidSignatureException")
    assert answer.json()["message"].startswith(MISMATCH)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 63), digit=st.sampled_from("0123456789abcdef"))
async def test_no_other_signature_opens(gateway: GatewayHarness, at: int, digit: str) -> None:
    serve(gateway)
    signed = sign()
    head, mark, signature = signed.headers["Authorization"].rpartition("=")
    forged = signature[:at] + digit + signature[at + 1 :]

    answer = await send(gateway, with_header(signed, "Authorization", head + mark + forged))

    assert answer.status == (200 if forged == signature else 403)


@pytest.mark.parametrize(
    ("request_", "kind", "message"),
    [
        (
            lambda: Signed("GET", "/prod/pets", {}, b""),
            "MissingAuthenticationTokenException",
            "Missing Authentication Token",
        ),
        (
            lambda: sign(key="AKIAUNKNOWN000000000"),
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
        (
            lambda: sign(token="none of ours"),
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
        (lambda: sign(secret="wrong"), "InvalidSignatureException", MISMATCH),
        (
            lambda: sign(service="s3"),
            "InvalidSignatureException",
            "Credential should be scoped to correct service: 'execute-api'.",
        ),
        (
            lambda: sign(region="eu-west-1"),
            "InvalidSignatureException",
            "Credential should be scoped to a valid region, not 'eu-west-1'.",
        ),
        (
            lambda: Signed("GET", "/prod/pets", {"Authorization": "Bearer x"}, b""),
            "IncompleteSignatureException",
            "Invalid key=value pair (missing equal-sign) in Authorization header",
        ),
        (
            lambda: Signed("GET", "/prod/pets", {"Authorization": "AWS4-HMAC-SHA512 Credential=a"}, b""),
            "IncompleteSignatureException",
            "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512'.",
        ),
    ],
)
async def test_what_is_not_signed_rightly_is_refused_in_awss_words(
    gateway: GatewayHarness, request_: Any, kind: str, message: str
) -> None:
    serve(gateway)

    answer = await send(gateway, request_())

    assert (answer.status, answer.header("x-amzn-errortype")) == (403, kind)
    assert answer.json()["message"].startswith(message)


async def test_a_mismatch_tells_what_should_have_been_signed(gateway: GatewayHarness) -> None:
    serve(gateway)
    signed = sign("/prod/pets?b=x%20y&a=1", headers={"X-Name": "Rex  the dog"})
    headers = {name: value for name, value in signed.headers.items() if name != "Authorization"}
    request = AWSRequest("GET", f"http://{HOST}/prod/pets?b=x%20y&a=1", headers=headers)
    request.context["timestamp"] = signed.headers["X-Amz-Date"]
    right = SigV4Auth(Credentials(KEY, KEY_SECRET), "execute-api", REGION)
    forged = with_header(signed, "Authorization", signed.headers["Authorization"][:-4] + "0000")

    answer = await send(gateway, forged)

    canonical = right.canonical_request(request)
    assert answer.json() == {
        "message": (
            f"{MISMATCH} Check your AWS Secret Access Key and signing method. Consult the service documentation for "
            f"details.\n\nThe Canonical String for this request should have been\n'{canonical}'\n\n"
            f"The String-to-Sign should have been\n'{right.string_to_sign(request, canonical)}'\n"
        )
    }
    assert answer.header("x-amzn-errortype") == "InvalidSignatureException"


async def test_what_should_have_been_signed_is_told_to_the_caller_alone(gateway: GatewayHarness) -> None:
    """The headers that are signed may hold what no log should have."""
    route = any_method("/pets", mock(200), authorization_type="AWS_IAM")
    settings = {"*/*": MethodSetting(logging_level="INFO")}
    logged = stage("prod", log="$context.error.message $context.error.messageString", method_settings=settings)
    gateway.serve(rest_api(route, logged), credentials(invokes=True))
    answer = await send(gateway, sign(secret="wrong", headers={"X-Cookie": "session=very-private"}))

    assert "x-cookie:session=very-private" in answer.json()["message"]
    told = [*gateway.logs.lines, *gateway.execution_logs.lines, repr(gateway.stories.kept)]
    assert MISMATCH in told[0]
    assert len(told) > 2
    assert not any("very-private" in line or "Canonical String" in line for line in told)


async def test_a_gateway_response_of_ones_own_has_the_whole_message(gateway: GatewayHarness) -> None:
    own = GatewayResponse(response_templates={"application/json": '{"why": $context.error.messageString}'})
    route = any_method("/pets", mock(200), authorization_type="AWS_IAM")
    first, *rest = rest_api(route).documents()
    api = msgspec.structs.replace(first, gateway_responses={"INVALID_SIGNATURE": own})
    gateway.serve(api, *rest, credentials(invokes=True))

    answer = await send(gateway, sign(secret="wrong"))

    assert answer.json()["why"].endswith("'\n")
    assert "\n\nThe String-to-Sign should have been\n'AWS4-HMAC-SHA256\n" in answer.json()["why"]


async def test_who_has_not_signed_does_not_learn_of_what_is_behind(gateway: GatewayHarness) -> None:
    serve(gateway, integration=http_proxy("http://${stageVariables.nowhere}/"))

    refused, served = await gateway.get("/prod/pets"), await send(gateway, sign())

    assert (refused.status, refused.json()) == (403, {"message": "Missing Authentication Token"})
    assert (served.status, served.json()) == (500, {"message": "Internal server error"})


async def test_a_route_without_an_integration_refuses_who_has_not_signed_first(gateway: GatewayHarness) -> None:
    gateway.serve(*http_api(route("GET /pets", None, authorization_type="AWS_IAM")), credentials(invokes=True))

    refused = await gateway.get("/pets", host=HTTP_HOST)
    served = await send(gateway, sign("/pets", host=HTTP_HOST), host=HTTP_HOST)

    assert (refused.status, refused.json()) == (403, {"message": "Forbidden"})
    assert (served.status, served.json()) == (500, {"message": "Internal Server Error"})


async def test_a_signature_expires_after_five_minutes(gateway: GatewayHarness, clock: FakeClock) -> None:
    serve(gateway)
    signed = sign()

    clock.pass_seconds(299)
    assert (await send(gateway, signed)).status == 200
    clock.pass_seconds(3)
    answer = await send(gateway, signed)

    assert (answer.status, answer.header("x-amzn-errortype")) == (403, "InvalidSignatureException")
    assert answer.json()["message"].startswith("Signature expired: ")


async def test_a_presigned_url_expires_when_it_says(gateway: GatewayHarness, clock: FakeClock) -> None:
    serve(gateway)
    signed = sign(presigned_for=60)

    clock.pass_seconds(62)

    assert (await send(gateway, signed)).json()["message"].startswith("Signature expired: ")


async def test_temporary_credentials_act_as_the_key_behind_them(gateway: GatewayHarness, clock: FakeClock) -> None:
    serve(gateway)
    session = SessionTokens(SECRET).issue(KEY, datetime.fromtimestamp(clock.now + 60, UTC))
    signed = sign(key=session.access_key_id, secret=session.secret, token=session.token)

    assert (await send(gateway, signed)).json()["arn"] == ALICE
    assert (await send(gateway, sign(key=session.access_key_id, secret=session.secret))).status == 403
    clock.pass_seconds(61)
    expired = await send(gateway, signed)
    assert (expired.status, expired.header("x-amzn-errortype")) == (403, "ExpiredTokenException")
    assert expired.json() == {"message": "The security token included in the request is expired"}


async def test_a_key_that_is_withdrawn_opens_nothing_any_more(gateway: GatewayHarness) -> None:
    serve(gateway)
    assert (await send(gateway, sign())).status == 200

    gateway.withdraw(credentials(invokes=True))

    assert (await send(gateway, sign())).status == 403


async def test_a_secret_sealed_for_another_key_opens_nothing(gateway: GatewayHarness) -> None:
    found = credentials(invokes=True, key="AKIAOTHER00000000000")
    moved = replace_key(found, KEY)
    serve(gateway, moved)

    assert (await send(gateway, sign())).header("x-amzn-errortype") == "UnrecognizedClientException"


def replace_key(document: Any, key_id: str) -> Any:
    keys = tuple(msgspec.structs.replace(key, id=key_id) for key in document.keys)
    return msgspec.structs.replace(document, keys=keys)


async def test_the_back_end_never_sees_what_was_signed_with(gateway: GatewayHarness, backend: Backend) -> None:
    serve(gateway, integration=http_proxy(f"{backend.url}/pets"))
    session = SessionTokens(SECRET).issue(KEY, datetime.now(UTC) + timedelta(hours=1))

    await send(gateway, sign("/prod/pets?a=1", key=session.access_key_id, secret=session.secret, token=session.token))
    await send(gateway, sign("/prod/pets?a=1", presigned_for=60))

    for seen in backend.requests:
        assert not {"authorization", "x-amz-security-token"} & {name.lower() for name, _ in seen.headers}
        assert seen.target.endswith("/pets?a=1")
    assert len(backend.requests) == 2


ALLOWS, DENIES = policy_text(statement()), policy_text(statement("Deny"))
SILENT = policy_text(statement(resource="arn:aws:execute-api:*:*:other00000/*"))
EVERYBODY = policy_text(statement(Principal="*"))
NOBODY = policy_text(statement("Deny", Principal="*"))
OTHERS = policy_text(statement(Principal={"AWS": "arn:aws:iam::999999999999:user/bob"}))


@pytest.mark.parametrize(
    ("identity", "resource", "outcome"),
    [
        (ALLOWS, None, "allow"),
        (SILENT, None, "implicit"),
        (DENIES, None, "explicit"),
        (ALLOWS, EVERYBODY, "allow"),
        (ALLOWS, OTHERS, "allow"),
        (ALLOWS, NOBODY, "explicit"),
        (SILENT, EVERYBODY, "allow"),
        (SILENT, OTHERS, "implicit"),
        (SILENT, NOBODY, "explicit"),
        (DENIES, EVERYBODY, "explicit"),
        (DENIES, OTHERS, "explicit"),
        (DENIES, NOBODY, "explicit"),
    ],
)
async def test_within_an_account_either_policy_may_allow(
    gateway: GatewayHarness, identity: str, resource: str | None, outcome: str
) -> None:
    serve(gateway, credentials(identity), policy=resource)

    check(await send(gateway, sign("/prod/pets/7")), outcome, ALICE)


@pytest.mark.parametrize(
    ("identity", "resource", "outcome"),
    [
        (ALLOWS, None, "implicit"),
        (ALLOWS, EVERYBODY, "allow"),
        (ALLOWS, OTHERS, "implicit"),
        (ALLOWS, NOBODY, "explicit"),
        (SILENT, EVERYBODY, "implicit"),
        (SILENT, OTHERS, "implicit"),
        (SILENT, NOBODY, "explicit"),
        (DENIES, EVERYBODY, "explicit"),
        (DENIES, OTHERS, "explicit"),
        (DENIES, NOBODY, "explicit"),
        (ALLOWS, policy_text(statement(Principal={"AWS": "210987654321"})), "allow"),
        (ALLOWS, policy_text(statement(Principal={"AWS": "arn:aws:iam::210987654321:user/alice"})), "allow"),
    ],
)
async def test_across_accounts_both_policies_have_to_allow(
    gateway: GatewayHarness, identity: str, resource: str | None, outcome: str
) -> None:
    serve(gateway, credentials(identity, account_id="210987654321", invokes=True), policy=resource)

    check(await send(gateway, sign("/prod/pets/7")), outcome, "arn:aws:iam::210987654321:user/alice")


def check(answer: Any, outcome: str, arn: str) -> None:
    if outcome == "allow":
        assert answer.status == 200
        return
    explicit = " with an explicit deny" if outcome == "explicit" else ""
    assert (answer.status, answer.header("x-amzn-errortype")) == (403, "AccessDeniedException")
    assert answer.json() == {
        "Message": f"User: {arn} is not authorized to perform: execute-api:Invoke on resource: "
        f"arn:aws:execute-api:{REGION}:********{ACCOUNT[-4:]}:{API}/prod/GET/pets/7{explicit}"
    }


@pytest.mark.parametrize(
    ("principal", "status"),
    [({"AWS": ACCOUNT}, 403), ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, 403), ({"AWS": ALICE}, 200)],
)
async def test_a_policy_that_names_its_own_account_leaves_it_to_that_accounts_policies(
    gateway: GatewayHarness, principal: Any, status: int
) -> None:
    serve(gateway, credentials(), policy=policy_text(statement(Principal=principal)))

    assert (await send(gateway, sign())).status == status


async def test_a_role_lets_call_the_own_accounts_apis_and_a_policy_may_still_deny(gateway: GatewayHarness) -> None:
    serve(gateway, credentials(invokes=True))
    assert (await send(gateway, sign("/prod/pets/7"))).status == 200

    denied = policy_text(statement("Deny", "arn:aws:execute-api:*:*:*/prod/GET/pets/7"))
    serve(gateway, credentials(denied, invokes=True))
    assert (await send(gateway, sign("/prod/pets/7"))).status == 403
    assert (await send(gateway, sign("/prod/pets/8"))).status == 200


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ({"StringEquals": {"aws:username": "alice"}}, 200),
        ({"StringEquals": {"aws:username": "bob"}}, 403),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/a*"}}, 200),
        ({"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}, 200),
        ({"StringEquals": {"aws:PrincipalType": "User"}}, 200),
        ({"Null": {"aws:userid": "true"}}, 403),
    ],
)
async def test_conditions_may_ask_who_calls(gateway: GatewayHarness, condition: Any, status: int) -> None:
    serve(gateway, credentials(), policy=policy_text(statement(Principal="*", Condition=condition)))

    assert (await send(gateway, sign())).status == status


async def test_a_principal_whose_policy_cannot_be_read_may_nothing(gateway: GatewayHarness) -> None:
    serve(gateway, credentials('{"Statement": 1}', invokes=True), policy=EVERYBODY)

    assert (await send(gateway, sign())).status == 403


async def test_a_body_that_is_not_signed_for_streams_past_the_verification(
    gateway: GatewayHarness, backend: Backend
) -> None:
    serve(gateway, integration=http_proxy(f"{backend.url}/pets"))
    signed = sign(method="POST", body=b"abc", headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})

    headers = {name: value for name, value in signed.headers.items() if name != "Content-Length"}
    answer = await gateway.call("POST", signed.target, chunks=[b"ab", b"c"], headers=headers)

    assert (answer.status, backend.requests[0].body) == (200, b"abc")


AS_CALLER = "arn:aws:iam::*:user/*"


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        (statement(Action=["execute-api:Invoke", "lambda:InvokeFunction"]), 200),
        (statement(), 500),
        (statement(Action="*", Resource=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:other"), 403),
    ],
)
async def test_with_the_callers_credentials_their_policies_decide_about_the_function(
    gateway: GatewayHarness, policy: dict[str, Any], status: int
) -> None:
    arn = gateway.functions.runs("fn", {"statusCode": 200})
    serve(gateway, credentials(policy_text(policy)), integration=lambda_proxy(arn, credentials=AS_CALLER))

    answer = await send(gateway, sign())

    assert answer.status == status
    assert [invocation.source_arn for invocation in gateway.functions.invocations] == ([""] if status == 200 else [])


async def test_the_callers_credentials_reach_no_function_of_another_account(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("fn", {"statusCode": 200}).replace(ACCOUNT, "210987654321")
    allowed = credentials(policy_text(statement(Action="*")))
    serve(gateway, allowed, integration=lambda_proxy(arn, credentials=AS_CALLER))

    assert (await send(gateway, sign())).status == 500


async def test_callers_who_have_not_signed_have_no_credentials_to_act_with(gateway: GatewayHarness) -> None:
    arn = gateway.functions.runs("fn", {"statusCode": 200})
    gateway.serve(rest_api(any_method("/pets", lambda_proxy(arn, credentials=AS_CALLER))))

    answer = await gateway.get("/prod/pets")

    assert (answer.status, gateway.functions.invocations) == (500, [])
