"""The sharing policy of a portal product: which accounts may show it in their portals."""

from __future__ import annotations

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v2.portal_products import find_product, held_product
from apps.core.iam import IllFormedPolicy
from apps.portals.sharing import read_sharing_policy


@operation("PutPortalProductSharingPolicy", service="apigatewayv2")
def put_portal_product_sharing_policy(caller: Caller, request: Shape) -> Shape:
    """Replace the policy. It is kept as it was written."""
    row = held_product(caller, request)
    try:
        read_sharing_policy(request["PolicyDocument"])
    except IllFormedPolicy as error:
        raise BadRequestException(f"Invalid policy document. {error}") from error
    row.sharing_policy = request["PolicyDocument"]
    row.save(update_fields=["sharing_policy", "last_modified"])
    return {}


@operation("GetPortalProductSharingPolicy", service="apigatewayv2")
def get_portal_product_sharing_policy(caller: Caller, request: Shape) -> Shape:
    """The policy; NotFoundException while there is none."""
    row = find_product(caller, request)
    if not row.sharing_policy:
        raise NotFoundException(f"Unable to find a sharing policy of PortalProduct {row.product_id}")
    return {"PortalProductId": row.product_id, "PolicyDocument": row.sharing_policy}


@operation("DeletePortalProductSharingPolicy", service="apigatewayv2")
def delete_portal_product_sharing_policy(caller: Caller, request: Shape) -> Shape:
    """Share the product with nobody. Portals of others that show it cannot be published again with it."""
    row = held_product(caller, request)
    row.sharing_policy = ""
    row.save(update_fields=["sharing_policy", "last_modified"])
    return {}
