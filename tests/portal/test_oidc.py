"""The built-in OpenID provider: who gets tokens of it, and what these open."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import time_machine
from django.test import Client
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import KeySet

from apps.accounts.models import Account, AuditEvent, User
from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import AccessDeniedException, BadRequestException, NotFoundException
from apps.core.documents import Authorizer
from apps.deployments.frozen_authorizers import authorizer_document
from apps.identity import signing
from apps.identity.models import OAuthClient, SigningKey
from apps.rest_apis import models as rows
from gateway_runtime.ports import SystemClock
from tests.builders import ours
from tests.gateway_runtime.plane.authorizers import guarded
from tests.gateway_runtime.plane.builders import mock, rest_api
from tests.gateway_runtime.plane.harness import GatewayHarness
from tests.portal.developer.people import PASSWORD, browser, person

VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
BACK = "https://app.example.com/back"


@pytest.fixture(scope="module", autouse=True)
def _ready_keys() -> Iterator[None]:
    """Making keys is slow, and no story is about it."""
    from joserfc.jwk import RSAKey

    made = [RSAKey.generate_key(2048) for _ in range(3)]
    patch = pytest.MonkeyPatch()
    given = iter(made * 100)
    patch.setattr(signing.RSAKey, "generate_key", lambda bits: next(given))
    yield
    patch.undo()


@pytest.fixture
def provider(live_portal: str, settings: Any, account: Account) -> str:
    """The account's issuer, at the running portal."""
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, public_portal_url=live_portal, allow_private_backends=True)
    return f"{live_portal}/oidc/{account.id}"


def machine(caller: Caller, **members: Any) -> dict[str, Any]:
    """A client that acts for itself."""
    members = {"name": "robot", "grantType": "client_credentials", "scopes": ["pets/read", "pets/write"], **members}
    return ours(caller, "CreateOAuthClient", **members)


def program(caller: Caller, **members: Any) -> dict[str, Any]:
    """A client that acts for people."""
    members = {
        "name": "App",
        "grantType": "authorization_code",
        "redirectUris": [BACK],
        "scopes": ["pets/read"],
        **members,
    }
    return ours(caller, "CreateOAuthClient", **members)


def ask(provider: str, client: dict[str, Any], **form: str) -> requests.Response:
    form = {"grant_type": "client_credentials", **form}
    return requests.post(
        f"{provider}/token", data=form, auth=(client["clientId"], client.get("clientSecret", "")), timeout=10
    )


def verified(provider: str, token: str) -> dict[str, Any]:
    """The claims of a token, by the keys that the provider shows."""
    keys = requests.get(f"{provider}/.well-known/jwks.json", timeout=10).json()
    return dict(jwt.decode(token, KeySet.import_key_set(keys), algorithms=["RS256"]).claims)


def calls(authorizer: Authorizer, *tokens: str, scopes: tuple[str, ...] = ()) -> list[int]:
    """What a data plane answers to calls with these tokens, where the authorizer guards a method with these scopes."""
    kind = "JWT" if authorizer.type == "JWT" else "COGNITO_USER_POOLS"

    async def call() -> list[int]:
        async with GatewayHarness(SystemClock()) as gateway:  # type: ignore[arg-type]
            method = guarded(
                "/pets", mock(), authorization_type=kind, authorizer_id=authorizer.id, authorization_scopes=scopes
            )
            gateway.serve(rest_api(method, authorizer))
            return [(await gateway.get("/prod/pets", authorization=f"Bearer {token}")).status for token in tokens]

    return asyncio.run(call())


def jwt_authorizer(caller: Caller, issuer: str, *audiences: str) -> Authorizer:
    """A JWT authorizer as the control plane makes it."""
    api = registry.call(caller, "apigateway", "CreateRestApi", {"name": "pets"})["id"]
    configuration = {"issuers": [{"issuer": issuer, "audiences": list(audiences)}], "defaultAlgorithms": ["RS256"]}
    request = {
        "restApiId": api,
        "name": "tokens",
        "type": "JWT",
        "identitySource": "method.request.header.Authorization",
        "jwtConfiguration": configuration,
    }
    made = registry.call(caller, "apigateway", "CreateAuthorizer", request)
    assert made["jwtConfiguration"]["issuers"][0]["jwksUri"] == f"{issuer}/.well-known/jwks.json"
    return authorizer_document(rows.Authorizer.objects.get(authorizer_id=made["id"]))


