"""STS: the caller's identity, the account of an access key, and temporary credentials.

A role is a name here: whoever assumes one goes on as who they are, with what their access key may do and no more. So every role of the
own account can be assumed, and there is nothing that could be gained by it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from django.conf import settings

from apps.accounts.models import AccessKey
from apps.control_plane.caller import Caller
from apps.control_plane.errors import AccessDeniedException, BadRequestException, NotImplementedException
from apps.control_plane.registry import Shape, operation
from apps.core import ids
from apps.core.session_tokens import TEMPORARY, SessionTokens

_ROOT_SECONDS = 3_600
_USER_SECONDS = 43_200
_ROLE_SECONDS = _CHAINED_SECONDS = 3_600
_ROLE = re.compile(r"arn:aws:iam::(\d{12}):role/((?:[!-~]+/)?([\w+=,.@-]{1,64}))", re.ASCII)
# What would have to change what the session may, or who it is.
_UNBUILT = ("Policy", "PolicyArns", "Tags", "TransitiveTagKeys", "SourceIdentity", "ProvidedContexts")


@operation("GetCallerIdentity", "sts")
def get_caller_identity(caller: Caller, request: Shape) -> Shape:
    """Who signed the request. Who has assumed a role is told so, and that is all that comes of it."""
    if caller.session is not None and caller.session.assumed:
        return {"Account": caller.account_id, **_assumed(caller, caller.session.assumed)}
    return {"UserId": ids.principal_id(caller.principal), "Account": caller.account_id, "Arn": caller.principal}


@operation("GetAccessKeyInfo", "sts")
def get_access_key_info(caller: Caller, request: Shape) -> Shape:
    """The account of one of the caller's account's access keys; those of others are told like none at all."""
    if not AccessKey.objects.filter(pk=request["AccessKeyId"], account_id=caller.account_id).exists():
        raise BadRequestException("The access key id is not valid.")
    return {"Account": caller.account_id}


@operation("GetSessionToken", "sts")
def get_session_token(caller: Caller, request: Shape) -> Shape:
    """Credentials that act as the access key that asks, for a while, and no longer than that key does."""
    if not caller.access_key_id or caller.access_key_id.startswith(TEMPORARY):
        raise AccessDeniedException("Cannot call GetSessionToken with session credentials")
    if request.get("SerialNumber") or request.get("TokenCode"):
        raise BadRequestException("Gatehouse has no MFA devices.")
    root = caller.principal.endswith(":root")
    seconds = request.get("DurationSeconds") or (_ROOT_SECONDS if root else _USER_SECONDS)
    lifetime = timedelta(seconds=min(seconds, _ROOT_SECONDS) if root else seconds)
    return {"Credentials": _credentials(caller.access_key_id, datetime.now(UTC) + lifetime)}


@operation("AssumeRole", "sts")
def assume_role(caller: Caller, request: Shape) -> Shape:
    """Credentials that act as the access key that asks, under the name of a role of its account.

    A session that assumes another role leans on the key behind it, and has no longer than itself has left.
    """
    for member in _UNBUILT:
        if request.get(member):
            raise NotImplementedException(f"{member} of AssumeRole is not implemented by Gatehouse.")
    if request.get("SerialNumber") or request.get("TokenCode"):
        raise BadRequestException("Gatehouse has no MFA devices.")
    match = _ROLE.fullmatch(request["RoleArn"])
    if match is None:
        raise BadRequestException(f"{request['RoleArn']} is invalid")
    if match[1] != caller.account_id or not caller.access_key_id:
        raise AccessDeniedException(
            f"User: {caller.principal} is not authorized to perform: sts:AssumeRole on resource: {request['RoleArn']}"
        )
    seconds = request.get("DurationSeconds") or _ROLE_SECONDS
    ends = datetime.now(UTC) + timedelta(seconds=seconds)
    key = caller.access_key_id
    if caller.session is not None:
        if seconds > _CHAINED_SECONDS:
            raise BadRequestException(
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
            )
        key, ends = caller.session.parent, min(ends, caller.session.expires)
    assumed = f"{match[2]}/{request['RoleSessionName']}"
    user = _assumed(caller, assumed)
    return {
        "Credentials": _credentials(key, ends, assumed),
        "AssumedRoleUser": {"AssumedRoleId": user["UserId"], "Arn": user["Arn"]},
    }


def _assumed(caller: Caller, assumed: str) -> Shape:
    """The id and the ARN of a role's session. The ARN has the name of the role without its path, as on AWS."""
    role, _, session = assumed.rpartition("/")
    unique_id = ids.role_id(f"arn:aws:iam::{caller.account_id}:role/{role}")
    name = role.rpartition("/")[2]
    return {
        "UserId": f"{unique_id}:{session}",
        "Arn": f"arn:aws:sts::{caller.account_id}:assumed-role/{name}/{session}",
    }


def _credentials(access_key_id: str, ends: datetime, assumed: str = "") -> Shape:
    session = SessionTokens(settings.SESSION_TOKEN_KEY).issue(access_key_id, ends, assumed)
    return {
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret,
        "SessionToken": session.token,
        "Expiration": session.expires,
    }
