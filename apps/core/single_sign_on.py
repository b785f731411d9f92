"""How the operator wants people to sign in to the console by an OpenID Connect provider, from the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

ROLES = ("viewer", "editor", "owner")
"""Weakest first."""

_NAMES = ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "NAME", "SCOPES", "DOMAINS", "GROUPS_CLAIM", "ROLES", "ACCOUNT")


class BadSingleSignOn(ValueError):
    """A variable has a value that cannot be used; the message is one line for the operator."""


@dataclass(frozen=True)
class SingleSignOn:
    """The provider and whom it lets in. Who has an address in none of `domains` (if there are any), or no group of `roles`, stays out."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    scopes: str
    domains: tuple[str, ...]
    groups_claim: str
    roles: tuple[tuple[str, str], ...]
    """Groups, `*` for everybody, and the roles that they give."""
    account_id: str | None

    def role_of(self, groups: frozenset[str]) -> str | None:
        """The strongest role that the groups give; None for none."""
        given = {role for group, role in self.roles if group == "*" or group in groups}
        return max(given, key=ROLES.index) if given else None


def read_single_sign_on(variables: Mapping[str, str]) -> SingleSignOn | None:
    """The `GATEHOUSE_OIDC_…` variables; None without an issuer. Raises BadSingleSignOn."""
    given = {name: variables.get(f"GATEHOUSE_OIDC_{name}") or "" for name in _NAMES}
    issuer = given["ISSUER"].rstrip("/")
    if not issuer:
        return None
    if not issuer.startswith(("http://", "https://")):
        raise BadSingleSignOn(f"GATEHOUSE_OIDC_ISSUER must start with http:// or https://, not {issuer!r}")
    client = given["CLIENT_ID"]
    if not client:
        raise BadSingleSignOn("GATEHOUSE_OIDC_CLIENT_ID must be set where GATEHOUSE_OIDC_ISSUER is")
    domains = tuple(domain.lower().lstrip("@") for domain in _listed(given["DOMAINS"]))
    roles = tuple(_role(entry) for entry in _listed(given["ROLES"]))
    if not domains and not roles:
        raise BadSingleSignOn("GATEHOUSE_OIDC_DOMAINS or GATEHOUSE_OIDC_ROLES must say who is let in")
    account = given["ACCOUNT"] or None
    if account and not re.fullmatch(r"[0-9]{12}", account):
        raise BadSingleSignOn(f"GATEHOUSE_OIDC_ACCOUNT must be an account id of 12 digits, not {account!r}")
    return SingleSignOn(
        issuer=issuer,
        client_id=client,
        client_secret=given["CLIENT_SECRET"],
        name=given["NAME"] or "single sign-on",
        scopes=given["SCOPES"] or "openid email profile",
        domains=domains,
        groups_claim=given["GROUPS_CLAIM"] or "groups",
        roles=roles,
        account_id=account,
    )


def _listed(text: str) -> list[str]:
    return [entry for entry in map(str.strip, text.split(",")) if entry]


def _role(entry: str) -> tuple[str, str]:
    group, _, role = entry.rpartition("=")
    if not group.strip() or role.strip() not in ROLES:
        raise BadSingleSignOn(
            f"GATEHOUSE_OIDC_ROLES must look like gateway-admins=owner, developers=editor, *=viewer, not {entry!r}"
        )
    return group.strip(), role.strip()
