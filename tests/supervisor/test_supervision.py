"""What the supervisor does with its processes, told with stand-ins."""

from __future__ import annotations

import os
import select
import signal
from pathlib import Path

import pytest

from portal.supervisor.leftovers import supervised_processes
from portal.supervisor.log_files import LogFile
from tests.supervisor.supervised import exists, stand_in, wait_for

# Writes its process id, then waits to be stopped.
WAITING = "import os, signal, pathlib; pathlib.Path({file!r}).write_text(str(os.getpid())); signal.pause()"
# The same, but with a grandchild in a session of its own, as a pool of workers could have.
WITH_GRANDCHILD = """
import os, pathlib, signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], start_new_session=True)
pathlib.Path({file!r}).write_text(str(child.pid))
signal.pause()
"""
STUBBORN = """
import os, pathlib, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path({file!r}).write_text(str(os.getpid()))
while True:
    signal.pause()
"""
# Adds its name to a file when it is asked to stop.
TELLING = """
import pathlib, signal, sys
def stop(*_):
    with open({diary!r}, "a") as diary:
        diary.write({name!r} + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
pathlib.Path({file!r}).touch()
signal.pause()
"""


@pytest.fixture
def pid_file(tmp_path: Path) -> Path:
    return tmp_path / "pid"


def test_a_process_that_dies_is_started_again_at_once(supervise, pid_file):
    supervised = supervise(stand_in("portal", WAITING.format(file=str(pid_file)), file=str(pid_file))).become_ready()
    first = int(wait_for(pid_file.read_text))

    os.kill(first, signal.SIGKILL)

    second = wait_for(lambda: int(pid_file.read_text()) if int(pid_file.read_text() or first) != first else 0, 2)
    assert exists(second)
    assert "portal was ended by SIGKILL; starting it again now" in supervised.terminal()


def test_a_process_that_keeps_dying_is_started_ever_later(supervise, tmp_path):
    program = "import pathlib, sys; sys.exit(3) if pathlib.Path('{0}').exists() else pathlib.Path('{0}').touch()"
    supervised = supervise(stand_in("beat", program.format(tmp_path / "up")))

    wait_for(lambda: "in 1 s" in supervised.terminal())

    lines = [line.partition(" (log")[0] for line in supervised.terminal().splitlines()]
    assert lines[:3] == [
        "gatehouse: beat ended with status 0; starting it again now",
        "gatehouse: beat ended with status 3; starting it again in 0.5 s",
        "gatehouse: beat ended with status 3; starting it again in 1 s",
    ]


def test_sigterm_stops_the_processes_in_order_and_ends_with_status_zero(supervise, tmp_path):
    diary = tmp_path / "diary"
    specs = [
        stand_in(
            name,
            TELLING.format(diary=str(diary), name=name, file=str(tmp_path / name)),
            file=str(tmp_path / name),
            stop_stage=stage,
        )
        for name, stage in [("valkey", 9), ("portal", 1), ("gateway", 0), ("worker", 2)]
    ]
    supervised = supervise(*specs).become_ready()

    supervised.send(signal.SIGTERM)

    assert supervised.wait() == 0
    assert diary.read_text().split() == ["gateway", "portal", "worker", "valkey"]


def test_a_closed_terminal_stops_it_unless_it_was_started_to_outlive_the_terminal(supervise, tmp_path):
    idle = stand_in("idle", "import signal; signal.pause()")
    ours = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the suite itself may have been started with nohup
    try:
        usual = supervise(idle).become_ready()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # inherited, as nohup does it
        lasting = supervise(idle, folder=tmp_path / "lasting").become_ready()
    finally:
        signal.signal(signal.SIGHUP, ours)

    for supervised in (lasting, usual):
        supervised.send(signal.SIGHUP)

    assert usual.wait() == 0
    assert lasting.process.poll() is None


def test_ctrl_c_while_processes_still_start_leaves_nothing(supervise, tmp_path, pid_file):
    supervised = supervise(stand_in("portal", WAITING.format(file=str(pid_file)), file=str(tmp_path / "never")))
    pid = int(wait_for(lambda: pid_file.exists() and pid_file.read_text()))

    supervised.send(signal.SIGINT)

    assert supervised.wait() == 0
    assert not exists(pid)