def pool_authorizer(caller: Caller) -> Authorizer:
    """A user pool that stands for the account's own issuer."""
    api = registry.call(caller, "apigateway", "CreateRestApi", {"name": "pets"})["id"]
    request = {
        "restApiId": api,
        "name": "pool",
        "type": "COGNITO_USER_POOLS",
        "identitySource": "method.request.header.Authorization",
        "providerARNs": [ours(caller, "GetOidcIssuer")["userPoolArn"]],
    }
    made = registry.call(caller, "apigateway", "CreateAuthorizer", request)
    return authorizer_document(rows.Authorizer.objects.get(authorizer_id=made["id"]))


def test_the_discovery_document_names_this_issuer_and_what_there_is(provider: str, caller: Caller) -> None:
    document = requests.get(f"{provider}/.well-known/openid-configuration", timeout=10).json()

    assert document["issuer"] == ours(caller, "GetOidcIssuer")["issuer"] == provider
    keys = requests.get(document["jwks_uri"], timeout=10).json()["keys"]
    assert [set(key) for key in keys] == [{"kty", "n", "e", "kid", "use", "alg"}]
    for address in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint"):
        assert requests.get(document[address], timeout=10, allow_redirects=False).status_code in (302, 400, 401, 405)


def test_a_data_plane_gets_the_keys_where_it_reaches_the_portal(
    live_portal: str, provider: str, caller: Caller, settings: Any
) -> None:
    """The public address leads nowhere from here, and private back ends are off."""
    public = replace(settings.ENVIRONMENT, public_portal_url="https://gate.example.com", allow_private_backends=False)
    settings.ENVIRONMENT = replace(public, internal_portal_url=live_portal)
    client = machine(caller)
    token = ask(provider, client).json()["access_token"]
    issuer = ours(caller, "GetOidcIssuer")["issuer"]
    authorizer = jwt_authorizer(caller, issuer, client["clientId"])
    row = rows.Authorizer.objects.get(authorizer_id=authorizer.id)

    answer = registry.call(
        caller,
        "apigateway",
        "TestInvokeAuthorizer",
        {"restApiId": row.rest_api_id, "authorizerId": authorizer.id, "headers": {"Authorization": token}},
    )

    assert (answer["clientStatus"], answer["claims"]["iss"]) == (0, "https://gate.example.com/oidc/123456789012")


def test_an_account_that_is_not_there_has_no_issuer(provider: str) -> None:
    elsewhere = provider.replace(provider[-12:], "999999999999")

    for path in (".well-known/openid-configuration", ".well-known/jwks.json"):
        assert requests.get(f"{elsewhere}/{path}", timeout=10).status_code == 404


def test_a_machine_gets_a_token_that_opens_methods_of_jwt_authorizers_and_of_pools(
    provider: str, caller: Caller
) -> None:
    client = machine(caller)

    answer = ask(provider, client, scope="pets/read")

    token = answer.json()["access_token"]
    claims = verified(provider, token)
    assert (claims["iss"], claims["sub"], claims["aud"]) == (provider, client["clientId"], [client["clientId"]])
    assert (claims["scope"], claims["token_use"], claims["exp"] - claims["iat"]) == ("pets/read", "access", 3600)
    authorizer, pool = jwt_authorizer(caller, provider, client["clientId"]), pool_authorizer(caller)
    assert calls(authorizer, token, token[:-4] + "AAAA") == [200, 401]
    assert calls(authorizer, token, scopes=("pets/write",)) == [403]
    assert calls(pool, token, scopes=("pets/read",)) == [200]
    assert calls(pool, token) == [401]


def test_without_asking_for_scopes_a_machine_has_all_of_its_own(provider: str, caller: Caller) -> None:
    assert ask(provider, machine(caller)).json()["scope"] == "pets/read pets/write"


def test_audiences_are_those_that_the_client_was_made_with(provider: str, caller: Caller) -> None:
    token = ask(provider, machine(caller, audiences=["https://api.example.com"])).json()["access_token"]

    assert verified(provider, token)["aud"] == ["https://api.example.com"]


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"scope": "pets/delete"}, 400, "invalid_scope"),
        ({"grant_type": "password", "username": "ada", "password": PASSWORD}, 400, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "x", "redirect_uri": BACK}, 400, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, 400, "invalid_grant"),
        ({"grant_type": "none"}, 400, "unsupported_grant_type"),
    ],
)
def test_what_a_client_was_not_made_for_it_does_not_get(
    provider: str, caller: Caller, form: dict[str, str], status: int, error: str
) -> None:
    answer = ask(provider, machine(caller), **form)

    assert answer.status_code == status
    assert "access_token" not in answer.json()
    assert answer.json()["error"] in (error, "unauthorized_client")


