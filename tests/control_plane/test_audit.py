"""What the audit log keeps of an operation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apps.accounts.models import AuditEvent
from apps.control_plane import audit, registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError
from tests.builders import a_key, a_plan, a_rest_api, a_stage, call, subscribe

pytestmark = pytest.mark.django_db


def last(operation: str) -> Any:
    return AuditEvent.objects.filter(operation=operation).latest("pk")


def test_a_change_is_kept_as_what_differs_before_and_after_it(caller: Caller) -> None:
    api = a_rest_api(caller)
    patches = [{"op": "replace", "path": "/name", "value": "animals"}]

    call(caller, "UpdateRestApi", restApiId=api, patchOperations=patches)

    event = last("UpdateRestApi")
    assert (event.before, event.after) == ({"name": "petstore"}, {"name": "animals"})


def test_only_what_names_something_tells_where_an_event_belongs(caller: Caller) -> None:
    call(caller, "CreateApiKey", name="a key", generateDistinctId=True)

    assert last("CreateApiKey").resource == ""


def test_what_is_made_is_kept_whole_and_so_is_what_is_deleted(caller: Caller) -> None:
    api = call(caller, "CreateRestApi", name="pets")["id"]
    call(caller, "DeleteRestApi", restApiId=api)

    made, gone = last("CreateRestApi"), last("DeleteRestApi")
    assert (made.before, made.after["name"]) == (None, "pets")
    assert (gone.before["name"], gone.after) == ("pets", None)


def test_a_refused_change_has_changed_nothing(caller: Caller) -> None:
    api = a_rest_api(caller)

    with pytest.raises(AwsError):
        call(caller, "UpdateRestApi", restApiId=api, patchOperations=[{"op": "replace", "path": "/no", "value": ""}])

    assert (last("UpdateRestApi").before, last("UpdateRestApi").after) == (None, None)


def test_a_change_that_answers_nothing_is_read_before_and_after_it(caller: Caller) -> None:
    arn = caller.arn(f"/restapis/{a_rest_api(caller, tags={'team': 'pets'})}")

    call(caller, "TagResource", resourceArn=arn, tags={"team": "zoo"})

    assert last("TagResource").before == {"tags": {"team": "pets"}}
    assert last("TagResource").after == {"tags": {"team": "zoo"}}


def test_nothing_that_is_kept_has_the_value_of_a_key(caller: Caller) -> None:
    api = a_rest_api(caller)
    key = a_key(caller)
    subscribe(caller, a_plan(caller, (api, a_stage(caller, api))), key)
    call(caller, "UpdateApiKey", apiKey=key["id"], patchOperations=[{"op": "replace", "path": "/name", "value": "n"}])
    call(caller, "DeleteApiKey", apiKey=key["id"])

    kept = [[event.request, event.before, event.after] for event in AuditEvent.objects.all()]

    assert key["value"] not in json.dumps(kept)


def test_what_is_kept_is_bounded(caller: Caller) -> None:
    api = a_rest_api(caller)
    schema = json.dumps({"type": "object", "description": "long " * 50_000})

    call(caller, "CreateModel", restApiId=api, name="Long", contentType="application/json", schema=schema)
    many = {f"v{number}": "x" * 500 for number in range(100)}
    call(caller, "CreateDeployment", restApiId=api, stageName="prod", variables=many)

    model, deployment = last("CreateModel"), last("CreateDeployment")
    assert model.request["schema"].endswith(f"… ({len(schema)} characters)")
    assert model.request["name"] == "Long"
    assert deployment.request["variables"].endswith("characters)")
    for event in AuditEvent.objects.all():
        for kept in (event.request, event.before or {}, event.after or {}):
            assert len(json.dumps(kept, ensure_ascii=False)) <= audit.LARGEST + 200


def test_every_reader_of_a_change_takes_what_the_change_names() -> None:
    changed = [name for name in registry.operations_built("apigateway") if name.startswith(("Update", "Delete", "Put"))]

    unread = {name for name in changed if audit._reader("apigateway", name) is None}

    assert unread == {"DeleteDomainNameAccessAssociation", "UpdateUsage"}


def test_nothing_that_is_kept_has_the_variables_of_a_function(caller: Caller) -> None:
    audit.record(
        caller,
        "UpdateFunctionConfiguration",
        {"FunctionName": "shop", "Environment": {"Variables": {"PASSWORD": "hidden"}}},
        before={"Environment": {"Variables": {"PASSWORD": "hidden before"}}},
        after={"Environment": {"Variables": {"PASSWORD": "hidden"}}, "MemorySize": 256},
    )

    event = last("UpdateFunctionConfiguration")
    assert "hidden" not in json.dumps([event.request, event.before, event.after])
    assert event.after == {"MemorySize": 256}
