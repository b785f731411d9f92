"""Request validators on their pages."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from tests.builders import a_rest_api, call, mock
from tests.portal.console.reading import words


def url(view: str, *args: str) -> str:
    return reverse(f"console:{view}", args=args)


def validators(caller: Caller, api: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = call(caller, "GetRequestValidators", restApiId=api).get("items", [])
    return found


def test_a_validator_is_made_renamed_and_deleted(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)

    owner.post(url("create_request_validator", api), {"name": "All", "body": "on", "parameters": "on"})
    (made,) = validators(caller, api)
    assert (made["name"], made["validateRequestBody"], made["validateRequestParameters"]) == ("All", True, True)

    owner.post(url("request_validator", api, made["id"]), {"name": "Bodies", "body": "on"})
    (changed,) = validators(caller, api)
    assert (changed["name"], changed["validateRequestBody"], changed["validateRequestParameters"]) == (
        "Bodies",
        True,
        False,
    )

    owner.post(url("delete_request_validator", api, made["id"]))
    assert validators(caller, api) == []


def test_one_that_a_method_uses_names_it_and_stays(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller, {"/pets": {"GET": mock()}})
    made = call(caller, "CreateRequestValidator", restApiId=api, name="All")["id"]
    resource = next(row for row in call(caller, "GetResources", restApiId=api)["items"] if row["path"] == "/pets")
    patch = {"op": "replace", "path": "/requestValidatorId", "value": made}
    call(
        caller,
        "UpdateMethod",
        restApiId=api,
        resourceId=resource["id"],
        httpMethod="GET",
        patchOperations=[patch],
    )

    assert "GET /pets" in words(owner.get(url("request_validators", api)))
    refused = owner.post(url("delete_request_validator", api, made), follow=True)
    assert "Cannot delete request validator 'All'" in words(refused)
    assert "GET /pets" in words(refused)


def test_a_name_is_asked_for(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)

    answer = owner.post(url("create_request_validator", api), {"name": " "})

    assert answer.status_code == 422
    assert validators(caller, api) == []


def test_viewers_and_strangers_change_nothing(owner: Client, viewer: Client, caller: Caller, elsewhere: Caller) -> None:
    api, theirs = a_rest_api(caller), a_rest_api(elsewhere)
    made = call(caller, "CreateRequestValidator", restApiId=api, name="All")["id"]

    assert "Save validator" not in words(viewer.get(url("request_validator", api, made)))
    assert viewer.post(url("delete_request_validator", api, made)).status_code == 403
    assert owner.get(url("request_validators", theirs)).status_code == 404
    assert owner.get(url("request_validator", api, "nothere")).status_code == 404
