"""What the portal does for a developer: every change is an operation, performed for the account that owns the product."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from apps.accounts.models import Account, User
from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException
from apps.portals.models import Application, ApplicationMember, Product, Subscription
from portal.developer.applications import Access, applications_for
from portal.developer.catalogue import Offer, OfferedPlan

FIRST_APPLICATION = "My first app"
Shape = dict[str, Any]


def create_application(
    request: HttpRequest, user: User, account_id: str, region: str, name: str, description: str = ""
) -> str:
    """The id of a new application; raises `AwsError` (ConflictException for a name that the user has in the account)."""
    members = {"ownerId": str(user.pk), "name": name, "description": description}
    caller = _portal_caller(request, user, account_id, region)
    application_id: str = registry.call(caller, "gatehouse", "CreateApplication", members)["applicationId"]
    return application_id


def change(request: HttpRequest, user: User, application: Application, operation: str, /, **members: Any) -> Shape:
    """Perform an operation on the user's own application; raises `AwsError`."""
    return _call(request, user, application, operation, applicationId=application.application_id, **members)


def unsubscribe(request: HttpRequest, user: User, subscription: Subscription) -> None:
    """End a subscription of the user; raises `AwsError`."""
    _call(request, user, subscription.application, "Unsubscribe", subscriptionId=subscription.subscription_id)


def join_application(request: HttpRequest, user: User, invitation: ApplicationMember) -> None:
    """Accept an invitation to an application; raises `AwsError`."""
    application = invitation.application
    caller = _portal_caller(request, user, application.account_id, application.region)
    members = {"memberId": invitation.member_id, "ownerId": str(user.pk)}
    registry.call(caller, "gatehouse", "AcceptApplicationInvitation", members)


def give_access(request: HttpRequest, user: User, offer: Offer, plan: OfferedPlan, application_id: str = "") -> str:
    """Have an application use a product under a plan, and answer the application's id.

    Without `application_id` it is the one that has access already, else the user's oldest, else a new "My first app". An
    application that uses the product under another plan changes over; asking again for what one has changes nothing.
    Raises `AwsError`: BadRequestException for an application that is not the user's, ConflictException where waiting for
    approval would cost the access that there is.
    """
    mine = applications_for(user, offer.product)
    if application_id:
        mine = [access for access in mine if access.application.id == application_id]
        if not mine:
            raise BadRequestException("That application is not one of yours.")
    with transaction.atomic():
        return _subscribe(request, user, offer, plan, mine[0] if mine else None)


def _subscribe(request: HttpRequest, user: User, offer: Offer, plan: OfferedPlan, access: Access | None) -> str:
    if access is None:
        application = _first_application(request, user, offer.product)
    else:
        application = access.application.row
        if access.subscription is not None and not access.refused:
            if access.plan_id == plan.id:
                return _with_key(request, user, access)
            if access.active and plan.approval_required:
                raise ConflictException(
                    f"{access.application.name} uses {offer.name} under another plan, which would end while you wait. "
                    "Unsubscribe it first, or ask for this plan with another application."
                )
            unsubscribe(request, user, access.subscription)
    members = {"productId": offer.product.product_id, "usagePlanId": plan.id}
    change(request, user, application, "Subscribe", **members)
    return application.application_id


def _with_key(request: HttpRequest, user: User, access: Access) -> str:
    """An application that has the plan already; a key that was revoked is made anew."""
    if access.active and access.key is None:
        change(request, user, access.application.row, "CreateApplicationKey")
    return access.application.id


def home_of_applications() -> tuple[str, str] | None:
    """Account and region of an application that is made before a product is chosen: those of the first product.

    None in an installation without any account.
    """
    place = Product.objects.filter(published=True).order_by("pk").values_list("account_id", "region").first()
    if place is not None:
        return place
    account_id = Account.objects.order_by("created", "pk").values_list("pk", flat=True).first()
    return None if account_id is None else (account_id, settings.ENVIRONMENT.region)


def _first_application(request: HttpRequest, user: User, product: Product) -> Application:
    """A first application. A name can be used once in an account, whatever the region."""
    taken = set(Application.objects.filter(owner=user, account_id=product.account_id).values_list("name", flat=True))
    name = FIRST_APPLICATION if FIRST_APPLICATION not in taken else f"My app in {product.region}"
    application_id = create_application(request, user, product.account_id, product.region, name)
    return Application.objects.get(owner=user, application_id=application_id)


def _call(request: HttpRequest, user: User, application: Application, operation: str, /, **members: Any) -> Shape:
    caller = _portal_caller(request, user, application.account_id, application.region)
    return registry.call(caller, "gatehouse", operation, {"ownerId": str(user.pk), **members})


def _portal_caller(request: HttpRequest, user: User, account_id: str, region: str) -> Caller:
    """The portal, acting in an account for a developer who is no member of it; the audit log names both."""
    return Caller(
        account_id=account_id,
        region=region,
        principal=f"arn:aws:iam::{account_id}:role/gatehouse/developer-portal/{user.pk}",
        via="portal",
        source_ip=request.META.get("REMOTE_ADDR") or "",
    )
