"""AWS's event stream encoding, against botocore's reading of it."""

from __future__ import annotations

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from apps.core.event_stream import BadEventStream, EventStreamDecoder, Message, encode, encode_event

NAMES = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=20)
HEADERS = st.dictionaries(NAMES, st.text(max_size=50), max_size=5)


def test_botocore_reads_what_is_encoded():
    buffer = EventStreamBuffer()
    buffer.add_data(encode_event("PayloadChunk", b"hello", "application/octet-stream"))

    message = next(iter(buffer))

    assert message.payload == b"hello"
    assert message.headers == {
        ":event-type": "PayloadChunk", ":content-type": "application/octet-stream", ":message-type": "event",
    }  # fmt: skip


@given(st.lists(st.tuples(HEADERS, st.binary(max_size=300)), max_size=4), st.integers(1, 40))
def test_messages_come_back_however_they_are_cut(messages: list[tuple[dict[str, str], bytes]], step: int):
    data = b"".join(encode(headers, payload) for headers, payload in messages)
    decoder = EventStreamDecoder()

    found = [message for at in range(0, len(data), step) for message in decoder.feed(data[at : at + step])]

    assert found == [Message(headers, payload) for headers, payload in messages]


@given(st.binary(max_size=200))
def test_bytes_that_are_no_event_stream_are_refused_or_waited_for(data: bytes):
    try:
        assert list(EventStreamDecoder().feed(data)) == []
    except BadEventStream:
        return


@given(st.integers(0, 60), st.integers(1, 255))
def test_a_damaged_message_is_refused(at: int, change: int):
    data = bytearray(encode({"name": "value"}, b"a payload of some length that is damaged somewhere"))
    data[at] ^= change

    with pytest.raises(BadEventStream):
        list(EventStreamDecoder().feed(bytes(data)))
