"""Whether a caller may perform an operation: by their role in the account, or by one that a team gives for the API that it is about.

The wire and the console ask here and nowhere else. What nobody has given is denied.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Any

from apps.accounts.grants import strongest
from apps.accounts.models import Membership
from apps.control_plane import audit
from apps.control_plane.caller import Caller
from apps.control_plane.errors import AccessDeniedException
from apps.control_plane.outages import outages_answered
from apps.control_plane.wire.service_models import SIGNING_NAME, SIGNING_NAMES, service_model

READS = ("Get", "List", "Export", "Describe")
# What people do for themselves, whatever their role in the account.
_FOR_ONESELF = frozenset(
    {"CreateSecondFactor", "ConfirmSecondFactor", "CreateRecoveryCodes", "DeleteSecondFactor", "VerifySecondFactor"}
)
# Of the keys with which one signs: the operations themselves keep everybody but owners to their own.
_OF_ONES_KEYS = frozenset({"CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey"})
# The service that tells callers who they are, and gives them sessions of their own keys: as on AWS, it asks no permission.
_WHO_ONE_IS = "sts"
# By the role that its own change needs.
_JUDGED_INSIDE = frozenset({"UndoChanges"})
# Lists that show everybody no more than the APIs that are theirs.
_NARROWED = frozenset({"GetRestApis", "GetApis"})
_LABEL = re.compile(r"\{([^}+]+)\+?\}")
# By its path an operation is about one API and what is below it, and nothing else.
_OF_AN_API = re.compile(r"/(?:restapis|v2/apis|stages)/\{(\w+)\}", re.IGNORECASE)


def authorized(caller: Caller, service: str, name: str, request: dict[str, Any]) -> Caller:
    """The caller with the role that counts here; raises AccessDeniedException, which is audited."""
    if (name in _NARROWED and caller.of_apis) or name in _JUDGED_INSIDE or service == _WHO_ONE_IS:
        return caller
    role = _role(caller, service, name, request)
    if role and (role != Membership.Role.VIEWER or name.startswith(READS)):
        return caller if role == caller.role else replace(caller, role=role)
    if name in _FOR_ONESELF or (name == "GetSecondFactor" and not request.get("userName")):
        return caller
    refusal = AccessDeniedException(
        f"User: {caller.principal} is not authorized to perform: {_action(caller, service, name, request)} with an explicit deny"
    )
    with outages_answered():
        audit.record(caller, name, request, error=refusal.code)
    raise refusal


def _role(caller: Caller, service: str, name: str, request: dict[str, Any]) -> str:
    if not caller.of_apis:
        return caller.role
    if name in _OF_ONES_KEYS:
        return strongest([caller.role, *(role for role, _ in caller.of_apis)])
    member = _api_member(service, name)
    return caller.role_on(str(request.get(member, ""))) if member else caller.role


@cache
def _api_member(service: str, name: str) -> str:
    """The member of a request that names the API which the operation is about; empty for one that is about more, or something else."""
    uri = service_model(service).operation_model(name).http["requestUri"]
    found = _OF_AN_API.match(uri)
    return _member(service, name, found[1]) if found else ""


def _action(caller: Caller, service: str, name: str, request: dict[str, Any]) -> str:
    """An operation as IAM names it: of API Gateway's a method of HTTP on a path, which the ARN has; else by its name."""
    prefix = SIGNING_NAMES.get(service, SIGNING_NAME)
    if prefix != SIGNING_NAME:
        return f"{prefix}:{name}"
    http = service_model(service).operation_model(name).http
    path = _LABEL.sub(lambda label: str(request.get(_member(service, name, label[1]), label[0])), http["requestUri"])
    return f"{prefix}:{http['method']} on resource: {caller.arn(path.partition('?')[0])}"


def _member(service: str, name: str, label: str) -> str:
    """The member of a request that stands for a label of its path."""
    shape = service_model(service).operation_model(name).input_shape
    members = shape.members.items() if shape is not None else ()
    return next((name for name, member in members if member.serialization.get("name") == label), label)
