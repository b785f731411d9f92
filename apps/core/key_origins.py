"""From where an API key may be used: networks of callers, and websites whose pages call with it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from apps.core.ip_addresses import unmapped

_WEBSITE = re.compile(
    r"(https?)://((?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?/?", re.ASCII
)
_PORTS = {"http": "80", "https": "443"}


class BadOrigin(ValueError):
    """What is neither a network nor a website; the message is for the operator."""


def read_network(text: str) -> str:
    """A network as it is kept: `192.0.2.0/24`, of a single address too. Raises BadOrigin."""
    try:
        return str(ipaddress.ip_network(text.strip()))
    except ValueError as error:
        raise BadOrigin(f"{text[:64]!r} is no network such as 192.0.2.0/24: {error}") from None


def read_website(text: str) -> str:
    """A website as it is kept: `https://shop.example.com`, or `https://*.example.com` for all names below. Raises BadOrigin."""
    found = _parts(text.strip())
    if found is None:
        raise BadOrigin(f"{text[:64]!r} is no website such as https://shop.example.com or https://*.example.com")
    scheme, host, port = found
    return f"{scheme}://{host}" + ("" if port == _PORTS[scheme] else f":{port}")


class KeyOrigins:
    """What a key's networks and websites, as they are kept, let through: callers of one of the networks and of one of the websites,
    where there are any."""

    def __init__(self, networks: Iterable[str], websites: Iterable[str]) -> None:
        self._networks = tuple(map(ipaddress.ip_network, networks))
        sites = [found for found in map(_parts, websites) if found is not None]
        self._websites = frozenset(site for site in sites if not site[1].startswith("*."))
        self._below = tuple((scheme, host[1:], port) for scheme, host, port in sites if host.startswith("*."))
        self._has_websites = bool(sites)

    def refuses(self, client_ip: str, origin: str | None, referer: str | None) -> str:
        """Why a call is refused, "" for one that is not. A page is known by `Origin`, or by `Referer` where there is none."""
        if self._networks and not self._is_near(client_ip):
            return f"the key is not for callers at {client_ip}"
        if self._has_websites and not self._is_of_a_website(origin if origin is not None else _origin_of(referer)):
            return "the key is not for the website that calls"
        return ""

    def _is_near(self, client_ip: str) -> bool:
        try:
            address = unmapped(ipaddress.ip_address(client_ip))
        except ValueError:
            return False
        return any(address in network for network in self._networks)

    def _is_of_a_website(self, origin: str | None) -> bool:
        found = None if origin is None or "*" in origin else _parts(origin)
        if found is None:
            return False
        scheme, host, port = found
        return found in self._websites or any(
            (scheme, port) == (of, at) and host.endswith(name) for of, name, at in self._below
        )


def _parts(text: str) -> tuple[str, str, str] | None:
    """Scheme, host and port, in lower case and with the port that the scheme has where none is named."""
    match = _WEBSITE.fullmatch(text[:512].lower())
    if match is None:
        return None
    return match[1], match[2], str(int(match[3])) if match[3] else _PORTS[match[1]]


def _origin_of(referer: str | None) -> str | None:
    """The website of a page's address."""
    if referer is None:
        return None
    scheme, separator, rest = referer.partition("://")
    return scheme + separator + re.split(r"[/?#]", rest, maxsplit=1)[0]
