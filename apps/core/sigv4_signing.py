"""AWS Signature Version 4, the side that signs: headers for a request that goes to an AWS service.

    headers += sign(request, credentials, region="us-east-1", service="sqs", now=now)

`gateway_runtime` sends what is signed here; `apps.core.sigv4` is the side that verifies.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime

from apps.core.signed_request import SignedRequest, canonical_request
from apps.core.sigv4 import ALGORITHM, TERMINATOR, signing_key

Headers = list[tuple[bytes, bytes]]

_SIGNED = frozenset({b"host", b"content-type", b"content-md5", b"date"})


@dataclass(frozen=True, slots=True)
class AwsCredentials:
    """What requests to AWS are signed with. `session_token` goes with temporary ones."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None

    def __repr__(self) -> str:
        return f"AwsCredentials({self.access_key_id}, ***)"


def sign(request: SignedRequest, credentials: AwsCredentials, *, region: str, service: str, now: datetime) -> Headers:
    """The headers that sign a request, whose own headers have lower-case names and contain `host`. `now` is UTC.

    Signed are the host, the content type and everything that begins with `x-amz-`. The digest of the body is sent along to S3,
    which asks for it.
    """
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    added: Headers = [(b"x-amz-date", stamp.encode())]
    if credentials.session_token is not None:
        added.append((b"x-amz-security-token", credentials.session_token.encode()))
    if service == "s3":
        added.append((b"x-amz-content-sha256", hashlib.sha256(request.body).hexdigest().encode()))
    whole = replace(request, headers=(*request.headers, *added))
    names = tuple(sorted({name.decode("latin-1") for name, _ in whole.headers if _is_signed(name)}))
    canonical = canonical_request(whole, names, presigned=False, path_encoded_once=service == "s3")
    if canonical is None:
        raise ValueError("a header of the request contradicts its signature")
    scope = f"{stamp[:8]}/{region}/{service}/{TERMINATOR}"
    text = "\n".join((ALGORITHM, stamp, scope, hashlib.sha256(canonical).hexdigest()))
    key = signing_key(credentials.secret_access_key, stamp[:8], region, service)
    signature = hmac.digest(key, text.encode("latin-1"), "sha256").hex()
    credential = f"Credential={credentials.access_key_id}/{scope}"
    value = f"{ALGORITHM} {credential}, SignedHeaders={';'.join(names)}, Signature={signature}"
    return [*added, (b"authorization", value.encode("latin-1"))]


def _is_signed(name: bytes) -> bool:
    return name in _SIGNED or name.startswith(b"x-amz-")
