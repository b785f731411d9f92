"""Lambda elsewhere: AWS's own, or whatever the operator has put in its place, invoked with what the integration's credentials give."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from apps.core.aws_access import AwsAccess
from apps.core.function_names import parse_function_name
from apps.core.signed_request import SignedRequest
from apps.core.sigv4_signing import AwsCredentials, sign
from gateway_runtime.functions.client import Authorize, Call, Headers, LambdaClient
from gateway_runtime.functions.errors import FunctionNotFound, FunctionsUnreachable, InvocationDenied
from gateway_runtime.iam.sts import CredentialsRefused, CredentialsUnavailable
from gateway_runtime.ports import Signer
from gateway_runtime.upstream.origin import Origin, parse_origin
from gateway_runtime.upstream.pool import UpstreamPool


def remote_lambda(
    pool: UpstreamPool, access: AwsAccess, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> LambdaClient:
    """The client of the Lambda in each function's region. Who has nothing to sign with finds no function there."""
    return LambdaClient(pool, _origins(access), _signed(now), patience=0.0)


def _origins(access: AwsAccess) -> Callable[[str], Origin | None]:
    def origin(arn: str) -> Origin | None:
        name = parse_function_name(arn)
        if name is None or not name.region:
            return None
        return parse_origin(access.end_point("lambda", name.region, arn.split(":")[1]))[0]

    return origin


def _signed(now: Callable[[], datetime]) -> Authorize:
    def authorize(call: Call, origin: Origin) -> Headers | Awaitable[Headers]:
        if call.signer is None:
            raise FunctionNotFound(f"{call.arn} is elsewhere, and there is nothing to sign a call with")
        return told(call, origin, call.signer)

    async def told(call: Call, origin: Origin, signer: Signer) -> Headers:
        try:
            found = signer()
            credentials = found if isinstance(found, AwsCredentials) else await found
        except CredentialsRefused as error:
            raise InvocationDenied(str(error)) from error
        except CredentialsUnavailable as error:
            raise FunctionsUnreachable(str(error)) from error
        headers = (*call.headers, (b"host", origin.authority))
        request = SignedRequest("POST", call.target, b"", headers, call.payload)
        return sign(request, credentials, region=call.arn.split(":")[3], service="lambda", now=now())

    return authorize
