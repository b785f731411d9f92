"""A deployed shop, and the data plane that serves it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.control_plane.caller import Caller
from tests.builders import a_key, a_plan, a_rest_api, a_stage, call, http, mock, subscribe
from tests.control_plane.v1.serving import Server


@pytest.fixture
def serve() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def shop(caller: Caller, serve: Server) -> tuple[str, str]:
    """The id of an API whose calls need a key and reach the echo, and the value of a key."""
    back_end = f"{serve.address}/echo"
    api = a_rest_api(
        caller,
        {
            "/pets": {"POST": http(f"{back_end}/pets", api_key_required=True)},
            "/pets/{petId}": {"GET": http(f"{back_end}/pets/{{petId}}", api_key_required=True)},
            "/files/{path+}": {"GET": http(f"{back_end}/files/{{path}}")},
            "/health": {"GET": mock(body='{"up": true}')},
        },
        name="The `shop` | </script>",
    )
    resources = {item["path"]: item["id"] for item in call(caller, "GetResources", restApiId=api)["items"]}
    patches = [
        {"op": "add", "path": f"/requestParameters/method.request.{name}", "value": required}
        for name, required in (("querystring.tag", "false"), ("header.X-Kind", "true"))
    ]
    call(
        caller,
        "UpdateMethod",
        restApiId=api,
        resourceId=resources["/pets/{petId}"],
        httpMethod="GET",
        patchOperations=patches,
    )
    stage = a_stage(caller, api)
    key = a_key(caller)
    subscribe(caller, a_plan(caller, (api, stage)), key)
    return api, key["value"]
