"""One runtime process: how it is started so that it cannot outlive the host, what it may use, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gateway_runtime.functions.confinement import Confinement, restrict, ruleset
from gateway_runtime.functions.system_calls import close_ways_around

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PAGE = resource.getpagesize()
_READ = 64 * 1024
_READS_AT_ONCE = 16
_ROUNDS = 5
_LONGEST_ENVIRONMENT = 256 * 1024


@dataclass(frozen=True, slots=True)
class Command:
    """What to run. `memory` is the bytes of data that the process may have; the kernel refuses more. `limits` are further ones of
    `setrlimit`, for the process and whatever it starts."""

    arguments: tuple[str, ...]
    variables: Mapping[str, str]
    folder: Path
    memory: int
    confinement: Confinement
    limits: tuple[tuple[int, int], ...] = ()


class Process:
    """A process in a session of its own. `on_output` gets what it prints, `on_exit` its exit status once, after the last of it."""

    def __init__(self, command: Command, on_output: Callable[[bytes], None], on_exit: Callable[[int], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_output = on_output
        self._on_exit = on_exit
        self._output, write_end = os.pipe()
        os.set_blocking(self._output, False)
        host = os.getpid()

        limits = ((resource.RLIMIT_DATA, command.memory), (resource.RLIMIT_CORE, 0), *command.limits)

        def before_exec(rules: int) -> None:
            # Ended by the kernel when the host dies, however it dies.
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            _drop_capabilities()
            _LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
            if os.getppid() != host:
                os._exit(1)
            for kind, most in limits:
                ceiling = resource.getrlimit(kind)[1]
                most = most if ceiling == resource.RLIM_INFINITY else min(most, ceiling)
                resource.setrlimit(kind, (most, most))
            restrict(rules)
            if command.confinement.tcp_ports is not None:
                close_ways_around()

        try:
            with ruleset(command.confinement) as rules:
                self._process = subprocess.Popen(  # noqa: S603 - running the owner's code is what this is for
                    command.arguments,
                    stdin=subprocess.DEVNULL,
                    stdout=write_end,
                    stderr=write_end,
                    cwd=command.folder,
                    env=dict(command.variables),
                    umask=0o077,
                    start_new_session=True,
                    preexec_fn=partial(before_exec, rules),
                )
        except BaseException:
            os.close(self._output)
            raise
        finally:
            os.close(write_end)
        self.pid = self._process.pid
        self._mark = f"TMPDIR={command.confinement.temporary}".encode()
        self._exit = os.pidfd_open(self.pid)
        self._loop.add_reader(self._exit, self._exited)
        self._loop.add_reader(self._output, self.drain)
        self._statm = self._open_statm()
        self._gone = False

    def drain(self) -> None:
        """Take what has been printed up to now."""
        for _ in range(_READS_AT_ONCE):
            try:
                data = os.read(self._output, _READ)
            except BlockingIOError:
                return
            if not data:
                self._loop.remove_reader(self._output)
                return
            self._on_output(data)

    def resident(self) -> int:
        """Bytes of memory that the process uses now; 0 once it is gone."""
        if self._statm < 0:
            return 0
        try:
            return int(os.pread(self._statm, 128, 0).split()[1]) * _PAGE
        except (OSError, IndexError):
            return 0

    def kill(self) -> None:
        """End the process and everything in its session."""
        if not self._gone:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def _open_statm(self) -> int:
        try:
            return os.open(f"/proc/{self.pid}/statm", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return -1

    def _exited(self) -> None:
        # The group first: while its leader is not waited for, nobody else can have its number.
        self.kill()
        status = self._process.wait()
        self._gone = True
        _end_strays(self._mark)
        self.drain()
        self._loop.remove_reader(self._exit)
        self._loop.remove_reader(self._output)
        for descriptor in (self._exit, self._output, self._statm):
            if descriptor >= 0:
                os.close(descriptor)
        self._statm = -1
        self._on_exit(status)


def _drop_capabilities() -> None:
    """What runs as root comes out of the exec without root's capabilities: some let it read the environment of every process,
    whatever Landlock says. For others the first call is refused, and there is nothing to drop."""
    capability = 0
    while _LIBC.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1


def _end_strays(mark: bytes) -> None:
    """End what has left the session: processes with this variable in their environment, which has the name of a folder that is no
    other's. They may start others meanwhile, so they are looked for again."""
    for _ in range(_ROUNDS):
        found = [pid for pid in _processes() if _has(pid, mark)]
        if not found:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def _processes() -> Iterator[int]:
    with os.scandir("/proc") as entries:
        yield from (int(entry.name) for entry in entries if entry.name.isdigit())


def _has(pid: int, mark: bytes) -> bool:
    try:
        with Path(f"/proc/{pid}/environ").open("rb") as file:
            return mark in file.read(_LONGEST_ENVIRONMENT).split(b"\0")
    except OSError:
        return False  # it is gone, or another user's
