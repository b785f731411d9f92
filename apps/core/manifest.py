"""How configuration is announced: a revision, and which document each section holds.

The control plane keeps the manifest in Redis as a hash `section -> digest` beside its revision, and the documents under their digests.
Every change is announced on a channel as a `Change`; a runtime at `previous` applies it as it is, any other reads the whole manifest.
A runtime never goes back: a revision not above its own is ignored.
"""

from __future__ import annotations

import msgspec

MANIFEST = "gatehouse:config:manifest"
REVISION = "gatehouse:config:revision"
ANNOUNCE = "gatehouse:config:announce"


def document_key(digest: str) -> str:
    return f"gatehouse:config:document:{digest}"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What one revision changed; a section mapped to None is gone."""

    previous: int
    revision: int
    sections: dict[str, str | None]


_change_decoder = msgspec.json.Decoder(Change)


def encode_change(change: Change) -> bytes:
    return msgspec.json.encode(change)


def decode_change(data: bytes) -> Change:
    return _change_decoder.decode(data)
