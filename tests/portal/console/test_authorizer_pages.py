"""Authorizers on the pages of an API: made, edited, tried, chosen on a method, deleted."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from tests.builders import a_rest_api, call
from tests.portal.console.reading import text, words

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:who"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
HEADER = "method.request.header.Authorization"
TOKEN = {"name": "who", "type": "TOKEN", "function": FUNCTION, "sources": HEADER, "ttl": "60"}
POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEfGhI"


def url(view: str, *args: str) -> str:
    return reverse(f"console:{view}", args=args)


def a_token_authorizer(caller: Caller, api: str, **members: object) -> str:
    given = {"name": "who", "type": "TOKEN", "authorizerUri": URI, "identitySource": HEADER}
    made: str = call(caller, "CreateAuthorizer", restApiId=api, **{**given, **members})["id"]
    return made


def test_an_api_without_authorizers_is_told_what_they_are_for(owner: Client, caller: Caller) -> None:
    page = words(owner.get(url("authorizers", a_rest_api(caller))))

    assert "An authorizer decides who may call" in page
    assert "Create authorizer" in page


def test_an_authorizer_by_a_function_is_made_from_its_arn(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)

    made = owner.post(url("create_authorizer", api), TOKEN, follow=True)

    (row,) = call(caller, "GetAuthorizers", restApiId=api)["items"]
    assert (row["authorizerUri"], row["identitySource"], row["authorizerResultTtlInSeconds"]) == (URI, HEADER, 60)
    assert "who is in the draft" in words(made)
    assert f"who {row['id']} Lambda token {FUNCTION} {HEADER} 60 s 0" in words(owner.get(url("authorizers", api)))


def test_an_authorizer_of_user_pools_is_made_and_gets_another_pool(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    given = {"name": "pool", "type": "COGNITO_USER_POOLS", "pools": POOL, "sources": HEADER}
    owner.post(url("create_authorizer", api), given)
    (row,) = call(caller, "GetAuthorizers", restApiId=api)["items"]

    owner.post(url("authorizer", api, row["id"]), {**given, "pools": POOL.replace("AbC", "XyZ")})

    (after,) = call(caller, "GetAuthorizers", restApiId=api)["items"]
    assert (row["providerARNs"], after["providerARNs"]) == ([POOL], [POOL.replace("AbC", "XyZ")])


def test_saving_an_authorizer_as_it_is_changes_nothing(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    row = a_token_authorizer(caller, api)
    before = call(caller, "GetAuthorizer", restApiId=api, authorizerId=row)

    owner.post(url("authorizer", api, row), {"name": "who", "type": "TOKEN", "function": URI, "sources": HEADER})

    assert call(caller, "GetAuthorizer", restApiId=api, authorizerId=row) == before


def test_a_token_authorizer_becomes_one_of_requests(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    row = a_token_authorizer(caller, api, identityValidationExpression="x+")
    sources = f"{HEADER}\nmethod.request.querystring.tenant"

    owner.post(url("authorizer", api, row), {**TOKEN, "type": "REQUEST", "sources": sources})

    after = call(caller, "GetAuthorizer", restApiId=api, authorizerId=row)
    assert (after["type"], after["identitySource"]) == ("REQUEST", sources.replace("\n", ","))
    assert "identityValidationExpression" not in after


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"function": ""}, "Name the function that decides."),
        ({"type": "COGNITO_USER_POOLS"}, "Name the user pool whose tokens count."),
        ({"type": "JWT"}, "Name the issuer whose tokens count."),
        ({"type": "JWT", "issuers": "https://id.example.com ="}, "Name the audiences of https://id.example.com"),
        ({"function": "nowhere"}, "Invalid Authorizer URI: nowhere."),
        ({"sources": "header"}, "Invalid identity source specified: header"),
        ({"ttl": "4000"}, "less than or equal to 3600"),
        ({"expression": "(?=x)"}, "Invalid identity validation expression specified"),
    ],
)
def test_what_is_no_authorizer_is_told_in_the_form(
    owner: Client, caller: Caller, given: dict[str, str], told: str
) -> None:
    api = a_rest_api(caller)

    answer = owner.post(url("create_authorizer", api), {**TOKEN, **given})

    assert (answer.status_code, told in words(answer)) == (422, True)
    assert call(caller, "GetAuthorizers", restApiId=api)["items"] == []


def test_a_token_that_does_not_match_is_refused_in_the_panel(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    row = a_token_authorizer(caller, api, identityValidationExpression="Bearer [a-z]+")

    page = owner.post(url("test_authorizer", api, row), {"test-headers": "Authorization: nonsense"})

    assert "401 Unauthorized" in words(page)
    assert "Unauthorized request:" in words(page)
    assert "test-invoke-authorizer" in text(page)


def test_a_header_that_is_none_is_told_beside_its_field(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)

    page = owner.post(url("test_authorizer", api, a_token_authorizer(caller, api)), {"test-headers": "nonsense"})

    assert (page.status_code, "Line 1 is not of the form Name: value." in words(page)) == (422, True)


def test_a_method_asks_for_an_authorizer_with_scopes_and_names_it(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    pool = call(
        caller, "CreateAuthorizer", restApiId=api, name="pool", type="COGNITO_USER_POOLS", providerARNs=[POOL],
        identitySource=HEADER,
    )["id"]  # fmt: skip
    resource = next(row["id"] for row in call(caller, "GetResources", restApiId=api)["items"] if row["path"] == "/pets")
    at = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}

    owner.post(
        url("edit_method", api, resource, "GET"),
        {"authorization": f"COGNITO_USER_POOLS:{pool}", "scopes": "pets/read\npets/write"},
    )

    method = call(caller, "GetMethod", **at)
    assert (method["authorizationType"], method["authorizerId"]) == ("COGNITO_USER_POOLS", pool)
    assert sorted(method["authorizationScopes"]) == ["pets/read", "pets/write"]
    page = words(owner.get(url("api", api) + f"?resource={resource}&method=GET"))
    assert "COGNITO_USER_POOLS: pool" in page
    assert "GET /pets" in words(owner.get(url("authorizer", api, pool)))

    owner.post(url("edit_method", api, resource, "GET"), {"authorization": "NONE"})

    after = call(caller, "GetMethod", **at)
    assert (after["authorizationType"], after.get("authorizerId")) == ("NONE", None)
    assert not after.get("authorizationScopes")


def test_an_authorizer_that_guards_a_method_stays_and_another_goes(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    row = a_token_authorizer(caller, api)
    resource = next(one["id"] for one in call(caller, "GetResources", restApiId=api)["items"] if one["path"] == "/pets")
    owner.post(url("edit_method", api, resource, "GET"), {"authorization": f"CUSTOM:{row}"})

    refused = words(owner.post(url("delete_authorizer", api, row), follow=True))
    owner.post(url("edit_method", api, resource, "GET"), {"authorization": "NONE"})
    gone = words(owner.post(url("delete_authorizer", api, row), follow=True))

    assert "Cannot delete authorizer 'who', is referenced in method" in refused
    assert "The authorizer is gone from the draft." in gone
    assert call(caller, "GetAuthorizers", restApiId=api)["items"] == []


def test_a_viewer_reads_an_authorizer_and_may_not_try_it(viewer: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    row = a_token_authorizer(caller, api)

    page = text(viewer.get(url("authorizer", api, row)))

    assert "Save authorizer" not in page
    assert "Delete authorizer" not in page
    assert viewer.post(url("test_authorizer", api, row), {}).status_code == 403
    assert "Create authorizer" not in text(viewer.get(url("authorizers", api)))
