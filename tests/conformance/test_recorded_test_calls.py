"""Test calls, as the real service was recorded to answer, with their execution logs."""

from __future__ import annotations

import re
from typing import Any

from tests.conformance.sequences import UNKNOWN_API, Client, Open, a_method, a_rest_api, creator

_TIME = re.compile(r"^[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d UTC \d{4} : ")
PET = '{"petId": "$input.params(\'petId\')"}'


def recorded_form(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer with its log by line, times and latency as the recorder wrote them."""
    assert isinstance(answer["latency"], int)
    lines = (_TIME.sub("DDD MMM dd hh:mm:ss UTC yyyy : ", line) for line in answer["log"].split("\n"))
    return {
        **answer,
        "latency": "<latency>",
        "log": {f"line{number:02}": line for number, line in enumerate(lines)},
    }


def a_mock_that_says(client: Client, api: str, resource: str, http_method: str, text: str) -> dict[str, str]:
    """A method whose mock answers 200, by the members that name it."""
    at = a_method(client, api, resource, http_method)
    client.put_method_response(**at, statusCode="200")
    client.put_integration(**at, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    client.put_integration_response(**at, statusCode="200", responseTemplates={"application/json": text})
    return at


def test_calls_of_methods_that_are_not_deployed(api_gateway: Client, recording: Open) -> None:
    replay = recording("test_invoke_test_method")
    api, root = a_rest_api(api_gateway)
    pets = creator(api_gateway, api)(root, "pets")["id"]
    pet = creator(api_gateway, api)(pets, "{petId}")["id"]
    get_pets = a_mock_that_says(api_gateway, api, pets, "GET", '{"pets": "all the pets"}')
    get_pet = a_mock_that_says(api_gateway, api, pet, "GET", PET)
    post_pet = a_mock_that_says(api_gateway, api, pet, "POST", PET)

    def call(**request: Any) -> dict[str, Any]:
        return recorded_form(api_gateway.test_invoke_method(**request))

    def check(name: str, at: dict[str, str], path: str | None = None, **members: str) -> None:
        members |= {} if path is None else {"pathWithQueryString": path}
        replay.check(f"test-invoke-method-{name}", call, **at, **members)

    check("get-pets", get_pets)
    check("get-pets-bad-path", get_pets, "/random/test")
    check("get-pets-id", get_pet, "/pets/123")
    check("get-pets-id-no-path", get_pet)
    check("get-pets-id-bad-path", get_pet, "/random/test")
    check("get-with-qs", get_pet, "/pets/123?foo=bar")
    check("post-with-body", post_pet, "/pets/123", body='{"foo": "bar"}')

    invoke = api_gateway.test_invoke_method
    replay.check("rest-api-not-found", invoke, **{**get_pets, "restApiId": UNKNOWN_API})
    replay.check("resource-id-not-found", invoke, **{**get_pets, "resourceId": "unknown"})
    replay.check("resource-method-not-found", invoke, **{**get_pets, "httpMethod": "POST"})
    replay.finish()
