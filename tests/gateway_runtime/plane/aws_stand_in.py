"""AWS services on a real socket: every request must be signed as botocore would have signed it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.gateway_runtime.plane.backend import Answer, Backend, Received
from tests.gateway_runtime.plane.harness import AWS_KEY

JSON_1_0 = "application/x-amz-json-1.0"
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([^,]+), Signature=(\w+)"
)


@dataclass
class Signed:
    """What a request was signed for, and what it says."""

    region: str
    service: str
    received: Received

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.received.target).query))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.received.body.decode()))

    def json(self) -> Any:
        return json.loads(self.received.body)


def check_signature(received: Received) -> Signed:
    """What the request was signed for; fails for a signature that is not botocore's."""
    match = _AUTHORIZATION.fullmatch(received.header("authorization") or "")
    assert match is not None, "not signed"
    key_id, _, region, service, names, signature = match.groups()
    headers = {name: value for name, value in received.headers if name in names.split(";")}
    assert {"host", "x-amz-date", "x-amz-security-token"} <= headers.keys()
    request = AWSRequest(received.method, f"http://{headers['host']}{received.target}", headers=headers)
    request.data = received.body
    request.context["timestamp"] = headers["x-amz-date"]
    auth_type = S3SigV4Auth if service == "s3" else SigV4Auth
    auth = auth_type(
        Credentials(AWS_KEY.access_key_id, AWS_KEY.secret_access_key, AWS_KEY.session_token), service, region
    )
    expected = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    assert (key_id, signature) == (AWS_KEY.access_key_id, expected)
    return Signed(region, service, received)


def serve_service(backend: Backend, behaviour: Callable[[Signed], Answer]) -> None:
    """Answer signed requests so from now on, others with 403."""

    def choose(received: Received) -> Answer:
        try:
            return behaviour(check_signature(received))
        except AssertionError as error:
            return Answer(403, str(error).encode())

    backend.choose = choose


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
