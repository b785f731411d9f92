"""Policies of members, and what the data plane is told of who can sign."""

from __future__ import annotations

import json

import pytest
from django.conf import settings

from apps.accounts.models import AccessKey, Account, Membership, User, UserPolicy
from apps.control_plane.caller import Caller
from apps.control_plane.errors import (
    AccessDeniedException,
    BadRequestException,
    LimitExceededException,
    NotFoundException,
)
from apps.control_plane.gatehouse.user_policies import MAX_POLICIES
from apps.core import documents
from apps.core.documents import CredentialsDocument
from apps.core.secrets import DocumentSeal
from apps.deployments import publisher
from apps.deployments.credentials import credentials_document
from apps.deployments.models import ConfigurationDocument, ConfigurationSection
from tests.builders import a_member, ours

POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}}
)


@pytest.fixture
def mira(account: Account) -> Caller:
    return a_member(account, "mira", "owner")


@pytest.fixture
def vic(account: Account) -> Caller:
    return a_member(account, "vic", "viewer")


def published(account: Account) -> CredentialsDocument | None:
    section = ConfigurationSection.objects.filter(name=documents.credentials_section(account.id)).first()
    if section is None or section.document is None:
        return None
    found = documents.decode(section.document.body)
    assert isinstance(found, CredentialsDocument)
    return found


def test_an_access_key_is_published_sealed_and_withdrawn_at_once(account: Account, mira: Caller) -> None:
    made = ours(mira, "CreateAccessKey")

    document = published(account)
    assert document is not None
    (key,), (identity,) = document.keys, document.identities
    assert (key.id, key.arn, identity.arn, identity.invokes) == (
        made["accessKeyId"],
        mira.principal,
        mira.principal,
        True,
    )
    assert DocumentSeal(settings.DOCUMENT_SECRETS_KEY).open(key.secret, key.id) == made["secretAccessKey"]
    assert not ConfigurationDocument.objects.filter(body__contains=made["secretAccessKey"]).exists()

    ours(mira, "UpdateAccessKey", accessKeyId=made["accessKeyId"], active=False)
    assert published(account) is None
    ours(mira, "UpdateAccessKey", accessKeyId=made["accessKeyId"], active=True)
    assert published(account) is not None


def test_the_same_keys_make_the_same_document(account: Account, mira: Caller) -> None:
    ours(mira, "CreateAccessKey")

    assert documents.encode(credentials_document(account.id)) == documents.encode(credentials_document(account.id))


def test_viewers_may_call_nothing_by_their_role(account: Account, mira: Caller, vic: Caller) -> None:
    ours(mira, "CreateAccessKey", userName="vic")

    document = published(account)
    assert document is not None
    assert [identity.invokes for identity in document.identities] == [False]


def test_whoever_has_left_or_may_not_sign_in_has_no_keys(account: Account, mira: Caller, vic: Caller) -> None:
    ours(mira, "CreateAccessKey")
    ours(mira, "CreateAccessKey", userName="vic")
    User.objects.filter(username="vic").update(is_active=False)
    Membership.objects.filter(user__username="mira").delete()

    publisher.publish_credentials(account.id)

    assert published(account) is None


def test_a_key_of_no_person_is_the_accounts_root(account: Account) -> None:
    AccessKey.objects.create(account=account, secret="s" * 40)

    (identity,) = credentials_document(account.id).identities

    assert (identity.arn, identity.unique_id, identity.invokes) == (f"arn:aws:iam::{account.id}:root", account.id, True)


def test_everything_made_again_has_the_credentials(account: Account, mira: Caller) -> None:
    ours(mira, "CreateAccessKey")
    ConfigurationSection.objects.all().delete()

    publisher.republish_everything()

    assert published(account) is not None


def test_a_policy_is_put_read_replaced_and_taken_away(account: Account, mira: Caller, vic: Caller) -> None:
    name = {"userName": "vic", "policyName": "invoke"}
    ours(mira, "CreateAccessKey", userName="vic")
    ours(mira, "PutUserPolicy", **name, policyDocument='{"Statement": []}')

    assert ours(mira, "PutUserPolicy", **name, policyDocument=POLICY) == {**name, "policyDocument": POLICY}
    assert ours(vic, "GetUserPolicy", **name) == {**name, "policyDocument": POLICY}
    assert ours(mira, "ListUserPolicies", userName="vic") == {"items": [{**name, "policyDocument": POLICY}]}
    document = published(account)
    assert document is not None
    assert document.identities[0].policies == (POLICY,)

    ours(mira, "DeleteUserPolicy", **name)

    assert ours(mira, "ListUserPolicies", userName="vic") == {"items": []}
    document = published(account)
    assert document is not None
    assert document.identities[0].policies == ()
    with pytest.raises(NotFoundException, match="Invalid policy name"):
        ours(mira, "GetUserPolicy", **name)


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        ({"policyDocument": "{"}, "JSON"),
        ({"policyDocument": POLICY.replace('"Effect"', '"Principal": "*", "Effect"')}, "must not name a Principal"),
        ({"policyDocument": POLICY.replace("Allow", "Maybe")}, "Effect"),
        ({"policyDocument": json.dumps({"Statement": [], "Id": "x" * 6_144})}, "longer than 6144"),
        ({"policyName": "a b"}, "policyName is invalid"),
    ],
)
def test_what_is_no_policy_is_refused(mira: Caller, request_: dict[str, str], complaint: str) -> None:
    with pytest.raises(BadRequestException, match=complaint):
        ours(mira, "PutUserPolicy", **{"userName": "mira", "policyName": "p", "policyDocument": POLICY, **request_})

    assert not UserPolicy.objects.exists()


def test_a_member_has_so_many_policies(mira: Caller) -> None:
    for number in range(MAX_POLICIES):
        ours(mira, "PutUserPolicy", userName="mira", policyName=f"p{number}", policyDocument=POLICY)

    ours(mira, "PutUserPolicy", userName="mira", policyName="p0", policyDocument=POLICY)
    with pytest.raises(LimitExceededException):
        ours(mira, "PutUserPolicy", userName="mira", policyName="more", policyDocument=POLICY)


def test_only_owners_change_policies_and_viewers_see_their_own(account: Account, mira: Caller, vic: Caller) -> None:
    ed = a_member(account, "ed", "editor")
    with pytest.raises(AccessDeniedException):
        ours(ed, "PutUserPolicy", userName="ed", policyName="p", policyDocument=POLICY)
    with pytest.raises(AccessDeniedException):
        ours(vic, "ListUserPolicies", userName="mira")
    ours(mira, "PutUserPolicy", userName="ed", policyName="p", policyDocument=POLICY)
    with pytest.raises(AccessDeniedException):
        ours(ed, "DeleteUserPolicy", userName="ed", policyName="p")


def test_a_member_of_another_account_is_unknown(mira: Caller) -> None:
    elsewhere = a_member(Account.objects.create(name="Elsewhere"), "zoe", "owner")

    with pytest.raises(NotFoundException, match="Invalid user name"):
        ours(elsewhere, "ListUserPolicies", userName="mira")
