"""The operators of conditions, each with what it holds for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.iam import Decision, compile_policy


def holds(condition: dict[str, Any], context: dict[str, Any]) -> bool:
    document = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition},
    }
    return compile_policy(document).decide("execute-api:Invoke", "arn:x", context) is Decision.ALLOW


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "expected"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", ["b", "a"], "a", True),
        ("StringEquals", "a", "A", False),
        ("StringEquals", "a*", "ab", False),
        ("StringNotEquals", ["a", "b"], "c", True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringEqualsIgnoreCase", "aB", "Ab", True),
        ("StringNotEqualsIgnoreCase", "aB", "Ab", False),
        ("StringLike", "a?c*", "abcdef", True),
        ("StringLike", "a?c*", "ac", False),
        ("StringLike", "A*", "ab", False),
        ("StringNotLike", "a*", "ab", False),
        ("stringequals", "a", "a", True),
        ("NumericEquals", "10", "10.0", True),
        ("NumericEquals", 10, "1e1", True),
        ("NumericNotEquals", "10", "11", True),
        ("NumericLessThan", "10", "9.5", True),
        ("NumericLessThan", "10", "10", False),
        ("NumericLessThanEquals", "10", "10", True),
        ("NumericGreaterThan", "10", "10.01", True),
        ("NumericGreaterThanEquals", "10", "9", False),
        ("NumericEquals", "10", "ten", False),
        ("NumericNotEquals", "10", "ten", False),
        ("DateEquals", "2026-01-01T00:00:00Z", "1767225600", True),
        ("DateNotEquals", "2026-01-01T00:00:00Z", "1767225600", False),
        ("DateLessThan", "2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z", True),
        ("DateGreaterThan", "2026", "2026-01-01T00:00:01+00:00", True),
        ("DateGreaterThanEquals", "1767225600", "2026-01-01", True),
        ("DateLessThanEquals", "2026-02", "2026-02-01T00:00:00.5Z", False),
        ("Bool", "true", "true", True),
        ("Bool", True, "TRUE", True),
        ("Bool", "false", "true", False),
        ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", True),
        ("BinaryEquals", "QmluYXJ5", "Qmlu", False),
        ("IpAddress", "192.0.2.0/24", "192.0.2.77", True),
        ("IpAddress", "192.0.2.0/24", "192.0.3.1", False),
        ("IpAddress", ["10.0.0.0/8", "192.0.2.1"], "192.0.2.1", True),
        ("IpAddress", "192.0.2.77/24", "192.0.2.1", True),
        ("IpAddress", "2001:DB8::/32", "2001:db8:1::1", True),
        ("IpAddress", "192.0.2.0/24", "::ffff:192.0.2.1", True),
        ("IpAddress", "0.0.0.0/0", "2001:db8::1", False),
        ("IpAddress", "0.0.0.0/0", "not an address", False),
        ("NotIpAddress", "192.0.2.0/24", "192.0.3.1", True),
        ("NotIpAddress", "192.0.2.0/24", "192.0.2.1", False),
        ("NotIpAddress", "192.0.2.0/24", "not an address", False),
        ("ArnEquals", "arn:aws:iam::123456789012:user/*", "arn:aws:iam::123456789012:user/a", True),
        ("ArnLike", "arn:aws:iam::*:user/a", "arn:aws:iam::123456789012:user/a", True),
        ("ArnLike", "arn:aws:*:a", "arn:aws:iam::123456789012:a", True),
        ("ArnLike", "arn:aws:iam::*:user/a", "no arn", False),
        ("ArnNotEquals", "arn:aws:iam::*:user/a", "arn:aws:iam::123456789012:user/b", True),
        ("ArnNotLike", "arn:aws:iam::*:user/a", "arn:aws:iam::123456789012:user/a", False),
        ("Null", "true", "x", False),
        ("Null", "false", "x", True),
        ("Null", ["true", "false"], "x", True),
    ],
)
def test_an_operator_compares_one_value(operator: str, wanted: Any, value: str, expected: bool):
    assert holds({operator: {"aws:Key": wanted}}, {"aws:Key": [value]}) is expected


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("StringEquals", False),
        ("StringEqualsIfExists", True),
        ("StringNotEquals", True),
        ("StringNotEqualsIfExists", True),
        ("IpAddress", False),
        ("NotIpAddress", True),
        ("ForAllValues:StringEquals", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
        ("ForAnyValue:StringEqualsIfExists", True),
    ],
)
def test_what_a_request_does_not_have_fits_only_negations(operator: str, expected: bool):
    wanted = "192.0.2.1" if "Ip" in operator else "x"
    assert holds({operator: {"aws:Key": wanted}}, {}) is expected
    assert holds({operator: {"aws:Key": wanted}}, {"aws:Key": []}) is expected


def test_null_holds_where_a_key_is_absent():
    assert holds({"Null": {"aws:Key": "true"}}, {})
    assert not holds({"Null": {"aws:Key": "false"}}, {})


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("ForAllValues:StringEquals", ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a", "c"], False),
        ("ForAnyValue:StringEquals", ["c", "b"], True),
        ("ForAnyValue:StringEquals", ["c", "d"], False),
        ("ForAllValues:StringNotEquals", ["c", "d"], True),
        ("ForAllValues:StringNotEquals", ["c", "a"], False),
        ("ForAnyValue:StringNotEquals", ["c", "a"], True),
        ("ForAnyValue:StringNotEquals", ["a", "b"], False),
        ("foranyvalue:stringlike", ["c", "b"], True),
    ],
)
def test_sets_of_values_are_compared_by_all_or_by_any(operator: str, values: list[str], expected: bool):
    assert holds({operator: {"aws:TagKeys": ["a", "b"]}}, {"aws:TagKeys": values}) is expected


def test_all_operators_and_all_keys_must_hold():
    condition = {"StringEquals": {"a": "1", "b": "2"}, "Bool": {"c": "true"}}

    assert holds(condition, {"a": ["1"], "b": ["2"], "c": ["true"]})
    assert not holds(condition, {"a": ["1"], "b": ["3"], "c": ["true"]})
    assert not holds(condition, {"a": ["1"], "b": ["2"], "c": ["false"]})


def test_names_of_keys_have_no_case():
    assert holds({"StringEquals": {"AWS:sourcevpce": "vpce-1"}}, {"aws:SourceVpce": ["vpce-1"]})


def test_a_single_text_counts_as_one_value():
    assert holds({"StringEquals": {"a": "word"}}, {"a": "word"})
    assert not holds({"ForAnyValue:StringEquals": {"a": "w"}}, {"a": "word"})


@pytest.mark.parametrize("operator", ["StringEquals", "StringLike", "ArnEquals"])
def test_variables_stand_in_conditions_too(operator: str):
    arn = "arn:aws:iam::123456789012:user/"
    condition = {operator: {"aws:PrincipalArn": arn + "${aws:username}"}}

    assert holds(condition, {"aws:PrincipalArn": arn + "a", "aws:username": "a"})
    assert not holds(condition, {"aws:PrincipalArn": arn + "b", "aws:username": "*"})
    assert not holds(condition, {"aws:PrincipalArn": arn + "a", "aws:username": ["a", "b"]})


@given(
    st.sampled_from(["StringLike", "NumericLessThan", "DateLessThan", "Bool", "BinaryEquals", "IpAddress", "ArnLike"]),
    st.text(max_size=30),
)
def test_no_value_of_a_request_breaks_a_condition(operator: str, value: str):
    wanted = {"Numeric": "1", "Date": "2026", "Bool": "true", "Binary": "QQ==", "IpAddr": "10.0.0.0/8"}
    fitting = next((text for kind, text in wanted.items() if operator.startswith(kind)), "x*")

    assert holds({operator: {"k": fitting}}, {"k": [value]}) in (True, False)
