"""A developer's applications: found only through their owner and their members, so that others' are unknown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404
from django.utils import timezone

from apps.accounts.models import User
from apps.control_plane.paging import page
from apps.portals.models import Application, ApplicationKey, ApplicationMember, Product, Subscription
from apps.usage_plans.models import UsagePlan, UsagePlanKey

MANAGER = ApplicationMember.Role.MANAGER
Visitor = User | AnonymousUser


@dataclass
class KeyOnPage:
    """A key as its owner sees it. `expires` is when it stops working; `last_used` is told on the application's page alone."""

    row: ApplicationKey
    now: datetime = field(default_factory=timezone.now)
    last_used: datetime | None = None

    @property
    def id(self) -> str:
        return self.row.api_key.key_id

    @property
    def value(self) -> str:
        return self.row.api_key.value

    @property
    def masked(self) -> str:
        return mask(self.value)

    @property
    def expires(self) -> datetime | None:
        return self.row.api_key.expires_at

    @property
    def works(self) -> bool:
        return self.row.api_key.enabled and (self.expires is None or self.expires > self.now)

    @property
    def replaced(self) -> bool:
        return self.row.replaced_by_id is not None

    @property
    def label(self) -> str:
        return self.row.label

    @property
    def networks(self) -> list[str]:
        return list(self.row.api_key.source_networks)

    @property
    def websites(self) -> list[str]:
        return list(self.row.api_key.websites)

    @property
    def plans(self) -> list[UsagePlan]:
        return [membership.plan for membership in self.row.api_key.plans.all()]


class ApplicationOnPage:
    """An application with its keys (newest first) and subscriptions, all loaded, as its owner or a member sees it."""

    def __init__(self, row: Application, user: User) -> None:
        self.row = row
        self.mine = row.owner_id == user.pk
        self.membership = next((one for one in row.members.all() if one.user_id == user.pk), None)
        self.manages = self.mine or (self.membership is not None and self.membership.role == MANAGER)
        self.id = row.application_id
        self.name = row.name
        self.description = row.description
        self.keys = [KeyOnPage(key) for key in row.keys.all()]
        self.subscriptions: list[Subscription] = list(row.subscriptions.all())

    @property
    def working_keys(self) -> list[KeyOnPage]:
        return [key for key in self.keys if key.works]

    def key_under(self, plan: UsagePlan) -> KeyOnPage | None:
        """The key to call with under a plan: the newest that works, one that was not replaced by preference."""
        working = [key for key in self.working_keys if plan in key.plans]
        return next((key for key in working if not key.replaced), working[0] if working else None)

    @property
    def lacks_key(self) -> bool:
        """Whether a subscription is active that no key can use, because its key was revoked or has expired."""
        return any(self.key_under(one.product_plan.plan) is None for one in self.active_subscriptions)

    @property
    def active_subscriptions(self) -> list[Subscription]:
        return [one for one in self.subscriptions if one.status == Subscription.Status.ACTIVE]

    def subscription_to(self, product: Product) -> Subscription | None:
        return next((one for one in self.subscriptions if one.product_id == product.pk), None)


@dataclass(frozen=True)
class Access:
    """One of the reader's applications, related to the product that the page is about."""

    application: ApplicationOnPage
    subscription: Subscription | None

    @property
    def active(self) -> bool:
        return self.subscription is not None and self.subscription.status == Subscription.Status.ACTIVE

    @property
    def pending(self) -> bool:
        return self.subscription is not None and self.subscription.status == Subscription.Status.PENDING

    @property
    def refused(self) -> bool:
        return self.subscription is not None and self.subscription.status == Subscription.Status.REFUSED

    @property
    def key(self) -> KeyOnPage | None:
        """The key to call the product with, if access is active and a key is there."""
        if self.subscription is None or not self.active:
            return None
        return self.application.key_under(self.subscription.product_plan.plan)

    @property
    def plan_id(self) -> str:
        return self.subscription.product_plan.plan.plan_id if self.subscription else ""


def my_applications(user: User) -> list[ApplicationOnPage]:
    """The user's applications, newest first, in a fixed number of queries."""
    return [ApplicationOnPage(row, user) for row in _seen_by(user).order_by("-created", "-pk")]


def applications_page(user: User, position: str, limit: int) -> tuple[list[ApplicationOnPage], str | None]:
    """As `my_applications`, a page at a time, and the position of the next one."""
    found, following = page(_seen_by(user), {"limit": limit, "position": position}, "-pk")
    return [ApplicationOnPage(row, user) for row in found], following


def my_application(user: User, application_id: str) -> ApplicationOnPage:
    """The user's application, or one that they are a member of; raises Http404 for anybody else's."""
    row = _seen_by(user).filter(application_id=application_id).first()
    if row is None:
        raise Http404("No such application.")
    return ApplicationOnPage(row, user)


def applications_for(user: Visitor, product: Product) -> list[Access]:
    """The applications that the visitor owns or manages and that can use a product (same account and region), subscribed ones
    first, then their own."""
    if not isinstance(user, User):
        return []
    rows = _seen_by(user).filter(account_id=product.account_id, region=product.region).order_by("created", "pk")
    found = [one for one in (ApplicationOnPage(row, user) for row in rows) if one.manages]
    accesses = [Access(application, application.subscription_to(product)) for application in found]
    return sorted(accesses, key=lambda one: (not one.active, not one.pending, not one.application.mine))


def loaded(pks: Iterable[int]) -> list[Application]:
    """Applications with all that `ApplicationOnPage` reads, and their owners."""
    return list(_with_all(Application.objects.filter(pk__in=list(pks))).select_related("owner"))


def mask(value: str) -> str:
    """A key that can be recognised but not used."""
    return f"{value[:4]}…{value[-4:]}" if len(value) >= 16 else "…"


def _seen_by(user: User) -> QuerySet[Application]:
    shared = ApplicationMember.objects.filter(user=user).values("application")
    return _with_all(Application.objects.filter(Q(owner=user) | Q(pk__in=shared)))


def _with_all(rows: QuerySet[Application]) -> QuerySet[Application]:
    return rows.prefetch_related(
        "members",
        Prefetch("keys", ApplicationKey.objects.select_related("api_key").order_by("-created", "-pk")),
        Prefetch("keys__api_key__plans", UsagePlanKey.objects.select_related("plan").order_by("pk")),
        Prefetch(
            "subscriptions",
            Subscription.objects.select_related("product", "product_plan__plan").order_by("created", "pk"),
        ),
    )
