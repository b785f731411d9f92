"""Who may sign calls of APIs: an account's members, their access keys and policies, as the runtime knows them."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from apps.accounts.grants import grants_of
from apps.accounts.models import AccessKey, Membership
from apps.core import documents, ids
from apps.core.secrets import DocumentSeal

# Owners and editors may call the account's own APIs; viewers only what a policy allows.
_INVOKING = frozenset({Membership.Role.OWNER, Membership.Role.EDITOR})


def document_seal() -> DocumentSeal:
    """What secrets in documents are sealed with."""
    return DocumentSeal(settings.DOCUMENT_SECRETS_KEY)


def credentials_document(account_id: str) -> documents.CredentialsDocument:
    """The account's active access keys and whom they belong to. Whoever has left the account, or may not sign in, has none.

    A key of no person is the account's root.
    """
    root = documents.Identity(
        arn=f"arn:aws:iam::{account_id}:root",
        unique_id=account_id,
        invokes=True,
    )
    members = {member.user_id: member for member in _members(account_id)}
    keys: list[documents.AccessKeyDocument] = []
    seal = document_seal()
    used: dict[int | None, documents.Identity] = {}
    for key in AccessKey.objects.filter(account_id=account_id, active=True).order_by("pk"):
        if key.user_id is None:
            identity = root
        elif key.user_id in members:
            identity = used.get(key.user_id) or _identity(account_id, members[key.user_id])
        else:
            continue
        used[key.user_id] = identity
        secret = seal.seal(key.secret, key.pk)
        keys.append(documents.AccessKeyDocument(id=key.pk, secret=secret, arn=identity.arn))
    identities = sorted(used.values(), key=lambda identity: identity.arn)
    return documents.CredentialsDocument(account_id=account_id, identities=tuple(identities), keys=tuple(keys))


def _members(account_id: str) -> Iterable[Membership]:
    rows = Membership.objects.filter(account_id=account_id, user__is_active=True)
    return rows.select_related("user").prefetch_related("policies", "teams")


def _identity(account_id: str, member: Membership) -> documents.Identity:
    arn = f"arn:aws:iam::{account_id}:user/{member.user.get_username()}"
    policies = sorted(member.policies.all(), key=lambda policy: policy.name)
    return documents.Identity(
        arn=arn,
        unique_id=ids.principal_id(arn),
        invokes=grants_of(member).role in _INVOKING,
        policies=tuple(policy.document for policy in policies),
    )
