"""The origin side: one guarded way to connect, one connection pool, one small set of errors."""

from gateway_runtime.upstream.errors import (
    BadResponse,
    ConnectFailed,
    IntegrationTimedOut,
    PoolExhausted,
    TruncatedResponse,
    UpstreamError,
)
from gateway_runtime.upstream.guard import AddressPolicy, GuardedConnector
from gateway_runtime.upstream.origin import Origin
from gateway_runtime.upstream.pool import UpstreamPool
from gateway_runtime.upstream.response import UpstreamResponse

__all__ = [
    "AddressPolicy",
    "BadResponse",
    "ConnectFailed",
    "GuardedConnector",
    "IntegrationTimedOut",
    "Origin",
    "PoolExhausted",
    "TruncatedResponse",
    "UpstreamError",
    "UpstreamPool",
    "UpstreamResponse",
]
