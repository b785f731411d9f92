"""JWT authorizers and user pools: whose tokens open a method, and which ones nobody believes."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import RSAKey

from apps.core.documents import Authorizer, ClaimRule, TokenIssuer
from gateway_runtime.authorizers.json_web_token import InvalidToken, read_token
from gateway_runtime.authorizers.signing_keys import NoKeySet, read_key_set
from tests.gateway_runtime.plane.authorizers import guarded
from tests.gateway_runtime.plane.builders import mock, rest_api
from tests.gateway_runtime.plane.harness import Answer, FakeClock, GatewayHarness
from tests.issuer import Issuer, ec_key, public, rsa_key, sign

NOW = 1_700_000_000
SUBJECT = '{"sub":"$context.authorizer.claims.sub","exp":"$context.authorizer.claims.exp"}'


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with Issuer() as made:
        yield made


def jwt(issuer: Issuer, *more: TokenIssuer, algorithms: tuple[str, ...] = ("RS256",), **members: Any) -> Authorizer:
    """A JWT authorizer for the audience `pets`; members that an issuer has are the issuer's."""
    members.setdefault("audiences", ("pets",))
    own = TokenIssuer(issuer=issuer.url, jwks_uri=f"{issuer.url}/keys", **members)
    return Authorizer(
        id="auth01",
        name="tokens",
        type="JWT",
        identity_sources=("method.request.header.Authorization",),
        issuers=(own, *more),
        algorithms=algorithms,
    )


def pool(issuer: Issuer, **members: Any) -> Authorizer:
    return Authorizer(
        **{
            "id": "auth01",
            "name": "pool",
            "type": "COGNITO_USER_POOLS",
            "identity_sources": ("method.request.header.Authorization",),
            "issuers": (TokenIssuer(issuer=issuer.url),),
            "algorithms": ("RS256",),
            **members,
        }
    )


def served(gateway: GatewayHarness, authorizer: Authorizer, *scopes: str, kind: str = "JWT") -> None:
    method = guarded(integration=mock(body=SUBJECT), authorization_type=kind, authorization_scopes=scopes)
    gateway.serve(rest_api(method, authorizer))


async def shown(gateway: GatewayHarness, token: str) -> Answer:
    return await gateway.get("/prod/pets", authorization=token)


async def told(gateway: GatewayHarness, token: str) -> tuple[int, Any]:
    answer = await shown(gateway, token)
    return answer.status, answer.json().get("message", answer.json())


REFUSED = (401, "Unauthorized")


@pytest.mark.parametrize("before", ["", "Bearer ", "bearer ", "BEARER  "])
async def test_a_good_token_opens_the_method_and_shows_its_claims(
    gateway: GatewayHarness, issuer: Issuer, before: str
) -> None:
    served(gateway, jwt(issuer))

    answer = await shown(gateway, before + issuer.token(now=NOW))

    assert (answer.status, answer.json()) == (200, {"sub": "alice", "exp": str(NOW + 300)})


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"])
async def test_every_algorithm_of_the_list_opens_only_where_it_is_accepted(
    gateway: GatewayHarness, issuer: Issuer, algorithm: str
) -> None:
    key = ec_key(algorithm) if algorithm.startswith("ES") else rsa_key()
    issuer.publish(k1=key)
    token = issuer.token(key, alg=algorithm, now=NOW)

    served(gateway, jwt(issuer, algorithms=(algorithm,)))
    assert (await shown(gateway, token)).status == 200

    served(gateway, jwt(issuer, algorithms=("RS256",) if algorithm != "RS256" else ("ES256",)))
    assert await told(gateway, token) == REFUSED


async def test_without_a_token_nobody_gets_in(gateway: GatewayHarness, issuer: Issuer) -> None:
    served(gateway, jwt(issuer))

    assert (await gateway.get("/prod/pets")).status == 401
    for empty in ("", "Bearer", "Bearer ", "Basic YTpi", "a.b.c", "..", "null"):
        assert await told(gateway, empty) == REFUSED


