"""The form in which a stage's cache keeps an answer: status, headers and body, sealed where the method's settings ask for it."""

from __future__ import annotations

import logging
import os

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway_runtime.exchange import Exchange

logger = logging.getLogger("gateway_runtime.cache")

_NONCE = 12


class _Answer(msgspec.Struct, frozen=True, array_like=True):
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


_decoder = msgspec.msgpack.Decoder(_Answer)


class KeptAnswers:
    """Reads and writes kept answers. A sealed one is bound to its key: under another it cannot be opened."""

    def __init__(self, secret: bytes | None) -> None:
        self._seal = None if secret is None else AESGCM(secret)

    def write(self, exchange: Exchange, key: str) -> bytes:
        """The exchange's answer, whose body is all there."""
        data = msgspec.msgpack.encode(_Answer(exchange.status, list(exchange.headers), exchange.answer))
        if self._seal is None:
            return data
        nonce = os.urandom(_NONCE)
        return nonce + self._seal.encrypt(nonce, data, key.encode())

    def read(self, exchange: Exchange, kept: bytes, key: str) -> bool:
        """Let the exchange answer with what was kept; false when that cannot be read, which is as if it were not there."""
        try:
            if self._seal is not None:
                kept = self._seal.decrypt(kept[:_NONCE], kept[_NONCE:], key.encode())
            answer = _decoder.decode(kept)
        except (InvalidTag, ValueError) as error:  # msgspec's errors are ValueErrors
            logger.warning("a kept answer cannot be read: %s", type(error).__name__)
            return False
        exchange.status, exchange.headers, exchange.answer = answer.status, answer.headers, answer.body
        return True
