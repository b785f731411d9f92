"""Where the function host of an installation is, and how its callers reach it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from apps.core.environment import Environment
from gateway_runtime.functions.client import HOST_LIMITS, FirstOf, HostConnector, host_client
from gateway_runtime.functions.remote import remote_lambda
from gateway_runtime.ports import Functions
from gateway_runtime.upstream.pool import UpstreamPool


def place_of(environment: Environment) -> Path | tuple[str, int]:
    """Where the function host of an installation is: a socket in the data directory, or the address that the operator gave."""
    if environment.functions_url is None:
        return environment.functions_socket
    parts = urlsplit(environment.functions_url)
    return parts.hostname or "", parts.port or 80


def host_pool(environment: Environment) -> UpstreamPool:
    """The connections of one process to the function host."""
    return UpstreamPool(HostConnector(place_of(environment)), HOST_LIMITS)


def functions_of(environment: Environment, host: UpstreamPool, outbound: UpstreamPool) -> Functions:
    """Everything that an installation can invoke: by its function host, and elsewhere through the guarded pool."""
    here = host_client(host, environment.derived_key("functions").hex())
    return FirstOf(here, remote_lambda(outbound, environment.aws))
