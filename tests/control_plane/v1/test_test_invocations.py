"""Test calls: the real pipeline on a method that is not deployed."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from apps.accounts.models import AuditEvent, Membership
from apps.client_certificates.issuing import issue
from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import (
    AccessDeniedException,
    BadRequestException,
    NotFoundException,
    NotImplementedException,
)
from apps.deployments.models import ConfigurationSection
from tests.builders import a_method, a_rest_api, call, http, mock


class _Echo(BaseHTTPRequestHandler):
    """Answers what it was asked, as JSON."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        headers = {name.lower(): self.headers.get_all(name) for name in self.headers}
        asked = {"method": self.command, "path": self.path, "headers": headers, "body": body}
        answer = json.dumps(asked).encode()
        self.send_response(203)
        self.send_header("Content-Type", "application/json")
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = _answer

    def log_message(self, *arguments: Any) -> None:
        pass


@contextmanager
def a_back_end(tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The address of a server that echoes."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def back_end() -> Iterator[str]:
    with a_back_end() as address:
        yield address


def invoke(caller: Caller, api: str, path: str, http_method: str = "GET", **members: Any) -> dict[str, Any]:
    items = call(caller, "GetResources", restApiId=api)["items"]
    resource = next(item["id"] for item in items if item["path"] == path)
    return call(caller, "TestInvokeMethod", restApiId=api, resourceId=resource, httpMethod=http_method, **members)


def lines(answer: dict[str, Any]) -> list[str]:
    """The log without its times."""
    return [line.partition(" : ")[2] or line for line in answer["log"].split("\n")]


def test_a_request_passes_to_the_back_end_and_its_answer_back(caller: Caller, back_end: str) -> None:
    api = a_rest_api(caller, {"/pets/{petId}": {"ANY": http(f"{back_end}/animals/{{petId}}")}})

    answer = invoke(
        caller,
        api,
        "/pets/{petId}",
        "POST",
        pathWithQueryString="/pets/7?tag=a&tag=b",
        headers={"X-One": "1", "X-Many": "none"},
        multiValueHeaders={"X-Many": ["2", "3"]},
        body="hello",
    )

    seen = json.loads(answer["body"])
    assert (answer["status"], seen["method"], seen["path"], seen["body"]) == (
        203, "POST", "/animals/7?tag=a&tag=b", "hello",
    )  # fmt: skip
    assert (seen["headers"]["x-one"], seen["headers"]["x-many"]) == (["1"], ["2", "3"])
    assert seen["headers"]["x-forwarded-for"] == ["test-invoke-source-ip"]
    assert answer["multiValueHeaders"]["Set-Cookie"] == ["a=1", "b=2"]
    assert answer["headers"]["Set-Cookie"] == "b=2"
    assert answer["headers"]["X-Amzn-Trace-Id"].startswith("Root=1-")


def test_the_log_tells_the_way_to_the_back_end_and_back(caller: Caller, back_end: str) -> None:
    api = a_rest_api(caller, {"/pets": {"GET": http(f"{back_end}/animals")}})

    answer = invoke(caller, api, "/pets", pathWithQueryString="/pets?a=1", headers={"X-One": "1"})

    told = lines(answer)
    assert told[2:8] == [
        "HTTP Method: GET, Resource Path: /pets",
        "Method request path: {}",
        "Method request query string: {a=1}",
        "Method request headers: {X-One=1}",
        "Method request body before transformations: ",
        f"Endpoint request URI: {back_end}/animals?a=1",
    ]
    assert told[8].startswith("Endpoint request headers: {X-One=1, ")
    assert told[9:11] == [
        "Endpoint request body after transformations: ",
        f"Sending request to {back_end}/animals?a=1",
    ]
    assert told[11].startswith("Received response. Status: 203, Integration latency: ")
    assert [line.partition(":")[0] for line in told[12:]] == [
        "Endpoint response headers",
        "Endpoint response body before transformations",
        "Method response body after transformations",
        "Method response headers",
        "Successfully completed execution",
        "Method completed with status",
        "",
    ]


def test_nothing_has_to_be_deployed_and_nothing_is_published(caller: Caller, back_end: str) -> None:
    api = a_rest_api(caller, {"/pets": {"GET": http(f"{back_end}/${{stageVariables.kind}}")}})
    # Another method that could not be deployed is no hindrance.
    resource = call(caller, "GetResources", restApiId=api)["items"][1]["id"]
    call(caller, "PutMethod", restApiId=api, resourceId=resource, httpMethod="PUT", authorizationType="NONE")

    answer = invoke(caller, api, "/pets", stageVariables={"kind": "cats"})

    assert json.loads(answer["body"])["path"] == "/cats"
    assert not ConfigurationSection.objects.exists()


def test_authorization_and_api_keys_are_passed_by(caller: Caller) -> None:
    api = a_rest_api(caller, {"/pets": {"GET": mock(body="[]", api_key_required=True)}})
    resource = call(caller, "GetResources", restApiId=api)["items"][1]["id"]
    at = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
    patch = {"op": "replace", "path": "/authorizationType", "value": "AWS_IAM"}
    call(caller, "UpdateMethod", **at, patchOperations=[patch])

    assert invoke(caller, api, "/pets")["status"] == 200
    assert call(caller, "GetMethod", **at)["authorizationType"] == "AWS_IAM"
    assert call(caller, "GetMethod", **at)["apiKeyRequired"] is True


def test_a_back_end_that_is_away_is_told(caller: Caller) -> None:
    api = a_rest_api(caller, {"/pets": {"GET": http("http://127.0.0.1:1/")}})

    answer = invoke(caller, api, "/pets")

    assert (answer["status"], json.loads(answer["body"])) == (504, {"message": "Network error communicating with endpoint"})  # fmt: skip
    assert lines(answer)[-3:-1] == [
        "Execution failed due to a network error communicating with endpoint",
        "Method completed with status: 504",
    ]


def test_a_mock_that_names_no_status_is_a_configuration_error(caller: Caller) -> None:
    empty = {"integration": {"type": "MOCK", "requestTemplates": {"application/json": "{}"}}, "responses": {"200": {}}}
    answer = invoke(caller, a_rest_api(caller, {"/pets": {"GET": empty}}), "/pets")

    assert answer["status"] == 500
    assert any("Execution failed due to configuration error" in line for line in lines(answer))


def test_a_back_end_sees_the_client_certificate_that_is_asked_for(caller: Caller, tmp_path: Path) -> None:
    shown = call(caller, "GenerateClientCertificate")
    server = issue(datetime.now(UTC).replace(microsecond=0))
    pem = tmp_path / "server.pem"
    pem.write_text(server.certificate + server.private_key)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem)
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_verify_locations(cadata=shown["pemEncodedCertificate"])

    with a_back_end(tls) as address:
        integration = http(address, tlsConfig={"insecureSkipVerification": True})
        api = a_rest_api(caller, {"/pets": {"GET": integration}})
        with_it = invoke(caller, api, "/pets", clientCertificateId=shown["clientCertificateId"])
        without = invoke(caller, api, "/pets")

    assert with_it["status"] == 203
    assert without["status"] in (502, 504)  # whether the server refuses before or after the request is TLS's business


