"""Integrations with AWS services as AWS answered them, with services that answer as the recorded ones did."""

from __future__ import annotations

import ast
import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from tests.gateway_runtime.plane.aws_stand_in import JSON_1_0, Bucket, Signed, answers, serve_service
from tests.gateway_runtime.plane.backend import Answer, Backend
from tests.gateway_runtime.plane.builders import any_method, aws, get, post, response, rest_api, route, stage
from tests.gateway_runtime.plane.harness import GatewayHarness
from tests.gateway_runtime.plane.recorded import RECORDINGS, difference

OBJECT = {
    "integration.request.path.object_path": "method.request.path.object_path",
    "integration.request.header.Content-Type": "method.request.header.Content-Type",
}
S3_STATUSES = (response(200), response(404, pattern="404"))


@pytest.fixture
def bucket(gateway: GatewayHarness, backend: Backend) -> Bucket:
    made = Bucket()
    serve_service(backend, made)
    gateway.reach_aws(backend.url)
    return made


RAW = ast.literal_eval(
    RECORDINGS["test_apigw_s3_binary_support_request[None]"]["get-obj-binary-type-binary-raw"]["Body"]
)
BODIES = {"binary-raw": RAW, "binary-encoded": base64.b64encode(RAW), "text": b"this is a UTF8 text typed object"}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(
    ("case", "binary_types", "content_type"),
    [
        ("no-binary-media", (), "image/png"),
        ("binary-type", ("image/png",), "image/png"),
        ("text-type", ("image/png",), "text/plain"),
    ],
)
async def test_apigw_s3_binary_support_request(
    gateway: GatewayHarness, bucket: Bucket, case: str, binary_types: tuple[str, ...], content_type: str, body: str
) -> None:
    """Recorded: a body passes as it is when its type is binary, and as text, ill-formed bytes replaced, when it is not."""
    recorded = RECORDINGS["test_apigw_s3_binary_support_request[None]"][f"get-obj-{case}-{body}"]
    integration = aws("s3:path/bucket/{object_path}", method="ANY", request_parameters=OBJECT)
    api = replace(rest_api(any_method("/{object_path+}", integration)), binary_media_types=binary_types)
    gateway.serve(api)

    answer = await gateway.call("PUT", "/prod/folder/key", BODIES[body], content_type=content_type)

    assert answer.status == 200
    text = recorded["Body"]
    expected = ast.literal_eval(text) if text.startswith("b'") else text.encode()
    assert bucket.objects["folder/key"] == (expected, recorded["ContentType"])
    assert len(bucket.objects["folder/key"][0]) == recorded["ContentLength"]


async def test_apigateway_s3_any(gateway: GatewayHarness, bucket: Bucket) -> None:
    """Recorded: one ANY method reads, writes and deletes; an object that is not there is S3's own error."""
    recorded = RECORDINGS["test_apigateway_s3_any"]
    integration = aws("s3:path/bucket/{object_path}", *S3_STATUSES, method="ANY", request_parameters=OBJECT)
    gateway.serve(rest_api(any_method("/{object_path+}", integration)))

    for name in ("get-object-empty", "get-object-1", "get-object-2", "get-object-deleted"):
        if "Error" not in recorded[name]:
            await gateway.call("PUT", "/prod/test.json", json.dumps(recorded[name]).encode())
            assert (await gateway.get("/prod/test.json")).json() == recorded[name]
            continue
        if name.endswith("deleted"):
            await gateway.call("DELETE", "/prod/test.json")
        answer = await gateway.get("/prod/test.json")
        assert answer.status == 404
        assert f"<Code>{recorded[name]['Error']['Code']}</Code>".encode() in answer.body


async def test_apigateway_s3_method_mapping(gateway: GatewayHarness, bucket: Bucket) -> None:
    """Recorded: each method has an integration of its own."""
    recorded = RECORDINGS["test_apigateway_s3_method_mapping"]
    routes = [
        route(
            each,
            "/{object_path+}",
            aws("s3:path/bucket/{object_path}", *S3_STATUSES, method=each, request_parameters=OBJECT),
        )
        for each in ("PUT", "GET", "DELETE")
    ]
    gateway.serve(rest_api(*routes))

    await gateway.call("PUT", "/prod/test.json", json.dumps(recorded["get-object"]).encode())
    kept = await gateway.get("/prod/test.json")
    await gateway.call("DELETE", "/prod/test.json")
    gone = await gateway.get("/prod/test.json")

    assert kept.json() == recorded["get-object"]
    assert (gone.status, b"<Code>NoSuchKey</Code>" in gone.body) == (404, True)


