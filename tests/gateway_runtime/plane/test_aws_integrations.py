"""AWS with services other than Lambda: what they are sent, how it is signed, and what becomes of their answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from apps.core.aws_access import AwsAccess
from tests.gateway_runtime.plane.aws_stand_in import JSON_1_0, Bucket, Signed, answers, serve_service
from tests.gateway_runtime.plane.backend import Answer, Backend
from tests.gateway_runtime.plane.builders import any_method, aws, get, post, response, rest_api, stage
from tests.gateway_runtime.plane.harness import AWS_KEY, GatewayHarness


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


async def test_an_action_in_json_names_its_target(gateway: GatewayHarness, asked: list[Signed]) -> None:
    template = '{"TableName": "pets", "Key": {"id": {"S": "$input.params("id")"}}}'
    integration = aws("dynamodb:action/GetItem", request_templates={"application/json": template})
    gateway.serve(rest_api(get("/pets/{id}", integration)))

    answer = await gateway.get("/prod/pets/7")

    (signed,) = asked
    assert (signed.region, signed.service, signed.received.method, signed.received.target) == (
        "us-east-1", "dynamodb", "POST", "/"
    )  # fmt: skip
    assert signed.received.header("x-amz-target") == "DynamoDB_20120810.GetItem"
    assert signed.received.header("content-type") == JSON_1_0
    assert signed.json() == {"TableName": "pets", "Key": {"id": {"S": "7"}}}
    assert (answer.status, answer.json(), answer.header("content-type")) == (200, {"done": True}, "application/json")


async def test_an_action_by_query_names_its_version(gateway: GatewayHarness, asked: list[Signed]) -> None:
    mapping = {
        "integration.request.querystring.Message": "method.request.body.text",
        "integration.request.querystring.TopicArn": "'arn:aws:sns:us-east-1:123456789012:pets'",
    }
    gateway.serve(rest_api(post("/news", aws("sns:action/Publish&Subject=News", request_parameters=mapping))))

    await gateway.post("/prod/news", b'{"text": "a cat & a dog"}')

    (signed,) = asked
    assert signed.service == "sns"
    assert signed.query == {
        "Action": "Publish",
        "Version": "2010-03-31",
        "Subject": "News",
        "Message": "a cat & a dog",
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:pets",
    }


async def test_a_path_is_sent_as_it_is_with_parameters_in_it(gateway: GatewayHarness, asked: list[Signed]) -> None:
    mapping = {
        "integration.request.path.queue": "method.request.path.queue",
        "integration.request.header.Content-Type": "'application/x-www-form-urlencoded'",
    }
    template = 'Action=SendMessage&MessageBody=$util.urlEncode($input.json("$"))'
    integration = aws(
        "sqs:path/123456789012/{queue}", request_parameters=mapping, request_templates={"application/json": template}
    )
    gateway.serve(rest_api(post("/queues/{queue}", integration)))

    await gateway.post("/prod/queues/pets", b'{"name": "Rex & co"}')

    (signed,) = asked
    assert (signed.service, signed.received.target) == ("sqs", "/123456789012/pets")
    assert signed.form == {"Action": "SendMessage", "MessageBody": '{"name":"Rex & co"}'}
    assert signed.received.header("accept") == "application/json"


async def test_a_mapped_target_stands_for_that_of_the_action(gateway: GatewayHarness, asked: list[Signed]) -> None:
    mapping = {
        "integration.request.header.X-Amz-Target": "'AWSEvents.PutEvents'",
        "integration.request.header.Content-Type": "'application/x-amz-json-1.1'",
    }
    gateway.serve(rest_api(post("/events", aws("events:path//", request_parameters=mapping))))

    await gateway.post("/prod/events", b"{}")

    (signed,) = asked
    assert (signed.received.target, signed.received.header("x-amz-target")) == ("/", "AWSEvents.PutEvents")
    assert signed.received.header("content-type") == "application/x-amz-json-1.1"


async def test_a_caller_cannot_sign_in_the_gateways_place(gateway: GatewayHarness, asked: list[Signed]) -> None:
    mapping = {
        f"integration.request.header.{name}": f"method.request.header.{name}"
        for name in ("Authorization", "X-Amz-Date", "X-Amz-Security-Token")
    }
    gateway.serve(rest_api(post("/a", aws("states:action/StartExecution", request_parameters=mapping))))

    await gateway.post("/prod/a", b"{}", Authorization="mine", X_Amz_Date="never", X_Amz_Security_Token="mine")

    (signed,) = asked
    names = [name for name, _ in signed.received.headers]
    assert [names.count(name) for name in ("authorization", "x-amz-date", "x-amz-security-token")] == [1, 1, 1]


async def test_of_the_caller_a_service_is_told_nothing_but_the_trace(
    gateway: GatewayHarness, asked: list[Signed]
) -> None:
    gateway.serve(rest_api(post("/a", aws("states:action/StartExecution"))))

    answer = await gateway.post("/prod/a", b"{}", cookie="a=b", x_one="1")

    (signed,) = asked
    assert {name for name, _ in signed.received.headers} == {
        "accept", "authorization", "content-length", "content-type", "host", "user-agent", "x-amz-date",
        "x-amz-security-token", "x-amz-target", "x-amzn-apigateway-api-id", "x-amzn-trace-id",
    }  # fmt: skip
    assert signed.received.header("x-amzn-trace-id") == answer.header("x-amzn-trace-id")


async def test_stage_variables_name_region_and_resource(gateway: GatewayHarness, asked: list[Signed]) -> None:
    integration = aws("sqs:path/1/${stageVariables.queue}")
    uri = (integration.uri or "").replace("us-east-1", "${stageVariables.region}")
    there = type(integration)(type="AWS", uri=uri, http_method="POST", responses=integration.responses)
    gateway.serve(rest_api(post("/a", there), stage("prod", variables={"region": "eu-west-1", "queue": "pets"})))

    await gateway.post("/prod/a", b"{}")

    (signed,) = asked
    assert (signed.region, signed.received.target) == ("eu-west-1", "/1/pets")


async def test_the_status_of_a_service_selects_the_response(gateway: GatewayHarness, backend: Backend) -> None:
    error = {"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "message": "no table"}
    serve_service(backend, lambda signed: answers(error, 400, JSON_1_0))
    gateway.reach_aws(backend.url)
    missing = response(404, "{\"message\": $input.json('$.message')}", pattern="4\\d{2}")
    gateway.serve(rest_api(post("/a", aws("dynamodb:action/Scan", response(200), missing))))

    answer = await gateway.post("/prod/a", b"{}")

    assert (answer.status, answer.json()) == (404, {"message": "no table"})


async def test_without_a_pattern_errors_pass_under_the_default_response(
    gateway: GatewayHarness, backend: Backend
) -> None:
    serve_service(backend, lambda signed: answers({"message": "no"}, 400))
    gateway.reach_aws(backend.url)
    gateway.serve(rest_api(post("/a", aws("dynamodb:action/Scan"))))

    answer = await gateway.post("/prod/a", b"{}")

    assert (answer.status, answer.json()) == (200, {"message": "no"})


async def test_headers_of_a_service_are_mapped(gateway: GatewayHarness, backend: Backend) -> None:
    headers = [("ETag", '"1"'), ("Content-Type", "image/png")]
    serve_service(backend, lambda signed: Answer(200, b"\x89PNG", headers))
    gateway.reach_aws(backend.url)
    mapped = response(
        200, Content_Type="integration.response.header.Content-Type", ETag="integration.response.header.ETag"
    )
    gateway.serve(rest_api(get("/a", aws("s3:path/bucket/a.png", mapped, method="GET"))))

    answer = await gateway.get("/prod/a")

    assert (answer.body, answer.header("content-type"), answer.header("etag")) == (b"\x89PNG", "image/png", '"1"')


async def test_a_bucket_before_the_service_is_a_path_at_an_end_point_of_ones_own(
    gateway: GatewayHarness, backend: Backend
) -> None:
    bucket = Bucket()
    serve_service(backend, bucket)
    gateway.reach_aws(backend.url)
    gateway.serve(rest_api(any_method("/a", aws("pets.s3:path/dog%20s.txt", method="ANY"))))

    await gateway.call("PUT", "/prod/a", b"Rex", content_type="text/plain")

    assert bucket.objects == {"dog s.txt": (b"Rex", "text/plain")}


@pytest.mark.parametrize(("key", "accounts"), [(None, None), (AWS_KEY, frozenset({"210987654321"}))])
async def test_without_credentials_no_service_is_called(
    gateway: GatewayHarness, backend: Backend, key: Any, accounts: Any
) -> None:
    gateway.services = replace(gateway.services, aws=AwsAccess(key, accounts, backend.url))
    gateway.serve(rest_api(post("/a", aws("dynamodb:action/Scan"))))

    answer = await gateway.post("/prod/a", b"{}")

    assert (answer.status, answer.json(), backend.requests) == (500, {"message": "Internal server error"}, [])


@pytest.mark.parametrize(("uri", "status"), [("nosuch:action/Do", 501), ("lambda:path/2015-03-31/functions", 200)])
async def test_what_is_no_known_action_is_refused_by_name(
    gateway: GatewayHarness, asked: list[Signed], uri: str, status: int
) -> None:
    gateway.serve(rest_api(post("/a", aws(uri))))

    assert (await gateway.post("/prod/a", b"{}")).status == status


async def test_a_service_that_does_not_answer_is_an_integration_failure(gateway: GatewayHarness) -> None:
    gateway.services = replace(gateway.services, aws=AwsAccess(AWS_KEY, endpoint_url="http://127.0.0.1:1"))
    gateway.serve(rest_api(post("/a", aws("dynamodb:action/Scan"))))

    assert (await gateway.post("/prod/a", b"{}")).status == 504


async def test_a_template_may_set_headers_that_are_signed(gateway: GatewayHarness, asked: list[Signed]) -> None:
    template = '#set($context.requestOverride.header.target = "")#set($h = $context.requestOverride.header)'
    template += '#set($x = $h.put("X-Amz-Target", "AWSStepFunctions.StopExecution")){}'
    integration: Any = aws("states:action/StartExecution", request_templates={"application/json": template})
    gateway.serve(rest_api(post("/a", integration)))

    await gateway.post("/prod/a", b"{}")

    assert asked[0].received.header("x-amz-target") == "AWSStepFunctions.StopExecution"
