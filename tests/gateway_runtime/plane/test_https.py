"""HTTPS by real handshakes with real processes: certificates by name, their renewal, and callers who show their own."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
import trustme
from cryptography import x509
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from apps.core.documents import AnyDocument
from apps.core.self_signed import self_signed
from gateway_runtime.tls.contexts import load_certificate
from tests.gateway_runtime.plane.backend import Answer, Backend
from tests.gateway_runtime.plane.builders import API, RestApi, domain, get, http_proxy, mock, rest_api, stage
from tests.gateway_runtime.plane.certified import certified, expired, pem_of, trusting
from tests.gateway_runtime.plane.sockets import CHAT, chat, replace_struct
from tests.gateway_runtime.plane.worker import Caller, Product, Publisher, eventually, product

ONE, TWO, MUTUAL = "one.example.com", "two.example.net", "mutual.example.com"
TOLD = json.dumps(
    {
        "subject": "$context.identity.clientCert.subjectDN",
        "issuer": "$context.identity.clientCert.issuerDN",
        "serial": "$context.identity.clientCert.serialNumber",
        "from": "$context.identity.clientCert.validity.notBefore",
        "until": "$context.identity.clientCert.validity.notAfter",
        "domain": "$context.domainName",
        "tls": "$context.tlsVersion $context.cipherSuite",
    }
)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who issues the certificates of names."""
    return trustme.CA()


@pytest.fixture(scope="module")
def clients() -> trustme.CA:
    """Who issues the certificates of callers."""
    return trustme.CA(organization_name="Clients")


@asynccontextmanager
async def serving(valkey_url: str, *parts: RestApi | AnyDocument) -> AsyncIterator[tuple[Product, Publisher]]:
    client = redis.Redis.from_url(valkey_url)
    client.flushall()
    publisher = Publisher(client)
    publisher.publish(rest_api(get("/told", mock(200, TOLD)), stage("prod")), *parts)
    async with product(valkey_url) as plane:
        yield plane, publisher


async def answer(plane: Product, tls: ssl.SSLContext, name: str, host: str | None = None) -> tuple[int, bytes]:
    async with Caller(plane.https, tls, name) as caller:
        status, _, body = await caller.get("/told", host=host or name)
        return status, body


async def test_each_name_shows_its_own_certificate_and_others_the_gateways_own(
    valkey_url: str, authority: trustme.CA
) -> None:
    other = trustme.CA()
    names = certified(ONE, authority), certified("*.example.net", other)
    async with serving(valkey_url, *names) as (plane, _):
        own = ssl.create_default_context(cafile=plane.directory / "tls" / "own.pem")

        assert (await answer(plane, trusting(authority), ONE))[0] == 200
        assert (await answer(plane, trusting(other), TWO))[0] == 200
        with pytest.raises(ssl.SSLCertVerificationError):
            await answer(plane, trusting(authority), TWO)
        async with Caller(plane.https, own, f"{API}.execute-api.localhost") as caller:
            assert (await caller.get("/prod/told"))[0] == 200
        async with Caller(plane.https, own, "gateway.test") as caller:
            assert (await caller.get(f"/_aws/execute-api/{API}/prod/told", host="gateway.test"))[0] == 200


async def test_a_renewed_certificate_is_shown_within_a_second_and_breaks_no_connection(
    valkey_url: str, authority: trustme.CA
) -> None:
    async with serving(valkey_url, certified(ONE, authority)) as (plane, publisher):
        tls = trusting(authority)
        async with Caller(plane.https, tls, ONE) as caller:
            before = caller.shown
            assert (await caller.get("/told", host=ONE))[0] == 200
            changed_at = time.monotonic()
            publisher.publish(certified(ONE, authority))
            shown = before
            while shown == before:
                async with Caller(plane.https, tls, ONE) as another:
                    shown = another.shown

            assert time.monotonic() - changed_at < 1.0
            assert (await caller.get("/told", host=ONE))[0] == 200


async def test_a_bad_certificate_replaces_none(valkey_url: str, authority: trustme.CA) -> None:
    good = certified(ONE, authority)
    foreign = certified(TWO, authority)  # its key is sealed for another name
    async with serving(valkey_url, good) as (plane, publisher):
        publisher.publish(replace_struct(certified(ONE, authority), certificate=foreign.certificate))
        await eventually(lambda: "cannot be used" in plane.log())

        assert (await answer(plane, trusting(authority), ONE))[0] == 200


