"""The URIs of AWS and AWS_PROXY integrations: `arn:aws:apigateway:{region}:{subdomain.service|service}:path|action/{service_api}`."""

from __future__ import annotations

import re
from typing import NamedTuple

_URI = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):apigateway:(?P<region>[a-z0-9-]+):"
    r"(?:(?P<subdomain>[A-Za-z0-9.-]+)\.)?(?P<service>[A-Za-z0-9-]+):(?P<kind>path|action)/(?P<rest>.*)",
    re.DOTALL,
)
_INVOCATIONS = re.compile(r"/*2015-03-31/functions/(?P<function>[^/]+)/invocations")
_STREAMED = re.compile(r"/*2021-11-15/functions/(?P<function>[^/]+)/response-streaming-invocations")
_PART = "[A-Za-z0-9_-]+"
_NAME = re.compile(rf"(?:(?:(?P<account>\d{{12}}):)?function:)?(?P<name>{_PART})(?::(?P<qualifier>\$LATEST|{_PART}))?")
_ARN = re.compile(rf"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{{12}}:function:{_PART}(?::(?:\$LATEST|{_PART}))?")

_NAMED = re.compile(r"arn:(?P<partition>aws[a-z-]*):lambda:(?P<region>[a-z0-9-]+):\d{12}:function:[^/\s]+")
_CALLERS = re.compile(r"arn:aws[a-z-]*:iam::\*:user/\*")


class AwsUri(NamedTuple):
    """A URI in its parts. `kind` is `path` or `action`; `rest` is what stands behind it, as written; `subdomain` may be empty."""

    partition: str
    region: str
    subdomain: str
    service: str
    kind: str
    rest: str

    @property
    def name(self) -> str:
        """The service with its subdomain."""
        return f"{self.subdomain}.{self.service}" if self.subdomain else self.service


class FunctionUri(NamedTuple):
    """A Lambda function as a URI names it (see `function_arn`). `streams` is true for InvokeWithResponseStream."""

    function: str
    streams: bool


def parse_aws_uri(uri: str) -> AwsUri:
    """The parts of a URI whose stage variables are in their places. Raises ValueError."""
    match = _URI.fullmatch(uri)
    if match is None:
        raise ValueError(f"no URI of an AWS service: {uri!r}")
    parts = match.groupdict(default="")
    return AwsUri(**parts)


def function_of(uri: AwsUri) -> FunctionUri | None:
    """The function that a URI invokes; None when it does something else."""
    if uri.service != "lambda" or uri.subdomain or uri.kind != "path":
        return None
    for pattern, streams in ((_INVOCATIONS, False), (_STREAMED, True)):
        match = pattern.fullmatch(uri.rest)
        if match is not None:
            return FunctionUri(match["function"], streams)
    return None


def function_arn(function: str, *, partition: str, region: str, account_id: str) -> str:
    """The whole ARN of a function that is named by ARN, part of one or name, with or without a qualifier. Raises ValueError."""
    if _ARN.fullmatch(function):
        return function
    match = _NAME.fullmatch(function)
    if match is None:
        raise ValueError(f"no name of a function: {function!r}")
    qualifier = f":{match['qualifier']}" if match["qualifier"] else ""
    return f"arn:{partition}:lambda:{region}:{match['account'] or account_id}:function:{match['name']}{qualifier}"


def invocation_uri(arn: str, *, streams: bool) -> str | None:
    """The URI that invokes a function; None when the ARN is none of a function. Stage variables may stand for its name."""
    match = _NAMED.fullmatch(arn)
    if match is None:
        return None
    path = (
        f"2021-11-15/functions/{arn}/response-streaming-invocations"
        if streams
        else f"2015-03-31/functions/{arn}/invocations"
    )
    return f"arn:{match['partition']}:apigateway:{match['region']}:lambda:path/{path}"


def are_the_callers(credentials: str | None) -> bool:
    """Whether an integration's credentials are those of whoever calls, rather than a role's."""
    return credentials is not None and _CALLERS.fullmatch(credentials) is not None
