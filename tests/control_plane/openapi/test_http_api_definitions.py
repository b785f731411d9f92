"""HTTP APIs in and out of OpenAPI 3.0: what a definition makes, what is said of the rest, and that an export makes the same API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError
from tests.builders import an_http_api, call_v2
from tests.issuer import Issuer

pytestmark = pytest.mark.django_db(transaction=True)

ISSUER = Issuer()
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:pets"
PROXY = {
    "type": "http_proxy",
    "httpMethod": "GET",
    "uri": "https://example.com/pets",
    "payloadFormatVersion": "1.0",
    "connectionType": "INTERNET",
}
DEFINITION: dict[str, Any] = {
    "openapi": "3.0.1",
    "info": {"title": "pets", "description": "all of them", "version": "7"},
    "servers": [{"url": "https://example.com/v1/shop"}],
    "tags": [{"name": "team", "x-amazon-apigateway-tag-value": "animals"}],
    "paths": {
        "/$default": {"x-amazon-apigateway-any-method": {"x-amazon-apigateway-integration": PROXY}},
        "/pets": {
            "get": {
                "operationId": "listPets",
                "security": [{"people": ["pets.read"]}],
                "x-amazon-apigateway-integration": {
                    "type": "aws_proxy",
                    "uri": FUNCTION,
                    "payloadFormatVersion": "2.0",
                    "httpMethod": "POST",
                    "timeoutInMillis": 5000,
                },
            },
            "post": {
                "security": [{"checked": []}],
                "x-amazon-apigateway-integration": {
                    "$ref": "#/components/x-amazon-apigateway-integrations/queue"
                },
            },
        },
        "/pets/{id}": {
            "delete": {
                "security": [{"iam": []}],
                "x-amazon-apigateway-integration": {
                    **PROXY,
                    "requestParameters": {"append:header.id": "$request.path.id"},
                    "responseParameters": {"404": {"overwrite:statuscode": "410"}},
                },
            },
            "x-amazon-apigateway-any-method": {
                "x-amazon-apigateway-integration": {
                    "$ref": "#/components/x-amazon-apigateway-integrations/queue"
                }
            },
        },
    },
    "components": {
        "securitySchemes": {
            "people": {
                "type": "oauth2",
                "flows": {},
                "x-amazon-apigateway-authorizer": {
                    "type": "jwt",
                    "identitySource": "$request.header.Authorization",
                    "jwtConfiguration": {"issuer": ISSUER.url, "audience": ["pets"]},
                },
            },
            "checked": {
                "type": "apiKey",
                "in": "header",
                "name": "Authorization",
                "x-amazon-apigateway-authorizer": {
                    "type": "request",
                    "identitySource": "$request.header.Authorization,$request.querystring.tenant",
                    "authorizerUri": f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations",
                    "authorizerPayloadFormatVersion": "2.0",
                    "authorizerResultTtlInSeconds": 60,
                    "enableSimpleResponses": True,
                },
            },
            "iam": {
                "type": "apiKey",
                "in": "header",
                "name": "Authorization",
                "x-amazon-apigateway-authtype": "awsSigv4",
            },
        },
        "x-amazon-apigateway-integrations": {
            "queue": {
                "type": "aws_proxy",
                "integrationSubtype": "SQS-SendMessage",
                "credentials": "arn:aws:iam::123456789012:role/queue",
                "requestParameters": {"QueueUrl": "$stageVariables.queue", "MessageBody": "$request.body"},
                "payloadFormatVersion": "1.0",
            }
        },
    },
    "x-amazon-apigateway-cors": {"allowOrigins": ["https://example.com"], "allowCredentials": True, "maxAge": 60},
    "x-amazon-apigateway-importexport-version": "1.0",
}  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def issuer() -> Iterator[None]:
    """Who issues the tokens of JWT authorizers is asked when they are made."""
    with ISSUER:
        yield


def changed(**members: Any) -> str:
    """The definition with other members at its top."""
    return json.dumps({**DEFINITION, **members})


def with_operation(operation: dict[str, Any], **members: Any) -> str:
    return changed(paths={"/pets": {"get": operation}}, **members)


def exported(caller: Caller, api: str, **members: Any) -> dict[str, Any]:
    request = {"ApiId": api, "Specification": "OAS30", "OutputType": "JSON", **members}
    found: dict[str, Any] = json.loads(call_v2(caller, "ExportApi", **request)["body"])
    return found


def imported(caller: Caller, body: str, **members: Any) -> dict[str, Any]:
    return call_v2(caller, "ImportApi", Body=body, **members)


def routes(caller: Caller, api: str) -> dict[str, dict[str, Any]]:
    return {route["RouteKey"]: route for route in call_v2(caller, "GetRoutes", ApiId=api)["Items"]}


def test_a_definition_makes_an_api_with_all_that_it_says(caller: Caller, valkey: Any) -> None:
    api = imported(caller, json.dumps(DEFINITION))

    assert (api["Name"], api["Description"], api["Version"], api["Tags"]) == (
        "pets",
        "all of them",
        "7",
        {"team": "animals"},
    )
    assert api["CorsConfiguration"] == {"AllowOrigins": ["https://example.com"], "AllowCredentials": True, "MaxAge": 60}
    found = routes(caller, api["ApiId"])
    assert sorted(found) == ["$default", "ANY /pets/{id}", "DELETE /pets/{id}", "GET /pets", "POST /pets"]
    assert {
        key: route["AuthorizationType"] for key, route in found.items() if route["AuthorizationType"] != "NONE"
    } == {
        "GET /pets": "JWT",
        "POST /pets": "CUSTOM",
        "DELETE /pets/{id}": "AWS_IAM",
    }
    assert found["GET /pets"]["AuthorizationScopes"] == ["pets.read"]
    assert found["POST /pets"]["Target"] == found["ANY /pets/{id}"]["Target"]
    assert len(call_v2(caller, "GetIntegrations", ApiId=api["ApiId"])["Items"]) == 4
    assert "Warnings" not in api


def test_an_export_makes_the_same_api_again(caller: Caller, valkey: Any) -> None:
    first = imported(caller, json.dumps(DEFINITION))["ApiId"]
    export = exported(caller, first)

    second = imported(caller, json.dumps(export))["ApiId"]

    again = exported(caller, second)
    assert json.dumps(again).replace(second, first) == json.dumps(export)


def test_yaml_says_what_json_says(caller: Caller, valkey: Any) -> None:
    api = imported(caller, yaml.safe_dump(DEFINITION))["ApiId"]
    request = {"ApiId": api, "Specification": "OAS30", "OutputType": "YAML"}

    assert yaml.safe_load(call_v2(caller, "ExportApi", **request)["body"]) == exported(caller, api)


def test_an_export_without_extensions_is_plain_openapi(caller: Caller, valkey: Any) -> None:
    api = imported(caller, json.dumps(DEFINITION))["ApiId"]

    export = exported(caller, api, IncludeExtensions=False)

    assert "x-amazon" not in json.dumps(export)
    assert export["paths"]["/pets"]["get"]["operationId"] == "listPets"


def test_an_export_of_a_stage_is_what_the_stage_serves(caller: Caller, valkey: Any) -> None:
    api = an_http_api(caller, "GET /pets")
    call_v2(caller, "CreateStage", ApiId=api, StageName="prod")
    call_v2(caller, "CreateDeployment", ApiId=api, StageName="prod")
    call_v2(caller, "CreateRoute", ApiId=api, RouteKey="GET /cats")

    export = exported(caller, api, StageName="prod")

    assert list(export["paths"]) == ["/pets"]
    assert export["servers"][0]["variables"] == {"basePath": {"default": "prod"}}


def test_a_definition_imported_again_keeps_the_ids_of_its_routes_and_is_deployed(caller: Caller, valkey: Any) -> None:
    api = imported(caller, json.dumps(DEFINITION))["ApiId"]
    call_v2(caller, "CreateStage", ApiId=api, StageName="$default", AutoDeploy=True)
    before = routes(caller, api)

    call_v2(caller, "ReimportApi", ApiId=api, Body=with_operation({"x-amazon-apigateway-integration": PROXY}))

    after = routes(caller, api)
    assert {key: route["RouteId"] for key, route in after.items()} == {"GET /pets": before["GET /pets"]["RouteId"]}
    assert list(exported(caller, api, StageName="$default")["paths"]) == ["/pets"]
    assert len(call_v2(caller, "GetIntegrations", ApiId=api)["Items"]) == 2


@pytest.mark.parametrize(
    ("mode", "key"), [("ignore", "GET /pets"), ("prepend", "GET /v1/shop/pets"), ("split", "GET /shop/pets")]
)
def test_the_base_path_counts_as_is_asked(caller: Caller, valkey: Any, mode: str, key: str) -> None:
    api = imported(caller, with_operation({"x-amazon-apigateway-integration": PROXY}), Basepath=mode)["ApiId"]

    assert list(routes(caller, api)) == [key]


def test_what_openapi_allows_and_http_apis_do_not_have_is_told(caller: Caller, valkey: Any) -> None:
    operation = {"x-amazon-apigateway-integration": {**PROXY, "passthroughBehavior": "never"}, "requestBody": {}}

    api = imported(caller, with_operation(operation, **{"x-amazon-apigateway-policy": {}}), FailOnWarnings=True)

    told = "\n".join(api["ImportInfo"])
    assert all(word in told for word in ("passthroughBehavior", "requestBody", "x-amazon-apigateway-policy"))


@pytest.mark.parametrize(
    "integration",
    [
        {"type": "mock"},
        {"type": "aws", "uri": FUNCTION},
        {**PROXY, "uri": "nowhere"},
        {**PROXY, "requestParameters": {"append:header.authorization": "x"}},
        {"$ref": "#/components/x-amazon-apigateway-integrations/none"},
    ],
)
def test_an_integration_that_cannot_be_is_a_warning_and_its_route_leads_nowhere(
    caller: Caller, valkey: Any, integration: dict[str, Any]
) -> None:
    body = with_operation({"x-amazon-apigateway-integration": integration})
    with pytest.raises(AwsError, match="Warnings found during import"):
        imported(caller, body, FailOnWarnings=True)
    assert call_v2(caller, "GetApis")["Items"] == []

    api = imported(caller, body)

    assert len(api["Warnings"]) == 1
    assert "Target" not in routes(caller, api["ApiId"])["GET /pets"]


@pytest.mark.parametrize(
    "body",
    [
        "none",
        "[]",
        json.dumps({"swagger": "2.0", "info": {"title": "pets"}, "paths": {}}),
        json.dumps({"openapi": "3.1.0", "info": {"title": "pets"}, "paths": {}}),
        changed(info={}),
        changed(**{"x-amazon-apigateway-cors": {"maxAge": "long"}}),
        with_operation({"security": [{"nobody": []}]}),
    ],
)
def test_a_definition_that_is_wrong_makes_nothing(caller: Caller, valkey: Any, body: str) -> None:
    with pytest.raises(AwsError) as refused:
        imported(caller, body)

    assert refused.value.code == "BadRequestException"
    assert call_v2(caller, "GetApis")["Items"] == []


def with_issuer(issuer: str | None) -> str:
    """The definition with another issuer of its tokens, or none."""
    people = DEFINITION["components"]["securitySchemes"]["people"]
    authorizer = people["x-amazon-apigateway-authorizer"]
    jwt = {"audience": ["pets"], **({"issuer": issuer} if issuer else {})}
    schemes = {
        **DEFINITION["components"]["securitySchemes"],
        "people": {**people, "x-amazon-apigateway-authorizer": {**authorizer, "jwtConfiguration": jwt}},
    }
    return changed(components={**DEFINITION["components"], "securitySchemes": schemes})


@pytest.mark.parametrize(
    ("issuer", "complaint"),
    [
        (None, "Invalid issuer: Issuer can not be empty for JWT Authorizer.. Ignoring."),
        (
            "http://127.0.0.1:1",
            "Caught exception when connecting to http://127.0.0.1:1/.well-known/openid-configuration",
        ),
        ("no address", "Invalid issuer: no address."),
    ],
)
def test_an_authorizer_that_cannot_be_made_is_left_out_with_the_routes_that_it_would_guard(
    caller: Caller, valkey: Any, issuer: str | None, complaint: str
) -> None:
    made = imported(caller, with_issuer(issuer))

    told = "\n".join(made["Warnings"])
    assert f"Unable to create Authorizer 'people': {complaint}" in told
    assert (
        "Unable to put method 'GET' on resource at path '/pets': Invalid authorizer definition. "
        "Setting the authorization type to JWT requires a valid authorizer. Ignoring." in told
    )
    assert sorted(routes(caller, made["ApiId"])) == ["$default", "ANY /pets/{id}", "DELETE /pets/{id}", "POST /pets"]
    assert {item["Name"] for item in call_v2(caller, "GetAuthorizers", ApiId=made["ApiId"])["Items"]} == {"checked"}


def test_a_path_that_no_route_can_have_is_left_out(caller: Caller, valkey: Any) -> None:
    made = imported(caller, changed(paths={"/pets": {"get": {}}, "/{a+}/b": {"get": {}}, "/cats/": {"get": {}}}))

    told = "\n".join(made["Warnings"])
    assert "Unable to put method 'GET' on resource at path '/{a+}/b': A greedy path variable" in told
    assert "Unable to put method 'GET' on resource at path '/cats/': The provided route key is not formatted" in told
    assert list(routes(caller, made["ApiId"])) == ["GET /pets"]


def test_such_an_authorizer_refuses_the_definition_where_warnings_do(caller: Caller, valkey: Any) -> None:
    with pytest.raises(AwsError, match="Unable to create Authorizer 'people'"):
        imported(caller, with_issuer("http://127.0.0.1:1"), FailOnWarnings=True)

    assert call_v2(caller, "GetApis")["Items"] == []


def test_issuers_are_asked_before_anything_is_replaced(caller: Caller, valkey: Any) -> None:
    api = imported(caller, json.dumps(DEFINITION))["ApiId"]
    asked = len(ISSUER.requests)

    call_v2(caller, "ReimportApi", ApiId=api, Body=json.dumps(DEFINITION))

    assert ISSUER.requests[asked:] == ["/.well-known/openid-configuration"]
    with pytest.raises(AwsError) as refused:
        call_v2(caller, "ReimportApi", ApiId="nosuch0000", Body=json.dumps(DEFINITION))
    assert refused.value.code == "NotFoundException"


def test_security_of_the_whole_definition_protects_routes_without_their_own(caller: Caller, valkey: Any) -> None:
    body = with_operation({"x-amazon-apigateway-integration": PROXY}, security=[{"people": []}])

    api = imported(caller, body)["ApiId"]

    assert routes(caller, api)["GET /pets"]["AuthorizationType"] == "JWT"


def test_an_authorizer_named_like_the_scheme_of_iam_stays_itself(caller: Caller, valkey: Any) -> None:
    schemes = DEFINITION["components"]["securitySchemes"]
    operations = {"get": {"security": [{"sigv4": []}]}, "put": {"security": [{"iam": []}]}}
    body = changed(
        components={"securitySchemes": {"sigv4": schemes["people"], "iam": schemes["iam"]}}, paths={"/pets": operations}
    )
    first = imported(caller, body)["ApiId"]

    second = imported(caller, json.dumps(exported(caller, first)))["ApiId"]

    kinds = {key: route["AuthorizationType"] for key, route in routes(caller, second).items()}
    assert kinds == {"GET /pets": "JWT", "PUT /pets": "AWS_IAM"}
