"""The codec against botocore's own: what its client sends we read, what we answer its client reads."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import HeadersDict, prepare_request_dict
from botocore.model import OperationModel
from botocore.parsers import RestJSONParser
from botocore.response import StreamingBody
from botocore.serialize import RestJSONSerializer
from botocore.utils import datetime2timestamp
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.control_plane.errors import ConflictException, TooManyRequestsException
from apps.control_plane.wire.errors import SerializationException
from apps.control_plane.wire.messages import WireRequest, WireResponse
from apps.control_plane.wire.parser import parse
from apps.control_plane.wire.router import control_plane_router
from apps.control_plane.wire.serializer import serialize, serialize_error
from apps.control_plane.wire.service_models import all_operations, operation_model
from apps.control_plane.wire.validation import validate
from apps.core.sigv4 import SignedRequest
from tests.specimens import AWKWARD, specimen

EVERY_OPERATION = pytest.mark.parametrize(("service", "name"), all_operations(), ids=lambda part: part)


def sent_by_botocore(operation: OperationModel, request: dict[str, Any]) -> WireRequest:
    serialized = RestJSONSerializer().serialize_to_request(request, operation)
    prepare_request_dict(serialized, "http://localhost:4566")
    url = urlsplit(serialized["url"])
    headers = tuple(
        (name.lower().encode(), str(value).encode("latin-1")) for name, value in serialized["headers"].items()
    )
    body = serialized["body"]
    raw = SignedRequest(serialized["method"], url.path.encode(), url.query.encode(), headers, body)
    return WireRequest(raw, "127.0.0.1")


def read(request: WireRequest) -> tuple[str, str, dict[str, Any]]:
    match = control_plane_router().match(request.raw.method, request.raw.raw_path, request.query)
    assert match is not None
    shape = parse(match.operation, match.labels, request.query, request.headers, request.raw.body)
    return match.service, match.operation.name, shape


def read_by_botocore(operation: OperationModel, response: WireResponse) -> dict[str, Any]:
    headers = HeadersDict({**response.headers, "Content-Type": response.content_type})
    streamed = operation.has_streaming_output
    body = StreamingBody(BytesIO(response.body), len(response.body)) if streamed else response.body
    message = {"status_code": response.status, "headers": headers, "body": body}
    parsed: dict[str, Any] = RestJSONParser().parse(message, operation.output_shape)
    return parsed


def body_of(service: str, name: str, document: bytes, **labels: str) -> dict[str, Any]:
    return parse(operation_model(service, name), labels, {}, {}, document)


@EVERY_OPERATION
def test_what_botocore_sends_arrives(service: str, name: str) -> None:
    operation = operation_model(service, name)
    request = specimen(operation.input_shape) if operation.input_shape else {}

    assert read(sent_by_botocore(operation, request)) == (service, name, request)


@EVERY_OPERATION
def test_what_botocore_must_send_is_enough(service: str, name: str) -> None:
    operation = operation_model(service, name)
    shape = operation.input_shape
    request = {member: specimen(shape.members[member]) for member in shape.required_members} if shape else {}

    arrived_service, arrived_name, arrived = read(sent_by_botocore(operation, request))

    assert (arrived_service, arrived_name) == (service, name)
    assert request.items() <= arrived.items()
    assert shape is None or validate(shape, arrived) == []


@EVERY_OPERATION
def test_what_we_answer_botocore_reads(service: str, name: str) -> None:
    operation = operation_model(service, name)
    if operation.has_event_stream_output:
        pytest.skip("the answer is a stream of events, which test_lambda_invocations.py reads")
    answer = specimen(operation.output_shape, text="a b") if operation.output_shape else {}
    status = operation.http.get("responseCode", 200)
    for member, shape in operation.output_shape.members.items() if operation.output_shape else ():
        if shape.serialization.get("location") == "statusCode":
            status = answer[member] = 299

    response = serialize(operation, answer)
    parsed = read_by_botocore(operation, response)

    assert response.status == status
    assert parsed.pop("ResponseMetadata")["HTTPStatusCode"] == response.status
    if payload := operation.output_shape and operation.output_shape.serialization.get("payload"):
        parsed[payload] = parsed[payload].read()
    if response.status != 204:
        assert parsed == answer


@EVERY_OPERATION
def test_a_specimen_breaks_no_constraint(service: str, name: str) -> None:
    shape = operation_model(service, name).input_shape

    assert shape is None or validate(shape, specimen(shape)) == []


def test_labels_are_decoded_once() -> None:
    request = sent_by_botocore(operation_model("apigateway", "GetModel"), {"restApiId": "a%2541", "modelName": AWKWARD})

    assert read(request)[2] == {"restApiId": "a%2541", "modelName": AWKWARD}


def test_a_plus_in_the_query_is_a_plus() -> None:
    request = SignedRequest("GET", b"/apikeys", b"name=a+b%20c", (), b"")

    assert read(WireRequest(request, ""))[2] == {"nameQuery": "a+b c"}


def test_an_import_hands_over_the_very_bytes() -> None:
    body = b'{"swagger":  "2.0"}\n\xff'
    request = SignedRequest("POST", b"/restapis", b"mode=import&failonwarnings=true&basepath=split", (), body)

    assert read(WireRequest(request, "")) == (
        "apigateway",
        "ImportRestApi",
        {"body": body, "failOnWarnings": True, "parameters": {"basepath": "split"}},
    )


@pytest.mark.parametrize("body", [b"", b"  \n", b"{}", b'{"unknown": [1, {"x": null}], "name": null}'])
def test_empty_bodies_nulls_and_unknown_members_are_nothing(body: bytes) -> None:
    assert body_of("apigateway", "CreateRestApi", body) == {}


def test_a_body_is_not_looked_at_where_none_is_expected() -> None:
    assert body_of("apigateway", "DeleteRestApi", b"not JSON", restapi_id="a1") == {"restApiId": "a1"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"name": 1}', "NUMBER_VALUE can not be converted to a String"),
        (b'{"name": true}', "TRUE_VALUE can not be converted to a String"),
        (b'{"name": {}}', "Start of structure or map found where not expected."),
        (b'{"name": []}', "Start of list found where not expected"),
        (b'{"minimumCompressionSize": "5"}', "STRING_VALUE can not be converted to an Integer"),
        (b'{"minimumCompressionSize": 5.5}', "NUMBER_VALUE can not be converted to an Integer"),
        (b'{"minimumCompressionSize": true}', "TRUE_VALUE can not be converted to an Integer"),
        (b'{"minimumCompressionSize": 2147483648}', "NUMBER_VALUE can not be converted to an Integer"),
        (b'{"disableExecuteApiEndpoint": "true"}', "STRING_VALUE can not be converted to a Boolean"),
        (b'{"disableExecuteApiEndpoint": 0}', "NUMBER_VALUE can not be converted to a Boolean"),
        (b'{"endpointConfiguration": "EDGE"}', "Expected structure or null"),
        (b'{"endpointConfiguration": {"types": "EDGE"}}', "Expected list or null"),
        (b'{"endpointConfiguration": {"types": {}}}', "Start of structure or map found where not expected."),
        (b'{"tags": []}', "Start of list found where not expected"),
        (b'{"tags": {"a": 1}}', "NUMBER_VALUE can not be converted to a String"),
        (b"[]", "Start of structure or map expected at the start of the request body."),
    ],
)
def test_a_member_of_another_type_is_refused(body: bytes, message: str) -> None:
    with pytest.raises(SerializationException) as refused:
        body_of("apigateway", "CreateRestApi", body)

    assert refused.value.message == message


@pytest.mark.parametrize("body", [b"{", b'{"name": "\xff"}', b"{'name': 'a'}", b'{"name": NaN}', b'{"x":' * 5000])
def test_a_body_that_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(SerializationException):
        body_of("apigateway", "CreateRestApi", body)


@pytest.mark.parametrize("limit", ["", "a", "1.0", "1e3", "٣", "99999999999999999999", " 1"])
def test_a_query_parameter_of_another_type_is_refused(limit: str) -> None:
    with pytest.raises(SerializationException, match="STRING_VALUE can not be converted to an Integer"):
        parse(operation_model("apigateway", "GetRestApis"), {}, {"limit": [limit]}, {}, b"")


def test_v1_tells_time_in_seconds_and_v2_in_iso_8601() -> None:
    created = datetime(2026, 3, 4, 5, 6, 7, 890_000, tzinfo=UTC)

    v1 = serialize(operation_model("apigateway", "GetRestApi"), {"createdDate": created})
    v2 = serialize(operation_model("apigatewayv2", "GetApi"), {"CreatedDate": created})

    assert v1.body == b'{"createdDate":%d}' % int(datetime2timestamp(created))
    assert v2.body == b'{"createdDate":"2026-03-04T05:06:07Z"}'


def test_an_export_is_its_bytes_with_their_type() -> None:
    response = serialize(
        operation_model("apigateway", "GetExport"),
        {
            "body": b"openapi: 3.0.1",
            "contentType": "application/yaml",
            "contentDisposition": 'attachment; filename="a"',
        },
    )

    assert (response.content_type, response.body) == ("application/yaml", b"openapi: 3.0.1")
    assert response.headers == {"Content-Disposition": 'attachment; filename="a"'}


def test_members_that_are_none_are_left_out() -> None:
    response = serialize(operation_model("apigateway", "GetRestApi"), {"id": "a1", "name": None, "tags": {"a": None}})

    assert response.body == b'{"id":"a1","tags":{}}'


@pytest.mark.parametrize(
    "answer",
    [{"id": 5}, {"nme": "a"}, {"createdDate": "2026"}, {"createdDate": datetime(2026, 1, 1)}, {"tags": {"a": 1}},
     {"minimumCompressionSize": True}, {"endpointConfiguration": {"typs": []}}],
)  # fmt: skip
def test_an_answer_that_does_not_fit_the_model_is_a_defect(answer: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        serialize(operation_model("apigateway", "GetRestApi"), answer)


def test_an_error_has_its_name_in_the_header_and_its_words_in_the_body() -> None:
    response = serialize_error(ConflictException("already there"))

    assert (response.status, response.body) == (409, b'{"message":"already there"}')
    assert response.headers == {"x-amzn-ErrorType": "ConflictException"}


def test_a_throttled_caller_learns_when_to_come_back() -> None:
    response = serialize_error(TooManyRequestsException("Too Many Requests", retry_after=7))

    assert response.headers == {"x-amzn-ErrorType": "TooManyRequestsException", "Retry-After": "7"}


NAMES = ["name", "tags", "endpointConfiguration", "types", "vpcEndpointIds", "version", "minimumCompressionSize", "x"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=12,
)


@given(document=JSON)
@settings(max_examples=300, deadline=None)
def test_any_json_is_read_or_refused_and_what_is_read_can_be_validated(document: Any) -> None:
    operation = operation_model("apigateway", "CreateRestApi")
    try:
        request = parse(operation, {}, {}, {}, json.dumps(document).encode())
    except SerializationException:
        return
    assert all("type" not in problem for problem in validate(operation.input_shape, request))


@given(request=st.dictionaries(st.sampled_from(NAMES), JSON, max_size=5))
@settings(max_examples=200, deadline=None)
def test_validation_never_breaks_on_what_a_page_hands_over(request: dict[str, Any]) -> None:
    validate(operation_model("apigateway", "CreateRestApi").input_shape, request)
