"""Celery's part in the developer portal: it publishes references."""

from __future__ import annotations

from celery import shared_task

from apps.portals import references


@shared_task
def publish_reference(product_stage_id: int) -> None:
    """Render a product stage's reference from its stage's deployment. Running it again changes nothing."""
    references.render(product_stage_id)


@shared_task
def publish_missing_references() -> None:
    """Render the references that no task came for, because the broker was away or lost them."""
    for number in references.behind().values_list("pk", flat=True):
        references.render(number)
