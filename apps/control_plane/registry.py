"""The operations: one function each, one way to call them.

The wire, the console, the developer portal, OpenAPI import and the demo all write through `call`, so that each of them gets the same
validation, transaction, errors, audit and publication.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol

from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, transaction

from apps.control_plane import audit
from apps.control_plane.authorization import READS, authorized
from apps.control_plane.caller import Caller
from apps.control_plane.errors import (
    AwsError,
    ConflictException,
    NotImplementedException,
)
from apps.control_plane.locking import LOST_RACE, hold_for
from apps.control_plane.outages import outages_answered
from apps.control_plane.wire.service_models import service_model
from apps.control_plane.wire.validation import check

Shape = dict[str, Any]
Operation = Callable[[Caller, Shape], Shape]
Preparation = Callable[[Caller, Shape], Shape]

logger = logging.getLogger("gatehouse.operations")


class Witness(Protocol):
    """Sees the database before and after a changing operation; what it writes belongs to the same transaction."""

    def before(self, caller: Caller, request: Shape) -> None: ...

    def after(self, caller: Caller, request: Shape) -> None: ...


_operations: dict[tuple[str, str], Operation] = {}
_preparations: dict[tuple[str, str], Preparation] = {}
# These call a back end and change nothing: no transaction, and no lock of a database, waits for its answer.
_CALLS_OUT = frozenset(
    {"TestInvokeMethod", "TestInvokeAuthorizer", "TestAuthorizer", "Invoke", "InvokeWithResponseStream"}
)


def operation(
    name: str, service: str = "apigateway", prepare: Preparation | None = None
) -> Callable[[Operation], Operation]:
    """Declare the one function that performs an operation of a service model.

    `prepare` gives the request that the function gets, before the transaction of a changing operation begins: what has to ask
    somebody far away does so there, and keeps no lock meanwhile.
    """

    def declare(function: Operation) -> Operation:
        if (service, name) in _operations:
            raise ValueError(f"{service}:{name} has two functions")
        _operations[service, name] = function
        if prepare is not None:
            _preparations[service, name] = prepare
        return function

    return declare


def operations_built(service: str) -> frozenset[str]:
    return frozenset(name for owner, name in _operations if owner == service)


def _built(service: str, name: str) -> Operation | None:
    return _operations.get((service, name))


def call(caller: Caller, service: str, name: str, request: Shape, witness: Witness | None = None) -> Shape:
    """Perform an operation in one transaction. `request` and the answer are in AWS's member names.

    A `witness` looks at what a changing operation finds and leaves, within its transaction. Raises an `AwsError`: ValidationException (BadRequestException in V2) for a request that does not fit the model,
    AccessDeniedException for a role that may not, NotImplementedException for an operation that is not built, or what
    the operation itself raises.
    """
    model = service_model(service).operation_model(name)
    function = _operations.get((service, name))
    if function is None:
        raise NotImplementedException(f"{name} is not implemented by this version of Gatehouse.")
    caller = authorized(caller, service, name, request)
    check(model, request)
    with outages_answered():
        if name.startswith(READS):
            return _read(function, caller, request)
        if name in _CALLS_OUT:
            return _call_out(function, caller, name, request)
        return _change(function, caller, service, name, request, witness)


def _read(function: Operation, caller: Caller, request: Shape) -> Shape:
    """Perform a reading operation. It has no transaction, so a row may go away between two of its queries."""
    try:
        return function(caller, request)
    except ObjectDoesNotExist:
        # What is there now is the answer, which is NotFoundException when the row was what was asked for.
        return function(caller, request)


def _change(
    function: Operation, caller: Caller, service: str, name: str, request: Shape, witness: Witness | None
) -> Shape:
    """Perform a changing operation in one transaction, and audit it, also when it is refused."""
    prepare = _preparations.get((service, name))
    try:
        if prepare is not None:
            request = prepare(caller, request)
        with transaction.atomic():
            hold_for(caller, service, name, request)
            before = audit.state(_built, caller, service, name, request)
            if witness is not None:
                witness.before(caller, request)
            answer = function(caller, request)
            if witness is not None:
                witness.after(caller, request)
            after = audit.left(_built, caller, service, name, request, answer)
            audit.record(caller, name, request, before=before, after=after)
    except AwsError as error:
        audit.record(caller, name, request, error=error.code)
        raise
    except IntegrityError as error:
        if not _is_lost_race(error):
            raise
        logger.info("%s lost a race: %s", name, error)
        raise ConflictException(LOST_RACE) from error
    return answer


def _call_out(function: Operation, caller: Caller, name: str, request: Shape) -> Shape:
    """Perform an operation outside of a transaction, and audit it."""
    try:
        answer = function(caller, request)
    except AwsError as error:
        audit.record(caller, name, request, error=error.code)
        raise
    audit.record(caller, name, request)
    return answer


def _is_lost_race(error: IntegrityError) -> bool:
    """Whether another operation was faster (a unique or foreign key); any other broken constraint is a fault of ours."""
    state = getattr(error.__cause__, "sqlstate", None)
    if state is not None:
        return state in {"23505", "23503"}
    return str(error).startswith(("UNIQUE constraint failed", "FOREIGN KEY constraint failed"))