@pytest.mark.parametrize(
    ("policy", "versions"),
    [
        ("TLS_1_2", [True, True]),
        ("TLS_1_0", [True, True]),
        ("SecurityPolicy_TLS13_1_3_2025_09", [False, True]),
        ("SecurityPolicy_TLS13_1_2_2021_06", [True, True]),
    ],
)
async def test_a_security_policy_says_which_versions_are_spoken(
    valkey_url: str, authority: trustme.CA, policy: str, versions: list[bool]
) -> None:
    async with serving(valkey_url, certified(ONE, authority, security_policy=policy)) as (plane, _):
        spoken = []
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            tls = trusting(authority)
            tls.minimum_version = tls.maximum_version = version
            spoken.append(await succeeds(plane, tls, ONE))

        assert spoken == versions


async def succeeds(plane: Product, tls: ssl.SSLContext, name: str) -> bool:
    try:
        return (await answer(plane, tls, name))[0] == 200
    except (OSError, EOFError):
        return False


async def test_a_caller_who_shows_a_trusted_certificate_is_known_by_it(
    valkey_url: str, authority: trustme.CA, clients: trustme.CA
) -> None:
    issued = clients.issue_cert("anna@example.com", common_name="anna")
    name = certified(MUTUAL, authority, mutual_tls=True, trust_store=pem_of(clients))
    async with serving(valkey_url, name) as (plane, _):
        status, body = await answer(plane, trusting(authority, issued), MUTUAL)

    shown = x509.load_pem_x509_certificate(issued.cert_chain_pems[0].bytes())
    told = json.loads(body)
    assert (status, told["domain"]) == (200, MUTUAL)
    assert told["tls"].startswith("TLSv1.3 TLS_")
    assert told["subject"] == shown.subject.rfc4514_string()
    assert told["issuer"] == shown.issuer.rfc4514_string()
    assert int(told["serial"].replace(":", ""), 16) == shown.serial_number
    assert ssl.cert_time_to_seconds(told["from"]) == shown.not_valid_before_utc.timestamp()
    assert ssl.cert_time_to_seconds(told["until"]) == shown.not_valid_after_utc.timestamp()


async def test_a_caller_without_a_certificate_fails_the_handshake(
    valkey_url: str, authority: trustme.CA, clients: trustme.CA
) -> None:
    name = certified(MUTUAL, authority, mutual_tls=True, trust_store=pem_of(clients))
    async with serving(valkey_url, name, certified(ONE, authority)) as (plane, _):
        assert not await succeeds(plane, trusting(authority), MUTUAL)
        assert await succeeds(plane, trusting(authority), ONE)  # other names ask for none


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(
    "shows",
    [
        lambda tls, clients: trustme.CA(organization_name="Clients").issue_cert("anna@example.com").configure_cert(tls),
        lambda tls, clients: trustme.CA().create_child_ca().issue_cert("anna@example.com").configure_cert(tls),
        lambda tls, clients: expired(clients).configure_cert(tls),
        lambda tls, clients: load_certificate(tls, *self_signed(["anna"], datetime.now(UTC), timedelta(days=9))),
    ],
    ids=["of another authority", "of another chain", "expired", "self-signed"],
)
async def test_a_caller_with_a_certificate_that_is_not_trusted_is_forbidden(
    valkey_url: str,
    authority: trustme.CA,
    clients: trustme.CA,
    shows: Callable[[ssl.SSLContext, trustme.CA], None],
    version: ssl.TLSVersion,
) -> None:
    name = certified(MUTUAL, authority, mutual_tls=True, trust_store=pem_of(clients))
    async with serving(valkey_url, name) as (plane, _):
        tls = trusting(authority)
        shows(tls, clients)
        tls.minimum_version = tls.maximum_version = version
        refused = await answer(plane, tls, MUTUAL)
        known = trusting(authority, clients.issue_cert("anna@example.com"))
        known.minimum_version = known.maximum_version = version

        assert (refused[0], json.loads(refused[1])) == (403, {"message": "Forbidden"})
        assert (await answer(plane, known, MUTUAL))[0] == 200


