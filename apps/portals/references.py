"""References: what the developer portal shows of an API is the document of the deployment that its stage points to."""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from apps.core import documents
from apps.core.v2_documents import V2DeploymentDocument
from apps.deployments.models import Stage
from apps.portals.models import ProductStage
from apps.portals.v2_references import reference_of_document

logger = logging.getLogger("gatehouse.portal")


def publish_references_of(stage: Stage) -> None:
    """Have the references of a stage's products rendered after commit: call it when the stage moves to another deployment."""
    _after_commit(ProductStage.objects.filter(stage=stage))


def behind() -> QuerySet[ProductStage]:
    """The references that do not show their stage's deployment. A stage of an HTTP or WebSocket API may have none."""
    rest = Q(stage__isnull=False) & ~Q(reference_deployment_id=F("stage__deployment__deployment_id"))
    v2 = Q(v2_stage__deployment__isnull=False) & ~Q(reference_deployment_id=F("v2_stage__deployment__deployment_id"))
    return ProductStage.objects.filter(rest | v2)


def render(product_stage_id: int) -> bool:
    """Render one reference, if it is behind; False when it is not, or is gone.

    The document was exported without AWS's extensions when the deployment was made, so that it tells nothing of back ends.
    """
    with transaction.atomic():
        row = (
            behind()
            .select_related("stage__deployment", "v2_stage__deployment", "v2_stage__api")
            .select_for_update(of=("self",))
            .filter(pk=product_stage_id)
            .first()
        )
        if row is None:
            return False
        show_deployment(row)
    return True


def show_deployment(row: ProductStage) -> None:
    """Put into a product's stage the reference of what it serves now; nothing where a stage has no deployment yet."""
    if row.stage is not None:
        row.reference, row.reference_deployment_id = row.stage.deployment.openapi, row.stage.deployment.deployment_id
    else:
        assert row.v2_stage is not None, "a product's stage is of one kind"
        deployment, api = row.v2_stage.deployment, row.v2_stage.api
        if deployment is None:
            return
        frozen = documents.decode(deployment.document)
        assert isinstance(frozen, V2DeploymentDocument)
        row.reference = reference_of_document(frozen, api.description or "", api.version or "")
        row.reference_deployment_id = deployment.deployment_id
    row.reference_published = timezone.now()
    row.save(update_fields=["reference", "reference_deployment_id", "reference_published"])


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
