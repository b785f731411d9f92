"""Publications: a portal with its products, pages and endpoints as one document, made aside and put in place at once.

A publication that cannot be made leaves the one before it where it is; the portal then says why.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from celery import Task
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from apps.portals.aws_portals import Portal, PortalProduct, PortalPublication, ProductRestEndpointPage
from apps.portals.endpoints import EndpointUnavailable, described_operation, takes_try_it
from apps.portals.models import PortalBrand
from apps.portals.sharing import product_to_show

KEPT = 5
"""Publications of a portal that are kept: the live one, and those before it that it can go back to."""

LARGEST = 16 * 1024 * 1024
"""Characters of JSON that a publication has at most."""

Document = dict[str, Any]
logger = logging.getLogger("gatehouse.portal")


class CannotPublish(Exception):
    """A portal cannot be published as it is; the message says what is missing."""


def publish(portal_pk: int) -> None:
    """Do what PublishPortal asked for, if it is still to be done. Running it again changes nothing."""
    with transaction.atomic():
        portal = Portal.objects.select_for_update().filter(pk=portal_pk).first()
        if portal is None or portal.status != Portal.Status.PUBLISH_IN_PROGRESS:
            return
        try:
            made = _make(portal, portal.publishing_description)
        except CannotPublish as error:
            portal.status = Portal.Status.PUBLISH_FAILED
            portal.status_exception = _exception(error)
        else:
            put_in_place(portal, made)
        portal.save()
        _forget_oldest(portal)


def preview(portal_pk: int) -> None:
    """Do what PreviewPortal asked for, if it is still to be done."""
    with transaction.atomic():
        portal = Portal.objects.select_for_update().filter(pk=portal_pk).first()
        if portal is None or portal.preview_status != Portal.PreviewStatus.IN_PROGRESS:
            return
        portal.publications.filter(is_preview=True).delete()
        try:
            portal.preview = _make(portal, "", is_preview=True)
        except CannotPublish as error:
            portal.preview_status, portal.preview = Portal.PreviewStatus.FAILED, None
            portal.preview_exception = _exception(error)
        else:
            portal.preview_status, portal.preview_exception = Portal.PreviewStatus.READY, None
        portal.save()


def put_in_place(portal: Portal, publication: PortalPublication) -> None:
    """Have visitors see a publication from the transaction's commit on; the caller saves the portal."""
    portal.live, portal.status, portal.status_exception = publication, Portal.Status.PUBLISHED, None
    portal.last_published, portal.last_published_description = timezone.now(), publication.description


def to_be_done() -> list[tuple[Callable[[int], None], int]]:
    """What is in progress and that no task came for, because the broker was away or lost it."""
    publishing = Portal.objects.filter(status=Portal.Status.PUBLISH_IN_PROGRESS).values_list("pk", flat=True)
    previewing = Portal.objects.filter(preview_status=Portal.PreviewStatus.IN_PROGRESS).values_list("pk", flat=True)
    return [*((publish, number) for number in publishing), *((preview, number) for number in previewing)]


def after_commit(task: Task, portal: Portal) -> None:
    """Hand a portal to a task of Celery once its row is committed. Without a broker the periodic task finds it."""

    def send() -> None:
        try:
            task.apply_async((portal.pk,), retry=False)
        except BrokerError as error:
            logger.warning("the portal is published later: %s", error)

    transaction.on_commit(send, robust=True)


def _make(portal: Portal, description: str, *, is_preview: bool = False) -> PortalPublication:
    logo, kind = portal.logo, portal.logo_content_type
    if not kind:
        brand = PortalBrand.objects.filter(account_id=portal.account_id).exclude(logo_digest="").first()
        logo, kind = (brand.logo, brand.logo_content_type) if brand else (None, "")
    document = portal_document(portal)
    if len(json.dumps(document, ensure_ascii=False)) > LARGEST:
        raise CannotPublish(f"The portal's pages and references have more than {LARGEST // 1024 // 1024} MB together.")
    return PortalPublication.objects.create(
        portal=portal,
        document=document,
        logo=logo,
        logo_content_type=kind,
        description=description,
        is_preview=is_preview,
    )


def portal_document(portal: Portal) -> Document:
    """All that a visitor sees. `references` has the export of each stage, by `{api}/{stage}`. Raises CannotPublish."""
    references: dict[str, Document] = {}
    products = []
    for arn in portal.product_arns:
        product = product_to_show(arn, portal.account_id, portal.region)
        if product is None:
            raise CannotPublish(f"The portal product {arn} does not exist or is not shared with this account.")
        products.append(_product(product, references))
    return {
        "name": portal.display_name,
        "description": portal.description,
        "colors": portal.colors,
        "authorization": portal.authorization,
        "region": portal.region,
        "products": products,
        "references": references,
    }


def _product(product: PortalProduct, references: dict[str, Document]) -> Document:
    order = product.display_order or {}
    pages = {page.arn: page for page in product.pages.select_related("product")}
    endpoints = {page.arn: page for page in product.endpoint_pages.select_related("product")}
    overview = pages.get(order.get("OverviewPageArn") or "")
    shown = [pages[arn] for arn in order.get("ProductPageArns") or () if arn in pages]
    return {
        "id": product.product_id,
        "name": product.display_name,
        "description": product.description,
        "overview": overview.body if overview else "",
        "pages": [{"id": page.page_id, "title": page.title, "body": page.body} for page in shown],
        "sections": [
            {
                "name": section["SectionName"],
                "endpoints": [
                    _endpoint(endpoints[arn], references)
                    for arn in section["ProductRestEndpointPageArns"]
                    if arn in endpoints
                ],
            }
            for section in order.get("Contents") or ()
        ],
    }


def _endpoint(page: ProductRestEndpointPage, references: dict[str, Document]) -> Document:
    stage = page.stage()
    try:
        operation = described_operation(page, stage)
    except EndpointUnavailable as error:
        raise CannotPublish(f"{page.method} {page.path} cannot be shown: {error}") from error
    key = f"{page.rest_api_id}/{page.stage_name}"
    if stage is not None:
        references.setdefault(key, stage.deployment.openapi)
    return {
        "id": page.page_id,
        "name": page.operation_name or operation.name,
        "method": page.method,
        "path": page.path,
        "body": page.body,
        "endpoint": page.endpoint,
        "try_it": page.try_it and takes_try_it(stage),
        "api_id": page.rest_api_id,
        "stage_name": page.stage_name,
    }


def _forget_oldest(portal: Portal) -> None:
    published = portal.publications.filter(is_preview=False)
    kept = list(published.order_by("-pk").values_list("pk", flat=True)[:KEPT])
    if portal.live_id is not None:
        kept.append(portal.live_id)
    published.exclude(pk__in=kept).delete()


def _exception(error: CannotPublish) -> Document:
    return {"Exception": "BadRequestException", "Message": str(error)[:2048]}
