"""Keeping Redis true and tidy: a manifest that does not fit is announced again, documents that no section holds go away."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar, cast

from apps.core import manifest
from apps.deployments import announcements, valkey
from apps.deployments.models import ConfigurationDocument, ConfigurationSection
from apps.deployments.publisher import revision_lock

Item = TypeVar("Item")

logger = logging.getLogger("gatehouse.configuration")

# How long a document outlives its last section: a runtime may still be on its way to it.
GRACE_SECONDS = 3600
_AT_ONCE = 500


def verify_announced() -> bool:
    """Compare Redis with the database and refill it when they disagree at the same revision; True when they agree.

    This finds what the revision alone cannot: a Redis restored from an older file, or one that was written to by hand.
    Raises `redis.RedisError` when Redis cannot be asked.
    """
    if not announcements.catch_up():
        return False
    expected = dict(ConfigurationSection.objects.filter(document__isnull=False).values_list("name", "document_id"))
    client = valkey.client(valkey.PATIENT)
    answer = cast("dict[bytes, bytes]", client.hgetall(manifest.MANIFEST))
    told = {name.decode(): digest.decode() for name, digest in answer.items()}
    if told == expected and not _missing(digest for digest in expected.values() if digest):
        return True
    # A change that was committed between the two readings looks the same; refilling is then merely unnecessary.
    logger.warning("what Redis knows does not fit its revision: announcing everything again")
    announcements.refill()
    return False


def collect_documents() -> None:
    """Let unreferenced documents end: in Redis after a grace, in the database when Redis no longer has them.

    Raises `redis.RedisError` when Redis cannot be asked.
    """
    client = valkey.client(valkey.PATIENT)
    prefix = manifest.document_key("")
    kept = _referenced()
    ending = []
    for keys in _chunks(client.scan_iter(match=f"{prefix}*", count=_AT_ONCE)):
        loose = [key for key in keys if key.decode().removeprefix(prefix) not in kept]
        pipeline = client.pipeline(transaction=False)
        for key in loose:
            pipeline.expire(key, GRACE_SECONDS, nx=True)
        pipeline.execute()
        ending += loose
    # Whoever published one of them meanwhile either shows up here or makes it persist after us.
    kept = _referenced()
    for key in ending:
        if key.decode().removeprefix(prefix) in kept:
            client.persist(key)
    _collect_rows()


def _referenced() -> set[str]:
    digests = ConfigurationSection.objects.filter(document__isnull=False).values_list("document_id", flat=True)
    return {digest for digest in digests if digest}


def _collect_rows() -> None:
    loose = ConfigurationDocument.objects.filter(configurationsection__isnull=True)
    gone = _missing(loose.values_list("digest", flat=True))
    for digests in _chunks(iter(gone)):
        with revision_lock():
            loose.filter(digest__in=digests).delete()


def _missing(digests: Iterable[str]) -> list[str]:
    """Those of the documents that Redis does not have."""
    client = valkey.client(valkey.PATIENT)
    missing = []
    for chunk in _chunks(iter(set(digests))):
        pipeline = client.pipeline(transaction=False)
        for digest in chunk:
            pipeline.exists(manifest.document_key(digest))
        missing += [digest for digest, there in zip(chunk, pipeline.execute(), strict=True) if not there]
    return missing


def _chunks(items: Iterator[Item]) -> Iterator[list[Item]]:
    while chunk := list(islice(items, _AT_ONCE)):
        yield chunk
