"""Temporary credentials. Everything about them is sealed in their session token, so that nothing has to be kept or cleared.

They lean on the access key that asked for them: it is looked up for each request, so they end with it and have its role.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import NamedTuple

from django.conf import settings

from apps.core import ids
from apps.core.secrets import Secret, SecretBox

TEMPORARY = "ASIA"
LONGEST_TOKEN = 2_048
"""Characters. Ours are shorter; nothing longer is worth deciphering."""


class Session(NamedTuple):
    """Credentials until `expires`, on behalf of the access key `parent`."""

    access_key_id: str
    secret: Secret
    parent: str
    expires: datetime
    token: str


def new_session(parent: str, expires: datetime) -> Session:
    """Fresh credentials that act as the access key `parent`."""
    key_id = TEMPORARY + ids.access_key_id().removeprefix("AKIA")
    secret = Secret(ids.secret_access_key())
    expires = expires.replace(microsecond=0)
    said = json.dumps({"key": key_id, "secret": secret, "parent": parent, "expires": expires.timestamp()})
    return Session(key_id, secret, parent, expires, _box().seal(said))


def open_session(access_key_id: str, token: str) -> Session | None:
    """The credentials behind a token; None when it is none of ours, or belongs to another access key id."""
    if not access_key_id.startswith(TEMPORARY) or len(token) > LONGEST_TOKEN:
        return None
    try:
        said = json.loads(_box().open(token))
    except ValueError:
        return None
    if not isinstance(said, dict) or said.get("key") != access_key_id:
        return None
    return Session(
        access_key_id, Secret(said["secret"]), said["parent"], datetime.fromtimestamp(said["expires"], UTC), token
    )


def _box() -> SecretBox:
    return SecretBox(settings.SESSION_TOKEN_KEY)
