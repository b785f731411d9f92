"""Functions in Python, run by AWS's own runtime client, and everything that can go wrong with them."""

from __future__ import annotations

import asyncio
import json
import os
import re
from pathlib import Path

import pytest

from apps.core.function_documents import FunctionAlias
from gateway_runtime.functions.errors import (
    FunctionNotFound,
    FunctionsUnreachable,
    FunctionThrottled,
    InvocationDenied,
    InvocationTimedOut,
    PayloadTooLarge,
)
from gateway_runtime.functions.limits import FunctionLimits
from gateway_runtime.functions.logs import Lines
from portal.supervisor.valkey import free_loopback_port
from tests.gateway_runtime.functions.hosting import API_ARN, HostHarness, function_host, policy_for
from tests.gateway_runtime.plane.functions import function_arn
from tests.gateway_runtime.plane.worker import eventually

ECHO = "def handler(event, context): return event"


async def test_a_handler_gets_the_event_and_its_result_comes_back(functions: HostHarness):
    arn = await functions.runs("echo", ECHO)

    assert await functions.result(arn, {"pet": "Rex", "legs": 4}) == {"pet": "Rex", "legs": 4}


async def test_a_handler_sees_its_context_and_its_environment_and_nothing_of_the_hosts(functions: HostHarness):
    code = """
import os
def handler(event, context):
    return {
        "function": context.function_name, "version": context.function_version, "memory": context.memory_limit_in_mb,
        "arn": context.invoked_function_arn, "left": context.get_remaining_time_in_millis() > 1000,
        "env": dict(os.environ), "cwd": os.getcwd(), "tmp": os.environ["TMPDIR"],
    }
"""
    os.environ["GATEHOUSE_TEST_OF_THE_HOST"] = "hidden"
    try:
        arn = await functions.runs("context", code, environment={"COLOR": "verdigris"}, memory_size=256)
        seen = await functions.result(arn)
    finally:
        del os.environ["GATEHOUSE_TEST_OF_THE_HOST"]

    assert (seen["function"], seen["version"], seen["memory"]) == ("context", "$LATEST", "256")
    assert seen["arn"] == arn
    assert seen["left"]
    assert seen["env"]["COLOR"] == "verdigris"
    assert seen["env"]["AWS_LAMBDA_FUNCTION_NAME"] == "context"
    assert seen["env"]["LAMBDA_TASK_ROOT"] == seen["cwd"]
    assert not [name for name in seen["env"] if name.startswith("GATEHOUSE") or name == "VIRTUAL_ENV"]


async def test_a_warm_runtime_is_used_again(functions: HostHarness):
    arn = await functions.runs("pid", "import os\ndef handler(event, context): return os.getpid()")

    assert len({await functions.result(arn) for _ in range(5)}) == 1


async def test_an_exception_is_told_as_lambda_tells_it(functions: HostHarness):
    arn = await functions.runs("broken", "def handler(event, context):\n    raise ValueError('no such pet')")

    error = await functions.error(arn)

    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "no such pet")
    assert "raise ValueError" in error["stackTrace"][-1]


async def test_a_module_that_is_missing_is_an_import_error(functions: HostHarness):
    arn = await functions.runs("missing", "", handler="nowhere.handler")

    error = await functions.error(arn)

    assert error["errorType"] == "Runtime.ImportModuleError"
    assert "Unable to import module 'nowhere'" in error["errorMessage"]


async def test_a_function_that_runs_too_long_is_ended_at_its_timeout(functions: HostHarness):
    code = "import os, time\ndef handler(event, context):\n    print(os.getpid(), flush=True)\n    time.sleep(60)"
    arn = await functions.runs("slow", code, timeout=1)

    error = await functions.error(arn)

    assert error["errorType"] == "Sandbox.Timedout"
    assert re.fullmatch(r"RequestId: [\w-]+ Error: Task timed out after 1.00 seconds", error["errorMessage"])
    assert "Task timed out after 1.00 seconds" in functions.log("slow")
    pid = int(re.search(r"^(\d+)$", functions.log("slow"), re.MULTILINE)[1])  # type: ignore[index]
    await eventually(lambda: not Path(f"/proc/{pid}").exists())


