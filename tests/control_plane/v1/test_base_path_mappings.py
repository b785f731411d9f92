"""Base path mappings: which API the paths of a name lead to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, NotFoundException
from apps.core.documents import ApiMapping, DomainDocument, decode, domain_section
from apps.deployments import publisher
from apps.deployments.models import ConfigurationSection
from tests.builders import a_caller, a_rest_api, a_stage, call

NAME = "api.example.com"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/edge"


@pytest.fixture
def api(caller: Caller) -> str:
    """The id of an API with a stage, beside the name that will lead to it."""
    call(caller, "CreateDomainName", domainName=NAME, certificateArn=CERTIFICATE)
    api = a_rest_api(caller)
    a_stage(caller, api)
    return api


def map_to(caller: Caller, api: str, base_path: str | None = None, **members: Any) -> dict[str, Any]:
    path = {} if base_path is None else {"basePath": base_path}
    return call(caller, "CreateBasePathMapping", domainName=NAME, restApiId=api, **path, **members)


def update(caller: Caller, base_path: str, path: str, value: str) -> dict[str, Any]:
    patch = {"op": "replace", "path": path, "value": value}
    return call(caller, "UpdateBasePathMapping", domainName=NAME, basePath=base_path, patchOperations=[patch])


def test_a_base_path_leads_to_a_stage(caller: Caller, api: str) -> None:
    shape = map_to(caller, api, "v1", stage="prod")

    assert shape == {"basePath": "v1", "restApiId": api, "stage": "prod"}
    assert call(caller, "GetBasePathMapping", domainName=NAME, basePath="v1") == shape


@pytest.mark.parametrize("given", [None, "", "(none)"])
def test_the_empty_base_path_is_written_none(caller: Caller, api: str, given: str | None) -> None:
    assert map_to(caller, api, given)["basePath"] == "(none)"
    assert call(caller, "GetBasePathMapping", domainName=NAME, basePath="(none)") == {
        "basePath": "(none)",
        "restApiId": api,
    }


def test_a_base_path_is_mapped_once_and_the_empty_one_alone(caller: Caller, api: str) -> None:
    map_to(caller, api, "v1")

    with pytest.raises(ConflictException, match="Base path already exists for this domain name"):
        map_to(caller, api, "v1")
    with pytest.raises(ConflictException, match="Only one base path mapping is allowed if the base path is empty"):
        map_to(caller, api)
    update(caller, "v1", "/basePath", "(none)")
    with pytest.raises(ConflictException, match="Only one base path mapping is allowed if the base path is empty"):
        map_to(caller, api, "v2")


@pytest.mark.parametrize(
    ("members", "error", "message"),
    [
        ({"base_path": "v1/orders"}, BadRequestException, "API Gateway V1 doesn't support the slash character"),
        ({"base_path": "v 1"}, BadRequestException, "Invalid base path specified"),
        ({"stage": "nosuch"}, BadRequestException, "Invalid stage identifier specified"),
        ({"api": "nosuch"}, BadRequestException, "Invalid REST API identifier specified"),
        ({"domainNameId": "abcdefghij"}, NotFoundException, "Invalid domain name identifier specified"),
    ],
)
def test_what_cannot_be_mapped_is_refused(
    caller: Caller, api: str, members: dict[str, str], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        map_to(caller, **{"api": api, "base_path": "v1", **members})


def test_a_mapping_is_patched(caller: Caller, api: str) -> None:
    other = a_rest_api(caller)
    map_to(caller, api, "v1", stage="prod")

    with pytest.raises(BadRequestException, match="Invalid stage identifier specified"):
        update(caller, "v1", "/restapiId", other)
    assert update(caller, "v1", "/stage", "") == {"basePath": "v1", "restApiId": api}
    assert update(caller, "v1", "/restapiId", other) == {"basePath": "v1", "restApiId": other}
    assert update(caller, "v1", "/basePath", "v2")["basePath"] == "v2"
    with pytest.raises(NotFoundException, match="Invalid base path mapping identifier specified"):
        call(caller, "DeleteBasePathMapping", domainName=NAME, basePath="v1")


def test_a_mapping_leads_to_ones_own_apis_only(caller: Caller, api: str) -> None:
    with pytest.raises(BadRequestException, match="Invalid REST API identifier specified"):
        map_to(caller, a_rest_api(a_caller("222222222222")), "v1")


def test_private_names_and_private_apis_belong_together(caller: Caller, api: str) -> None:
    certificate = CERTIFICATE.replace("edge", "private")
    configuration = {"types": ["PRIVATE"]}
    members = {"certificateArn": certificate, "endpointConfiguration": configuration}
    domain = call(caller, "CreateDomainName", domainName="private.example.com", **members)
    hidden = a_rest_api(caller, endpointConfiguration=configuration)
    name = {member: domain[member] for member in ("domainName", "domainNameId")}

    assert call(caller, "CreateBasePathMapping", **name, restApiId=hidden)["restApiId"] == hidden
    for place, rest_api in (({"domainName": NAME}, hidden), (name, api)):
        with pytest.raises(BadRequestException, match="Private APIs can only be mapped to private custom domain names"):
            call(caller, "CreateBasePathMapping", **place, restApiId=rest_api, basePath="v1")


def test_what_a_name_leads_to_is_not_deleted(caller: Caller, api: str) -> None:
    map_to(caller, api, "v1", stage="prod")

    with pytest.raises(BadRequestException) as stage_kept:
        call(caller, "DeleteStage", restApiId=api, stageName="prod")
    with pytest.raises(BadRequestException) as api_kept:
        call(caller, "DeleteRestApi", restApiId=api)

    related = "failed. Please remove all base path mappings related to the"
    assert stage_kept.value.message == f"Deleting stage prod {related} stage in your domains: {NAME}"
    assert api_kept.value.message == f"Deleting RestApi {api} {related} RestApi in your domains: {NAME}"
    call(caller, "DeleteDomainName", domainName=NAME)
    call(caller, "DeleteRestApi", restApiId=api)


def test_mappings_are_listed_and_deleted_over_the_wire(aws: Callable[..., Any], caller: Caller) -> None:
    client = aws()
    client.create_domain_name(domainName=NAME, certificateArn=CERTIFICATE)
    api = a_rest_api(caller)
    for path in ("v1", "v2.$-_!*'()"):
        client.create_base_path_mapping(domainName=NAME, basePath=path, restApiId=api)

    pages = client.get_paginator("get_base_path_mappings").paginate(domainName=NAME, PaginationConfig={"PageSize": 1})
    assert [item["basePath"] for page in pages for item in page["items"]] == ["v1", "v2.$-_!*'()"]
    client.delete_base_path_mapping(domainName=NAME, basePath="v2.$-_!*'()")
    client.delete_base_path_mapping(domainName=NAME, basePath="v1")
    client.create_base_path_mapping(domainName=NAME, restApiId=api)
    assert client.get_base_path_mapping(domainName=NAME, basePath="(none)")["restApiId"] == api
    client.delete_base_path_mapping(domainName=NAME, basePath="(none)")
    assert client.get_base_path_mappings(domainName=NAME)["items"] == []


def published(region: str = "us-east-1") -> DomainDocument | None:
    """What the runtime is told of the name."""
    section = ConfigurationSection.objects.filter(name=domain_section(region, NAME)).select_related("document").first()
    if section is None or section.document is None:
        return None
    document = decode(section.document.body)
    assert isinstance(document, DomainDocument)
    return document


def test_every_change_of_mappings_is_published(caller: Caller, api: str) -> None:
    told = published()
    assert told is not None
    assert told.mappings == ()

    map_to(caller, api, "v1", stage="prod")
    told = published()
    assert told is not None
    assert told.mappings == (ApiMapping(api_id=api, base_path="v1", stage_name="prod"),)

    update(caller, "v1", "/basePath", "(none)")
    told = published()
    assert told is not None
    assert [mapping.base_path for mapping in told.mappings] == [""]

    call(caller, "DeleteBasePathMapping", domainName=NAME, basePath="(none)")
    told = published()
    assert told is not None
    assert told.mappings == ()

    call(caller, "DeleteDomainName", domainName=NAME)
    assert published() is None


def test_publishing_everything_again_keeps_the_names(caller: Caller, api: str) -> None:
    map_to(caller, api, "v1", stage="prod")
    before = published()

    publisher.republish_everything()

    assert published() == before
