"""PutApiKeyOrigins: from where a key may be used."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts.models import Account, AuditEvent
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException
from apps.core.documents import key_shard
from apps.deployments.plan_documents import keys_documents
from apps.usage_plans.models import ApiKey
from tests.builders import a_caller, a_key, a_plan, a_rest_api, a_stage, ours, subscribe


def document(caller: Caller, key_id: str) -> Any:
    shard = key_shard(key_id)
    found = keys_documents(caller.account_id, caller.region, [shard])[shard]
    return next(key for key in found.keys if key.id == key_id)


def test_a_key_is_limited_and_freed_again(caller: Caller) -> None:
    key_id = a_key(caller)["id"]

    limited = ours(
        caller,
        "PutApiKeyOrigins",
        keyId=key_id,
        sourceNetworks=["192.0.2.7", "192.0.2.7"],
        websites=["https://A.example.com/"],
    )
    frozen = document(caller, key_id)
    ours(caller, "PutApiKeyOrigins", keyId=key_id)

    assert limited == {
        "keyId": key_id, "sourceNetworks": ["192.0.2.7/32"], "websites": ["https://a.example.com"],
    }  # fmt: skip
    assert (frozen.source_networks, frozen.websites) == (("192.0.2.7/32",), ("https://a.example.com",))
    assert ours(caller, "GetApiKeyOrigins", keyId=key_id)["sourceNetworks"] == []


@pytest.mark.parametrize(
    "given",
    [
        {"sourceNetworks": ["nowhere"]},
        {"websites": ["example.com"]},
        {"websites": [f"https://a{number}.com" for number in range(101)]},
    ],
)
def test_what_makes_no_sense_changes_nothing(caller: Caller, given: dict[str, Any]) -> None:
    key_id = a_key(caller)["id"]
    ours(caller, "PutApiKeyOrigins", keyId=key_id, sourceNetworks=["192.0.2.7"])

    with pytest.raises(BadRequestException):
        ours(caller, "PutApiKeyOrigins", keyId=key_id, **given)

    assert ApiKey.objects.get(key_id=key_id).source_networks == ["192.0.2.7/32"]


def test_the_key_that_takes_its_place_works_where_it_worked(caller: Caller) -> None:
    api = a_rest_api(caller)
    plan, old = a_plan(caller, (api, a_stage(caller, api))), a_key(caller)
    subscribe(caller, plan, old)
    ours(caller, "PutApiKeyOrigins", keyId=old["id"], sourceNetworks=["192.0.2.0/24"])

    fresh = ours(caller, "RotateApiKey", keyId=old["id"])

    assert document(caller, fresh["keyId"]).source_networks == ("192.0.2.0/24",)


def test_the_audit_log_has_what_was_before(caller: Caller) -> None:
    key_id = a_key(caller)["id"]
    ours(caller, "PutApiKeyOrigins", keyId=key_id, sourceNetworks=["192.0.2.7"])

    event = AuditEvent.objects.filter(operation="PutApiKeyOrigins").latest("pk")

    assert event.before["sourceNetworks"] == []
    assert event.after["sourceNetworks"] == ["192.0.2.7/32"]


def test_a_stranger_s_key_is_unknown(caller: Caller) -> None:
    key_id = a_key(caller)["id"]
    Account.objects.create(id="210987654321", name="Elsewhere")

    with pytest.raises(NotFoundException):
        ours(a_caller("210987654321"), "PutApiKeyOrigins", keyId=key_id)
