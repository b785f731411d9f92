"""The errors of API Gateway's control plane, by AWS's names. An operation raises one; the wire and the pages word it."""

from __future__ import annotations


class AwsError(Exception):
    """An error that the caller can act on. `code` is AWS's name of it, `status` the HTTP status."""

    status = 400

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after

    @property
    def code(self) -> str:
        return type(self).__name__

    @property
    def members(self) -> dict[str, str]:
        """What the body of the answer says."""
        return {"message": self.message}


class BadRequestException(AwsError):
    status = 400


class UnauthorizedException(AwsError):
    status = 401


class AccessDeniedException(AwsError):
    status = 403


class NotFoundException(AwsError):
    status = 404


class ConflictException(AwsError):
    status = 409


class LimitExceededException(AwsError):
    status = 429


def too_many(what: str, of: str = "") -> LimitExceededException:
    """The error for one `what` more than there may be, in the account or in this `of`. The two spaces are AWS's."""
    where = f" for this {of}" if of else ""
    return LimitExceededException(
        f"Maximum number of {what}{where} has been reached.  Please contact AWS if you need additional {what}."
    )


class TooManyRequestsException(AwsError):
    status = 429


class NotImplementedException(AwsError):
    """Ours, not AWS's: the operation or option exists there and is not built here."""

    status = 501


class ServiceUnavailableException(AwsError):
    status = 503
