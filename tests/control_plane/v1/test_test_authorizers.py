"""Test calls of authorizers: the data plane's own decision about a request that nobody sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from apps.accounts.models import AuditEvent
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException
from tests.builders import a_rest_api, call
from tests.function_host import FunctionHost
from tests.issuer import Issuer, rsa_key

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:gatekeeper"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
HEADER = "method.request.header.Authorization"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "execute-api:Invoke", "Resource": "*"}],
}
GRANT = {"principalId": "alice", "policyDocument": POLICY, "context": {"colour": "blue", "age": 7}}


@pytest.fixture
def host(settings: Any) -> Iterator[FunctionHost]:
    with FunctionHost(GRANT) as made:
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, functions_url=made.url, allow_private_backends=True)
        yield made


def authorizer(caller: Caller, kind: str, **members: Any) -> dict[str, str]:
    """Where an authorizer is, for requests about it."""
    api = a_rest_api(caller)
    members = {"identitySource": HEADER, "name": kind, "type": kind, **members}
    if kind in ("TOKEN", "REQUEST"):
        members.setdefault("authorizerUri", URI)
    made = call(caller, "CreateAuthorizer", restApiId=api, **members)
    return {"restApiId": api, "authorizerId": made["id"]}


def ask(caller: Caller, at: dict[str, str], **members: Any) -> dict[str, Any]:
    return call(caller, "TestInvokeAuthorizer", **at, **members)


def lines(answer: dict[str, Any]) -> list[str]:
    """The log without its times."""
    return [line.partition(" : ")[2] or line for line in answer["log"].splitlines()]


def test_a_function_is_asked_and_its_policy_shown(caller: Caller, host: FunctionHost) -> None:
    at = authorizer(caller, "TOKEN")

    answer = ask(caller, at, headers={"Authorization": "a-secret-of-some-length"})

    assert answer["clientStatus"] == 0
    assert answer["principalId"] == "alice"
    assert json.loads(answer["policy"]) == POLICY
    assert answer["authorization"] == {"colour": ["blue"], "age": ["7"]}
    arn = f"arn:aws:execute-api:us-east-1:123456789012:{at['restApiId']}/test-invoke-stage/GET/"
    assert host.events == [{"type": "TOKEN", "methodArn": arn, "authorizationToken": "a-secret-of-some-length"}]
    log = lines(answer)
    assert log[1].startswith(f"Starting authorizer: {at['authorizerId']} for request: ")
    assert log[2] == "Incoming identity: " + "*" * 22 + "length"
    assert log[-2:] == [
        "Using valid authorizer policy for principal: " + "*" * 22 + "e",
        "Successfully completed authorizer execution",
    ]
    assert "a-secret" not in answer["log"]


def test_a_request_authorizer_is_told_the_request(caller: Caller, host: FunctionHost) -> None:
    sources = "method.request.header.Who,method.request.querystring.q,stageVariables.tier,context.identity.userArn"
    at = authorizer(caller, "REQUEST", identitySource=sources)

    answer = ask(
        caller,
        at,
        headers={"Who": "alice"},
        pathWithQueryString="/pets/7?q=1",
        stageVariables={"tier": "gold"},
        additionalContext={"identity.userArn": "arn:aws:iam::123456789012:user/alice"},
    )

    assert answer["clientStatus"] == 0
    (event,) = host.events
    assert (event["path"], event["queryStringParameters"]) == ("/pets/7", {"q": "1"})
    assert (event["headers"]["Who"], event["stageVariables"]) == ("alice", {"tier": "gold"})
    assert event["methodArn"].endswith("/test-invoke-stage/GET/pets/7")


def test_a_missing_identity_is_refused_without_asking(caller: Caller, host: FunctionHost) -> None:
    answer = ask(caller, authorizer(caller, "TOKEN"))

    assert answer["clientStatus"] == 401
    assert "principalId" not in answer
    assert lines(answer)[-1].startswith("Unauthorized request: ")
    assert host.events == []


@pytest.mark.parametrize(
    ("result", "fails", "status", "last"),
    [
        ({"errorMessage": "Unauthorized"}, True, 401, "Unauthorized request: "),
        ({"errorMessage": "boom"}, True, 500, "AuthorizerFailureException"),
        ({"principalId": "alice"}, False, 500, "AuthorizerConfigurationException"),
    ],
)
def test_what_is_no_decision_is_told_as_a_caller_would_get_it(
    caller: Caller, host: FunctionHost, result: Any, fails: bool, status: int, last: str
) -> None:
    host.behaviour, host.fails = lambda event: result, fails

    answer = ask(caller, authorizer(caller, "TOKEN"), headers={"authorization": "t"})

    assert answer["clientStatus"] == status
    assert lines(answer)[-1].startswith(last)


def test_a_function_that_is_nowhere_is_told(caller: Caller, host: FunctionHost) -> None:
    at = authorizer(caller, "TOKEN", authorizerUri=URI.replace("gatekeeper", "${stageVariables.missing}"))

    answer = ask(caller, at, headers={"authorization": "t"})

    assert answer["clientStatus"] == 500
    assert "stage variable 'missing'" in answer["log"]


def test_a_token_is_verified_and_its_claims_shown(caller: Caller) -> None:
    with Issuer() as issuer:
        configuration = {
            "issuers": [{"issuer": issuer.url, "audiences": ["pets"]}],
            "defaultAlgorithms": ["RS256"],
        }
        at = authorizer(caller, "JWT", jwtConfiguration=configuration)

        good = ask(caller, at, headers={"Authorization": f"Bearer {issuer.token()}"})
        forged = ask(caller, at, headers={"Authorization": f"Bearer {issuer.token(rsa_key(1))}"})
        old = ask(caller, at, headers={"Authorization": issuer.token(exp=1)})

    assert (good["clientStatus"], good["claims"]["sub"]) == (0, "alice")
    assert "policy" not in good
    assert (forged["clientStatus"], old["clientStatus"]) == (401, 401)
    assert "token refused: the signature is not the issuer's" in lines(forged)
    assert "token refused: expired" in lines(old)


def test_a_pool_whose_keys_cannot_be_had_is_told(caller: Caller, settings: Any) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, user_pools={"us-east-1_staff": "http://127.0.0.1:9"})
    pool = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_staff"
    at = authorizer(caller, "COGNITO_USER_POOLS", providerARNs=[pool])

    with Issuer() as issuer:
        answer = ask(caller, at, headers={"Authorization": issuer.token(iss="http://127.0.0.1:9")})

    assert answer["clientStatus"] == 500
    assert "the keys of http://127.0.0.1:9 cannot be had" in answer["log"]


def test_what_is_no_request_or_no_authorizer_is_told(caller: Caller, host: FunctionHost) -> None:
    at = authorizer(caller, "TOKEN")

    with pytest.raises(NotFoundException, match="Invalid Authorizer identifier specified"):
        ask(caller, {**at, "authorizerId": "nobody"})
    with pytest.raises(BadRequestException, match="Invalid test request"):
        ask(caller, at, headers={"Authorization": "t"}, pathWithQueryString="/../x")
    with pytest.raises(BadRequestException, match="Invalid test request"):
        ask(caller, at, headers={"Authorization": "☃"})


def test_the_audit_log_keeps_no_token(caller: Caller, host: FunctionHost) -> None:
    at = authorizer(caller, "TOKEN")
    ask(caller, at, headers={"Authorization": "a-secret"}, pathWithQueryString="/?token=a-secret", body="a-secret")

    event = AuditEvent.objects.filter(operation="TestInvokeAuthorizer").get()
    assert event.request == at
