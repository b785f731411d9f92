"""Lambda elsewhere: AWS's own, or whatever the operator has put in its place, invoked with the operator's credentials."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from apps.core.aws_access import AwsAccess
from apps.core.function_names import parse_function_name
from apps.core.signed_request import SignedRequest
from apps.core.sigv4_signing import AwsCredentials, sign
from gateway_runtime.functions.client import Authorize, Call, Headers, LambdaClient
from gateway_runtime.upstream.origin import Origin, parse_origin
from gateway_runtime.upstream.pool import UpstreamPool


def remote_lambda(
    pool: UpstreamPool, access: AwsAccess, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> LambdaClient | None:
    """The client of the Lambda in each function's region; None without credentials."""
    if access.credentials is None:
        return None
    return LambdaClient(pool, _origins(access), _signed(access.credentials, now), patience=0.0)


def _origins(access: AwsAccess) -> Callable[[str], Origin | None]:
    def origin(arn: str) -> Origin | None:
        name = parse_function_name(arn)
        if name is None or not name.region:
            return None
        return parse_origin(access.end_point("lambda", name.region, arn.split(":")[1]))[0]

    return origin


def _signed(credentials: AwsCredentials, now: Callable[[], datetime]) -> Authorize:
    def authorize(call: Call) -> Headers:
        headers = (*call.headers, (b"host", call.origin.authority))
        request = SignedRequest("POST", call.target, b"", headers, call.payload)
        region = call.arn.split(":")[3]
        return sign(request, credentials, region=region, service="lambda", now=now())

    return authorize
