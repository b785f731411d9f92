"""Run the test lanes one after the other and say at the end what passed.

    scripts/test                          every lane
    LANES="default postgres" scripts/test some of them
    scripts/test -k usage_plan            arguments go to pytest in every lane that runs it

Each lane ends in one summary line; the last line of all is `N passed, N failed, N skipped`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from throwaway_postgres import PostgresUnavailable, throwaway_postgres

ROOT = Path(__file__).resolve().parent.parent
BINARIES = ROOT / ".venv" / "bin"
CHECKS = {
    "format": ("ruff", "format", "--check", "--quiet", "."),
    "lint": ("ruff", "check", "--quiet", "."),
    "types": ("mypy",),
    "imports": ("lint-imports",),
}
# Tools that manage API Gateway through its API; `ansible` carries the `community.aws` collection.
TOOLS = ("ansible==12.3.0", "c7n==0.9.53", "chalice==1.34.0", "boto3", "mcp==2.3.0")
NODE_TOOLS = ("@aws-sdk/client-api-gateway@3", "@aws-sdk/client-sts@3", "typescript@5", "@types/node@20")
TOOLS_INSTALL_SECONDS = 90


@dataclass(frozen=True)
class Tally:
    """How many tests ended which way; an error in a fixture or at collection counts as failed."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def pytest_lane(marks: str, *extra: str, variables: Mapping[str, str] | None = None) -> Tally:
    """One pytest run, counted from its JUnit report so that nothing is guessed from the text."""
    with tempfile.TemporaryDirectory(prefix="gatehouse-lane-") as folder:
        report = Path(folder) / "report.xml"
        command = [str(BINARIES / "python"), "-m", "pytest", "-q", "-rs", "-m", marks, f"--junitxml={report}"]
        done = subprocess.run(
            [*command, *extra, *sys.argv[1:]], cwd=ROOT, env={**os.environ, **(variables or {})}, check=False
        )
        return read_report(report, done.returncode)


def read_report(report: Path, status: int) -> Tally:
    """The tally of a finished run; one that died without a report or without a failed test is one failure."""
    if not report.exists():
        return Tally(failed=1)
    tally = Tally()
    for suite in ElementTree.parse(report).iter("testsuite"):
        total, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        tally += Tally(max(0, total - skipped - failed), failed, skipped)
    nothing_selected = 5
    if status not in (0, nothing_selected) and not tally.failed:
        tally += Tally(failed=1)
    return tally


def default_lane() -> Tally:
    return pytest_lane("not browser and not postgres and not tools and not stack", *workers())


def stack_lane() -> Tally:
    """Whole products and data planes as processes, one at a time: what they promise in milliseconds holds on an idle machine."""
    return pytest_lane("stack and not tools")


def workers() -> tuple[str, ...]:
    """Two workers where there are two cores; a file stays on one, so module fixtures are made once."""
    if any(argument.startswith(("-n", "--pdb")) or argument == "no:xdist" for argument in sys.argv[1:]):
        return ()
    return ("-n", str(min(2, os.cpu_count() or 1)), "--dist", "loadfile")


def past_asgi_lane() -> Tally:
    """The edge's and the plane's stories once more, in the gateway's fast lane."""
    tested = ("tests/gateway_runtime/edge", "tests/gateway_runtime/plane")
    return pytest_lane("not stack", *workers(), *tested, variables={"GATEHOUSE_TESTED_BY": "lane"})


def browser_lane() -> Tally:
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        return skip_lane("no chromium on the PATH")
    return pytest_lane("browser", variables={"GATEHOUSE_TEST_CHROMIUM": browser})


def postgres_lane() -> Tally:
    """The tests that touch the database, again, on a PostgreSQL server of their own."""
    try:
        with throwaway_postgres() as url:
            return pytest_lane(
                "not browser and not stack and not tools",
                "-p",
                "only_database_tests",
                variables={"GATEHOUSE_TEST_DATABASE_URL": url, "PYTHONPATH": str(ROOT / "scripts")},
            )
    except PostgresUnavailable as reason:
        return skip_lane(f"PostgreSQL cannot start: {reason}")


def tools_lane() -> Tally:
    """Other people's deployment tools, installed for this run alone."""
    with tempfile.TemporaryDirectory(prefix="gatehouse-tools-") as folder:
        try:
            install_tools(Path(folder))
        except (subprocess.SubprocessError, OSError) as error:
            said = getattr(error, "stderr", None) or str(error)
            return skip_lane(f"the tools cannot be installed: {said.strip().splitlines()[-1]}")
        install_node_tools(Path(folder))
        return pytest_lane("tools", "tests/tools", variables={"GATEHOUSE_TEST_TOOLS": f"{folder}/bin"})


def install_tools(folder: Path) -> None:
    """A virtual environment with the tools; raises SubprocessError when no package index answers in time."""
    subprocess.run([str(BINARIES / "python"), "-m", "venv", str(folder)], check=True, capture_output=True, text=True)
    install = [
        "install",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
        "--no-compile",
        "--retries=0",
        "--timeout=10",
    ]
    subprocess.run(
        [str(folder / "bin" / "python"), "-m", "pip", *install, *TOOLS],
        check=True, capture_output=True, text=True, timeout=TOOLS_INSTALL_SECONDS,
    )  # fmt: skip


def install_node_tools(folder: Path) -> None:
    """The packages of npm beside the others. Where there is none, their tests skip themselves and say so."""
    npm = shutil.which("npm")
    if npm is None:
        print("SKIPPED the tools of Node.js: npm is not installed", flush=True)
        return
    command = [
        npm,
        "install",
        "--silent",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--prefix",
        str(folder),
        *NODE_TOOLS,
    ]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=TOOLS_INSTALL_SECONDS)
    except (subprocess.SubprocessError, OSError) as error:
        print(f"SKIPPED the tools of Node.js: they cannot be installed: {error}", flush=True)


def check_lane() -> Tally:
    """What `make check` runs, each tool counted as one test."""
    tally = Tally()
    for name, (tool, *arguments) in CHECKS.items():
        done = subprocess.run([str(BINARIES / tool), *arguments], cwd=ROOT, check=False)
        print(f"check {name}: {'failed' if done.returncode else 'passed'}", flush=True)
        tally += Tally(failed=1) if done.returncode else Tally(passed=1)
    return tally


def skip_lane(reason: str) -> Tally:
    print(f"SKIPPED the whole lane: {reason}", flush=True)
    return Tally(skipped=1)


LANES = {
    "default": default_lane,
    "stack": stack_lane,
    "past-asgi": past_asgi_lane,
    "browser": browser_lane,
    "postgres": postgres_lane,
    "tools": tools_lane,
    "check": check_lane,
}


def main() -> int:
    chosen = os.environ.get("LANES", "").replace(",", " ").split() or list(LANES)
    unknown = [name for name in chosen if name not in LANES]
    if unknown:
        print(f"LANES names {unknown[0]!r}; there are: {', '.join(LANES)}", file=sys.stderr)
        return 2
    total, lines = Tally(), []
    for name in chosen:
        print(f"== lane {name}", flush=True)
        began = time.monotonic()
        tally = LANES[name]()
        total += tally
        lines.append(f"lane {name}: {tally} in {time.monotonic() - began:.0f} s")
        print(lines[-1], flush=True)
    print("", *lines, total, sep="\n", flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
