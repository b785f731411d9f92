"""Pages about methods of REST APIs in portal products: what the stage's export says, with overrides, and whether it can be tried."""

from __future__ import annotations

from typing import Any

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, TooManyRequestsException
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v2.members import find_in, page, paged
from apps.control_plane.v2.portal_checks import one_of
from apps.control_plane.v2.portal_products import forget_page, held_product, readable_product
from apps.portals.aws_portals import PortalProduct, ProductRestEndpointPage
from apps.portals.endpoints import DescribedOperation, EndpointUnavailable, described_operation, takes_try_it

MAX_PAGES = 40
_OVERRIDES = {"Body": "body", "Endpoint": "endpoint", "OperationName": "operation_name"}


@operation("CreateProductRestEndpointPage", service="apigatewayv2")
def create_product_rest_endpoint_page(caller: Caller, request: Shape) -> Shape:
    """A page about a method of one of the account's stages. It is a draft until the product's display order names it."""
    product = held_product(caller, request)
    if product.endpoint_pages.count() >= MAX_PAGES:
        raise TooManyRequestsException(
            "Maximum number of product REST endpoint pages for this portal product has been reached."
        )
    parts = request["RestEndpointIdentifier"].get("IdentifierParts")
    if parts is None:
        raise BadRequestException("The identifier parts of the REST endpoint must be specified")
    row = ProductRestEndpointPage(
        product=product,
        rest_api_id=parts["RestApiId"],
        stage_name=parts["Stage"],
        path=parts["Path"],
        method=parts["Method"].upper(),
    )
    try:
        described_operation(row, row.stage())
    except EndpointUnavailable as error:
        raise BadRequestException(f"Invalid REST endpoint identifier specified. {error}") from error
    _assign(row, request)
    row.save()
    return _shape(row)


@operation("GetProductRestEndpointPage", service="apigatewayv2")
def get_product_rest_endpoint_page(caller: Caller, request: Shape) -> Shape:
    """One page; with `IncludeRawDisplayContent` also the operation of the stage's export, as JSON."""
    row = _find(readable_product(caller, request), request)
    shape = _shape(row)
    if request.get("IncludeRawDisplayContent") == "true":
        described = _described(row)
        if isinstance(described, DescribedOperation):
            shape["RawDisplayContent"] = described.raw
    return shape


@operation("ListProductRestEndpointPages", service="apigatewayv2")
def list_product_rest_endpoint_pages(caller: Caller, request: Shape) -> Shape:
    """The pages of a product, without what they say."""
    rows = readable_product(caller, request).endpoint_pages.select_related("product").defer("body")
    found, token = page(rows, request, "pk")
    return paged([_summary(row) for row in found], token)


@operation("UpdateProductRestEndpointPage", service="apigatewayv2")
def update_product_rest_endpoint_page(caller: Caller, request: Shape) -> Shape:
    """Replace a page's overrides, and say whether its endpoint can be tried. What it is about stays."""
    row = _find(held_product(caller, request), request)
    _assign(row, request)
    row.save()
    return _shape(row)


@operation("DeleteProductRestEndpointPage", service="apigatewayv2")
def delete_product_rest_endpoint_page(caller: Caller, request: Shape) -> Shape:
    """Delete a page, also from the product's display order."""
    product = held_product(caller, request)
    row = _find(product, request)
    forget_page(product, row.arn)
    row.delete()
    return {}


def _find(product: PortalProduct, request: Shape) -> ProductRestEndpointPage:
    rows = product.endpoint_pages.select_related("product")
    return find_in(rows, "ProductRestEndpointPage", page_id=request["ProductRestEndpointPageId"])


def _assign(row: ProductRestEndpointPage, request: Shape) -> None:
    content = request.get("DisplayContent")
    if content is not None:
        overrides = content["Overrides"] if one_of(content, "display content") == "Overrides" else {}
        for name, field in _OVERRIDES.items():
            setattr(row, field, overrides.get(name) or "")
    if row.endpoint and not row.endpoint.startswith(("https://", "http://")):
        raise BadRequestException("Invalid endpoint specified. It must be an https or http URL.")
    if request.get("TryItState") is not None:
        row.try_it = request["TryItState"] == "ENABLED"
        if row.try_it and not takes_try_it(row.stage()):
            raise BadRequestException("Try it is not supported for private APIs")


def _described(row: ProductRestEndpointPage) -> DescribedOperation | EndpointUnavailable:
    try:
        return described_operation(row, row.stage())
    except EndpointUnavailable as error:
        return error


def _summary(row: ProductRestEndpointPage) -> Shape:
    """AWS's ProductRestEndpointPageSummaryNoBody."""
    described = _described(row)
    shape = {**_members(row, described), "Endpoint": row.endpoint or row.default_endpoint}
    name = _operation_name(row, described)
    return {**shape, "OperationName": name} if name else shape


def _shape(row: ProductRestEndpointPage) -> Shape:
    """AWS's ProductRestEndpointPage."""
    described = _described(row)
    body = row.body or (described.body if isinstance(described, DescribedOperation) else "")
    content: dict[str, Any] = {"Endpoint": row.endpoint or row.default_endpoint}
    for name, value in (("Body", body), ("OperationName", _operation_name(row, described))):
        if value:
            content[name] = value
    return {**_members(row, described), "DisplayContent": content}


def _operation_name(row: ProductRestEndpointPage, described: DescribedOperation | EndpointUnavailable) -> str:
    return row.operation_name or (described.name if isinstance(described, DescribedOperation) else "")


def _members(row: ProductRestEndpointPage, described: DescribedOperation | EndpointUnavailable) -> Shape:
    shape: dict[str, Any] = {
        "ProductRestEndpointPageId": row.page_id,
        "ProductRestEndpointPageArn": row.arn,
        "RestEndpointIdentifier": {
            "IdentifierParts": {
                "RestApiId": row.rest_api_id,
                "Stage": row.stage_name,
                "Path": row.path,
                "Method": row.method,
            }
        },
        "TryItState": "ENABLED" if row.try_it else "DISABLED",
        "LastModified": row.last_modified,
        "Status": "AVAILABLE",
    }
    if isinstance(described, EndpointUnavailable):
        exception = {"Exception": "NotFoundException", "Message": str(described)}
        shape |= {"Status": "FAILED", "StatusException": exception}
    return shape
