"""AWS services on a real socket: every request must be signed as botocore would have signed it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from apps.core.sigv4_signing import AwsCredentials
from tests.gateway_runtime.plane.backend import Answer, Backend, Received
from tests.gateway_runtime.plane.harness import AWS_KEY

JSON_1_0 = "application/x-amz-json-1.0"
_STS = "https://sts.amazonaws.com/doc/2011-06-15/"
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([^,]+), Signature=(\w+)"
)


@dataclass
class Signed:
    """What a request was signed for, by which access key, and what it says."""

    region: str
    service: str
    received: Received
    access_key_id: str

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.received.target).query))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.received.body.decode()))

    def json(self) -> Any:
        return json.loads(self.received.body)


def check_signature(received: Received, keys: Mapping[str, AwsCredentials]) -> Signed:
    """What the request was signed for; fails for a signature that is not botocore's with one of the keys."""
    match = _AUTHORIZATION.fullmatch(received.header("authorization") or "")
    assert match is not None, "not signed"
    key_id, _, region, service, names, signature = match.groups()
    headers = {name: value for name, value in received.headers if name in names.split(";")}
    key = keys.get(key_id)
    assert key is not None, "signed with a key that is unknown"
    assert {"host", "x-amz-date"} <= headers.keys()
    assert headers.get("x-amz-security-token") == key.session_token
    request = AWSRequest(received.method, f"http://{headers['host']}{received.target}", headers=headers)
    request.data = received.body
    request.context["timestamp"] = headers["x-amz-date"]
    auth_type = S3SigV4Auth if service == "s3" else SigV4Auth
    auth = auth_type(Credentials(key_id, key.secret_access_key, key.session_token), service, region)
    expected = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    assert signature == expected
    return Signed(region, service, received, key_id)


class SecurityTokens:
    """STS: AssumeRole for every role but those in `refused`, for sessions of `seconds`; answers in XML, as AWS does.

    `keys` are everybody's who can sign: the sessions that were given out, the operator's key, and what a story adds.
    """

    def __init__(self, now: Callable[[], float] = time.time, seconds: float = 3_600) -> None:
        self.now = now
        self.seconds = seconds
        self.refused: set[str] = set()
        self.asked: list[Signed] = []
        self.keys = {AWS_KEY.access_key_id: AWS_KEY}
        self.roles: dict[str, str] = {}  # of session keys

    def __call__(self, signed: Signed) -> Answer:
        self.asked.append(signed)
        role = signed.form["RoleArn"]
        assert signed.form["Action"] == "AssumeRole"
        if role in self.refused:
            message = f"User: {signed.access_key_id} is not authorized to perform: sts:AssumeRole on resource: {role}"
            return _xml(403, f"<ErrorResponse xmlns='{_STS}'><Error><Type>Sender</Type><Code>AccessDenied</Code>"
                f"<Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>")  # fmt: skip
        session = AwsCredentials(f"ASIASESSION{len(self.asked)}", f"secret/{len(self.asked)}+=", f"token/{role}//+==")
        self.keys[session.access_key_id] = session
        self.roles[session.access_key_id] = role
        ends = datetime.fromtimestamp(self.now() + self.seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return _xml(200, f"""<AssumeRoleResponse xmlns="{_STS}">
  <AssumeRoleResult>
    <AssumedRoleUser><AssumedRoleId>AROA:{signed.form["RoleSessionName"]}</AssumedRoleId><Arn>{role}</Arn></AssumedRoleUser>
    <Credentials>
      <AccessKeyId>{session.access_key_id}</AccessKeyId>
      <SecretAccessKey>{session.secret_access_key}</SecretAccessKey>
      <SessionToken>{session.session_token}</SessionToken>
      <Expiration>{ends}</Expiration>
    </Credentials>
  </AssumeRoleResult>
  <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>
</AssumeRoleResponse>""")  # fmt: skip


def _xml(status: int, text: str) -> Answer:
    return Answer(status, text.encode(), [("Content-Type", "text/xml")])


def serve_service(
    backend: Backend, behaviour: Callable[[Signed], Answer], tokens: SecurityTokens | None = None
) -> SecurityTokens:
    """Answer signed requests so from now on, others with 403. What is signed for STS is asked of `tokens`, which is given back."""
    sts = tokens or SecurityTokens()

    def choose(received: Received) -> Answer:
        try:
            signed = check_signature(received, sts.keys)
            return sts(signed) if signed.service == "sts" else behaviour(signed)
        except AssertionError as error:
            return Answer(403, str(error).encode())

    backend.choose = choose
    return sts


def answers(value: Any, status: int = 200, content_type: str = "application/json") -> Answer:
    return Answer(status, json.dumps(value).encode(), [("Content-Type", content_type)])


class Bucket:
    """Objects by key, as S3 keeps them: a key that is not there gets S3's XML."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, str]] = {}

    def __call__(self, signed: Signed) -> Answer:
        received = signed.received
        assert signed.service == "s3"
        assert received.header("x-amz-content-sha256") is not None
        key = unquote_to_bytes(urlsplit(received.target).path.lstrip("/").partition("/")[2]).decode()
        if received.method == "PUT":
            self.objects[key] = (received.body, received.header("content-type") or "")
            return Answer(200, b"", [])
        if received.method == "DELETE":
            self.objects.pop(key, None)
            return Answer(204, b"", [])
        if key not in self.objects:
            return Answer(404, f"<Error><Code>NoSuchKey</Code><Key>{key}</Key></Error>".encode(), [])
        body, content_type = self.objects[key]
        return Answer(200, body, [("Content-Type", content_type)])
