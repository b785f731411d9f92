"""Authorizers: what makes one of each type, who uses them, and what they are patched to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from apps.control_plane.caller import Caller
from apps.control_plane.errors import (
    AwsError,
    BadRequestException,
    ConflictException,
    LimitExceededException,
)
from apps.core.documents import DeploymentDocument, decode
from apps.deployments.models import Deployment
from tests.builders import a_resource, a_rest_api, call
from tests.issuer import Issuer

URI = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:123456789012:function:f/invocations"
)
HEADER = "method.request.header.Auth"
POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_ABC123"
ISSUER = Issuer()
JWT = {
    "issuers": [{"issuer": ISSUER.url, "audiences": ["pets"]}],
    "defaultAlgorithms": ["RS256"],
}
VALID: dict[str, dict[str, Any]] = {
    "TOKEN": {"authorizerUri": URI, "identitySource": HEADER},
    "REQUEST": {"authorizerUri": URI, "identitySource": f"{HEADER}, method.request.querystring.q,context.path"},
    "COGNITO_USER_POOLS": {"providerARNs": [POOL], "identitySource": HEADER},
    "JWT": {"jwtConfiguration": JWT, "identitySource": HEADER},
}
RESOLVED = {**JWT, "issuers": [{**JWT["issuers"][0], "jwksUri": f"{ISSUER.url}/keys"}]}  # type: ignore[dict-item]
SHOWN = {**VALID, "JWT": {**VALID["JWT"], "jwtConfiguration": RESOLVED}}
AUTH_TYPES = {"TOKEN": "custom", "REQUEST": "custom", "COGNITO_USER_POOLS": "cognito_user_pools", "JWT": "jwt"}


@pytest.fixture(autouse=True, scope="module")
def issuer() -> Iterator[Issuer]:
    """Who issues the tokens of JWT authorizers is asked when they are made."""
    with ISSUER:
        yield ISSUER


def an_authorizer(caller: Caller, api: str, kind: str = "TOKEN", **members: Any) -> dict[str, Any]:
    """One that is valid but for `members`; None leaves a member out."""
    request = {"name": kind, "type": kind, **VALID[kind], **members}
    given = {name: value for name, value in request.items() if value is not None}
    return call(caller, "CreateAuthorizer", restApiId=api, **given)


def patch(caller: Caller, api: str, authorizer: str, op: str, path: str, value: str = "") -> dict[str, Any]:
    operation = {"op": op, "path": path, "value": value}
    return call(caller, "UpdateAuthorizer", restApiId=api, authorizerId=authorizer, patchOperations=[operation])


def authorize(caller: Caller, api: str, kind: str, authorizer: str | None = None) -> dict[str, Any]:
    """GET /pets asks for authorization of a kind."""
    at = {"restApiId": api, "resourceId": a_resource(caller, api, "/pets"), "httpMethod": "GET"}
    patches = [{"op": "replace", "path": "/authorizationType", "value": kind}]
    if authorizer:
        patches.append({"op": "replace", "path": "/authorizerId", "value": authorizer})
    return call(caller, "UpdateMethod", **at, patchOperations=patches)


@pytest.mark.parametrize("kind", VALID)
def test_each_type_has_members_of_its_own(caller: Caller, kind: str) -> None:
    api = a_rest_api(caller)

    made = an_authorizer(caller, api, kind)

    assert made == {"id": made["id"], "name": kind, "type": kind, "authType": AUTH_TYPES[kind], **SHOWN[kind]}
    assert call(caller, "GetAuthorizer", restApiId=api, authorizerId=made["id"]) == made
    assert call(caller, "GetAuthorizers", restApiId=api)["items"] == [made]


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "a function that is no ARN": (
        "TOKEN",
        {"authorizerUri": "https://example.com"},
        "Invalid Authorizer URI: https://example.com. Authorizer URI should be a valid API Gateway ARN that represents a "
        "Lambda function invocation.",
    ),
    "a function of no region": ("TOKEN", {"authorizerUri": URI.replace("us-east-1", "region", 1)}, "Invalid Authorizer URI"),
    "no function": ("REQUEST", {"authorizerUri": None}, "Invalid Authorizer URI: null"),
    "no source": ("TOKEN", {"identitySource": None}, "Identity source must be specified for TOKEN authorizers"),
    "a source that is no header": ("TOKEN", {"identitySource": "method.request.querystring.q"}, "Invalid identity source"),
    "two headers": ("COGNITO_USER_POOLS", {"identitySource": f"{HEADER},{HEADER}"}, "Invalid identity source"),
    "caching without a source": (
        "REQUEST",
        {"identitySource": None},
        "Identity source must be set if authorizer caching is enabled (TTL is greater than 0)",
    ),
    "one source of several": ("REQUEST", {"identitySource": f"{HEADER}, body"}, "Invalid identity source specified: body"),
    "no pool": ("COGNITO_USER_POOLS", {"providerARNs": []}, "Provider ARNs must be specified"),
    "a pool that is none": ("COGNITO_USER_POOLS", {"providerARNs": ["arn"]}, "Invalid Cognito User Pool ARN specified: arn"),
    "pools of a function": ("TOKEN", {"providerARNs": [POOL]}, "Provider ARNs are not supported"),
    "a role that is none": ("TOKEN", {"authorizerCredentials": "role"}, "Invalid ARN specified in the request"),
    "results kept too long": ("TOKEN", {"authorizerResultTtlInSeconds": 3601}, "between 0 and 3600 seconds"),
    "results kept for less than no time": ("TOKEN", {"authorizerResultTtlInSeconds": -1}, "between 0 and 3600 seconds"),
    "an expression that is none": ("TOKEN", {"identityValidationExpression": "("}, "Invalid identity validation expression"),
    "no name": ("TOKEN", {"name": " "}, "Authorizer name must be non-empty"),
    "a long name": ("TOKEN", {"name": "n" * 129}, "can be at most 128 characters"),
    "no issuers": ("JWT", {"jwtConfiguration": None}, "jwtConfiguration with issuers and defaultAlgorithms is required"),
    "an issuer in the clear": (
        "JWT",
        {"jwtConfiguration": {**JWT, "issuers": [{"issuer": "http://a.example", "audiences": ["a"]}]}},
        "Invalid issuer specified: http://a.example",
    ),
    "nobody an issuer speaks to": (
        "JWT",
        {"jwtConfiguration": {**JWT, "issuers": [{"issuer": "https://a.example", "audiences": []}]}},
        "needs audiences",
    ),
    "an issuer twice": ("JWT", {"jwtConfiguration": {**JWT, "issuers": JWT["issuers"] * 2}}, "must be unique"),
    "a reserved claim": (
        "JWT",
        {"jwtConfiguration": {**JWT, "issuers": [{**JWT["issuers"][0], "additionalClaims": [  # type: ignore[dict-item]
            {"claimName": "aud", "format": "SINGLE_STRING"}]}]}},
        "Invalid claim name specified: 'aud'",
    ),
    "results of a JWT": ("JWT", {"authorizerResultTtlInSeconds": 5}, "not supported for JWT authorizers"),
    "issuers of a function": ("TOKEN", {"jwtConfiguration": JWT}, "only be specified for JWT authorizers"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_authorizer_is_refused(caller: Caller, what: str) -> None:
    kind, members, words = REFUSED[what]

    with pytest.raises(BadRequestException) as refusal:
        an_authorizer(caller, a_rest_api(caller), kind, **members)

    assert words in refusal.value.message


def test_a_request_authorizer_that_keeps_nothing_needs_no_source(caller: Caller) -> None:
    members = {"identitySource": None, "authorizerResultTtlInSeconds": 0}

    made = an_authorizer(caller, a_rest_api(caller), "REQUEST", **members)

    assert made["authorizerResultTtlInSeconds"] == 0


def test_names_are_unique_and_there_are_at_most_ten(caller: Caller) -> None:
    api = a_rest_api(caller)
    an_authorizer(caller, api, name="one")

    with pytest.raises(ConflictException, match=r"must be unique. Authorizer one already exists in this RestApi\."):
        an_authorizer(caller, api, name="one")
    for number in range(9):
        an_authorizer(caller, api, name=f"n{number}")
    with pytest.raises(LimitExceededException):
        an_authorizer(caller, api, name="eleven")


def test_patches_together_have_to_make_an_authorizer(caller: Caller) -> None:
    api = a_rest_api(caller)
    made = an_authorizer(caller, api, "COGNITO_USER_POOLS")["id"]

    assert (
        patch(caller, api, made, "replace", "/authorizerResultTtlInSeconds", "60")["authorizerResultTtlInSeconds"] == 60
    )
    assert patch(caller, api, made, "add", "/providerARNs", POOL + "4")["providerARNs"] == [POOL, POOL + "4"]
    assert patch(caller, api, made, "remove", "/providerARNs", POOL)["providerARNs"] == [POOL + "4"]
    for op, path, value in (
        ("remove", "/providerARNs", POOL + "4"),
        ("replace", "/type", "TOKEN"),
        ("replace", "/authorizerResultTtlInSeconds", "4000"),
        ("remove", "/identitySource", ""),
        ("replace", "/id", "other"),
        ("add", "/name", "other"),
    ):
        with pytest.raises(BadRequestException):
            patch(caller, api, made, op, path, value)
    assert call(caller, "GetAuthorizer", restApiId=api, authorizerId=made)["providerARNs"] == [POOL + "4"]


def test_an_authorizer_becomes_one_of_jwts_and_one_of_a_function_again(caller: Caller) -> None:
    api = a_rest_api(caller)
    made = an_authorizer(caller, api, "TOKEN", authorizerResultTtlInSeconds=60)["id"]
    at = {"restApiId": api, "authorizerId": made}
    kind = {"op": "replace", "path": "/type", "value": "JWT"}
    configuration = {"op": "replace", "path": "/jwtConfiguration", "value": json.dumps(JWT)}

    issued = call(caller, "UpdateAuthorizer", **at, patchOperations=[configuration, kind])
    assert issued == {
        "id": made, "name": "TOKEN", "type": "JWT", "authType": "jwt", "identitySource": HEADER, "jwtConfiguration": RESOLVED
    }  # fmt: skip

    claimed = {"issuer": ISSUER.url, "audiences": ["a"], "jwksUri": "https://elsewhere.example.com"}
    other = {"issuers": [claimed], "defaultAlgorithms": ["ES256"]}
    with pytest.raises(BadRequestException, match="jwtConfiguration"):
        patch(caller, api, made, "replace", "/jwtConfiguration", json.dumps(other))
    del claimed["jwksUri"]
    replaced = patch(caller, api, made, "replace", "/jwtConfiguration", json.dumps(other))
    assert replaced["jwtConfiguration"] == {**other, "issuers": [{**claimed, "jwksUri": f"{ISSUER.url}/keys"}]}

    back = [{**kind, "value": "TOKEN"}, {"op": "replace", "path": "/authorizerUri", "value": URI}]
    restored = call(caller, "UpdateAuthorizer", **at, patchOperations=back)
    assert restored == {
        "id": made, "name": "TOKEN", "type": "TOKEN", "authType": "custom", "identitySource": HEADER, "authorizerUri": URI
    }  # fmt: skip


@pytest.mark.parametrize(
    "value",
    ["", "[]", "no JSON", "{}", '{"issuers": [], "defaultAlgorithms": "RS256"}', '{"issuers": [{}], "more": 1}'],
)
def test_a_jwt_configuration_that_is_none_is_refused_whole(caller: Caller, value: str) -> None:
    api = a_rest_api(caller)
    made = an_authorizer(caller, api, "JWT")["id"]

    with pytest.raises(BadRequestException, match="jwtConfiguration"):
        patch(caller, api, made, "replace", "/jwtConfiguration", value)

    assert call(caller, "GetAuthorizer", restApiId=api, authorizerId=made)["jwtConfiguration"] == RESOLVED


@pytest.mark.parametrize(
    ("kind", "type_"), [("CUSTOM", "REQUEST"), ("COGNITO_USER_POOLS", "COGNITO_USER_POOLS"), ("JWT", "JWT")]
)
def test_a_method_names_an_authorizer_of_the_type_it_asks_for(caller: Caller, kind: str, type_: str) -> None:
    api = a_rest_api(caller)
    ids = {one: an_authorizer(caller, api, one)["id"] for one in VALID}

    assert authorize(caller, api, kind, ids[type_])["authorizerId"] == ids[type_]
    for wrong in ("JWT" if kind == "CUSTOM" else "TOKEN", None):
        with pytest.raises(AwsError, match="Invalid authorizer ID specified"):
            authorize(caller, a_rest_api(caller), kind, ids[wrong] if wrong else None)
    assert "authorizerId" not in authorize(caller, api, "NONE", ids["TOKEN"])


def test_an_authorizer_that_a_method_uses_stays(caller: Caller) -> None:
    api = a_rest_api(caller)
    made = an_authorizer(caller, api)["id"]
    authorize(caller, api, "CUSTOM", made)

    with pytest.raises(ConflictException, match="Cannot delete authorizer 'TOKEN', is referenced in method: GET//pets"):
        call(caller, "DeleteAuthorizer", restApiId=api, authorizerId=made)

    authorize(caller, api, "NONE")
    call(caller, "DeleteAuthorizer", restApiId=api, authorizerId=made)
    assert call(caller, "GetAuthorizers", restApiId=api)["items"] == []


@pytest.mark.parametrize(
    ("kind", "type_"), [("CUSTOM", "TOKEN"), ("COGNITO_USER_POOLS", "COGNITO_USER_POOLS"), ("JWT", "JWT")]
)
def test_a_deployment_holds_the_authorizer_that_a_method_names(caller: Caller, kind: str, type_: str) -> None:
    api = a_rest_api(caller)
    made = an_authorizer(caller, api, type_)["id"]
    authorize(caller, api, kind, made)

    deployment = call(caller, "CreateDeployment", restApiId=api)["id"]

    document = decode(Deployment.objects.get(rest_api=api, deployment_id=deployment).document)
    assert isinstance(document, DeploymentDocument)
    assert document.authorizers[made].type == type_
    assert next(m for r in document.resources for m in r.methods if r.path == "/pets").authorizer_id == made


def test_a_copy_of_an_api_has_authorizers_of_its_own(caller: Caller) -> None:
    api = a_rest_api(caller)
    made = an_authorizer(caller, api)
    authorize(caller, api, "CUSTOM", made["id"])

    copy = call(caller, "CreateRestApi", name="copy", cloneFrom=api)["id"]

    [copied] = call(caller, "GetAuthorizers", restApiId=copy)["items"]
    assert copied == {**made, "id": copied["id"]}
    at = {"restApiId": copy, "resourceId": a_resource(caller, copy, "/pets"), "httpMethod": "GET"}
    assert call(caller, "GetMethod", **at)["authorizerId"] == copied["id"] != made["id"]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (None, "answers 404"),
        (
            {"issuer": "https://elsewhere.example.com", "jwks_uri": "https://elsewhere.example.com/keys"},
            "names another issuer",
        ),
        ({"jwks_uri": "ftp://elsewhere.example.com/keys"}, "no jwks_uri that can be used"),
        ("no JSON {", "names another issuer"),
    ],
)
def test_an_issuer_that_does_not_say_where_its_keys_are_is_told(caller: Caller, document: Any, reason: str) -> None:
    api = a_rest_api(caller)
    with Issuer() as issuer:
        path = "/tenant/.well-known/openid-configuration"
        if document is not None:
            issuer.documents[path] = (
                {"issuer": f"{issuer.url}/tenant", **document} if isinstance(document, dict) else document
            )
        configuration = {**JWT, "issuers": [{"issuer": f"{issuer.url}/tenant", "audiences": ["a"]}]}

        with pytest.raises(BadRequestException, match=reason):
            an_authorizer(caller, api, "JWT", jwtConfiguration=configuration)

        assert issuer.requests == [path]
    assert call(caller, "GetAuthorizers", restApiId=api)["items"] == []


def test_an_issuer_that_is_away_is_told(caller: Caller) -> None:
    api = a_rest_api(caller)
    configuration = {**JWT, "issuers": [{"issuer": "http://127.0.0.1:9", "audiences": ["a"]}]}

    with pytest.raises(BadRequestException, match="discovery document of an issuer could not be read"):
        an_authorizer(caller, api, "JWT", jwtConfiguration=configuration)


def test_by_http_only_issuers_of_this_machine_are_believed(caller: Caller, settings: Any) -> None:
    api = a_rest_api(caller)
    public = replace(settings.ENVIRONMENT, allow_private_backends=False)
    own = {**JWT, "issuers": [{"issuer": f"{public.portal_url}/oidc/123456789012", "audiences": ["a"]}]}
    settings.ENVIRONMENT = public

    with pytest.raises(BadRequestException, match="Invalid issuer specified"):
        an_authorizer(caller, api, "JWT")
    made = an_authorizer(caller, api, "JWT", jwtConfiguration=own)
    assert made["jwtConfiguration"]["issuers"][0]["jwksUri"].endswith("/oidc/123456789012/.well-known/jwks.json")


@pytest.mark.parametrize("kind", ["TOKEN", "COGNITO_USER_POOLS"])
@pytest.mark.parametrize("expression", ["(", "(?=a)b", r"(a)\1", "[z-a]"])
def test_an_expression_that_the_data_plane_cannot_run_is_refused(caller: Caller, kind: str, expression: str) -> None:
    with pytest.raises(BadRequestException, match="Invalid identity validation expression specified"):
        an_authorizer(caller, a_rest_api(caller), kind, identityValidationExpression=expression)


def test_an_exported_jwt_authorizer_can_be_imported(caller: Caller) -> None:
    api = a_rest_api(caller)
    authorize(caller, api, "JWT", an_authorizer(caller, api, "JWT")["id"])
    call(caller, "CreateDeployment", restApiId=api, stageName="prod")
    at = {"restApiId": api, "stageName": "prod", "exportType": "oas30"}
    document = call(caller, "GetExport", **at, parameters={"extensions": "authorizers,integrations"})["body"]

    copy = call(caller, "ImportRestApi", body=document, failOnWarnings=True)["id"]

    [imported] = call(caller, "GetAuthorizers", restApiId=copy)["items"]
    assert imported["jwtConfiguration"] == JWT
