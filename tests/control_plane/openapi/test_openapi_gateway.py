"""Authorizers, request validators, gateway responses and documentation: into an API and out of it again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException
from apps.control_plane.openapi.exporter import export_rest_api
from apps.rest_apis.models import Authorizer, GatewayResponse, Method, RequestValidator, RestApi
from tests.builders import a_stage, call
from tests.control_plane.openapi.definitions import an_operation, body, golden, openapi3

AUTHORIZERS = frozenset({"authorizers"})
GATEWAY = frozenset({"apigateway"})
KEY = "x-amazon-apigateway-authorizer"
POOL = {
    "type": "cognito_user_pools",
    "providerARNs": ["arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_a"],
}


def guarded(caller: Caller) -> RestApi:
    return RestApi.objects.get(
        id=call(caller, "ImportRestApi", body=golden("authorizers.yaml"), failOnWarnings=True)["id"]
    )


def pool(**members: Any) -> dict[str, Any]:
    return {"type": "apiKey", "name": "Auth", "in": "header", KEY: {**POOL, **members}}


def with_pool(scheme: dict[str, Any] | None = None, **operation: Any) -> dict[str, Any]:
    """A definition whose GET /pets requires the authorizer `pool`."""
    asking = {"security": [{"pool": ["read"]}], **operation}
    return openapi3(
        {"/pets": {"get": an_operation(**asking)}}, components={"securitySchemes": {"pool": scheme or pool()}}
    )


def mentioned(export: dict[str, Any]) -> set[str]:
    """Which extensions that act an export has."""
    names = ("authorizer", "authtype", "request-validator", "gateway-responses", "integration")
    return {name for name in names if f"x-amazon-apigateway-{name}" in json.dumps(export)}


def methods(api: RestApi) -> dict[str, Method]:
    return {f"{row.http_method} {row.resource.path}": row for row in Method.objects.filter(resource__rest_api=api)}


def test_schemes_become_authorizers_and_requirements_name_them(caller: Caller) -> None:
    api = guarded(caller)

    names = dict(api.authorizers.values_list("authorizer_id", "name"))
    asked = {
        at: (row.authorization_type, names.get(row.authorizer_id or ""), row.authorization_scopes, row.api_key_required)
        for at, row in methods(api).items()
    }
    assert asked == {
        "GET /token": ("CUSTOM", "token", [], False),
        "GET /request": ("CUSTOM", "request", [], True),
        "PUT /request": ("COGNITO_USER_POOLS", "pool", ["pets/read", "pets/write"], False),
        "ANY /request": ("JWT", "jwt", ["pets"], False),
        "GET /open": ("NONE", None, [], False),
        "POST /open": ("AWS_IAM", None, [], False),
    }
    token = Authorizer.objects.get(name="token")
    assert (token.identity_source, token.auth_type) == ("method.request.header.Auth", "oauth2")
    assert token.authorizer_result_ttl_in_seconds == 60


def test_validators_are_the_operations_or_the_documents(caller: Caller) -> None:
    api = guarded(caller)

    names = dict(RequestValidator.objects.values_list("validator_id", "name"))
    assert {at: names[row.request_validator_id or ""] for at, row in methods(api).items()} == {
        **dict.fromkeys(methods(api), "params"),
        "GET /request": "all",
    }


def test_gateway_responses_are_customised(caller: Caller) -> None:
    api = guarded(caller)

    shown = call(caller, "GetGatewayResponse", restApiId=api.id, responseType="THROTTLED")

    assert (shown["statusCode"], shown["defaultResponse"]) == ("503", False)
    assert shown["responseParameters"]["gatewayresponse.header.Retry-After"] == "'1'"
    assert sorted(GatewayResponse.objects.values_list("response_type", flat=True)) == ["DEFAULT_5XX", "THROTTLED"]


def test_an_export_has_them_when_it_is_asked_for_them(caller: Caller) -> None:
    api = guarded(caller)

    plain, authorizers, everything = (
        export_rest_api(api, extensions=extensions) for extensions in (frozenset(), AUTHORIZERS, GATEWAY)
    )

    assert not mentioned(plain)
    assert list(plain["components"]["securitySchemes"]) == ["api_key"]
    schemes = authorizers["components"]["securitySchemes"]
    assert list(schemes) == ["api_key", "jwt", "pool", "request", "sigv4", "token"]
    assert schemes["pool"] == {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authtype": "cognito_user_pools",
        KEY: {
            "type": "cognito_user_pools",
            "providerARNs": ["arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_ABC123"],
        },
    }
    assert authorizers["paths"]["/request"]["get"]["security"] == [{"request": []}, {"api_key": []}]
    assert "x-amazon-apigateway-request-validators" not in authorizers
    assert everything["x-amazon-apigateway-request-validators"]["all"] == {
        "validateRequestParameters": True,
        "validateRequestBody": True,
    }
    assert everything["paths"]["/request"]["get"]["x-amazon-apigateway-request-validator"] == "all"
    assert everything["x-amazon-apigateway-gateway-responses"]["THROTTLED"]["statusCode"] == "503"


def test_a_stage_exports_what_was_deployed(caller: Caller) -> None:
    document = openapi3(
        components={"securitySchemes": {"pool": pool()}},
        **{
            "x-amazon-apigateway-gateway-responses": {"THROTTLED": {"statusCode": "503"}},
            "x-amazon-apigateway-request-validators": {"all": {"validateRequestBody": True}},
        },
    )
    api = call(caller, "ImportRestApi", body=body(document))["id"]
    at = {"restApiId": api, "stageName": a_stage(caller, api), "exportType": "oas30"}
    call(caller, "DeleteGatewayResponse", restApiId=api, responseType="THROTTLED")
    call(caller, "DeleteAuthorizer", restApiId=api, authorizerId=Authorizer.objects.get().authorizer_id)

    exports = [
        json.loads(call(caller, "GetExport", **at, parameters={"extensions": wanted})["body"])
        for wanted in ("apigateway", "documentation")
    ]

    assert exports[0]["x-amazon-apigateway-gateway-responses"] == {"THROTTLED": {"statusCode": "503"}}
    assert list(exports[0]["x-amazon-apigateway-request-validators"]) == ["all"]
    assert list(exports[0]["components"]["securitySchemes"]) == ["pool"]
    assert not mentioned(exports[1])


@pytest.mark.parametrize("mode", ["merge", "overwrite"])
def test_what_keeps_its_name_keeps_its_id(caller: Caller, mode: str) -> None:
    api = guarded(caller)
    ids = dict(api.authorizers.values_list("name", "authorizer_id"))

    call(caller, "PutRestApi", restApiId=api.id, mode=mode, body=body(with_pool()))

    left = dict(api.authorizers.values_list("name", "authorizer_id"))
    assert left == (ids if mode == "merge" else {"pool": ids["pool"]})
    assert methods(api)["GET /pets"].authorizer_id == ids["pool"]
    assert api.request_validators.count() == (2 if mode == "merge" else 0)
    assert api.gateway_responses.count() == (2 if mode == "merge" else 0)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a type nobody knows": (with_pool(pool(type="magic")), "Invalid authorizer type specified: magic"),
    "no provider": (with_pool(pool(providerARNs=[])), "Unable to create authorizer 'pool': Provider ARNs must be"),
    "a time that is none": (with_pool(pool(authorizerResultTtlInSeconds="long")), "it is not a number"),
    "a type without an authorizer": (
        with_pool({"type": "apiKey", "name": "A", "in": "header", "x-amazon-apigateway-authtype": "custom"}),
        "has an x-amazon-apigateway-authtype but no x-amazon-apigateway-authorizer",
    ),
    "issuers that are none": (
        with_pool(pool(type="jwt", providerARNs=[], jwtConfiguration={"issuers": [1]})),
        "Unable to create authorizer 'pool': 2 validation errors detected",
    ),
    "a validator that is not there": (
        openapi3({"/": {"get": an_operation(**{"x-amazon-apigateway-request-validator": "all"})}}),
        "Invalid Request Validator identifier specified: all (#/paths/~1/get/x-amazon-apigateway-request-validator, line ",
    ),
    "a response that is none": (
        openapi3(**{"x-amazon-apigateway-gateway-responses": {"TEAPOT": {}}}),
        "Unable to put gateway response 'TEAPOT': Invalid gateway response type specified",
    ),
    "a status that is none": (
        openapi3(**{"x-amazon-apigateway-gateway-responses": {"THROTTLED": {"statusCode": 42}}}),
        "Invalid statusCode specified: 42",
    ),
    "a header from nowhere": (
        openapi3(
            **{
                "x-amazon-apigateway-gateway-responses": {
                    "THROTTLED": {"responseParameters": {"gatewayresponse.header.a": "nowhere"}}
                }
            }
        ),
        "Invalid mapping expression parameter specified: nowhere",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_an_operation_would_refuse_refuses_the_import(caller: Caller, what: str) -> None:
    document, words = REFUSED[what]

    with pytest.raises(BadRequestException) as refusal:
        call(caller, "ImportRestApi", body=body(document))

    assert words in refusal.value.message
    assert not RestApi.objects.exists()


def test_a_method_has_one_authorizer(caller: Caller) -> None:
    document = with_pool(security=[{"pool": []}, {"other": []}])
    document["components"]["securitySchemes"]["other"] = pool()

    api = RestApi.objects.get(id=call(caller, "ImportRestApi", body=body(document))["id"])

    assert "Ignoring 'other'" in api.warnings[0]
    assert methods(api)["GET /pets"].authorizer_id == Authorizer.objects.get(name="pool").authorizer_id


def test_authorizers_named_like_the_gateways_own_schemes_export_beside_them(caller: Caller) -> None:
    api = RestApi.objects.get(id=call(caller, "ImportRestApi", body=body(openapi3()))["id"])
    source = "method.request.header.Auth"
    members = {"type": "COGNITO_USER_POOLS", "providerARNs": POOL["providerARNs"], "identitySource": source}
    call(caller, "CreateAuthorizer", restApiId=api.id, name="api_key", **members)

    assert list(export_rest_api(api, extensions=GATEWAY)["components"]["securitySchemes"]) == ["api_key_authorizer"]


# Documentation ------------------------------------------------------------------------------------------------------


def documented(caller: Caller) -> tuple[str, dict[str, Any]]:
    """An API, and its export with everything that people wrote."""
    api = RestApi.objects.get(
        id=call(caller, "ImportRestApi", body=golden("documented.json"), failOnWarnings=True)["id"]
    )
    return api.id, export_rest_api(api, documentation=True)


def test_a_definition_says_things_in_its_list_and_in_openapis_own_members(caller: Caller) -> None:
    api, _ = documented(caller)

    said = {
        " ".join(part["location"].values()): json.loads(part["properties"])
        for part in call(caller, "GetDocumentationParts", restApiId=api)["items"]
    }

    at = "/pets/{petId}"
    assert said[f"METHOD {at} GET"] == {"summary": "The list wins"}
    assert said[f"PATH_PARAMETER {at} GET petId"] == {"description": "Which pet"}
    assert said[f"REQUEST_HEADER {at} GET X-Trace"] == {"description": "A header"}
    assert said[f"RESPONSE {at} GET 200"] == {"description": "The pet"}
    assert said[f"RESPONSE_HEADER {at} GET 200 X-Count"] == {"description": "How many"}
    assert said[f"REQUEST_BODY {at} PUT"] == {"description": "The new pet"}
    # What a more general part says already is not said again, and what is called by default is not described.
    assert not {f"RESPONSE {at} PUT 404", f"RESPONSE {at} GET 404"} & said.keys()


def test_an_export_says_at_each_place_what_holds_there(caller: Caller) -> None:
    _, export = documented(caller)

    got, put = (export["paths"]["/pets/{petId}"][method] for method in ("get", "put"))
    assert (got["summary"], "description" in got) == ("The list wins", False)
    said = {parameter["name"]: parameter.get("description") for parameter in got["parameters"]}
    assert said == {"petId": "Which pet", "page": None, "X-Trace": "A header"}
    assert got["responses"]["200"]["headers"]["X-Count"]["description"] == "How many"
    assert put["responses"]["404"]["description"] == got["responses"]["404"]["description"] == "Nowhere"
    assert put["requestBody"]["description"] == "The new pet"
    assert [parameter["description"] for parameter in put["parameters"]] == ["Any pet"]
    assert len(export["x-amazon-apigateway-documentation"]["documentationParts"]) == 12


def test_what_is_no_openapi_is_listed_only(caller: Caller) -> None:
    api = call(caller, "ImportRestApi", body=body(openapi3()))["id"]
    properties = {"summary": 5, "tags": "pets", "description": "Fine", "x-colour": "red"}
    place = {"type": "METHOD", "path": "/pets", "method": "GET"}
    call(caller, "CreateDocumentationPart", restApiId=api, location=place, properties=json.dumps(properties))

    export = export_rest_api(RestApi.objects.get(id=api), documentation=True)

    operation = export["paths"]["/pets"]["get"]
    assert operation["description"] == "Fine"
    assert not {"summary", "tags", "x-colour"} & operation.keys()
    assert export["x-amazon-apigateway-documentation"]["documentationParts"][-1]["properties"] == properties


@pytest.mark.parametrize("mode", ["merge", "overwrite"])
def test_parts_of_a_base_path_are_below_it(caller: Caller, mode: str) -> None:
    document = json.loads(golden("documented.json")) | {"basePath": "/v1/shop"}

    api = call(caller, "ImportRestApi", body=body(document), parameters={"basepath": "prepend"})["id"]
    call(caller, "PutRestApi", restApiId=api, mode=mode, body=body(document), parameters={"basepath": "prepend"})

    places = [part["location"] for part in call(caller, "GetDocumentationParts", restApiId=api)["items"]]
    assert {"type": "RESPONSE", "path": "/v1/shop", "method": "*", "statusCode": "404"} in places
    assert {"type": "METHOD", "path": "/v1/shop/pets/{petId}", "method": "GET"} in places
    assert len(places) == 12
