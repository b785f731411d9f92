"""The errors of Lambda's API, by AWS's names. Their bodies tell whose fault it is."""

from __future__ import annotations

from apps.control_plane.errors import AwsError


class LambdaError(AwsError):
    """`member` is the name that its model gives the message."""

    member = "message"

    @property
    def members(self) -> dict[str, str]:
        return {"Type": "User" if self.status < 500 else "Service", self.member: self.message}


class ResourceNotFoundException(LambdaError):
    status = 404
    member = "Message"


class ResourceConflictException(LambdaError):
    status = 409


class InvalidParameterValueException(LambdaError):
    status = 400


class InvalidRequestContentException(LambdaError):
    status = 400


class PolicyLengthExceededException(LambdaError):
    status = 400


class PreconditionFailedException(LambdaError):
    status = 412


class RequestTooLargeException(LambdaError):
    status = 413


class TooManyRequestsException(LambdaError):
    status = 429


class AccessDeniedException(LambdaError):
    status = 403


class ServiceException(LambdaError):
    status = 500


BY_CODE: dict[str, type[LambdaError]] = {
    kind.__name__: kind
    for kind in (
        ResourceNotFoundException, InvalidRequestContentException, RequestTooLargeException, TooManyRequestsException,
        AccessDeniedException, ServiceException,
    )
}  # fmt: skip
"""Those that the function host answers with."""