async def test_nobody_passes_by_another_name_or_without_tls(
    valkey_url: str, authority: trustme.CA, clients: trustme.CA
) -> None:
    theirs = trustme.CA()
    names = (
        certified(MUTUAL, authority, mutual_tls=True, trust_store=pem_of(clients)),
        certified(TWO, authority, mutual_tls=True, trust_store=pem_of(theirs)),
        certified(ONE, authority),
    )
    async with serving(valkey_url, *names) as (plane, _):
        tls = trusting(authority, theirs.issue_cert("eve@example.com"))
        refused = [await answer(plane, tls, ONE, host=MUTUAL), await answer(plane, tls, TWO, host=MUTUAL)]
        async with Caller(plane.port) as caller:
            status, _, body = await caller.get("/told", host=MUTUAL)

        assert {status for status, _ in (*refused, (status, body))} == {403}
        assert json.loads(body) == {"message": "Forbidden"}


async def test_a_name_that_trusts_nobody_lets_nobody_in(valkey_url: str, authority: trustme.CA) -> None:
    async with serving(valkey_url, certified(MUTUAL, authority, mutual_tls=True)) as (plane, _):
        assert (await answer(plane, trusting(authority), MUTUAL))[0] == 403


async def test_a_caller_who_is_trusted_no_longer_is_let_go(
    valkey_url: str, authority: trustme.CA, clients: trustme.CA
) -> None:
    name = certified(MUTUAL, authority, mutual_tls=True, trust_store=pem_of(clients))
    async with serving(valkey_url, name) as (plane, publisher):
        tls = trusting(authority, clients.issue_cert("anna@example.com"))
        async with Caller(plane.https, tls, MUTUAL) as caller:
            assert (await caller.get("/told", host=MUTUAL))[0] == 200
            publisher.publish(replace_struct(name, trust_store=pem_of(trustme.CA())))

            assert await caller.closed(within=1.5)
        assert (await answer(plane, tls, MUTUAL))[0] == 403


async def test_websockets_ask_for_the_same(valkey_url: str, authority: trustme.CA, clients: trustme.CA) -> None:
    mutual = certified(MUTUAL, authority, mutual_tls=True, trust_store=pem_of(clients))
    leads = domain("", ("", CHAT, "prod")).mappings
    open_to_all = replace_struct(certified(ONE, authority), mappings=leads)
    async with serving(valkey_url, *chat(), replace_struct(mutual, mappings=leads), open_to_all) as (plane, _):
        known = trusting(authority, clients.issue_cert("anna@example.com"))
        options: dict[str, Any] = {"host": "127.0.0.1", "port": plane.https}

        async with connect_websocket(f"wss://{MUTUAL}/", ssl=known, **options) as socket:
            assert socket.response is not None
            assert socket.response.status_code == 101
        with pytest.raises((OSError, InvalidHandshake)):
            await connect_websocket(f"wss://{MUTUAL}/", ssl=trusting(authority), **options)
        with pytest.raises(InvalidStatus, match="403"):
            await connect_websocket(f"wss://{MUTUAL}/", ssl=trusting(authority), server_hostname=ONE, **options)


async def test_a_worker_that_drains_finishes_what_came_by_tls(valkey_url: str, authority: trustme.CA) -> None:
    """A request under way is answered, an idle connection ends, and a WebSocket is told to come back."""
    release = asyncio.Event()
    async with Backend() as backend:
        backend.answer = Answer(200, b"late", before=release.wait)
        leads = domain("", ("", CHAT, "prod")).mappings
        talks = replace_struct(certified(TWO, authority), mappings=leads)
        slow = rest_api(get("/slow", http_proxy(backend.url)), stage("prod"))
        async with serving(valkey_url, slow, *chat(), certified(ONE, authority), talks) as (plane, _):
            tls = trusting(authority)
            options: dict[str, Any] = {"host": "127.0.0.1", "port": plane.https}
            async with (
                connect_websocket(f"wss://{TWO}/", ssl=tls, **options) as socket,
                Caller(plane.https, tls, ONE) as busy,
                Caller(plane.https, tls, ONE) as idle,
            ):
                asked = asyncio.create_task(busy.get("/slow", host=ONE))
                while not backend.requests:
                    await asyncio.sleep(0)
                stopping = asyncio.create_task(asyncio.to_thread(plane.stop))

                assert await idle.closed(within=5)
                release.set()
                status, _, body = await asked
                with pytest.raises(ConnectionClosed):
                    await socket.recv()
                await stopping

    assert (status, body) == (200, b"late")
    assert socket.close_code == 1001
