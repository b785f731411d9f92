"""Pages of portal products, in Markdown."""

from __future__ import annotations

from apps.control_plane.caller import Caller
from apps.control_plane.errors import TooManyRequestsException
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v2.members import find_in, page, paged
from apps.control_plane.v2.portal_products import forget_page, held_product, readable_product
from apps.portals.aws_portals import PortalProduct, ProductPage

MAX_PAGES = 40


@operation("CreateProductPage", service="apigatewayv2")
def create_product_page(caller: Caller, request: Shape) -> Shape:
    """A new page. It is a draft until the product's display order names it."""
    product = held_product(caller, request)
    if product.pages.count() >= MAX_PAGES:
        raise TooManyRequestsException("Maximum number of product pages for this portal product has been reached.")
    content = request["DisplayContent"]
    return _shape(ProductPage.objects.create(product=product, title=content["Title"], body=content["Body"]))


@operation("GetProductPage", service="apigatewayv2")
def get_product_page(caller: Caller, request: Shape) -> Shape:
    """One page."""
    return _shape(_find(readable_product(caller, request), request))


@operation("ListProductPages", service="apigatewayv2")
def list_product_pages(caller: Caller, request: Shape) -> Shape:
    """The pages of a product, without what they say."""
    rows = readable_product(caller, request).pages.select_related("product").defer("body")
    found, token = page(rows, request, "pk")
    return paged([{**_named(row), "PageTitle": row.title} for row in found], token)


@operation("UpdateProductPage", service="apigatewayv2")
def update_product_page(caller: Caller, request: Shape) -> Shape:
    """Replace what a page says."""
    row = _find(held_product(caller, request), request)
    content = request.get("DisplayContent")
    if content is not None:
        row.title, row.body = content["Title"], content["Body"]
        row.save()
    return _shape(row)


@operation("DeleteProductPage", service="apigatewayv2")
def delete_product_page(caller: Caller, request: Shape) -> Shape:
    """Delete a page, also from the product's display order."""
    product = held_product(caller, request)
    row = _find(product, request)
    forget_page(product, row.arn)
    row.delete()
    return {}


def _find(product: PortalProduct, request: Shape) -> ProductPage:
    return find_in(product.pages.select_related("product"), "ProductPage", page_id=request["ProductPageId"])


def _named(row: ProductPage) -> Shape:
    return {"ProductPageId": row.page_id, "ProductPageArn": row.arn, "LastModified": row.last_modified}


def _shape(row: ProductPage) -> Shape:
    """AWS's ProductPage."""
    return {**_named(row), "DisplayContent": {"Title": row.title, "Body": row.body}}
