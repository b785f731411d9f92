"""Which accounts may show a portal product: its own, and those that its sharing policy allows."""

from __future__ import annotations

import re

from apps.core.iam import Decision, IllFormedPolicy, Policy, Principal, compile_policy
from apps.portals.aws_portals import PortalProduct

READ_PRODUCT = "apigateway:GetPortalProduct"
LONGEST_POLICY = 307_200
_ARN = re.compile(
    r"arn:aws[a-z-]*:apigateway:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):/portalproducts/(?P<product>[a-z0-9]+)"
)


def read_sharing_policy(document: str) -> Policy:
    """A sharing policy, compiled; raises IllFormedPolicy."""
    return compile_policy(document, principals=True, longest=LONGEST_POLICY)


def may_show(product: PortalProduct, account_id: str, principal: str = "") -> bool:
    """Whether an account (or this principal of it) may read a product and show it in its portals. Without a policy only its own may."""
    if product.account_id == account_id:
        return True
    if not product.sharing_policy:
        return False
    try:
        policy = read_sharing_policy(product.sharing_policy)
    except IllFormedPolicy:
        return False
    asking = Principal(account_id=account_id, names=frozenset({principal} if principal else ()))
    context = {"aws:PrincipalAccount": [account_id], "aws:PrincipalArn": [principal] if principal else []}
    return policy.decide(READ_PRODUCT, product.arn, context, asking) is Decision.ALLOW


def product_to_show(arn: str, account_id: str, region: str) -> PortalProduct | None:
    """The product of an ARN, if this account may show it in a portal of this region; None otherwise."""
    named = _ARN.fullmatch(arn)
    if named is None or named["region"] != region:
        return None
    product = PortalProduct.objects.filter(
        account_id=named["account"], region=region, product_id=named["product"]
    ).first()
    return product if product is not None and may_show(product, account_id) else None
