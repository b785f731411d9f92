"""What a function can do to the machine that runs it: it has the host's user, and little else."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

import pytest

from apps.core.landlock import landlock_version
from gateway_runtime.functions.confinement import Confinement, restrict, shares_tmp
from gateway_runtime.functions.limits import LIMITS
from gateway_runtime.functions.process import Command, Process
from tests.gateway_runtime.functions.hosting import HostHarness, function_host
from tests.gateway_runtime.plane.worker import eventually

needs_landlock = pytest.mark.skipif(not landlock_version(), reason="this kernel has no Landlock")

# Tries a statement and tells how it ended.
TRIES = """
import os, pathlib, resource, signal, subprocess, sys
def handler(event, context):
    try:
        return repr(eval(event))
    except BaseException as error:
        return type(error).__name__
"""


async def tries(functions: HostHarness, statement: str, name: str = "tries") -> str:
    arn = await functions.runs(name, TRIES)
    told: str = await functions.result(arn, statement)
    return told


@needs_landlock
@pytest.mark.parametrize(
    "statement",
    [
        "open({data!r} + '/secret.key').read()",
        "os.listdir({data!r})",
        "os.listdir({data!r} + '/functions/code')",
        "subprocess.run(['cat', {data!r} + '/secret.key'], check=True)",
        "os.link({data!r} + '/secret.key', os.environ['TMPDIR'] + '/key')",
        "open({data!r} + '/made', 'w')",
        "open('app.py', 'a')",
        "open('/etc/made', 'w')",
        "os.mkdir('/made')",
        "os.kill({host}, 0)",
    ],
)
async def test_the_installation_is_out_of_reach(functions: HostHarness, statement: str) -> None:
    data = str(functions.environment.data_dir)
    Path(data, "secret.key").write_text("the secret of all secrets")

    told = await tries(functions, statement.format(data=data, host=os.getpid()))

    assert told in {"PermissionError", "CalledProcessError", "OSError"}


@needs_landlock
async def test_the_host_cannot_be_looked_into(functions: HostHarness) -> None:
    assert await tries(functions, f"open('/proc/{os.getpid()}/environ', 'rb').read()") == "PermissionError"


async def test_functions_of_a_host_that_runs_as_root_have_no_capabilities(functions: HostHarness) -> None:
    held = await tries(
        functions, "[line.split()[1] for line in open('/proc/self/status') if line.startswith('Cap')][:3]"
    )

    assert set(eval(held)) == {"0" * 16}


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("open('app.py').read().count('import')", "1"),
        ("len(os.listdir('/usr')) > 0", "True"),
        ("pathlib.Path(os.environ['TMPDIR'], 'a').write_text('mine')", "4"),
        ("os.rename(pathlib.Path(os.environ['TMPDIR'], 'b').mkdir() or os.environ['TMPDIR'] + '/b', os.environ['TMPDIR'] + '/c')", "None"),
        ("subprocess.run(['true']).returncode", "0"),
        ("open('/dev/null', 'w').write('gone')", "4"),
    ],
)  # fmt: skip
async def test_what_functions_need_is_there(functions: HostHarness, statement: str, told: str) -> None:
    assert await tries(functions, statement) == told


async def test_temporary_files_are_its_own(functions: HostHarness) -> None:
    mode = await tries(functions, "oct(os.stat(os.environ['TMPDIR']).st_mode & 0o777)")
    made = await tries(
        functions,
        "(pathlib.Path(os.environ['TMPDIR'], 'a').write_text(''), oct(os.stat(os.environ['TMPDIR'] + '/a').st_mode & 0o777))[1]",
    )

    assert (mode, made) == ("'0o700'", "'0o600'")


@needs_landlock
async def test_other_functions_files_are_out_of_reach(functions: HostHarness) -> None:
    theirs = (await tries(functions, "os.environ['TMPDIR']", "theirs")).strip("'")

    assert await tries(functions, f"os.listdir({theirs!r})", "mine") == "PermissionError"


@needs_landlock
async def test_functions_write_to_tmp_unless_the_data_directory_lies_there(valkey_url: str) -> None:
    statement = "(pathlib.Path('/tmp/gh-fn-shared').write_text('here'), os.remove('/tmp/gh-fn-shared'))[0]"

    async with function_host(valkey_url, below="/var/tmp") as elsewhere:
        assert await tries(elsewhere, statement) == "4"
    async with function_host(valkey_url, below="/tmp") as there:
        assert await tries(there, statement) == "PermissionError"
    assert [shares_tmp(Path(place)) for place in ("/var/tmp/data", "/tmp/data", "/tmp")] == [True, False, False]


@pytest.mark.parametrize(
    ("kind", "most"),
    [
        ("NOFILE", LIMITS.open_files),
        ("FSIZE", LIMITS.file_bytes),
        ("CORE", 0),
        ("MEMLOCK", 1 << 20),
        ("MSGQUEUE", 1 << 20),
    ],
)
async def test_the_kernel_holds_it_to_limits(functions: HostHarness, kind: str, most: int) -> None:
    soft, hard = eval(await tries(functions, f"resource.getrlimit(resource.RLIMIT_{kind})"))

    assert soft == hard <= most


async def test_the_number_of_processes_and_threads_is_bounded(functions: HostHarness) -> None:
    soft, hard = eval(await tries(functions, "resource.getrlimit(resource.RLIMIT_NPROC)"))

    assert LIMITS.tasks <= soft == hard < 10 * LIMITS.tasks


async def test_more_files_than_that_cannot_be_open(functions: HostHarness) -> None:
    assert await tries(functions, "[open('/dev/null') for _ in range(2_000)]") == "OSError"


async def test_a_file_cannot_be_larger_than_that(functions: HostHarness) -> None:
    statement = f"os.truncate(os.open(os.environ['TMPDIR'] + '/a', os.O_CREAT | os.O_RDWR), {LIMITS.file_bytes + 1})"

    assert await tries(functions, statement) == "OSError"


async def test_it_has_a_session_of_its_own_and_gains_no_privileges(functions: HostHarness) -> None:
    assert await tries(functions, "os.getsid(0) == os.getpid()") == "True"
    assert "1" in await tries(functions, "open('/proc/self/status').read().partition('NoNewPrivs:')[2][:3]")


async def test_what_leaves_its_session_ends_with_it(functions: HostHarness) -> None:
    code = """
