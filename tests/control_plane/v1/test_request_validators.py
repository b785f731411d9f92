"""Request validators: what they check, who uses them, what becomes of them in a copy."""

from __future__ import annotations

import pytest

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, NotFoundException
from tests.builders import a_resource, a_rest_api, call


def a_validator(caller: Caller, api: str, **members: object) -> str:
    validator_id: str = call(caller, "CreateRequestValidator", restApiId=api, **members)["id"]
    return validator_id


def use(caller: Caller, api: str, validator: str) -> None:
    at = {"restApiId": api, "resourceId": a_resource(caller, api, "/pets"), "httpMethod": "GET"}
    patch = {"op": "replace", "path": "/requestValidatorId", "value": validator}
    call(caller, "UpdateMethod", **at, patchOperations=[patch])


def test_a_validator_checks_what_it_was_asked_to(caller: Caller) -> None:
    api = a_rest_api(caller)

    made = call(caller, "CreateRequestValidator", restApiId=api, name="body", validateRequestBody=True)

    assert made == {
        "id": made["id"], "name": "body", "validateRequestBody": True, "validateRequestParameters": False,
    }  # fmt: skip
    assert call(caller, "GetRequestValidator", restApiId=api, requestValidatorId=made["id"]) == made
    assert call(caller, "GetRequestValidators", restApiId=api)["items"] == [made]


def test_validators_are_listed_in_pages(caller: Caller) -> None:
    api = a_rest_api(caller)
    ids = [a_validator(caller, api) for _ in range(3)]

    first = call(caller, "GetRequestValidators", restApiId=api, limit=2)
    second = call(caller, "GetRequestValidators", restApiId=api, limit=2, position=first["position"])

    assert [item["id"] for item in (*first["items"], *second["items"])] == ids


def test_a_patched_validator_checks_something_else(caller: Caller) -> None:
    api = a_rest_api(caller)
    patches = [
        {"op": "replace", "path": "/name", "value": "other"},
        {"op": "replace", "path": "/validateRequestParameters", "value": "true"},
    ]

    call(caller, "UpdateRequestValidator", restApiId=api, requestValidatorId=(made := a_validator(caller, api)),
         patchOperations=patches)  # fmt: skip

    shown = call(caller, "GetRequestValidator", restApiId=api, requestValidatorId=made)
    assert (shown["name"], shown["validateRequestParameters"]) == ("other", True)


def test_a_method_names_a_validator_of_its_own_api(caller: Caller) -> None:
    api, other = a_rest_api(caller), a_rest_api(caller)

    with pytest.raises(BadRequestException, match="Invalid Request Validator identifier specified"):
        use(caller, api, a_validator(caller, other))


def test_a_validator_that_a_method_uses_stays(caller: Caller) -> None:
    api = a_rest_api(caller)
    use(caller, api, made := a_validator(caller, api, name="body"))

    with pytest.raises(ConflictException, match="'body', is referenced in method: GET//pets"):
        call(caller, "DeleteRequestValidator", restApiId=api, requestValidatorId=made)

    use(caller, api, "")
    call(caller, "DeleteRequestValidator", restApiId=api, requestValidatorId=made)
    with pytest.raises(NotFoundException):
        call(caller, "GetRequestValidator", restApiId=api, requestValidatorId=made)


def test_a_model_that_cannot_be_used_is_not_deployed(caller: Caller) -> None:
    api = a_rest_api(caller)
    use(caller, api, a_validator(caller, api, validateRequestBody=True))
    call(caller, "CreateModel", restApiId=api, name="Pet", contentType="application/json", schema='{"type": "pet"}')
    at = {"restApiId": api, "resourceId": a_resource(caller, api, "/pets"), "httpMethod": "GET"}
    patch = {"op": "add", "path": "/requestModels/application~1json", "value": "Pet"}
    call(caller, "UpdateMethod", **at, patchOperations=[patch])

    with pytest.raises(BadRequestException, match="Invalid model schema specified: Pet: Unexpected type"):
        call(caller, "CreateDeployment", restApiId=api)


def test_a_copy_of_an_api_has_a_validator_of_its_own(caller: Caller) -> None:
    api = a_rest_api(caller)
    use(caller, api, made := a_validator(caller, api, name="body"))

    copy = call(caller, "CreateRestApi", name="copy", cloneFrom=api)["id"]

    [validator] = call(caller, "GetRequestValidators", restApiId=copy)["items"]
    at = {"restApiId": copy, "resourceId": a_resource(caller, copy, "/pets"), "httpMethod": "GET"}
    assert call(caller, "GetMethod", **at)["requestValidatorId"] == validator["id"] != made
