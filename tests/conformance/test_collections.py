"""Every collection of V1: its pages put together are the whole of it, and a page that cannot be is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import botocore.session
import pytest

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError, BadRequestException
from apps.control_plane.paging import write_position
from tests.conformance.every_operation import REQUESTS
from tests.conformance.making import World, filled

MODEL = botocore.session.get_session().get_service_model("apigateway")
WHOLE = {
    "GetGatewayResponses": "has all types at once, as AWS says of it",
    "GetUsage": "pages keys, whose days are a map: see tests/control_plane/v1/test_usage_plans.py",
}
"""Collections whose pages are told otherwise."""


def collections() -> Iterator[str]:
    for name in sorted(MODEL.operation_names):
        shape = MODEL.operation_model(name).input_shape
        if shape is not None and {"limit", "position"} <= shape.members.keys() and name not in WHOLE:
            yield name


def read(caller: Caller, world: World, name: str, **members: Any) -> tuple[list[Any], str | None]:
    """The items of a page, and where the next one begins."""
    request = filled({**REQUESTS[name], **members}, world)
    answer = registry.call(caller, "apigateway", name, request)
    items = next((answer[member] for member in ("items", "item") if member in answer), None)
    return list(answer["tags"].items()) if items is None else items, answer.get("position")


def fill(caller: Caller, world: World) -> None:
    """A second one of what there is one of."""
    for operation, members in (
        ("TagResource", {"tags": {"team": "pets", "owner": "zoo"}}),
        ("CreateRestApi", {}),
        ("CreateAuthorizer", {"name": "second"}),
        ("CreateRequestValidator", {"name": "second"}),
        ("CreateDeployment", {}),
        ("CreateDocumentationVersion", {"documentationVersion": "v2"}),
        ("CreateUsagePlan", {"name": "second", "apiStages": []}),
        ("GenerateClientCertificate", {}),
        ("CreateVpcLink", {}),
        ("CreateDomainName", {"domainName": "second.example.com"}),
        ("CreateBasePathMapping", {"basePath": "second"}),
        ("CreateDomainNameAccessAssociation", {"accessAssociationSource": "vpce-9"}),
    ):
        registry.call(caller, "apigateway", operation, filled({**REQUESTS[operation], **members}, world))
    for key in registry.call(caller, "apigateway", "GetApiKeys", {})["items"]:
        if key["id"] != world["key"]:
            member = {"usagePlanId": world["plan"], "keyId": key["id"], "keyType": "API_KEY"}
            registry.call(caller, "apigateway", "CreateUsagePlanKey", member)


def test_the_pages_of_every_collection_are_the_whole_of_it(caller: Caller, world: World) -> None:
    fill(caller, world)
    for name in collections():
        whole, following = read(caller, world, name, limit=500)
        assert following is None, name
        assert len(whole) > 1, name
        found, position = read(caller, world, name, limit=1)
        while position is not None:
            more, position = read(caller, world, name, limit=1, position=position)
            assert len(more) == 1, name
            found += more
        assert found == whole, name


@pytest.mark.parametrize("members", [{"limit": 0}, {"limit": -1}, {"position": "!"}, {"position": "bm9uZQ=="}])
def test_a_page_that_cannot_be_is_refused(caller: Caller, world: World, members: dict[str, Any]) -> None:
    for name in collections():
        with pytest.raises(BadRequestException):
            read(caller, world, name, **members)


@pytest.mark.parametrize("value", ["word", "2026-01-01T00:00:00+00:00", 10**30, -1])
def test_a_position_of_other_rows_is_refused_or_a_page(caller: Caller, world: World, value: str | int) -> None:
    fill(caller, world)
    for name in collections():
        for width in (1, 2):
            with suppress(BadRequestException):
                read(caller, world, name, position=write_position([value] * width))


def test_more_than_the_largest_page_is_the_largest_page(caller: Caller, world: World) -> None:
    for name in collections():
        assert read(caller, world, name, limit=100_000)[1] is None, name


def test_every_collection_below_an_api_is_unknown_with_its_api(caller: Caller, world: World) -> None:
    endings = {}
    for name in collections():
        if "restApiId" in REQUESTS[name]:
            with pytest.raises(AwsError) as refused:
                read(caller, world, name, restApiId="nosuch")
            endings[name] = refused.value.code

    assert set(endings.values()) == {"NotFoundException"}
    assert len(endings) >= 7
