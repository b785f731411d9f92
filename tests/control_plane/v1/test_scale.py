"""An account and an API as large as AWS lets them be: what is asked of the database does not grow with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Tag
from apps.control_plane.caller import Caller
from apps.core import documents
from apps.deployments.models import ConfigurationRevision, ConfigurationSection
from apps.rest_apis.models import Resource, RestApi
from tests.builders import a_key, a_plan, a_stage, call, subscribe

APIS = 600
RESOURCES = 300


def statements(caller: Caller, operation: str, **request: Any) -> int:
    """How many statements an operation sends."""
    with CaptureQueriesContext(connection) as sent:
        call(caller, operation, **request)
    return len(sent)


def pages(caller: Caller, operation: str, **request: Any) -> Iterator[tuple[list[Any], int]]:
    """Each page of a list, with the statements that it took."""
    position: dict[str, str] = {}
    while True:
        with CaptureQueriesContext(connection) as sent:
            answer = call(caller, operation, **request, **position)
        yield answer["items"], len(sent)
        if "position" not in answer:
            return
        position = {"position": answer["position"]}


@pytest.fixture
def many_apis(caller: Caller) -> list[str]:
    """The ids of as many APIs as an account may have."""
    owned = {"account_id": caller.account_id, "region": caller.region}
    rows = RestApi.objects.bulk_create(
        RestApi(name=f"api {number}", endpoint_configuration={"types": ["REGIONAL"]}, **owned) for number in range(APIS)
    )
    Resource.objects.bulk_create(Resource(rest_api=row, path="/") for row in rows)
    Tag.objects.bulk_create(
        Tag(arn=caller.arn(f"/restapis/{row.id}"), key="number", value=row.name, **owned) for row in rows
    )
    return [row.id for row in rows]


def definition(paths: int) -> bytes:
    """An API with a GET and a POST below each of `paths` paths."""
    integration = {
        "type": "http",
        "httpMethod": "POST",
        "uri": "http://127.0.0.1:9/",
        "requestTemplates": {"application/json": "{}"},
        "responses": {"default": {"statusCode": "200", "responseTemplates": {"application/json": "{}"}}},
    }
    method = {"responses": {"200": {"description": "fine"}}, "x-amazon-apigateway-integration": integration}
    found = {f"/p{number}": {"get": method, "post": method} for number in range(paths)}
    return json.dumps({"openapi": "3.0.1", "info": {"title": "large", "version": "1"}, "paths": found}).encode()


def an_api_of(caller: Caller, resources: int) -> str:
    return str(call(caller, "ImportRestApi", body=definition(resources - 1))["id"])


def test_pages_of_many_apis_cost_the_same_and_show_each_once(caller: Caller, many_apis: list[str]) -> None:
    small = list(pages(caller, "GetRestApis"))
    large = list(pages(caller, "GetRestApis", limit=500))

    assert [len(items) for items, _ in small] == [25] * 24
    assert [len(items) for items, _ in large] == [500, 100]
    assert {cost for _, cost in [*small, *large]} == {3}
    for walked in (small, large):
        assert sorted(item["id"] for items, _ in walked for item in items) == sorted(many_apis)


def test_a_full_account_is_told_in_a_few_statements_and_one_api_of_it_too(caller: Caller, many_apis: list[str]) -> None:
    with pytest.raises(Exception, match="Maximum number of REGIONAL REST APIs"):
        call(caller, "CreateRestApi", name="more", endpointConfiguration={"types": ["REGIONAL"]})

    assert statements(caller, "GetRestApi", restApiId=many_apis[300]) == 3


def test_resources_of_a_large_api_cost_the_same_as_those_of_a_small_one(caller: Caller) -> None:
    small, large = an_api_of(caller, 5), an_api_of(caller, RESOURCES)

    for embed in ([], ["methods"]):
        few = statements(caller, "GetResources", restApiId=small, embed=embed)
        assert statements(caller, "GetResources", restApiId=large, embed=embed, limit=500) == few
        walked = list(pages(caller, "GetResources", restApiId=large, embed=embed))
        assert {cost for _, cost in walked} == {few}
        paths = [item["path"] for items, _ in walked for item in items]
        assert len(paths) == len(set(paths)) == RESOURCES


def test_one_part_of_a_large_api_costs_the_same_as_one_of_a_small_one(caller: Caller) -> None:
    costs = []
    for resources in (5, RESOURCES - 1):
        api = an_api_of(caller, resources)
        at = {"restApiId": api, "resourceId": call(caller, "GetResources", restApiId=api)["items"][1]["id"]}
        method = {**at, "httpMethod": "GET"}
        patch = [{"op": "replace", "path": "/operationName", "value": "changed"}]
        costs.append((
            statements(caller, "GetResource", **at),
            statements(caller, "GetMethod", **method),
            statements(caller, "UpdateMethod", **method, patchOperations=patch),
            statements(caller, "UpdateResource", **at, patchOperations=[{**patch[0], "path": "/pathPart"}]),
            statements(caller, "CreateResource", restApiId=api, parentId=at["resourceId"], pathPart="more"),
            statements(caller, "DeleteResource", **at),
        ))  # fmt: skip

    assert costs[0] == costs[1]


def test_deploying_a_large_api_takes_the_statements_of_a_small_one(caller: Caller) -> None:
    small, large = an_api_of(caller, 5), an_api_of(caller, RESOURCES)
    for api in (small, large):
        a_stage(caller, api)

    few = statements(caller, "CreateDeployment", restApiId=small, stageName="prod")
    many = statements(caller, "CreateDeployment", restApiId=large, stageName="prod")

    assert few == many < 50


def changed_since(revision: int) -> set[str]:
    """The sections that a later revision has, without their ids."""
    rows = ConfigurationSection.objects.filter(revision__gt=revision).values_list("name", "document_id")
    return {f"{'-' if document is None else '+'}{name.split('/')[0]}" for name, document in rows}


def revision() -> int:
    return ConfigurationRevision.objects.get(pk=1).number


@pytest.mark.django_db(transaction=True)  # an operation has a revision of its own only where it commits
def test_publishing_writes_only_what_changed(caller: Caller, valkey: redis.Redis) -> None:
    api = an_api_of(caller, 5)
    for name in ("prod", "test", "dev"):
        a_stage(caller, api, name)
    plan, key = a_plan(caller, (api, "prod")), a_key(caller)
    subscribe(caller, plan, key)
    rename = [{"op": "replace", "path": "/description", "value": "other words"}]
    variable = [{"op": "replace", "path": "/variables/color", "value": "blue"}]
    rate = [{"op": "replace", "path": "/throttle/rateLimit", "value": "5"}]
    stage = {"restApiId": api, "stageName": "prod"}

    changes = []
    for operation, request in (
        ("UpdateRestApi", {"restApiId": api, "patchOperations": rename}),
        ("UpdateStage", {**stage, "patchOperations": rename}),
        ("UpdateStage", {**stage, "patchOperations": variable}),
        ("UpdateStage", {**stage, "patchOperations": variable}),
        ("UpdateUsagePlan", {"usagePlanId": plan, "patchOperations": rate}),
        ("UpdateApiKey", {"apiKey": key["id"], "patchOperations": rename}),
        ("CreateDeployment", {"restApiId": api}),
        ("CreateDeployment", {"restApiId": api, "stageName": "prod"}),
    ):
        before = revision()
        call(caller, operation, **request)
        changes.append((operation, changed_since(before)))

    assert changes == [
        ("UpdateRestApi", set()),
        ("UpdateStage", set()),
        ("UpdateStage", {"+stage"}),
        ("UpdateStage", set()),
        ("UpdateUsagePlan", {"+plan"}),
        ("UpdateApiKey", set()),
        ("CreateDeployment", set()),
        ("CreateDeployment", {"-deployment", "+deployment", "+stage"}),
    ]
    assert documents.stage_section(api, "test") in ConfigurationSection.objects.values_list("name", flat=True)
