"""Signatures that are made here: botocore makes the same, and the side that verifies accepts them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from apps.core.signed_request import SignedRequest
from apps.core.sigv4 import read_signature, verify
from apps.core.sigv4_signing import AwsCredentials, sign

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
KEY = AwsCredentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
HOST = b"sqs.us-east-1.amazonaws.com"

segments = st.text("abcXYZ019-._~", min_size=1, max_size=6).filter(lambda text: text not in (".", ".."))
paths = st.lists(segments | st.just("%2Bx%20y"), max_size=4).map(lambda parts: "/" + "/".join(parts))
pairs = st.lists(
    st.tuples(st.text("abcABC019-._~", min_size=1, max_size=5), st.text("abc019-._~", max_size=5)), max_size=4
)


def a_request(path: str = "/", query: str = "", body: bytes = b"", *headers: tuple[bytes, bytes]) -> SignedRequest:
    return SignedRequest("POST", path.encode(), query.encode(), ((b"host", HOST), *headers), body)


def signature_of(value: bytes) -> str:
    return value.decode().partition("Signature=")[2]


def botocore_signature(request: SignedRequest, key: AwsCredentials, service: str, added: dict[bytes, bytes]) -> str:
    """The signature that botocore makes of the same request at the same time."""
    query = f"?{request.raw_query.decode()}" if request.raw_query else ""
    headers = {name.decode(): value.decode() for name, value in (*request.headers, *added.items())}
    asked = AWSRequest(request.method, f"https://{HOST.decode()}{request.raw_path.decode()}{query}", headers=headers)
    asked.data = request.body
    asked.context["timestamp"] = NOW.strftime("%Y%m%dT%H%M%SZ")
    auth_type = S3SigV4Auth if service == "s3" else SigV4Auth
    auth = auth_type(Credentials(key.access_key_id, key.secret_access_key, key.session_token), service, "us-east-1")
    return str(auth.signature(auth.string_to_sign(asked, auth.canonical_request(asked)), asked))


@given(paths, pairs, st.binary(max_size=20), st.sampled_from(["sqs", "s3", "dynamodb"]), st.none() | st.just("token"))
def test_botocore_makes_the_same_signature(
    path: str, query: list[tuple[str, str]], body: bytes, service: str, token: str | None
) -> None:
    key = AwsCredentials(KEY.access_key_id, KEY.secret_access_key, token)
    text = "&".join(f"{name}={value}" for name, value in query)
    request = a_request(path, text, body, (b"content-type", b"a/b"), (b"x-amz-target", b" two  words "))

    added = dict(sign(request, key, region="us-east-1", service=service, now=NOW))

    authorization = added.pop(b"authorization")
    assert signature_of(authorization) == botocore_signature(request, key, service, added)


@pytest.mark.parametrize("path", ["/", "/123456789012/queue", "/a%20b/"])
def test_the_side_that_verifies_accepts_it(path: str) -> None:
    request = a_request(path, "Action=SendMessage&b=1&a=%2F", b"body", (b"content-type", b"text/plain"))
    headers = (*request.headers, *sign(request, KEY, region="us-east-1", service="sqs", now=NOW))
    signed = SignedRequest(request.method, request.raw_path, request.raw_query, headers, request.body)

    verify(signed, read_signature(signed), KEY.secret_access_key, service="sqs", now=NOW)


def test_s3_is_told_the_digest_of_the_body_and_others_are_not() -> None:
    to_s3, to_sqs = (dict(sign(a_request(), KEY, region="r", service=name, now=NOW)) for name in ("s3", "sqs"))

    assert b"x-amz-content-sha256" in to_s3
    assert b"x-amz-content-sha256" not in to_sqs


def test_credentials_do_not_print_their_secret() -> None:
    assert "wJalr" not in repr(KEY)