async def test_what_a_function_started_ends_with_it(functions: HostHarness):
    code = """
import subprocess, time
def handler(event, context):
    print("child", subprocess.Popen(["sleep", "600"]).pid, flush=True)
    time.sleep(60)
"""
    arn = await functions.runs("parent", code, timeout=1)

    await functions.error(arn)

    child = int(re.search(r"child (\d+)", functions.log("parent"))[1])  # type: ignore[index]
    await eventually(lambda: not Path(f"/proc/{child}").exists() or "Z" in Path(f"/proc/{child}/stat").read_text())


async def test_a_crash_is_an_exit_error_and_the_next_invocation_has_a_new_runtime(functions: HostHarness):
    code = "import os\ndef handler(event, context):\n    if event == 'die': os._exit(7)\n    return 'alive'"
    arn = await functions.runs("crash", code)

    error = await functions.error(arn, "die")

    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"].endswith("Error: Runtime exited with error: exit status 7")
    assert await functions.result(arn, "live") == "alive"


async def test_a_killed_runtime_says_so(functions: HostHarness):
    arn = await functions.runs("shot", "import os\ndef handler(event, context): os.kill(os.getpid(), 9)")

    assert (await functions.error(arn))["errorMessage"].endswith("Runtime exited with error: signal: killed")


async def test_more_memory_than_the_function_has_ends_it(functions: HostHarness):
    code = """
import time
def handler(event, context):
    hoard = bytearray(200 * 1024 * 1024)
    time.sleep(30)
"""
    arn = await functions.runs("hungry", code, memory_size=128, timeout=20)

    error = await functions.error(arn)

    assert error["errorType"] in ("Runtime.ExitError", "MemoryError")


async def test_big_events_and_answers_pass_up_to_six_megabytes(functions: HostHarness):
    arn = await functions.runs(
        "big", "def handler(event, context): return event if isinstance(event, str) else 'x' * event", memory_size=512
    )
    large = "y" * (6 * 1024 * 1024 - 2)

    assert await functions.result(arn, large) == large
    with pytest.raises(PayloadTooLarge):
        await functions.invoke(arn, large + "y")
    error = await functions.error(arn, 6 * 1024 * 1024 + 100)
    assert error["errorType"] == "Function.ResponseSizeTooLarge"
    assert await functions.result(arn, 3) == "xxx"


async def test_a_hundred_invocations_at_once_are_all_answered(valkey_url: str):
    async with function_host(valkey_url, FunctionLimits(processes=4, processes_per_function=3)) as functions:
        arn = await functions.runs(
            "many", "import time\ndef handler(event, context):\n    time.sleep(0.01)\n    return event * 2", timeout=30
        )

        results = await asyncio.gather(*(functions.result(arn, number) for number in range(100)))

        assert results == [number * 2 for number in range(100)]
        assert functions.runtimes() <= 3


async def test_beyond_its_reserved_concurrency_a_function_is_throttled(functions: HostHarness):
    code = "import time\ndef handler(event, context):\n    time.sleep(event)\n    return 'done'"
    arn = await functions.runs("reserved", code, reserved_concurrency=1)
    await functions.result(arn, 0)

    first = asyncio.create_task(functions.result(arn, 0.5))
    await eventually(lambda: functions.log("reserved").count("START") == 2)
    with pytest.raises(FunctionThrottled):
        await functions.invoke(arn, 0)

    assert await first == "done"
    stopped = await functions.runs("stopped", ECHO, reserved_concurrency=0)
    with pytest.raises(FunctionThrottled):
        await functions.invoke(stopped)