import subprocess, time
def handler(event, context):
    stray = subprocess.Popen(["sh", "-c", "sleep 300 & exec sleep 300"], start_new_session=True)
    open(event, "w").write(str(stray.pid))
    time.sleep(60)
"""
    arn = await functions.runs("daemon", code, timeout=1)
    note = functions.environment.data_dir / "functions" / "tmp"

    error = await functions.error(arn, "/dev/null")
    await eventually(lambda: not functions.runtimes())

    assert "timed out" in error["errorMessage"]
    assert not [path for path in Path("/proc").glob("[0-9]*/environ") if str(note) in environment(path)]


def environment(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""


async def test_nobody_but_the_runtime_gets_its_events(functions: HostHarness) -> None:
    """The port is open to every process of the machine, and other functions would take events and answer them."""
    address = eval(await tries(functions, "os.environ['AWS_LAMBDA_RUNTIME_API']", "victim"))
    asks = f"__import__('urllib.request').request.urlopen('http://{address}/2018-06-01/runtime/invocation/next', timeout=5).read()"

    for_others = await tries(functions, asks, "thief")
    here = await asyncio.to_thread(asked_here, address)

    assert for_others in {"ConnectionResetError", "RemoteDisconnected", "URLError"}
    assert here == b""
    assert await tries(functions, "'still mine'", "victim") == "'still mine'"


async def test_what_a_runtime_starts_reaches_its_own_events(functions: HostHarness) -> None:
    script = "import os, urllib.request as r; r.urlopen('http://' + os.environ['AWS_LAMBDA_RUNTIME_API'] + '/nothing', timeout=5)"

    told = await tries(
        functions, f"subprocess.run([sys.executable, '-c', {script!r}], capture_output=True, text=True).stderr"
    )

    assert "404" in told


def asked_here(address: str) -> bytes:
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), 5) as connection:
        try:
            connection.sendall(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: a\r\n\r\n")
            return connection.recv(100)
        except ConnectionError:
            return b""


async def test_it_inherits_no_descriptor(tmp_path: Path) -> None:
    """Whatever the host has open, a connection with secrets or a database, is none of a function's."""
    opened = os.open("/dev/null", os.O_RDONLY)
    os.dup2(opened, 200, inheritable=True)

    told = await printed(tmp_path, "echo begin; for fd in /proc/self/fd/*; do echo ${fd##*/}; done")

    os.close(opened)
    os.close(200)
    assert told.startswith("begin")
    assert "200" not in told.split()


async def test_its_environment_is_what_it_was_given(tmp_path: Path) -> None:
    assert (await printed(tmp_path, "/usr/bin/env | grep -v ^_= | grep -v ^PWD= | grep -v ^SHLVL=")).split() == ["A=1"]


@needs_landlock
async def test_the_interpreter_may_lie_in_what_is_hidden(tmp_path: Path) -> None:
    around = Path(sys.prefix).resolve().parent

    told = await printed(tmp_path, f"{sys.executable} -c 'print(6 * 7)'; ls {around}", hidden=around)

    assert told.splitlines()[0] == "42"
    assert "ermission denied" in told


async def printed(folder: Path, script: str, hidden: Path | None = None) -> str:
    """What a process started as runtimes are prints."""
    output, over = bytearray(), asyncio.get_running_loop().create_future()
    shell = ("/bin/sh", "-c", script)
    confinement = Confinement(hidden or folder / "hidden", folder, folder)
    command = Command(shell, {"A": "1"}, folder, 1 << 30, confinement)
    Process(command, output.extend, lambda status: over.set_result(status))
    await asyncio.wait_for(over, 10)
    return output.decode()


def test_without_landlock_a_process_starts_as_it_is() -> None:
    restrict(-1)
