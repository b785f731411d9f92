"""Who can sign, and what they may: the accounts' credentials as the data plane knows them."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from apps.core.documents import AccessKeyDocument, CredentialsDocument, Identity
from apps.core.iam import Decision, IllFormedPolicy, Policy, Principal, compile_policy
from apps.core.secrets import DocumentSeal, Secret
from apps.core.session_tokens import SessionTokens
from apps.core.sigv4_errors import expired_token
from gateway_runtime.iam.invoke import ACTION, ConditionKeys, decide

logger = logging.getLogger("gateway_runtime.snapshot")


class Caller(NamedTuple):
    """A principal of an account. `policies` None says that one of its policies cannot be read: then it may nothing."""

    account_id: str
    arn: str
    unique_id: str
    principal: Principal
    invokes: bool
    policies: tuple[Policy, ...] | None

    def decide(self, arn: str, keys: ConditionKeys, *, own: bool, action: str = ACTION) -> Decision:
        """What its own policies say of calling an ARN, or of another action on it; `own` tells that the API is its account's."""
        if self.policies is None:
            return Decision.EXPLICIT_DENY
        decisions = {decide(policy, arn, keys, None, action) for policy in self.policies}
        if Decision.EXPLICIT_DENY in decisions:
            return Decision.EXPLICIT_DENY
        allowed = Decision.ALLOW in decisions or (own and self.invokes)
        return Decision.ALLOW if allowed else Decision.IMPLICIT_DENY

    def condition_keys(self) -> ConditionKeys:
        """What conditions can ask of the caller."""
        kind, _, name = self.arn.rpartition(":")[2].partition("/")
        keys: ConditionKeys = {
            "aws:PrincipalArn": (self.arn,),
            "aws:PrincipalAccount": (self.account_id,),
            "aws:PrincipalType": ("User" if kind == "user" else "Account",),
            "aws:userid": (self.unique_id,),
        }
        if kind == "user":
            keys["aws:username"] = (name.rpartition("/")[2],)
        return keys


class Credential(NamedTuple):
    """What a request is signed with, and on whose behalf."""

    secret: Secret
    caller: Caller


class Credentials:
    """All active access keys, by id."""

    __slots__ = ("_keys",)

    def __init__(self, found: Iterable[CredentialsDocument] = (), seal: DocumentSeal | None = None) -> None:
        self._keys: dict[str, Credential] = {}
        for document in found:
            callers = {identity.arn: _caller(document.account_id, identity) for identity in document.identities}
            for key in document.keys:
                secret = _open(key, seal)
                if secret is not None and key.arn in callers:
                    self._keys[key.id] = Credential(secret, callers[key.arn])

    def find(self, access_key_id: str, token: str | None, tokens: SessionTokens, now: datetime) -> Credential | None:
        """The credential of an access key id, with its session token where it is a temporary one; None for none of ours.

        Raises `SignatureError` for temporary credentials that have expired.
        """
        if token is None:
            return self._keys.get(access_key_id)
        session = tokens.open(access_key_id, token)
        if session is None:
            return None
        if session.expires <= now:
            raise expired_token()
        parent = self._keys.get(session.parent)
        return None if parent is None else Credential(session.secret, parent.caller)


def _caller(account_id: str, identity: Identity) -> Caller:
    policies: tuple[Policy, ...] | None
    try:
        policies = tuple(compile_policy(text, principals=False) for text in identity.policies)
    except IllFormedPolicy as error:
        logger.error("%s may nothing, a policy of its cannot be read: %s", identity.arn, error)
        policies = None
    principal = Principal(account_id, frozenset({identity.arn, identity.unique_id}))
    return Caller(account_id, identity.arn, identity.unique_id, principal, identity.invokes, policies)


def _open(key: AccessKeyDocument, seal: DocumentSeal | None) -> Secret | None:
    try:
        return None if seal is None else seal.open(key.secret, key.id)
    except ValueError as error:
        logger.error("access key %s opens nothing: %s", key.id, error)
        return None
