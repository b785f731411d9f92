"""Functions in Node.js: both kinds of modules, every way to answer, and streams."""

from __future__ import annotations

import json
import shutil

import pytest

from gateway_runtime.functions.errors import FunctionFailed
from gateway_runtime.upstream.errors import UpstreamError
from tests.gateway_runtime.functions.hosting import HostHarness
from tests.gateway_runtime.plane.worker import eventually

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")

NODE = {"runtime": "nodejs20.x", "handler": "index.handler", "memory_size": 256, "timeout": 20}


async def deploy(functions: HostHarness, name: str, code: str, file: str = "index.js", **members: object) -> str:
    return await functions.runs(name, {file: code}, **{**NODE, **members})


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("index.js", "exports.handler = async (event) => ({ seen: event });"),
        ("index.mjs", "export const handler = async (event) => ({ seen: event });"),
        ("index.cjs", "exports.handler = (event, context, callback) => callback(null, { seen: event });"),
        ("index.js", "exports.handler = (event, context) => context.succeed({ seen: event });"),
        ("index.js", "exports.handler = (event, context, done) => { setTimeout(() => done(null, { seen: event }), 5); };"),
    ],
)  # fmt: skip
async def test_every_kind_of_handler_answers(functions: HostHarness, file: str, code: str):
    arn = await deploy(functions, "kinds", code, file)

    assert [await functions.result(arn, number) for number in (1, 2)] == [{"seen": 1}, {"seen": 2}]


async def test_a_handler_sees_its_context(functions: HostHarness):
    code = """
exports.handler = async (event, context) => ({
  name: context.functionName, version: context.functionVersion, arn: context.invokedFunctionArn,
  left: context.getRemainingTimeInMillis() > 0, color: process.env.COLOR, secrets: process.env.GATEHOUSE_SECRET_KEY ?? null,
});
"""
    arn = await deploy(functions, "context", code, environment={"COLOR": "red"})

    assert await functions.result(arn) == {
        "name": "context", "version": "$LATEST", "arn": arn, "left": True, "color": "red", "secrets": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        ("exports.handler = async () => { throw new TypeError('no pet'); };", "TypeError", "no pet"),
        ("exports.handler = (event, context, callback) => callback(new Error('no pet'));", "Error", "no pet"),
        ("exports.handler = (event, context, callback) => callback('just text');", "string", "just text"),
        ("exports.handler = async () => { Promise.reject(new Error('lost')); await new Promise((r) => setTimeout(r, 500)); };", "Runtime.UnhandledPromiseRejection", "lost"),
        ("exports.handler = () => { setTimeout(() => { throw new RangeError('later'); }, 5); return new Promise(() => {}); };", "RangeError", "later"),
        ("exports.other = 1;", "Runtime.HandlerNotFound", "index.handler is undefined or not exported"),
        ("exports.handler = (;", "Runtime.UserCodeSyntaxError", "SyntaxError"),
        ("require('no-such-module'); exports.handler = 1;", "Runtime.ImportModuleError", "no-such-module"),
    ],
)  # fmt: skip
async def test_errors_are_told_as_lambda_tells_them(functions: HostHarness, code: str, kind: str, message: str):
    arn = await deploy(functions, "errors", code)

    error = await functions.error(arn)

    assert error["errorType"] == kind
    assert message in error["errorMessage"]


async def test_the_console_writes_lines_with_time_request_and_level(functions: HostHarness):
    arn = await deploy(functions, "console", "exports.handler = async () => { console.warn('careful %d', 7); };")

    await functions.result(arn)

    assert "\tWARN\tcareful 7\n" in functions.log("console")


async def test_a_streaming_handler_is_heard_while_it_writes(functions: HostHarness):
    code = """
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.setContentType('text/plain');
  stream.write('first ');
  await new Promise((resolve) => setTimeout(resolve, 300));
  stream.write('second');
  stream.end();
});
"""
    arn = await deploy(functions, "streaming", code)

    response = await functions.client.stream(arn, b"{}", source_arn="", timeout=20)
    first = await response.next_chunk()
    rest = await response.read()

    assert (first, rest) == (b"first ", b"second")
    assert response.headers == [(b"content-type", b"text/plain")]
    assert (await functions.invoke(arn)).payload == b"first second"


async def test_a_stream_may_begin_with_status_and_headers(functions: HostHarness):
    code = """
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { 'x-pet': 'Rex' } });
  stream.write('body');
  stream.end();
});
"""
    arn = await deploy(functions, "prelude", code)

    response = await functions.client.stream(arn, b"{}", source_arn="", timeout=20)
    prelude, _, body = (await response.read()).partition(b"\0" * 8)

    assert response.headers == [(b"content-type", b"application/vnd.awslambda.http-integration-response")]
    assert json.loads(prelude) == {"statusCode": 201, "headers": {"x-pet": "Rex"}}
    assert body == b"body"


async def test_a_stream_that_breaks_never_ends_cleanly(functions: HostHarness):
    code = """
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  if (event.write) { stream.write('half'); await new Promise((resolve) => setTimeout(resolve, 100)); }
  throw new Error('broken');
});
"""
    arn = await deploy(functions, "breaking", code)

    with pytest.raises(FunctionFailed, match="broken"):
        await functions.client.stream(arn, b"{}", source_arn="", timeout=20)
    response = await functions.client.stream(arn, b'{"write": true}', source_arn="", timeout=20)
    assert await response.next_chunk() == b"half"
    with pytest.raises(UpstreamError, match="broken"):
        await response.next_chunk()


async def test_a_stream_of_many_megabytes_waits_for_its_reader(functions: HostHarness):
    code = """
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const { Readable } = require('stream');
  const { pipeline } = require('stream/promises');
  const pieces = function* () { for (let i = 0; i < 320; i++) yield Buffer.alloc(65536, 65 + (i % 26)); };
  await pipeline(Readable.from(pieces()), stream);
});
"""
    arn = await deploy(functions, "large", code, memory_size=512)

    response = await functions.client.stream(arn, b"{}", source_arn="", timeout=30)
    size = 0
    while chunk := await response.next_chunk():
        size += len(chunk)

    assert size == 320 * 65536


async def test_a_handler_that_does_not_stream_is_streamed_in_one_piece(functions: HostHarness):
    arn = await deploy(functions, "whole", "exports.handler = async (event) => event;")

    response = await functions.client.stream(arn, b'{"a":1}', source_arn="", timeout=20)

    assert await response.read() == b'{"a":1}'


async def test_a_reader_that_leaves_lets_the_function_run_to_its_end(functions: HostHarness):
    code = """
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const { Readable } = require('stream');
  const { pipeline } = require('stream/promises');
  await pipeline(Readable.from(function* () { for (let i = 0; i < 200; i++) yield Buffer.alloc(65536); }()), stream);
});
"""
    arn = await deploy(functions, "left", code, memory_size=512)
    response = await functions.client.stream(arn, b"{}", source_arn="", timeout=20)
    await response.next_chunk()

    response.close()

    await eventually(lambda: "END RequestId" in functions.log("left"))
    assert "Task timed out" not in functions.log("left")
