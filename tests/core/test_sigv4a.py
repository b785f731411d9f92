"""Signature Version 4A: the key that a secret stands for, and which regions a set has."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from apps.core.signed_request import SignedRequest
from apps.core.sigv4 import read_signature
from apps.core.sigv4_errors import SignatureError
from apps.core.sigv4a import covers, is_signature_of, private_key

KEY, SECRET = "AKISORANDOMAASORANDOM", "q+jcrXGc+0zWN6uzclKVhvMmUsIfRPa4rlRandom"


@pytest.mark.parametrize(
    ("key", "secret", "x", "y"),
    [
        (
            KEY,
            SECRET,
            0x15D242CEEBF8D8169FD6A8B5A746C41140414C3B07579038DA06AF89190FFFCB,
            0x0515242CEDD82E94799482E4C0514B505AFCCF2C0C98D6A553BF539F424C5EC0,
        ),
        (
            "AKIDEXAMPLE",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            0xB6618F6A65740A99E650B33B6B4B5BD0D43B176D721A3EDFEA7E7D2D56D936B1,
            0x865ED22A7EADC9C5CB9D2CBACA1B3699139FEDC5043DC6661864218330C8E518,
        ),
    ],
)
def test_the_key_is_the_one_that_awss_tools_derive(key: str, secret: str, x: int, y: int) -> None:
    numbers = private_key(key, secret).public_key().public_numbers()

    assert (numbers.x, numbers.y) == (x, y)


@given(st.text(max_size=60), st.text(max_size=200))
def test_no_other_text_is_signed_and_no_other_signature_is_one(text: str, other: str) -> None:
    signature = private_key(KEY, SECRET).sign(text.encode(), ec.ECDSA(hashes.SHA256())).hex()

    assert is_signature_of(text.encode(), signature, KEY, SECRET)
    assert not is_signature_of(text.encode() + b".", signature, KEY, SECRET)
    assert not is_signature_of(text.encode(), signature, KEY, "another secret")
    for changed in (
        other,
        signature + "00",
        signature[:-2],
        signature.upper(),
        " ".join((signature[:2], signature[2:])),
    ):
        assert not is_signature_of(text.encode(), changed, KEY, SECRET)


@pytest.mark.parametrize(
    ("regions", "has"),
    [
        ("us-east-1", True), ("*", True), ("eu-*, us-east-1", True), ("us-*-1", True), ("us-east-*", True), ("", False),
        ("us-east-2", False), ("us-east-1x", False), ("us-east", False), ("**", True), ("u*-*-1", False), (".*", False),
    ],
)  # fmt: skip
def test_a_set_names_regions_and_patterns(regions: str, has: bool) -> None:
    assert covers(regions, "us-east-1") is has


@given(st.text(max_size=300), st.text(max_size=30))
def test_whatever_stands_in_for_a_set_has_an_answer(regions: str, region: str) -> None:
    assert covers(regions, region) in (True, False)


ASYMMETRIC = "AWS4-ECDSA-P256-SHA256 Credential={}, SignedHeaders=host;x-amz-date;x-amz-region-set, Signature=00"


@pytest.mark.parametrize(
    ("credential", "regions", "words"),
    [
        (
            "key/20260102/us-east-1/execute-api/aws4_request",
            "*",
            "Credential must have exactly 4 slash-delimited elements",
        ),
        ("key/20260102/execute-api/aws4_request", None, "requires existence of a signed 'X-Amz-Region-Set' header"),
        ("key/20260102/execute-api/aws5_request", "*", "Credential should be scoped with a valid terminator"),
        ("key/20260103/execute-api/aws4_request", "*", "Date in Credential scope does not match"),
    ],
)
def test_what_is_wrong_with_a_header_is_said(credential: str, regions: str | None, words: str) -> None:
    headers = [(b"authorization", ASYMMETRIC.format(credential).encode()), (b"x-amz-date", b"20260102T030405Z")]
    if regions is not None:
        headers.append((b"x-amz-region-set", regions.encode()))

    with pytest.raises(SignatureError, match=words):
        read_signature(SignedRequest("GET", b"/", b"", tuple(headers), b""), asymmetric=True)


def test_who_does_not_take_it_refuses_it_by_its_name() -> None:
    said = ASYMMETRIC.format("key/20260102/execute-api/aws4_request").encode()
    request = SignedRequest("GET", b"/", b"", ((b"authorization", said),), b"")

    with pytest.raises(SignatureError, match="Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'"):
        read_signature(request)
