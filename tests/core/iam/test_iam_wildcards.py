"""Wildcards, against the regular expressions that they abbreviate."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from apps.core.iam.variables import arn_parts
from apps.core.iam.wildcards import text_pattern

letters = st.text(alphabet="ab/é", max_size=12)
patterns = st.text(alphabet="ab/é*?", max_size=12)


@given(patterns, letters)
def test_a_pattern_matches_as_its_regular_expression_does(pattern: str, text: str):
    expression = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)

    matches = text_pattern(pattern, variables=False)

    assert matches(text, {}) is (re.fullmatch(expression, text, re.DOTALL) is not None)


@given(letters, st.lists(st.tuples(st.integers(0, 12), st.sampled_from("*?")), max_size=4))
def test_a_text_matches_itself_with_parts_replaced(text: str, holes: list[tuple[int, str]]):
    characters = list(text)
    for at, wildcard in holes:
        if at < len(characters):
            characters[at] = wildcard

    assert text_pattern("".join(characters), variables=False)(text, {})


def test_colons_of_variables_do_not_divide_an_arn():
    assert arn_parts("arn:aws:s3:::${aws:username}/a:b") == ["arn", "aws", "s3", "", "", "${aws:username}/a:b"]
    assert arn_parts("arn:${aws:Partition}:*") == ["arn", "${aws:Partition}", "*"]
