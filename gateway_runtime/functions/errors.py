"""Why an invocation gave no answer of the function. Each caller (integration, authorizer) has its own gateway response for each."""

from __future__ import annotations


class InvocationFailed(Exception):
    """The function was not run to its end. The text is for the log, never for the client."""


class FunctionNotFound(InvocationFailed):
    """There is no function, version or alias of this ARN."""


class InvocationDenied(InvocationFailed):
    """The function's resource policy (or the role of the integration) does not let this API invoke it."""


class FunctionThrottled(InvocationFailed):
    """The function's concurrency is used up (429 TooManyRequestsException)."""


class PayloadTooLarge(InvocationFailed):
    """The event or the answer is larger than Lambda takes (6 MB)."""


class InvocationTimedOut(InvocationFailed):
    """The caller's own deadline passed before the function answered."""


class FunctionsUnreachable(InvocationFailed):
    """Nobody answers at the end point for functions, or what answers is no Lambda."""


class FunctionFailed(InvocationFailed):
    """A function that was to stream its answer failed before the first byte of it."""
