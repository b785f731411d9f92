"""Codes of authenticator apps, against the vectors of RFC 6238."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import totp

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("now", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_rfc(now: int, code: str) -> None:
    assert totp.code_of(RFC_SECRET, totp.step_at(now)) == code
    assert totp.matching_step(RFC_SECRET, code, now) == totp.step_at(now)


def test_a_clock_may_be_wrong_by_one_step_either_way() -> None:
    now = 1_000_000.0
    code = totp.code_of(RFC_SECRET, totp.step_at(now))

    around = [totp.matching_step(RFC_SECRET, code, now + 30 * steps) is not None for steps in range(-3, 4)]

    assert around == [False, False, True, True, True, False, False]


@given(st.text(max_size=80), st.floats(min_value=0, max_value=1e11))
def test_what_is_no_code_matches_nothing(text: str, now: float) -> None:
    step = totp.matching_step(RFC_SECRET, text, now)

    assert step is None or totp.code_of(RFC_SECRET, step) == text


@given(st.text(max_size=80))
def test_any_text_has_a_digest(text: str) -> None:
    assert len(totp.recovery_code_digest(text, b"k" * 32)) == 64


def test_recovery_codes_differ_and_are_read_however_they_are_typed() -> None:
    codes = totp.new_recovery_codes()

    digests = {totp.recovery_code_digest(code, b"k") for code in codes}

    assert len(digests) == totp.RECOVERY_CODES
    assert totp.recovery_code_digest(f" {codes[0].upper().replace('-', ' ')}\n", b"k") in digests
