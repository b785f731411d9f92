"""boto3, awscli and plain HTTP against the wire in a real server."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from apps.control_plane.errors import ConflictException, NotImplementedException, TooManyRequestsException

Client = Callable[..., Any]


class Answer:
    """A response to a request that no SDK would send."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.code = response.headers["x-amzn-ErrorType"]
        self.request_id = response.headers["x-amzn-RequestId"]
        self.body = response.read()

    @property
    def message(self) -> str:
        return str(json.loads(self.body)["message"])


def send(url: str, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request(method, target, body, headers or {})
        return Answer(connection.getresponse())
    finally:
        connection.close()


def signed(
    url: str,
    method: str,
    target: str,
    body: bytes = b"",
    *,
    service: str = "apigateway",
    presign: bool = False,
    **headers: str,
) -> Answer:
    request = AWSRequest(method, url + target, headers=headers, data=body)
    credentials = Credentials("AKIAOWNER", "owner's secret")
    if presign:
        SigV4QueryAuth(credentials, service, "eu-west-1", 60).add_auth(request)
        target = request.url.removeprefix(url)
    else:
        SigV4Auth(credentials, service, "eu-west-1").add_auth(request)
    return send(url, method, target, body, dict(request.headers.items()))


def error_of(call: Callable[[], Any]) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as refused:
        call()
    response = refused.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


# Going through ------------------------------------------------------------------------------------------------------


def test_a_call_arrives_with_its_caller_and_its_answer_returns(client: Client, operations: Any) -> None:
    operations.answer = {"id": "a1", "name": "pets", "createdDate": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)}

    answer = client(region="eu-west-1").create_rest_api(name="pets", tags={"team": "ü"})

    assert answer["id"] == "a1"
    assert answer["createdDate"] == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    [(caller, service, operation, request)] = operations.calls
    assert (service, operation, request) == ("apigateway", "CreateRestApi", {"name": "pets", "tags": {"team": "ü"}})
    assert (caller.account_id, caller.region, caller.via) == ("111111111111", "eu-west-1", "wire")
    assert caller.principal == "arn:aws:iam::111111111111:root"
    assert caller.source_ip == "127.0.0.1"
    assert caller.request_id == answer["ResponseMetadata"]["RequestId"]


def test_the_region_is_the_one_of_the_signature(client: Client, operations: Any) -> None:
    client("apigatewayv2", region="us-gov-west-1").get_apis(MaxResults="5")

    [(caller, service, operation, request)] = operations.calls
    assert caller.region == "us-gov-west-1"
    assert (service, operation, request) == ("apigatewayv2", "GetApis", {"MaxResults": "5"})


def test_the_operation_learns_the_role_of_the_key(client: Client, operations: Any) -> None:
    client(key="AKIAVIEWER", secret="viewer's secret").get_rest_apis()

    assert operations.calls[0][0].role == "viewer"


def test_an_arn_in_the_path_and_lists_in_the_query_survive_signing(client: Client, operations: Any) -> None:
    arn = "arn:aws:apigateway:eu-west-1::/restapis/a1b2/stages/prod~1 é"

    client().untag_resource(resourceArn=arn, tagKeys=["a b", "c+d", "ü&="])

    assert operations.calls[0][3] == {"resourceArn": arn, "tagKeys": ["a b", "c+d", "ü&="]}


def test_an_import_of_six_megabytes_goes_through(client: Client, operations: Any) -> None:
    body = b"{" + b" " * (6 * 1024 * 1024 - 2) + b"}"

    client().import_rest_api(body=body, failOnWarnings=True, parameters={"basepath": "split"})

    assert operations.calls[0][3] == {"body": body, "failOnWarnings": True, "parameters": {"basepath": "split"}}


def test_an_export_is_streamed_to_the_caller(client: Client, operations: Any) -> None:
    operations.answer = {"body": b"\x00\xffexport", "contentType": "application/yaml"}

    answer = client().get_export(restApiId="a", stageName="s", exportType="oas30", accepts="application/yaml")

    assert answer["body"].read() == b"\x00\xffexport"
    assert answer["contentType"] == "application/yaml"
    assert operations.calls[0][3]["accepts"] == "application/yaml"


