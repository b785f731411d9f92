"""Temporary credentials. Everything about them is sealed in their session token, so that nothing has to be kept or cleared.

They lean on the access key that asked for them: it is looked up for each request, so they end with it and may what it may.
The control plane issues them; both planes open them.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import NamedTuple

from apps.core import ids
from apps.core.secrets import Secret, SecretBox

TEMPORARY = "ASIA"
LONGEST_TOKEN = 2_048
"""Characters. Ours are shorter; nothing longer is worth deciphering."""


class Session(NamedTuple):
    """Credentials until `expires`, on behalf of the access key `parent`. `assumed` is what they are called where a role was assumed,
    `deployer/build-7`: a name, which lets nobody do more than the key."""

    access_key_id: str
    secret: Secret
    parent: str
    expires: datetime
    token: str
    assumed: str = ""


class SessionTokens:
    """Issues and opens session tokens with one 32-byte key."""

    def __init__(self, key: bytes) -> None:
        self._box = SecretBox(key)

    def issue(self, parent: str, expires: datetime, assumed: str = "") -> Session:
        """Fresh credentials that act as the access key `parent`."""
        key_id = TEMPORARY + ids.access_key_id().removeprefix("AKIA")
        secret = Secret(ids.secret_access_key())
        expires = expires.replace(microsecond=0)
        said = {"key": key_id, "secret": secret, "parent": parent, "expires": expires.timestamp()}
        if assumed:
            said["assumed"] = assumed
        return Session(key_id, secret, parent, expires, self._box.seal(json.dumps(said)), assumed)

    def open(self, access_key_id: str, token: str) -> Session | None:
        """The credentials behind a token; None when it is none of ours, or belongs to another access key id."""
        if not access_key_id.startswith(TEMPORARY) or len(token) > LONGEST_TOKEN:
            return None
        try:
            said = json.loads(self._box.open(token))
        except ValueError:
            return None
        if not isinstance(said, dict) or said.get("key") != access_key_id:
            return None
        expires = datetime.fromtimestamp(said["expires"], UTC)
        return Session(access_key_id, Secret(said["secret"]), said["parent"], expires, token, said.get("assumed", ""))
