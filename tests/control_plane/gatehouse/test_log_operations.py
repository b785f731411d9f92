"""ListLogGroups and ListLogEvents: the files of stages' logs, for programs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException
from tests.builders import a_rest_api, a_stage

FORMAT = '{"id":"$context.requestId","status":"$context.status","at":$context.requestTimeEpoch}'


def call(caller: Caller, operation: str, service: str = "gatehouse", **request: Any) -> dict[str, Any]:
    return registry.call(caller, service, operation, request)


def an_api(caller: Caller) -> str:
    api_id = a_rest_api(caller)
    a_stage(caller, api_id)
    return api_id


@pytest.fixture
def write() -> Callable[..., None]:
    """Writes lines to a log as the data plane would."""

    def write(kind: str, api_id: str, stage_name: str, *lines: str) -> None:
        path = Path(django_settings.ENVIRONMENT.data_dir) / "log" / kind / api_id / f"{stage_name}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines))

    return write


def test_lines_are_told_by_the_stages_format(caller: Caller, write: Callable[..., None]) -> None:
    api_id = an_api(caller)
    patch = [{"op": "replace", "path": "/accessLogSettings/format", "value": FORMAT}]
    call(caller, "UpdateStage", "apigateway", restApiId=api_id, stageName="prod", patchOperations=patch)
    lines = [f'{{"id":"r{n}","status":"{200 + n}","at":{1_700_000_000_000 + n}}}' for n in range(3)]
    write("access", api_id, "prod", *lines)

    first = call(caller, "ListLogEvents", kind="access", apiId=api_id, stageName="prod", limit=2)
    names = {"kind": "access", "apiId": api_id, "stageName": "prod"}
    rest = call(caller, "ListLogEvents", **names, limit=2, nextToken=first["nextToken"])

    assert [(item["requestId"], item["status"]) for item in first["items"]] == [("r2", "202"), ("r1", "201")]
    assert [item["requestId"] for item in rest["items"]] == ["r0"]
    assert "nextToken" not in rest
    assert rest["searchComplete"] is True
    assert first["items"][0]["timestamp"].timestamp() == pytest.approx(1_700_000_000.002)


def test_groups_are_those_of_the_callers_apis(caller: Caller, write: Callable[..., None]) -> None:
    api_id = an_api(caller)
    write("access", api_id, "prod", "one")
    write("execution", api_id, "prod", "one")
    write("access", "elsewhere0", "prod", "theirs")

    groups = call(caller, "ListLogGroups")["items"]

    assert {(group["kind"], group["apiId"], group["stageName"]) for group in groups} == {
        ("access", api_id, "prod"),
        ("execution", api_id, "prod"),
    }
    with pytest.raises(NotFoundException):
        call(caller, "ListLogEvents", kind="access", apiId="elsewhere0", stageName="prod")


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"kind": "secrets"}, BadRequestException),
        ({"limit": 501}, BadRequestException),
        ({"nextToken": "../x"}, BadRequestException),
        ({"stageName": "../../x"}, NotFoundException),
    ],
)
def test_what_makes_no_sense_is_refused(caller: Caller, request_: dict[str, Any], error: type[Exception]) -> None:
    names = {"kind": "access", "apiId": an_api(caller), "stageName": "prod", **request_}

    with pytest.raises(error):
        call(caller, "ListLogEvents", **names)
