"""Start processes, wait until they are ready, restart those that die, stop them in order.

One thread that sleeps in `sigtimedwait`: a child's death and the operator's Ctrl-C are both signals, so an idle
installation costs nothing.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.supervisor.data_directory import DataDirectory
from portal.supervisor.log_files import LogFile
from portal.supervisor.processes import TAG, Child, Command, ProcessSpec
from portal.supervisor.refusal import Refusal

STOP_SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
AWAITED_SIGNALS = STOP_SIGNALS | {signal.SIGCHLD}
HOUSEKEEPING_SECONDS = 30.0
HEALTHY_SECONDS = 60.0
LONGEST_DELAY_SECONDS = 30.0
# A signal sent to the whole process group arrives twice, once through make: that is not impatience.
IMPATIENCE_SECONDS = 1.0


class StopRequested(Exception):
    """The operator asked to stop while something was still being started."""


@dataclass
class Seat:
    """The place of one process: who sits there now, and when the next one may."""

    spec: ProcessSpec
    child: Child | None = None
    deaths: int = 0
    start_at: float = 0.0


class Supervisor:
    """Keeps a set of processes alive on one data directory. `say` shows a line to the operator."""

    def __init__(self, data: DataDirectory, variables: Mapping[str, str], say: Callable[[str], None]) -> None:
        self._data = data
        self._variables = {**variables, TAG: str(data.path)}
        self._say = say
        self._log = LogFile(data.logs, "supervisor")
        self._seats: dict[str, Seat] = {}
        self._stop_asked: float | None = None
        self._forced = False
        # Under nohup the terminal's end is not meant for us.
        ignored = {signal.SIGHUP} if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else set()
        self._awaited = AWAITED_SIGNALS - ignored
        signal.pthread_sigmask(signal.SIG_BLOCK, self._awaited)

    def set_variable(self, name: str, value: str) -> None:
        """Give a variable to every process started from now on."""
        self._variables[name] = value

    def run_command(self, spec: ProcessSpec, seconds: float) -> str:
        """Run a process to its end and return its standard output; refuses when it fails or takes too long."""
        log = LogFile(self._data.logs, spec.name)
        command = Command(spec, log, self._variables)
        deadline = time.monotonic() + seconds
        try:
            while command.status() is None:
                if time.monotonic() > deadline:
                    raise Refusal(f"{spec.name} took longer than {seconds:.0f} s: see {log.path}")
                self._wait(1.0)
                self._stop_if_asked()
        finally:
            command.kill_group()
        if command.status() != 0:
            raise Refusal(f"{spec.name} failed: {log.last_line() or 'it said nothing'} (log: {log.path})")
        return command.output()

    def start(self, specs: Sequence[ProcessSpec]) -> None:
        for spec in specs:
            self._seats[spec.name] = Seat(spec)
            self._fill(self._seats[spec.name])

    def wait_until_ready(self, seconds: float) -> None:
        """Return once every started process answers; refuses when one dies instead or none comes in time."""
        deadline = time.monotonic() + seconds
        waiting = [seat for seat in self._seats.values() if seat.spec.ready]
        while waiting:
            self._refuse_the_dead()
            waiting = [seat for seat in waiting if seat.spec.ready and not seat.spec.ready()]
            if waiting and time.monotonic() > deadline:
                log = LogFile(self._data.logs, waiting[0].spec.name)
                raise Refusal(
                    f"{waiting[0].spec.name} is not ready after {seconds:.0f} s: {log.last_line()} (log: {log.path})"
                )
            if waiting:
                self._wait(0.1)
            self._stop_if_asked()

    def watch(self) -> None:
        """Keep every process running until a signal asks to stop."""
        tidy_at = time.monotonic() + HOUSEKEEPING_SECONDS
        while self._stop_asked is None:
            due = [seat.start_at for seat in self._seats.values() if seat.child is None]
            self._wait(max(0.0, min([tidy_at, *due]) - time.monotonic()))
            if self._stop_asked is None:
                self._replace_the_dead()
            if time.monotonic() >= tidy_at:
                self._bound_logs()
                tidy_at = time.monotonic() + HOUSEKEEPING_SECONDS

    def stop(self) -> None:
        """Stop everything, stage by stage. A second signal from the operator cuts the waiting short."""
        for stage in sorted({seat.spec.stop_stage for seat in self._seats.values()}):
            self._stop_together(
                [seat.child for seat in self._seats.values() if seat.spec.stop_stage == stage and seat.child]
            )
        self._seats.clear()

    def _stop_together(self, children: list[Child]) -> None:
        began = time.monotonic()
        for child in children:
            child.terminate()
        while not self._forced:
            running = [child for child in children if child.status() is None]
            left = [began + child.spec.grace - time.monotonic() for child in running]
            if not running or max(left) <= 0:
                break
            self._wait(max(left))
        for child in children:
            if child.status() is None:
                self._report(f"{child.spec.name} did not stop in time and was killed")
            child.kill_group()

    def _fill(self, seat: Seat) -> None:
        try:
            seat.child = Child(seat.spec, LogFile(self._data.logs, seat.spec.name), self._variables)
        except OSError as error:
            raise Refusal(f"cannot start {seat.spec.name}: {error}") from error
        self._note(f"{seat.spec.name} started as process {seat.child.pid}")

    def _refuse_the_dead(self) -> None:
        for seat in self._seats.values():
            if seat.child and seat.child.status() is not None:
                log = seat.child.log
                raise Refusal(
                    f"{seat.spec.name} did not start: {log.last_line() or 'it said nothing'} (log: {log.path})"
                )

    def _replace_the_dead(self) -> None:
        now = time.monotonic()
        for seat in self._seats.values():
            if seat.child and seat.child.status() is not None:
                self._vacate(seat, seat.child, now)
            if seat.child is None and seat.start_at <= now:
                self._fill(seat)

    def _vacate(self, seat: Seat, child: Child, now: float) -> None:
        """Clear away a dead process's own children and decide when the next one starts: at once, then ever later."""
        child.kill_group()
        seat.deaths = 1 if now - child.started > HEALTHY_SECONDS else seat.deaths + 1
        delay = 0.0 if seat.deaths == 1 else min(LONGEST_DELAY_SECONDS, 0.5 * 2 ** (seat.deaths - 2))
        seat.child, seat.start_at = None, now + delay
        when = f"in {delay:g} s" if delay else "now"
        self._report(
            f"{seat.spec.name} {_ending(child.status() or 0)}; starting it again {when} (log: {child.log.path})"
        )

    def _bound_logs(self) -> None:
        for seat in self._seats.values():
            LogFile(self._data.logs, seat.spec.name).bound()
        self._log.bound()

    def _wait(self, seconds: float) -> None:
        """Sleep until a signal arrives, at most `seconds`."""
        info = signal.sigtimedwait(self._awaited, seconds)
        if info is None or info.si_signo not in STOP_SIGNALS:
            return
        now = time.monotonic()
        if self._stop_asked is None:
            self._stop_asked = now
        elif now - self._stop_asked > IMPATIENCE_SECONDS:
            self._forced = True

    def _stop_if_asked(self) -> None:
        if self._stop_asked is not None:
            raise StopRequested

    def _report(self, line: str) -> None:
        self._say(line)
        self._note(line)

    def _note(self, line: str) -> None:
        self._log.write_line(f"{datetime.now().astimezone().isoformat(timespec='milliseconds')} {line}")


def _ending(status: int) -> str:
    """What an exit status means, in words."""
    if status >= 0:
        return f"ended with status {status}"
    return f"was ended by {signal.Signals(-status).name}"


def say(line: str) -> None:
    """One line for the operator; a closed terminal is no reason to fall over."""
    try:
        print(f"gatehouse: {line}", file=sys.stderr, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