def test_a_wrong_secret_and_another_accounts_client_get_nothing(provider: str, caller: Caller) -> None:
    client = machine(caller)
    other = Account.objects.create(id="222222222222", name="Others")
    theirs = machine(replace(caller, account_id=other.id))

    for wrong in ({**client, "clientSecret": "x"}, {**client, "clientId": "x"}, theirs):
        answer = ask(provider, wrong)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert ask(provider.replace(provider[-12:], other.id), theirs).status_code == 200


def test_secrets_and_tokens_are_not_kept_as_they_are(provider: str, caller: Caller) -> None:
    client = machine(caller)
    token = ask(provider, client).json()["access_token"]

    row = OAuthClient.objects.get()
    assert client["clientSecret"] not in json.dumps(list(OAuthClient.objects.values()), default=str)
    assert row.client_secret.startswith("pbkdf2_sha256_random$")
    from oauth2_provider.models import AccessToken

    assert token not in json.dumps(list(AccessToken.objects.values()), default=str)
    key = SigningKey.objects.get()
    assert repr(key.private_key) == "***"
    assert client["clientSecret"] not in json.dumps(list(AuditEvent.objects.values("request")))


def test_a_rotated_secret_is_the_only_one(provider: str, caller: Caller) -> None:
    client = machine(caller)

    fresh = ours(caller, "RotateOAuthClientSecret", clientId=client["clientId"])

    assert ask(provider, client).status_code == 401
    assert ask(provider, fresh).status_code == 200


def test_a_deleted_client_gets_no_more_tokens(provider: str, caller: Caller) -> None:
    client = machine(caller)
    ours(caller, "DeleteOAuthClient", clientId=client["clientId"])

    assert ask(provider, client).status_code == 401
    assert ours(caller, "ListOAuthClients")["items"] == []


def test_a_new_key_signs_while_the_one_before_is_shown(provider: str, caller: Caller) -> None:
    client = machine(caller)
    before = ask(provider, client).json()["access_token"]

    rotated = ours(caller, "RotateOidcSigningKey")
    after = ask(provider, client).json()["access_token"]

    assert len(rotated["keyIds"]) == 2
    kids = [json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))["kid"] for token in (before, after)]
    assert kids == [rotated["keyIds"][1], rotated["keyIds"][0]]
    assert calls(jwt_authorizer(caller, provider, client["clientId"]), before, after) == [200, 200]
    with time_machine.travel(timezone.now() + timedelta(hours=3)):
        assert ours(caller, "GetOidcIssuer")["keyIds"] == rotated["keyIds"][:1]


# For people -----------------------------------------------------------------------------------------------------------


def consent(provider: str, ada: Client, client: dict[str, Any], **query: str | None) -> Any:
    """The page that asks whether a client may act."""
    asked = {
        "response_type": "code",
        "client_id": client["clientId"],
        "redirect_uri": BACK,
        "scope": "openid pets/read",
        "state": "s",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **query,
    }
    return ada.get(urlsplit(provider).path + "/authorize", {name: value for name, value in asked.items() if value})


def decide(page: Any, ada: Client, provider: str, *, allow: bool) -> Any:
    """Press one of the page's buttons."""
    text = page.content.decode()
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)"(?: value="([^"]*)")?', text))
    fields.pop("csrfmiddlewaretoken", None)
    if allow:
        fields["allow"] = "True"
    return ada.post(urlsplit(provider).path + "/authorize", fields)


@pytest.fixture
def ada(provider: str) -> User:
    return person("ada@example.com")


def test_a_person_lets_a_program_act_and_its_tokens_open_methods(provider: str, caller: Caller, ada: User) -> None:
    client, window = program(caller, clientType="public"), browser(ada)
    page = consent(provider, window, client)
    assert "pets/read" in page.content.decode()
    assert "https://app.example.com" in page.headers["content-security-policy"]

    answer = parse_qs(urlsplit(decide(page, window, provider, allow=True)["location"]).query)
    assert answer["state"] == ["s"]
    form = {
        "grant_type": "authorization_code", "code": answer["code"][0], "redirect_uri": BACK,
        "client_id": client["clientId"], "code_verifier": VERIFIER,
    }  # fmt: skip
    tokens = requests.post(f"{provider}/token", data=form, timeout=10).json()

    identity = verified(provider, tokens["id_token"])
    assert (identity["iss"], identity["aud"], identity["token_use"]) == (provider, client["clientId"], "id")
    assert identity["sub"] == str(ada.pk)
    pool, authorizer = pool_authorizer(caller), jwt_authorizer(caller, provider, client["clientId"])
    assert calls(pool, tokens["id_token"], tokens["access_token"]) == [200, 401]
    assert calls(pool, tokens["access_token"], tokens["id_token"], scopes=("pets/read",)) == [200, 401]
    assert calls(authorizer, tokens["access_token"]) == [200]
    assert requests.post(f"{provider}/token", data=form, timeout=10).status_code == 400
    known = requests.get(
        f"{provider}/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"}, timeout=10
    )
    assert known.json()["sub"] == str(ada.pk)
    refreshed = requests.post(
        f"{provider}/token",
        data={"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": client["clientId"]},
        timeout=10,
    )
    assert calls(authorizer, refreshed.json()["access_token"]) == [200]


