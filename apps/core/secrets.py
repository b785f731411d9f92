"""Secrets at rest: encrypted when they must be shown again, a keyed digest when they only have to be recognised."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESSIV


class Secret(str):
    """A string that does not print itself: its repr is `***`. Use it as a normal string to read it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "***"


class SecretBox:
    """Encrypts and decrypts short texts with one 32-byte key."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> Secret:
        """The text again; raises `ValueError` when the key is not the one that sealed it."""
        try:
            return Secret(self._fernet.decrypt(sealed.encode()).decode())
        except InvalidToken as error:
            raise ValueError("the secret was sealed with another key") from error


class DocumentSeal:
    """Encrypts the secrets that configuration documents carry: equal secrets in equal places have equal ciphertexts.

    Documents are addressed by their digest, so sealing the same one twice must not make another. `place` (an id) is
    authenticated too: what was sealed for one place opens in no other.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(key)

    def seal(self, text: str, place: str) -> str:
        return base64.b64encode(self._cipher.encrypt(text.encode(), [place.encode()])).decode()

    def open(self, sealed: str, place: str) -> Secret:
        """The text again; raises `ValueError` when key or place are not those that sealed it."""
        try:
            return Secret(self._cipher.decrypt(base64.b64decode(sealed, validate=True), [place.encode()]).decode())
        except (InvalidTag, ValueError) as error:
            raise ValueError("the secret was sealed with another key or for another place") from error


def api_key_digest(value: str | bytes, key: bytes) -> str:
    """The keyed digest by which both planes recognise an API key's value: 32 hexadecimal characters."""
    raw = value.encode() if isinstance(value, str) else value
    return hmac.digest(key, raw, hashlib.sha256).hex()[:32]
