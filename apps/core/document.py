"""The root of configuration documents."""

from __future__ import annotations

import msgspec


class Document(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=False):
    """The root of every part of a document: immutable, and silent about members that have their default."""
