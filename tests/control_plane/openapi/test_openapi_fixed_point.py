"""What is exported can be imported again, and then exports to the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from openapi_spec_validator import validate

from apps.control_plane.caller import Caller
from apps.control_plane.openapi.exporter import Kind, as_json, as_yaml, export_rest_api
from apps.rest_apis.models import RestApi
from tests.builders import call
from tests.control_plane.openapi.definitions import GOLDEN_FILES, body, large

EVERYTHING = frozenset({"apigateway"})
DOCUMENTS = {path.name: path.read_bytes() for path in GOLDEN_FILES} | {"large": body(large())}


def imported(caller: Caller, document: bytes, **request: object) -> RestApi:
    return RestApi.objects.get(id=call(caller, "ImportRestApi", body=document, **request)["id"])


def exported(api: RestApi, kind: Kind) -> dict[str, object]:
    return export_rest_api(api, kind=kind, extensions=EVERYTHING, documentation=True)


@pytest.mark.parametrize("kind", ["oas30", "swagger"])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_export_imports_and_exports_to_itself(caller: Caller, name: str, kind: Kind) -> None:
    first = exported(imported(caller, DOCUMENTS[name]), kind)

    second = exported(imported(caller, as_json(first), failOnWarnings=True), kind)

    assert second == first


@pytest.mark.parametrize("name", DOCUMENTS)
def test_yaml_and_json_say_the_same(caller: Caller, name: str) -> None:
    first = exported(imported(caller, DOCUMENTS[name]), "oas30")

    assert exported(imported(caller, as_yaml(first)), "oas30") == first


@pytest.mark.parametrize("name", DOCUMENTS)
def test_overwriting_an_api_with_its_own_export_changes_nothing(caller: Caller, name: str) -> None:
    api = imported(caller, DOCUMENTS[name])
    first = exported(api, "oas30")
    ids = dict(api.resources.values_list("path", "resource_id"))

    call(caller, "PutRestApi", restApiId=api.id, mode="overwrite", body=as_json(first))

    again = RestApi.objects.get(id=api.id)
    assert exported(again, "oas30") == first
    # A resource nothing stands at is no part of an export, so overwriting with it takes it away.
    assert dict(again.resources.values_list("path", "resource_id")).items() <= ids.items()


@pytest.mark.parametrize("kind", ["oas30", "swagger"])
@pytest.mark.parametrize("path", GOLDEN_FILES, ids=lambda path: path.name)
def test_exports_are_valid_openapi(caller: Caller, path: Path, kind: Kind) -> None:
    api = imported(caller, path.read_bytes())

    for documentation in (False, True):
        validate(export_rest_api(api, kind=kind, documentation=documentation))
