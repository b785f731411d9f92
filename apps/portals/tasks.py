"""Celery's part in the developer portal: it publishes references and portals."""

from __future__ import annotations

from celery import shared_task

from apps.portals import publications, references


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
