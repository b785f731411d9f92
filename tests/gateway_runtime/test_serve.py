"""The master and its workers as real processes: death, drain, restart, no orphans."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


class Served:
    """A running `python -m gateway_runtime`."""

    def __init__(self, directory: Path, workers: int, **environment: str) -> None:
        self.log = directory / "log"
        command = [
            sys.executable, "-m", "gateway_runtime", "--port", "0", "--management-port", "0", "--workers", str(workers),
            "--data-dir", str(directory), "--app", "process_app:application",
        ]  # fmt: skip
        path = os.pathsep.join((str(ROOT), str(Path(__file__).parent)))
        with self.log.open("wb") as log:
            self.master = subprocess.Popen(
                command, stderr=log, cwd=ROOT, env={**os.environ, "PYTHONPATH": path, **environment}
            )
        self.wait_for(lambda: "serving on" in self.log.read_text())
        found = re.search(r"serving on 127\.0\.0\.1:(\d+) .* management on 127\.0\.0\.1:(\d+)", self.log.read_text())
        assert found is not None
        self.port, self.management = int(found[1]), int(found[2])

    def wait_for(self, condition: Callable[[], bool], seconds: float = 15.0) -> None:
        """Poll until a condition holds."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.01)

    def ready(self, workers: int) -> None:
        self.wait_for(lambda: self.log.read_text().count("is ready") >= workers)

    def get(self, path: str, port: int | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=10)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def workers(self) -> set[int]:
        children = Path(f"/proc/{self.master.pid}/task/{self.master.pid}/children").read_text().split()
        return set(map(int, children))


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    running: list[Served] = []

    def start(workers: int, **environment: str) -> Served:
        running.append(Served(tmp_path, workers, **environment))
        return running[-1]

    yield start
    for served in running:
        served.master.kill()
        served.master.wait()


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_killed_worker_is_replaced_and_its_siblings_serve_on(serve: Callable[..., Served]) -> None:
    served = serve(2)
    served.ready(2)
    assert served.get("/ready", served.management) == (200, "2 of 2 workers ready\n")
    before = served.workers()
    victim = int(served.get("/")[1])
    os.kill(victim, signal.SIGKILL)
    killed_at = time.monotonic()

    statuses = [served.get("/")[0] for _ in range(50)]
    served.ready(3)

    assert time.monotonic() - killed_at < 2.5
    assert statuses == [200] * 50
    assert len(served.workers()) == 2
    assert victim not in served.workers()
    assert len(served.workers() & before) == 1
    served.wait_for(lambda: "gatehouse_requests_total 5" in served.get("/metrics", served.management)[1])


def test_sigterm_answers_what_is_running_and_exits_cleanly(serve: Callable[..., Served]) -> None:
    served = serve(1)
    served.ready(1)
    answers: list[tuple[int, str]] = []
    asking = threading.Thread(target=lambda: answers.append(served.get("/slow")))
    asking.start()
    served.wait_for(lambda: "gatehouse_requests_in_flight 1" in served.get("/metrics", served.management)[1])
    served.master.send_signal(signal.SIGTERM)
    asking.join()

    assert answers[0][0] == 200
    assert served.master.wait(timeout=10) == 0
    with pytest.raises(ConnectionRefusedError):
        served.get("/")


def test_a_killed_master_leaves_no_orphan(serve: Callable[..., Served]) -> None:
    served = serve(2)
    served.ready(2)
    workers = served.workers()
    served.master.kill()
    served.master.wait()

    served.wait_for(lambda: not any(map(_alive, workers)))


def test_sighup_replaces_all_workers_without_a_failed_request(serve: Callable[..., Served]) -> None:
    served = serve(2)
    served.ready(2)
    before = served.workers()
    finished = threading.Event()
    failures: list[Exception] = []
    answered = [0]

    def ask_on_one_connection_after_the_other() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
        while not finished.is_set():
            try:
                connection.request("GET", "/")
                response = connection.getresponse()
                assert response.status == 200
                response.read()
                answered[0] += 1
            except (OSError, http.client.HTTPException) as error:
                failures.append(error)
                connection.close()

    asking = [threading.Thread(target=ask_on_one_connection_after_the_other) for _ in range(4)]
    for thread in asking:
        thread.start()
    served.master.send_signal(signal.SIGHUP)
    served.wait_for(lambda: "all workers replaced" in served.log.read_text(), 30)
    finished.set()
    for thread in asking:
        thread.join()

    assert failures == []
    assert answered[0] > 100
    assert not served.workers() & before
    assert len(served.workers()) == 2


def test_a_worker_that_dies_at_its_start_is_not_restarted_in_a_hurry(serve: Callable[..., Served]) -> None:
    served = serve(1, FAIL_AT_START="1")
    served.wait_for(lambda: "starts in 0.50 s" in served.log.read_text())

    assert served.get("/ready", served.management)[0] == 503
    assert served.get("/live", served.management)[0] == 200
    served.master.send_signal(signal.SIGTERM)
    assert served.master.wait(timeout=10) == 0
