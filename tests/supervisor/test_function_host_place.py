"""Where the supervisor lets the function host listen."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.core.environment import BadEnvironment, read_environment
from portal.supervisor import product


def test_it_listens_on_a_socket_of_the_data_directory():
    environment = read_environment({"GATEHOUSE_DATA_DIR": "/srv/gatehouse"})

    assert product.with_reachable_functions(environment) == environment
    assert environment.functions_socket == Path("/srv/gatehouse/functions.sock")


def test_a_path_that_is_too_long_for_a_socket_makes_it_a_loopback_port():
    environment = product.with_reachable_functions(read_environment({"GATEHOUSE_DATA_DIR": f"/srv/{'x' * 120}"}))

    assert environment.functions_url is not None
    assert environment.functions_url.startswith("http://127.0.0.1:")


def test_an_address_that_the_operator_gave_is_kept():
    given = read_environment({"GATEHOUSE_FUNCTIONS_URL": "http://functions:8090/"})

    assert product.with_reachable_functions(given).functions_url == "http://functions:8090"


@pytest.mark.parametrize(
    "name", ["GATEHOUSE_FUNCTIONS_URL", "GATEHOUSE_FUNCTION_FOLDERS", "GATEHOUSE_FUNCTION_PROCESSES"]
)
def test_a_setting_that_cannot_be_used_is_named(name: str):
    with pytest.raises(BadEnvironment, match=name):
        read_environment({name: "not/usable"})
