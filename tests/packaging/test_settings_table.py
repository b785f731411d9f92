"""The one table of settings tells the truth."""

from __future__ import annotations

from tests.packaging.settings_table import documented_names, environment_names


def test_the_table_names_every_setting_once_and_no_other():
    names = documented_names()

    assert sorted(names) == sorted(environment_names())
