"""The words of stories about callers who sign: identities, their keys, and requests as botocore signs them."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from apps.core import ids
from apps.core.documents import AccessKeyDocument, CredentialsDocument, Identity
from apps.core.secrets import DocumentSeal
from apps.core.sigv4a import private_key
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


def sign_4a(
    target: str = "/prod/pets",
    method: str = "GET",
    body: bytes = b"",
    *,
    regions: str = "*",
    key: str = KEY,
    secret: str = KEY_SECRET,
    token: str | None = None,
    presigned_for: int | None = None,
    host: str = HOST,
) -> Signed:
    """The same by Signature Version 4A: botocore's canonical request, signed with the key that the secret stands for."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{now[:8]}/execute-api/aws4_request"
    told = {"X-Amz-Date": now, "X-Amz-Region-Set": regions} | ({"X-Amz-Security-Token": token} if token else {})
    headers = {"Host": host}
    if presigned_for is None:
        headers |= told
    else:
        told |= {"X-Amz-Algorithm": "AWS4-ECDSA-P256-SHA256", "X-Amz-Credential": f"{key}/{scope}"}
        told |= {"X-Amz-Expires": str(presigned_for), "X-Amz-SignedHeaders": "host"}
        target += ("&" if "?" in target else "?") + urlencode(told, quote_via=quote, safe="")
    request = AWSRequest(method, f"http://{host}{target}", headers=headers, data=body)
    canonical = SigV4Auth(Credentials(key, secret), "execute-api", "any").canonical_request(request)
    text = "\n".join(("AWS4-ECDSA-P256-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    signature = private_key(key, secret).sign(text.encode(), ec.ECDSA(hashes.SHA256())).hex()
    if presigned_for is not None:
        return Signed(method, f"{target}&X-Amz-Signature={signature}", headers, body)
    names = ";".join(sorted(name.lower() for name in headers))
    said = f"AWS4-ECDSA-P256-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return Signed(method, target, {**headers, "Authorization": said}, body)


async def send(gateway: GatewayHarness, request: Signed, host: str = HOST) -> Answer:
    headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
    return await gateway.call(request.method, request.target, request.body, host=host, headers=headers)
