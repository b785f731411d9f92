"""The PROXY protocol, versions 1 and 2: what a proxy that passes TCP on tells of the connection, ahead of its bytes."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

from apps.core.ip_addresses import IpAddress, unmapped

LARGEST = 2_048
"""Bytes in which an announcement of version 2 has to be whole; one of version 1 is shorter by definition."""

_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_FIXED = 16
_WORD = b"PROXY "
_LONGEST_LINE = 107
_NUMBER = rb"(0|[1-9][0-9]{0,4})"
_LINE = re.compile(rb"PROXY TCP([46]) ([0-9a-fA-F:.]+) ([0-9a-fA-F:.]+) %b %b\Z" % (_NUMBER, _NUMBER)).match
_LOCAL, _PROXY = 0x20, 0x21
_UNSPECIFIED = 0x00
_TCP = {0x11: 4, 0x21: 16}  # over IPv4 and over IPv6: the bytes of an address

Address = tuple[str, int]


class BadAnnouncement(ValueError):
    """The bytes begin no announcement."""


class Announcement(NamedTuple):
    """`size` is that of the announcement; `client` and `server` are the ends of the connection that the proxy has taken, None where it
    speaks for itself."""

    size: int
    client: Address | None = None
    server: Address | None = None


def announcement(data: bytes) -> Announcement | None:
    """What the first bytes of a connection announce; None while more have to come. Raises BadAnnouncement."""
    if data.startswith(_SIGNATURE[: len(data)]):
        return _binary(data)
    if data.startswith(_WORD[: len(data)]):
        return _line(data)
    raise BadAnnouncement("no PROXY protocol")


def _line(data: bytes) -> Announcement | None:
    end = data.find(b"\r\n", 0, _LONGEST_LINE)
    if end < 0:
        if len(data) >= _LONGEST_LINE:
            raise BadAnnouncement("a line that does not end")
        return None
    line = data[:end]
    if line == b"PROXY UNKNOWN" or line.startswith(b"PROXY UNKNOWN "):
        return Announcement(end + 2)
    match = _LINE(line)
    if match is None:
        raise BadAnnouncement("an ill-formed line")
    family = ipaddress.IPv4Address if match[1] == b"4" else ipaddress.IPv6Address
    try:
        source, destination = family(match[2].decode()), family(match[3].decode())
    except ValueError as error:
        raise BadAnnouncement(str(error)) from None
    return _of(end + 2, source, destination, int(match[4]), int(match[5]))


def _binary(data: bytes) -> Announcement | None:
    if len(data) < _FIXED:
        return None
    command, family, length = data[12], data[13], int.from_bytes(data[14:16])
    size = _FIXED + length
    if command not in (_LOCAL, _PROXY) or size > LARGEST:
        raise BadAnnouncement("an unknown version or command, or too large")
    if len(data) < size:
        return None
    if command == _LOCAL or family == _UNSPECIFIED:
        return Announcement(size)
    width = _TCP.get(family)
    if width is None or length < 2 * width + 4:
        raise BadAnnouncement("addresses of another kind than TCP's, or none")
    pieces = data[_FIXED : _FIXED + 2 * width + 4]
    source, destination = (ipaddress.ip_address(pieces[at : at + width]) for at in (0, width))
    ports = pieces[2 * width :]
    return _of(size, source, destination, int.from_bytes(ports[:2]), int.from_bytes(ports[2:]))


def _of(size: int, source: IpAddress, destination: IpAddress, source_port: int, port: int) -> Announcement:
    if source_port > 65_535 or port > 65_535:
        raise BadAnnouncement("no port")
    return Announcement(size, (str(unmapped(source)), source_port), (str(unmapped(destination)), port))
