"""The authorizers that methods name, as documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings

from apps.core import documents
from apps.core.user_pools import user_pool_issuer
from apps.deployments.refusals import NotDeployable
from apps.rest_apis.models import Authorizer, Method, RestApi

AUTHORIZERS_OF = {
    "CUSTOM": ("TOKEN", "REQUEST"),
    "COGNITO_USER_POOLS": ("COGNITO_USER_POOLS",),
    "JWT": ("JWT",),
}
"""The types of authorizers that an authorization type can name; the other authorization types name none."""

_DEFAULT_TTL = 300
_POOL_ALGORITHMS = ("RS256",)


def frozen_authorizers(rest_api: RestApi, methods: Iterable[Method]) -> dict[str, documents.Authorizer]:
    """Reads the authorizers of these methods. Raises `NotDeployable` for a method whose authorizer is not there."""
    methods = [method for method in methods if method.authorization_type in AUTHORIZERS_OF]
    if not methods:
        return {}
    rows = {row.authorizer_id: row for row in rest_api.authorizers.order_by("authorizer_id")}
    for method in methods:
        row = rows.get(method.authorizer_id or "")
        if row is None or row.type not in AUTHORIZERS_OF[method.authorization_type]:
            raise NotDeployable("Invalid authorizer identifier specified on a method")
    named = {method.authorizer_id for method in methods}
    return {key: authorizer_document(row) for key, row in rows.items() if key in named}


def authorizer_document(row: Authorizer) -> documents.Authorizer:
    """One authorizer as it is now."""
    ttl = row.authorizer_result_ttl_in_seconds
    configuration = row.jwt_configuration or {}
    of_pools = row.type == "COGNITO_USER_POOLS"
    return documents.Authorizer(
        id=row.authorizer_id,
        name=row.name,
        type=row.type,
        uri=row.authorizer_uri,
        credentials=row.authorizer_credentials,
        identity_sources=tuple(source.strip() for source in (row.identity_source or "").split(",") if source.strip()),
        identity_validation_expression=row.identity_validation_expression or None,
        result_ttl_in_seconds=_DEFAULT_TTL if ttl is None else ttl,
        issuers=_pools(row) if of_pools else tuple(_issuer(issuer) for issuer in configuration.get("issuers") or ()),
        algorithms=_POOL_ALGORITHMS if of_pools else tuple(configuration.get("defaultAlgorithms") or ()),
    )


def _pools(row: Authorizer) -> tuple[documents.TokenIssuer, ...]:
    found = (user_pool_issuer(arn, settings.ENVIRONMENT) for arn in row.provider_arns)
    return tuple(documents.TokenIssuer(issuer=issuer) for issuer in found)


def _issuer(issuer: dict[str, Any]) -> documents.TokenIssuer:
    return documents.TokenIssuer(
        issuer=issuer["issuer"],
        jwks_uri=issuer.get("jwksUri"),
        audiences=tuple(issuer.get("audiences") or ()),
        claims=tuple(
            documents.ClaimRule(
                name=claim["claimName"],
                required=bool(claim.get("required")),
                expected=next(iter(claim.get("expectedValues") or ()), None),
            )
            for claim in issuer.get("additionalClaims") or ()
        ),
    )
