"""The names of Lambda functions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.function_names import FunctionName, parse_function_name

HERE = ("123456789012", "us-east-1")
ARN = "arn:aws:lambda:eu-west-1:210987654321:function:pets"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("pets", FunctionName(*HERE, "pets")),
        ("pets:live", FunctionName(*HERE, "pets", "live")),
        ("pets:$LATEST", FunctionName(*HERE, "pets", "$LATEST")),
        ("210987654321:function:pets", FunctionName("210987654321", "us-east-1", "pets")),
        (ARN, FunctionName("210987654321", "eu-west-1", "pets")),
        (f"{ARN}:3", FunctionName("210987654321", "eu-west-1", "pets", "3")),
        ("no such name!", None),
        ("", None),
        ("arn:aws:lambda:eu-west-1:pets", None),
        ("arn:aws:s3:::pets", None),
        ("pets:a:b", None),
    ],
)
def test_a_function_is_found_by_any_of_its_names(text: str, name: FunctionName | None):
    assert parse_function_name(text, *HERE) == name


def test_an_arn_is_written_with_and_without_its_qualifier():
    name = FunctionName("210987654321", "eu-west-1", "pets", "3")

    assert (name.arn, name.qualified_arn) == (ARN, f"{ARN}:3")


@given(st.text(max_size=80))
def test_what_is_parsed_comes_back_as_it_was_meant(text: str):
    name = parse_function_name(text, *HERE)

    assert name is None or parse_function_name(name.qualified_arn) == name
