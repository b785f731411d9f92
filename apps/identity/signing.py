"""The keys of an account's issuer: made when they are first needed, and replaced with an overlap."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import RSAKey

from apps.accounts.models import Account
from apps.accounts.sealed import SealedTextField
from apps.accounts.written_json import WrittenJSONField

ALGORITHM = "RS256"
_BITS = 2048
# A token lives for an hour; a data plane that fetched the keys just before a change knows the new one within minutes.
OVERLAP = timedelta(seconds=settings.OIDC_TOKEN_SECONDS) + timedelta(hours=1)


class SigningKey(models.Model):
    """An RSA key of an account's issuer, its private half as PEM, the public one as a JSON Web Key. The newest signs; one that is retired is shown until the tokens it signed have expired."""

    key_id = models.CharField(primary_key=True, max_length=64)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="signing_keys")
    private_key = SealedTextField()
    public_key = WrittenJSONField(default=dict)
    created = models.DateTimeField(auto_now_add=True)
    shown_until = models.DateTimeField(null=True, blank=True)


def current_key(account_id: str) -> SigningKey:
    """The key that signs now; the first one of an account is made here."""
    found = SigningKey.objects.filter(account_id=account_id, shown_until=None).order_by("-created", "key_id").first()
    return found or _make_first(account_id)


def shown_keys(account_id: str) -> list[dict[str, Any]]:
    """The public keys by which tokens of an account can be verified, as a key set shows them."""
    current_key(account_id)
    still = Q(shown_until=None) | Q(shown_until__gt=timezone.now())
    rows = SigningKey.objects.filter(still, account_id=account_id).order_by("-created", "key_id")
    return [{**row.public_key, "kid": row.key_id, "use": "sig", "alg": ALGORITHM} for row in rows]


def rotate(account_id: str) -> SigningKey:
    """A new key that signs from now on. The ones before are shown until what they signed has expired; those whose time is over go."""
    fresh = _fresh(account_id)
    with transaction.atomic():
        # One at a time: of two, each would retire the other's.
        Account.objects.select_for_update(no_key=True).filter(pk=account_id).values_list("pk").first()
        mine = SigningKey.objects.filter(account_id=account_id)
        mine.filter(shown_until__lte=timezone.now()).delete()
        mine.filter(shown_until=None).update(shown_until=timezone.now() + OVERLAP)
        fresh.save()
    return fresh


def signed(account_id: str, claims: dict[str, Any], kind: str) -> str:
    """A token of the account's issuer with these claims; `kind` is the header's `typ`."""
    row = current_key(account_id)
    header = {"alg": ALGORITHM, "typ": kind, "kid": row.key_id}
    return jwt.encode(header, claims, _imported(row), algorithms=[ALGORITHM])


def _make_first(account_id: str) -> SigningKey:
    fresh = _fresh(account_id)
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).filter(pk=account_id).values_list("pk").first()
        found = SigningKey.objects.filter(account_id=account_id, shown_until=None).first()
        if found is not None:
            return found  # somebody else was faster
        fresh.save()
    return fresh


def _fresh(account_id: str) -> SigningKey:
    key = RSAKey.generate_key(_BITS)
    return SigningKey(
        key_id=key.thumbprint(),
        account_id=account_id,
        private_key=key.as_pem(private=True).decode(),
        public_key=key.as_dict(private=False),
    )


def _imported(row: SigningKey) -> RSAKey:
    return RSAKey.import_key(str(row.private_key))
