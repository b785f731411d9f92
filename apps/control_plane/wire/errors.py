"""Errors that only the wire knows: the request is no request of an operation yet."""

from __future__ import annotations

from apps.control_plane.errors import AwsError


class UnknownOperationException(AwsError):
    """No operation has this method and path."""

    status = 404


class SerializationException(AwsError):
    """The request cannot be read as the operation's input: not JSON, or a member of another type."""

    status = 400


class ValidationException(AwsError):
    """The request was read, and breaks a constraint of the model."""

    status = 400


class RequestEntityTooLargeException(AwsError):
    status = 413


class InternalFailure(AwsError):
    """Something broke here. The caller learns the request id, the log has the rest."""

    status = 500
