"""`python -m gateway_runtime.functions`: the function host, which runs Lambda functions for the data plane and the portal."""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import logging
import os
import signal

import uvloop
from redis.asyncio import Redis

from apps.core.environment import Environment, read_environment
from apps.core.landlock import RESTRICTS_TCP, landlock_version
from gateway_runtime.functions.code import package_pool, packages_of_portal
from gateway_runtime.functions.limits import FunctionLimits
from gateway_runtime.functions.place import place_of
from gateway_runtime.functions.service import FunctionService
from gateway_runtime.functions.system_calls import knows_this_machine
from gateway_runtime.upstream.guard import AddressPolicy, GuardedConnector
from gateway_runtime.upstream.pool import UpstreamPool

_PR_SET_DUMPABLE = 4

logger = logging.getLogger("gateway_runtime.functions")


async def serve(environment: Environment, bind: str) -> None:
    """Run until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    private = environment.allow_private_backends
    outbound = UpstreamPool(GuardedConnector(AddressPolicy(allow_loopback=private, allow_private=private)))
    packages = package_pool()
    redis = Redis.from_url(environment.effective_redis_url, socket_connect_timeout=2, health_check_interval=15)
    token = environment.derived_key("functions").hex()
    fetch = packages_of_portal(packages, environment.portal_address, environment.portal_host_header, token)
    limits = FunctionLimits(processes=environment.function_processes)
    service = FunctionService(environment, redis, fetch, outbound, limits)
    await service.start()
    place = place_of(environment)
    await service.listen(place if not isinstance(place, tuple) else (bind, place[1]))
    logger.info("running functions, invoked at %s", environment.functions_url or environment.functions_socket)
    await stop.wait()
    await service.stop()
    await packages.aclose()
    await outbound.aclose()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="gateway_runtime.functions", description="Run Lambda functions.")
    parser.add_argument("--bind", default="127.0.0.1", help="address to listen on where GATEHOUSE_FUNCTIONS_URL is set")
    parser.add_argument("--log-level", default="info", choices=["debug", "info", "warning", "error"])
    options = parser.parse_args(arguments)
    # Functions run as the same user: they must not read the secrets of this process out of /proc.
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    logging.basicConfig(level=options.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    environment = read_environment(os.environ)
    if environment.function_tcp_ports is not None and not (
        landlock_version() >= RESTRICTS_TCP and knows_this_machine()
    ):
        raise SystemExit("GATEHOUSE_FUNCTION_TCP_PORTS: this machine's kernel cannot keep functions from other ports")
    uvloop.run(serve(environment, options.bind))


if __name__ == "__main__":
    main()
