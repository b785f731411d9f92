"""The exported requirements: pinned, hashed, and naming no place to fetch them from."""

from __future__ import annotations

import re

import pytest

from tests.packaging.settings_table import ROOT

SETS = ("run", "test")


def exported(name: str) -> dict[str, str]:
    """Package → the whole entry, hashes and all."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text().replace("\\\n", "")
    return {line.partition("==")[0]: line for line in text.splitlines() if line}


def named(name: str) -> list[str]:
    lines = (ROOT / "requirements" / f"{name}.in").read_text().splitlines()
    return [line for line in lines if line and not line.startswith(("#", "-"))]


@pytest.mark.parametrize("name", SETS)
def test_every_package_is_pinned_and_hashed(name):
    for package, entry in exported(name).items():
        assert re.match(rf"{re.escape(package)}==\S+ ", entry), entry[:80]
        assert "--hash=sha256:" in entry, package


@pytest.mark.parametrize("name", SETS)
def test_no_address_and_no_local_path_is_in_it(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text()

    assert not re.search(r"https?:|file:|index-url|find-links|^#|/tmp", text, re.MULTILINE)


@pytest.mark.parametrize("name", SETS)
def test_everything_named_has_a_floor_and_is_exported(name):
    for line in named(name):
        package, floor = re.match(r"([a-z0-9-]+)(?:\[[a-z,]+\])?(>=\S+)?", line).groups()
        assert floor, f"{package} has no floor"
        assert package in exported(name)


def test_what_is_tested_is_what_is_run():
    run, test = exported("run"), exported("test")

    assert {package: test.get(package) for package in run} == run
