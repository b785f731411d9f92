"""What staff changes of people acts on who can sign calls of APIs."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.http import HttpRequest
from django.test import Client

from apps.accounts.models import AccessKey, Account, Membership, User
from apps.core import documents
from apps.deployments import publisher
from apps.deployments.models import ConfigurationSection


def signers(account: Account) -> list[str]:
    """The ARNs that the data plane knows."""
    section = ConfigurationSection.objects.get(name=documents.credentials_section(account.pk))
    if section.document is None:
        return []
    found = documents.decode(section.document.body)
    assert isinstance(found, documents.CredentialsDocument)
    return [identity.arn for identity in found.identities]


@pytest.fixture
def ed(account: Account) -> User:
    user = User.objects.create_user("ed", "ed@example.com")
    Membership.objects.create(user=user, account=account, role=Membership.Role.EDITOR)
    AccessKey.objects.create(account=account, user=user, secret="s" * 40)
    publisher.publish_credentials(account.pk)
    return user


def test_a_person_who_is_deleted_has_no_keys_any_more(account: Account, ed: User) -> None:
    assert signers(account) == [f"arn:aws:iam::{account.pk}:user/ed"]

    admin.site.get_model_admin(User).delete_model(HttpRequest(), ed)

    assert signers(account) == []


def test_a_person_who_may_not_sign_in_any_more_has_no_keys(account: Account, ed: User, client: Client) -> None:
    client.force_login(User.objects.create_superuser("root", "root@example.com"))
    form = {"username": "ed", "email": "ed@example.com", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    memberships = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}

    answer = client.post(f"/admin/accounts/user/{ed.pk}/change/", {**form, **memberships})

    assert answer.status_code == 302
    assert signers(account) == []
