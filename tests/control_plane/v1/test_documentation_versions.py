"""Documentation versions: kept as they were, described, and not deleted while a stage shows them."""

from __future__ import annotations

from typing import Any

import pytest

from apps.control_plane.caller import Caller
from apps.control_plane.errors import ConflictException, NotFoundException
from tests.builders import a_rest_api, a_stage, call


@pytest.fixture
def api(caller: Caller) -> str:
    api = a_rest_api(caller)
    a_stage(caller, api)
    return api


def a_version(caller: Caller, api: str, version: str, **members: str) -> dict[str, Any]:
    return call(caller, "CreateDocumentationVersion", restApiId=api, documentationVersion=version, **members)


def test_versions_are_listed_in_pages_and_described(caller: Caller, api: str) -> None:
    for version in ("v1", "v2", "v3"):
        a_version(caller, api, version)
    at = {"restApiId": api, "documentationVersion": "v2"}
    patch = {"op": "replace", "path": "/description", "value": "the second"}

    described = call(caller, "UpdateDocumentationVersion", **at, patchOperations=[patch])
    first = call(caller, "GetDocumentationVersions", restApiId=api, limit=2)
    second = call(caller, "GetDocumentationVersions", restApiId=api, limit=2, position=first["position"])

    assert [item["version"] for item in first["items"] + second["items"]] == ["v1", "v2", "v3"]
    assert described["description"] == "the second"
    assert call(caller, "GetDocumentationVersion", **at) == described == first["items"][1]


def test_one_that_a_stage_shows_is_not_deleted(caller: Caller, api: str) -> None:
    a_version(caller, api, "v1", stageName="prod")
    at = {"restApiId": api, "documentationVersion": "v1"}

    with pytest.raises(ConflictException, match="associated with stage 'prod'"):
        call(caller, "DeleteDocumentationVersion", **at)
    patch = {"op": "replace", "path": "/documentationVersion", "value": ""}
    call(caller, "UpdateStage", restApiId=api, stageName="prod", patchOperations=[patch])
    call(caller, "DeleteDocumentationVersion", **at)

    with pytest.raises(NotFoundException, match="Invalid Documentation version identifier specified"):
        call(caller, "GetDocumentationVersion", **at)


def test_a_part_is_read_by_its_id(caller: Caller, api: str) -> None:
    place = {"type": "RESOURCE", "path": "/pets"}
    part = call(caller, "CreateDocumentationPart", restApiId=api, location=place, properties='{"description": "Pets"}')

    assert call(caller, "GetDocumentationPart", restApiId=api, documentationPartId=part["id"]) == part
