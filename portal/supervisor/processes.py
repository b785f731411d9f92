"""A supervised process: what it is, how it is started so that it cannot outlive the supervisor, how it is stopped."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from portal.supervisor.log_files import LogFile

# Every process carries this variable, and so do its descendants: leftovers.py finds them by it.
TAG = "GATEHOUSE_SUPERVISED"
PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class ProcessSpec:
    """A process to run.

    `ready` is asked until it says yes (None: ready once started). Processes stop in ascending order of
    `stop_stage`, those of one stage together; `grace` is the number of seconds between SIGTERM and SIGKILL.
    """

    name: str
    command: tuple[str, ...]
    ready: Callable[[], bool] | None = None
    stop_stage: int = 0
    grace: float = 5.0
    variables: Mapping[str, str] = field(default_factory=dict)


class Child:
    """A running process in a process group of its own, so that a Ctrl-C at the terminal reaches only the supervisor."""

    def __init__(self, spec: ProcessSpec, log: LogFile, variables: Mapping[str, str]) -> None:
        self.spec = spec
        self.log = log
        self.started = time.monotonic()
        descriptor = log.open()
        try:
            self._process = _spawn(spec, variables, descriptor, descriptor)
        finally:
            os.close(descriptor)

    @property
    def pid(self) -> int:
        return self._process.pid

    def status(self) -> int | None:
        """The exit status (negative: the signal that ended it), or None while it runs."""
        return self._process.poll()

    def terminate(self) -> None:
        if self.status() is None:
            self._process.terminate()

    def kill_group(self) -> None:
        """End the process and whatever it started that stayed in its group."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def _spawn(spec: ProcessSpec, variables: Mapping[str, str], stdout: int, stderr: int) -> subprocess.Popen[bytes]:
    supervisor = os.getpid()

    def before_exec() -> None:
        # Asked to stop by the kernel when the supervisor dies, however it dies.
        if _LIBC is not None:
            _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != supervisor:
                os._exit(1)
        # The supervisor blocks the signals that it waits for; its children must not.
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    return subprocess.Popen(  # noqa: S603 - commands are written in product.py
        spec.command,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        env={**variables, **spec.variables},
        process_group=0,
        preexec_fn=before_exec,  # safe: the supervisor has one thread
    )


class Command(Child):
    """A process that runs to its end and whose standard output is wanted; the rest goes to its log."""

    def __init__(self, spec: ProcessSpec, log: LogFile, variables: Mapping[str, str]) -> None:
        self.spec = spec
        self.log = log
        self.started = time.monotonic()
        self._output = os.memfd_create(spec.name)
        descriptor = log.open()
        try:
            self._process = _spawn(spec, variables, self._output, descriptor)
        finally:
            os.close(descriptor)

    def output(self) -> str:
        """What it printed; asked once, after it has ended."""
        with os.fdopen(self._output, "rb") as file:
            file.seek(0)
            return file.read().decode(errors="replace")
