"""A little DNS server on a UDP socket, for stories about services that are found by DNS."""

from __future__ import annotations

import asyncio
from typing import Any, Self

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class NameServer(asyncio.DatagramProtocol):
    """Answers from `records`; `asked` are the questions. With `code` it answers nothing but that, with `silent` not at all."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], tuple[int, tuple[str, ...]]] = {}
        self.asked: list[tuple[str, str]] = []
        self.code: dns.rcode.Rcode | None = None
        self.silent = False

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self.address: tuple[str, int] = self._transport.get_extra_info("sockname")
        return self

    async def __aexit__(self, *error: object) -> None:
        self._transport.close()

    def says(self, name: str, kind: str, *values: str, ttl: int = 60) -> None:
        self.records[name, kind] = (ttl, values)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        question = dns.message.from_wire(data)
        name = question.question[0].name.to_text(omit_final_dot=True)
        kind = question.question[0].rdtype.name
        self.asked.append((name, kind))
        if self.silent:
            return
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        if self.code is not None:
            answer.set_rcode(self.code)
        elif (name, kind) in self.records:
            ttl, values = self.records[name, kind]
            if values:
                answer.answer.append(dns.rrset.from_text(f"{name}.", ttl, "IN", kind, *values))
        elif not any(known == name for known, _ in self.records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(answer.to_wire(), addr)
