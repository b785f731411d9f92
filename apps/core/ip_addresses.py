"""IP addresses as callers have them."""

from __future__ import annotations

import ipaddress

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def unmapped(address: IpAddress) -> IpAddress:
    """An address of IPv4 as itself, also where a socket of IPv6 shows it as `::ffff:192.0.2.1`."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