# Forged ---------------------------------------------------------------------------------------------------------------


def _part(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _none(issuer: Issuer, name: str = "none") -> str:
    return f"{_part({'alg': name, 'kid': 'k1'})}.{_part(issuer.claims(NOW))}."


def _confused(issuer: Issuer) -> str:
    """HS256, whose secret is what everybody knows: the public key as a text."""
    text = f"{_part({'alg': 'HS256', 'kid': 'k1'})}.{_part(issuer.claims(NOW))}"
    return f"{text}.{_part(hmac.digest(rsa_key().as_pem(private=False), text.encode(), 'sha256'))}"


def _swapped(issuer: Issuer) -> str:
    """The header and signature of a good token around claims of another."""
    head, _, signature = issuer.token(now=NOW).split(".")
    return f"{head}.{_part(issuer.claims(NOW, sub='root'))}.{signature}"


def _twice(issuer: Issuer) -> str:
    payload = json.dumps(issuer.claims(NOW, sub="alice"))[:-1] + ', "sub": "root"}'
    return sign(payload.encode(), rsa_key(), {"alg": "RS256", "kid": "k1"})


def _signed_by_hand(header: dict[str, Any], payload: bytes) -> str:
    """Headers that a library refuses to write, under a signature that holds."""
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.hashes import SHA256

    text = f"{_part(header)}.{_part(payload)}"
    signature = rsa_key().private_key.sign(text.encode(), padding.PKCS1v15(), SHA256())  # type: ignore[union-attr]
    return f"{text}.{_part(signature)}"


def _odd_kid(issuer: Issuer) -> str:
    return _signed_by_hand({"alg": "RS256", "kid": 1}, json.dumps(issuer.claims(NOW)).encode())


def _critical(issuer: Issuer) -> str:
    header = {"alg": "RS256", "kid": "k1", "crit": ["exp"], "exp": NOW + 300}
    return _signed_by_hand(header, json.dumps(issuer.claims(NOW)).encode())


def _unencoded(issuer: Issuer) -> str:
    return _signed_by_hand({"alg": "RS256", "kid": "k1", "b64": False}, json.dumps(issuer.claims(NOW)).encode())


FORGED = {
    "alg none": _none,
    "alg None": lambda issuer: _none(issuer, "None"),
    "alg none with a signature": lambda issuer: _none(issuer) + issuer.token(now=NOW).split(".")[2],
    "HS256 with the public key as its secret": _confused,
    "another key under a known id": lambda issuer: issuer.token(rsa_key(1), now=NOW),
    "an id that is unknown": lambda issuer: issuer.token(kid="k9", now=NOW),
    "no id": lambda issuer: issuer.token(kid=None, now=NOW),
    "an id that is a number": _odd_kid,
    "claims exchanged": _swapped,
    "a claim twice": _twice,
    "a key of its own": lambda issuer: issuer.token(
        rsa_key(1), now=NOW, header={"jwk": rsa_key(1).as_dict(private=False)}
    ),
    "an extension that must be understood": _critical,
    "a payload that is not encoded": _unencoded,
    "another issuer": lambda issuer: issuer.token(now=NOW, iss="https://elsewhere.example.com"),
    "the issuer with a slash": lambda issuer: issuer.token(now=NOW, iss=f"{issuer.url}/"),
    "no issuer": lambda issuer: issuer.token(now=NOW, iss=None),
    "issuers in a list": lambda issuer: issuer.token(now=NOW, iss=[issuer.url]),
    "another audience": lambda issuer: issuer.token(now=NOW, aud="orders"),
    "no audience": lambda issuer: issuer.token(now=NOW, aud=None),
    "an empty list of audiences": lambda issuer: issuer.token(now=NOW, aud=[]),
    "an audience that is a number": lambda issuer: issuer.token(now=NOW, aud=["pets", 1]),
    "an audience that is an object": lambda issuer: issuer.token(now=NOW, aud={"pets": True}),
    "the client in place of the audience": lambda issuer: issuer.token(now=NOW, aud=None, client_id="pets"),
    "expired": lambda issuer: issuer.token(now=NOW, exp=NOW),
    "no expiry": lambda issuer: issuer.token(now=NOW, exp=None),
    "an expiry that is a text": lambda issuer: issuer.token(now=NOW, exp=str(NOW + 300)),
    "an expiry that is a truth value": lambda issuer: issuer.token(now=NOW, exp=True),
    "an endless expiry": lambda issuer: issuer.token(now=NOW, exp=10**400),
    "not yet valid": lambda issuer: issuer.token(now=NOW, nbf=NOW + 61),
    "a beginning that is a text": lambda issuer: issuer.token(now=NOW, nbf="now"),
    "issued in the future": lambda issuer: issuer.token(now=NOW, iat=NOW + 61),
    "larger than a token may be": lambda issuer: issuer.token(now=NOW, more="x" * 9000),
    "claims that are a list": lambda issuer: sign(b"[]", rsa_key(), {"alg": "RS256", "kid": "k1"}),
    "claims that are no JSON": lambda issuer: sign(b"{", rsa_key(), {"alg": "RS256", "kid": "k1"}),
    "claims that are deep": lambda issuer: sign(
        b'{"a":' * 900 + b"1" + b"}" * 900, rsa_key(), {"alg": "RS256", "kid": "k1"}
    ),
    "infinite claims": lambda issuer: sign(
        json.dumps(issuer.claims(NOW, exp=float("inf"))).encode(), rsa_key(), {"alg": "RS256", "kid": "k1"}
    ),
    "scopes that are numbers": lambda issuer: issuer.token(now=NOW, scope=[1]),
    "padding": lambda issuer: issuer.token(now=NOW) + "=",
    "a fourth part": lambda issuer: issuer.token(now=NOW) + ".x",
    "a line break": lambda issuer: issuer.token(now=NOW).replace(".", ".\t", 1),
}


@pytest.mark.parametrize("name", sorted(FORGED))
async def test_a_forged_token_convinces_nobody(gateway: GatewayHarness, issuer: Issuer, name: str) -> None:
    served(gateway, jwt(issuer))

    assert await told(gateway, FORGED[name](issuer)) == REFUSED


async def test_addresses_and_keys_that_a_token_brings_along_are_not_looked_at(
    gateway: GatewayHarness, issuer: Issuer
) -> None:
    served(gateway, jwt(issuer))
    header = {"jku": f"{issuer.url}/evil", "x5u": f"{issuer.url}/evil", "x5c": ["x" * 600], "typ": "at+jwt", "odd": 1}

    assert (await shown(gateway, issuer.token(now=NOW, header=header))).status == 200
    assert not [path for path in issuer.requests if "evil" in path]


async def test_times_have_a_minute_of_leeway_but_for_the_end(gateway: GatewayHarness, issuer: Issuer) -> None:
    served(gateway, jwt(issuer))

    assert (await shown(gateway, issuer.token(now=NOW, nbf=NOW + 60, iat=NOW + 60.0))).status == 200
    assert (await shown(gateway, issuer.token(now=NOW, exp=NOW + 0.5))).status == 200


async def test_one_of_several_audiences_is_enough(gateway: GatewayHarness, issuer: Issuer) -> None:
    served(gateway, jwt(issuer, audiences=("pets", "orders")))

    assert (await shown(gateway, issuer.token(now=NOW, aud=["bills", "orders"]))).status == 200


async def test_each_issuer_has_its_own_keys_and_audiences(gateway: GatewayHarness, issuer: Issuer) -> None:
    with Issuer() as other:
        other.publish(k1=rsa_key(1))
        second = TokenIssuer(issuer=other.url, jwks_uri=f"{other.url}/keys", audiences=("orders",))
        served(gateway, jwt(issuer, second))

        assert (await shown(gateway, issuer.token(now=NOW))).status == 200
        assert (await shown(gateway, other.token(rsa_key(1), now=NOW, aud="orders"))).status == 200
        assert await told(gateway, other.token(rsa_key(1), now=NOW, aud="pets")) == REFUSED
        assert await told(gateway, issuer.token(rsa_key(1), now=NOW)) == REFUSED


@pytest.mark.parametrize(
    ("rule", "claim", "status"),
    [
        (ClaimRule(name="tier"), None, 200),
        (ClaimRule(name="tier"), ["gold"], 401),
        (ClaimRule(name="tier", required=True), None, 401),
        (ClaimRule(name="tier", required=True), "any", 200),
        (ClaimRule(name="tier", expected="gold"), None, 200),
        (ClaimRule(name="tier", expected="gold"), "Gold", 401),
        (ClaimRule(name="tier", required=True, expected="gold"), "gold", 200),
        (ClaimRule(name="tier", required=True, expected="1"), 1, 401),
    ],
)
async def test_additional_claims_have_to_be_as_the_rules_say(
    gateway: GatewayHarness, issuer: Issuer, rule: ClaimRule, claim: Any, status: int
) -> None:
    served(gateway, jwt(issuer, claims=(rule,)))

    assert (await shown(gateway, issuer.token(now=NOW, tier=claim))).status == status


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"scope": "read write"}, 200),
        ({"scp": ["write"]}, 200),
        ({"scp": "write"}, 200),
        ({"scope": "read"}, 403),
        ({"scope": "rewrite"}, 403),
        ({"scope": ""}, 403),
        ({}, 403),
    ],
)
async def test_a_method_with_scopes_wants_one_of_them(
    gateway: GatewayHarness, issuer: Issuer, claims: dict[str, Any], status: int
) -> None:
    served(gateway, jwt(issuer), "write", "admin")

    assert (await shown(gateway, issuer.token(now=NOW, **claims))).status == status


