"""Who is shown what in the portal: a condition on products and pages alike."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from apps.accounts.models import Membership, Team, User
from apps.portals.models import AudienceEntry, Visibility

_SEES_ALL = ~Q(role=Membership.Role.MEMBER) | Q(teams__scope=Team.Scope.ACCOUNT)


def shown_to(visitor: User | AnonymousUser) -> Q:
    """The condition that products, or pages, are for this visitor.

    Only confirmed addresses put somebody into an audience. Who has a role in the whole of an account sees everything of it.
    """
    if not isinstance(visitor, User):
        return Q(visibility=Visibility.PUBLIC)
    entries = AudienceEntry.objects.filter(value__in=_values(visitor))
    return (
        Q(visibility__in=[Visibility.PUBLIC, Visibility.SIGNED_IN])
        | Q(visibility=Visibility.AUDIENCE, audiences__in=entries.values("audience"))
        | Q(account__in=visitor.memberships.filter(_SEES_ALL).values("account"))
    )


def _values(visitor: User) -> set[str]:
    """What an audience may name the visitor by: each confirmed address, and its domain."""
    confirmed = EmailAddress.objects.filter(user=visitor, verified=True).values_list("email", flat=True)
    addresses = {address.lower() for address in confirmed}
    return addresses | {f"@{address.rpartition('@')[2]}" for address in addresses}
