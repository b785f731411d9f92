"""`python -m portal.supervisor`: check, prepare, start, announce, watch, stop."""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import Any

from apps.core.environment import BadEnvironment, Environment, read_environment
from apps.core.landlock import landlock_version
from portal.supervisor import product
from portal.supervisor.banner import banner
from portal.supervisor.data_directory import DataDirectory
from portal.supervisor.endpoints import FILE, endpoints
from portal.supervisor.leftovers import end_leftovers
from portal.supervisor.preflight import check_confinement, check_machine, check_ports, check_services
from portal.supervisor.refusal import Refusal
from portal.supervisor.supervisor import StopRequested, Supervisor, say
from portal.supervisor.valkey import EmbeddedValkey

COMMAND_SECONDS = 300.0
READY_SECONDS = 60.0
OPEN_FILES = 65_536
CREDENTIALS = "credentials.json"


def main() -> int:
    try:
        check_machine()
        os.umask(0o077)
        allow_many_connections()
        environment = read_environment(os.environ)
        data = DataDirectory(environment.data_dir)
        data.prepare()
        data.lock()
        ended = end_leftovers(data.path)
        if ended:
            say(f"ended {ended} processes that an earlier run left behind")
        check_confinement(environment)
        check_ports(environment)
        check_services(environment)
    except (BadEnvironment, Refusal) as refusal:
        say(str(refusal))
        return 1
    return run(environment, data)


def allow_many_connections() -> None:
    """Raise the limit of open files as far as we may: a connection through the gateway takes two."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def run(environment: Environment, data: DataDirectory) -> int:
    """Everything between the checks and the last process's end. Returns the exit status."""
    # Each process chooses its own settings module.
    variables = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    supervisor = Supervisor(data, variables, say)
    status = 0
    # A killed run may have left its own; who waits for the file must not find that one.
    data.remove(FILE)
    try:
        start(environment, data, supervisor)
        supervisor.watch()
        say("stopping")
    except StopRequested:
        say("stopping before everything was started")
    except Refusal as refusal:
        say(str(refusal))
        status = 1
    finally:
        data.remove(FILE)
        supervisor.stop()
        end_leftovers(data.path, grace=0)
    return status


def start(environment: Environment, data: DataDirectory, supervisor: Supervisor) -> None:
    """Bring the installation up and show the banner once all of it answers."""
    environment.master_secret()
    supervisor.set_variable("GATEHOUSE_DATA_DIR", str(environment.data_dir))
    if not environment.redis_url:
        valkey = EmbeddedValkey(data, environment.valkey_socket, environment.valkey_password)
        supervisor.set_variable("REDIS_URL", valkey.url)
        supervisor.start([valkey.spec()])
        supervisor.wait_until_ready(READY_SECONDS)
    environment = product.with_reachable_functions(environment)
    if environment.functions_url:
        supervisor.set_variable("GATEHOUSE_FUNCTIONS_URL", environment.functions_url)
    demo_port = product.petstore_port(data)
    supervisor.set_variable("GATEHOUSE_DEMO_PORT", str(demo_port))
    # The data plane asks no database: it comes up while the tables are made.
    supervisor.start([product.gateway(environment), product.functions(environment), product.petstore(demo_port)])
    supervisor.run_command(product.migrate(), COMMAND_SECONDS)
    # The portal loads while bootstrap seeds; tasks run on a seeded installation only.
    supervisor.start([product.portal(environment)])
    printed = supervisor.run_command(product.bootstrap(), COMMAND_SECONDS)
    credentials, first_run = remember_credentials(data, printed)
    supervisor.start([product.worker(environment), product.beat(environment)])
    supervisor.wait_until_ready(READY_SECONDS)
    found = endpoints(environment, credentials)
    data.write_json(FILE, found)
    confined = landlock_version() > 0
    print(banner(found, credentials, str(data.logs), first_run=first_run, confined=confined), flush=True)


def remember_credentials(data: DataDirectory, printed: str) -> tuple[dict[str, Any], bool]:
    """Bootstrap's answer together with what only its first run could say, and whether this is that first run."""
    try:
        said, _ = json.JSONDecoder().raw_decode(printed, printed.index("{"))
    except ValueError as error:
        raise Refusal("bootstrap printed no credentials: see its log") from error
    kept = data.read_json(CREDENTIALS)
    credentials = {**kept, **{name: value for name, value in said.items() if value is not None}}
    if credentials != kept:
        data.write_json(CREDENTIALS, credentials)
    return credentials, not kept


if __name__ == "__main__":
    sys.exit(main())
