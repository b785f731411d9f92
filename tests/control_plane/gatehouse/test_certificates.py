"""Certificates of custom domain names: brought, made, renewed, and what the data plane is told of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings

from apps.accounts.models import AuditEvent
from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError, BadRequestException, ConflictException, NotFoundException
from apps.core import documents
from apps.core.documents import DomainDocument
from apps.core.secrets import DocumentSeal
from apps.deployments.models import ConfigurationSection
from apps.domain_names.models import Certificate
from tests.builders import a_caller, call, ours

HOST = "api.example.com"
Shape = dict[str, Any]


def pem(issued: trustme.LeafCert) -> Shape:
    first, *rest = (blob.bytes().decode() for blob in issued.cert_chain_pems)
    return {
        "certificateBody": first,
        "certificateChain": "".join(rest) or first,
        "certificatePrivateKey": issued.private_key_pem.bytes().decode(),
    }


def imported(caller: Caller, *names: str, **members: Any) -> Shape:
    return ours(caller, "ImportCertificate", **pem(trustme.CA().issue_cert(*(names or (HOST,)))), **members)


def published(name: str = HOST, region: str = "us-east-1") -> DomainDocument:
    document = documents.decode(
        ConfigurationSection.objects.get(name=documents.domain_section(region, name)).document.body
    )
    assert isinstance(document, DomainDocument)
    return document


def a_name(caller: Caller, arn: str, **members: Any) -> Shape:
    return call(
        caller,
        "CreateDomainName",
        **{
            "domainName": HOST,
            "regionalCertificateArn": arn,
            "endpointConfiguration": {"types": ["REGIONAL"]},
            **members,
        },
    )


def test_a_certificate_is_brought_read_and_deleted(caller: Caller) -> None:
    made = imported(caller, HOST, "*.example.com")

    assert made["certificateArn"].startswith("arn:aws:acm:us-east-1:123456789012:certificate/")
    assert (made["domainNames"], made["usedBy"], made["warnings"]) == ([HOST, "*.example.com"], [], [])
    assert (made["keyAlgorithm"], made["selfSigned"]) == ("EC_prime256v1", False)
    assert "certificatePrivateKey" not in made
    assert ours(caller, "ListCertificates")["items"] == [made]
    ours(caller, "DeleteCertificate", certificateArn=made["certificateArn"])
    with pytest.raises(NotFoundException):
        ours(caller, "GetCertificate", certificateArn=made["certificateArn"])


def test_names_show_it_with_its_key_sealed_for_them(caller: Caller) -> None:
    made = imported(caller)

    a_name(caller, made["certificateArn"], securityPolicy="TLS_1_2")

    document = published()
    assert document.certificate is not None
    assert document.certificate.certificate.startswith(made["certificateBody"])
    assert "PRIVATE KEY" not in document.certificate.private_key
    seal = DocumentSeal(settings.DOCUMENT_SECRETS_KEY)
    key = seal.open(document.certificate.private_key, documents.domain_section("us-east-1", HOST))
    assert key == Certificate.objects.get().private_key


def test_renewing_it_tells_every_name_that_shows_it(caller: Caller) -> None:
    arn = imported(caller)["certificateArn"]
    a_name(caller, arn)

    renewed = imported(caller, certificateArn=arn)

    document = published()
    assert document.certificate is not None
    assert document.certificate.certificate.startswith(renewed["certificateBody"])
    assert (renewed["certificateArn"], renewed["usedBy"]) == (arn, [HOST])
    with pytest.raises(ConflictException, match=f"in use by {HOST}"):
        ours(caller, "DeleteCertificate", certificateArn=arn)


def test_a_name_of_v2_shows_it_too(caller: Caller) -> None:
    arn = imported(caller)["certificateArn"]

    registry.call(
        caller,
        "apigatewayv2",
        "CreateDomainName",
        {"DomainName": HOST, "DomainNameConfigurations": [{"CertificateArn": arn}]},
    )

    assert published().certificate is not None


def test_a_certificate_that_is_handed_over_with_the_name_is_shown(caller: Caller) -> None:
    given = pem(trustme.CA().issue_cert(HOST))

    call(caller, "CreateDomainName", domainName=HOST, certificateName="mine", **given)

    document = published()
    assert document.certificate is not None
    assert document.certificate.certificate.startswith(given["certificateBody"])


def test_a_certificate_that_is_not_here_is_shown_by_nobody(caller: Caller) -> None:
    a_name(caller, "arn:aws:acm:us-east-1:123456789012:certificate/elsewhere")

    assert published().certificate is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"certificateBody": "no PEM"}, "must be PEM-encoded"),
        ({"certificatePrivateKey": "no PEM"}, "must be PEM-encoded"),
        ({"certificateChain": "no PEM"}, "must be PEM-encoded"),
        ({"certificatePrivateKey": pem(trustme.CA().issue_cert(HOST))["certificatePrivateKey"]}, "do not belong"),
    ],
)
def test_what_is_no_certificate_with_its_key_is_refused(caller: Caller, change: Shape, message: str) -> None:
    with pytest.raises(BadRequestException, match=message):
        ours(caller, "ImportCertificate", **{**pem(trustme.CA().issue_cert(HOST)), **change})


def test_a_weak_key_is_refused(caller: Caller) -> None:
    key = rsa.generate_private_key(65537, 1024)
    name = x509.Name([])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    from cryptography.hazmat.primitives import hashes

    body = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    with pytest.raises(BadRequestException, match="must be RSA of 2048"):
        ours(caller, "ImportCertificate", certificateBody=body, certificatePrivateKey=text)


def test_one_is_made_for_development(caller: Caller) -> None:
    made = ours(caller, "GenerateCertificate", domainNames=["API.example.com", "*.example.com"])

    assert (made["domainNames"], made["selfSigned"]) == (["api.example.com", "*.example.com"], True)
    assert 360 < (made["expirationDate"] - datetime.now(UTC)).days < 398


@pytest.mark.parametrize("names", [[], ["no host"], ["a.*.b"], [""], ["x"] * 101])
def test_one_for_no_host_is_refused(caller: Caller, names: list[str]) -> None:
    with pytest.raises(BadRequestException):
        ours(caller, "GenerateCertificate", domainNames=names)


def test_the_end_of_a_certificate_is_warned_about(caller: Caller) -> None:
    made = ours(caller, "GenerateCertificate", domainNames=[HOST])
    told = []
    for days in (300, 380, 400):
        with time_machine.travel(datetime.now(UTC) + timedelta(days=days), tick=False):
            told.append(ours(caller, "GetCertificate", certificateArn=made["certificateArn"])["warnings"])

    assert told[0] == []
    assert "expires on" in told[1][0]
    assert "expired on" in told[2][0]


def test_private_keys_stay_out_of_the_audit_log(caller: Caller) -> None:
    imported(caller)

    (event,) = AuditEvent.objects.filter(operation="ImportCertificate")
    assert "PRIVATE KEY" not in str((event.request, event.before, event.after))


def test_others_certificates_are_unknown(caller: Caller, account: object) -> None:
    from apps.accounts.models import Account

    Account.objects.create(pk="210987654321", name="Others")
    arn = imported(caller)["certificateArn"]
    stranger = a_caller(account_id="210987654321")

    for operation in ("GetCertificate", "DeleteCertificate"):
        with pytest.raises(NotFoundException):
            ours(stranger, operation, certificateArn=arn)
    with pytest.raises(AwsError):
        imported(stranger, certificateArn=arn)