def test_a_deletion_answers_202_with_an_empty_body(client: Client, wire_url: str, operations: Any) -> None:
    assert client().delete_rest_api(restApiId="a1")["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert signed(wire_url, "DELETE", "/restapis/a1").body == b""


def test_a_presigned_url_serves_as_well(wire_url: str, operations: Any) -> None:
    assert signed(wire_url, "GET", "/restapis?limit=3", presign=True).status == 200
    assert operations.calls[0][3] == {"limit": 3}


def test_the_content_type_of_a_request_does_not_matter(wire_url: str, operations: Any) -> None:
    for content_type in ("application/x-amz-json-1.0", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = signed(wire_url, "POST", "/restapis", b'{"name":"a"}', **{"Content-Type": content_type})
        assert answer.status == 201

    assert [request for *_, request in operations.calls] == [{"name": "a"}] * 3


def test_a_client_that_expects_100_continue_gets_it(wire_url: str, operations: Any) -> None:
    body = b'{"name":"a"}'
    request = AWSRequest("POST", wire_url + "/restapis", data=body)
    SigV4Auth(Credentials("AKIAOWNER", "owner's secret"), "apigateway", "eu-west-1").add_auth(request)
    url = urlsplit(wire_url)
    lines = [f"{name}: {value}" for name, value in request.headers.items()]
    head = [
        "POST /restapis HTTP/1.1",
        f"Host: {url.netloc}",
        f"Content-Length: {len(body)}",
        "Expect: 100-continue",
        *lines,
    ]

    with socket.create_connection((str(url.hostname), int(url.port or 0)), timeout=10) as connection:
        connection.sendall("\r\n".join([*head, "", ""]).encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        assert connection.recv(100).startswith(b"HTTP/1.1 201 ")


def test_the_aws_cli_works_unmodified(wire_url: str, operations: Any, tmp_path: Any) -> None:
    operations.answer = {"Items": [{"ApiId": "a1", "Name": "pets"}]}
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": wire_url,
        "AWS_ACCESS_KEY_ID": "AKIAOWNER",
        "AWS_SECRET_ACCESS_KEY": "owner's secret",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }

    done = subprocess.run(
        [sys.executable, "-m", "awscli", "apigatewayv2", "get-apis", "--max-results", "7"],
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout) == {"Items": [{"ApiId": "a1", "Name": "pets"}]}
    assert operations.calls[0][2:] == ("GetApis", {"MaxResults": "7"})


# Refusals -----------------------------------------------------------------------------------------------------------


def test_a_modelled_error_is_boto3s_exception_of_that_name(client: Client, operations: Any) -> None:
    operations.answer = ConflictException("Another resource with the same parent already has this name: pets")
    v1 = client()

    with pytest.raises(v1.exceptions.ConflictException) as refused:
        v1.create_resource(restApiId="a", parentId="b", pathPart="pets")

    assert refused.value.response["message"] == "Another resource with the same parent already has this name: pets"


def test_a_throttled_caller_learns_when_to_come_back(client: Client, operations: Any) -> None:
    operations.answer = TooManyRequestsException("Too Many Requests", retry_after=7)
    v1 = client()

    with pytest.raises(v1.exceptions.TooManyRequestsException) as refused:
        v1.get_rest_apis()

    assert refused.value.response["retryAfterSeconds"] == "7"


def test_an_unbuilt_operation_answers_501_by_name(client: Client, operations: Any) -> None:
    operations.answer = NotImplementedException("GetApis is not implemented")

    assert error_of(client("apigatewayv2").get_apis) == (501, "NotImplementedException", "GetApis is not implemented")


def test_a_defect_answers_500_and_tells_no_more_than_the_request_id(
    wire_url: str, operations: Any, caplog: pytest.LogCaptureFixture
) -> None:
    operations.answer = RuntimeError("the password is 1234")

    answer = signed(wire_url, "GET", "/restapis")

    assert (answer.status, answer.code) == (500, "InternalFailure")
    assert b"1234" not in answer.body
    assert answer.request_id in caplog.text
    assert "the password is 1234" in caplog.text


def test_an_answer_that_does_not_fit_the_model_is_a_defect(wire_url: str, operations: Any) -> None:
    operations.answer = {"nobody": "knows this"}

    assert signed(wire_url, "GET", "/restapis").code == "InternalFailure"


def test_a_broken_constraint_is_refused_before_the_operation(client: Client, operations: Any) -> None:
    status, code, message = error_of(
        lambda: client().put_integration(restApiId="a", resourceId="b", httpMethod="GET", type="HTTPS")
    )

    assert (status, code) == (400, "ValidationException")
    assert message.startswith("1 validation error detected: Value 'HTTPS' at 'putIntegrationInput.type' failed")
    assert operations.calls == []


@pytest.mark.parametrize(
    ("target", "body"),
    [("/restapis", b"{"), ("/restapis", b'{"name": 5}'), ("/restapis", b'{"name":"\xff"}'), ("/restapis?a=%ff", b"{}")],
)
def test_what_cannot_be_read_is_a_serialization_error(wire_url: str, operations: Any, target: str, body: bytes) -> None:
    answer = signed(wire_url, "POST", target, body)

    assert (answer.status, answer.code) == (400, "SerializationException")
    assert operations.calls == []


def test_a_body_beyond_the_limit_is_refused(wire_url: str, operations: Any) -> None:
    answer = send(wire_url, "POST", "/restapis?mode=import", b" " * (10 * 1024 * 1024 + 1))

    assert (answer.status, answer.code) == (413, "RequestEntityTooLargeException")


@pytest.mark.parametrize("target", ["/", "/restapis", "/v2/apis", "/nowhere"])
def test_without_signature_every_path_misses_its_token(wire_url: str, operations: Any, target: str) -> None:
    answer = send(wire_url, "GET", target)

    assert (answer.status, answer.code) == (403, "MissingAuthenticationTokenException")
    assert answer.body == b'{"message":"Missing Authentication Token"}'
    assert answer.request_id


@pytest.mark.parametrize(("method", "target"), [("GET", "/nowhere"), ("PATCH", "/restapis"), ("GET", "/restapis/")])
def test_a_signed_request_that_is_no_operation_is_unknown(
    wire_url: str, operations: Any, method: str, target: str
) -> None:
    answer = signed(wire_url, method, target)

    assert (answer.status, answer.code) == (404, "UnknownOperationException")


def test_dot_segments_do_not_turn_one_signed_operation_into_another(wire_url: str, operations: Any) -> None:
    answer = signed(wire_url, "DELETE", "/restapis/a1/../b2")

    assert (answer.status, answer.code) == (404, "UnknownOperationException")
    assert operations.calls == []


def test_another_service_is_told_so_by_name(wire_url: str, operations: Any) -> None:
    answer = signed(wire_url, "POST", "/", b"Action=ListClusters", service="ecs")

    assert (answer.status, answer.code) == (501, "NotImplementedException")
    assert "'ecs'" in answer.message


def test_a_wrong_service_in_the_scope_is_corrected(wire_url: str, operations: Any) -> None:
    answer = signed(wire_url, "GET", "/restapis", service="execute-api")

    assert answer.message == "Credential should be scoped to correct service: 'apigateway'."


INVALID_TOKEN = (403, "UnrecognizedClientException", "The security token included in the request is invalid.")


@pytest.mark.parametrize(
    "credentials",
    [
        {"key": "AKIANOBODY"},
        {"token": "unknown"},
        {"key": "ASIATEMPORARY", "secret": "temporary"},
        {"key": "ASIATEMPORARY", "secret": "temporary", "token": "the-tokem"},
    ],
)
def test_an_unknown_key_or_token_is_invalid(client: Client, operations: Any, credentials: dict[str, str]) -> None:
    assert error_of(client(**credentials).get_rest_apis) == INVALID_TOKEN
    assert operations.calls == []


def test_temporary_credentials_come_with_their_token(client: Client, operations: Any) -> None:
    client(key="ASIATEMPORARY", secret="temporary", token="the-token").get_rest_apis()

    assert operations.calls[0][0].principal == "arn:aws:iam::111111111111:user/t"


def test_a_wrong_secret_is_refused(client: Client, operations: Any) -> None:
    status, code, _ = error_of(client(secret="a guess").get_rest_apis)

    assert (status, code) == (403, "InvalidSignatureException")
    assert operations.calls == []
