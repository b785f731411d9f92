"""People who can sign in."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.test import Client

from apps.accounts.models import User

PASSWORD = "correct horse battery"


def person(email: str) -> User:
    """A developer whose address is confirmed."""
    user = User.objects.create_user(username=email.partition("@")[0], email=email, password=PASSWORD)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def browser(user: User) -> Client:
    """A browser in which they are signed in."""
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client
