"""Authorizers travel with the deployments whose methods name them."""

from __future__ import annotations

import pytest

from apps.accounts.models import Account
from apps.core.documents import ClaimRule, TokenIssuer
from apps.core.environment import BadEnvironment, read_environment
from apps.core.user_pools import user_pool_issuer
from apps.deployments.frozen_authorizers import authorizer_document, frozen_authorizers
from apps.deployments.refusals import NotDeployable
from apps.rest_apis.models import Authorizer, RestApi
from tests.rows import make_api, make_method


def make_authorizer(api: RestApi, kind: str = "TOKEN", **members: object) -> Authorizer:
    members.setdefault("identity_source", "method.request.header.Authorization")
    return Authorizer.objects.create(rest_api=api, name=f"{kind} {api.authorizers.count()}", type=kind, **members)


def test_only_the_authorizers_that_methods_name_are_frozen(account: Account) -> None:
    api = make_api(account)
    named, _ = make_authorizer(api), make_authorizer(api)
    method = make_method(api, authorization_type="CUSTOM", authorizer_id=named.authorizer_id)

    frozen = frozen_authorizers(api, [method, make_method(api, "/open")])

    assert list(frozen) == [named.authorizer_id]
    assert frozen[named.authorizer_id].identity_sources == ("method.request.header.Authorization",)
    assert frozen[named.authorizer_id].result_ttl_in_seconds == 300


def test_a_time_to_live_of_zero_stays_zero(account: Account) -> None:
    row = make_authorizer(make_api(account), authorizer_result_ttl_in_seconds=0)

    assert authorizer_document(row).result_ttl_in_seconds == 0


@pytest.mark.parametrize("kind", ["CUSTOM", "JWT"])
def test_a_method_whose_authorizer_is_missing_or_of_another_type_does_not_deploy(account: Account, kind: str) -> None:
    api = make_api(account)
    pools = make_authorizer(api, "COGNITO_USER_POOLS")
    method = make_method(api, authorization_type=kind, authorizer_id=pools.authorizer_id)

    with pytest.raises(NotDeployable, match="Invalid authorizer"):
        frozen_authorizers(api, [method])


def test_issuers_travel_with_their_rules(account: Account) -> None:
    issuer = {
        "issuer": "https://issuer.example.com",
        "jwksUri": "https://issuer.example.com/keys",
        "audiences": ["pets"],
        "additionalClaims": [{"claimName": "tier", "required": True, "expectedValues": ["gold"]}],
    }
    row = make_authorizer(
        make_api(account), "JWT", jwt_configuration={"issuers": [issuer], "defaultAlgorithms": ["ES256"]}
    )

    document = authorizer_document(row)

    rule = ClaimRule(name="tier", required=True, expected="gold")
    assert document.issuers == (
        TokenIssuer(
            issuer="https://issuer.example.com",
            jwks_uri="https://issuer.example.com/keys",
            audiences=("pets",),
            claims=(rule,),
        ),
    )
    assert document.algorithms == ("ES256",)


@pytest.mark.parametrize(
    ("pool", "issuer"),
    [
        ("eu-west-1_Abc", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc"),
        ("eu-west-1_staff", "https://issuer.example.com"),
        ("eu-west-1_gatehouse", "https://gate.example.com/oidc/123456789012"),
    ],
)
def test_a_user_pool_stands_for_its_issuer(pool: str, issuer: str) -> None:
    environment = read_environment(
        {
            "GATEHOUSE_USER_POOLS": "eu-west-1_staff=https://issuer.example.com",
            "GATEHOUSE_PUBLIC_PORTAL_URL": "https://gate.example.com",
        }
    )

    assert user_pool_issuer(f"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/{pool}", environment) == issuer


@pytest.mark.parametrize("value", ["staff", "eu_staff=ftp://x", "eu_staff"])
def test_an_ill_formed_list_of_pools_is_told(value: str) -> None:
    with pytest.raises(BadEnvironment, match="GATEHOUSE_USER_POOLS"):
        read_environment({"GATEHOUSE_USER_POOLS": value})