def test_a_test_call_is_validated_as_any_call(caller: Caller) -> None:
    api = a_rest_api(caller, {"/pets": {"POST": mock()}})
    validator = call(
        caller, "CreateRequestValidator", restApiId=api, validateRequestBody=True, validateRequestParameters=True
    )["id"]
    schema = json.dumps({"type": "object", "required": ["name"]})
    call(caller, "CreateModel", restApiId=api, name="Pet", contentType="application/json", schema=schema)
    resource = next(
        item["id"] for item in call(caller, "GetResources", restApiId=api)["items"] if item["path"] == "/pets"
    )
    patches = [
        {"op": "replace", "path": "/requestValidatorId", "value": validator},
        {"op": "add", "path": "/requestModels/application~1json", "value": "Pet"},
        {"op": "add", "path": "/requestParameters/method.request.querystring.shop", "value": "true"},
    ]
    call(caller, "UpdateMethod", restApiId=api, resourceId=resource, httpMethod="POST", patchOperations=patches)

    def tried(target: str, body: str) -> dict[str, Any]:
        return invoke(caller, api, "/pets", "POST", pathWithQueryString=target, body=body)

    lacking, unfit, good = tried("/pets", "{}"), tried("/pets?shop=1", "{}"), tried("/pets?shop=1", '{"name": "Rex"}')

    assert [answer["status"] for answer in (lacking, unfit, good)] == [400, 400, 200]
    assert "Missing required request parameters: [shop]" in lines(lacking)
    assert (
        "Request body does not match model schema for content type application/json: "
        '[object has missing required properties (["name"])]'
    ) in lines(unfit)


