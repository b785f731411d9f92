"""The resource policy of an API on its page, and the question who can call."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from portal.console.policy_check import Call, verdict
from tests.builders import a_rest_api, call, mock
from tests.portal.console.reading import text, words

ALLOW = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
NOT_US = {**ALLOW, "Effect": "Deny", "Condition": {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [ALLOW, NOT_US]})
ARN = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5"
OWN, FOREIGN = "arn:aws:iam::123456789012:user/ana", "arn:aws:iam::210987654321:user/bo"


def url(view: str, *args: str) -> str:
    return reverse(f"console:{view}", args=args)


def asked(authorization: str = "NONE", principal: str = "", address: str = "192.0.2.1") -> Call:
    return Call(ARN, "prod", "GET", "/pets", authorization, principal, {"aws:SourceIp": [address]})


def test_a_policy_is_saved_as_it_was_written_and_taken_away(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    written = json.dumps(json.loads(POLICY), indent=4)

    owner.post(url("resource_policy", api), {"policy": written.replace("\n", "\r\n")})
    saved = call(caller, "GetRestApi", restApiId=api)["policy"]
    owner.post(url("resource_policy", api), {"policy": ""})

    assert saved == written
    assert "policy" not in call(caller, "GetRestApi", restApiId=api)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ('{"Statement": ', "This is no JSON: Expecting value (line 1, column 14)"),
        ('{"Statement": [{"Effect": "Perhaps"}]}', "The Effect of a statement must be Allow or Deny."),
        ('{"Statement": [{"Effect": "Allow"}]}', "A statement must have either Principal or NotPrincipal."),
        ("[" * 4000, "This is"),
    ],
)
def test_what_is_no_policy_is_told_in_the_form(owner: Client, caller: Caller, given: str, told: str) -> None:
    api = a_rest_api(caller)

    answer = owner.post(url("resource_policy", api), {"policy": given})

    assert (answer.status_code, told in words(answer)) == (422, True)
    assert "policy" not in call(caller, "GetRestApi", restApiId=api)


def test_a_beginning_is_offered_and_is_a_policy(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)

    page = owner.get(url("resource_policy", api) + "?preset=IP+range+allowlist")

    begun = page.context["form"].initial["policy"]
    assert owner.post(url("resource_policy", api), {"policy": begun}).status_code == 302
    assert "NotIpAddress" in call(caller, "GetRestApi", restApiId=api)["policy"]


@pytest.mark.parametrize(
    ("address", "said"),
    [("192.0.2.7", "goes through A statement allows the call"), ("203.0.113.1", "403 Forbidden A statement denies")],
)
def test_who_can_call_is_answered_with_the_statement_that_decides(
    owner: Client, caller: Caller, address: str, said: str
) -> None:
    api = a_rest_api(caller, policy=POLICY)

    answer = owner.post(
        url("who_can_call", api), {"who-method": "GET /pets", "who-stage": "prod", "who-address": address}
    )

    assert said in words(answer)
    assert f"{api}/prod/GET/pets" in words(answer)
    assert f"Statement {1 if address.startswith('192') else 2} decides" in words(answer)


def test_an_address_that_is_none_is_told_beside_its_field(owner: Client, caller: Caller) -> None:
    answer = owner.post(url("who_can_call", a_rest_api(caller)), {"who-stage": "prod", "who-address": "here"})

    assert (answer.status_code, "Enter a valid IPv4 or IPv6 address." in words(answer)) == (422, True)


def test_a_viewer_asks_who_can_call_and_does_not_edit(viewer: Client, caller: Caller) -> None:
    api = a_rest_api(caller, {"/pets": {"GET": mock()}}, policy=POLICY)

    assert "Save policy" not in text(viewer.get(url("resource_policy", api)))
    given = {"who-method": "GET /pets", "who-stage": "prod", "who-address": "192.0.2.1"}
    assert "goes through" in words(viewer.post(url("who_can_call", api), given))


@pytest.mark.parametrize(
    ("policy", "call_", "allowed", "answer"),
    [
        (None, asked(), True, "goes through"),
        (None, asked("JWT"), True, "depends"),
        (POLICY, asked("CUSTOM"), True, "depends"),
        (POLICY, asked("CUSTOM", address="203.0.113.1"), False, "403"),
        (POLICY, asked("AWS_IAM"), False, "403"),
        (POLICY, asked("AWS_IAM", OWN), True, "goes through"),
        (POLICY, asked("AWS_IAM", FOREIGN), True, "depends"),
        (json.dumps({"Statement": []}), asked(), False, "403"),
        (json.dumps({"Statement": []}), asked("JWT"), False, "403"),
        (json.dumps({"Statement": []}), asked("CUSTOM"), True, "depends"),
        (json.dumps({"Statement": []}), asked("AWS_IAM", OWN), True, "depends"),
        (json.dumps({"Statement": []}), asked("AWS_IAM", FOREIGN), False, "403"),
    ],
)
def test_policy_and_authorization_decide_together(policy: str | None, call_: Call, allowed: bool, answer: str) -> None:
    found = verdict(policy, call_)

    assert (found.allowed, found.answer) == (allowed, answer)
