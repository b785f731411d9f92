"""What must be true before anything is started, each told in one line when it is not."""

from __future__ import annotations

import errno
import socket
import sys
from urllib.parse import urlsplit

from apps.core.environment import Environment
from apps.core.landlock import RESTRICTS_TCP, landlock_version
from portal.supervisor.refusal import Refusal

PATIENCE_SECONDS = 5


def check_machine() -> None:
    """The operating system; `scripts/venv` has already looked at Python."""
    if sys.platform != "linux":
        raise Refusal("runs on Linux; elsewhere use `docker compose up`")


def check_confinement(environment: Environment) -> None:
    """What the operator wants functions to be kept from, this kernel can keep them from."""
    if environment.function_tcp_ports is not None and landlock_version() < RESTRICTS_TCP:
        raise Refusal("GATEHOUSE_FUNCTION_TCP_PORTS needs Landlock 4, which Linux has from 6.7 on: unset it, or update")


def check_ports(environment: Environment) -> None:
    """The addresses are different and free."""
    wanted = {
        "GATEHOUSE_PORTAL_PORT": (environment.bind, environment.portal_port),
        "GATEHOUSE_GATEWAY_PORT": (environment.bind, environment.gateway_port),
        "GATEHOUSE_MANAGEMENT_PORT": ("127.0.0.1", environment.management_port),
    }
    if environment.https_port is not None:
        wanted["GATEHOUSE_HTTPS_PORT"] = (environment.bind, environment.https_port)
    owners: dict[int, str] = {}
    for variable, (_, port) in wanted.items():
        if port in owners:
            raise Refusal(f"{owners[port]} and {variable} are both {port}: change one")
        owners[port] = variable
    for variable, (host, port) in wanted.items():
        _check_port(variable, host, port)


def is_free(host: str, port: int) -> bool:
    try:
        _try_to_bind(host, port)
    except OSError:
        return False
    return True


def _try_to_bind(host: str, port: int) -> None:
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def _check_port(variable: str, host: str, port: int) -> None:
    try:
        _try_to_bind(host, port)
    except socket.gaierror as error:
        raise Refusal(f"GATEHOUSE_BIND={host} is not an address of this machine") from error
    except OSError as error:
        raise Refusal(_port_trouble(error, variable, host, port)) from error


def _port_trouble(error: OSError, variable: str, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use: stop what uses it, or set {variable} to another port"
    if error.errno == errno.EACCES:
        return f"port {port} needs privileges that this user does not have: set {variable} to one above 1023"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"GATEHOUSE_BIND={host} is not an address of this machine"
    return f"cannot listen on {host}:{port} ({error.strerror}): change {variable}"


def check_services(environment: Environment) -> None:
    """The database and the Redis that the operator named answer. Passwords are never shown."""
    if environment.database_url:
        _check_database(environment.database_url)
    if environment.redis_url:
        _check_redis(environment.redis_url)


def _check_database(url: str) -> None:
    if urlsplit(url).scheme not in {"postgres", "postgresql", "pgsql"}:
        return
    import psycopg

    try:
        psycopg.connect(url.replace("pgsql://", "postgres://", 1), connect_timeout=PATIENCE_SECONDS).close()
    except psycopg.Error as error:
        raise Refusal(f"DATABASE_URL: PostgreSQL at {_place(url)} {_reason(error, url)}") from error


def _check_redis(url: str) -> None:
    import redis

    try:
        with redis.Redis.from_url(
            url, socket_connect_timeout=PATIENCE_SECONDS, socket_timeout=PATIENCE_SECONDS
        ) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise Refusal(f"REDIS_URL: Valkey or Redis at {_place(url)} {_reason(error, url)}") from error


def _place(url: str) -> str:
    """Host, port and path of a URL: what may be shown."""
    parts = urlsplit(url)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}" or "an address that cannot be read"


def _reason(error: Exception, url: str) -> str:
    """Why it failed, in a few words, without the password even where the driver repeats it."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    text = lines[-1].removeprefix("connection failed: ").strip()
    try:
        password = urlsplit(url).password
    except ValueError:
        password = None
    return f"does not answer: {text.replace(password, '***') if password else text}"
