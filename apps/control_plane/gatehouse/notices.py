"""Who is told what happens in the portal: developers and staff by e-mail, programs of the account by webhook."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings

from apps.accounts.models import Membership, User
from apps.control_plane.caller import Caller
from apps.control_plane.gatehouse.webhook_delivery import deliver
from apps.deployments.models import Stage, StageCanary
from apps.portals.models import Application, ChangelogEntry, PortalBrand, Product, Subscription
from apps.portals.outbox import put_event, put_mail


def tell_programs(caller: Caller, event: str, data: dict[str, Any]) -> None:
    """Send an event to the account's webhooks."""
    put_event(caller.account_id, event, data, deliver)


def tell_of_subscription(caller: Caller, row: Subscription, event: str) -> None:
    """Tell of a subscription: its developer once it was decided, staff while it waits, programs always."""
    tell_programs(caller, f"subscription.{event}", subscription_data(row))
    product, application = row.product.name, row.application.name
    if event == "requested":
        text = (
            f"{application} of {row.application.owner.email} asks for access to {product} under the plan "
            f"{row.product_plan.plan.name}.\n\nDecide here: {_portal('/console/subscriptions/?status=pending')}"
        )
        staff = User.objects.filter(memberships__account=row.product.account_id).exclude(
            memberships__role__in=(Membership.Role.VIEWER, Membership.Role.MEMBER)
        )
        _mail(
            caller,
            f"request:{row.subscription_id}:{caller.request_id}",
            staff,
            f"{application} asks for {product}",
            text,
        )
    if event in ("approved", "refused"):
        place = _portal(f"/apps/{row.application.application_id}/")
        text = (
            f"{application} may use {product} now. Its key is here: {place}"
            if event == "approved"
            else f"The request of {application} for {product} was refused. You can ask again: {place}"
        )
        subject = f"{product}: access {event}"
        _mail(caller, f"{event}:{row.subscription_id}:{caller.request_id}", [row.application.owner], subject, text)


def tell_of_deprecation(caller: Caller, product: Product) -> None:
    """Tell subscribers that a product ends."""
    end = f" It ends on {product.sunset:%-d %B %Y}." if product.sunset else ""
    instead = f"\n\nUse {product.successor.name} instead: {_page(product.successor)}" if product.successor else ""
    text = f"{product.name} is deprecated.{end}\n\n{product.deprecation_notice}{instead}\n\n{_page(product)}"
    _mail(
        caller,
        f"deprecation:{product.product_id}:{caller.request_id}",
        _subscribers(product),
        f"{product.name} is deprecated",
        text,
    )
    data = {"productId": product.product_id, "slug": product.slug, "notice": product.deprecation_notice}
    if product.sunset:
        data["sunsetDate"] = product.sunset.isoformat()
    tell_programs(caller, "product.deprecated", data)


def tell_of_change(caller: Caller, entry: ChangelogEntry, *, mail: bool) -> None:
    """Tell of a changelog entry: programs always, subscribers where asked."""
    product = entry.product
    if mail:
        version = f" {entry.version}" if entry.version else ""
        text = f"{entry.body}\n\n{_page(product)}"
        subject = f"{product.name}{version}: {entry.title}"
        _mail(caller, f"changelog:{entry.entry_id}", _subscribers(product), subject, text)
    data = {"productId": product.product_id, "slug": product.slug, "title": entry.title, "version": entry.version}
    tell_programs(caller, "changelog.created", data)


def tell_of_quota(
    caller: Caller,
    row: Subscription,
    people: Iterable[User],
    key: str,
    *,
    threshold: int,
    used: int,
    limit: int,
    resets: datetime,
) -> None:
    """Tell that so many per cent of a quota are used; `key` names quota, period and threshold."""
    name, product = row.application.name, row.product.name
    rest = "Calls are refused until then." if threshold >= 100 else "Calls beyond it are refused."
    text = (
        f"{name} has used {used:,} of {limit:,} calls of {product}. The count starts again on {resets:%-d %B %Y, %H:%M} UTC. {rest}"
        f"\n\n{_portal(f'/apps/{row.application.application_id}/')}"
    )
    what = "all" if threshold >= 100 else f"{threshold} %"
    _mail(caller, key, people, f"{name} has used {what} of its quota of {product}", text)
    data = {
        **subscription_data(row),
        "threshold": threshold,
        "used": used,
        "limit": limit,
        "resets": resets.isoformat(),
    }
    tell_programs(caller, "quota.reached", data)


def tell_of_canary(caller: Caller, stage: Stage, row: StageCanary, verdict: str) -> None:
    """Tell programs that a canary was promoted or ended, and people of the account when it was its guard that did so."""
    data = {
        "restApiId": stage.rest_api_id,
        "stageName": stage.name,
        "deploymentId": row.deployment_id,
        "reason": row.reason,
        "verdict": verdict,
        "byGuard": caller.via == "guard",
    }
    tell_programs(caller, f"canary.{row.outcome}", data)
    if caller.via != "guard":
        return
    people = User.objects.filter(memberships__account=caller.account_id).exclude(
        memberships__role=Membership.Role.VIEWER
    )
    name = f"{stage.rest_api.name} · {stage.name}"
    done = "was promoted" if row.outcome == StageCanary.Outcome.PROMOTED else "was rolled back"
    place = _portal(f"/console/apis/{stage.rest_api_id}/stages/{stage.name}/canary/")
    text = f"The canary {row.deployment_id} of {name} {done} by its guard.\n\n{row.reason}\n\n{place}"
    _mail(caller, f"canary:{row.pk}", people, f"The canary of {name} {done}", text)


def subscription_data(row: Subscription) -> dict[str, Any]:
    """A subscription as events have it."""
    return {
        "subscriptionId": row.subscription_id,
        "status": str(row.status),
        "productId": row.product.product_id,
        "productName": row.product.name,
        "usagePlanId": row.product_plan.plan.plan_id,
        **application_data(row.application),
    }


def application_data(row: Application) -> dict[str, Any]:
    """An application as events have it."""
    return {"applicationId": row.application_id, "applicationName": row.name, "owner": row.owner.email}


def _subscribers(product: Product) -> Iterable[User]:
    active = Subscription.objects.filter(product=product, status=Subscription.Status.ACTIVE)
    return User.objects.filter(applications__subscriptions__in=active).distinct()


def _mail(caller: Caller, key: str, people: Iterable[User], subject: str, text: str) -> None:
    brand = PortalBrand.objects.defer("logo").filter(account_id=caller.account_id).first()
    name = brand.name if brand and brand.name else "Gatehouse Developers"
    put_mail(key, people, subject, f"{text}\n\n{name}\n{_portal('/')}\n")


def _page(product: Product) -> str:
    return _portal(f"/products/{product.slug}/")


def _portal(path: str) -> str:
    return f"{settings.ENVIRONMENT.portal_url}{path}"