def test_a_process_that_ignores_sigterm_is_killed_after_its_grace(supervise, pid_file):
    supervised = supervise(
        stand_in("worker", STUBBORN.format(file=str(pid_file)), file=str(pid_file), grace=0.3)
    ).become_ready()

    supervised.send(signal.SIGTERM)

    assert supervised.wait(3) == 0
    assert "worker did not stop in time and was killed" in supervised.terminal()
    assert not exists(int(pid_file.read_text()))


def test_a_second_ctrl_c_does_not_wait_for_the_grace(supervise, pid_file):
    supervised = supervise(
        stand_in("worker", STUBBORN.format(file=str(pid_file)), file=str(pid_file), grace=60)
    ).become_ready()
    supervised.send(signal.SIGINT)

    def ended() -> bool:
        supervised.send(signal.SIGINT)
        return supervised.process.poll() is not None

    wait_for(ended, 5)
    assert not exists(int(pid_file.read_text()))


def test_killing_the_supervisor_takes_its_processes_with_it(supervise, pid_file):
    supervised = supervise(stand_in("portal", WAITING.format(file=str(pid_file)), file=str(pid_file))).become_ready()
    pid = int(wait_for(pid_file.read_text))

    supervised.send(signal.SIGKILL)

    wait_for(lambda: not exists(pid), 3)


def test_the_next_start_ends_what_a_killed_supervisor_left_behind(supervise, pid_file):
    first = supervise(stand_in("worker", WITH_GRANDCHILD.format(file=str(pid_file)), file=str(pid_file))).become_ready()
    grandchild = int(wait_for(pid_file.read_text))
    first.send(signal.SIGKILL)
    first.wait()
    assert exists(grandchild)

    supervise(stand_in("idle", "import signal; signal.pause()")).become_ready()

    assert not exists(grandchild)


def test_another_data_directory_s_processes_are_left_alone(supervise, tmp_path, pid_file):
    supervise(stand_in("portal", WAITING.format(file=str(pid_file)), file=str(pid_file))).become_ready()

    other = supervise(stand_in("idle", "import signal; signal.pause()"), folder=tmp_path / "data-2").become_ready()

    assert exists(int(pid_file.read_text()))
    assert len(supervised_processes(other.folder)) == 1


def test_a_second_instance_on_the_same_data_is_refused_in_one_line(supervise):
    first = supervise(stand_in("idle", "import signal; signal.pause()")).become_ready()

    second = supervise(stand_in("idle", "import signal; signal.pause()"))

    assert second.wait() == 1
    assert f"already running on {first.folder} (process {first.process.pid})" in second.terminal()
    assert len(second.terminal().splitlines()) == 1


def test_a_process_that_fails_at_start_is_told_with_its_last_words(supervise, tmp_path):
    program = "raise SystemExit('no such table: accounts_user')"

    supervised = supervise(stand_in("portal", program, file=str(tmp_path / "never")))

    assert supervised.wait() == 1
    assert "portal did not start: no such table: accounts_user" in supervised.terminal()


def test_an_idle_supervisor_sleeps(supervise):
    supervised = supervise(stand_in("idle", "import signal; signal.pause()")).become_ready()
    wait_for(lambda: state(supervised.process.pid) == "S")
    before = wake_ups(supervised.process.pid)

    printed, _, _ = select.select([supervised.process.stdout], [], [], 0.5)

    assert not printed
    assert wake_ups(supervised.process.pid) == before


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def wake_ups(pid: int) -> int:
    return int(Path(f"/proc/{pid}/status").read_text().partition("\nvoluntary_ctxt_switches:")[2].split()[0])


def test_a_log_that_has_grown_too_large_is_put_aside_while_its_writer_goes_on(tmp_path):
    log = LogFile(tmp_path, "portal", maximum=10)
    writer = log.open()
    os.write(writer, b"a long first line\n")

    log.bound()
    os.write(writer, b"second\n")
    os.close(writer)

    assert (tmp_path / "portal.log.1").read_text() == "a long first line\n"
    assert log.path.read_text() == "second\n"
