"""Questions to DNS about services: their SRV, A and AAAA records, off the way of requests."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.resolver

from apps.core.documents import Discovery

MOST_RECORDS = 32
_SECONDS_FOR_ONE = 2.0
_SECONDS_FOR_ALL = 5.0
_SHORTEST, _LONGEST = 1.0, 300.0  # seconds for which an answer holds, whatever it says
_WITHOUT_ANY = 5.0


class Found(NamedTuple):
    """A place where a service answers. Of two priorities the lower one is called; weights are those of SRV records."""

    host: str
    port: int
    priority: int = 0
    weight: int = 1


class Answer(NamedTuple):
    """What a name leads to, and for how many seconds that holds."""

    found: tuple[Found, ...]
    seconds: float


class NotResolved(Exception):
    """No name server has answered. That a name has no records is an answer."""


class NameServers:
    """Asks `servers` (address and port), or those of the system where there are none."""

    def __init__(self, servers: Sequence[tuple[str, int]] = ()) -> None:
        self._servers = tuple(servers)
        self._made: dns.asyncresolver.Resolver | None = None

    async def look_up(self, discovery: Discovery) -> Answer:
        """Where a service answers now. Raises NotResolved."""
        try:
            async with asyncio.timeout(_SECONDS_FOR_ALL):
                if discovery.record_type == "SRV":
                    return await self._services(discovery.name)
                addresses, seconds = await self._addresses(discovery.name)
        except TimeoutError:
            raise NotResolved(f"{discovery.name}: no answer within {_SECONDS_FOR_ALL:.0f} seconds") from None
        return _answer([Found(address, discovery.port) for address in addresses], seconds)

    async def _services(self, name: str) -> Answer:
        records, seconds = await self._ask(name, "SRV")
        # A target of "." says that there is no such service.
        records = [record for record in records if record.target != dns.name.root and record.port][:MOST_RECORDS]
        hosts = tuple(dict.fromkeys(record.target.to_text(omit_final_dot=True) for record in records))
        looked_up = await asyncio.gather(*map(self._addresses, hosts), return_exceptions=True)
        addresses = {
            host: got for host, got in zip(hosts, looked_up, strict=True) if not isinstance(got, BaseException)
        }
        if hosts and not addresses:
            raise NotResolved(f"{name}: none of its {len(hosts)} hosts is found")
        found = [
            Found(address, record.port, record.priority, record.weight)
            for record in records
            for address in addresses.get(record.target.to_text(omit_final_dot=True), ([], 0.0))[0]
        ]
        missing = [_WITHOUT_ANY] if len(addresses) < len(hosts) else []
        return _answer(found, min([seconds, *missing, *(times for _, times in addresses.values())]))

    async def _addresses(self, name: str) -> tuple[list[str], float]:
        both = await asyncio.gather(*(self._ask(name, kind) for kind in ("A", "AAAA")), return_exceptions=True)
        answers = [found for found in both if not isinstance(found, BaseException)]
        if not answers:
            raise NotResolved(f"{name}: {both[0]}")
        with_records = [found for found in answers if found[0]] or answers
        addresses = [record.address for records, _ in with_records for record in records]
        return addresses[:MOST_RECORDS], min(seconds for _, seconds in with_records)

    async def _ask(self, name: str, kind: str) -> tuple[list[Any], float]:
        """The records of a name, and for how long they hold."""
        try:
            answer = await self._resolver().resolve(f"{name.rstrip('.')}.", kind, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return [], _WITHOUT_ANY
        except (dns.exception.DNSException, OSError) as error:
            raise NotResolved(f"{name}: {error}") from None
        return list(answer), float(answer.chaining_result.minimum_ttl)

    def _resolver(self) -> dns.asyncresolver.Resolver:
        if self._made is None:
            try:
                self._made = made = dns.asyncresolver.Resolver(configure=not self._servers)
            except dns.resolver.NoResolverConfiguration as error:
                raise NotResolved(str(error)) from None
            if self._servers:
                made.nameservers = [dns.nameserver.Do53Nameserver(host, port) for host, port in self._servers]
            made.timeout = made.lifetime = _SECONDS_FOR_ONE
            made.cache = None  # what is asked here is kept by who asks
        return self._made


def _answer(found: list[Found], seconds: float) -> Answer:
    if not found:
        return Answer((), _WITHOUT_ANY)
    return Answer(tuple(dict.fromkeys(found)), min(max(seconds, _SHORTEST), _LONGEST))