def dynamodb(signed: Signed) -> Answer:
    """A table that holds three items."""
    keys = ["test", "test 3", "test2"]
    asked = signed.json()
    assert asked["TableName"] == "pets"
    if signed.received.header("x-amz-target") == "DynamoDB_20120810.Query":
        keys = [key for key in keys if key == asked["ExpressionAttributeValues"][":id"]["S"]]
    items = [{"id": {"S": key}} for key in keys]
    return answers({"Count": len(items), "Items": items, "ScannedCount": len(items)}, content_type=JSON_1_0)


@pytest.mark.parametrize("verb", ["Query", "Scan"])
async def test_rest_api_to_dynamodb_integration(gateway: GatewayHarness, backend: Backend, verb: str) -> None:
    """Recorded: status, headers and items."""
    serve_service(backend, dynamodb)
    gateway.reach_aws(backend.url)
    template = (
        '{"TableName": "pets"#if($input.params("id") != ""), "KeyConditionExpression": "id = :id", '
        '"ExpressionAttributeValues": {":id": {"S": "$input.params("id")"}}#end}'
    )
    integration = aws(f"dynamodb:action/{verb}", request_templates={"application/json": template})
    gateway.serve(rest_api(get("/items", integration), get("/items/{id}", integration)))

    for name, recorded in RECORDINGS[f"test_rest_api_to_dynamodb_integration[{verb}]"].items():
        key = name.removeprefix("result-").replace(" ", "%20")
        answer = await gateway.get("/prod/items" if verb == "Scan" else f"/prod/items/{key}")

        assert (answer.status, answer.json()) == (recorded["status_code"], recorded["content"])
        assert answer.header("content-type") == recorded["headers"]["content-type"]
        expected = recorded["headers"].keys() - {"connection", "date"}  # the server's
        assert {header for header, _ in answer.headers} - {"x-gatehouse-deployment"} == expected


async def test_apigateway_to_kinesis(gateway: GatewayHarness, backend: Backend) -> None:
    """Recorded: the records that the stream was given, and what it answered."""
    recorded = RECORDINGS["test_apigateway_to_kinesis[PutRecords]"]
    records = [
        {"Data": base64.b64encode(ast.literal_eval(each["Data"])).decode(), "PartitionKey": each["PartitionKey"]}
        for each in recorded["kinesis_records"]["Records"]
    ]

    def kinesis(signed: Signed) -> Answer:
        assert signed.received.header("x-amz-target") == "Kinesis_20131202.PutRecords"
        assert signed.json() == {"StreamName": "pets", "Records": records}
        return answers(recorded["apigateway_response"], content_type="application/x-amz-json-1.1")

    serve_service(backend, kinesis)
    gateway.reach_aws(backend.url)
    template = (
        '{"StreamName": "pets", "Records": [#foreach($each in $input.path("$.records"))'
        '{"Data": "$util.base64Encode($each.data)", "PartitionKey": "$each.partitionkey"}#if($foreach.hasNext),#end#end]}'
    )
    integration = aws("kinesis:action/PutRecords", request_templates={"application/json": template})
    gateway.serve(rest_api(post("/stream", integration)))
    sent = [{"data": f'{{"foo": "bar{number}"}}', "partitionkey": 20} for number in (1, 2, 3)]

    answer = await gateway.post("/prod/stream", json.dumps({"records": sent}).encode())

    assert (answer.status, answer.json()) == (200, recorded["apigateway_response"])


SENT: dict[str, Any] = {
    "SendMessageResponse": {
        "SendMessageResult": {"MessageId": "<uuid:1>"},
        "ResponseMetadata": {"RequestId": "<uuid:2>"},
    }
}


