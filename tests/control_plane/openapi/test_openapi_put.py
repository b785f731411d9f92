"""PutRestApi: what stays and what goes."""

from __future__ import annotations

from typing import Any

import pytest

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException
from apps.control_plane.openapi.exporter import export_rest_api
from apps.rest_apis.models import ApiModel, Method, RestApi
from tests.builders import a_rest_api, call
from tests.control_plane.openapi.definitions import an_operation, body, mock_integration, openapi3

OLD = openapi3(
    {
        "/pets": {"get": an_operation(), "post": an_operation()},
        "/pets/{id}": {"get": an_operation()},
        "/gone": {"get": an_operation()},
    },
    info={"title": "Old", "version": "1", "description": "as it was", "contact": {"name": "us"}},
    components={"schemas": {"Pet": {"type": "object"}, "Gone": {"type": "object"}}},
    **{
        "x-amazon-apigateway-binary-media-types": ["image/png", "a/b"],
        "x-amazon-apigateway-minimum-compression-size": 5,
        "x-amazon-apigateway-api-key-source": "AUTHORIZER",
    },
)
NEW_GET = an_operation(**{"x-amazon-apigateway-integration": mock_integration(timeoutInMillis=5000)})
NEW = openapi3(
    {"/pets": {"get": NEW_GET}, "/pets/{id}/toys": {"get": an_operation()}},
    info={"title": "New", "version": "2"},
    components={"schemas": {"Pet": {"type": "string"}, "Toy": {"type": "object"}}},
    **{"x-amazon-apigateway-binary-media-types": ["image/png", "c/d"]},
)


@pytest.fixture
def api(caller: Caller) -> str:
    identifier: str = call(caller, "ImportRestApi", body=body(OLD))["id"]
    return identifier


def methods(api: str) -> set[str]:
    return {
        f"{method.http_method} {method.resource.path}"
        for method in Method.objects.filter(resource__rest_api=api).select_related("resource")
    }


def ids(api: str) -> dict[str, str]:
    return dict(RestApi.objects.get(id=api).resources.values_list("path", "resource_id"))


def models(api: str) -> dict[str, str]:
    return dict(ApiModel.objects.filter(rest_api=api).values_list("name", "schema"))


def put(caller: Caller, api: str, document: dict[str, Any], **request: Any) -> dict[str, Any]:
    return call(caller, "PutRestApi", restApiId=api, body=body(document), **request)


@pytest.mark.parametrize("mode", ["merge", None])
def test_merging_replaces_what_both_have_and_keeps_the_rest(caller: Caller, api: str, mode: str | None) -> None:
    before = ids(api)

    answer = put(caller, api, NEW, **({"mode": mode} if mode else {}))

    assert methods(api) == {"GET /pets", "POST /pets", "GET /pets/{id}", "GET /gone", "GET /pets/{id}/toys"}
    assert Method.objects.get(resource__path="/pets", http_method="GET").integration.timeout_in_millis == 5000
    assert {path: ids(api)[path] for path in before} == before
    assert {name: '"string"' in schema for name, schema in models(api).items()} == {
        "Pet": True,
        "Gone": False,
        "Toy": False,
    }
    assert (answer["name"], answer["version"], answer["description"]) == ("New", "2", "as it was")
    assert answer["binaryMediaTypes"] == ["image/png", "a/b", "c/d"]
    assert answer["minimumCompressionSize"] == 5
    assert answer["apiKeySource"] == "AUTHORIZER"
    assert RestApi.objects.get(id=api).openapi_info["info"] == {"contact": {"name": "us"}}


def test_overwriting_leaves_only_what_the_definition_has(caller: Caller, api: str) -> None:
    before = ids(api)

    answer = put(caller, api, NEW, mode="overwrite")

    assert methods(api) == {"GET /pets", "GET /pets/{id}/toys"}
    assert sorted(ids(api)) == ["/", "/pets", "/pets/{id}", "/pets/{id}/toys"]
    assert {path: ids(api)[path] for path in ("/", "/pets", "/pets/{id}")} == {
        path: before[path] for path in ("/", "/pets", "/pets/{id}")
    }
    assert sorted(models(api)) == ["Pet", "Toy"]
    assert answer["id"] == api
    assert answer["rootResourceId"] == before["/"]
    assert "description" not in answer
    assert "minimumCompressionSize" not in answer
    assert answer["binaryMediaTypes"] == ["image/png", "c/d"]
    assert answer["apiKeySource"] == "HEADER"
    assert RestApi.objects.get(id=api).openapi_info == {}


def test_overwriting_removes_the_default_models_of_a_created_api(caller: Caller) -> None:
    api = a_rest_api(caller)

    put(caller, api, NEW, mode="overwrite")

    assert sorted(models(api)) == ["Pet", "Toy"]


def test_what_is_merged_has_to_fit_what_is_there(caller: Caller, api: str) -> None:
    before = export_rest_api(RestApi.objects.get(id=api))

    with pytest.raises(BadRequestException) as refusal:
        put(caller, api, openapi3({"/pets/{name}": {"get": an_operation()}}), mode="merge")

    assert "A sibling ({id}) of this resource already has a variable path part" in refusal.value.message
    assert export_rest_api(RestApi.objects.get(id=api)) == before


@pytest.mark.parametrize("mode", ["merge", "overwrite"])
def test_a_refused_definition_changes_nothing(caller: Caller, api: str, mode: str) -> None:
    before = export_rest_api(RestApi.objects.get(id=api))
    warned = openapi3({"/pets": {"get": an_operation(**{"x-amazon-apigateway-magic": 1})}})

    with pytest.raises(BadRequestException):
        put(caller, api, warned, mode=mode, failOnWarnings=True)

    assert export_rest_api(RestApi.objects.get(id=api)) == before


def test_a_put_counts_as_a_change_of_the_draft(caller: Caller, api: str) -> None:
    before = RestApi.objects.get(id=api).draft_revision

    put(caller, api, NEW)

    assert RestApi.objects.get(id=api).draft_revision > before


def test_an_unknown_api_is_told_before_the_definition_is_read(caller: Caller) -> None:
    with pytest.raises(NotFoundException):
        put(caller, "abcdefghij", {})


def test_a_deployed_api_stays_as_it_was_deployed(caller: Caller, api: str) -> None:
    call(
        caller,
        "UpdateRestApi",
        restApiId=api,
        patchOperations=[{"op": "replace", "path": "/apiKeySource", "value": "HEADER"}],
    )
    call(caller, "CreateDeployment", restApiId=api, stageName="prod")
    before = call(caller, "GetExport", restApiId=api, stageName="prod", exportType="oas30")["body"]

    put(caller, api, NEW, mode="overwrite")

    assert call(caller, "GetExport", restApiId=api, stageName="prod", exportType="oas30")["body"] == before
