"""The built-in OpenID provider: the clients of an account, and (from `signing`) the keys that its tokens are signed with."""

from __future__ import annotations

import re
from typing import Any

from django.db import models
from oauth2_provider.models import AbstractApplication
from oauth2_provider.utils import jwk_from_pem

from apps.accounts.models import Account, User
from apps.accounts.written_json import WrittenJSONField
from apps.identity.signing import SigningKey, current_key

__all__ = ["OAuthClient", "SigningKey"]

_ISSUER_PATH = re.compile(r"/oidc/(\d{12})/", re.ASCII)


class OAuthClient(AbstractApplication):
    """A program that gets tokens of its account's issuer. Its secret is kept as a hash."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    scopes = WrittenJSONField(default=list)
    audiences = WrittenJSONField(default=list)

    objects: models.Manager[OAuthClient] = models.Manager()

    class Meta(AbstractApplication.Meta):
        abstract = False

    def is_usable(self, request: Any) -> bool:
        """Only at the issuer of its own account. `request` is the one that oauthlib makes."""
        match = _ISSUER_PATH.match(str(getattr(request, "uri", "")))
        return match is not None and match[1] == self.account_id

    @property
    def jwk_key(self) -> Any:
        """The key that signs this client's id tokens."""
        return jwk_from_pem(current_key(self.account_id).private_key)
