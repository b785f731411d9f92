"""The steps that recorded sequences share, as calls of a boto3 client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.replay import Replay

UNKNOWN_API = "abcde0"

Client = Any
Open = Callable[[str], Replay]


def a_rest_api(client: Client, **members: Any) -> tuple[str, str]:
    """The ids of a new API and of its root resource."""
    created = client.create_rest_api(**{"name": "an api", **members})
    return created["id"], created["rootResourceId"]


def creator(client: Client, api: str) -> Callable[[str, str], dict[str, Any]]:
    """CreateResource by parent and path part."""
    return lambda parent, part: client.create_resource(restApiId=api, parentId=parent, pathPart=part)


def a_method(client: Client, api: str, resource: str, http_method: str = "GET", **members: Any) -> dict[str, str]:
    """A method, by the members that name it."""
    at = {"restApiId": api, "resourceId": resource, "httpMethod": http_method}
    client.put_method(**at, **{"authorizationType": "NONE", **members})
    return at


def a_mock(client: Client, api: str, resource: str) -> dict[str, str]:
    """A GET with a mock behind it and 200 as its one response, by the members that name it."""
    at = a_method(client, api, resource)
    client.put_method_response(**at, statusCode="200")
    client.put_integration(**at, type="MOCK")
    return at


def deployable(client: Client) -> str:
    """The id of an API that has something to deploy."""
    api, root = a_rest_api(client)
    a_mock(client, api, root)
    return api


def replace(path: str, value: str) -> dict[str, str]:
    return {"op": "replace", "path": path, "value": value}
