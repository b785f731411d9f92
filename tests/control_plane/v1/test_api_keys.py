"""API keys: values, ids, lists and the CSV import."""

from __future__ import annotations

import pytest

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, NotFoundException
from tests.builders import a_key, a_plan, a_rest_api, a_stage, call

VALUE = "a-value-of-twenty-characters"


def test_the_value_is_shown_on_creation_and_to_those_who_ask(caller: Caller) -> None:
    key = a_key(caller)

    assert len(key["value"]) == 40
    assert "value" not in call(caller, "GetApiKey", apiKey=key["id"])
    assert call(caller, "GetApiKey", apiKey=key["id"], includeValue=True)["value"] == key["value"]
    assert [item["value"] for item in call(caller, "GetApiKeys", includeValues=True)["items"]] == [key["value"]]


def test_without_a_distinct_id_the_value_is_the_id(caller: Caller) -> None:
    assert a_key(caller, value=VALUE, generateDistinctId=False)["id"] == VALUE


def test_two_keys_cannot_have_one_value(caller: Caller) -> None:
    a_key(caller, value=VALUE)

    with pytest.raises(ConflictException, match="API Key already exists"):
        a_key(caller, value=VALUE)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"value": "short"}, "API Key value should be at least 20 characters"),
        ({"value": "v" * 129}, "API Key value exceeds maximum size of 128 characters"),
        ({"name": "n" * 1025}, "Invalid API Key name, can be at most 1024 characters."),
    ],
)
def test_what_aws_does_not_take_is_refused_in_its_words(caller: Caller, members: dict[str, str], message: str) -> None:
    with pytest.raises(BadRequestException, match=message):
        a_key(caller, **members)


def test_lists_come_newest_first_in_pages_and_by_the_case_sensitive_beginning_of_the_name(caller: Caller) -> None:
    names = ["alpha", "beta", "bravo"]
    for name in names:
        a_key(caller, name=name)

    first = call(caller, "GetApiKeys", limit=2)
    second = call(caller, "GetApiKeys", limit=2, position=first["position"])

    assert [item["name"] for item in first["items"] + second["items"]] == ["bravo", "beta", "alpha"]
    assert "position" not in second
    assert [item["name"] for item in call(caller, "GetApiKeys", nameQuery="b")["items"]] == ["bravo", "beta"]
    assert call(caller, "GetApiKeys", nameQuery="B")["items"] == []


def test_a_position_that_nobody_gave_out_is_refused(caller: Caller) -> None:
    with pytest.raises(BadRequestException):
        call(caller, "GetApiKeys", position="nonsense")


def test_customers_keys_are_found_by_customer(caller: Caller) -> None:
    key = a_key(caller, customerId="c-1")
    a_key(caller, customerId="c-2")

    assert [item["id"] for item in call(caller, "GetApiKeys", customerId="c-1")["items"]] == [key["id"]]


def test_an_import_makes_a_key_of_each_line_and_warns_of_the_lines_it_cannot_read(caller: Caller) -> None:
    api = a_rest_api(caller)
    plan = a_plan(caller, (api, a_stage(caller, api)))
    lines = [
        "Name,key,description,Enabled,usageplanIds",
        f'imported,{VALUE},"the first, imported",TRUE,"{plan}"',
        "too short,abc,,FALSE,",
        f"again,{VALUE},,FALSE,",
        "in no plan,another-value-of-twenty,,FALSE,nosuch",
    ]

    answer = call(caller, "ImportApiKeys", body="\n".join(lines).encode(), format="csv")

    [key] = call(caller, "GetApiKeys")["items"]
    assert answer == {
        "ids": [key["id"]],
        "warnings": [
            "Line 3: API Key value should be at least 20 characters",
            "Line 4: API Key already exists",
            "Line 5: Invalid Usage Plan ID specified: nosuch",
        ],
    }
    assert (key["name"], key["description"], key["enabled"]) == ("imported", "the first, imported", True)
    assert [item["id"] for item in call(caller, "GetUsagePlanKeys", usagePlanId=plan)["items"]] == [key["id"]]


def test_an_import_that_fails_on_warnings_imports_nothing(caller: Caller) -> None:
    body = f"name,key\ngood,{VALUE}\nbad,abc\n".encode()

    with pytest.raises(BadRequestException, match="Line 3"):
        call(caller, "ImportApiKeys", body=body, format="csv", failOnWarnings=True)

    assert call(caller, "GetApiKeys")["items"] == []


def test_patches_change_a_key_and_wrong_ones_tell_the_paths_there_are(caller: Caller) -> None:
    key = a_key(caller)
    patches = [
        {"op": "replace", "path": "/name", "value": "other"},
        {"op": "replace", "path": "/enabled", "value": "false"},
        {"op": "replace", "path": "/customerId", "value": "c-1"},
    ]

    shape = call(caller, "UpdateApiKey", apiKey=key["id"], patchOperations=patches)

    assert (shape["name"], shape["enabled"], shape["customerId"]) == ("other", False, "c-1")
    with pytest.raises(BadRequestException) as refused:
        call(
            caller,
            "UpdateApiKey",
            apiKey=key["id"],
            patchOperations=[{"op": "replace", "path": "/value", "value": "v"}],
        )
    assert refused.value.message == (
        "Invalid patch path  '/value' specified for op 'replace'. Must be one of: [/name, /description, /enabled, /customerId]"
    )


def test_a_deleted_key_is_gone(caller: Caller) -> None:
    key = a_key(caller)
    call(caller, "DeleteApiKey", apiKey=key["id"])

    with pytest.raises(NotFoundException, match="Invalid API Key identifier specified"):
        call(caller, "GetApiKey", apiKey=key["id"])
