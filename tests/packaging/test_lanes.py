"""How the lanes count."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from tests.packaging.settings_table import ROOT
from tests.tools.conftest import installed


@pytest.fixture
def lanes(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return importlib.import_module("lanes")


def report(folder: Path, **counts: int) -> Path:
    attributes = " ".join(f'{name}="{count}"' for name, count in counts.items())
    path = folder / "report.xml"
    path.write_text(f'<testsuites><testsuite name="pytest" {attributes}/></testsuites>')
    return path


def test_errors_count_as_failures_and_the_rest_as_passed(lanes, tmp_path):
    path = report(tmp_path, tests=10, failures=2, errors=1, skipped=3)

    assert str(lanes.read_report(path, 1)) == "4 passed, 3 failed, 3 skipped"


def test_a_run_that_dies_without_a_report_is_a_failure(lanes, tmp_path):
    assert lanes.read_report(tmp_path / "none.xml", 3).failed == 1


def test_a_run_that_fails_with_all_tests_green_is_a_failure(lanes, tmp_path):
    assert lanes.read_report(report(tmp_path, tests=2, failures=0, errors=0, skipped=0), 2).failed == 1


def test_a_selection_that_matches_nothing_is_not_a_failure(lanes, tmp_path):
    assert lanes.read_report(report(tmp_path, tests=0, failures=0, errors=0, skipped=0), 5).failed == 0


def test_the_total_is_the_sum_of_the_lanes(lanes):
    total = lanes.Tally(3, 0, 1) + lanes.Tally(2, 1, 0)

    assert str(total) == "5 passed, 1 failed, 1 skipped"


def test_tools_that_cannot_be_installed_skip_their_lane_with_the_reason(lanes, monkeypatch, capfd):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")

    assert lanes.tools_lane() == lanes.Tally(skipped=1)

    assert (
        "SKIPPED the whole lane: the tools cannot be installed: ERROR: No matching distribution"
        in capfd.readouterr().out
    )


def test_a_tool_that_is_not_installed_skips_its_test_with_the_reason(monkeypatch, tmp_path):
    monkeypatch.setenv("GATEHOUSE_TEST_TOOLS", str(tmp_path))

    with pytest.raises(pytest.skip.Exception, match="custodian is not installed"):
        installed("custodian")