async def test_functions_take_turns_where_the_host_has_few_places(valkey_url: str):
    async with function_host(valkey_url, FunctionLimits(processes=1)) as functions:
        one, two = await functions.runs("one", ECHO), await functions.runs("two", ECHO)

        assert [await functions.result(arn, 1) for arn in (one, two, one)] == [1, 1, 1]
        both = await asyncio.gather(*(functions.result(arn, 2) for arn in (one, two) * 3))

        assert both == [2] * 6
        assert functions.runtimes() == 1


async def test_idle_runtimes_end(valkey_url: str):
    async with function_host(valkey_url, FunctionLimits(idle_seconds=0.05)) as functions:
        await functions.result(await functions.runs("brief", ECHO))

        await eventually(lambda: functions.runtimes() == 0)


async def test_new_code_is_run_at_once_and_the_old_runtimes_end(functions: HostHarness):
    arn = await functions.runs("edition", "def handler(event, context): return 'one'")
    assert await functions.result(arn) == "one"

    await functions.runs("edition", "def handler(event, context): return 'two'")

    assert await functions.result(arn) == "two"
    await eventually(lambda: functions.runtimes() == 1)


async def test_a_version_and_an_alias_are_invoked_by_their_qualifier(functions: HostHarness):
    await functions.runs("named", "def handler(event, context): return context.function_version", version="1")
    one = functions.service.current.snapshot
    version = next(iter(one.decoded.values())).versions[0]  # type: ignore[union-attr]
    live = FunctionAlias(name="live", version="1", weights={"$LATEST": 0.5})
    arn = await functions.runs(
        "named", "def handler(event, context): return context.function_version", aliases=(live,), also=(version,)
    )

    assert await functions.result(f"{arn}:1") == "1"
    assert {await functions.result(f"{arn}:live") for _ in range(30)} == {"1", "$LATEST"}
    with pytest.raises(FunctionNotFound):
        await functions.invoke(f"{arn}:2")


async def test_api_gateway_is_let_in_by_the_functions_policy_alone(functions: HostHarness):
    closed = await functions.runs("closed", ECHO, policy=None)
    open_to_us = await functions.runs("open", ECHO)
    other = await functions.runs(
        "other",
        ECHO,
        policy=policy_for(function_arn("other"), "arn:aws:execute-api:us-east-1:123456789012:zzzzzzzzzz/*"),
    )

    assert (await functions.invoke(open_to_us, 1, source_arn=API_ARN)).payload == b"1"
    for arn in (closed, other, f"{open_to_us}:$LATEST"):
        with pytest.raises(InvocationDenied):
            await functions.invoke(arn, 1, source_arn=API_ARN)
    assert (await functions.invoke(closed, 1)).payload == b"1"


