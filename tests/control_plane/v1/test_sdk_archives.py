"""What an SDK is asked for with, and how it is packed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException, NotImplementedException
from apps.control_plane.sdk.calls import distinct
from tests.builders import a_rest_api, a_stage, call
from tests.control_plane.v1.serving import sdk


def test_an_sdk_says_what_the_stage_serves_and_where(caller: Caller, tmp_path: Path) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)
    resource = call(caller, "GetResources", restApiId=api)["items"][1]["id"]
    call(caller, "DeleteMethod", restApiId=api, resourceId=resource, httpMethod="GET")

    text = (sdk(caller, api, "javascript", tmp_path) / "apiGateway-js-sdk" / "apigClient.js").read_text()

    assert f'"{settings.ENVIRONMENT.gateway_url}/_aws/execute-api/{api}/prod"' in text
    assert '"petsGet"' in text


def test_equal_stages_make_equal_archives(caller: Caller) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)

    first, second = (
        call(caller, "GetSdk", restApiId=api, stageName="prod", sdkType="python")["body"] for _ in range(2)
    )

    assert first == second


@pytest.mark.parametrize(
    ("kind", "parameters", "error", "message"),
    [
        ("cobol", {}, BadRequestException, "Invalid SDK type specified: cobol"),
        ("java", {}, BadRequestException, "service.name is a required parameter for sdk type java"),
        ("swift", {"classPrefix": "A"}, NotImplementedException, "GetSdk does not generate swift SDKs"),
        ("python", {"packageName": "a-b"}, BadRequestException, "Invalid packageName specified: a-b"),
        ("python", {"packageName": "../a"}, BadRequestException, "Invalid packageName specified"),
    ],
)
def test_what_is_not_generated_is_refused_by_name(
    caller: Caller, kind: str, parameters: dict[str, str], error: type[Exception], message: str
) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)

    with pytest.raises(error, match=message):
        call(caller, "GetSdk", restApiId=api, stageName="prod", sdkType=kind, parameters=parameters)


def test_names_that_fall_together_are_told_apart() -> None:
    assert distinct(["a", "b", "a", "a2", "a"]) == ["a", "b", "a2", "a22", "a3"]


def test_kinds_are_listed_and_archives_travel_over_the_wire(aws: Callable[..., Any], caller: Caller) -> None:
    client = aws()
    api = a_rest_api(caller)
    a_stage(caller, api)

    pages = [client.get_sdk_types(limit=4)]
    pages.append(client.get_sdk_types(limit=4, position=pages[0]["position"]))
    assert [item["id"] for page in pages for item in page["items"]] == [
        "android", "javascript", "objectivec", "swift", "java", "ruby", "python",
    ]  # fmt: skip
    swift = client.get_sdk_type(id="swift")["configurationProperties"]
    assert [(item["name"], item["required"]) for item in swift] == [("classPrefix", True)]
    with pytest.raises(client.exceptions.NotFoundException):
        client.get_sdk_type(id="cobol")

    answer = client.get_sdk(restApiId=api, stageName="prod", sdkType="python", parameters={"packageName": "pets"})
    names = zipfile.ZipFile(io.BytesIO(answer["body"].read())).namelist()
    assert names == ["pets/__init__.py", "pets/client.py", "pyproject.toml"]
    with pytest.raises(NotFoundException):
        call(caller, "GetSdk", restApiId=api, stageName="nosuch", sdkType="python")
