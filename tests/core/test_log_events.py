"""Lines of log files read back by the formats they were written in."""

from __future__ import annotations

import json
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.log_events import access_log_reader, execution_event, fields_of, writes_time

AT = 1_700_000_000.0


@pytest.mark.parametrize(
    ("format_text", "line"),
    [
        (
            '{"id":"$context.requestId","t":$context.requestTimeEpoch,"s":$context.status,"p":"$context.path"}',
            '{"id":"r1","t":1700000000000,"s":404,"p":"/prod/pets"}',
        ),
        (
            '[$context.requestTime] "$context.httpMethod $context.path" $context.status $context.requestId',
            '[14/Nov/2023:22:13:20 +0000] "GET /prod/pets" 404 r1',
        ),
        (
            '<request id="$context.requestId" at="$context.requestTimeEpoch"><s>$context.status</s><p>$context.path</p></request>',
            '<request id="r1" at="1700000000000"><s>404</s><p>/prod/pets</p></request>',
        ),
        (
            "$context.requestId,$context.requestTimeEpoch,$context.status,$context.path",
            "r1,1700000000000,404,/prod/pets",
        ),
    ],
)
def test_a_line_of_each_kind_of_format_is_read(format_text: str, line: str) -> None:
    event = access_log_reader(format_text)(line)

    assert (event.text, event.at) == (line, AT)
    assert event.fields["request_id"] == "r1"
    assert event.fields["status"] == "404"
    assert event.fields["path"] == "/prod/pets"


def test_a_line_of_an_earlier_format_is_text_alone() -> None:
    assert access_log_reader('{"s":"$context.status"}')("200 GET") == ("200 GET", None, {})


def test_what_has_no_value_is_no_field() -> None:
    assert access_log_reader("$context.status $context.identity.apiKeyId")("200 -").fields == {"status": "200"}


def test_a_format_tells_what_its_lines_have() -> None:
    text = "$context.requestTime $context.routeKey $context.identity.apiKey"

    assert writes_time(text)
    assert fields_of(text) == {"path", "key"}
    assert not writes_time("$context.status")


def test_events_of_an_execution_log_tell_request_status_path_and_key() -> None:
    lines = [
        "2023-11-14T22:13:20.000Z (r1) HTTP Method: GET, Resource Path: /prod/pets/7",
        "2023-11-14T22:13:20.000Z (r1) Verifying Usage Plan for request: r1. API Key: **********cret API Stage: a/b",
        "2023-11-14T22:13:20.000Z (r1) Method completed with status: 504",
    ]

    place, key, end = (execution_event(line) for line in lines)

    assert (place.at, place.fields["method"], place.fields["path"]) == (AT, "GET", "/prod/pets/7")
    assert key.fields["key"].endswith("cret")
    assert (end.text, end.fields) == ("Method completed with status: 504", {"request_id": "r1", "status": "504"})


def test_what_is_no_event_is_text() -> None:
    assert execution_event("torn line").fields == {}
    assert execution_event("noZ (r1) text").at is None


@given(st.text(), st.text())
def test_whatever_callers_send_comes_back_from_json(path: str, agent: str) -> None:
    line = json.dumps({"a": agent, "p": path, "s": "200"}, ensure_ascii=False)
    if not line.isprintable():
        return  # the writer has cleaned values of what is not

    event = access_log_reader('{"a": "$context.identity.userAgent", "p": "$context.path", "s": "$context.status"}')(
        line
    )

    assert event.fields.get("status") == "200"
    assert event.fields.get("path", "-") == (path or "-")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1))
def test_whatever_callers_send_comes_back_from_xml(path: str) -> None:
    written = quoteattr(path, {'"': "&quot;", "'": "&apos;"})[1:-1]

    event = access_log_reader('<r p="$context.path" s="$context.status"/>')(f'<r p="{written}" s="200"/>')

    assert event.fields.get("path", "-") == path


@given(st.text(), st.text())
def test_no_line_and_no_format_break_the_reader(format_text: str, line: str) -> None:
    access_log_reader(format_text)(line)
    access_log_reader(f'{format_text}"$context.status$context.path{format_text}')(line)
    execution_event(line)
