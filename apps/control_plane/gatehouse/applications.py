"""Applications: developers' programs, with the keys that they call with."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import (
    AccessDeniedException,
    BadRequestException,
    ConflictException,
    LimitExceededException,
    NotFoundException,
)
from apps.control_plane.gatehouse.api_key_life import hand_limits_on
from apps.control_plane.gatehouse.application_keys import (
    application_key_shape,
    equip,
    new_key,
    put_into,
    refuse_while_disabled,
)
from apps.control_plane.gatehouse.notices import application_data, tell_programs
from apps.control_plane.paging import page, paged
from apps.control_plane.registry import Shape, operation
from apps.deployments import publisher
from apps.portals.models import Application, ApplicationKey, ApplicationMember, Subscription

DEFAULT_OVERLAP_SECONDS = 86_400
MAX_APPLICATIONS = 50


@operation("CreateApplication", "gatehouse")
def create_application(caller: Caller, request: Shape) -> Shape:
    """An application without keys: it gets them as it subscribes."""
    owner = User.objects.filter(pk=_owner_key(request["ownerId"])).first()
    if owner is None:
        raise BadRequestException("Invalid owner identifier specified")
    _check_name(caller, owner.pk, request["name"])
    if Application.objects.filter(account_id=caller.account_id, owner=owner).count() >= MAX_APPLICATIONS:
        raise LimitExceededException(f"A developer can have at most {MAX_APPLICATIONS} applications. Delete one first.")
    row = Application.objects.create(
        account_id=caller.account_id,
        region=caller.region,
        owner=owner,
        name=request["name"],
        description=request.get("description") or "",
    )
    tell_programs(caller, "application.created", application_data(row))
    return application_shape(row)


@operation("GetApplication", "gatehouse")
def get_application(caller: Caller, request: Shape) -> Shape:
    """One application with its keys, with their values where `includeValues` asks for them."""
    row = find_application(caller, request, reading=True)
    return application_shape(row, values=bool(request.get("includeValues")) and _may_manage(request, row))


@operation("ListApplications", "gatehouse")
def list_applications(caller: Caller, request: Shape) -> Shape:
    """The applications of somebody, those that they are a member of too, oldest first; staff may leave the owner out."""
    found, position = page(_mine(caller, request, reading=True), request, "pk")
    values = bool(request.get("includeValues"))
    return paged([application_shape(row, values=values and _may_manage(request, row)) for row in found], position)


@operation("UpdateApplication", "gatehouse")
def update_application(caller: Caller, request: Shape) -> Shape:
    """Replace name or description."""
    row = find_application(caller, request)
    if request.get("name") not in (None, row.name):
        _check_name(caller, row.owner_id, request["name"])
        row.name = request["name"]
    if request.get("description") is not None:
        row.description = request["description"]
    row.save()
    return application_shape(row)


@operation("DeleteApplication", "gatehouse")
def delete_application(caller: Caller, request: Shape) -> Shape:
    """Delete an application with its subscriptions and its keys, which stop working."""
    row = find_application(caller, request)
    if request.get("ownerId") is not None and row.owner_id != _owner_key(request["ownerId"]):
        raise AccessDeniedException("Only the owner of an application may delete it.")
    for client in row.clients.select_related("client"):
        client.client.delete()
    for key in row.keys.select_related("api_key"):
        registry.call(caller, "apigateway", "DeleteApiKey", {"apiKey": key.api_key.key_id})
    tell_programs(caller, "application.deleted", application_data(row))
    row.delete()
    return {}


@operation("CreateApplicationKey", "gatehouse")
def create_application_key(caller: Caller, request: Shape) -> Shape:
    """Give an application the keys that its active subscriptions lack, or an additional one with a label, which may expire."""
    row = find_application(caller, request)
    if request.get("additional"):
        _add_key(caller, row, request)
        return application_shape(find_application(caller, request))
    active = row.subscriptions.filter(status=Subscription.Status.ACTIVE).select_related("product_plan__plan")
    for subscription in active.order_by("pk"):
        equip(caller, row, subscription.product_plan.plan)
    return application_shape(find_application(caller, request))


@operation("RotateApplicationKey", "gatehouse")
def rotate_application_key(caller: Caller, request: Shape) -> Shape:
    """A new key in the plans of an old one, which keeps working for `overlapSeconds` and then refuses."""
    row = find_application(caller, request)
    old = find_key(row, request["keyId"])
    refuse_while_disabled(caller, row)
    if old.replaced_by_id is not None:
        raise ConflictException(f"API Key {old.api_key.key_id} has already been rotated")
    if old.api_key.expires_at is not None and old.api_key.expires_at <= timezone.now():
        raise ConflictException(f"API Key {old.api_key.key_id} has expired")
    fresh = new_key(caller, row, old.label)
    hand_limits_on(old.api_key, fresh.api_key)
    for membership in old.api_key.plans.select_related("plan").order_by("pk"):
        members = {"usagePlanId": membership.plan.plan_id, "keyId": fresh.api_key.key_id, "keyType": "API_KEY"}
        registry.call(caller, "apigateway", "CreateUsagePlanKey", members)
    old.replaced_by = fresh
    old.save(update_fields=["replaced_by"])
    overlap = timedelta(seconds=request.get("overlapSeconds", DEFAULT_OVERLAP_SECONDS))
    _let_expire(caller, old, timezone.now() + overlap)
    tell_programs(
        caller, "key.rotated", {**application_data(row), "keyId": fresh.api_key.key_id, "oldKeyId": old.api_key.key_id}
    )
    return application_key_shape(fresh, value=True)


@operation("UpdateApplicationKey", "gatehouse")
def update_application_key(caller: Caller, request: Shape) -> Shape:
    """Label a key."""
    key = find_key(find_application(caller, request), request["keyId"])
    key.label = request["label"].strip()
    key.save(update_fields=["label"])
    return application_key_shape(key)


@operation("RevokeApplicationKey", "gatehouse")
def revoke_application_key(caller: Caller, request: Shape) -> Shape:
    """Delete a key at once; subscriptions stay and wait for another key."""
    row = find_application(caller, request)
    key = find_key(row, request["keyId"])
    refuse_while_disabled(caller, row)
    registry.call(caller, "apigateway", "DeleteApiKey", {"apiKey": key.api_key.key_id})
    tell_programs(caller, "key.revoked", {**application_data(row), "keyId": request["keyId"]})
    return {}


def find_application(caller: Caller, request: Shape, *, reading: bool = False) -> Application:
    """The application that the request names, if the caller may act for it; another owner's is an unknown one.

    Unless it is only read, a viewer of it is refused.
    """
    row = _mine(caller, request, reading=True).filter(application_id=request["applicationId"]).first()
    if row is None:
        raise NotFoundException("Invalid application identifier specified")
    if not reading and not _may_manage(request, row):
        raise AccessDeniedException("Viewers of an application may not change it.")
    return row


def owned_by(caller: Caller, request: Shape, application: str = "", *, reading: bool = False) -> Q:
    """The condition by which `request["ownerId"]` restricts rows: to applications that are theirs, or that they manage or
    (`reading`) see as members. `application` leads from a row to it. The developer portal always has to name the owner."""
    if request.get("ownerId") is None:
        if caller.via == "portal":
            raise BadRequestException("The developer portal acts for an owner: ownerId must be specified")
        return Q()
    someone = _owner_key(request["ownerId"])
    members = ApplicationMember.objects.filter(user=someone)
    if not reading:
        members = members.filter(role=ApplicationMember.Role.MANAGER)
    return Q(**{f"{application}owner_id": someone}) | Q(**{f"{application}pk__in": members.values("application")})


def application_shape(row: Application, *, values: bool = False) -> Shape:
    """The Application of `service-2.json`."""
    keys = sorted(row.keys.all(), key=lambda key: key.pk)
    return {
        "applicationId": row.application_id,
        "ownerId": str(row.owner_id),
        "name": row.name,
        "description": row.description,
        "keys": [application_key_shape(key, value=values) for key in keys],
        "createdDate": row.created,
    }


def _mine(caller: Caller, request: Shape, *, reading: bool = False) -> QuerySet[Application]:
    rows = Application.objects.filter(account_id=caller.account_id, region=caller.region)
    keys = ApplicationKey.objects.select_related("api_key", "replaced_by__api_key").prefetch_related(
        "api_key__plans__plan"
    )
    return rows.filter(owned_by(caller, request, reading=reading)).prefetch_related(Prefetch("keys", keys))


def _owner_key(owner_id: str) -> int:
    """The primary key that an owner's id is; no person has the key 0."""
    return int(owner_id) if owner_id.isascii() and owner_id.isdigit() and len(owner_id) < 19 else 0


