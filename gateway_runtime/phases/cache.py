"""The stage's cache: answers of methods, kept for a while and given again without asking the back end.

What a method answered is kept whatever its status; what the gateway answers in its place never is. Of several requests that miss the same
answer at once, one asks the back end and the others wait for what it gets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from apps.core import limit_keys
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.mapping.cache_keys import compile_cache_key
from gateway_runtime.mapping.kept_answers import KeptAnswers
from gateway_runtime.metrics import METRICS
from gateway_runtime.phases.compression import read_whole
from gateway_runtime.ports import CacheRoom

if TYPE_CHECKING:
    from apps.core.documents import MethodSetting, StageDocument
    from gateway_runtime.snapshot.stage import MethodSite, Step

LARGEST = 1_048_576  # bytes of a body that is kept, as on AWS
_GIGABYTE = 1 << 30
_WARNING = (b"warning", b"199 Cache-control headers were ignored because the caller was unauthorized.")
_INVALIDATE = "execute-api:InvalidateCache"

_hits = METRICS.counter("gatehouse_cache_hits_total", "Requests answered from a stage's cache")
_misses = METRICS.counter("gatehouse_cache_misses_total", "Requests that a stage's cache had no answer for")


class CacheVisit:
    """One request at the cache: `hit` when it was answered from there."""

    __slots__ = ("answer", "first", "hit", "key", "warned")

    def __init__(self, key: str, *, warned: bool) -> None:
        self.key = key
        self.warned = warned  # the answer tells that the caller may not ask for a fresh one
        self.hit = False
        self.first: Questions | None = None  # others wait for what this one gets
        self.answer: bytes | None = None  # what was kept of it

    def leave(self) -> None:
        """The answer is there, or there is none: those who wait go on."""
        if self.first is not None:
            self.first.tell(self.key, self.answer)


class Questions:
    """Which answers are being asked for, so that of those who miss one at the same time only the first asks the back end."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[asyncio.Future[bytes | None]]] = {}

    def join(self, key: str) -> asyncio.Future[bytes | None] | None:
        """What the first one gets, for the others; None for the first, who has to `tell`."""
        others = self._waiting.get(key)
        if others is None:
            self._waiting[key] = []
            return None
        future: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        others.append(future)
        return future

    def tell(self, key: str, answer: bytes | None) -> None:
        for waiting in self._waiting.pop(key, ()):
            if not waiting.done():
                waiting.set_result(answer)


def read_cache(site: MethodSite) -> Step | None:
    """Answer from the cache where it can; nothing for a method whose answers are not kept. Raises Misconfigured."""
    setting, cache = site.caching(), site.services.answers
    if setting is None or cache is None:
        return None
    key, kept_answers, ignores = compile_cache_key(site), _kept_answers(site, setting), _ignoring(setting)
    warns = setting.unauthorized_cache_control_header_strategy == "SUCCEED_WITH_RESPONSE_HEADER"
    questions = Questions()

    async def step(exchange: Exchange) -> None:
        if exchange.request.method == "HEAD":
            return  # its answer has no body that could be kept
        fresh = _asks_for_fresh(exchange)
        ignored = fresh and ignores(exchange)
        exchange.cache = visit = CacheVisit(key(exchange), warned=ignored and warns)
        if not fresh or ignored:
            kept = await cache.find(visit.key)
            if kept is None:
                first = questions.join(visit.key)
                if first is None:
                    visit.first = questions
                else:
                    kept = await first
            visit.hit = kept is not None and kept_answers.read(exchange, kept, visit.key)
        METRICS.values[_hits if visit.hit else _misses] += 1
        if visit.hit:
            _warn(exchange, visit)

    return step


def write_cache(site: MethodSite) -> Step | None:
    """Keep what the method answered, unless it is too large."""
    setting, cache = site.caching(), site.services.answers
    if setting is None or cache is None:
        return None
    kept_answers, room, seconds = _kept_answers(site, setting), _room(site.stage), setting.cache_ttl_in_seconds

    def keep(exchange: Exchange, visit: CacheVisit) -> None:
        if len(exchange.answer) <= LARGEST:
            visit.answer = kept_answers.write(exchange, visit.key)
            cache.keep(room, visit.key, visit.answer, seconds)
        _warn(exchange, visit)

    async def read_and_keep(exchange: Exchange, visit: CacheVisit) -> None:
        assert exchange.streamed is not None
        exchange.answer = await read_whole(exchange.streamed)
        exchange.streamed = None
        keep(exchange, visit)

    def step(exchange: Exchange) -> Awaitable[None] | None:
        visit, streamed = exchange.cache, exchange.streamed
        if visit is None:
            return None
        if streamed is None:
            keep(exchange, visit)
        elif streamed.length is not None and streamed.length > LARGEST:
            _warn(exchange, visit)  # it goes on streaming
        else:
            return read_and_keep(exchange, visit)
        return None

    return step


def unless_kept(reading: Step, steps: tuple[Step, ...]) -> Step:
    """Reading the cache and, where that does not answer, the steps up to writing it, as one step."""

    async def step(exchange: Exchange) -> None:
        try:
            waiting = reading(exchange)
            if waiting is not None:
                await waiting
            if exchange.cache is not None and exchange.cache.hit:
                return
            for each in steps:
                waiting = each(exchange)
                if waiting is not None:
                    await waiting
        finally:
            # Also when it fails or is cancelled: others may wait for it.
            if exchange.cache is not None:
                exchange.cache.leave()

    return step


def _kept_answers(site: MethodSite, setting: MethodSetting) -> KeptAnswers:
    return KeptAnswers(site.services.answers_secret if setting.cache_data_encrypted else None)


def _room(stage: StageDocument) -> CacheRoom:
    name = limit_keys.cached_answers(stage.account_id, stage.region, stage.api_id, stage.stage_name)
    return CacheRoom(name, int((stage.cache_cluster_size or 0) * _GIGABYTE))


def _asks_for_fresh(exchange: Exchange) -> bool:
    """Whether the caller sent `Cache-Control: max-age=0`, the one directive that AWS reads."""
    sent = exchange.request.header(b"cache-control")
    return sent is not None and any(part.strip().lower() == b"max-age=0" for part in sent.split(b","))


def _ignoring(setting: MethodSetting) -> Callable[[Exchange], bool]:
    """Whether a caller's wish for a fresh answer is ignored; raises GatewayError where it is refused."""
    refused = setting.unauthorized_cache_control_header_strategy == "FAIL_WITH_403"

    def ignores(exchange: Exchange) -> bool:
        if exchange.permits is not None and exchange.permits(_INVALIDATE):
            return False
        if refused:
            raise GatewayError("ACCESS_DENIED", detail="the caller may not invalidate the cache")
        return True

    return ignores if setting.require_authorization_for_cache_control else lambda exchange: False


def _warn(exchange: Exchange, visit: CacheVisit) -> None:
    if visit.warned:
        exchange.headers = [*exchange.headers, _WARNING]
