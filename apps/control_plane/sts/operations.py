"""STS: the caller's identity, the account of an access key, and temporary credentials. There are no roles to assume."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.conf import settings

from apps.accounts.models import AccessKey
from apps.control_plane.caller import Caller
from apps.control_plane.errors import AccessDeniedException, BadRequestException
from apps.control_plane.registry import Shape, operation
from apps.core import ids
from apps.core.session_tokens import TEMPORARY, SessionTokens

_ROOT_SECONDS = 3_600
_USER_SECONDS = 43_200


@operation("GetCallerIdentity", "sts")
def get_caller_identity(caller: Caller, request: Shape) -> Shape:
    """Who signed the request."""
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
    session = SessionTokens(settings.SESSION_TOKEN_KEY).issue(caller.access_key_id, datetime.now(UTC) + lifetime)
    return {
        "Credentials": {
            "AccessKeyId": session.access_key_id,
            "SecretAccessKey": session.secret,
            "SessionToken": session.token,
            "Expiration": session.expires,
        }
    }