@pytest.mark.parametrize(
    ("principal", "role", "allowed"),
    [
        ("arn:aws:iam::210987654321:role/pets", "arn:aws:iam::210987654321:role/pets", True),
        ("arn:aws:iam::210987654321:root", "arn:aws:iam::210987654321:role/pets", True),
        ("arn:aws:iam::210987654321:role/pets", "arn:aws:iam::210987654321:role/cats", False),
        ("arn:aws:iam::210987654321:root", "arn:aws:iam::none:role/none", False),
    ],
)
async def test_a_role_of_another_account_is_let_in_by_the_functions_policy_alone(
    functions: HostHarness, principal: str, role: str, allowed: bool
):
    statement = {
        "Sid": "role", "Effect": "Allow", "Principal": {"AWS": principal}, "Action": "lambda:InvokeFunction",
        "Resource": function_arn("theirs"),
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Id": "default", "Statement": [statement]})
    arn = await functions.runs("theirs", ECHO, policy=policy)

    asked = functions.client.invoke(arn, b"1", source_arn="", role_arn=role, timeout=20)

    if allowed:
        assert (await asked).payload == b"1"
    else:
        with pytest.raises(InvocationDenied):
            await asked


async def test_a_function_that_nobody_has_is_not_found(functions: HostHarness):
    with pytest.raises(FunctionNotFound):
        await functions.invoke(function_arn("nobody"))
    with pytest.raises(FunctionNotFound):
        await functions.invoke("arn:aws:s3:::bucket")


async def test_code_that_cannot_be_had_is_the_functions_error(functions: HostHarness):
    arn = await functions.runs("lost", ECHO)
    functions.packages.clear()
    functions.service.code._folder = functions.environment.data_dir / "elsewhere"

    error = await functions.error(arn)

    assert "nobody has" in error["errorMessage"]


async def test_a_runtime_that_does_not_run_here_says_so(functions: HostHarness):
    arn = await functions.runs("java", ECHO, runtime="java21")

    assert "java21 does not run here" in (await functions.error(arn))["errorMessage"]


async def test_the_log_has_what_was_printed_between_awss_own_lines(functions: HostHarness):
    arn = await functions.runs(
        "printing", "def handler(event, context):\n    print('hello')\n    print('no end', end='')"
    )

    await functions.result(arn)

    lines = functions.log("printing").splitlines()
    assert re.fullmatch(r"START RequestId: [\w-]+ Version: \$LATEST", lines[0])
    assert lines[1:3] == ["hello", "no end"]
    assert lines[3].startswith("END RequestId: ")
    assert re.search(
        r"Duration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration",
        lines[4],
    )


async def test_each_line_of_the_log_tells_its_time_and_its_invocation(functions: HostHarness):
    code = "print('at first')\ndef handler(event, context):\n    print(context.aws_request_id, end='')\n    print(' and more')"
    arn = await functions.runs("telling", code)

    await functions.result(arn)

    lines = [
        re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]{12}Z \((\S+)\) (.*)", line)
        for line in functions.log_lines("telling").splitlines()
    ]
    told = [(line[1], line[2]) for line in lines if line is not None]
    assert len(told) == len(lines)
    assert told[0] == ("-", "at first")
    request_id = told[1][0]
    assert told[2] == (request_id, f"{request_id} and more")
    assert told[-1][1].startswith(f"REPORT RequestId: {request_id}\t")


async def test_the_last_line_of_the_log_tells_how_an_invocation_failed(functions: HostHarness):
    arn = await functions.runs("failing", "def handler(event, context):\n    raise KeyError('x')")
    slow = await functions.runs("slow", "import time\ndef handler(event, context): time.sleep(9)", timeout=1)

    await functions.error(arn)
    await functions.error(slow)

    assert functions.log("failing").endswith("\tStatus: error\tError Type: KeyError\n")
    assert functions.log("slow").endswith("\tStatus: timeout\n")


def test_what_one_line_is_does_not_grow_without_end() -> None:
    lines = Lines(longest=4)

    written = lines.of(b"abcdefghij", "r1") + lines.of(b"\nk\n", "r1")

    assert [line.split(b" ", 2)[2] for line in written.splitlines()] == [b"abcd", b"efgh", b"ij", b"k"]


async def test_logs_stay_within_their_bound(valkey_url: str):
    async with function_host(valkey_url, FunctionLimits(log_bytes=50_000)) as functions:
        arn = await functions.runs("chatty", "def handler(event, context): print('x' * 40_000)")

        for _ in range(6):
            await functions.result(arn)

        folder = functions.environment.data_dir / "log" / "functions"
        assert 0 < sum(path.stat().st_size for path in folder.rglob("chatty*")) < 200_000


async def test_an_event_is_taken_at_once_and_tried_three_times(functions: HostHarness):
    arn = await functions.runs(
        "event", "def handler(event, context):\n    print('seen', event)\n    raise ValueError(event)"
    )

    answer = await functions.client.invoke(arn, b'"later"', source_arn="", event=True, timeout=5)

    assert (answer.status, answer.payload) == (202, b"")
    await eventually(lambda: functions.log("event").count("seen later") == 3)
    with pytest.raises(PayloadTooLarge):
        await functions.client.invoke(arn, b'"' + b"x" * 1_100_000 + b'"', source_arn="", event=True, timeout=5)


