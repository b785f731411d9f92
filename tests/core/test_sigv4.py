"""Signature Version 4: botocore signs, we verify."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.sigv4 import SignatureError, SignedRequest, Verified, read_signature, verify

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def sign(
    method: str = "GET",
    target: str = "/restapis?limit=5",
    *,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    service: str = "apigateway",
    region: str = "eu-central-1",
    presigned_for: int | None = None,
    token: str | None = None,
) -> SignedRequest:
    """A request as botocore signs it now, in the bytes that a server gets."""
    request = AWSRequest(method, f"http://127.0.0.1:4566{target}", headers=headers, data=body)
    credentials = Credentials(KEY, SECRET, token)
    if presigned_for is None:
        SigV4Auth(credentials, service, region).add_auth(request)
    else:
        SigV4QueryAuth(credentials, service, region, presigned_for).add_auth(request)
    url = urlsplit(request.url)
    received = [(name.lower().encode(), value.encode()) for name, value in request.headers.items()]
    return SignedRequest(method, url.path.encode(), url.query.encode(), (*received, (b"host", b"127.0.0.1:4566")), body)


def check(request: SignedRequest, *, secret: str = SECRET, service: str = "apigateway", later: float = 0) -> Verified:
    now = datetime.now(UTC) + timedelta(seconds=later)
    return verify(request, read_signature(request), secret, service=service, now=now)


def refusal(request: SignedRequest, **how: object) -> SignatureError:
    with pytest.raises(SignatureError) as caught:
        check(request, **how)  # type: ignore[arg-type]
    assert caught.value.status == 403
    return caught.value


def with_header(request: SignedRequest, name: str, value: str | None) -> SignedRequest:
    kept = tuple(header for header in request.headers if header[0] != name.encode())
    return replace(request, headers=kept if value is None else (*kept, (name.encode(), value.encode())))


def authorization(request: SignedRequest) -> str:
    return request.header_values(b"authorization")[0].decode()


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%SZ")


def test_a_signed_request_tells_key_region_and_service() -> None:
    verified = check(sign())

    assert (verified.access_key_id, verified.region, verified.service) == (KEY, "eu-central-1", "apigateway")
    assert not verified.presigned


def test_the_data_plane_verifies_its_own_service() -> None:
    assert check(sign("POST", "/prod/@connections/abc%3D", body=b"hi", service="execute-api"), service="execute-api")


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/restapis",
        "/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Fabc?tagKeys=a%20b&tagKeys=a%2Bb&tagKeys=",
        "/restapis/a//b/../c/",
        "/a/%E2%82%AC~_-.!*'()",
        "/x?b=2&a=1&a=0&B=3&flag",
    ],
)
def test_paths_and_queries_are_canonicalised_as_the_client_does(target: str) -> None:
    assert check(sign(target=target))


@given(
    path=st.lists(st.text(min_size=1, max_size=8), max_size=4),
    query=st.lists(st.tuples(st.text(max_size=6), st.text(max_size=6)), max_size=4),
    body=st.binary(max_size=40),
)
@settings(max_examples=80, deadline=None)
def test_whatever_botocore_signs_is_verified(path: list[str], query: list[tuple[str, str]], body: bytes) -> None:
    encodable = [segment.encode("utf-8", "replace").decode() for segment in path]
    target = "/" + "/".join(quote(segment, safe="-_.~") for segment in encodable)
    if query:
        pairs = [tuple(quote(text.encode("utf-8", "replace"), safe="-_.~") for text in pair) for pair in query]
        target += "?" + "&".join("=".join(pair) for pair in pairs)

    assert check(sign("POST", target, body=body))


def test_inner_spaces_of_a_signed_header_count_once() -> None:
    request = sign(headers={"X-Amz-Meta": "a   b"})

    assert check(with_header(request, "x-amz-meta", "  a b "))
    assert refusal(with_header(request, "x-amz-meta", "ab"))


def test_a_date_header_serves_where_x_amz_date_is_absent() -> None:
    request = sign(headers={"Date": "Mon, 01 Jan 2024 00:00:00 GMT"})

    assert request.header_values(b"x-amz-date") == []
    assert check(request)


MUTATIONS = {
    "method": lambda r: replace(r, method="DELETE"),
    "path": lambda r: replace(r, raw_path=r.raw_path + b"x"),
    "encoding of the path": lambda r: replace(r, raw_path=b"/%72estapis"),
    "query value": lambda r: replace(r, raw_query=b"limit=6"),
    "query name": lambda r: replace(r, raw_query=b"limits=5"),
    "added query": lambda r: replace(r, raw_query=r.raw_query + b"&position=1"),
    "removed query": lambda r: replace(r, raw_query=b""),
    "body": lambda r: replace(r, body=r.body + b" "),
    "no body": lambda r: replace(r, body=b""),
    "host": lambda r: with_header(r, "host", "evil.example:4566"),
    "no host": lambda r: with_header(r, "host", None),
    "second host": lambda r: replace(r, headers=(*r.headers, (b"host", b"127.0.0.1:4566"))),
    "signed header": lambda r: with_header(r, "content-type", "text/plain"),
    "signed header removed": lambda r: with_header(r, "content-type", None),
    "body hash": lambda r: with_header(r, "x-amz-content-sha256", "0" * 64),
    "body unsigned": lambda r: with_header(r, "x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
    "region": lambda r: with_header(r, "authorization", authorization(r).replace("eu-central-1", "eu-central-2")),
    "headers reordered": lambda r: with_header(
        r, "authorization", authorization(r).replace("content-type;host", "host;content-type")
    ),
    "header unlisted": lambda r: with_header(r, "authorization", authorization(r).replace("content-type;", "")),
    "upper-case digest": lambda r: with_header(
        r, "authorization", authorization(r)[:-64] + authorization(r)[-64:].upper()
    ),
    "no digest to speak of": lambda r: with_header(r, "authorization", authorization(r)[:-63]),
    "a digest beyond ASCII": lambda r: with_header(r, "authorization", authorization(r)[:-1] + "é"),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_request_changed_after_signing_is_refused(mutation: str) -> None:
    request = sign("PUT", body=b'{"a":1}', headers={"Content-Type": "application/json"})

    assert refusal(MUTATIONS[mutation](request)).code == "InvalidSignatureException"


@given(position=st.integers(0, 63), digit=st.sampled_from("0123456789abcdef"))
@settings(max_examples=60, deadline=None)
def test_every_digit_of_the_digest_counts(position: int, digit: str) -> None:
    request = sign()
    header = authorization(request)
    start = len(header) - 64 + position
    changed = header[:start] + digit + header[start + 1 :]
    if changed != header:
        assert refusal(with_header(request, "authorization", changed)).code == "InvalidSignatureException"


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_changed_byte_of_a_request_goes_unnoticed(data: st.DataObject) -> None:
    request = sign("PUT", "/restapis/a1b2?mode=merge", body=b"openapi: 3.0.1")
    part = data.draw(st.sampled_from(["raw_path", "raw_query", "body"]))
    original: bytes = getattr(request, part)
    position = data.draw(st.integers(0, len(original) - 1))
    byte = data.draw(st.sampled_from(b"abcdefghijklmnopqrstuvwxyz0123456789-_~%+&=;/"))
    changed = original[:position] + bytes([byte]) + original[position + 1 :]
    if changed.strip(b"/") == original.strip(b"/"):
        return
    refusal(replace(request, **{part: changed}))


def test_a_wrong_secret_is_told_in_awss_words() -> None:
    error = refusal(sign(), secret="another")

    assert error.message == (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details."
    )


def test_a_signature_holds_for_five_minutes() -> None:
    request = sign()
    assert check(request, later=298)
    assert check(request, later=-298)

    error = refusal(request, later=303)

    assert error.code == "InvalidSignatureException"
    assert error.message.startswith(f"Signature expired: {request.only_header(b'x-amz-date')} is now earlier than ")
    assert error.message.endswith(" - 5 min.)")


def test_a_signature_from_the_future_is_not_yet_current() -> None:
    error = refusal(sign(), later=-305)

    assert error.message.startswith("Signature not yet current: ")
    assert " is still later than " in error.message
    assert error.message.endswith(" + 5 min.)")


def test_the_expiry_shows_its_arithmetic() -> None:
    request = sign()
    signature = read_signature(request)
    signature = replace(signature, signed_at=datetime(2026, 1, 1, tzinfo=UTC))

    with pytest.raises(SignatureError) as caught:
        verify(request, signature, SECRET, service="apigateway", now=datetime(2026, 1, 1, 0, 10, tzinfo=UTC))

    assert caught.value.message == (
        "Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z (20260101T001000Z - 5 min.)"
    )


def test_a_presigned_url_holds_as_long_as_it_says() -> None:
    request = sign(presigned_for=900)

    assert check(request, later=890).presigned
    assert refusal(request, later=910).message.startswith("Signature expired: ")


@pytest.mark.parametrize("lifetime", [b"0", b"-1", b"604801", b"", b"900.5"])
def test_a_presigned_url_states_a_lifetime_of_at_most_a_week(lifetime: bytes) -> None:
    request = sign(presigned_for=900)

    error = refusal(replace(request, raw_query=request.raw_query.replace(b"Expires=900", b"Expires=" + lifetime)))

    assert error.code == "IncompleteSignatureException"


def test_a_lengthened_presigned_url_is_refused() -> None:
    request = sign(presigned_for=900)

    assert refusal(replace(request, raw_query=request.raw_query.replace(b"Expires=900", b"Expires=901")))


def test_a_presigned_url_without_its_parts_names_them() -> None:
    error = refusal(replace(sign(), headers=(), raw_query=b"X-Amz-Algorithm=AWS4-HMAC-SHA256"))

    assert error.code == "IncompleteSignatureException"
    assert "AWS query-string parameters must include 'X-Amz-Credential'." in error.message


def test_a_request_without_signature_misses_its_token() -> None:
    error = refusal(with_header(sign(), "authorization", None))

    assert (error.code, error.message) == ("MissingAuthenticationTokenException", "Missing Authentication Token")


def test_a_bearer_token_is_no_signature_and_is_not_shown_again() -> None:
    error = refusal(with_header(sign(), "authorization", "Bearer my-password"))

    assert error.code == "IncompleteSignatureException"
    assert "my-password" not in error.message


def test_an_incomplete_header_names_what_is_missing() -> None:
    request = with_header(sign(), "x-amz-date", None)

    error = refusal(with_header(request, "authorization", f"AWS4-HMAC-SHA256 Credential={KEY}/a/b/c/aws4_request"))

    assert error.code == "IncompleteSignatureException"
    assert error.message.startswith(
        "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. "
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
    )


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", "IncompleteSignatureException", "Unsupported AWS 'algorithm'"),
        ("/aws4_request", "/aws3_request", "InvalidSignatureException", "valid terminator: 'aws4_request'"),
        ("/aws4_request", "", "IncompleteSignatureException", "exactly 5 slash-delimited elements"),
        ("/eu-central-1/", "/nowhere/", "InvalidSignatureException", "Credential should be scoped to a valid region."),
        ("/apigateway/", "/sts/", "InvalidSignatureException", "scoped to correct service: 'apigateway'."),
        ("SignedHeaders=host;", "SignedHeaders=", "InvalidSignatureException", "must be a 'SignedHeader'"),
        (f"/{datetime.now(UTC):%Y}", "/1999", "InvalidSignatureException", "Date in Credential scope does not match"),
        (", Signature=", ", Signature=a, Signature=", "IncompleteSignatureException", "Invalid key=value pair"),
    ],
)
def test_a_wrong_part_of_the_header_is_named(old: str, new: str, code: str, words: str) -> None:
    request = sign()
    assert old in authorization(request)

    error = refusal(with_header(request, "authorization", authorization(request).replace(old, new, 1)))

    assert error.code == code
    assert words in error.message


@pytest.mark.parametrize("date", ["yesterday", "20261301T000000Z", "2026-01-01T00:00:00Z"])
def test_a_date_in_another_format_is_refused(date: str) -> None:
    error = refusal(with_header(sign(), "x-amz-date", date))

    assert error.message.startswith("Date must be in ISO-8601 'basic format'.")


def test_the_session_token_is_read_from_header_and_query() -> None:
    assert read_signature(sign(token="abc+/=")).security_token == "abc+/="
    assert read_signature(sign(token="abc+/=", presigned_for=60)).security_token == "abc+/="


def test_a_body_signed_as_unsigned_may_be_anything() -> None:
    request = sign(body=b"one", headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})

    assert check(replace(request, body=b"two"))


def test_a_stated_body_hash_must_be_the_bodys() -> None:
    stated = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"  # of "foo"
    request = sign(body=b"foo", headers={"X-Amz-Content-SHA256": stated})

    assert check(request)
    assert refusal(replace(request, body=b"bar"))


FRAGMENTS = st.sampled_from(
    ["AWS4-HMAC-SHA256", " ", ",", "=", "/", ";", "Credential=", "SignedHeaders=", "Signature=", "host", "aws4_request",
     f"{KEY}/20260101/us-east-1/apigateway/aws4_request", "20260101T000000Z", "X-Amz-Algorithm=", "X-Amz-Date=", "&",
     "X-Amz-Credential=", "X-Amz-Signature=", "X-Amz-SignedHeaders=", "X-Amz-Expires=", "%", "%ff", "9", "\0", "é"]
)  # fmt: skip


@given(header=st.lists(FRAGMENTS, max_size=12), date=st.text(max_size=20), query=st.lists(FRAGMENTS, max_size=12))
@settings(max_examples=300, deadline=None)
def test_nonsense_is_refused_and_never_breaks(header: list[str], date: str, query: list[str]) -> None:
    headers = [(b"host", b"a"), (b"x-amz-date", date.encode())]
    if header:
        headers.append((b"authorization", "".join(header).encode("latin-1")))
    refusal(SignedRequest("GET", b"/", "".join(query).encode(), tuple(headers), b""))
