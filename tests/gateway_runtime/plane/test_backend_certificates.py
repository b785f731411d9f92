"""Towards HTTPS back ends: the certificate that a stage shows, and whose certificates are believed."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from apps.client_certificates.issuing import Issued, issue
from apps.core.documents import ClientCertificate
from apps.core.secrets import DocumentSeal
from gateway_runtime.upstream.guard import tls_context
from gateway_runtime.upstream.origin import ClientIdentity, Origin
from tests.gateway_runtime.plane.backend import Backend
from tests.gateway_runtime.plane.builders import SECRET, get, http, http_proxy, rest_api, stage
from tests.gateway_runtime.plane.harness import GatewayHarness


@pytest.fixture(scope="module")
def shown() -> Issued:
    """What the stage shows."""
    return issue(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture(scope="module")
def tls(shown: Issued, tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A back end that talks only to whoever shows it."""
    server = issue(datetime.now(UTC).replace(microsecond=0))
    pem: Path = tmp_path_factory.mktemp("tls") / "server.pem"
    pem.write_text(server.certificate + server.private_key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=shown.certificate)
    return context


def certificate(issued: Issued, sealed_for: str = "abc123") -> ClientCertificate:
    key = DocumentSeal(SECRET).seal(issued.private_key, sealed_for)
    return ClientCertificate(id="abc123", certificate=issued.certificate, private_key=key)


async def test_a_stage_shows_its_certificate_to_https_back_ends(
    gateway: GatewayHarness, tls: ssl.SSLContext, shown: Issued
) -> None:
    async with Backend(tls) as backend:
        proxied = get("/proxy", http_proxy(backend.url, insecure_skip_verification=True))
        mapped = get("/mapped", http(backend.url, insecure_skip_verification=True))
        gateway.serve(rest_api(proxied, mapped, stage("prod", client_certificate=certificate(shown)), stage("bare")))

        assert (await gateway.get("/prod/proxy")).status == 200
        assert (await gateway.get("/prod/mapped")).status == 200
        assert (await gateway.get("/bare/proxy")).status in (502, 504)
        assert len(backend.requests) == 2


async def test_another_certificate_takes_the_place_of_the_one_before(
    gateway: GatewayHarness, tls: ssl.SSLContext, shown: Issued
) -> None:
    other = issue(datetime.now(UTC).replace(microsecond=0))
    async with Backend(tls) as backend:
        route = get("/proxy", http_proxy(backend.url, insecure_skip_verification=True))
        gateway.serve(rest_api(route, stage("prod", client_certificate=certificate(shown))))
        assert (await gateway.get("/prod/proxy")).status == 200

        gateway.serve(rest_api(route, stage("prod", client_certificate=certificate(other))))

        assert (await gateway.get("/prod/proxy")).status in (502, 504)


async def test_a_key_that_does_not_open_is_a_configuration_error(gateway: GatewayHarness, shown: Issued) -> None:
    wrong = certificate(shown, sealed_for="another")
    gateway.serve(rest_api(get("/proxy", http_proxy("https://127.0.0.1:9")), stage("prod", client_certificate=wrong)))

    assert (await gateway.get("/prod/proxy")).status == 500


async def test_a_certificate_that_nobody_vouches_for_is_not_believed(
    gateway: GatewayHarness, tls: ssl.SSLContext, shown: Issued
) -> None:
    async with Backend(tls) as backend:
        route = get("/proxy", http_proxy(backend.url))
        gateway.serve(rest_api(route, stage("prod", client_certificate=certificate(shown))))

        assert (await gateway.get("/prod/proxy")).status == 504
        assert backend.requests == []


def test_what_is_shown_never_prints_its_key_and_keeps_connections_apart(shown: Issued) -> None:
    mine = ClientIdentity(shown.certificate, shown.private_key)
    origin = Origin("https", "a.example", 443, identity=mine)

    assert "PRIVATE" not in repr(origin)
    assert origin == origin._replace(identity=ClientIdentity(shown.certificate, shown.private_key))
    assert origin != origin._replace(identity=None)
    assert tls_context(True, mine) is not tls_context(True)
