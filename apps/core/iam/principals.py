"""Who asks, and whom a statement speaks of (`Principal`, `NotPrincipal`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.core.iam.errors import IllFormedPolicy

_KINDS = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})
_ACCOUNT = re.compile(r"(?:arn:[\w-]+:iam::)?([0-9]{12})(?::root)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller who has shown who it is. A caller who has not is None, and only `*` means that one.

    `names` are the ARNs (of a role's session: the session's and the role's) and unique ids by which policies call it;
    without an `account_id`, statements that name a whole account do not concern it.
    """

    account_id: str | None = None
    names: frozenset[str] = frozenset()
    service: str | None = None
    federated: str | None = None


Concerns = Callable[[Principal | None], bool]


def everybody(_: Principal | None) -> bool:
    return True


def concerns(element: Any, name: str) -> Concerns:
    """Whether a caller is among those whom a Principal element lists. Raises IllFormedPolicy."""
    if element == "*":
        return everybody
    if not isinstance(element, Mapping) or not element:
        raise IllFormedPolicy(f'{name} must be "*" or an object of AWS, Service, Federated or CanonicalUser.')
    accounts, names, services, providers = set(), set(), set(), set()
    for kind, listed in element.items():
        if kind not in _KINDS:
            raise IllFormedPolicy(f"{name} has an unknown kind of principal.")
        for value in listed if isinstance(listed, list | tuple) else [listed]:
            if not isinstance(value, str) or not value:
                raise IllFormedPolicy(f"{name}.{kind} must be texts.")
            if kind == "Service":
                services.add(value)
            elif kind == "Federated":
                providers.add(value)
            elif value == "*":
                return everybody
            elif account := _ACCOUNT.fullmatch(value):
                accounts.add(account[1])
            elif "*" in value or "?" in value:
                raise IllFormedPolicy(
                    f'{name}.{kind} must be "*" or whole names: wildcards within a name match nobody.'
                )
            else:
                names.add(value)

    def listed_there(principal: Principal | None) -> bool:
        return principal is not None and (
            principal.account_id in accounts
            or not names.isdisjoint(principal.names)
            or principal.service in services
            or principal.federated in providers
        )

    return listed_there
