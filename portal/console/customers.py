"""Customers: who holds API keys. They are told apart by the `customerId` of keys; applications of the developer portal set it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Max, Q, QuerySet
from django.http import Http404, HttpResponseBase
from django.urls import reverse

from apps.control_plane.paging import after, write_position
from apps.metering.models import TrafficMinute
from apps.portals.models import Application
from apps.usage_plans.models import ApiKey, UsagePlanKey
from portal.console.api_frame import command_samples
from portal.console.api_keys import days_chart, key_rows, keys_found
from portal.console.commands import Command
from portal.console.gate import Console, console_page
from portal.console.paging import SIZE, Page, page_found, page_of_rows
from portal.console.traffic_trends import requests_of_keys


@dataclass
class Customer:
    """A customer in the list: of the portal by name, otherwise by id."""

    customer_id: str
    keys: int
    application: Application | None = None
    plans: list[dict[str, str]] = field(default_factory=list)
    last_used: datetime | None = None
    requests: int = 0

    @property
    def name(self) -> str:
        return self.application.name if self.application else self.customer_id


@console_page("GET")
def customers(console: Console) -> HttpResponseBase:
    """Those whose key is the newest first; found by id, or by the name or the owner of an application."""
    query = console.request.GET.get("q", "").strip()
    pages = _page(console, query)
    return console.page(
        "console/customers.html",
        section="customers",
        query=query,
        pages=pages,
        cli=command_samples(console, [Command("GetApiKeys", {"customerId": "CUSTOMER_ID"})]),
    )


@console_page("GET")
def customer(console: Console, customer_id: str) -> HttpResponseBase:
    """One customer: what it asked for by the day, its keys, and what its application subscribes to."""
    keys = keys_found(console, "").filter(customer_id=customer_id)
    application = _applications(console).filter(application_id=customer_id).first()
    if application is None and not keys.exists():
        raise Http404(f"No API key has the customer {customer_id}.")
    name = application.name if application else customer_id
    pages = page_of_rows(console, keys, "-pk")
    return console.page(
        "console/customer.html",
        section="customers",
        customer_id=customer_id,
        name=name,
        application=application,
        subscriptions=application.subscriptions.select_related("product", "product_plan__plan") if application else [],
        rows=key_rows(console, pages.rows),
        pages=pages,
        chart=days_chart(console, keys.values("key_id")),
        cli=command_samples(console, [Command("GetApiKeys", {"customerId": customer_id})]),
        trail=[{"label": "Customers", "url": reverse("console:customers")}, {"label": name}],
    )


def _page(console: Console, query: str) -> Page[Customer]:
    keys = _keys(console)
    if query:
        named = _applications(console).filter(Q(name__icontains=query) | Q(owner__email__icontains=query))
        keys = keys.filter(Q(customer_id__istartswith=query) | Q(customer_id__in=named.values("application_id")))
    groups = keys.values("customer_id").annotate(keys=Count("pk"), newest=Max("pk")).order_by("-newest")
    position = console.request.GET.get("position", "")
    if position:
        groups = after(groups, position, "-newest")
    found = list(groups[: SIZE + 1])
    shown = found[:SIZE]
    rows = [Customer(str(one["customer_id"]), one["keys"]) for one in shown]
    _fill(console, {row.customer_id: row for row in rows})
    following = write_position([shown[-1]["newest"]]) if len(found) > SIZE else None
    return page_found(console, rows, following)


def _fill(console: Console, rows: dict[str, Customer]) -> None:
    """Names, plans and use of the customers that a page shows: a query each, however many keys they have."""
    keys = _keys(console).filter(customer_id__in=list(rows))
    holders = {key_id: str(holder) for key_id, holder in keys.values_list("key_id", "customer_id")}
    for application in _applications(console).filter(application_id__in=list(rows)).select_related("owner"):
        rows[application.application_id].application = application
    joined = UsagePlanKey.objects.filter(api_key__in=keys).order_by("plan__name")
    for holder, plan_id, name in joined.values_list("api_key__customer_id", "plan__plan_id", "plan__name").distinct():
        rows[str(holder)].plans.append({"id": plan_id, "name": name})
    used = TrafficMinute.objects.filter(
        account_id=console.account_id, region=console.region, key_id__in=keys.values("key_id")
    )
    for key_id, last in used.values_list("key_id").annotate(last=Max("minute")).order_by():
        row = rows[holders[key_id]]
        row.last_used = max(row.last_used or last, last)
    for key_id, requests in requests_of_keys(console.account_id, keys.values("key_id")).items():
        rows[holders[key_id]].requests += requests


def _keys(console: Console) -> QuerySet[ApiKey]:
    """The keys that somebody holds."""
    mine = ApiKey.objects.filter(account_id=console.account_id, region=console.region)
    return mine.exclude(customer_id=None).exclude(customer_id="")


def _applications(console: Console) -> QuerySet[Application]:
    return Application.objects.filter(account_id=console.account_id, region=console.region)
