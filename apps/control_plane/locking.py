"""Rows held for the rest of an operation, so that of two changes at once neither loses the other.

SQLite's one writer holds all of them already.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import connection
from django.db.models import Model

from apps.control_plane.caller import Caller
from apps.control_plane.errors import ConflictException
from apps.rest_apis.models import RestApi

LOST_RACE = "Unable to complete operation due to concurrent modification. Please try again later."


def hold(row: Model) -> None:
    """Lock a row until the operation's transaction ends, and read it again; ConflictException when it is gone meanwhile."""
    type(row)._default_manager.select_for_update().filter(pk=row.pk).values_list("pk").first()
    try:
        row.refresh_from_db()
    except ObjectDoesNotExist as error:
        raise ConflictException(LOST_RACE) from error


def hold_apis(caller: Caller, request: dict[str, Any]) -> None:
    """Lock the APIs that a request names, before anything of them is read: an API is changed, and deployed, by one at a time.

    An API is many rows, and a change reads some to write others. Without this a deployment could freeze half of an import,
    and a patch could bring back a method that another request has just deleted.
    """
    if not connection.features.has_select_for_update:
        return
    named = {request.get(member) for member in ("restApiId", "cloneFrom")} - {None}
    if named:
        mine = RestApi.objects.filter(account_id=caller.account_id, region=caller.region, id__in=named)
        list(mine.select_for_update().order_by("id").values_list("pk"))
