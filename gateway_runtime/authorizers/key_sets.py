"""Where the public keys of issuers come from: fetched aside, kept, and looked for again when a token names one that is unknown."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from weakref import WeakValueDictionary

from apps.core.documents import TokenIssuer
from gateway_runtime.authorizers.discovery import DocumentUnavailable, Source, published
from gateway_runtime.authorizers.signing_keys import NoKeySet, SigningKeys, read_key_set
from gateway_runtime.limits import AUTHORIZERS, AuthorizerLimits
from gateway_runtime.ports import Clock, Upstream

logger = logging.getLogger("gateway_runtime.authorizers")


class KeysUnavailable(Exception):
    """The issuer's keys are not here, and it does not give them."""


class KeySet:
    """The keys of one issuer. `generation` goes up when they change: what was verified by earlier ones is to be verified anew."""

    def __init__(self, issuer: str, source: Source, clock: Clock, limits: AuthorizerLimits) -> None:
        self.generation = 0
        self._issuer = issuer
        self._source = source
        self._now = clock.monotonic
        self._limits = limits
        self._keys = SigningKeys(())
        self._document = b""
        self._fresh_until = self._held_until = self._paused_until = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    def current(self, key_id: str) -> SigningKeys | None:
        """The keys, if one of this id is among them; newer ones are asked for aside when these are old."""
        now = self._now()
        if now >= self._fresh_until and self._document and now >= self._paused_until:
            self._fetch()
        return self._keys if now < self._held_until and self._keys.knows(key_id) else None

    async def renewed(self) -> SigningKeys:
        """The keys after one more look at the issuer's, unless the last was a moment ago. Raises KeysUnavailable."""
        if self._fetching is not None or self._now() >= self._paused_until:
            await asyncio.shield(self._fetch())
        if self._now() >= self._held_until:
            raise KeysUnavailable(f"the keys of {self._issuer} cannot be had")
        return self._keys

    def prefetch(self) -> None:
        """Ask for the keys before a token does."""
        if not self._document:
            self._fetch()

    def _fetch(self) -> asyncio.Task[None]:
        if self._fetching is None:
            self._fetching = asyncio.get_running_loop().create_task(self._fetch_now())
        return self._fetching

    async def _fetch_now(self) -> None:
        try:
            document = await self._source()
            keys = read_key_set(document)
        except (DocumentUnavailable, NoKeySet) as error:
            logger.warning("the keys of %s are not renewed: %s", self._issuer, error)
        else:
            now = self._now()
            self._fresh_until = now + self._limits.keys_fresh_seconds
            self._held_until = now + self._limits.keys_held_seconds
            if document != self._document:
                self._document, self._keys = document, keys
                self.generation += 1
        finally:
            self._paused_until = self._now() + self._limits.keys_pause_seconds
            self._fetching = None

    def stop(self) -> None:
        """End a fetch that is running."""
        if self._fetching is not None:
            self._fetching.cancel()


class KeySets:
    """The key sets that authorizers use, shared by all that trust an issuer, in this process. Made in the event loop. `own` tells
    where those of the built-in provider are."""

    def __init__(
        self,
        upstream: Upstream,
        clock: Clock,
        own: Callable[[str], Source | None] = lambda issuer: None,
        limits: AuthorizerLimits = AUTHORIZERS,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._upstream = upstream
        self._clock = clock
        self._own = own
        self._limits = limits
        self._lock = threading.Lock()
        self._sets: WeakValueDictionary[tuple[str, str | None], KeySet] = WeakValueDictionary()

    def of(self, issuer: TokenIssuer) -> KeySet:
        """The key set of an issuer, which is fetched soon. May be called in any thread: configuration is compiled aside."""
        place = (issuer.issuer, issuer.jwks_uri)
        with self._lock:
            found = self._sets.get(place)
            if found is None:
                source = self._own(issuer.issuer) or published(self._upstream, *place)
                found = self._sets[place] = KeySet(issuer.issuer, source, self._clock, self._limits)
                self._loop.call_soon_threadsafe(found.prefetch)
        return found

    def close(self) -> None:
        """End the fetches that are running."""
        for found in list(self._sets.values()):
            found.stop()
