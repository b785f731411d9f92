"""HTTP APIs with actions of AWS services: what a service is asked, signed for whom, and what becomes of its answer."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import botocore.session
import pytest
from botocore.serialize import QuerySerializer, create_serializer
from hypothesis import given
from hypothesis import strategies as st

from apps.core.integration_subtypes import SUBTYPES
from apps.core.v2_documents import V2Integration
from gateway_runtime.errors import GatewayError
from gateway_runtime.http_apis import service_actions
from tests.gateway_runtime.plane.aws_stand_in import JSON_1_0, Signed, answers, serve_service
from tests.gateway_runtime.plane.backend import Answer, Backend
from tests.gateway_runtime.plane.harness import Answer as Answered
from tests.gateway_runtime.plane.harness import GatewayHarness
from tests.gateway_runtime.plane.http_apis import HOST, http_api, route

QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/pets"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:walk"


def action(subtype: str, parameters: dict[str, str], **members: Any) -> V2Integration:
    return V2Integration(
        id="", type="AWS_PROXY", subtype=subtype, request_parameters=parameters,
        credentials_arn="arn:aws:iam::123456789012:role/calls", **members,
    )  # fmt: skip


@pytest.fixture
def asked(gateway: GatewayHarness, backend: Backend) -> list[Signed]:
    """What a service was asked that answers `{"done": true}` to everything."""
    seen: list[Signed] = []

    def behaviour(signed: Signed) -> Answer:
        seen.append(signed)
        return answers({"done": True}, content_type=JSON_1_0)

    serve_service(backend, behaviour)
    gateway.reach_aws(backend.url)
    return seen


async def call(
    gateway: GatewayHarness, integration: V2Integration, body: bytes = b"", path: str = "/a/rex"
) -> Answered:
    gateway.serve(*http_api(route("POST /a/{name}", integration)))
    return await gateway.call("POST", path, body, host=HOST)


# One call of each subtype: the arguments as integrations have them, and as the service's own model has them.
CALLS: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "EventBridge-PutEvents": (
        {"Detail": '{"a": 1}', "DetailType": "walked", "Source": "pets", "Time": "2026-01-02T03:04:05Z",
         "EventBusName": "own", "Resources": '["arn:one", "arn:two"]', "TraceHeader": "Root=1"},
        {"Entries": [{"Detail": '{"a": 1}', "DetailType": "walked", "Source": "pets", "Time": 1767323045,
                      "EventBusName": "own", "Resources": ["arn:one", "arn:two"], "TraceHeader": "Root=1"}]},
    ),
    "SQS-SendMessage": (
        {"QueueUrl": QUEUE, "MessageBody": "a & b", "DelaySeconds": "5", "MessageDeduplicationId": "d",
         "MessageGroupId": "g", "MessageAttributes": '{"kind": {"DataType": "String", "StringValue": "dog"}}',
         "MessageSystemAttributes": '{"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1"}}'},
        {"QueueUrl": QUEUE, "MessageBody": "a & b", "DelaySeconds": 5, "MessageDeduplicationId": "d",
         "MessageGroupId": "g", "MessageAttributes": {"kind": {"DataType": "String", "StringValue": "dog"}},
         "MessageSystemAttributes": {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1"}}},
    ),
    "SQS-ReceiveMessage": (
        {"QueueUrl": QUEUE, "AttributeNames": "All", "MaxNumberOfMessages": "10", "MessageAttributeNames": '["a", "b"]',
         "ReceiveRequestAttemptId": "r", "VisibilityTimeout": "30", "WaitTimeSeconds": "0"},
        {"QueueUrl": QUEUE, "AttributeNames": ["All"], "MaxNumberOfMessages": 10, "MessageAttributeNames": ["a", "b"],
         "ReceiveRequestAttemptId": "r", "VisibilityTimeout": 30, "WaitTimeSeconds": 0},
    ),
    "SQS-DeleteMessage": ({"QueueUrl": QUEUE, "ReceiptHandle": "h=="}, {"QueueUrl": QUEUE, "ReceiptHandle": "h=="}),
    "SQS-PurgeQueue": ({"QueueUrl": QUEUE}, {"QueueUrl": QUEUE}),
    "AppConfig-GetConfiguration": (
        {"Application": "shop", "Environment": "my env/1", "Configuration": "c", "ClientId": "me & you",
         "ClientConfigurationVersion": "2"},
        {"Application": "shop", "Environment": "my env/1", "Configuration": "c", "ClientId": "me & you",
         "ClientConfigurationVersion": "2"},
    ),
    "Kinesis-PutRecord": (
        {"StreamName": "s", "Data": "aGVsbG8=", "PartitionKey": "p", "SequenceNumberForOrdering": "1", "ExplicitHashKey": "2"},
        {"StreamName": "s", "Data": b"hello", "PartitionKey": "p", "SequenceNumberForOrdering": "1", "ExplicitHashKey": "2"},
    ),
    "StepFunctions-StartExecution": (
        {"StateMachineArn": MACHINE, "Name": "n", "Input": "{}"}, {"stateMachineArn": MACHINE, "name": "n", "input": "{}"}
    ),
    "StepFunctions-StartSyncExecution": (
        {"StateMachineArn": MACHINE, "Name": "n", "Input": "{}", "TraceHeader": "Root=1"},
        {"stateMachineArn": MACHINE, "name": "n", "input": "{}", "traceHeader": "Root=1"},
    ),
    "StepFunctions-StopExecution": (
        {"ExecutionArn": MACHINE, "Cause": "c", "Error": "e"}, {"executionArn": MACHINE, "cause": "c", "error": "e"}
    ),
}  # fmt: skip
MODELS = {"events": "events", "sqs": "sqs", "appconfig": "appconfig", "kinesis": "kinesis", "states": "stepfunctions"}


def as_botocore_writes(service: str, name: str, arguments: dict[str, Any]) -> Any:
    model = botocore.session.get_session().get_service_model(MODELS[service])
    operation = model.operation_model(name)
    serializer = QuerySerializer() if service == "sqs" else create_serializer(model.metadata["protocol"])
    return serializer.serialize_to_request(arguments, operation)


def _as_query_name(name: str) -> str:
    singular = re.sub(r"(Name|Attribute)s(?=\.)", r"\1", name)
    return re.sub(
        r"entry\.|(?<=\d\.)(key|value)\b", lambda part: (part[1] or "").replace("key", "name").title(), singular
    )


@pytest.mark.parametrize("subtype", sorted(SUBTYPES))
async def test_a_service_is_asked_as_its_sdk_would_ask(
    gateway: GatewayHarness, asked: list[Signed], subtype: str
) -> None:
    parameters, arguments = CALLS[subtype]
    named = SUBTYPES[subtype]
    assert parameters.keys() == (named.required | named.optional) - {"Region"}, "every argument is tried"

    answer = await call(gateway, action(subtype, parameters))

    (signed,) = asked
    expected = as_botocore_writes(named.service, named.action, arguments)
    assert (signed.service, signed.region) == (named.service, "us-east-1")
    assert (signed.received.method, urlsplit(signed.received.target).path) == (
        expected["method"], expected["url_path"]
    )  # fmt: skip
    if named.service == "sqs":
        sent: dict[str, Any] = signed.form
        # The SDK's model of today has forgotten the names that the query numbers lists and maps by.
        written = {_as_query_name(name): str(value) for name, value in expected["body"].items()}
    elif named.service == "appconfig":
        sent, written = signed.query, expected["query_string"]
    else:
        sent, written = signed.json(), json.loads(expected["body"])
        assert signed.received.header("x-amz-target") == expected["headers"]["X-Amz-Target"]
        assert signed.received.header("content-type") == expected["headers"]["Content-Type"]
    assert sent == written
    assert (answer.status, answer.json()) == (200, {"done": True})


async def test_arguments_are_mapped_from_the_request(gateway: GatewayHarness, asked: list[Signed]) -> None:
    parameters = {
        "QueueUrl": "$stageVariables.queue",
        "MessageBody": "$request.body",
        "MessageGroupId": "${request.path.name}-${request.querystring.kind}",
        "MessageDeduplicationId": "$request.header.x-none",
    }
    gateway.serve(*http_api(route("POST /a/{name}", action("SQS-SendMessage", parameters)), variables={"queue": QUEUE}))
    body = b'{"long": "' + b"x" * 200_000 + b'"}'

    await gateway.call("POST", "/a/rex?kind=dog", body, host=HOST)

    form = asked[0].form
    assert (form["QueueUrl"], form["MessageGroupId"]) == (QUEUE, "rex-dog")
    assert form["MessageBody"] == body.decode(), "the whole body"
    assert "MessageDeduplicationId" not in form, "an optional argument without a value is left out"


@pytest.mark.parametrize(
    ("parameters", "body"),
    [
        ({"MessageBody": "$request.body.text"}, b"{}"),
        ({"MessageBody": "$request.body.text"}, b"no json"),
        ({"MessageBody": "$request.body"}, b""),
        ({"MessageBody": "a", "DelaySeconds": "$request.body"}, b"soon"),
        ({"MessageBody": "a", "MessageAttributes": "$request.body"}, b"[1]"),
        ({"MessageBody": "a", "MessageAttributes": "$request.body"}, b'{"a": {"b": 1}}'),
        ({"MessageBody": "a", "MessageAttributes": "$request.body"}, b"{"),
    ],
)
async def test_a_request_that_gives_no_argument_is_a_bad_one(
    gateway: GatewayHarness, asked: list[Signed], parameters: dict[str, str], body: bytes
) -> None:
    answer = await call(gateway, action("SQS-SendMessage", {"QueueUrl": QUEUE, **parameters}), body)

    assert (answer.status, answer.json()) == (400, {"message": "Bad Request"})
    assert asked == []


async def test_a_path_to_a_configuration_cannot_be_left(gateway: GatewayHarness, asked: list[Signed]) -> None:
    parameters = {"Application": "$request.body", "Environment": "e", "Configuration": "c", "ClientId": "i"}

    odd = await call(gateway, action("AppConfig-GetConfiguration", parameters), b"..")
    slashed = await call(gateway, action("AppConfig-GetConfiguration", parameters), b"../other")

    assert (odd.status, slashed.status) == (400, 200)
    assert [urlsplit(signed.received.target).path for signed in asked] == [
        "/applications/..%2Fother/environments/e/configurations/c"
    ]


async def test_an_integration_may_name_another_region(gateway: GatewayHarness, asked: list[Signed]) -> None:
    await call(gateway, action("SQS-PurgeQueue", {"QueueUrl": QUEUE, "Region": "eu-west-1"}))

    assert asked[0].region == "eu-west-1"


@pytest.mark.parametrize("region", ["$request.header.x-region", "elsewhere", "evil.example/us-east-1"])
async def test_a_region_that_is_none_calls_nobody(gateway: GatewayHarness, asked: list[Signed], region: str) -> None:
    answer = await call(gateway, action("SQS-PurgeQueue", {"QueueUrl": QUEUE, "Region": region}))

    assert (answer.status, answer.json()) == (500, {"message": "Internal Server Error"})
    assert asked == []


async def test_an_account_without_credentials_calls_nobody(gateway: GatewayHarness) -> None:
    answer = await call(gateway, action("SQS-PurgeQueue", {"QueueUrl": QUEUE}))

    assert (answer.status, answer.json()) == (500, {"message": "Internal Server Error"})


async def test_what_a_service_refuses_is_the_answer(gateway: GatewayHarness, backend: Backend) -> None:
    told = {"__type": "ExecutionAlreadyExists", "message": "Execution Already Exists"}
    serve_service(backend, lambda signed: answers(told, 400, JSON_1_0))
    gateway.reach_aws(backend.url)
    integration = action("StepFunctions-StartExecution", {"StateMachineArn": MACHINE, "Input": "$request.body"})

    answer = await call(gateway, integration, b"{}")

    assert (answer.status, answer.json(), answer.header("content-type")) == (400, told, JSON_1_0)


async def test_response_parameters_change_a_services_answer(gateway: GatewayHarness, asked: list[Signed]) -> None:
    mappings = {"200": {"overwrite:statuscode": "202", "append:header.x-done": "$response.body.done"}}
    integration = action("SQS-PurgeQueue", {"QueueUrl": QUEUE}, response_parameters=mappings)

    answer = await call(gateway, integration)

    assert (answer.status, answer.header("x-done"), answer.json()) == (202, "true", {"done": True})


async def test_a_service_that_cannot_be_reached_is_unavailable(gateway: GatewayHarness, backend: Backend) -> None:
    gateway.reach_aws("http://127.0.0.1:1")

    answer = await call(gateway, action("SQS-PurgeQueue", {"QueueUrl": QUEUE}))

    assert (answer.status, answer.json()) == (503, {"message": "Service Unavailable"})


@given(st.dictionaries(st.sampled_from(sorted(CALLS["SQS-SendMessage"][0])), st.text(max_size=40)))
def test_no_text_of_a_caller_adds_an_argument(texts: dict[str, str]) -> None:
    subtype = SUBTYPES["SQS-SendMessage"]
    try:
        arguments = service_actions._arguments(subtype, texts)
    except GatewayError:
        return
    _, _, body = service_actions._form(dict(service_actions._flat(arguments)))

    plain = {name: text for name, text in parse_qsl(body.decode(), keep_blank_values=True) if "." not in name}
    assert plain == {name: str(value) for name, value in arguments.items() if not isinstance(value, dict)}
