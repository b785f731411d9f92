"""Callers who sign, by unmodified clients against the whole running product."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.installation import Installation
from tests.stack.backend import CountingBackend

pytestmark = pytest.mark.stack


@pytest.fixture
def backend() -> Iterator[CountingBackend]:
    backend = CountingBackend()
    yield backend
    backend.stop()


def signed_api(port: int, policy: dict[str, Any] | None = None) -> bytes:
    """GET /pets, for callers who sign."""
    method = {
        "x-amazon-apigateway-auth": {"type": "AWS_IAM"},
        "responses": {"200": {"description": "Done"}},
        "x-amazon-apigateway-integration": {
            "type": "http_proxy",
            "httpMethod": "GET",
            "uri": f"http://127.0.0.1:{port}/pets",
        },
    }
    document = {"openapi": "3.0.1", "info": {"title": "Signed", "version": "1.0"}, "paths": {"/pets": {"get": method}}}
    return json.dumps(document | ({"x-amazon-apigateway-policy": policy} if policy else {})).encode()


def called(url: str, credentials: Credentials, region: str) -> requests.Response:
    request = AWSRequest("GET", url)
    SigV4Auth(credentials, "execute-api", region).add_auth(request)
    return requests.get(url, headers=dict(request.headers.items()), timeout=5)


def test_an_access_key_and_its_temporary_credentials_call_an_api(
    product: Installation, backend: CountingBackend
) -> None:
    arguments = product.boto3_arguments()
    region = arguments["region_name"]
    client = boto3.client("apigateway", **arguments)
    api = client.import_rest_api(body=signed_api(backend.port))["id"]
    client.create_deployment(restApiId=api, stageName="prod")
    url = f"{product.endpoints['gateway']}/_aws/execute-api/{api}/prod/pets"
    key = Credentials(arguments["aws_access_key_id"], arguments["aws_secret_access_key"])
    given = boto3.client("sts", **arguments).get_session_token()["Credentials"]
    temporary = Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])

    first = product.eventually(lambda: called(url, key, region), lambda answer: answer.status_code == 200)

    assert first.json() == {"method": "GET", "path": "/pets"}
    assert called(url, temporary, region).status_code == 200
    assert requests.get(url, timeout=5).json() == {"message": "Missing Authentication Token"}
    forged = called(url, Credentials(key.access_key, "wrong"), region)
    assert (forged.status_code, forged.headers["x-amzn-errortype"]) == (403, "InvalidSignatureException")
    assert backend.seen == {"GET /pets": 2}

    denied = {"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": denied})
    client.update_rest_api(restApiId=api, patchOperations=[{"op": "replace", "path": "/policy", "value": policy}])
    client.create_deployment(restApiId=api, stageName="prod")
    refused = product.eventually(lambda: called(url, key, region), lambda answer: answer.status_code == 403)
    assert refused.json()["Message"].endswith("/prod/GET/pets with an explicit deny")
