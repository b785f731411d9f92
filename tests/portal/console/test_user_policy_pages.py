"""Policies of members in the console: attached, edited, taken away, and asked about."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import AuditEvent, UserPolicy
from apps.control_plane import registry
from apps.control_plane.caller import Caller
from tests.builders import a_rest_api
from tests.portal.console.reading import text, words

Member = Callable[[str], Client]


def policy(effect: str = "Allow", resource: str = "*", **members: Any) -> str:
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource, **members}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


@pytest.fixture
def page(member: Member) -> str:
    """The page of a viewer's policies."""
    member("viewer")
    return reverse("console:user_policies", args=["viewer"])


def attach(owner: Client, page: str, document: str, name: str = "calls") -> Any:
    return owner.post(page, {"name": name, "document": document})


def asked(owner: Client, api: str, **call: str) -> str:
    given = {"api": api, "stage": "prod", "method": "GET", "path": "/pets", "address": "192.0.2.10", "keys": "", **call}
    data = {f"call-{name}": value for name, value in given.items()}
    return words(owner.post(reverse("console:check_user_policies", args=["viewer"]), data))


def test_an_owner_attaches_edits_and_takes_away_a_policy(owner: Client, page: str) -> None:
    assert attach(owner, page, policy()).status_code == 302
    shown = text(owner.get(page, {"policy": "calls"}))
    assert "Edit a policy" in shown
    attach(owner, page, policy("Deny"))
    url = reverse("console:delete_user_policy", args=["viewer", "calls"])

    owner.post(url, {"confirmation": "other"})
    assert json.loads(UserPolicy.objects.get().document)["Statement"]["Effect"] == "Deny"
    owner.post(url, {"confirmation": "calls"})

    assert not UserPolicy.objects.exists()
    kept = AuditEvent.objects.filter(error="").order_by("pk").values_list("operation", flat=True)
    assert list(kept) == ["PutUserPolicy", "PutUserPolicy", "DeleteUserPolicy"]


@pytest.mark.parametrize(
    "document",
    ["", "{", "[]", policy(Principal="*"), '{"Statement": 1}', policy("Perhaps"), policy(resource="x" * 7000)],
)
def test_what_is_no_policy_stays_in_the_form(owner: Client, page: str, document: str) -> None:
    answer = attach(owner, page, document)

    assert answer.status_code == 422
    assert not UserPolicy.objects.exists()


def test_a_preset_is_a_policy(owner: Client, page: str) -> None:
    for preset in ("One API", "Reading alone", "Not a stage"):
        form = owner.get(page, {"preset": preset}).context["form"]
        assert attach(owner, page, form.initial["document"], preset.replace(" ", "-")).status_code == 302


def test_the_answer_names_the_statement_that_decides(owner: Client, page: str, caller: Caller) -> None:
    api = a_rest_api(caller)
    assert "No policy allows the call" in asked(owner, api)

    attach(owner, page, policy(resource=f"arn:aws:execute-api:*:*:{api}/*/GET/*"), "reads")
    assert "The policy reads allows the call." in asked(owner, api)
    assert "403 Forbidden" in asked(owner, api, method="POST")

    attach(owner, page, policy("Deny", Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}), "not-here")
    assert "The policy not-here denies the call." in asked(owner, api)
    assert "The policy reads allows the call." in asked(owner, api, address="198.51.100.1")


def test_the_role_and_the_resource_policy_count_too(owner: Client, page: str, caller: Caller) -> None:
    api = a_rest_api(caller)
    registry.call(caller, "gatehouse", "PutMembership", {"userName": "viewer", "role": "editor"})
    assert "role in the account allows it" in asked(owner, api)

    denying = policy("Deny", "execute-api:/*", Principal="*")
    patches = [{"op": "replace", "path": "/policy", "value": denying}]
    registry.call(caller, "apigateway", "UpdateRestApi", {"restApiId": api, "patchOperations": patches})

    assert "resource policy of the API denies" in asked(owner, api)


def test_only_owners_change_policies(member: Member, page: str, owner: Client) -> None:
    attach(owner, page, policy())
    editor = member("editor")

    assert "Attach a policy" not in text(editor.get(page))
    assert attach(editor, page, policy("Deny")).status_code == 403
    url = reverse("console:delete_user_policy", args=["viewer", "calls"])
    assert editor.post(url, {"confirmation": "calls"}).status_code == 403
    assert member("viewer").get(page).status_code == 200
    assert member("viewer").get(reverse("console:user_policies", args=["owner"])).status_code == 403


def test_nobody_else_s_member_has_a_page(owner: Client, elsewhere: Caller) -> None:
    assert owner.get(reverse("console:user_policies", args=["nobody"])).status_code == 404