def test_a_code_is_nothing_without_its_verifier(provider: str, caller: Caller, ada: User) -> None:
    client, window = program(caller), browser(ada)
    code = parse_qs(urlsplit(decide(consent(provider, window, client), window, provider, allow=True)["location"]).query)

    answer = ask(
        provider,
        client,
        grant_type="authorization_code",
        code=code["code"][0],
        redirect_uri=BACK,
        code_verifier="w" * 64,
    )

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_person_can_refuse(provider: str, caller: Caller, ada: User) -> None:
    window = browser(ada)

    answer = decide(consent(provider, window, program(caller)), window, provider, allow=False)

    assert parse_qs(urlsplit(answer["location"]).query)["error"] == ["access_denied"]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"scope": "openid pets/write"}, "invalid_scope"),
        ({"response_type": "token"}, "unauthorized_client"),
    ],
)
def test_a_program_is_told_what_it_may_not_ask(
    provider: str, caller: Caller, ada: User, query: dict[str, str | None], error: str
) -> None:
    answer = consent(provider, browser(ada), program(caller), **query)

    assert answer.status_code == 302
    assert f"error={error}" in answer["location"]


def test_nobody_is_sent_to_an_address_that_is_not_the_clients(provider: str, caller: Caller, ada: User) -> None:
    window, client = browser(ada), program(caller)

    for query in ({"redirect_uri": "https://evil.example.com/back"}, {"client_id": "nobody"}):
        answer = consent(provider, window, client, **query)
        assert answer.status_code in (400, 401)
        assert "This request cannot be answered" in answer.content.decode()

    page = consent(provider, window, client)
    path = urlsplit(provider).path + "/authorize"
    form = {"client_id": client["clientId"], "response_type": "code", "redirect_uri": "https://evil.example.com/"}
    assert page.status_code == 200
    assert window.post(path, {**form, "allow": "True", "scope": "openid"}).status_code == 404


def test_who_is_not_signed_in_signs_in_first(provider: str, caller: Caller) -> None:
    answer = consent(provider, Client(), program(caller))

    assert answer.status_code == 302
    assert answer["location"].startswith("/sign-in/?next=")


# Operations ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "members",
    [
        {"name": " "},
        {"grantType": "implicit"},
        {"clientType": "odd"},
        {"scopes": ["two words"]},
        {"scopes": ["a", "a"]},
        {"scopes": ["openid"]},
        {"redirectUris": [BACK]},
        {"audiences": [""]},
        {"grantType": "authorization_code"},
        {"grantType": "authorization_code", "redirectUris": ["http://app.example.com"]},
        {"grantType": "authorization_code", "redirectUris": ["https://app.example.com/#x"]},
        {"grantType": "authorization_code", "redirectUris": ["https://*.example.com/"]},
        {"grantType": "authorization_code", "redirectUris": ["javascript:alert(1)"]},
        {"clientType": "public"},
    ],
)
def test_what_is_no_client_is_refused(caller: Caller, members: dict[str, Any]) -> None:
    with pytest.raises(BadRequestException):
        machine(caller, **members)


def test_a_client_of_another_account_is_unknown(caller: Caller) -> None:
    other = replace(caller, account_id=Account.objects.create(id="222222222222", name="Others").id)
    theirs = machine(other)["clientId"]

    assert ours(caller, "ListOAuthClients")["items"] == []
    for name in ("DeleteOAuthClient", "RotateOAuthClientSecret"):
        with pytest.raises(NotFoundException):
            ours(caller, name, clientId=theirs)


def test_only_owners_rotate_the_keys(caller: Caller) -> None:
    with pytest.raises(AccessDeniedException):
        ours(replace(caller, role="editor"), "RotateOidcSigningKey")
