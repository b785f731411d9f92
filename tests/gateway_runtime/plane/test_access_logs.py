"""Access logs in a stage's own format."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gateway_runtime.mapping.context import VARIABLES
from gateway_runtime.stores.access_logs import FileAccessLogs
from tests.gateway_runtime.plane.backend import Backend
from tests.gateway_runtime.plane.builders import API, get, http_proxy, key, keys, mock, plan, rest_api, stage
from tests.gateway_runtime.plane.harness import GatewayHarness


async def test_a_line_is_written_in_the_format_of_the_stage(gateway: GatewayHarness) -> None:
    text = '$context.identity.sourceIp [$context.requestTime] "$context.httpMethod $context.resourcePath $context.protocol" $context.status $context.responseLength $context.requestId 100%'
    gateway.serve(rest_api(get("/pets/{id}", mock(200, "12345")), stage("prod", log=text)))

    answer = await gateway.get("/prod/pets/7")

    assert gateway.logs.lines == [
        f'192.0.2.7 [14/Nov/2023:22:13:20 +0000] "GET /pets/{{id}} HTTP/1.1" 200 5 {answer.header("x-amzn-requestid")} 100%\n'
    ]


async def test_every_variable_has_a_value_or_a_dash(gateway: GatewayHarness, backend: Backend) -> None:
    text = json.dumps({name: f"$context.{name}" for name in VARIABLES} | {"unknown": "$context.authorizer.claims.sub"})
    gateway.serve(
        rest_api(get("/pets", http_proxy(backend.url)).with_key(), stage("prod", log=text)), plan(), keys(key("s3cret"))
    )

    await gateway.get("/prod/pets", x_api_key="s3cret", user_agent="me")
    await gateway.get("/prod/nothing")

    served, refused = map(json.loads, gateway.logs.lines)
    assert served["apiId"] == API
    assert served["identity.apiKeyId"] == "key0000001"
    assert served["identity.apiKey"] == "***cret"
    assert served["integration.status"] == "200"
    assert served["error.message"] == served["unknown"] == "-"
    assert served["requestTimeEpoch"] == "1700000000000"
    assert (refused["error.responseType"], refused["resourcePath"], refused["integrationLatency"]) == (
        "MISSING_AUTHENTICATION_TOKEN",
        "-",
        "-",
    )


async def test_a_caller_cannot_forge_lines_or_members(gateway: GatewayHarness) -> None:
    gateway.serve(
        rest_api(
            get("/pets", mock()),
            stage("prod", log='{"agent":"$context.identity.userAgent"}'),
            stage("plain", log="$context.identity.userAgent"),
        )
    )
    evil = 'x","status":"200\t\x85\x7f'

    await gateway.get("/prod/pets", user_agent=evil)
    await gateway.get("/plain/pets", user_agent=evil)

    assert json.loads(gateway.logs.lines[0]) == {"agent": 'x","status":"200   '}
    assert re.fullmatch(r"[^\x00-\x09\x0b-\x1f\x7f-\x9f]*\n", gateway.logs.lines[1])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"agent":"$context.identity.userAgent"}', '{"agent":"a\\"b\\\\,<c>"}'),
        ("<agent>$context.identity.userAgent</agent>", "<agent>a&quot;b\\,&lt;c&gt;</agent>"),
        ("$context.status,$context.identity.userAgent", '200,"a""b\\,<c>"'),
        ('$context.status "$context.identity.userAgent"', '200 "a\\"b\\\\,<c>"'),
        ("$context.status $context.identity.userAgent", '200 a"b\\,<c>'),
    ],
    ids=["JSON", "XML", "CSV", "CLF", "plain"],
)
async def test_each_format_writes_values_so_that_they_end_where_they_end(
    gateway: GatewayHarness, text: str, line: str
) -> None:
    gateway.serve(rest_api(get("/pets", mock()), stage("prod", log=text)))

    await gateway.get("/prod/pets", user_agent='a"b\\,<c>')

    assert gateway.logs.lines == [line + "\n"]


async def test_the_quoted_message_of_an_error_needs_no_quotes_of_the_format(gateway: GatewayHarness) -> None:
    gateway.serve(rest_api(get("/pets", mock()), stage("prod", log='{"why":$context.error.messageString}')))

    await gateway.get("/prod/nothing")

    assert json.loads(gateway.logs.lines[0]) == {"why": "Missing Authentication Token"}


async def test_a_log_names_the_request_as_the_back_end_did(gateway: GatewayHarness, backend: Backend) -> None:
    backend.answers(200, x_amzn_requestid="theirs", x_amz_id_2="more")
    text = "$context.awsEndpointRequestId $context.integration.requestId $context.awsEndpointRequestId2"
    gateway.serve(rest_api(get("/pets", http_proxy(backend.url)), stage("prod", log=text)))

    await gateway.get("/prod/pets")

    assert gateway.logs.lines == ["theirs theirs more\n"]


@pytest.mark.parametrize(("mode", "line"), [("BUFFERED", "BUFFERED -\n"), ("STREAM", "STREAMED 0\n")])
async def test_a_log_tells_whether_answers_stream(
    gateway: GatewayHarness, backend: Backend, mode: str, line: str
) -> None:
    text = "$context.integration.responseTransferMode $context.integration.timeToAllHeaders"
    proxy = http_proxy(backend.url, response_transfer_mode=mode)
    gateway.serve(rest_api(get("/pets", proxy), stage("prod", log=text)))

    await gateway.get("/prod/pets")

    assert gateway.logs.lines == [line]


async def test_refusals_are_logged_and_metered(gateway: GatewayHarness) -> None:
    gateway.serve(
        rest_api(
            get("/pets", mock()), stage("prod", rate=0, burst=0, log="$context.status $context.error.responseType")
        )
    )

    await gateway.get("/prod/pets")

    assert gateway.logs.lines == ["429 THROTTLED\n"]
    [(label, _, status)] = gateway.meter.answers
    assert (label.resource, label.method, status) == ("/pets", "GET", 429)


def test_lines_reach_the_file_of_their_stage(tmp_path: Path) -> None:
    logs = FileAccessLogs(tmp_path)
    logs.start()
    for number in range(1000):
        logs.write("api0000001", "prod", f"{number}\n")
    logs.write("http000001", "$default", "of an HTTP API\n")
    logs.write("../evil", "prod", "no\n")
    logs.close()

    assert (tmp_path / "api0000001" / "prod.log").read_text().split() == [str(number) for number in range(1000)]
    assert (tmp_path / "http000001" / "$default.log").read_text() == "of an HTTP API\n"
    assert {path.name for path in tmp_path.iterdir()} == {"api0000001", "http000001"}


def test_a_log_that_has_grown_past_its_bound_is_put_aside_once(tmp_path: Path) -> None:
    for number in range(4):
        workers = [FileAccessLogs(tmp_path, most_bytes=60) for _ in range(2)]
        for worker in workers:
            worker.start()
            worker.write("a1b2c3d4e5", "prod", f"round {number} of a line of forty characters\n")
        for worker in workers:
            worker.close()

    folder = tmp_path / "a1b2c3d4e5"
    assert {path.name for path in folder.iterdir()} <= {"prod.log", "prod.log.1"}
    assert (folder / "prod.log.1").read_text().count("round 3") == 2
