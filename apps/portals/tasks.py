"""Celery's part in the developer portal: it publishes references and portals, and sends messages."""

from __future__ import annotations

import logging
from datetime import timedelta
from smtplib import SMTPException

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from apps.portals import outbox, publications, references
from apps.portals.models import OutgoingMail

MOST_ATTEMPTS = 12
AT_ONCE = 100
MAIL_KEPT = timedelta(days=90)

logger = logging.getLogger("gatehouse.portal")


@shared_task
def publish_reference(product_stage_id: int) -> None:
    """Render a product stage's reference from its stage's deployment. Running it again changes nothing."""
    references.render(product_stage_id)


@shared_task
def publish_missing_references() -> None:
    """Render the references that no task came for, because the broker was away or lost them."""
    for number in references.behind().values_list("pk", flat=True):
        references.render(number)


@shared_task
def publish_portal(portal_pk: int) -> None:
    """Make the publication that PublishPortal asked for. Running it again changes nothing."""
    publications.publish(portal_pk)


@shared_task
def preview_portal(portal_pk: int) -> None:
    """Make the preview that PreviewPortal asked for."""
    publications.preview(portal_pk)


@shared_task
def publish_waiting_portals() -> None:
    """Make the publications and previews that no task came for, because the broker was away or lost them."""
    for make, portal_pk in publications.to_be_done():
        make(portal_pk)


@shared_task
def send_mail_out(mail_id: int) -> None:
    """Send a message that is due. Sent twice, when a worker dies in between, it has the same Message-ID."""
    row = outbox.claim(OutgoingMail.objects.all(), mail_id)
    if row is None:
        return
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip(">") or "localhost"
    message = EmailMessage(row.subject, row.text, to=[row.recipient], headers={"Message-ID": f"<{row.key}@{host}>"})
    try:
        message.send()
    except (OSError, SMTPException) as error:
        row.due = timezone.now() + outbox.backoff(row.attempts) if row.attempts < MOST_ATTEMPTS else None
        row.save(update_fields=["due"])
        logger.warning("a message about %s was not sent: %s", row.key, type(error).__name__)
        return
    row.sent, row.due = timezone.now(), None
    row.save(update_fields=["sent", "due"])


@shared_task
def send_mail_that_waits() -> None:
    """Send what no task came for, and what failed before and is due again; forget what was sent long ago."""
    now = timezone.now()
    for number in OutgoingMail.objects.filter(due__lte=now).order_by("due").values_list("pk", flat=True)[:AT_ONCE]:
        send_mail_out(number)
    OutgoingMail.objects.filter(due=None, created__lt=now - MAIL_KEPT).delete()