# Keys ---------------------------------------------------------------------------------------------------------------------


async def test_a_new_key_is_looked_for_once_when_a_token_names_it(
    gateway: GatewayHarness, issuer: Issuer, clock: FakeClock
) -> None:
    served(gateway, jwt(issuer))
    assert (await shown(gateway, issuer.token(now=NOW))).status == 200
    clock.pass_seconds(10)

    issuer.publish(k1=rsa_key(), k2=rsa_key(1))
    assert (await shown(gateway, issuer.token(rsa_key(1), "k2", now=NOW))).status == 200

    asked = len(issuer.requests)
    for number in range(5):
        assert (await shown(gateway, issuer.token(kid=f"unknown{number}", now=NOW))).status == 401
    assert len(issuer.requests) == asked
    clock.pass_seconds(10)
    await asyncio.gather(*[shown(gateway, issuer.token(kid="unknown", now=NOW)) for _ in range(5)])
    assert len(issuer.requests) == asked + 1


async def test_a_token_whose_key_is_withdrawn_is_refused_once_that_is_known(
    gateway: GatewayHarness, issuer: Issuer, clock: FakeClock
) -> None:
    served(gateway, jwt(issuer))
    token = issuer.token(now=NOW, exp=NOW + 3600)
    assert (await shown(gateway, token)).status == 200

    issuer.publish(k2=rsa_key(1))
    clock.pass_seconds(300)
    statuses = [(await shown(gateway, issuer.token(rsa_key(1), "k2", now=NOW, exp=NOW + 3600))).status]
    statuses.append((await shown(gateway, token)).status)

    assert statuses == [200, 401]


