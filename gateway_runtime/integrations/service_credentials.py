"""What a request to an AWS service is signed with: the session of a role, the caller's own access key, or the operator's."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from apps.core.integration_uris import are_the_callers
from apps.core.sigv4_signing import AwsCredentials
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.iam.sts import Role, RoleRefused, StsUnreachable
from gateway_runtime.integrations.target import with_stage_variables
from gateway_runtime.snapshot.stage import MethodSite, Misconfigured

Signer = Callable[[Exchange], AwsCredentials | Awaitable[AwsCredentials]]

_ROLE = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::\d{12}:role/[\w+=,.@/-]{1,512}", re.ASCII)
_REFUSED = "API Gateway does not have permission to assume the provided role"


def compile_signer(site: MethodSite) -> Signer:
    """Raises Misconfigured for an account whose integrations may not call services.

    A role is never stood in for by the operator's own key, unless the operator has said so (GATEHOUSE_AWS_ROLES).
    """
    if are_the_callers(site.method.integration.credentials):
        return _as_caller
    operator = site.services.aws.credentials_of(site.deployment.account_id)
    if operator is None:
        settings = "GATEHOUSE_AWS_ACCESS_KEY_ID, GATEHOUSE_AWS_ACCOUNTS"
        raise Misconfigured(f"there are no credentials for AWS services for this account ({settings})")
    arn = with_stage_variables(site.method.integration.credentials or "", site)
    if not arn or not site.services.aws.assumes_roles:
        return lambda exchange: operator
    return _role_signer(site, _named_role(site, arn, operator))


def _as_caller(exchange: Exchange) -> AwsCredentials:
    """What is another account's than the API's acts nowhere: its owner has not written this API."""
    if exchange.caller_credentials is None:
        detail = (
            "the integration has the caller's credentials, but the caller is none who signed, or of another account"
        )
        raise GatewayError("API_CONFIGURATION_ERROR", detail=detail)
    return exchange.caller_credentials


def _named_role(site: MethodSite, arn: str, operator: AwsCredentials) -> Role:
    """A role that the API names, assumed at the STS of the API's region."""
    match = _ROLE.fullmatch(arn)
    if match is None:
        raise Misconfigured(f"{arn!r} names no role")
    region = site.stage.region
    end_point = site.services.aws.end_point("sts", region, match["partition"])
    return Role(arn, site.deployment.account_id, end_point, region, operator)


def _role_signer(site: MethodSite, role: Role) -> Signer:
    sessions = site.services.role_sessions

    def signer(exchange: Exchange) -> AwsCredentials | Awaitable[AwsCredentials]:
        try:
            found = sessions.credentials(role)
        except (RoleRefused, StsUnreachable) as error:
            raise _not_assumed(error) from None
        return found if isinstance(found, AwsCredentials) else _told(found)

    return signer


async def _told(waiting: Awaitable[AwsCredentials]) -> AwsCredentials:
    try:
        return await waiting
    except (RoleRefused, StsUnreachable) as error:
        raise _not_assumed(error) from None


def _not_assumed(error: RoleRefused | StsUnreachable) -> GatewayError:
    if isinstance(error, RoleRefused):
        detail = f"{_REFUSED} ({error}; GATEHOUSE_AWS_ROLES)"
        return GatewayError("API_CONFIGURATION_ERROR", detail=detail)
    return GatewayError("INTEGRATION_FAILURE", detail=f"{error} (GATEHOUSE_AWS_ROLES)")
