"""The last good configuration on disk: a data plane starts from it when Redis and the control plane are away.

One file: a line with the SHA-256 of what follows, then MessagePack. Every worker may write it: each write is a whole new file
that is renamed into place after it reached the disk, and an older revision never replaces a newer one.
"""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path

import msgspec

from gateway_runtime.snapshot.snapshot import Snapshot

logger = logging.getLogger("gateway_runtime.snapshot")


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot as it lies on disk."""

    revision: int
    sections: dict[str, str]
    documents: dict[str, bytes]


class LastGood:
    """The file of the last good configuration."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Stored | None:
        """What is stored; None without a file, or with one that is damaged (which is logged)."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            logger.error("the last good configuration cannot be read: %s", error)
            return None
        checksum, _, payload = data.partition(b"\n")
        if hashlib.sha256(payload).hexdigest().encode() != checksum:
            logger.error("the last good configuration is damaged and ignored: %s", self._path)
            return None
        try:
            return msgspec.msgpack.decode(payload, type=Stored)
        except msgspec.MsgspecError as error:
            logger.error("the last good configuration is ignored: %s", error)
            return None

    def store(self, snapshot: Snapshot) -> bool:
        """Replace the file, unless it is as new already. False when the disk does not take it, which is logged."""
        found = self.load()
        if found is not None and found.revision >= snapshot.revision:
            return True
        stored = Stored(revision=snapshot.revision, sections=dict(snapshot.sections), documents=dict(snapshot.bodies))
        payload = msgspec.msgpack.encode(stored)
        data = hashlib.sha256(payload).hexdigest().encode() + b"\n" + payload
        try:
            _replace(self._path, data)
        except OSError as error:
            logger.error("the last good configuration is not stored: %s", error)
            return False
        return True


def _replace(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
