"""References: what the developer portal shows of an API is the document of the deployment that its stage points to."""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from apps.deployments.models import Stage
from apps.portals.models import Product, ProductStage

logger = logging.getLogger("gatehouse.portal")


def publish_references_of(stage: Stage) -> None:
    """Have the references of a stage's products rendered after commit: call it when the stage moves to another deployment."""
    _after_commit(ProductStage.objects.filter(stage=stage))


def publish_references_of_product(product: Product) -> None:
    """Have a product's references rendered after commit: call it when the product is published or gets another stage."""
    _after_commit(ProductStage.objects.filter(product=product))


def behind() -> QuerySet[ProductStage]:
    """The references that do not show their stage's deployment."""
    return ProductStage.objects.exclude(reference_deployment_id=F("stage__deployment__deployment_id"))


def render(product_stage_id: int) -> bool:
    """Render one reference, if it is behind; False when it is not, or is gone.

    The document was exported without AWS's extensions when the deployment was made, so that it tells nothing of back ends.
    """
    with transaction.atomic():
        row = (
            behind()
            .select_related("stage__deployment")
            .select_for_update(of=("self",))
            .filter(pk=product_stage_id)
            .first()
        )
        if row is None:
            return False
        deployment = row.stage.deployment
        row.reference = deployment.openapi
        row.reference_deployment_id = deployment.deployment_id
        row.reference_published = timezone.now()
        row.save(update_fields=["reference", "reference_deployment_id", "reference_published"])
    return True


def _after_commit(rows: QuerySet[ProductStage]) -> None:
    ids = list(rows.values_list("pk", flat=True))
    if ids:
        transaction.on_commit(lambda: _send(ids), robust=True)


def _send(ids: list[int]) -> None:
    """Hand the work to Celery. Without a broker the periodic task finds it: until then pages say that it is coming."""
    from apps.portals.tasks import publish_reference

    for number in ids:
        try:
            publish_reference.apply_async((number,), retry=False)
        except BrokerError as error:
            logger.warning("the reference is rendered later: %s", error)
            return
