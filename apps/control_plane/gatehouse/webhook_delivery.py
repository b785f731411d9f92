"""Sending events to webhooks: signed, tried again with growing pauses, and written down.

`Gatehouse-Signature: t={seconds since 1970},v1={hex of HMAC-SHA256 over "{t}.{body}" with the webhook's secret}` says who sent it and when;
`Gatehouse-Delivery` is the event's id in every attempt.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from apps.control_plane.guarded_post import NotDelivered, post
from apps.portals import outbox
from apps.portals.models import WebhookDelivery

MOST_ATTEMPTS = 12
"""Over about six hours."""
AT_ONCE = 50
LOG_KEPT = timedelta(days=30)


@shared_task
def deliver(delivery_id: int) -> None:
    """Try a delivery that is due."""
    row = outbox.claim(WebhookDelivery.objects.select_related("webhook"), delivery_id)
    if row is not None:
        attempt(row)


@shared_task
def deliver_what_waits() -> None:
    """Try what no task came for, and what failed before and is due again; forget what is old."""
    now = timezone.now()
    waiting = WebhookDelivery.objects.filter(due__lte=now, webhook__enabled=True).order_by("due")
    for number in waiting.values_list("pk", flat=True)[:AT_ONCE]:
        deliver(number)
    WebhookDelivery.objects.filter(due=None, created__lt=now - LOG_KEPT).delete()


def attempt(row: WebhookDelivery) -> None:
    """Send an event once and write down how it went. Only an answer of 2xx counts as arrived."""
    body = row.payload.encode()
    try:
        row.response_status = post(
            row.webhook.url,
            body,
            [
                ("content-type", "application/json"),
                ("user-agent", "Gatehouse-Webhook"),
                ("gatehouse-event", row.event),
                ("gatehouse-delivery", row.event_id),
                ("gatehouse-signature", signature(str(row.webhook.secret), int(timezone.now().timestamp()), body)),
            ],
            allow_private=settings.ENVIRONMENT.allow_private_backends,
        )
        row.error = "" if 200 <= row.response_status < 300 else f"answered with {row.response_status}"
    except NotDelivered as error:
        row.response_status, row.error = None, str(error)
    if not row.error:
        row.status, row.delivered, row.due = WebhookDelivery.Status.DELIVERED, timezone.now(), None
    elif row.attempts >= MOST_ATTEMPTS:
        row.status, row.due = WebhookDelivery.Status.FAILED, None
    else:
        row.due = timezone.now() + outbox.backoff(row.attempts)
    row.save(update_fields=["response_status", "error", "status", "delivered", "due"])


def signature(secret: str, seconds: int, body: bytes) -> str:
    """The value of Gatehouse-Signature."""
    mac = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={mac}"
