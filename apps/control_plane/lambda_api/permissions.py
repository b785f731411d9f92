"""Resource policies: who besides the account itself may invoke a function, which API Gateway asks before every call."""

from __future__ import annotations

import json
import re

from apps.control_plane.caller import Caller
from apps.control_plane.lambda_api.errors import (
    InvalidParameterValueException,
    PolicyLengthExceededException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from apps.control_plane.lambda_api.finding import (
    check_revision,
    find_version,
    function_name,
    function_of,
    held_function,
)
from apps.control_plane.registry import Shape, operation
from apps.core.iam import IllFormedPolicy, compile_policy
from apps.deployments.function_publisher import publish_function
from apps.functions.models import FunctionPolicy, revision_id

LONGEST = 20_480
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_CONDITIONS = (
    ("SourceArn", "ArnLike", "AWS:SourceArn"),
    ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
    ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
    ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
    ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
)


@operation("AddPermission", service="lambda")
def add_permission(caller: Caller, request: Shape) -> Shape:
    """Add a statement to the policy of a function, version or alias."""
    held_function(caller, request)
    row = _policy(caller, request)
    check_revision(request, row.revision_id)
    if any(statement["Sid"] == request["StatementId"] for statement in row.statements):
        raise ResourceConflictException(
            f"The statement id ({request['StatementId']}) provided already exists. Please provide a new statement id, or "
            "remove the existing statement."
        )
    arn = row.function.named._replace(qualifier=row.qualifier).qualified_arn
    statement = _statement(request, arn)
    row.statements = [*row.statements, statement]
    _check(row)
    row.revision_id = revision_id()
    row.save()
    publish_function(row.function)
    return {"Statement": json.dumps(statement, separators=(",", ":"))}


@operation("RemovePermission", service="lambda")
def remove_permission(caller: Caller, request: Shape) -> Shape:
    """Take a statement away; the policy goes with its last one."""
    held_function(caller, request)
    row = _policy(caller, request)
    check_revision(request, row.revision_id)
    kept = [statement for statement in row.statements if statement["Sid"] != request["StatementId"]]
    if row.pk is None:
        raise ResourceNotFoundException("No policy is associated with the given resource.")
    if len(kept) == len(row.statements):
        raise ResourceNotFoundException(f"Statement {request['StatementId']} is not found in resource policy.")
    row.statements = kept
    row.revision_id = revision_id()
    if kept:
        row.save()
    else:
        row.delete()
    publish_function(row.function)
    return {}


@operation("GetPolicy", service="lambda")
def get_policy(caller: Caller, request: Shape) -> Shape:
    """The policy of a function, version or alias."""
    row = _policy(caller, request)
    if row.pk is None:
        raise ResourceNotFoundException("The resource you requested does not exist.")
    return {"Policy": row.document, "RevisionId": row.revision_id}


def _policy(caller: Caller, request: Shape) -> FunctionPolicy:
    """The policy that a request names, or a new one that has no statement yet."""
    name = function_name(caller, request)
    if name.qualifier:
        find_version(caller, request)  # raises when there is none
    function = function_of(name)
    found = function.policies.filter(qualifier=name.qualifier).first()
    if found is None:
        return FunctionPolicy(function=function, qualifier=name.qualifier)
    found.function = function
    return found


def _statement(request: Shape, arn: str) -> Shape:
    statement: Shape = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(request["Principal"]),
        "Action": request["Action"],
        "Resource": arn,
    }
    conditions: dict[str, dict[str, str]] = {}
    for member, operator, key in _CONDITIONS:
        if request.get(member):
            conditions.setdefault(operator, {})[key] = request[member]
    if conditions:
        statement["Condition"] = conditions
    return statement


def _principal(principal: str) -> Shape | str:
    if principal == "*":
        return "*"
    if _ACCOUNT.fullmatch(principal):
        return {"AWS": f"arn:aws:iam::{principal}:root"}
    if principal.startswith("arn:"):
        return {"AWS": principal}
    if principal.endswith((".amazonaws.com", ".amazon.com")):
        return {"Service": principal}
    raise InvalidParameterValueException(
        "The provided principal was invalid. Please check the principal and try again."
    )


def _check(row: FunctionPolicy) -> None:
    size = len(row.document)
    if size > LONGEST:
        raise PolicyLengthExceededException(f"The final policy size ({size}) is bigger than the limit ({LONGEST}).")
    try:
        compile_policy(row.document, principals=True)
    except IllFormedPolicy as error:
        raise InvalidParameterValueException(str(error)) from None
