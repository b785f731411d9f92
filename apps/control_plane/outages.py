"""A database that is away, full or locked is an answer of its own: 503, to be tried again."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError

from apps.control_plane.errors import ServiceUnavailableException

logger = logging.getLogger("gatehouse.operations")


@contextmanager
def outages_answered() -> Iterator[None]:
    """Turn the database's outages into `ServiceUnavailableException`; nothing else is touched."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        logger.warning("database: %s", error)
        raise ServiceUnavailableException("The service is temporarily unavailable.", retry_after=1) from error
