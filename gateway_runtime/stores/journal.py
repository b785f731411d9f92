"""Counts that survive the death of their process: integers in a memory-mapped file, described in the same file.

The kernel keeps what was added even when the process is killed in the middle of a request; only the loss of power takes the last
moments. A journal holds one usage batch: its id is chosen when the batch begins, so that whoever delivers what a dead process left
behind delivers it under the same id, and a batch delivered twice counts once.

Layout: header (magic, state, batch id, bytes of descriptions), counters of 8 bytes, then one JSON line for each row: kind,
number of its first counter, its members. The process that owns a journal holds a lock on it.
"""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import struct
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from apps.core.usage import LATENCY_BOUNDS_MS, KeyUse, Traffic, UsageBatch

_MAGIC = b"GHJ4"
_OLDER_MAGIC = b"GHJ3"  # an earlier release's, whose rows of traffic end behind the first buckets
_HEADER = struct.Struct("<4sI16sQ")  # magic, state, batch id, bytes of descriptions
_FREE, _OPEN = 0, 1
_COUNTERS_AT = 64
COUNTERS = 32_768
_TEXT_AT = _COUNTERS_AT + COUNTERS * 8
_TEXT_SIZE = 128 * 1024
SIZE = _TEXT_AT + _TEXT_SIZE
BUCKETS_AT = 9  # of a row of traffic, behind its counts, sums, cache, and what routes have besides
THROTTLED_AT = BUCKETS_AT + len(LATENCY_BOUNDS_MS) + 1
INTEGRATION_BUCKETS_AT = THROTTLED_AT + 1
TRAFFIC_WIDTH = INTEGRATION_BUCKETS_AT + len(LATENCY_BOUNDS_MS) + 1


class JournalFull(Exception):
    """No place for another row: begin another batch."""


class Journal:
    """One file. `counters` may be added to directly, at the places that `row` gives."""

    def __init__(self, path: Path | None) -> None:
        """Open or create a file and lock it; without a path, memory of this process alone.

        Raises OSError, BlockingIOError when another process owns the file.
        """
        self.path = path
        self._file = -1 if path is None else _open_locked(path)
        self._map = mmap.mmap(self._file, SIZE)
        self.counters = memoryview(self._map)[_COUNTERS_AT:_TEXT_AT].cast("q")
        self._next = 0
        self._text = 0

    @property
    def open(self) -> bool:
        """It holds a batch, begun by its owner or left behind by a dead one."""
        magic, state, _, _ = _HEADER.unpack_from(self._map)
        return magic in (_MAGIC, _OLDER_MAGIC) and bool(state == _OPEN)

    @property
    def empty(self) -> bool:
        return self._next == 0

    @property
    def batch_id(self) -> str:
        return str(uuid.UUID(bytes=_HEADER.unpack_from(self._map)[2]))

    def begin(self) -> None:
        """Start a batch under a new id. The journal must be free."""
        self._next = self._text = 0
        _HEADER.pack_into(self._map, 0, _MAGIC, _OPEN, uuid.uuid4().bytes, 0)

    def row(self, kind: str, members: tuple[Any, ...], width: int) -> int:
        """Make a row of `width` counters; the place of its first. Raises JournalFull."""
        line = json.dumps([kind, self._next, *members], separators=(",", ":")).encode() + b"\n"
        if self._next + width > COUNTERS or self._text + len(line) > _TEXT_SIZE:
            raise JournalFull
        at = _TEXT_AT + self._text
        self._map[at : at + len(line)] = line
        self._text += len(line)
        place = self._next
        self._next += width
        struct.pack_into("<Q", self._map, 24, self._text)  # last: what is half written does not exist
        return place

    def batch(self, origin: str) -> UsageBatch:
        """The batch as it stands."""
        uses: list[KeyUse] = []
        traffic: list[Traffic] = []
        width = TRAFFIC_WIDTH if self._map[:4] == _MAGIC else THROTTLED_AT
        for kind, at, *members in self._rows():
            if kind == "use":
                uses.append(_use(members, self.counters[at]))
            else:
                traffic.append(_traffic(members, self.counters[at : at + width].tolist()))
        return UsageBatch(batch_id=self.batch_id, origin=origin, uses=tuple(uses), traffic=tuple(traffic))

    def _rows(self) -> Iterator[list[Any]]:
        length = min(_HEADER.unpack_from(self._map)[3], _TEXT_SIZE)
        for line in self._map[_TEXT_AT : _TEXT_AT + length].splitlines():
            yield json.loads(line)

    def free(self) -> None:
        """Forget the batch: it is delivered."""
        struct.pack_into("<I", self._map, 4, _FREE)
        used = COUNTERS if self._next == 0 else self._next
        self._map[_COUNTERS_AT : _COUNTERS_AT + used * 8] = bytes(used * 8)
        self._next = self._text = 0

    def close(self, *, remove: bool = False) -> None:
        """Let go of the file."""
        if remove and self.path is not None:
            self.path.unlink(missing_ok=True)
        self.counters.release()
        self._map.close()
        if self._file >= 0:
            os.close(self._file)


def _open_locked(path: Path) -> int:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Reserved, not sparse: writing to a mapped page that the disk has no room for would kill the process.
        os.posix_fallocate(file, 0, SIZE)
    except BaseException:
        os.close(file)
        raise
    return file


def _use(members: list[Any], count: int) -> KeyUse:
    account_id, region, plan_id, key_id, day = members
    return KeyUse(account_id=account_id, region=region, plan_id=plan_id, key_id=key_id, day=day, count=count)


def _traffic(members: list[Any], numbers: list[int]) -> Traffic:
    account_id, region, api_id, stage_name, resource, method, key_id, minute, *canary = members
    count, errors_4xx, errors_5xx, latency_us, integration_us, hits, misses, failed, data = numbers[:BUCKETS_AT]
    return Traffic(
        account_id=account_id,
        region=region,
        api_id=api_id,
        stage_name=stage_name,
        resource=resource,
        method=method,
        key_id=key_id,
        minute=minute,
        count=count,
        errors_4xx=errors_4xx,
        errors_5xx=errors_5xx,
        latency_ms=latency_us / 1000,
        integration_latency_ms=integration_us / 1000,
        latency_buckets=_buckets(numbers[BUCKETS_AT:THROTTLED_AT]),
        cache_hits=hits,
        cache_misses=misses,
        integration_errors=failed,
        data_processed=data,
        throttled=sum(numbers[THROTTLED_AT:INTEGRATION_BUCKETS_AT]),
        canary=canary == [True],
        integration_buckets=_buckets(numbers[INTEGRATION_BUCKETS_AT:]),
    )


def _buckets(counts: list[int]) -> dict[int, int]:
    return {at: many for at, many in enumerate(counts) if many}
