"""Certificates and custom domain names with them, as the data plane is told of them."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from typing import Any

import trustme

from apps.core.documents import DomainDocument, ServerCertificate, domain_section
from apps.core.environment import read_environment
from apps.core.secrets import DocumentSeal
from tests.gateway_runtime.plane.builders import API, REGION, domain
from tests.gateway_runtime.plane.sockets import replace_struct
from tests.gateway_runtime.plane.worker import _MASTER_SECRET

SEAL = DocumentSeal(read_environment({"GATEHOUSE_SECRET_KEY": _MASTER_SECRET}).derived_key("document-secrets"))


def certified(name: str, authority: trustme.CA, seal: DocumentSeal = SEAL, **members: Any) -> DomainDocument:
    """A name that leads to the API of these tests, with a certificate for it that the authority has issued."""
    issued = authority.issue_cert(name)
    shown = ServerCertificate(
        certificate=b"".join(blob.bytes() for blob in issued.cert_chain_pems).decode(),
        private_key=seal.seal(issued.private_key_pem.bytes().decode(), domain_section(REGION, name)),
    )
    return replace_struct(domain(name, ("", API, "prod")), certificate=shown, **members)


def pem_of(authority: trustme.CA) -> str:
    return authority.cert_pem.bytes().decode()


def trusting(authority: trustme.CA, shows: trustme.LeafCert | None = None) -> ssl.SSLContext:
    """What a client needs that trusts an authority, and perhaps shows a certificate of its own."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    if shows is not None:
        shows.configure_cert(context)
    return context


def expired(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert(
        "late@example.com", not_before=datetime(2020, 1, 1, tzinfo=UTC), not_after=datetime(2021, 1, 1, tzinfo=UTC)
    )
