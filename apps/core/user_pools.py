"""Which issuer's tokens a user pool stands for."""

from __future__ import annotations

import re

from apps.core.environment import Environment

BUILT_IN = "gatehouse"
"""The pool of an account whose name ends so (`us-east-1_gatehouse`) is this installation's own OpenID provider."""


def user_pool_issuer(arn: str, environment: Environment) -> str:
    """The claim `iss` of a pool's tokens, by the pool's ARN (`arn:aws:cognito-idp:{region}:{account}:userpool/{pool}`).

    What the operator has said of the pool comes first; then the built-in provider; else it is Amazon Cognito's.
    """
    _, _, _, region, account_id, resource = arn.split(":", 5)
    pool = resource.partition("/")[2]
    if pool in environment.user_pools:
        return environment.user_pools[pool]
    if pool.endswith(f"_{BUILT_IN}"):
        return built_in_issuer(account_id, environment)
    return f"https://cognito-idp.{region}.amazonaws.com/{pool}"


def is_named_by_operator(arn: str, environment: Environment) -> bool:
    """Whether the operator has said who stands for a pool."""
    return arn.rpartition("/")[2] in environment.user_pools


def built_in_key_set(issuer: str) -> str:
    """Where the built-in provider shows the keys of one of its issuers."""
    return f"{issuer}/.well-known/jwks.json"


def is_built_in_issuer(url: str, environment: Environment) -> bool:
    """Whether an issuer is this installation's own provider, for whichever account."""
    before, _, account_id = url.rpartition("/")
    return before == f"{environment.portal_url}/oidc" and re.fullmatch(r"\d{12}", account_id, re.ASCII) is not None


def built_in_issuer(account_id: str, environment: Environment) -> str:
    """The issuer of tokens that this installation's own provider makes for an account's APIs."""
    return f"{environment.portal_url}/oidc/{account_id}"
