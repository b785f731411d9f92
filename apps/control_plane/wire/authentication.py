"""Who sent a request: its signature against the access keys that Gatehouse has given out."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings

from apps.accounts.grants import grants_of
from apps.accounts.models import AccessKey, Membership
from apps.control_plane.caller import Caller
from apps.control_plane.errors import NotImplementedException
from apps.control_plane.wire.messages import WireRequest
from apps.control_plane.wire.service_models import SIGNING_NAME, SIGNING_NAMES
from apps.core.session_tokens import Session, SessionTokens
from apps.core.sigv4 import Signature, read_signature, verify
from apps.core.sigv4_errors import expired_token, unknown_key


@dataclass(frozen=True, slots=True)
class Credential:
    """An access key as the verifier needs it, and on whose behalf it signs."""

    secret: str
    account_id: str
    principal: str
    role: str
    session: Session | None = None
    """Temporary credentials come with a token that the request must carry; long-lived ones with none."""
    of_apis: tuple[tuple[str, frozenset[str]], ...] = ()
    """Roles that the signer has for some APIs alone."""


FindCredential = Callable[[str], Credential | None]


def authenticate(
    request: WireRequest,
    find_credential: FindCredential,
    now: datetime,
    request_id: str,
    *,
    routed: bool,
    service: str = SIGNING_NAME,
) -> Caller:
    """The caller of a request, in the region that it was signed for; `service` is what it has to be signed for.

    `routed` tells that the path is one of API Gateway's: elsewhere a request signed for another service is told that
    Gatehouse is not that service. Raises `SignatureError`, or `NotImplementedException` naming the service.
    """
    signature = read_signature(request.raw)
    if not routed and signature.service in SIGNING_NAMES.values():
        service = signature.service
    elif not routed:
        raise NotImplementedException(
            f"The service '{signature.service}' is not implemented by Gatehouse, which is Amazon API Gateway."
        )
    credential = find_credential(signature.access_key_id) or _temporary(signature, find_credential, now)
    if credential is None or not _token_fits(signature, credential):
        raise unknown_key()
    verified = verify(request.raw, signature, credential.secret, service=service, now=now)
    return Caller(
        account_id=credential.account_id,
        region=verified.region,
        principal=credential.principal,
        via="wire",
        role=credential.role,
        of_apis=credential.of_apis,
        source_ip=request.source_ip,
        request_id=request_id,
        access_key_id=signature.access_key_id,
        session=credential.session,
    )


def find_access_key(access_key_id: str) -> Credential | None:
    """An active access key of the database; None when there is none, or its person has left the account."""
    if "\0" in access_key_id:
        return None  # no database takes it as a text
    key = AccessKey.objects.filter(pk=access_key_id, active=True).select_related("user").first()
    if key is None:
        return None
    if key.user is None:
        return Credential(key.secret, key.account_id, f"arn:aws:iam::{key.account_id}:root", Membership.Role.OWNER)
    membership = Membership.objects.filter(user=key.user, account_id=key.account_id).prefetch_related("teams").first()
    if membership is None or not key.user.is_active:
        return None
    principal = f"arn:aws:iam::{key.account_id}:user/{key.user.get_username()}"
    grants = grants_of(membership)
    return Credential(key.secret, key.account_id, principal, grants.role, of_apis=grants.of_apis)


def _temporary(signature: Signature, find_credential: FindCredential, now: datetime) -> Credential | None:
    """The credential that a session token of ours stands for, while the access key behind it is one."""
    session = SessionTokens(settings.SESSION_TOKEN_KEY).open(signature.access_key_id, signature.security_token or "")
    if session is None:
        return None
    if session.expires <= now:
        raise expired_token()
    parent = find_credential(session.parent)
    return None if parent is None else replace(parent, secret=session.secret, session=session)


def _token_fits(signature: Signature, credential: Credential) -> bool:
    token = credential.session.token if credential.session is not None else None
    if signature.security_token is None or token is None:
        return signature.security_token == token
    return hmac.compare_digest(signature.security_token.encode(), token.encode())