def test_what_the_runtime_cannot_serve_is_refused_by_name(caller: Caller) -> None:
    linked = mock()
    linked["integration"] |= {"connectionType": "VPC_LINK", "connectionId": "abc123"}
    api = a_rest_api(caller, {"/pets": {"GET": linked}})

    with pytest.raises(NotImplementedException, match="GET /pets: VPC_LINK connections of MOCK integrations"):
        invoke(caller, api, "/pets")


def test_a_test_call_goes_through_a_vpc_link(caller: Caller) -> None:
    arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/shop/50dc6c495c0c9188"
    link = call(caller, "CreateVpcLink", name="shop", targetArns=[arn])["id"]
    private = http("http://pets.internal/", connectionType="VPC_LINK", connectionId=link)
    api = a_rest_api(caller, {"/pets": {"GET": private}})

    with a_back_end() as address:
        without = invoke(caller, api, "/pets")
        target = {"host": "127.0.0.1", "port": int(address.rpartition(":")[2].strip("/"))}
        registry.call(caller, "gatehouse", "PutLoadBalancer", {"loadBalancerArn": arn, "targets": [target]})
        answer = invoke(caller, api, "/pets")

    assert (without["status"], answer["status"]) == (500, 203)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"pathWithQueryString": "/pets/../admin"}, "dot segment in the path"),
        ({"headers": {"X-A": "\N{SNOWMAN}"}}, "a header value has characters"),
        ({"stageVariables": {"a-b": "x"}}, "Invalid stage variable name: a-b"),
    ],
)
def test_what_no_client_could_send_is_refused(caller: Caller, members: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequestException, match=message):
        invoke(caller, a_rest_api(caller), "/pets", **members)


def test_a_method_without_an_integration_cannot_be_tested(caller: Caller) -> None:
    api = a_rest_api(caller)
    resource = call(caller, "GetResources", restApiId=api)["items"][1]["id"]
    call(caller, "PutMethod", restApiId=api, resourceId=resource, httpMethod="POST", authorizationType="NONE")

    with pytest.raises(BadRequestException, match="No integration defined for method"):
        invoke(caller, api, "/pets", "POST")
    with pytest.raises(NotFoundException, match="Invalid Method identifier specified"):
        invoke(caller, api, "/pets", "PUT")


def test_a_method_any_is_tested_with_a_method_of_http(caller: Caller, back_end: str) -> None:
    api = a_rest_api(caller, {"/pets": {"ANY": http(back_end)}})

    assert json.loads(invoke(caller, api, "/pets", "GET")["body"])["method"] == "GET"
    with pytest.raises(BadRequestException, match="Invalid HTTP method specified"):
        invoke(caller, api, "/pets", "ANY")


def test_viewers_send_nothing_and_what_is_sent_is_not_kept(caller: Caller) -> None:
    api = a_rest_api(caller)
    a_method(caller, api, "/pets", "POST", mock())
    invoke(caller, api, "/pets", "POST", headers={"Authorization": "secret"}, body="secret")

    event = AuditEvent.objects.get(operation="TestInvokeMethod")
    assert "secret" not in json.dumps(event.request)
    viewer = replace(caller, role=Membership.Role.VIEWER)
    with pytest.raises(AccessDeniedException):
        invoke(viewer, api, "/pets", "POST")


def test_it_answers_over_the_wire(aws: Callable[..., Any], caller: Caller) -> None:
    api = a_rest_api(caller, {"/pets": {"GET": mock(body="[]")}})
    resource = call(caller, "GetResources", restApiId=api)["items"][1]["id"]

    answer = aws().test_invoke_method(restApiId=api, resourceId=resource, httpMethod="GET")

    assert (answer["status"], answer["body"], answer["headers"]) == (200, "[]", {"Content-Type": "application/json"})
    assert answer["latency"] >= 0
