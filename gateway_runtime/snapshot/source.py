"""Where configuration comes from: announced on a Redis channel, read from the manifest, and looked at every second besides."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from apps.core import manifest
from gateway_runtime.metrics import METRICS
from gateway_runtime.ports import Services
from gateway_runtime.snapshot.build import build, is_known
from gateway_runtime.snapshot.disk import LastGood
from gateway_runtime.snapshot.snapshot import Current, Snapshot

logger = logging.getLogger("gateway_runtime.snapshot")

_POLL_SECONDS = 0.75
_LONGEST_PAUSE = 5.0
_AT_ONCE = 200  # documents fetched by one command

_revision = METRICS.gauge("gatehouse_config_revision_sum", "Revision in force, added up over workers")
_applied = METRICS.counter("gatehouse_config_applied_total", "Revisions put in force")


def of_functions(section: str) -> bool:
    """Whether a section is for the function host; the others are for the workers."""
    return section.startswith("function/")


def of_requests(section: str) -> bool:
    return not of_functions(section)


class ConfigurationSource:
    """Keeps `current` at the newest revision. It never goes back: a revision not above the one in force is ignored.

    `takes` chooses the sections that this process has a use for. `changed` is called when a revision is in force.
    """

    def __init__(
        self,
        redis: Redis,
        current: Current,
        services: Services | None,
        last_good: LastGood,
        *,
        takes: Callable[[str], bool] = of_requests,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._redis = redis
        self._current = current
        self._services = services
        self._last_good = last_good
        self._takes = takes
        self._changed = changed
        self._announced: dict[str, str] = {}  # what the manifest says, which may be newer than what is in force
        self._incomplete = False  # a document was missing: read the manifest again
        self._storing: asyncio.Task[None] | None = None
        self.connected = asyncio.Event()

    def start_from_disk(self) -> bool:
        """Put the last good configuration in force; false when there is none."""
        stored = self._last_good.load()
        if stored is None:
            return False
        found = build(Snapshot(), stored.revision, stored.sections, stored.documents, self._services)
        self._put_in_force(found)
        self._announced = dict(stored.sections)
        logger.info("started from the last good configuration, revision %d", stored.revision)
        return True

    async def run(self) -> None:
        """Follow the announcements for ever, through every loss of Redis."""
        pause = 0.1
        while True:
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(manifest.ANNOUNCE)
                    await self._read_manifest()
                    self.connected.set()
                    pause = 0.1
                    await self._follow(channel)
            except (RedisError, OSError, TimeoutError) as error:
                if self.connected.is_set():
                    logger.warning("configuration is not followed, the last one stays in force: %s", error)
                self.connected.clear()
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _follow(self, channel: Any) -> None:
        while True:
            async with asyncio.timeout(_POLL_SECONDS + 5):
                message = await channel.get_message(timeout=_POLL_SECONDS)
            if message is not None:
                await self._announce(message["data"])
            else:
                await self._poll()

    async def _announce(self, data: bytes) -> None:
        try:
            change = manifest.decode_change(data)
        except msgspec.MsgspecError as error:
            logger.error("an announcement cannot be read: %s", error)
            return
        mine = self._current.snapshot.revision
        if change.revision <= mine:
            return
        if change.previous != mine or self._incomplete:
            await self._read_manifest()
            return
        sections = {**self._announced, **{name: digest for name, digest in change.sections.items() if digest}}
        for name, digest in change.sections.items():
            if digest is None:
                sections.pop(name, None)
        await self._apply(change.revision, sections)

    async def _poll(self) -> None:
        """An announcement may get lost; the revision tells."""
        async with asyncio.timeout(5):
            found = await self._redis.get(manifest.REVISION)
        if found is not None and (int(found) > self._current.snapshot.revision or self._incomplete):
            await self._read_manifest()

    async def _read_manifest(self) -> None:
        async with asyncio.timeout(10), self._redis.pipeline(transaction=True) as pipeline:
            pipeline.get(manifest.REVISION)
            pipeline.hgetall(manifest.MANIFEST)
            revision, sections = await pipeline.execute()
        if revision is None:
            return
        mine = self._current.snapshot.revision
        if int(revision) > mine or (self._incomplete and int(revision) == mine):
            await self._apply(int(revision), {name.decode(): digest.decode() for name, digest in sections.items()})

    async def _apply(self, revision: int, sections: dict[str, str]) -> None:
        snapshot = self._current.snapshot
        sections = {name: digest for name, digest in sections.items() if is_known(name) and self._takes(name)}
        lacking = sorted({digest for digest in sections.values() if digest not in snapshot.decoded})
        fetched = await self._fetch(lacking)
        self._incomplete = len(fetched) < len(lacking)
        found = await asyncio.to_thread(build, snapshot, revision, sections, fetched, self._services)
        self._announced = sections
        self._put_in_force(found)
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store())

    async def _fetch(self, digests: list[str]) -> Mapping[str, bytes]:
        found: dict[str, bytes] = {}
        for at in range(0, len(digests), _AT_ONCE):
            part = digests[at : at + _AT_ONCE]
            async with asyncio.timeout(10):
                asked = cast(
                    "Awaitable[list[Any]]", self._redis.mget([manifest.document_key(digest) for digest in part])
                )
                bodies = await asked
            found.update({digest: body for digest, body in zip(part, bodies, strict=True) if body is not None})
        return found

    def _put_in_force(self, snapshot: Snapshot) -> None:
        self._current.snapshot = snapshot
        METRICS.values[_revision] = snapshot.revision
        METRICS.values[_applied] += 1
        self._changed()

    async def _store(self) -> None:
        """Write what is in force to disk, again while it changes."""
        stored = -1
        while stored != self._current.snapshot.revision:
            snapshot = self._current.snapshot
            await asyncio.to_thread(self._last_good.store, snapshot)
            stored = snapshot.revision

    async def close(self) -> None:
        """Wait until what is in force is on disk."""
        if self._storing is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._storing
