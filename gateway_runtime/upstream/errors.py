"""What can go wrong towards an origin. Foreign errors are mapped to these here and go no further."""

from __future__ import annotations


class UpstreamError(Exception):
    """The integration gave no usable answer. The text is for the log, never for the client."""


class ConnectFailed(UpstreamError):
    """No connection: refused, unresolvable, forbidden address, TLS failure, connect deadline. Nothing was sent, but on a `LostConnection`."""


class PoolExhausted(ConnectFailed):
    """Too many requests already wait for a connection to this origin."""


class IntegrationTimedOut(UpstreamError):
    """The integration's total deadline passed; the origin's socket is closed."""


class BadResponse(UpstreamError):
    """The origin answered something that is not one well-formed HTTP/1.1 response within the limits."""


class TruncatedResponse(UpstreamError):
    """The origin closed before its response was complete: the client's answer must not end cleanly either."""


class LostConnection(ConnectFailed):
    """A connection closed without a byte of answer: what became of the request nobody knows."""


class StaleConnection(LostConnection):
    """A reused one did: the origin had most likely given it up before."""
