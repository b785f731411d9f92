"""What a call of an AWS service is signed with: the session of a role, the caller's own access key, or the operator's."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from apps.core.integration_uris import are_the_callers
from apps.core.sigv4_signing import AwsCredentials
from gateway_runtime.exchange import Exchange
from gateway_runtime.iam.sts import CredentialsRefused, Role
from gateway_runtime.integrations.target import with_stage_variables
from gateway_runtime.ports import Signer
from gateway_runtime.snapshot.stage import MethodSite

_ROLE = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::\d{12}:role/[\w+=,.@/-]{1,512}", re.ASCII)


def compile_signer(
    site: MethodSite, named: str | None
) -> Callable[[Exchange], AwsCredentials | Awaitable[AwsCredentials]] | None:
    """What signs for credentials as an integration names them; None for an account that may not call services.

    What it gives raises CredentialsRefused or CredentialsUnavailable.
    """
    if are_the_callers(named):
        return _as_caller
    signer = compile_role_signer(site, named)
    return None if signer is None else lambda exchange: signer()


def compile_role_signer(site: MethodSite, named: str | None) -> Signer | None:
    """The same for credentials that are nobody's but a role's.

    A role is never stood in for by the operator's own key, unless the operator has said so (GATEHOUSE_AWS_ROLES).
    """
    access, account_id = site.services.aws, site.deployment.account_id
    operator = access.credentials_of(account_id)
    if operator is None:
        return None
    arn = with_stage_variables(named or "", site)
    if not arn or not access.assumes_roles:
        return lambda: operator
    match = _ROLE.fullmatch(arn)
    if match is None:
        return lambda: _refuse(f"{arn!r} names no role")
    region = site.stage.region
    role = Role(arn, account_id, access.end_point("sts", region, match["partition"]), region, operator)
    return lambda: site.services.role_sessions.credentials(role)


def _as_caller(exchange: Exchange) -> AwsCredentials:
    """Who is of another account than the API acts nowhere: its owner has not written this API."""
    if exchange.caller_credentials is None:
        return _refuse("the integration has the caller's credentials, but nobody of the API's account has signed")
    return exchange.caller_credentials


def _refuse(why: str) -> AwsCredentials:
    raise CredentialsRefused(why)
