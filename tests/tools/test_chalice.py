"""AWS Chalice: a Python application as functions behind a REST API, deployed, deployed again and removed."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tools.conftest import Run, changes

pytestmark = [pytest.mark.tools, pytest.mark.stack]

APPLICATION = """
from chalice import Chalice

app = Chalice(app_name="shop")


@app.route("/pets/{name}")
def pet(name):
    return {"pet": name}
"""
# Chalice would make a role itself; roles are named here, and not kept.
CONFIGURATION = {
    "version": "2.0",
    "app_name": "shop",
    "manage_iam_role": False,
    "iam_role_arn": "arn:aws:iam::123456789012:role/shop",
    "stages": {"dev": {"api_gateway_stage": "api", "environment_variables": {"COLOR": "blue"}}},
}
Chalice = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture
def chalice(run: Run, tmp_path: Path) -> Chalice:
    """`chalice("deploy")` in the folder of the application."""
    folder = tmp_path / "shop"
    (folder / ".chalice").mkdir(parents=True)
    (folder / "app.py").write_text(APPLICATION)
    (folder / "requirements.txt").write_text("")
    (folder / ".chalice" / "config.json").write_text(json.dumps(CONFIGURATION))
    return lambda command: run("chalice", "--project-dir", str(folder), command)


def routes(gateway: Any, api: str) -> dict[str, list[str]]:
    items = gateway.get_resources(restApiId=api, embed=["methods"])["items"]
    return {item["path"]: sorted(item.get("resourceMethods", ())) for item in items}


def test_an_application_is_deployed_changed_and_removed(
    chalice: Chalice, gateway: Any, aws: Callable[..., Any], tmp_path: Path
) -> None:
    told = chalice("deploy").stdout

    named = re.search(r"https://(\w+)\.execute-api", told)
    assert named is not None, told
    api = named[1]
    assert routes(gateway, api) == {"/": [], "/pets": [], "/pets/{name}": ["GET"]}
    integration = gateway.get_resources(restApiId=api, embed=["methods"])["items"][-1]["resourceMethods"]["GET"]
    assert integration["methodIntegration"]["type"] == "AWS_PROXY"
    function = aws("lambda").get_function_configuration(FunctionName="shop-dev")
    assert function["Environment"]["Variables"]["COLOR"] == "blue"
    assert [stage["stageName"] for stage in gateway.get_stages(restApiId=api)["item"]] == ["api"]

    with (tmp_path / "shop" / "app.py").open("a") as source:
        source.write('\n\n@app.route("/health")\ndef health():\n    return {"up": True}\n')
    chalice("deploy")
    assert routes(gateway, api)["/health"] == ["GET"]

    chalice("delete")
    assert gateway.get_rest_apis()["items"] == []
    assert aws("lambda").list_functions()["Functions"] == []
    assert changes()[-2:] == ["DeleteRestApi", "DeleteFunction"]
