"""Rows held for the rest of an operation, so that of two changes at once neither loses the other.

SQLite's one writer holds all of them already.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import connection
from django.db.models import Model

from apps.accounts.models import Account
from apps.control_plane.caller import Caller
from apps.control_plane.errors import ConflictException
from apps.rest_apis.models import RestApi
from apps.v2_apis.models import Api

# They count what an account has, or compare its usage plans with each other.
_ONE_AT_A_TIME = frozenset(
    {
        "CreateApi", "CreateApiKey", "CreateDomainName", "CreatePortal", "CreatePortalProduct", "CreateRestApi", "CreateUsagePlan", "CreateUsagePlanKey", "CreateVpcLink",
        "GenerateClientCertificate", "ImportApi", "ImportApiKeys", "ImportRestApi", "UpdateUsagePlan",
    }
)  # fmt: skip
LOST_RACE = "Unable to complete operation due to concurrent modification. Please try again later."


def hold(row: Model) -> None:
    """Lock a row until the operation's transaction ends, and read it again; ConflictException when it is gone meanwhile."""
    type(row)._default_manager.select_for_update().filter(pk=row.pk).values_list("pk").first()
    try:
        row.refresh_from_db()
    except ObjectDoesNotExist as error:
        raise ConflictException(LOST_RACE) from error


def hold_for(caller: Caller, service: str, name: str, request: dict[str, Any]) -> None:
    """Lock what a changing operation needs to itself, before it reads anything: first the account, then the APIs."""
    if not connection.features.has_select_for_update:
        return
    if service in ("gatehouse", "acm") or name in _ONE_AT_A_TIME:
        hold_account(caller)
    hold_apis(caller, request)


def hold_account(caller: Caller) -> None:
    """Lock the caller's account; rows that merely belong to it can be made meanwhile."""
    mine = Account.objects.filter(pk=caller.account_id)
    mine.select_for_update(no_key=True).values_list("pk").first()


def hold_apis(caller: Caller, request: dict[str, Any]) -> None:
    """Lock the APIs that a request names, before anything of them is read: an API is changed, and deployed, by one at a time.

    An API is many rows, and a change reads some to write others. Without this a deployment could freeze half of an import,
    and a patch could bring back a method that another request has just deleted.
    """
    named = {api for api in _named(request) if api}
    if named:
        mine = RestApi.objects.filter(account_id=caller.account_id, region=caller.region, id__in=named)
        list(mine.select_for_update().order_by("id").values_list("pk"))
        mine_of_v2 = Api.objects.filter(account_id=caller.account_id, region=caller.region, id__in=named)
        list(mine_of_v2.select_for_update().order_by("id").values_list("pk"))


def _named(request: dict[str, Any]) -> Iterator[str | None]:
    """The APIs of a request, also those whose stages it puts into a usage plan."""
    yield request.get("restApiId")
    yield request.get("cloneFrom")
    # V2 may mean a REST API: by a mapping, or by a routing rule.
    yield request.get("ApiId")
    for action in request.get("Actions") or ():
        yield action["InvokeApi"]["ApiId"]
    for stage in request.get("apiStages") or ():
        yield stage.get("apiId")
    for patch in request.get("patchOperations") or ():
        if patch.get("path") == "/apiStages":
            yield (patch.get("value") or "").partition(":")[0]
