"""The stream of usage batches: read, added to the ledger, and only then taken out."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime
from typing import Any, cast

import msgspec
import redis
from django.db import DataError

from apps.core.usage import FIELD, LATENCY_BOUNDS_MS, STREAM, KeyUse, Traffic, UsageBatch, decode_batch
from apps.deployments import valkey
from apps.metering import ledger

# Where entries go that no one can add: kept for a person to look at, the oldest dropped first.
REFUSED_STREAM = "gatehouse:usage:refused"
REFUSED_KEPT = 10_000

BATCHES_AT_ONCE = 100
_ROUNDS = 200
_LARGEST_COUNT = 2**53

logger = logging.getLogger("gatehouse.metering")

Entry = tuple[bytes, dict[bytes, bytes]]


class Unsound(ValueError):
    """An entry of the stream that does not describe usage."""


def drain(at_once: int = BATCHES_AT_ONCE) -> int:
    """Add what is in the stream, oldest first and `at_once` batches in a transaction; answers how many of them were new.

    An empty stream costs one round trip. It may run beside itself and may be killed anywhere: an entry leaves the stream only after the commit of its batch, and
    a batch that is read again counts no second time. Raises `redis.RedisError` or `django.db.DatabaseError`: then all is
    still in the stream.
    """
    client = valkey.client(valkey.PATIENT)
    added = 0
    for _ in range(_ROUNDS):
        entries = cast("list[Entry]", client.xrange(STREAM, count=at_once))
        if not entries:
            break
        added += _take(client, entries)
        if len(entries) < at_once:
            break
    return added


def _take(client: redis.Redis, entries: list[Entry]) -> int:
    sound: dict[bytes, UsageBatch] = {}
    for entry_id, fields in entries:
        try:
            sound[entry_id] = read_entry(fields)
        except Unsound as error:
            _refuse(client, (entry_id, fields), error)
    if not sound:
        return 0
    try:
        added = ledger.add(sound.values())
    except DataError as error:
        if len(sound) > 1:
            # One of them does not fit a column: alone it cannot hold up the others.
            return sum(_take(client, [entry]) for entry in entries if entry[0] in sound)
        _refuse(client, entries[0], error)
        return 0
    client.xdel(STREAM, *sound)
    return added


def read_entry(fields: dict[bytes, bytes]) -> UsageBatch:
    """The batch in an entry; raises `Unsound` for anything that could not be added."""
    try:
        batch = decode_batch(fields[FIELD])
    except KeyError as error:
        raise Unsound(f"it has no field {FIELD.decode()!r}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unsound(str(error)) from error
    if not 0 < len(batch.batch_id) <= 36:
        raise Unsound("its batch_id is not a UUID")
    for use in batch.uses:
        _check_use(use)
    for traffic in batch.traffic:
        _check_traffic(traffic)
    return batch


def _check_use(use: KeyUse) -> None:
    _check_names(use.account_id, use.region, use.key_id)
    if len(use.plan_id) > 10:
        raise Unsound("its plan_id is too long")
    try:
        date.fromisoformat(use.day)
    except ValueError as error:
        raise Unsound(f"{use.day!r} is no day") from error
    _check_counts(use.count)


def _check_traffic(traffic: Traffic) -> None:
    _check_names(traffic.account_id, traffic.region, traffic.key_id)
    if len(traffic.api_id) > 10 or len(traffic.stage_name) > 128:
        raise Unsound("its API or stage is too long a name")
    if traffic.minute % 60 or not 0 <= traffic.minute < datetime(9999, 1, 1, tzinfo=UTC).timestamp():
        raise Unsound(f"{traffic.minute} is no minute")
    if any(not 0 <= at <= len(LATENCY_BOUNDS_MS) for at in (*traffic.latency_buckets, *traffic.integration_buckets)):
        raise Unsound("it counts into a latency bucket that is none")
    _check_counts(
        traffic.count,
        traffic.errors_4xx,
        traffic.errors_5xx,
        traffic.latency_ms,
        traffic.integration_latency_ms,
        traffic.cache_hits,
        traffic.cache_misses,
        traffic.integration_errors,
        traffic.data_processed,
        traffic.throttled,
        *traffic.latency_buckets.values(),
        *traffic.integration_buckets.values(),
    )


def _check_names(account_id: str, region: str, key_id: str) -> None:
    if len(account_id) > 12 or len(region) > 32 or len(key_id) > 128 or "\0" in account_id + region + key_id:
        raise Unsound("its account, region or key is no name")


def _check_counts(*counts: float) -> None:
    # Not a number fails every comparison, so it is refused as well.
    if not all(0 <= count < _LARGEST_COUNT for count in counts):
        raise Unsound("it counts below nothing or beyond reason")


def _refuse(client: redis.Redis, entry: Entry, error: Exception) -> None:
    entry_id, fields = entry
    logger.error("usage entry %s is refused: %s", entry_id.decode(), error)
    pipeline = client.pipeline(transaction=True)
    kept: dict[Any, Any] = {**fields, b"entry": entry_id, b"reason": str(error)[:500].encode()}
    pipeline.xadd(REFUSED_STREAM, kept, maxlen=REFUSED_KEPT, approximate=True)
    pipeline.xdel(STREAM, entry_id)
    pipeline.execute()
