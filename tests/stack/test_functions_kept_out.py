"""What a function finds of the installation that runs it, with everything running."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import pytest

from apps.core.environment import read_environment
from apps.core.landlock import landlock_version
from tests.installation import Installation
from tests.stack.test_lambda_functions_live import zipped

pytestmark = [
    pytest.mark.stack,
    pytest.mark.skipif(not landlock_version(), reason="this kernel has no Landlock"),
]

SNOOPS = """
import glob, socket

def read(path):
    try:
        with open(path, "rb") as file:
            return file.read().decode(errors="replace")
    except OSError:
        return None

def asks(address, *commands):
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.settimeout(2)
        stranger.connect(address)
        answers = []
        for command in commands:
            stranger.sendall(command.encode() + b"\\r\\n")
            answers.append(stranger.recv(4096).decode())
        return answers

def handler(event, context):
    data = event["data"]
    kept = ("secret.key", "valkey/valkey.conf", "credentials.json", "endpoints.json", "gatehouse.sqlite3")
    of_others = [path for path in glob.glob("/proc/[0-9]*") if path != "/proc/self"]
    return {
        "files": {name: read(f"{data}/{name}") for name in kept},
        "around": [read(f"{process}/root{data}/secret.key") for process in of_others],
        "environments": [read(f"{process}/environ") or "" for process in of_others],
        "command_lines": [read(f"{process}/cmdline") or "" for process in of_others],
        "valkey": asks(f"{data}/valkey.sock", "KEYS *", "GET gatehouse:manifest", "CONFIG GET requirepass", "AUTH guessed"),
    }
"""


def test_a_function_that_snoops_finds_no_secret_and_valkey_refuses_it(product: Installation) -> None:
    functions = boto3.client("lambda", **product.boto3_arguments())
    functions.create_function(
        FunctionName="snoops",
        Runtime="python3.11",
        Role=f"arn:aws:iam::{product.endpoints['account_id']}:role/any",
        Handler="app.handler",
        Code={"ZipFile": zipped(SNOOPS)},
        Timeout=20,
    )
    event = json.dumps({"data": str(product.data)})

    found = json.load(functions.invoke(FunctionName="snoops", Payload=event)["Payload"])

    environment = read_environment({"GATEHOUSE_DATA_DIR": str(product.data)})
    secrets = (environment.valkey_password, environment.master_secret(), product.endpoints["secret_access_key"])
    assert set(found["files"].values()) == {None}
    assert set(found["around"]) == {None}
    seen = "\n".join([*found["environments"], *found["command_lines"]])
    assert "gateway_runtime" in seen  # it did see who runs
    assert not [secret for secret in secrets if secret in seen]
    assert "REDIS_URL" not in seen
    assert [answer.split()[0] for answer in found["valkey"]] == ["-NOAUTH", "-NOAUTH", "-NOAUTH", "-WRONGPASS"]


def test_the_password_of_valkey_is_in_its_configuration_and_no_log(product: Installation) -> None:
    password = read_environment({"GATEHOUSE_DATA_DIR": str(product.data)}).valkey_password.encode()

    holders = [path for path in product.data.rglob("*") if path.is_file() and password in path.read_bytes()]

    assert holders == [Path(product.data, "valkey", "valkey.conf")]
    assert password not in product.output.read_bytes()
