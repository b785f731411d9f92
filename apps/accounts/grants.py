"""What people may do in an account: their own role, and those that their teams give, everywhere or for some APIs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from apps.accounts.models import Membership, Tag, Team

STRENGTH = (Membership.Role.VIEWER.value, Membership.Role.EDITOR.value, Membership.Role.OWNER.value)
"""Roles that let somebody do something, weakest first. A mere member has none of them."""


@dataclass(frozen=True)
class Grants:
    """`role` counts in the whole account ("" is none); each of `of_apis` for the APIs with these ids alone."""

    role: str
    of_apis: tuple[tuple[str, frozenset[str]], ...] = ()

    def role_on(self, api_id: str) -> str:
        """The strongest role for one API; "" for none."""
        return strongest([self.role, *(role for role, apis in self.of_apis if api_id in apis)])


def strongest(roles: Iterable[str]) -> str:
    """The strongest of some roles; "" when none of them lets anybody do anything."""
    return max((role for role in roles if role in STRENGTH), key=STRENGTH.index, default="")


def grants_of(membership: Membership) -> Grants:
    """All that a membership and its teams give."""
    teams = list(membership.teams.all())
    whole = [team.role for team in teams if team.scope == Team.Scope.ACCOUNT]
    some = [(team.role, apis_of(team)) for team in teams if team.scope != Team.Scope.ACCOUNT]
    return Grants(strongest([membership.role, *whole]), tuple(some))


def apis_of(team: Team) -> frozenset[str]:
    """The ids of the APIs that a restricted team is for."""
    if team.scope == Team.Scope.APIS:
        return frozenset(team.apis)
    arns = Tag.objects.filter(account_id=team.account_id, key=team.tag_key, value=team.tag_value).values_list(
        "arn", flat=True
    )
    paths = (arn.rpartition(":")[2].split("/") for arn in arns)
    return frozenset(parts[2] for parts in paths if len(parts) == 3 and parts[1] in ("restapis", "apis"))
