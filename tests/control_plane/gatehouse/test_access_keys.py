"""Access keys: whose they are, and who may change them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from apps.accounts.models import AccessKey, Account, User
from apps.control_plane.caller import Caller
from apps.control_plane.errors import (
    AccessDeniedException,
    BadRequestException,
    LimitExceededException,
    NotFoundException,
)
from apps.control_plane.gatehouse.access_keys import MAX_KEYS_PER_MEMBER
from apps.control_plane.wire.authentication import find_access_key
from tests.builders import a_member, ours


@pytest.fixture
def mira(account: Account) -> Caller:
    return a_member(account, "mira", "owner")


@pytest.fixture
def ed(account: Account) -> Caller:
    return a_member(account, "ed", "editor")


def test_a_key_acts_with_the_role_of_its_member(ed: Caller) -> None:
    created = ours(ed, "CreateAccessKey")

    credential = find_access_key(created["accessKeyId"])
    assert credential is not None
    assert (credential.secret, credential.role) == (created["secretAccessKey"], "editor")


def test_an_owner_makes_a_key_for_another_member(mira: Caller, ed: Caller) -> None:
    assert ours(mira, "CreateAccessKey", userName="ed")["userName"] == "ed"


def test_an_editor_makes_none_for_another_member(mira: Caller, ed: Caller) -> None:
    with pytest.raises(AccessDeniedException):
        ours(ed, "CreateAccessKey", userName="mira")


def test_only_members_have_keys(mira: Caller) -> None:
    User.objects.create_user("stranger", "stranger@example.com")

    with pytest.raises(BadRequestException):
        ours(mira, "CreateAccessKey", userName="stranger")


def test_a_deactivated_key_signs_no_more_until_it_is_activated(mira: Caller) -> None:
    key = ours(mira, "CreateAccessKey")["accessKeyId"]

    ours(mira, "UpdateAccessKey", accessKeyId=key, active=False)
    assert find_access_key(key) is None
    ours(mira, "UpdateAccessKey", accessKeyId=key, active=True)
    assert find_access_key(key) is not None


def test_an_active_key_cannot_be_deleted(mira: Caller) -> None:
    key = ours(mira, "CreateAccessKey")["accessKeyId"]

    with pytest.raises(BadRequestException):
        ours(mira, "DeleteAccessKey", accessKeyId=key)


def test_a_member_has_only_so_many_keys(mira: Caller) -> None:
    for _ in range(MAX_KEYS_PER_MEMBER):
        ours(mira, "CreateAccessKey")

    with pytest.raises(LimitExceededException):
        ours(mira, "CreateAccessKey")


def test_a_key_of_another_account_is_unknown(mira: Caller, db: None) -> None:
    key = ours(mira, "CreateAccessKey")["accessKeyId"]
    Account.objects.create(id="210987654321", name="Elsewhere")

    with pytest.raises(NotFoundException):
        ours(replace(mira, account_id="210987654321"), "UpdateAccessKey", accessKeyId=key, active=False)
    assert AccessKey.objects.get().active