async def test_the_callers_own_deadline_ends_the_waiting(functions: HostHarness):
    arn = await functions.runs("patient", "import time\ndef handler(event, context): time.sleep(event)", timeout=30)
    await functions.result(arn, 0)

    with pytest.raises(InvocationTimedOut):
        await functions.invoke(arn, 3, timeout=0.2)


async def test_a_host_that_restarts_fails_what_runs_and_serves_on_from_its_disk(functions: HostHarness):
    arn = await functions.runs(
        "survivor", "import time\ndef handler(event, context):\n    time.sleep(event)\n    return 'here'"
    )
    assert await functions.result(arn, 0) == "here"
    running = asyncio.create_task(functions.invoke(arn, 2))
    await eventually(lambda: functions.log("survivor").count("START") == 2)

    await functions.service.stop()
    later = asyncio.create_task(functions.result(arn, 0))
    functions.packages.clear()  # the portal is away: the code is on disk
    await functions.start_service()

    answers = await asyncio.gather(running, return_exceptions=True)
    assert isinstance(answers[0], FunctionsUnreachable)
    assert await later == "here"


async def test_a_host_that_stays_away_is_unreachable(functions: HostHarness):
    arn = await functions.runs("gone", ECHO)
    await functions.service.stop()

    with pytest.raises(FunctionsUnreachable):
        await functions.invoke(arn, timeout=0.3)
    await functions.start_service()


async def test_a_caller_without_the_token_is_refused(functions: HostHarness):
    arn = await functions.runs("guarded", ECHO)
    reader, writer = await asyncio.open_unix_connection(str(functions.environment.functions_socket))

    writer.write(
        f"POST /2015-03-31/functions/{arn}/invocations HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{{}}".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    writer.close()

    assert head.startswith(b"HTTP/1.1 403")


async def test_code_in_a_folder_is_run_where_it_lies_and_anew_when_it_changes(valkey_url: str, tmp_path: Path):
    (tmp_path / "app.py").write_text("def handler(event, context): return 'first'")
    async with function_host(valkey_url, GATEHOUSE_FUNCTION_FOLDERS=str(tmp_path)) as functions:
        arn = await functions.runs("folder", "", folder=str(tmp_path))
        outside = await functions.runs("outside", "", folder="/etc")
        first = await functions.result(arn)
        (tmp_path / "app.py").write_text("def handler(event, context): return 'second'  ")
        os.utime(tmp_path / "app.py", (2_000_000_000, 2_000_000_000))

        async def changed() -> None:
            while await functions.result(arn) != "second":
                await asyncio.sleep(0.02)

        await asyncio.wait_for(changed(), 5)

        assert first == "first"
        assert "GATEHOUSE_FUNCTION_FOLDERS" in (await functions.error(outside))["errorMessage"]


@pytest.mark.parametrize("name", ["../escape.py", "/etc/escape.py"])
async def test_a_package_that_reaches_outside_of_itself_is_refused(functions: HostHarness, name: str):
    arn = await functions.runs("escape", {"app.py": ECHO, name: "boo"})

    assert "outside of itself" in (await functions.error(arn))["errorMessage"]


async def test_a_host_in_another_container_is_reached_by_its_address(valkey_url: str):
    url = f"http://127.0.0.1:{free_loopback_port()}"
    async with function_host(valkey_url, GATEHOUSE_FUNCTIONS_URL=url) as functions:
        arn = await functions.runs("far", ECHO)

        assert await functions.result(arn, {"pet": "Rex"}) == {"pet": "Rex"}
        assert not functions.environment.functions_socket.exists()
