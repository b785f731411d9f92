"""Lambda functions behind the whole running product, by an unmodified boto3."""

from __future__ import annotations

import io
import json
import os
import signal
import zipfile
from typing import Any

import boto3
import pytest
import requests

from portal.supervisor.leftovers import supervised_processes
from tests.installation import Installation, wait_for

pytestmark = pytest.mark.stack

PROXY = """
import json
def handler(event, context):
    return {"statusCode": 200, "headers": {"x-function": context.function_name}, "body": json.dumps({"said": "%s", "path": event["path"]})}
"""


def zipped(code: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", code)
    return buffer.getvalue()


def behind_proxy(client: Any, arn: str, region: str) -> str:
    """The id of an API whose `GET /pets` is the function's."""
    api = client.create_rest_api(name="functions")["id"]
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    pets = client.create_resource(restApiId=api, parentId=root, pathPart="pets")["id"]
    client.put_method(restApiId=api, resourceId=pets, httpMethod="GET", authorizationType="NONE")
    uri = f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations"
    client.put_integration(
        restApiId=api, resourceId=pets, httpMethod="GET", type="AWS_PROXY", integrationHttpMethod="POST", uri=uri
    )
    client.create_deployment(restApiId=api, stageName="prod")
    return str(api)


def test_a_function_serves_an_api_and_its_new_code_is_live_at_once(product: Installation):
    functions = boto3.client("lambda", **product.boto3_arguments())
    region, account = product.endpoints["region"], product.endpoints["account_id"]
    made = functions.create_function(
        FunctionName="pets",
        Runtime="python3.11",
        Role=f"arn:aws:iam::{account}:role/pets",
        Handler="app.handler",
        Code={"ZipFile": zipped(PROXY % "one")},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="pets")
    api = behind_proxy(boto3.client("apigateway", **product.boto3_arguments()), made["FunctionArn"], region)
    url = f"{product.endpoints['gateway']}/_aws/execute-api/{api}/prod/pets"

    denied = product.eventually(lambda: requests.get(url, timeout=10), lambda answer: answer.status_code == 500)
    functions.add_permission(
        FunctionName="pets",
        StatementId="gateway",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{region}:{account}:{api}/*/GET/pets",
    )
    first = product.eventually(lambda: requests.get(url, timeout=10), lambda answer: answer.status_code == 200)
    direct = json.load(functions.invoke(FunctionName="pets", Payload=b'{"path": "/direct"}')["Payload"])
    functions.update_function_code(FunctionName="pets", ZipFile=zipped(PROXY % "two"))
    changed = json.load(functions.invoke(FunctionName="pets", Payload=b'{"path": "/direct"}')["Payload"])
    second = requests.get(url, timeout=10)

    assert denied.json() == {"message": "Internal server error"}
    assert (first.json(), first.headers["x-function"]) == ({"said": "one", "path": "/pets"}, "pets")
    assert json.loads(direct["body"])["said"] == "one"
    assert json.loads(changed["body"])["said"] == "two"
    assert second.json() == {"said": "two", "path": "/pets"}


def test_a_killed_function_host_comes_back_and_runs_what_it_ran(product: Installation):
    functions = boto3.client("lambda", **product.boto3_arguments())
    functions.create_function(
        FunctionName="survivor",
        Runtime="python3.11",
        Role="arn:aws:iam::123456789012:role/pets",
        Handler="app.handler",
        Code={"ZipFile": zipped("import os\ndef handler(event, context): return os.getppid()")},
    )
    host = json.load(functions.invoke(FunctionName="survivor")["Payload"])
    assert host in supervised_processes(product.data)

    os.kill(host, signal.SIGKILL)

    def another() -> bool:
        try:
            return bool(json.load(functions.invoke(FunctionName="survivor")["Payload"]) != host)
        except functions.exceptions.ServiceException:
            return False

    wait_for(another, 15)
