"""People of the console: members by role, a stranger, and somebody from another account."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from apps.accounts.models import Account, Membership, User
from apps.control_plane.caller import Caller


@pytest.fixture
def member(account: Account) -> Callable[[str], Client]:
    """`member("viewer")` is a browser in which somebody with that role has signed in; "nobody" belongs to no account."""

    def sign_in(role: str) -> Client:
        user, created = User.objects.get_or_create(username=role, defaults={"email": f"{role}@example.com"})
        if created and role != "nobody":
            Membership.objects.create(user=user, account=account, role=role)
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


@pytest.fixture
def owner(member: Callable[[str], Client]) -> Client:
    return member("owner")


@pytest.fixture
def viewer(member: Callable[[str], Client]) -> Client:
    return member("viewer")


@pytest.fixture
def elsewhere(db: None) -> Caller:
    """The owner of another account."""
    other = Account.objects.create(id="210987654321", name="Elsewhere")
    return Caller(account_id=other.id, region="us-east-1", principal=f"arn:aws:iam::{other.id}:user/other", via="seed")
