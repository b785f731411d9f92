"""The errors of Certificate Manager, by AWS's names; what the operations of certificates raise, in its words. All are 400, as in every service of its protocol."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from apps.control_plane import errors
from apps.control_plane.errors import AwsError
from apps.control_plane.wire.errors import ValidationException


class ResourceNotFoundException(AwsError):
    """No certificate has the ARN."""


class ResourceInUseException(AwsError):
    """Names show the certificate."""


class LimitExceededException(AwsError):
    """The account has as many as it may."""


class InvalidParameterException(AwsError):
    """A parameter does not go with another."""


class InvalidArnException(AwsError):
    """The ARN is none of a certificate."""


class InvalidTagException(AwsError):
    """A tag is not one that may be."""


class TooManyTagsException(AwsError):
    """More tags than a certificate may have."""


_NAMES: tuple[tuple[type[AwsError], type[AwsError]], ...] = (
    (errors.NotFoundException, ResourceNotFoundException),
    (errors.ConflictException, ResourceInUseException),
    (errors.LimitExceededException, LimitExceededException),
    (errors.BadRequestException, ValidationException),
)


@contextmanager
def in_acms_words() -> Iterator[None]:
    """Errors of the operations beneath, under the names that Certificate Manager has for them."""
    try:
        yield
    except AwsError as error:
        for ours, theirs in _NAMES:
            if isinstance(error, ours):
                raise theirs(error.message) from error
        raise
