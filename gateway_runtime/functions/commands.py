"""Which command runs which runtime, and in what surroundings: nothing of the host's environment passes on."""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from apps.core.function_documents import FunctionVersion
from apps.core.function_names import FunctionName
from apps.core.secrets import SecretBox
from gateway_runtime.functions.confinement import Confinement
from gateway_runtime.functions.limits import FunctionLimits
from gateway_runtime.functions.process import Command

_NODE = Path(__file__).parent / "node" / "bootstrap.mjs"
_MEGABYTE = 1024 * 1024
# By this the supervisor finds what a killed host left behind.
_TAG = "GATEHOUSE_SUPERVISED"


class CannotRun(Exception):
    """There is nothing on this host that runs the function; the message is for its owner."""


class Place(NamedTuple):
    """Where one runtime lives: its code, a folder for its temporary files, the address of its Runtime API, the folder of the
    installation, which is none of its business, and the TCP ports that it may connect to besides, None for all."""

    code: Path
    temporary: Path
    runtime_api: str
    hidden: Path
    tcp_ports: frozenset[int] | None = None

    @property
    def confinement(self) -> Confinement:
        ports = self.tcp_ports
        if ports is not None:
            ports |= {int(self.runtime_api.rpartition(":")[2])}
        return Confinement(self.hidden, self.code, self.temporary, ports)


def command(
    function: FunctionName,
    version: FunctionVersion,
    place: Place,
    environment: Mapping[str, str],
    limits: FunctionLimits,
) -> Command:
    """The command of one runtime process. Raises `CannotRun`."""
    arguments = _arguments(version, place)
    variables = {
        **_surroundings(place),
        **environment,
        "AWS_LAMBDA_RUNTIME_API": place.runtime_api,
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": version.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(version.memory_size),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": place.temporary.name,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{version.runtime}",
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "LAMBDA_TASK_ROOT": str(place.code),
        "_HANDLER": version.handler or "",
    }
    if (version.runtime or "").startswith("python"):
        paths = (str(place.code), environment.get("PYTHONPATH", ""))
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    memory = version.memory_size * _MEGABYTE + limits.headroom_bytes
    return Command(arguments, variables, place.code, memory, place.confinement, _resource_limits(limits))


def open_environment(version: FunctionVersion, box: SecretBox) -> dict[str, str]:
    """The function's environment variables. Raises ValueError when they were sealed with another key."""
    return {} if version.environment is None else dict(json.loads(box.open(version.environment)))


def _arguments(version: FunctionVersion, place: Place) -> tuple[str, ...]:
    runtime = version.runtime or ""
    if runtime.startswith("python"):
        return sys.executable, "-m", "awslambdaric", version.handler or ""
    if runtime.startswith("nodejs"):
        node = shutil.which("node")
        if node is None:
            raise CannotRun("there is no node on the host that runs functions")
        return node, f"--max-old-space-size={max(64, version.memory_size * 9 // 10)}", str(_NODE)
    if runtime.startswith("provided"):
        bootstrap = place.code / "bootstrap"
        if not os.access(bootstrap, os.X_OK):
            raise CannotRun("Couldn't find valid bootstrap(s): [/var/task/bootstrap]")
        return (str(bootstrap),)
    raise CannotRun(f"the runtime {runtime} does not run here")


def _resource_limits(limits: FunctionLimits) -> tuple[tuple[int, int], ...]:
    """Those of `setrlimit`. The number of processes is counted for the user, so that of others' is added."""
    return (
        (resource.RLIMIT_NPROC, limits.tasks + _tasks_of_user()),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_MEMLOCK, _MEGABYTE),
        (resource.RLIMIT_MSGQUEUE, _MEGABYTE),
    )


def _tasks_of_user() -> int:
    """Processes and threads that run as this user now."""
    user, found = os.geteuid(), 0
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                if entry.stat().st_uid == user:
                    found += len(os.listdir(f"/proc/{entry.name}/task"))  # noqa: PTH208 - called for each start
            except OSError:
                continue  # it has ended
    return found


def _surroundings(place: Place) -> dict[str, str]:
    found = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "HOME": str(place.temporary),
        "TMPDIR": str(place.temporary),
    }
    if _TAG in os.environ:
        found[_TAG] = os.environ[_TAG]
    return found
