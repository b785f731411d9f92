"""Invocations through the portal, by an unmodified boto3, of functions that a real function host runs."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.exceptions import ClientError

from apps.core.aws_access import AwsAccess
from apps.core.sigv4_signing import AwsCredentials
from gateway_runtime.functions.errors import FunctionNotFound, FunctionsUnreachable, InvocationFailed
from gateway_runtime.functions.remote import remote_lambda
from gateway_runtime.upstream.pool import UpstreamPool
from tests.conftest import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from tests.control_plane.lambda_api.test_lambda_functions import ARN, create, zipped
from tests.supervisor.supervised import ROOT, wait_for

ECHO = zipped()
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


@pytest.fixture
def functions(aws: Callable[..., Any], valkey: Any, valkey_url: str, live_portal: str, settings: Any) -> Iterator[Any]:
    """boto3's client, with a function host behind the portal."""
    environment = settings.ENVIRONMENT
    variables = {
        "PATH": os.environ["PATH"],
        "GATEHOUSE_DATA_DIR": str(environment.data_dir),
        "GATEHOUSE_SECRET_KEY": environment.secret_key,
        "GATEHOUSE_INTERNAL_PORTAL_URL": live_portal,
        "REDIS_URL": valkey_url,
    }
    shutil.rmtree(environment.data_dir / "functions", ignore_errors=True)
    with (environment.data_dir / "function-host.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway_runtime.functions"], cwd=ROOT, env=variables, stderr=log
        )
    wait_for(environment.functions_socket.exists, 15)
    yield aws("lambda")
    process.terminate()
    process.wait(10)
    environment.functions_socket.unlink(missing_ok=True)


def test_a_function_is_invoked_at_once_and_its_code_is_changed_at_once(functions: Any):
    create(functions)
    answer = functions.invoke(FunctionName="pets", Payload=b'{"pet": "Rex"}', LogType="Tail")
    functions.update_function_code(FunctionName="pets", ZipFile=zipped("def handler(event, context): return 'new'"))
    changed = functions.invoke(FunctionName="pets")

    assert json.loads(answer["Payload"].read()) == {"pet": "Rex"}
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert "FunctionError" not in answer
    log = base64.b64decode(answer["LogResult"]).decode()
    assert log.startswith("START RequestId: ")
    assert "REPORT RequestId: " in log
    assert json.loads(changed["Payload"].read()) == "new"


def test_an_error_of_the_function_is_told(functions: Any):
    create(functions, Code={"ZipFile": zipped("def handler(event, context): raise KeyError('pet')")})

    answer = functions.invoke(FunctionName="pets")

    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read())["errorType"] == "KeyError"


def test_events_and_dry_runs_are_answered_without_a_payload(functions: Any):
    create(functions)

    event = functions.invoke(FunctionName="pets", InvocationType="Event", Payload=b"{}")
    dry = functions.invoke(FunctionName="pets", InvocationType="DryRun", Payload=b"{}")

    assert (event["StatusCode"], event["Payload"].read()) == (202, b"")
    assert (dry["StatusCode"], dry["Payload"].read()) == (204, b"")


def test_what_is_no_json_is_refused(functions: Any):
    create(functions)

    with pytest.raises(ClientError, match="Could not parse request body into json") as caught:
        functions.invoke(FunctionName="pets", Payload=b"{not json")
    assert caught.value.response["Error"]["Code"] == "InvalidRequestContentException"


def test_a_throttled_invocation_is_told_as_lambda_tells_it(functions: Any):
    create(functions)
    functions.put_function_concurrency(FunctionName="pets", ReservedConcurrentExecutions=0)

    with pytest.raises(ClientError) as caught:
        functions.invoke(FunctionName="pets")
    assert caught.value.response["Error"] == {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}


def test_an_alias_is_invoked(functions: Any):
    create(functions, Publish=True)
    functions.create_alias(FunctionName="pets", Name="live", FunctionVersion="1")

    assert functions.invoke(FunctionName="pets", Qualifier="live")["ExecutedVersion"] == "1"


def test_an_http_end_point_takes_the_event(functions: Any):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            event = json.loads(self.rfile.read(int(self.headers["content-length"])))
            body = json.dumps({"seen": event}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        create(functions, Tags={"gatehouse:endpoint": f"http://127.0.0.1:{server.server_port}/invoke"})

        answer = functions.invoke(FunctionName="pets", Payload=b'{"pet": "Rex"}')
    finally:
        server.shutdown()

    assert json.loads(answer["Payload"].read()) == {"seen": {"pet": "Rex"}}


def test_a_function_that_does_not_stream_is_streamed_in_one_piece(functions: Any):
    create(functions)

    events = list(
        functions.invoke_with_response_stream(FunctionName="pets", Payload=b'{"pet": 1}', LogType="Tail")["EventStream"]
    )

    assert [next(iter(event)) for event in events] == ["PayloadChunk", "InvokeComplete"]
    assert json.loads(events[0]["PayloadChunk"]["Payload"]) == {"pet": 1}
    assert base64.b64decode(events[1]["InvokeComplete"]["LogResult"]).startswith(b"START")


def elsewhere(url: str) -> AwsAccess:
    """A Lambda at another address: this very portal, as another installation would call it."""
    return AwsAccess(endpoint_urls={"LAMBDA": url})


def me() -> AwsCredentials:
    return AwsCredentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY)


def liar() -> AwsCredentials:
    return AwsCredentials(ACCESS_KEY_ID, "wrong")


def test_a_function_elsewhere_is_invoked_with_a_signature_that_its_lambda_accepts(functions: Any, live_portal: str):
    create(functions)

    async def story() -> tuple[Any, ...]:
        pool = UpstreamPool()
        client = remote_lambda(pool, elsewhere(live_portal))
        try:
            answer = await client.invoke(ARN, b'{"pet": 1}', source_arn="", signer=me, timeout=20)
            streamed = await (await client.stream(ARN, b'{"pet": 2}', source_arn="", signer=me, timeout=20)).read()
            event = await client.invoke(ARN, b"{}", source_arn="", signer=me, event=True, timeout=20)
            for name, signer in ((f"{ARN}s", me), (ARN, None)):
                with pytest.raises(FunctionNotFound):
                    await client.invoke(name, b"{}", source_arn="", signer=signer, timeout=20)
            with pytest.raises(InvocationFailed, match="InvalidSignatureException"):
                await client.invoke(ARN, b"{}", source_arn="", signer=liar, timeout=20)
        finally:
            await pool.aclose()
        return json.loads(answer.payload), json.loads(streamed), event.status

    assert asyncio.run(story()) == ({"pet": 1}, {"pet": 2}, 202)


def test_a_lambda_elsewhere_that_does_not_answer_is_unreachable():
    async def story() -> None:
        pool = UpstreamPool()
        client = remote_lambda(pool, elsewhere("http://127.0.0.1:9"))
        try:
            with pytest.raises(FunctionsUnreachable):
                await client.invoke(ARN, b"{}", source_arn="", signer=me, timeout=5)
        finally:
            await pool.aclose()

    asyncio.run(story())
