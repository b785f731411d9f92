"""Which processes make up Gatehouse, and how each is run."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from apps.core.environment import Environment
from portal.supervisor.data_directory import DataDirectory
from portal.supervisor.preflight import is_free
from portal.supervisor.probes import accepts, answers_ok, listens
from portal.supervisor.processes import ProcessSpec
from portal.supervisor.valkey import LONGEST_SOCKET_PATH, free_loopback_port

MANAGE = str(Path(__file__).resolve().parent.parent.parent / "manage.py")
WORKER_PROCESSES = 2


def migrate() -> ProcessSpec:
    return ProcessSpec("migrate", (sys.executable, MANAGE, "migrate", "--noinput", "--verbosity", "1"))


def bootstrap() -> ProcessSpec:
    """First-run seeding, safe to repeat; prints one JSON object with the credentials."""
    return ProcessSpec("bootstrap", (sys.executable, MANAGE, "bootstrap"))


def gateway(environment: Environment) -> ProcessSpec:
    return ProcessSpec(
        "gateway",
        (
            sys.executable, "-m", "gateway_runtime",
            "--bind", environment.bind,
            "--port", str(environment.gateway_port),
            "--workers", str(environment.workers),
            "--management-port", str(environment.management_port),
            "--data-dir", str(environment.data_dir),
            *_https(environment),
        ),
        ready=answers_ok("127.0.0.1", environment.management_port, "/ready"),
        stop_stage=0,
        grace=6.0,
    )  # fmt: skip


def _https(environment: Environment) -> tuple[str, ...]:
    """HTTPS, where it is asked for, with the gateway's own hosts in its own certificate."""
    if environment.https_port is None:
        return ()
    named = (f"--host={host}" for host in sorted(environment.own_hosts))
    return ("--https-port", str(environment.https_port), *named)


def with_reachable_functions(environment: Environment) -> Environment:
    """The same, with a loopback port for the function host where the data directory's path is too long for a socket."""
    if environment.functions_url or len(str(environment.functions_socket)) <= LONGEST_SOCKET_PATH:
        return environment
    return replace(environment, functions_url=f"http://127.0.0.1:{free_loopback_port()}")


def functions(environment: Environment) -> ProcessSpec:
    """The function host. It stops after the gateway, whose last requests may invoke functions."""
    url = environment.functions_url
    parts = urlsplit(url or "")
    return ProcessSpec(
        "functions",
        (sys.executable, "-m", "gateway_runtime.functions", "--bind", environment.bind),
        ready=accepts(parts.hostname or "", parts.port or 80) if url else listens(environment.functions_socket),
        stop_stage=1,
        grace=3.0,
    )


def portal(environment: Environment) -> ProcessSpec:
    return ProcessSpec(
        "portal",
        (
            sys.executable, "-m", "uvicorn", "portal.asgi:application",
            "--host", environment.bind,
            "--port", str(environment.portal_port),
            "--log-level", "warning", "--no-access-log",
            "--no-server-header", "--no-proxy-headers",
            "--lifespan", "off",
            "--timeout-graceful-shutdown", "2",
        ),
        ready=answers_ok(
            _reachable(environment.bind), environment.portal_port, "/healthz", environment.portal_host_header
        ),
        stop_stage=1,
        grace=4.0,
    )  # fmt: skip


def worker(environment: Environment) -> ProcessSpec:
    ready_file = environment.data_dir / "worker.ready"
    # One that was killed could not take its file away.
    ready_file.unlink(missing_ok=True)
    return ProcessSpec(
        "worker",
        (
            sys.executable, "-m", "celery", "--app", "portal.celery", "--quiet", "worker",
            "--pool", "prefork", "--concurrency", str(WORKER_PROCESSES),
            "--without-gossip", "--without-mingle", "--without-heartbeat",
            "--loglevel", "WARNING",
        ),
        ready=ready_file.exists,
        stop_stage=2,
        grace=4.0,
        variables={"GATEHOUSE_WORKER_READY_FILE": str(ready_file)},
    )  # fmt: skip


def beat(environment: Environment) -> ProcessSpec:
    return ProcessSpec(
        "beat",
        (
            sys.executable, "-m", "celery", "--app", "portal.celery", "--quiet", "beat",
            "--schedule", str(environment.data_dir / "beat-schedule"),
            "--pidfile", "",
            "--loglevel", "WARNING",
        ),
        stop_stage=1,
        grace=3.0,
    )  # fmt: skip


def petstore(port: int) -> ProcessSpec:
    """The demo's back end."""
    return ProcessSpec(
        "petstore",
        (sys.executable, "-m", "portal.demo.petstore", "--port", str(port)),
        ready=accepts("127.0.0.1", port),
        stop_stage=1,
        grace=2.0,
    )


def petstore_port(data: DataDirectory) -> int:
    """The same port on every run, because the demo API's integration names it; another only if that one is taken."""
    kept = data.read_json("demo.json").get("petstore_port")
    if isinstance(kept, int) and is_free("127.0.0.1", kept):
        return kept
    port = free_loopback_port()
    data.write_json("demo.json", {"petstore_port": port})
    return port


def _reachable(bind: str) -> str:
    """Where this machine reaches what listens on `bind`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)  # noqa: S104 - compared, not bound
