"""Subscriptions: applications' use of products, under one of their usage plans."""

from __future__ import annotations

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, NotFoundException
from apps.control_plane.gatehouse.application_keys import equip
from apps.control_plane.gatehouse.applications import find_application, owned_by
from apps.control_plane.gatehouse.client_scopes import match_scopes
from apps.control_plane.gatehouse.notices import tell_of_subscription
from apps.control_plane.paging import page, paged
from apps.control_plane.registry import Shape, operation
from apps.portals.audiences import shown_to
from apps.portals.models import Application, Product, ProductPlan, Subscription
from apps.usage_plans.models import UsagePlanKey

_WITH = ("application__owner", "product", "product_plan__plan")
_UNKNOWN = "Invalid subscription identifier specified"


@operation("Subscribe", "gatehouse")
def subscribe(caller: Caller, request: Shape) -> Shape:
    """Subscribe an application. It acts at once, or waits when the plan asks for approval."""
    application = find_application(caller, request)
    product = caller.find(Product, "Invalid product identifier specified", product_id=request["productId"])
    if caller.via == "portal" and not _is_shown(product, application):
        raise NotFoundException("Invalid product identifier specified")
    offered = product.plans.filter(plan__plan_id=request["usagePlanId"]).select_related("plan").first()
    if offered is None:
        raise BadRequestException(f"The product is not offered under Usage Plan {request['usagePlanId']}")
    row = _place_for(application, product, offered)
    row.status = Subscription.Status.PENDING if offered.approval_required else Subscription.Status.ACTIVE
    row.save()
    if row.status == Subscription.Status.ACTIVE:
        equip(caller, application, offered.plan)
    match_scopes(application)
    tell_of_subscription(caller, row, "created" if row.status == Subscription.Status.ACTIVE else "requested")
    return subscription_shape(row)


@operation("GetSubscription", "gatehouse")
def get_subscription(caller: Caller, request: Shape) -> Shape:
    """One subscription."""
    return subscription_shape(_find(caller, request, reading=True))


@operation("ListSubscriptions", "gatehouse")
def list_subscriptions(caller: Caller, request: Shape) -> Shape:
    """Subscriptions that have the given members, oldest first."""
    rows = Subscription.objects.filter(
        owned_by(caller, request, "application__", reading=True),
        product__account_id=caller.account_id,
        product__region=caller.region,
    ).select_related(*_WITH)
    members = {
        "applicationId": "application__application_id",
        "productId": "product__product_id",
        "status": "status",
    }
    for member, field in members.items():
        if request.get(member):
            rows = rows.filter(**{field: request[member]})
    found, position = page(rows, request, "pk")
    keys = _keys_of(found)
    return paged([_shape(row, keys.get((row.application_id, row.product_plan.plan_id))) for row in found], position)


@operation("Unsubscribe", "gatehouse")
def unsubscribe(caller: Caller, request: Shape) -> Shape:
    """End a subscription."""
    end_subscription(caller, _find(caller, request))
    return {}


@operation("ApproveSubscription", "gatehouse")
def approve_subscription(caller: Caller, request: Shape) -> Shape:
    """Let a subscription that waits act."""
    row = _find_waiting(caller, request)
    row.status = Subscription.Status.ACTIVE
    row.save(update_fields=["status"])
    equip(caller, row.application, row.product_plan.plan)
    match_scopes(row.application)
    tell_of_subscription(caller, row, "approved")
    return subscription_shape(row)


@operation("RefuseSubscription", "gatehouse")
def refuse_subscription(caller: Caller, request: Shape) -> Shape:
    """Refuse a subscription that waits; the developer may ask again."""
    row = _find_waiting(caller, request)
    row.status = Subscription.Status.REFUSED
    row.save(update_fields=["status"])
    tell_of_subscription(caller, row, "refused")
    return subscription_shape(row)


def end_subscription(caller: Caller, row: Subscription) -> None:
    """Delete a subscription. The application's keys leave the plan unless another subscription of it uses the same one."""
    plan = row.product_plan.plan
    same = Subscription.objects.filter(
        application=row.application, product_plan__plan=plan, status=Subscription.Status.ACTIVE
    )
    if row.status == Subscription.Status.ACTIVE and not same.exclude(pk=row.pk).exists():
        members = UsagePlanKey.objects.filter(plan=plan, api_key__application_key__application=row.application)
        for key_id in list(members.values_list("api_key__key_id", flat=True)):
            request = {"usagePlanId": plan.plan_id, "keyId": key_id}
            registry.call(caller, "apigateway", "DeleteUsagePlanKey", request)
    tell_of_subscription(caller, row, "ended")
    row.delete()
    match_scopes(row.application)


def subscription_shape(row: Subscription) -> Shape:
    """The Subscription of `service-2.json`."""
    return _shape(row, _keys_of([row]).get((row.application_id, row.product_plan.plan_id)))


def _shape(row: Subscription, key_id: str | None) -> Shape:
    shape: Shape = {
        "subscriptionId": row.subscription_id,
        "applicationId": row.application.application_id,
        "applicationName": row.application.name,
        "ownerId": str(row.application.owner_id),
        "productId": row.product.product_id,
        "productName": row.product.name,
        "usagePlanId": row.product_plan.plan.plan_id,
        "usagePlanName": row.product_plan.plan.name,
        "status": str(row.status),
        "createdDate": row.created,
    }
    if key_id is not None and row.status == Subscription.Status.ACTIVE:
        shape["keyId"] = key_id
    return shape


def _keys_of(rows: list[Subscription]) -> dict[tuple[int, int], str]:
    """The newest key by application and plan, in one query."""
    members = UsagePlanKey.objects.filter(
        plan__in={row.product_plan.plan.pk for row in rows},
        api_key__application_key__application__in={row.application_id for row in rows},
    ).order_by("api_key_id")
    return {
        (application, plan): key_id
        for application, plan, key_id in members.values_list(
            "api_key__application_key__application__pk", "plan__pk", "api_key__key_id"
        )
    }


def _find(caller: Caller, request: Shape, *, reading: bool = False) -> Subscription:
    row = (
        Subscription.objects.filter(
            owned_by(caller, request, "application__", reading=reading),
            subscription_id=request["subscriptionId"],
            product__account_id=caller.account_id,
            product__region=caller.region,
        )
        .select_related(*_WITH)
        .first()
    )
    if row is None:
        raise NotFoundException(_UNKNOWN)
    return row


def _find_waiting(caller: Caller, request: Shape) -> Subscription:
    if caller.via == "portal":
        # Developers do not decide on their own subscriptions.
        raise NotFoundException(_UNKNOWN)
    row = _find(caller, request)
    if row.status != Subscription.Status.PENDING:
        raise ConflictException(f"The subscription is not waiting for approval: it is {row.status}")
    return row


def _is_shown(product: Product, application: Application) -> bool:
    """Whether the portal shows a product to the application's owner."""
    return Product.objects.filter(shown_to(application.owner), pk=product.pk, published=True).exists()


def _place_for(application: Application, product: Product, offered: ProductPlan) -> Subscription:
    """The row for a subscription: a new one, or that of an earlier refusal."""
    row = Subscription.objects.filter(application=application, product=product).first()
    if row is None:
        return Subscription(application=application, product=product, product_plan=offered)
    if row.status != Subscription.Status.REFUSED:
        raise ConflictException(f"{application.name} is already subscribed to {product.name}")
    row.application, row.product, row.product_plan = application, product, offered
    return row
