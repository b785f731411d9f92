"""Test calls of methods with Lambda functions and AWS services behind them, and the logs that tell of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from apps.control_plane.caller import Caller
from apps.core.aws_access import AwsAccess
from apps.core.sigv4_signing import AwsCredentials
from tests.builders import a_rest_api, call

ARN = "arn:aws:lambda:us-east-1:123456789012:function:pets"
KEY = AwsCredentials("AKIDTESTCALLS", "the secret of test calls", "the token of test calls")


class _Amazon(BaseHTTPRequestHandler):
    """Lambda's Invoke API, and any service in JSON. `results` are given out in turn: status, headers, body."""

    results: list[tuple[int, dict[str, str], bytes]]
    asked: list[tuple[str, dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        status, headers, answer = self.results.pop(0)
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def amazon(settings: Any) -> Iterator[type[_Amazon]]:
    """What answers for Lambda and for AWS services."""
    handler = type("Amazon", (_Amazon,), {"results": [], "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    settings.ENVIRONMENT = replace(
        settings.ENVIRONMENT, functions_url=address, aws=AwsAccess(KEY, endpoint_url=address)
    )
    yield handler
    server.shutdown()
    server.server_close()
    thread.join(5)


def proxy(**members: Any) -> dict[str, Any]:
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{ARN}/invocations"
    return {"integration": {"type": "AWS_PROXY", "uri": uri, "integrationHttpMethod": "POST", **members}}


def trial(caller: Caller, method: dict[str, Any], **members: Any) -> dict[str, Any]:
    api = a_rest_api(caller, {"/pets/{petId}": {"GET": method}})
    (resource,) = [
        item["id"] for item in call(caller, "GetResources", restApiId=api)["items"] if item["path"] == "/pets/{petId}"
    ]
    members = {"pathWithQueryString": "/pets/7?a=1", **members}
    return call(caller, "TestInvokeMethod", restApiId=api, resourceId=resource, httpMethod="GET", **members) | {
        "api": api
    }


def lines(answer: dict[str, Any]) -> list[str]:
    """The log without its times, and without what stands behind the names of most lines."""
    return [line.partition(" : ")[2] or line for line in answer["log"].split("\n")]


def test_the_log_tells_of_a_function_as_of_lambdas_api(caller: Caller, amazon: type[_Amazon]) -> None:
    result = {"statusCode": 201, "headers": {"X-One": "1"}, "body": "made"}
    amazon.results.append((200, {}, json.dumps(result).encode()))

    answer = trial(caller, proxy(), headers={"X-Sent": "yes"})

    told, address = lines(answer), f"https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/{ARN}/invocations"
    event = json.loads(amazon.asked[0][2])
    assert (answer["status"], answer["body"], answer["headers"]["X-One"]) == (201, "made", "1")
    assert (event["headers"]["X-Sent"], event["path"], event["requestContext"]["stage"]) == (
        "yes", "/pets/7", "test-invoke-stage",
    )  # fmt: skip
    assert told[7] == f"Endpoint request URI: {address}"
    source = f"arn:aws:execute-api:us-east-1:{caller.account_id}:{answer['api']}/test-invoke-stage/GET/pets/{{petId}}"
    assert f"X-Amz-Source-Arn={source}" in told[8]
    assert f"User-Agent=AmazonAPIGateway_{answer['api']}" in told[8]
    assert told[9] == f"Endpoint request body after transformations: {amazon.asked[0][2].decode()}"
    assert told[10] == f"Sending request to {address}"
    assert told[11].startswith("Received response. Status: 200, Integration latency: ")
    assert told[12] == "Endpoint response headers: {Content-Type=application/json}"
    assert told[13] == f"Endpoint response body before transformations: {json.dumps(result)}"
    assert told[14] == "Method response body after transformations: made"
    assert told[16:18] == ["Successfully completed execution", "Method completed with status: 201"]


@pytest.mark.parametrize(
    ("result", "told", "status"),
    [
        (
            (200, {}, b'{"wrong": 1}'),
            "Execution failed due to configuration error: Malformed Lambda proxy response",
            502,
        ),
        (
            (200, {"X-Amz-Function-Error": "Unhandled"}, b'{"errorMessage": "no pets"}'),
            "Lambda execution failed with status 200 due to customer function error: no pets.",
            502,
        ),
        (
            (403, {"x-amzn-errortype": "AccessDeniedException"}, b"{}"),
            "Execution failed due to configuration error: Invalid permissions on Lambda function",
            500,
        ),
    ],
)
def test_the_log_tells_why_a_function_gave_no_answer(
    caller: Caller, amazon: type[_Amazon], result: tuple[int, dict[str, str], bytes], told: str, status: int
) -> None:
    amazon.results.append(result)

    answer = trial(caller, proxy())

    assert (answer["status"], json.loads(answer["body"])) == (status, {"message": "Internal server error"})
    assert any(line.startswith(told) for line in lines(answer))
    assert lines(answer)[-2] == f"Method completed with status: {status}"


SESSION = b"""<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAPETS</AccessKeyId>
<SecretAccessKey>the+secret+of/pets=</SecretAccessKey><SessionToken>the+token+of/pets==</SessionToken>
<Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""


def test_an_action_of_a_service_is_signed_for_its_role_and_secrets_are_not_told(
    caller: Caller, amazon: type[_Amazon]
) -> None:
    amazon.results += [(200, {}, SESSION), (200, {}, b'{"Item": {}}')]
    uri = "arn:aws:apigateway:us-east-1:dynamodb:action/GetItem"
    integration = {
        "type": "AWS", "uri": uri, "integrationHttpMethod": "POST", "credentials": "arn:aws:iam::123456789012:role/pets",
        "requestTemplates": {"application/json": '{"Key": {"id": {"S": "$input.params(\'petId\')"}}}'},
    }  # fmt: skip

    answer = trial(caller, {"integration": integration, "responses": {"200": {}}})

    (_, asking, question), (path, headers, body) = amazon.asked
    assert asking["authorization"].startswith(f"AWS4-HMAC-SHA256 Credential={KEY.access_key_id}/")
    assert b"Action=AssumeRole" in question
    assert (path, headers["x-amz-target"], json.loads(body)) == (
        "/", "DynamoDB_20120810.GetItem", {"Key": {"id": {"S": "7"}}},
    )  # fmt: skip
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=ASIAPETS/")
    assert (answer["status"], json.loads(answer["body"])) == (200, {"Item": {}})
    assert "X-Amz-Target=DynamoDB_20120810.GetItem" in answer["log"]
    assert headers["authorization"] not in answer["log"]
    assert KEY.session_token is not None
    for secret in (KEY.session_token, "the+token+of/pets==", "the+secret+of/pets=", "AssumeRole"):
        assert secret not in answer["log"]


def test_the_log_of_a_test_call_tells_of_a_role_that_is_not_assumed(caller: Caller, amazon: type[_Amazon]) -> None:
    amazon.results.append((403, {}, b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"))
    uri, role = "arn:aws:apigateway:us-east-1:dynamodb:action/GetItem", "arn:aws:iam::123456789012:role/pets"
    integration = {"type": "AWS", "uri": uri, "integrationHttpMethod": "POST", "credentials": role}

    answer = trial(caller, {"integration": integration, "responses": {"200": {}}})

    assert answer["status"] == 500
    told = (
        "Execution failed due to configuration error: API Gateway does not have permission to assume the provided role"
    )
    assert any(line.startswith(told) for line in lines(answer))


def test_without_credentials_the_log_says_so(caller: Caller) -> None:
    uri = "arn:aws:apigateway:us-east-1:dynamodb:action/GetItem"
    role = "arn:aws:iam::123456789012:role/pets"
    integration = {"type": "AWS", "uri": uri, "integrationHttpMethod": "POST", "credentials": role}

    answer = trial(caller, {"integration": integration, "responses": {"200": {}}})

    assert answer["status"] == 500
    assert "there are no credentials for AWS services" in answer["log"]
