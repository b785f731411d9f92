"""The ARN of what a request asks for: what policies speak of."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

from apps.core.documents import StageDocument
from gateway_runtime.errors import GatewayError
from gateway_runtime.exchange import Exchange
from gateway_runtime.limits import AUTHORIZERS
from gateway_runtime.snapshot.stage import MethodSite

_PARAMETER = re.compile(r"\{([^{}/]+)\}")


def api_arn(stage: StageDocument) -> str:
    """`arn:aws:execute-api:{region}:{account}:{api}`, in the partition of the region."""
    region = stage.region
    partition = "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"
    return f"arn:{partition}:execute-api:{region}:{stage.account_id}:{stage.api_id}"


def compile_method_arn(site: MethodSite) -> Callable[[Exchange], str]:
    """A function from a request to `…/{stage}/{HTTP method}/{path}`, whose path is that of the resource with the parameters as sent; for
    a WebSocket route `…/{stage}/{route key}`.

    Like this the policy sees what was matched: another spelling of `/admin` has the same ARN. Raises 414 for one that is too long.
    """
    prefix = f"{api_arn(site.stage)}/{site.stage.stage_name}/"
    if site.protocol == "WEBSOCKET":
        of_route = f"{prefix}{site.resource.path}"
        return lambda exchange: of_route
    path = site.resource.path if site.resource.path.startswith("/") else f"{{{site.resource.path}}}"  # `$default`
    pieces = _PARAMETER.split(path.lstrip("/"))  # text and names in turn
    names = [name.removesuffix("+") for name in pieces[1::2]]

    def write(exchange: Exchange) -> str:
        path = pieces[0]
        for at, name in enumerate(names):
            path = f"{path}{exchange.path_values.get(name, '')}{pieces[2 * at + 2]}"
        arn = f"{prefix}{exchange.request.method}/{path}"
        if len(arn) > AUTHORIZERS.arn_bytes:
            raise GatewayError("DEFAULT_4XX", status=414, message="Request URI too long", error_type="RequestTooLong")
        return arn

    return write


def other_spelling(arn: str) -> str | None:
    """The ARN as a reader sees it who decodes percent-encodings; None where that is the same."""
    return unquote(arn) if "%" in arn else None
