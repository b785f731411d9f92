"""VPC endpoints: from which networks callers of private APIs come."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from apps.core.environment import VpcEndpoint
from apps.core.ip_addresses import unmapped


@lru_cache(maxsize=4096)
def vpc_endpoint_of(client_ip: str, endpoints: tuple[VpcEndpoint, ...]) -> VpcEndpoint | None:
    """The endpoint through which an address comes: that of the narrowest network that holds it; None for one from elsewhere."""
    try:
        address = unmapped(ipaddress.ip_address(client_ip))
    except ValueError:
        return None
    holding = [
        (network.prefixlen, endpoint)
        for endpoint in endpoints
        for network in endpoint.networks
        if address.version == network.version and address in network
    ]
    return max(holding, key=lambda found: found[0])[1] if holding else None
