"""docker-compose.yml and the Dockerfile, read rather than run."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from tests.packaging.settings_table import ROOT, environment_names

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if service["image"] == "gatehouse")
DOCKERFILE = (ROOT / "Dockerfile").read_text()
# Settings that the file decides itself.
DECIDED_BY_COMPOSE = {
    "GATEHOUSE_BIND",
    "GATEHOUSE_DATA_DIR",
    "DATABASE_URL",
    "REDIS_URL",
    "GATEHOUSE_INTERNAL_GATEWAY_URL",
    "GATEHOUSE_INTERNAL_PORTAL_URL",
    "GATEHOUSE_FUNCTIONS_URL",
}
FOR_COMPOSE_ALONE = {"GATEHOUSE_POSTGRES_PASSWORD", "GATEHOUSE_VALKEY_PASSWORD"}


def test_the_compose_file_keeps_to_the_schema():
    schema = json.loads(Path(__file__).with_name("compose_schema.json").read_text())

    errors = [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(COMPOSE)]

    assert errors == []


def test_the_services_are_those_of_the_operations_page():
    assert set(SERVICES) == {"portal", "gateway", "functions", "worker", "beat", "setup", "postgres", "valkey"}


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"setup"}))
def test_every_lasting_service_has_a_health_check_and_comes_back(name):
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_setup_runs_once_and_every_process_waits_for_it():
    assert SERVICES["setup"]["restart"] == "no"
    for name in set(OURS) - {"setup"}:
        assert SERVICES[name]["depends_on"]["setup"]["condition"] == "service_completed_successfully"


@pytest.mark.parametrize("name", OURS)
def test_our_containers_cannot_write_their_root_nor_gain_privileges(name):
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert all(volume.split(":")[1] in ("/data", "/data/log") for volume in service["volumes"])


def test_the_console_reads_what_the_gateway_logs_and_writes_none_of_it():
    assert "logs:/data/log" in SERVICES["gateway"]["volumes"]
    assert "logs:/data/log:ro" in SERVICES["portal"]["volumes"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_secret_is_never_written_down(name):
    for variable, value in SERVICES[name].get("environment", {}).items():
        if re.search(r"PASSWORD|SECRET|AUTH|^DATABASE_URL$|^REDIS_URL$", variable):
            assert not value or re.search(r"\$\{\w+:\?.+\}", value) or value == f"${{{variable}:-}}", (
                f"{variable} must be required or empty"
            )


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_secret_is_on_a_command_line(name):
    command = " ".join(SERVICES[name].get("command", []))

    assert not re.search(r"(?<!\$)\$\{\w*(PASSWORD|SECRET)", command)


def test_valkey_gets_its_password_on_stdin(tmp_path):
    """The command is run, with something in the place of the image's entry point that shows what it is given."""
    entry_point = tmp_path / "docker-entrypoint.sh"
    entry_point.write_text('#!/bin/sh\necho "$@"\nexec cat\n')
    entry_point.chmod(0o755)
    command = [part.replace("$$", "$") for part in SERVICES["valkey"]["command"]]
    variables = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "REDISCLI_AUTH": "chosen"}

    shown = subprocess.run(command, env=variables, capture_output=True, text=True, check=True).stdout

    assert shown.splitlines() == ["valkey-server -", "appendonly yes", 'save ""', "requirepass chosen"]


@pytest.mark.parametrize("name", OURS)
def test_our_containers_are_given_settings_that_exist(name):
    assert set(SERVICES[name]["environment"]) <= environment_names()


def test_every_variable_the_file_asks_for_is_a_setting_or_a_password_of_a_neighbour():
    asked = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))

    assert asked - FOR_COMPOSE_ALONE <= environment_names() - DECIDED_BY_COMPOSE


def test_what_the_dockerfile_copies_exists_and_is_let_through():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    sources = [line.split()[1] for line in DOCKERFILE.splitlines() if re.match(r"COPY (?!--from)", line)]

    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in ignored, source


def test_the_image_runs_as_a_user_without_privileges():
    instructions = [line.split() for line in DOCKERFILE.splitlines() if line and not line.startswith(("#", " "))]
    users = [words[1] for words in instructions if words[0] == "USER"]

    assert users == ["gatehouse"]
    assert "useradd --uid 10001" in DOCKERFILE


def test_the_image_installs_by_hash():
    assert "pip install --no-cache-dir --require-hashes" in DOCKERFILE
