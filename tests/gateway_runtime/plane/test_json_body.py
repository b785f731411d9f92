"""Bodies read as JSON: what is JSON reads as the same value, what is not is refused and never an accident."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway_runtime.mapping.json_body import NotJson, read_json

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@settings(max_examples=150, deadline=None)
@given(VALUES, st.booleans())
def test_what_is_written_as_json_reads_as_the_same_value(value: Any, escaped: bool) -> None:
    assert read_json(json.dumps(value, ensure_ascii=escaped).encode()) == value


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=64) | st.text('{}[]",:\\u0d8ceE+-.19tfn ', max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        value = read_json(body)
    except NotJson:
        return
    assert read_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize("shape", ["[{}]", '{{"a":{}}}'])
@pytest.mark.parametrize(("depth", "is_read"), [(100, True), (101, False), (5_000, False)])
def test_depth_is_bounded(shape: str, depth: int, is_read: bool) -> None:
    before, after = shape.split("{}") if shape == "[{}]" else ('{"a":', "}")
    body = (before * (depth - 1) + ("[]" if shape == "[{}]" else "{}") + after * (depth - 1)).encode()

    if is_read:
        assert read_json(body)
    else:
        with pytest.raises(NotJson, match="too deep"):
            read_json(body)


def test_breadth_is_not_depth() -> None:
    assert len(read_json(b"[" + b"[[]]," * 500 + b"{}]")) == 501


@pytest.mark.parametrize(
    "body", [b"NaN", b"[Infinity]", b"-Infinity", b'"\\udc00"', b'{"\\ud800": 1}', b"\xff", b"", b"1 1"]
)
def test_what_two_readers_could_understand_differently_is_refused(body: bytes) -> None:
    with pytest.raises(NotJson):
        read_json(body)
