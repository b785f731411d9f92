"""Webhooks: addresses of an account's own programs that are told what happens in its developer portal."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, LimitExceededException, NotFoundException
from apps.control_plane.gatehouse.webhook_delivery import deliver
from apps.control_plane.paging import page, paged
from apps.control_plane.registry import Shape, operation
from apps.portals.models import Webhook, WebhookDelivery
from apps.portals.outbox import put_event, send_after_commit

MAX_WEBHOOKS = 20
TEST = "webhook.test"


@operation("CreateWebhook", "gatehouse")
def create_webhook(caller: Caller, request: Shape) -> Shape:
    """A webhook for some events, or for all of them. Its secret is in this answer alone."""
    if _mine(caller).count() >= MAX_WEBHOOKS:
        raise LimitExceededException(f"An account can have at most {MAX_WEBHOOKS} webhooks. Delete one first.")
    row = Webhook.objects.create(
        account_id=caller.account_id,
        url=_url(request["url"]),
        description=request.get("description") or "",
        events=list(dict.fromkeys(request.get("events") or [])),
        secret=_secret(),
    )
    return {**_shape(row), "secret": str(row.secret)}


@operation("GetWebhook", "gatehouse")
def get_webhook(caller: Caller, request: Shape) -> Shape:
    """One webhook, without its secret."""
    return _shape(_find(caller, request))


@operation("ListWebhooks", "gatehouse")
def list_webhooks(caller: Caller, request: Shape) -> Shape:
    """The account's webhooks, oldest first."""
    found, position = page(_mine(caller), request, "pk")
    return paged([_shape(row) for row in found], position)


@operation("UpdateWebhook", "gatehouse")
def update_webhook(caller: Caller, request: Shape) -> Shape:
    """Replace the members that are given. With `rotateSecret` the answer has another secret, and the one before signs no more."""
    row = _find(caller, request)
    if request.get("url") is not None:
        row.url = _url(request["url"])
    if request.get("events") is not None:
        row.events = list(dict.fromkeys(request["events"]))
    if request.get("description") is not None:
        row.description = request["description"]
    if request.get("enabled") is not None:
        row.enabled = request["enabled"]
    if not request.get("rotateSecret"):
        row.save()
        return _shape(row)
    row.secret = _secret()
    row.save()
    return {**_shape(row), "secret": str(row.secret)}


@operation("DeleteWebhook", "gatehouse")
def delete_webhook(caller: Caller, request: Shape) -> Shape:
    """Delete a webhook; what waits for it is not sent any more."""
    _find(caller, request).delete()
    return {}


@operation("TestWebhook", "gatehouse")
def test_webhook(caller: Caller, request: Shape) -> Shape:
    """Send the event `webhook.test` to a webhook, whatever events it is for."""
    row = _find(caller, request)
    return _delivery_shape(put_event(caller.account_id, TEST, {"webhookId": row.webhook_id}, deliver, only=row)[0])


@operation("ListWebhookDeliveries", "gatehouse")
def list_webhook_deliveries(caller: Caller, request: Shape) -> Shape:
    """What was sent to a webhook, latest first."""
    found, position = page(_find(caller, request).deliveries.all(), request, "-pk")
    return paged([_delivery_shape(row) for row in found], position)


@operation("RedeliverWebhook", "gatehouse")
def redeliver_webhook(caller: Caller, request: Shape) -> Shape:
    """Send an event again, now, under the id that it has."""
    row = _find(caller, request).deliveries.filter(event_id=request["deliveryId"]).first()
    if row is None:
        raise NotFoundException("Invalid delivery identifier specified")
    row.status, row.attempts, row.due, row.error = WebhookDelivery.Status.WAITING, 0, timezone.now(), ""
    row.save()
    send_after_commit(deliver, row)
    return _delivery_shape(row)


def _secret() -> str:
    return f"whsec_{secrets.token_urlsafe(32)}"


def _url(url: str) -> str:
    """The address, if it may be called at all: HTTPS, and plain HTTP only where private back ends are allowed too."""
    schemes = {"https", "http"} if settings.ENVIRONMENT.allow_private_backends else {"https"}
    try:
        parts = urlsplit(url)
        known = parts.scheme in schemes and parts.hostname and parts.username is None and parts.port != 0
    except ValueError:
        known = False
    if not known or not url.isascii() or not url.isprintable() or " " in url:
        raise BadRequestException(
            f"A webhook's url begins with {' or '.join(sorted(schemes, reverse=True))}:// and names a host"
        )
    return url


def _mine(caller: Caller) -> QuerySet[Webhook]:
    return Webhook.objects.filter(account_id=caller.account_id)


def _find(caller: Caller, request: Shape) -> Webhook:
    row = _mine(caller).filter(webhook_id=request["webhookId"]).first()
    if row is None:
        raise NotFoundException("Invalid webhook identifier specified")
    return row


def _shape(row: Webhook) -> Shape:
    return {
        "webhookId": row.webhook_id,
        "url": row.url,
        "events": row.events,
        "description": row.description,
        "enabled": row.enabled,
        "createdDate": row.created,
    }


def _delivery_shape(row: WebhookDelivery) -> Shape:
    shape: Shape = {
        "deliveryId": row.event_id,
        "event": row.event,
        "status": str(row.status),
        "attempts": row.attempts,
        "responseStatus": row.response_status,
        "error": row.error,
        "createdDate": row.created,
        "nextAttemptDate": row.due,
        "deliveredDate": row.delivered,
    }
    return {member: value for member, value in shape.items() if value is not None}
