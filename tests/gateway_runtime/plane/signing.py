"""The words of stories about callers who sign: identities, their keys, and requests as botocore signs them."""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from apps.core import ids
from apps.core.documents import AccessKeyDocument, CredentialsDocument, Identity
from apps.core.secrets import DocumentSeal
from tests.gateway_runtime.plane.builders import ACCOUNT, API, REGION, SECRET
from tests.gateway_runtime.plane.harness import Answer, GatewayHarness

KEY, KEY_SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
HOST = f"{API}.execute-api.localhost"


def policy_text(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(effect: str = "Allow", resource: str = "*", **elements: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource, **elements}


def credentials(
    *policies: str, invokes: bool = False, account_id: str = ACCOUNT, user: str = "user/alice", key: str = KEY
) -> CredentialsDocument:
    """One principal of an account, with one access key."""
    arn = f"arn:aws:iam::{account_id}:{user}"
    identity = Identity(arn=arn, unique_id=ids.principal_id(arn), invokes=invokes, policies=policies)
    sealed = DocumentSeal(SECRET).seal(KEY_SECRET, key)
    return CredentialsDocument(
        account_id=account_id, identities=(identity,), keys=(AccessKeyDocument(id=key, secret=sealed, arn=arn),)
    )


class Signed(NamedTuple):
    """A request ready to be sent."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


def sign(
    target: str = "/prod/pets",
    method: str = "GET",
    body: bytes = b"",
    *,
    headers: dict[str, str] | None = None,
    key: str = KEY,
    secret: str = KEY_SECRET,
    token: str | None = None,
    region: str = REGION,
    service: str = "execute-api",
    presigned_for: int | None = None,
    host: str = HOST,
) -> Signed:
    """As botocore signs it now."""
    request = AWSRequest(method, f"http://{host}{target}", headers=headers, data=body)
    if presigned_for is None:
        SigV4Auth(Credentials(key, secret, token), service, region).add_auth(request)
    else:
        SigV4QueryAuth(Credentials(key, secret, token), service, region, presigned_for).add_auth(request)
    url = urlsplit(request.url)
    target = f"{url.path}?{url.query}" if url.query else url.path
    return Signed(method, target, dict(request.headers.items()), body)


async def send(gateway: GatewayHarness, request: Signed, host: str = HOST) -> Answer:
    headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
    return await gateway.call(request.method, request.target, request.body, host=host, headers=headers)
