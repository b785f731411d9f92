"""Portal products: what portals are made of. They belong to one account; others may show them as the sharing policy says."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, TooManyRequestsException
from apps.control_plane.locking import hold
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.tags import drop_tags, put_tags, tags_of, tags_of_all
from apps.control_plane.v2.members import find_in, page, page_of, paged
from apps.portals.aws_portals import PortalProduct
from apps.portals.sharing import may_show

MAX_PRODUCTS = 500


@operation("CreatePortalProduct", service="apigatewayv2")
def create_portal_product(caller: Caller, request: Shape) -> Shape:
    """A new product, without pages and shared with nobody."""
    if _mine(caller).count() >= MAX_PRODUCTS:
        raise TooManyRequestsException("Maximum number of portal products has been reached.")
    row = PortalProduct.objects.create(
        account_id=caller.account_id,
        region=caller.region,
        display_name=request["DisplayName"],
        description=request.get("Description") or "",
    )
    put_tags(caller, product_path(row.product_id), request.get("Tags"))
    return _shape(row, tags_of(caller, product_path(row.product_id)))


@operation("GetPortalProduct", service="apigatewayv2")
def get_portal_product(caller: Caller, request: Shape) -> Shape:
    """One product, also of another account that shares it."""
    row = readable_product(caller, request)
    return _shape(row, tags_of(caller, product_path(row.product_id)) if row.account_id == caller.account_id else {})


@operation("ListPortalProducts", service="apigatewayv2")
def list_portal_products(caller: Caller, request: Shape) -> Shape:
    """The products of the account in the region (SELF), or those that others share with it (OTHER_ACCOUNTS)."""
    owner = request.get("ResourceOwner") or "SELF"
    if owner == "OTHER_ACCOUNTS":
        shared = [(row.pk, row) for row in _shared(caller)]
        items, token = page_of(shared, request)
        return paged([_summary(row, {}) for _, row in items], token)
    if owner != "SELF":
        raise BadRequestException("Invalid resourceOwner parameter specified. It must be SELF or OTHER_ACCOUNTS.")
    rows, token = page(_mine(caller), request, "pk")
    tags = tags_of_all(caller, [product_path(row.product_id) for row in rows])
    return paged([_summary(row, tags[product_path(row.product_id)]) for row in rows], token)


@operation("UpdatePortalProduct", service="apigatewayv2")
def update_portal_product(caller: Caller, request: Shape) -> Shape:
    """Change a product. Pages that its display order does not name are drafts: portals do not show them."""
    row = held_product(caller, request)
    if request.get("DisplayName") is not None:
        row.display_name = request["DisplayName"]
    if request.get("Description") is not None:
        row.description = request["Description"]
    if request.get("DisplayOrder") is not None:
        row.display_order = _checked_order(row, request["DisplayOrder"])
    row.save()
    return _shape(row, tags_of(caller, product_path(row.product_id)))


@operation("DeletePortalProduct", service="apigatewayv2")
def delete_portal_product(caller: Caller, request: Shape) -> Shape:
    """Delete a product with its pages. What is published of it stays until its portals are published again."""
    row = held_product(caller, request)
    drop_tags(caller, product_path(row.product_id))
    row.delete()
    return {}


def find_product(caller: Caller, request: Shape) -> PortalProduct:
    """A product of the caller's own; raises NotFoundException."""
    return find_in(_mine(caller), "PortalProduct", product_id=request["PortalProductId"])


def held_product(caller: Caller, request: Shape) -> PortalProduct:
    """A product of the caller's own that nobody else changes meanwhile; raises NotFoundException."""
    row = find_product(caller, request)
    hold(row)
    return row


def readable_product(caller: Caller, request: Shape) -> PortalProduct:
    """A product that the caller may read: its own, or `ResourceOwnerAccountId`'s if it is shared. Raises NotFoundException."""
    owner = request.get("ResourceOwnerAccountId") or caller.account_id
    if owner == caller.account_id:
        return find_product(caller, request)
    theirs = PortalProduct.objects.filter(account_id=owner, region=caller.region)
    row = theirs.filter(product_id=request["PortalProductId"]).first()
    if row is None or not may_show(row, caller.account_id, caller.principal):
        theirs = theirs.none()
    return find_in(theirs, "PortalProduct", product_id=request["PortalProductId"])


def forget_page(product: PortalProduct, arn: str) -> None:
    """Take a page that is deleted out of its product's display order."""
    order = product.display_order
    if not order:
        return
    if order.get("OverviewPageArn") == arn:
        del order["OverviewPageArn"]
    if "ProductPageArns" in order:
        order["ProductPageArns"] = [kept for kept in order["ProductPageArns"] if kept != arn]
    for section in order.get("Contents") or ():
        section["ProductRestEndpointPageArns"] = [
            kept for kept in section["ProductRestEndpointPageArns"] if kept != arn
        ]
    product.save()


def product_path(product_id: str) -> str:
    return f"/portalproducts/{product_id}"


def _mine(caller: Caller) -> QuerySet[PortalProduct]:
    return PortalProduct.objects.filter(account_id=caller.account_id, region=caller.region)


def _shared(caller: Caller) -> list[PortalProduct]:
    named = Q(sharing_policy__contains=caller.account_id) | Q(sharing_policy__contains="*")
    rows = PortalProduct.objects.filter(named, region=caller.region).exclude(account_id=caller.account_id)
    return [row for row in rows.order_by("pk") if may_show(row, caller.account_id, caller.principal)]


def _checked_order(row: PortalProduct, order: Shape) -> Shape:
    """A display order that names pages of this product, each once."""
    pages = {page.arn for page in row.pages.select_related("product").defer("body")}
    endpoints = {page.arn for page in row.endpoint_pages.select_related("product").defer("body")}
    overview = order.get("OverviewPageArn")
    named_pages = [*([overview] if overview else ()), *(order.get("ProductPageArns") or ())]
    sections = order.get("Contents") or []
    named_endpoints = [arn for section in sections for arn in section["ProductRestEndpointPageArns"]]
    for named, known in ((named_pages, pages), (named_endpoints, endpoints)):
        for arn in named:
            if arn not in known:
                raise BadRequestException(f"Invalid page ARN specified in the display order: {arn}")
        if len(set(named)) != len(named):
            raise BadRequestException("A page can be specified only once in the display order")
    if any(not section["SectionName"].strip() for section in sections):
        raise BadRequestException("Section names cannot be empty")
    return {name: value for name, value in order.items() if value is not None}


def _summary(row: PortalProduct, tags: dict[str, str]) -> Shape:
    """AWS's PortalProductSummary."""
    return {
        "PortalProductId": row.product_id,
        "PortalProductArn": row.arn,
        "DisplayName": row.display_name,
        "Description": row.description,
        "LastModified": row.last_modified,
        "Tags": tags,
    }


def _shape(row: PortalProduct, tags: dict[str, str]) -> Shape:
    """AWS's PortalProduct."""
    shape = _summary(row, tags)
    return {**shape, "DisplayOrder": row.display_order} if row.display_order else shape