async def test_while_the_issuer_is_away_its_keys_go_on_to_count(
    gateway: GatewayHarness, issuer: Issuer, clock: FakeClock
) -> None:
    served(gateway, jwt(issuer))
    assert (await shown(gateway, issuer.token(now=NOW))).status == 200
    issuer.status = 503

    clock.pass_seconds(3600)
    assert (await shown(gateway, issuer.token(now=NOW + 3600))).status == 200
    clock.pass_seconds(24 * 3600)
    assert (await shown(gateway, issuer.token(now=NOW + 25 * 3600))).status == 500


@pytest.mark.parametrize(
    "answer", [b"", b"{}", b"[]", b'{"keys":{}}', b'{"keys":[' + b" " * 150_000 + b"]}", b"\xff"], ids=range(6)
)
async def test_without_a_key_set_nobody_gets_in(gateway: GatewayHarness, issuer: Issuer, answer: bytes) -> None:
    issuer.documents["/keys"] = answer
    served(gateway, jwt(issuer))

    told = await shown(gateway, issuer.token(now=NOW))

    assert (told.status, told.header("x-amzn-errortype")) == (500, "AuthorizerConfigurationException")
    assert told.body == b'{"message":null}'


async def test_many_at_once_fetch_the_keys_once(gateway: GatewayHarness, issuer: Issuer) -> None:
    served(gateway, jwt(issuer))
    token = issuer.token(now=NOW)

    answers = await asyncio.gather(*[shown(gateway, token) for _ in range(10)])

    assert [answer.status for answer in answers] == [200] * 10
    assert issuer.requests == ["/keys"]


