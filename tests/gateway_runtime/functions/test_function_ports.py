"""TCP ports that the operator names are all that functions connect to, whatever way they take."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from apps.core.environment import BadEnvironment, read_environment
from apps.core.landlock import RESTRICTS_TCP, landlock_version
from gateway_runtime.functions.system_calls import knows_this_machine
from tests.gateway_runtime.functions.hosting import function_host

needs_rules_for_ports = pytest.mark.skipif(
    landlock_version() < RESTRICTS_TCP or not knows_this_machine(), reason="this kernel has no rules for TCP ports"
)

# Each way returns how it ended.
CONNECTS = """
import ctypes, os, socket
def plain(port):
    socket.create_connection(("127.0.0.1", port), 2).close()
def multipath(port):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262) as tried:
        tried.settimeout(2)
        tried.connect(("127.0.0.1", port))
def fast_open(port):
    with socket.socket() as tried:
        tried.sendto(b"GET / HTTP/1.0", 0x20000000, ("127.0.0.1", port))
def fast_open_message(port):
    with socket.socket() as tried:
        tried.sendmsg([b"GET / HTTP/1.0"], [], 0x20000000, ("127.0.0.1", port))
def ring(port):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(425, 1, ctypes.create_string_buffer(120)) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
def datagram(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tried:
        tried.sendto(b"a question", ("127.0.0.1", port))
def handler(event, context):
    try:
        globals()[event["way"]](event["port"])
    except OSError as error:
        return error.strerror
    return "through"
"""


@pytest.fixture
def port() -> Iterator[int]:
    """Of something that listens on this machine, as the management port does."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        yield listener.getsockname()[1]


@needs_rules_for_ports
@pytest.mark.parametrize(
    ("way", "told"),
    [
        ("plain", "Permission denied"),
        ("multipath", "Protocol not supported"),
        ("fast_open", "Operation not supported"),
        ("fast_open_message", "Operation not supported"),
        ("ring", "Function not implemented"),
        ("datagram", "through"),
    ],
)
async def test_no_way_leads_to_a_port_that_is_not_named(valkey_url: str, port: int, way: str, told: str) -> None:
    async with function_host(valkey_url, GATEHOUSE_FUNCTION_TCP_PORTS="none") as functions:
        arn = await functions.runs("connects", CONNECTS)

        assert await functions.result(arn, {"way": way, "port": port}) == told


@needs_rules_for_ports
async def test_a_port_that_is_named_is_reached(valkey_url: str, port: int) -> None:
    async with function_host(valkey_url, GATEHOUSE_FUNCTION_TCP_PORTS=f"443, {port}") as functions:
        arn = await functions.runs("connects", CONNECTS)

        assert await functions.result(arn, {"way": "plain", "port": port}) == "through"


async def test_unless_ports_are_named_all_are_reached(valkey_url: str, port: int) -> None:
    async with function_host(valkey_url) as functions:
        arn = await functions.runs("connects", CONNECTS)

        assert await functions.result(arn, {"way": "plain", "port": port}) == "through"


@needs_rules_for_ports
async def test_functions_in_node_run_as_ever(valkey_url: str) -> None:
    async with function_host(valkey_url, GATEHOUSE_FUNCTION_TCP_PORTS="none") as functions:
        code = {"index.mjs": "export const handler = async (event) => event + 1;"}
        arn = await functions.runs("adds", code, runtime="nodejs20.x", handler="index.handler")

        assert await functions.result(arn, 41) == 42


@pytest.mark.parametrize("text", ["0", "65536", "http", "443,", "-1", "443 80"])
def test_what_are_no_ports_is_refused(text: str) -> None:
    with pytest.raises(BadEnvironment, match=r"GATEHOUSE_FUNCTION_TCP_PORTS must be none, or ports"):
        read_environment({"GATEHOUSE_FUNCTION_TCP_PORTS": text})


@pytest.mark.parametrize(("text", "ports"), [("", None), ("none", set()), ("443, 5432", {443, 5432})])
def test_ports_are_read(text: str, ports: set[int] | None) -> None:
    assert read_environment({"GATEHOUSE_FUNCTION_TCP_PORTS": text}).function_tcp_ports == ports
