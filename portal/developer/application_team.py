"""What an application's page shows beside its usage: who shares it, its OAuth clients, and when its keys were last used."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Max

from apps.core.user_pools import built_in_issuer
from apps.metering.models import TrafficMinute
from portal.developer.application_forms import ClientForm, KeyForm, MemberForm
from portal.developer.applications import ApplicationOnPage


def shared(mine: ApplicationOnPage, **forms: Any) -> dict[str, Any]:
    """Members, clients and last uses. `forms` replaces the empty forms by ones that were sent."""
    used = last_used(mine)
    for key in mine.keys:
        key.last_used = used.get(key.id)
    return {
        "members": list(mine.row.members.all()),
        "clients": list(mine.row.clients.select_related("client").order_by("pk")),
        "issuer": built_in_issuer(mine.row.account_id, settings.ENVIRONMENT),
        "key_form": KeyForm(),
        "member_form": MemberForm(),
        "client_form": ClientForm(),
        **forms,
    }


def last_used(mine: ApplicationOnPage) -> dict[str, Any]:
    """The minute in which each key was last used, by its id, as far as minutes are kept (35 days)."""
    rows = TrafficMinute.objects.filter(
        account_id=mine.row.account_id, region=mine.row.region, key_id__in=[key.id for key in mine.keys]
    )
    return dict(rows.values_list("key_id").annotate(last=Max("minute")).order_by("key_id"))