async def test_a_redirection_is_not_followed(gateway: GatewayHarness, issuer: Issuer) -> None:
    issuer.status = 302
    served(gateway, jwt(issuer))

    assert (await shown(gateway, issuer.token(now=NOW))).status == 500


def test_keys_for_other_uses_are_left_out() -> None:
    shown = [
        public(rsa_key(), "encrypts", use="enc"),
        public(rsa_key(), "signs", key_ops=["sign"]),
        public(rsa_key(), "odd", alg="PS256"),
        public(RSAKey.generate_key(1024, auto_kid=False), "small"),
        {**public(rsa_key(), "broken"), "n": "!"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"},
        {key: value for key, value in public(rsa_key(), "").items() if key != "kid"},
        "text",
        public(rsa_key(), "good", alg="RS512"),
    ]

    found = read_key_set(json.dumps({"keys": shown}).encode())

    assert len(found) == 1
    assert found.knows("good")


# What is remembered ------------------------------------------------------------------------------------------------------


async def test_a_verified_token_is_remembered_until_it_expires(
    gateway: GatewayHarness, issuer: Issuer, clock: FakeClock
) -> None:
    served(gateway, jwt(issuer))
    token = issuer.token(now=NOW)
    for _ in range(3):
        assert (await shown(gateway, token)).status == 200
    assert len(gateway.services.verified_tokens) == 1

    clock.pass_seconds(299)
    assert (await shown(gateway, token)).status == 200
    clock.pass_seconds(1)
    assert (await shown(gateway, token)).status == 401


async def test_what_one_authorizer_verified_is_nothing_to_another(gateway: GatewayHarness, issuer: Issuer) -> None:
    token = issuer.token(now=NOW)
    served(gateway, jwt(issuer))
    assert (await shown(gateway, token)).status == 200

    served(gateway, jwt(issuer, audiences=("orders",)))
    assert (await shown(gateway, token)).status == 401


# User pools --------------------------------------------------------------------------------------------------------------


async def test_a_pool_reads_id_tokens_without_scopes_and_access_tokens_with_them(
    gateway: GatewayHarness, issuer: Issuer
) -> None:
    identity = issuer.token(now=NOW, token_use="id")
    access = issuer.token(now=NOW, token_use="access", aud=None, client_id="app", scope="pets/read")

    served(gateway, pool(issuer), kind="COGNITO_USER_POOLS")
    assert (await shown(gateway, identity)).json() == {"sub": "alice", "exp": "Tue Nov 14 22:18:20 UTC 2023"}
    assert await told(gateway, access) == REFUSED

    served(gateway, pool(issuer), "pets/read", kind="COGNITO_USER_POOLS")
    assert (await shown(gateway, access)).status == 200
    assert await told(gateway, identity) == REFUSED
    assert await told(gateway, issuer.token(now=NOW, token_use="access", scope="pets/write")) == REFUSED
    assert issuer.requests[:2] == ["/.well-known/openid-configuration", "/keys"]


async def test_a_pool_tells_that_a_token_has_expired(gateway: GatewayHarness, issuer: Issuer) -> None:
    served(gateway, pool(issuer), kind="COGNITO_USER_POOLS")

    assert await told(gateway, issuer.token(now=NOW, exp=NOW - 1)) == (401, "The incoming token has expired")
    assert await told(gateway, issuer.token(rsa_key(1), now=NOW, exp=NOW - 1)) == REFUSED


async def test_the_expression_of_a_pool_says_which_clients_are_meant(gateway: GatewayHarness, issuer: Issuer) -> None:
    served(gateway, pool(issuer, identity_validation_expression="app-[0-9]+"), kind="COGNITO_USER_POOLS")

    assert (await shown(gateway, issuer.token(now=NOW, aud="app-7"))).status == 200
    assert await told(gateway, issuer.token(now=NOW, aud="xapp-7")) == REFUSED
    assert await told(gateway, issuer.token(now=NOW, aud=None)) == REFUSED


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://elsewhere.example.com", "jwks_uri": "http://127.0.0.1/keys"},
        {"issuer": None},
        {"jwks_uri": 7},
        b"no json",
    ],
    ids=range(4),
)
async def test_a_discovery_document_of_another_issuer_opens_nothing(
    gateway: GatewayHarness, issuer: Issuer, document: Any
) -> None:
    good = {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys"}
    issuer.documents["/.well-known/openid-configuration"] = (
        document if isinstance(document, bytes) else {**good, **document}
    )
    served(gateway, pool(issuer), kind="COGNITO_USER_POOLS")

    assert (await shown(gateway, issuer.token(now=NOW))).status == 500


@pytest.mark.parametrize(
    "members",
    [{"algorithms": ()}, {"algorithms": ("HS256",)}, {"issuers": ()}, {"identity_sources": ("context.path",)}],
)
async def test_an_authorizer_that_cannot_decide_opens_nothing(
    gateway: GatewayHarness, issuer: Issuer, members: dict[str, Any]
) -> None:
    served(gateway, pool(issuer, **members), kind="COGNITO_USER_POOLS")

    assert (await shown(gateway, issuer.token(now=NOW))).status == 500


# Any input ----------------------------------------------------------------------------------------------------------------


def refused(text: bytes) -> bool:
    """Whether a text is no token; any other failure fails the test."""
    try:
        read_token(text)
    except InvalidToken:
        return True
    return False


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(text: bytes) -> None:
    assert refused(text)


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from(["alg", "kid", "crit", "b64", "typ"]), _values), st.dictionaries(st.text(), _values)
)
def test_what_is_read_of_any_header_has_the_right_types(header: dict[str, Any], claims: dict[str, Any]) -> None:
    text = f"{_part(header)}.{_part({**claims, 'iss': 'i'})}.c2ln".encode()
    understood = isinstance(header.get("alg"), str) and isinstance(header.get("kid"), str)
    plain = "crit" not in header and header.get("b64", True) is True

    assert refused(text) or (understood and plain)


@given(st.binary(max_size=300) | _values.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_key_set_or_none(data: bytes) -> None:
    try:
        read_key_set(data)
    except NoKeySet:
        return


@given(st.dictionaries(st.sampled_from(["kty", "kid", "n", "e", "crv", "x", "y", "use", "alg", "key_ops"]), _values))
def test_any_key_of_a_set_is_used_or_left_out(entry: dict[str, Any]) -> None:
    assert len(read_key_set(json.dumps({"keys": [{"kty": "RSA", "kid": "k", **entry}]}).encode())) in (0, 1)