def _may_manage(request: Shape, row: Application) -> bool:
    """Whether who acts may change the application, given that they see it."""
    if request.get("ownerId") is None:
        return True
    someone = _owner_key(request["ownerId"])
    return row.owner_id == someone or row.members.filter(user=someone, role=ApplicationMember.Role.MANAGER).exists()


def _add_key(caller: Caller, row: Application, request: Shape) -> None:
    """Another key, for every plan that the application draws on and one key may."""
    refuse_while_disabled(caller, row)
    expires = request.get("expiresDate")
    if expires is not None and expires <= timezone.now():
        raise BadRequestException("A key cannot expire before it is made")
    key = new_key(caller, row, (request.get("label") or "").strip())
    active = row.subscriptions.filter(status=Subscription.Status.ACTIVE).select_related("product_plan__plan")
    for subscription in active.order_by("pk"):
        put_into(caller, key, subscription.product_plan.plan)
    if expires is not None:
        _let_expire(caller, key, expires)


def _check_name(caller: Caller, owner_id: int, name: str) -> None:
    if Application.objects.filter(account_id=caller.account_id, owner_id=owner_id, name=name).exists():
        raise ConflictException(f"You already have an application called {name}")


def find_key(row: Application, key_id: str) -> ApplicationKey:
    """A key of an application; raises NotFoundException."""
    for key in row.keys.all():
        if key.api_key.key_id == key_id:
            return key
    raise NotFoundException("Invalid API Key identifier specified")


def _let_expire(caller: Caller, key: ApplicationKey, at: datetime) -> None:
    """Set when a key stops working; one that stops earlier anyway keeps its time."""
    api_key = key.api_key
    if api_key.expires_at is None or api_key.expires_at > at:
        api_key.expires_at = at
        api_key.save(update_fields=["expires_at", "last_updated"])
        publisher.publish_keys(caller.account_id, caller.region, [api_key.key_id])
