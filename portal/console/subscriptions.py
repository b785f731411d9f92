"""Subscriptions: which developer's application uses which product, and the queue of those that wait."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponseBase
from django.shortcuts import redirect

from apps.control_plane.paging import page
from apps.portals.models import Subscription
from portal.console.gate import Console, console_page

_PAGE = 25
_SERVICE = "gatehouse"


@console_page("GET")
def subscriptions(console: Console) -> HttpResponseBase:
    """The queue first; `?status=` shows those of one status, `?product=` those of one product."""
    given = {name: console.request.GET.get(name, "") for name in ("status", "product", "position")}
    rows = Subscription.objects.filter(product__account_id=console.account_id, product__region=console.region)
    waiting = rows.filter(status=Subscription.Status.PENDING).count()
    if given["status"] in Subscription.Status.values:
        rows = rows.filter(status=given["status"])
    if given["product"]:
        rows = rows.filter(product__product_id=given["product"])
    found, following = page(
        rows.select_related("application__owner", "product", "product_plan__plan"),
        {"limit": _PAGE, "position": given["position"]},
        "-pk",
    )
    kept = {name: value for name, value in given.items() if value and name != "position"}
    return console.page(
        "console/subscriptions.html",
        section="subscriptions",
        subscriptions=found,
        waiting=waiting,
        status_name=given["status"],
        product_id=given["product"],
        statuses=[("", "All"), *Subscription.Status.choices],
        next_url="?" + urlencode({**kept, "position": following}) if following else "",
        first_url="?" + urlencode(kept) if given["position"] else "",
    )


@console_page("POST")
def approve(console: Console, subscription_id: str) -> HttpResponseBase:
    """Let a waiting subscription in; its application gets a key."""
    request = {"subscriptionId": subscription_id}
    console.attempt("Approved. The application's key works now.", "ApproveSubscription", request, _SERVICE)
    return redirect("console:subscriptions")


@console_page("POST")
def refuse(console: Console, subscription_id: str) -> HttpResponseBase:
    """Turn a waiting subscription down."""
    console.attempt("Refused.", "RefuseSubscription", {"subscriptionId": subscription_id}, _SERVICE)
    return redirect("console:subscriptions")
