"""The one way out: resolve, check every address against the policy, connect to the checked address itself.

Nothing is resolved a second time between the check and the connect, so a name cannot be rebound in between, and no
proxy of the environment is consulted.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import ssl
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from gateway_runtime.upstream.errors import ConnectFailed
from gateway_runtime.upstream.origin import ClientIdentity, Origin

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
P = TypeVar("P", bound=asyncio.BaseProtocol)

_NEVER: tuple[Network, ...] = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32", "192.0.0.192/32",
            "100.100.100.200/32", "::/128", "fe80::/10", "ff00::/8", "fd00:ec2::/32",
        ),
    )
)  # fmt: skip
_LOOPBACK: tuple[Network, ...] = tuple(map(ipaddress.ip_network, ("127.0.0.0/8", "::1/128")))
_PRIVATE: tuple[Network, ...] = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "fec0::/10", "192.0.0.0/24",
         "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"),
    )
)  # fmt: skip
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Which addresses an integration may reach. Link-local (where clouds serve instance credentials), multicast,
    broadcast, reserved and unspecified addresses are refused whatever the settings say."""

    allow_loopback: bool = False
    allow_private: bool = False

    def permits(self, address: Address) -> bool:
        """Decide by every IPv4 address that the address stands for, too."""
        for embedded in embedded_addresses(address):
            if _within(embedded, _NEVER):
                return False
            if not self.allow_loopback and _within(embedded, _LOOPBACK):
                return False
            if not self.allow_private and _within(embedded, _PRIVATE):
                return False
        return True


DEVELOPMENT = AddressPolicy(allow_loopback=True, allow_private=True)


def _within(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def embedded_addresses(address: Address) -> tuple[Address, ...]:
    """The address and the IPv4 addresses inside it: mapped, compatible, 6to4, Teredo and NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    found: list[Address] = [address]
    if address.sixtofour is not None:
        found.append(address.sixtofour)
    if address.teredo is not None:
        found.extend(address.teredo)
    if address in _NAT64 or 1 < int(address) < 2**32:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return tuple(found)


@lru_cache(maxsize=256)
def tls_context(verify: bool, identity: ClientIdentity | None = None) -> ssl.SSLContext:
    """The TLS settings towards origins: TLS 1.2 and up, the system's authorities, HTTP/1.1 only, the client's certificate."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if identity is not None:
        _show(context, identity)
    return context


def _show(context: ssl.SSLContext, identity: ClientIdentity) -> None:
    """OpenSSL reads certificates from files: this one has no name, lies in memory, and is gone at once."""
    descriptor = os.memfd_create("client-certificate", os.MFD_CLOEXEC)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{identity.private_key}\n{identity.certificate}\n")
        file.flush()
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")


class Resolver:
    """Names to addresses off the event loop, remembered for a few seconds; concurrent questions share one look-up."""

    def __init__(self, seconds: float = 5.0, capacity: int = 4_096, concurrent: int = 64) -> None:
        self._seconds = seconds
        self._capacity = capacity
        self._concurrent = concurrent
        self._known: OrderedDict[str, tuple[float, tuple[Address, ...]]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[tuple[Address, ...]]] = {}

    async def resolve(self, host: str) -> tuple[Address, ...]:
        """Every address of a host, in the order of the system's preference. Raises ConnectFailed."""
        loop = asyncio.get_running_loop()
        known = self._known.get(host)
        if known is not None and known[0] > loop.time():
            return known[1]
        asking = self._asking.get(host)
        if asking is None:
            if len(self._asking) >= self._concurrent:
                raise ConnectFailed("too many names being resolved")
            asking = self._asking[host] = loop.create_task(self._ask(host))
            asking.add_done_callback(lambda task: self._answered(host, task))
        return await asyncio.shield(asking)

    def _answered(self, host: str, task: asyncio.Task[tuple[Address, ...]]) -> None:
        self._asking.pop(host, None)
        if not task.cancelled():
            task.exception()  # whoever waits has it; nobody waiting is no error

    async def _ask(self, host: str) -> tuple[Address, ...]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise ConnectFailed(f"cannot resolve {host!r}: {error}") from None
        addresses = tuple(dict.fromkeys(ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))
        self._known[host] = (loop.time() + self._seconds, addresses)
        self._known.move_to_end(host)
        if len(self._known) > self._capacity:
            self._known.popitem(last=False)
        return addresses


class GuardedConnector:
    """Opens connections to permitted addresses only. All outbound traffic of the runtime goes through one of these.

    `contexts` may replace the TLS settings (a private authority, a client certificate): it is given the origin.
    """

    def __init__(
        self,
        policy: AddressPolicy = DEVELOPMENT,
        resolver: Resolver | None = None,
        contexts: Callable[[Origin], ssl.SSLContext] | None = None,
    ) -> None:
        self.policy = policy
        self._resolver = resolver or Resolver()
        self._contexts = contexts or (lambda origin: tls_context(origin.verify, origin.identity))

    async def addresses(self, host: str) -> tuple[Address, ...]:
        """The permitted addresses of a host. Raises ConnectFailed when it has none."""
        try:
            found: tuple[Address, ...] = (ipaddress.ip_address(host),)
        except ValueError:
            found = await self._resolver.resolve(host)
        permitted = tuple(address for address in found if self.policy.permits(address))
        if not permitted:
            raise ConnectFailed(f"{host!r} has no address that the policy permits")
        return permitted

    async def connect(self, origin: Origin, factory: Callable[[], P]) -> P:
        """Open a connection and return its protocol, trying each permitted address in turn. Raises ConnectFailed."""
        if origin.scheme not in ("http", "https"):
            raise ConnectFailed(f"scheme {origin.scheme!r} is not allowed")
        loop = asyncio.get_running_loop()
        context = self._contexts(origin) if origin.scheme == "https" else None
        name = (origin.server_name or origin.host) if context is not None else None
        failure: Exception | None = None
        for address in await self.addresses(origin.host):
            try:
                _, protocol = await loop.create_connection(
                    factory, str(address), origin.port, ssl=context, server_hostname=name
                )
            except (OSError, ssl.SSLError, ValueError) as error:
                failure = error
            else:
                return protocol
        raise ConnectFailed(f"{origin.host}:{origin.port}: {failure}")
