"""The words of stories about authorizers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from apps.core.documents import Authorizer, Integration
from tests.gateway_runtime.plane.builders import REGION, Route, get, mock
from tests.gateway_runtime.plane.functions import function_arn

SHOWS_CALLER = '{"principal":"$context.authorizer.principalId","colour":"$context.authorizer.colour"}'


def by_function(name: str = "gatekeeper", kind: str = "TOKEN", **members: Any) -> Authorizer:
    """A Lambda authorizer; a TOKEN one reads the header `Authorization`."""
    members.setdefault("identity_sources", ("method.request.header.Authorization",))
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function_arn(name)}/invocations"
    return Authorizer(**{"id": "auth01", "name": name, "type": kind, "uri": uri, **members})


def guarded(path: str = "/pets", integration: Integration | None = None, **members: Any) -> Route:
    """GET on a path that the authorizer `auth01` guards; the answer shows whom it recognised."""
    members = {"authorization_type": "CUSTOM", "authorizer_id": "auth01", **members}
    return get(path, integration or mock(body=SHOWS_CALLER), **members)


def any_path() -> Route:
    """GET on every path, guarded."""
    return replace(guarded(), path="/{proxy+}")


def policy(effect: str = "Allow", resource: str | list[str] = "*", **statement: Any) -> dict[str, Any]:
    rule = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource, **statement}
    return {"Version": "2012-10-17", "Statement": [rule]}


def grant(effect: str = "Allow", resource: str | list[str] = "*", **members: Any) -> dict[str, Any]:
    """What an authorizer's function returns."""
    return {"principalId": "alice", "policyDocument": policy(effect, resource), **members}
