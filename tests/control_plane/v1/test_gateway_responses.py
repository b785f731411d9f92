"""Gateway responses: from an operation to the document that the runtime is given."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotImplementedException
from apps.core import documents
from apps.core.documents import DeploymentDocument
from apps.deployments.models import ConfigurationSection, Deployment, Stage
from tests.builders import a_rest_api, a_stage, call

DEFAULT = {"application/json": '{"message":$context.error.messageString}'}
ORIGIN = {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"}


def put(caller: Caller, api: str, kind: str, **members: Any) -> dict[str, Any]:
    return call(caller, "PutGatewayResponse", restApiId=api, responseType=kind, **members)


def deployed(api: str) -> DeploymentDocument:
    document = documents.decode(Deployment.objects.filter(rest_api=api).latest("pk").document)
    assert isinstance(document, DeploymentDocument)
    return document


def test_an_api_begins_with_the_defaults_of_all_types(caller: Caller) -> None:
    items = call(caller, "GetGatewayResponses", restApiId=a_rest_api(caller))["items"]

    assert len(items) == 21
    assert {item["defaultResponse"] for item in items} == {True}
    assert {json.dumps(item["responseTemplates"]) for item in items} == {json.dumps(DEFAULT)}
    assert [item["responseType"] for item in items if "statusCode" not in item] == ["DEFAULT_4XX", "DEFAULT_5XX"]


def test_types_are_listed_in_pages(caller: Caller) -> None:
    api, names, position = a_rest_api(caller), [], {}
    while position is not None:
        answer = call(caller, "GetGatewayResponses", restApiId=api, limit=8, **position)
        names += [item["responseType"] for item in answer["items"]]
        position = {"position": answer["position"]} if "position" in answer else None

    assert (len(names), names) == (21, sorted(names))


def test_a_deployment_has_what_is_customised(caller: Caller) -> None:
    api = a_rest_api(caller)
    put(caller, api, "THROTTLED", statusCode="503", responseTemplates={"text/plain": "slow down"})
    put(caller, api, "DEFAULT_4XX", responseParameters=ORIGIN)
    a_stage(caller, api)

    call(caller, "DeleteGatewayResponse", restApiId=api, responseType="THROTTLED")

    assert deployed(api).gateway_responses == {
        "DEFAULT_4XX": documents.GatewayResponse(response_parameters=ORIGIN),
        "THROTTLED": documents.GatewayResponse(status_code="503", response_templates={"text/plain": "slow down"}),
    }
    a_stage(caller, api)
    assert list(deployed(api).gateway_responses) == ["DEFAULT_4XX"]


def test_patching_a_default_customises_it_and_deleting_restores_it(caller: Caller) -> None:
    api = a_rest_api(caller)
    at = {"restApiId": api, "responseType": "THROTTLED"}
    patches = [{"op": "replace", "path": "/responseTemplates/application~1json", "value": "{}"}]

    patched = call(caller, "UpdateGatewayResponse", **at, patchOperations=patches)
    call(caller, "DeleteGatewayResponse", **at)

    assert (patched["responseTemplates"], patched["statusCode"]) == ({"application/json": "{}"}, "429")
    assert patched["defaultResponse"] is False
    assert call(caller, "GetGatewayResponse", **at)["defaultResponse"] is True


@pytest.mark.parametrize(
    ("target", "source"),
    [("gatewayresponse.body", "'a'"), ("gatewayresponse.header.", "'a'"), ("method.response.header.a", "'a'"),
     ("gatewayresponse.header.a", "a"), ("gatewayresponse.header.a", "method.request.body.a"),
     ("gatewayresponse.header.a", "integration.response.header.a")],
)  # fmt: skip
def test_headers_come_from_the_request_the_context_and_literals(caller: Caller, target: str, source: str) -> None:
    with pytest.raises(BadRequestException, match="Invalid mapping expression specified"):
        put(caller, a_rest_api(caller), "THROTTLED", responseParameters={target: source})


@pytest.mark.parametrize(
    ("member", "value"),
    [("responseParameters", {"gatewayresponse.header.a": ""}), ("responseTemplates", {"application/json": ""})],
)
def test_nothing_is_no_header_and_no_body(caller: Caller, member: str, value: dict[str, str]) -> None:
    with pytest.raises(BadRequestException, match=f"Invalid null or empty value in {member}"):
        put(caller, a_rest_api(caller), "THROTTLED", **{member: value})


def test_a_status_that_ends_no_exchange_is_not_deployed(caller: Caller) -> None:
    api = a_rest_api(caller)
    put(caller, api, "THROTTLED", statusCode="103")

    with pytest.raises(NotImplementedException, match="THROTTLED gateway response: status 103"):
        call(caller, "CreateDeployment", restApiId=api)


def test_flushing_is_a_higher_number_in_the_stages_document(caller: Caller) -> None:
    api = a_rest_api(caller)
    at = {"restApiId": api, "stageName": a_stage(caller, api)}

    call(caller, "FlushStageCache", **at)
    call(caller, "FlushStageAuthorizersCache", **at)
    call(caller, "FlushStageAuthorizersCache", **at)

    stage = Stage.objects.get(rest_api=api)
    assert (stage.cache_flushes, stage.authorizers_cache_flushes) == (1, 2)
    published = documents.decode(section(f"stage/{api}/prod"))
    assert isinstance(published, documents.StageDocument)
    assert (published.cache_flushes, published.authorizers_cache_flushes) == (1, 2)


def section(name: str) -> str:
    document = ConfigurationSection.objects.get(name=name).document
    assert document is not None
    return document.body