async def test_sqs_request_and_response_xml_templates_integration(gateway: GatewayHarness, backend: Backend) -> None:
    """Recorded: SQS answers integrations in JSON, because they accept it."""
    recorded = RECORDINGS["test_sqs_request_and_response_xml_templates_integration"]["sqs-json-response"]

    def sqs(signed: Signed) -> Answer:
        assert signed.received.header("accept") == "application/json"
        assert signed.form["Action"] == "SendMessage"
        return answers(SENT)

    serve_service(backend, sqs)
    gateway.reach_aws(backend.url)
    answering = (
        "#set($sent = $input.path('$.SendMessageResponse'))"
        '{"requestId": "$sent.ResponseMetadata.RequestId", "messageId": "$sent.SendMessageResult.MessageId"}'
    )
    integration = aws(
        "sqs:path/123456789012/pets",
        response(200, answering),
        request_parameters={"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"},
        request_templates={"application/json": "Action=SendMessage&MessageBody=$input.body"},
    )
    gateway.serve(rest_api(post("/sqs", integration)))

    answer = await gateway.post("/prod/sqs", b'{"foo": "bar"}')

    assert difference(recorded, answer.json()) is None


async def test_sqs_aws_integration_with_message_attribute(gateway: GatewayHarness, backend: Backend) -> None:
    """Recorded: body and attribute of the message, which a template takes from the request."""
    recorded = RECORDINGS["test_sqs_aws_integration_with_message_attribute[MessageAttributes]"]
    messages: list[dict[str, str]] = []

    def sqs(signed: Signed) -> Answer:
        messages.append(signed.form)
        return answers(SENT)

    serve_service(backend, sqs)
    gateway.reach_aws(backend.url)
    attribute = "MessageAttribute.1"
    template = (
        "Action=SendMessage&MessageBody=$input.body"
        f"&{attribute}.Name=user-agent&{attribute}.Value.DataType=String"
        f"&{attribute}.Value.StringValue=$input.params().header.get('User-Agent')"
    )
    integration = aws(
        "sqs:path/123456789012/pets",
        request_parameters={"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"},
        request_templates={"application/json": template},
    )
    gateway.serve(rest_api(post("/sqs", integration)))

    await gateway.post("/prod/sqs", b'{"foo": "bar"}', user_agent="BAR-Header")

    (message,) = messages
    assert json.loads(message["MessageBody"]) == recorded["sqs-message-body"]
    assert {
        message[f"{attribute}.Name"]: {
            "DataType": message[f"{attribute}.Value.DataType"],
            "StringValue": message[f"{attribute}.Value.StringValue"],
        }
    } == recorded["sqs-message-attributes"]


async def test_ssm_aws_integration(gateway: GatewayHarness, backend: Backend) -> None:
    """Recorded: the answer has the shape of the query protocol, so it was asked by query."""
    recorded = RECORDINGS["test_ssm_aws_integration"]["ssm-aws-integration"]

    def ssm(signed: Signed) -> Answer:
        assert signed.query == {"Action": "GetParameter", "Version": "2014-11-06", "Name": "param-test-123"}
        return answers({"GetParameterResponse": recorded})

    serve_service(backend, ssm)
    gateway.reach_aws(backend.url)
    integration = aws(
        "ssm:action/GetParameter",
        response(200, "$input.json('$.GetParameterResponse')"),
        request_parameters={"integration.request.querystring.Name": "method.request.querystring.name"},
    )
    gateway.serve(rest_api(get("/parameter", integration)))

    assert (await gateway.get("/prod/parameter?name=param-test-123")).json() == recorded


@pytest.mark.parametrize(
    ("name", "answer_name", "uri", "headers", "target"),
    [
        (
            "test_apigateway_with_step_function_integration[StartExecution]",
            "start_execution_response",
            "states:action/StartExecution",
            {},
            "AWSStepFunctions.StartExecution",
        ),
        (
            "test_apigateway_to_eventbridge",
            "eventbridge-put-events-response",
            "events:action/PutEvents",
            {"X-Amz-Target": "'AWSEvents.PutEvents'", "Content-Type": "'application/x-amz-json-1.1'"},
            "AWSEvents.PutEvents",
        ),
    ],
)
async def test_actions_in_json(
    gateway: GatewayHarness, backend: Backend, name: str, answer_name: str, uri: str, headers: Any, target: str
) -> None:
    """Recorded: what the service answers is the answer."""
    recorded = RECORDINGS[name][answer_name]

    def service(signed: Signed) -> Answer:
        assert signed.received.header("x-amz-target") == target
        return answers(recorded, content_type=JSON_1_0)

    serve_service(backend, service)
    gateway.reach_aws(backend.url)
    mapping = {f"integration.request.header.{header}": value for header, value in headers.items()}
    gateway.serve(rest_api(post("/start", aws(uri, request_parameters=mapping)), stage("prod")))

    answer = await gateway.post("/prod/start", b"{}")

    assert (answer.status, answer.json()) == (200, recorded)
