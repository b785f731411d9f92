"""What the portal fills in for somebody who tries an API: keys of their applications, and tokens of these applications' OAuth clients."""

from __future__ import annotations

from collections.abc import Iterable

from apps.identity.models import OAuthClient
from apps.portals.models import ApplicationClient, Product
from portal.developer.applications import Access, Visitor, applications_for


def usable_accesses(user: Visitor, product: Product) -> list[Access]:
    """The visitor's applications that use the product now, with or without a key."""
    return [access for access in applications_for(user, product) if access.active]


def clients_of(accesses: Iterable[Access]) -> list[OAuthClient]:
    """The OAuth clients that the portal may get a token for: those of programs, of applications that use the product."""
    mine = [access.application.row.pk for access in accesses if access.active]
    rows = ApplicationClient.objects.filter(
        application__in=mine, client__authorization_grant_type=OAuthClient.GRANT_CLIENT_CREDENTIALS
    )
    return [row.client for row in rows.select_related("client").order_by("pk")]
