"""What is told to somebody outside: messages by e-mail and events by webhook, written down first and sent by Celery after commit.

Both are sent at least once, and say by a key or an id which of them are the same.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from celery import Task
from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from apps.accounts.models import User
from apps.portals.models import OutgoingMail, Webhook, WebhookDelivery

logger = logging.getLogger("gatehouse.portal")

CLAIM = timedelta(minutes=2)
"""How long nobody else tries what somebody is trying: longer than an attempt can take."""


def put_mail(key: str, people: Iterable[User], subject: str, text: str) -> None:
    """Have each of them told, once by `key` (at most 100 characters). People without an address are passed over."""
    for person in people:
        if person.email:
            put_mail_to(f"{key}:{person.pk}", person.email, subject, text)


def put_mail_to(key: str, address: str, subject: str, text: str) -> None:
    """Have an address told, once by `key`."""
    from apps.portals.tasks import send_mail_out

    wanted = {"recipient": address, "subject": subject[:200], "text": text, "due": timezone.now()}
    row, made = OutgoingMail.objects.get_or_create(key=key, defaults=wanted)
    if made:
        send_after_commit(send_mail_out, row)


def put_event(
    account_id: str, event: str, data: dict[str, Any], task: Task, only: Webhook | None = None
) -> list[WebhookDelivery]:
    """Have an event sent to the webhooks of the account that ask for it, or to one alone; `task` delivers a row."""
    hooks = [only] if only else Webhook.objects.filter(account_id=account_id, enabled=True).order_by("pk")
    event_id, now = secrets.token_hex(16), timezone.now()
    body = {"id": event_id, "event": event, "accountId": account_id, "created": now.isoformat(), "data": data}
    rows = []
    for hook in hooks:
        if only is None and hook.events and event not in hook.events:
            continue
        payload = json.dumps(body, ensure_ascii=False)
        row = WebhookDelivery.objects.create(webhook=hook, event_id=event_id, event=event, payload=payload, due=now)
        send_after_commit(task, row)
        rows.append(row)
    return rows


def claim(rows: QuerySet[Any], pk: int) -> Any:
    """The row, if it is due and nobody else has it; it is then due again when whoever claimed it has died."""
    now = timezone.now()
    with transaction.atomic():
        row = rows.select_for_update(of=("self",)).filter(pk=pk, due__lte=now).first()
        if row is not None:
            row.attempts += 1
            row.due = now + CLAIM
            row.save(update_fields=["attempts", "due"])
    return row


def send_after_commit(task: Task, row: Model) -> None:
    """Hand a row to Celery. Without a broker the periodic task finds it."""

    def send() -> None:
        try:
            task.apply_async((row.pk,), retry=False)
        except BrokerError as error:
            logger.warning("%s is sent later: %s", type(row).__name__, error)

    transaction.on_commit(send, robust=True)


def backoff(attempts: int) -> timedelta:
    """How long to wait after so many attempts: 10 seconds, 20, 40 … up to an hour."""
    return min(timedelta(seconds=10 * 2 ** (attempts - 1)), timedelta(hours=1))
