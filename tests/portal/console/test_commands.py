"""What is on a page, as commands that a shell and Python read back as they were meant."""

from __future__ import annotations

import ast
import json
import shlex

import pytest

from portal.console.commands import Command, curl, samples

NASTY = 'it\'s $(rm -rf /) `x` "y" \\ \n; & é'


def words(command: str) -> list[str]:
    return shlex.split(command.replace("\\\n", " "))


def test_an_operation_is_the_aws_clis_command() -> None:
    command = Command("GetStage", {"restApiId": "a1b2", "stageName": "prod"})

    assert command.shell == "aws apigateway get-stage --rest-api-id a1b2 --stage-name prod"


def test_a_flag_and_its_opposite() -> None:
    assert "--enabled" in words(Command("CreateApiKey", {"enabled": True}).shell)
    assert "--no-enabled" in words(Command("CreateApiKey", {"enabled": False}).shell)


def test_a_structure_travels_as_json() -> None:
    throttle = {"rateLimit": 10, "burstLimit": 20}

    shell = words(Command("CreateUsagePlan", {"name": "Gold", "throttle": throttle}).shell)

    assert json.loads(shell[shell.index("--throttle") + 1]) == throttle


@pytest.mark.parametrize("value", [NASTY, "", "$HOME", "*"])
def test_whatever_the_value_the_shell_reads_it_back(value: str) -> None:
    assert shlex.split(Command("CreateRestApi", {"name": value}).shell)[-2:] == ["--name", value]


def test_a_value_that_looks_like_an_option_is_joined_to_its_own() -> None:
    assert words(Command("CreateRestApi", {"name": "--debug"}).shell)[-1] == "--name=--debug"


def test_a_long_command_is_broken_before_options() -> None:
    shell = Command("UpdateStage", {"restApiId": "a1b2c3d4e5", "stageName": "production", "patchOperations": [{"op": "replace", "path": "/description", "value": "x" * 60}]}).shell  # fmt: skip

    assert all(line.startswith("  --") for line in shell.splitlines()[1:])
    assert len(shell.splitlines()) > 1


def test_a_definition_is_a_file() -> None:
    assert (
        Command("ImportRestApi", file="openapi.yaml").shell
        == "aws apigateway import-rest-api --body fileb://openapi.yaml"
    )


@pytest.mark.parametrize("value", [NASTY, True, 3, {"a": [NASTY]}])
def test_python_reads_every_value_back(value: object) -> None:
    call = ast.parse(Command("CreateRestApi", {"name": value}).python).body[0].value  # type: ignore[attr-defined]

    assert (call.func.attr, ast.literal_eval(call.keywords[0].value)) == ("create_rest_api", value)


def test_samples_say_where_the_endpoint_is() -> None:
    shell, python = samples([Command("GetRestApis")], "http://127.0.0.1:8000", "eu-central-1")

    assert "AWS_ENDPOINT_URL" in shell["code"]
    assert "http://127.0.0.1:8000" in shell["code"]
    ast.parse(python["code"])


def test_samples_are_escaped_html() -> None:
    shell, _ = samples([Command("CreateRestApi", {"name": "<script>"})], "http://x", "us-east-1")

    assert "<script>" not in shell["code"]


def test_curl_names_the_method_unless_it_is_get() -> None:
    assert curl("GET", "http://x/pets") == "curl http://x/pets"
    assert words(curl("DELETE", "http://x/pets/{petId}")) == ["curl", "-X", "DELETE", "http://x/pets/{petId}"]


def test_curl_quotes_headers_and_body() -> None:
    assert words(curl("POST", "http://x", {"x-api-key": "a b"}, '{"a": 1}'))[-4:] == [
        "-H",
        "x-api-key: a b",
        "--data",
        '{"a": 1}',
    ]
