"""Certificate Manager at the portal, asked by an unmodified boto3: certificates are brought there, and names of API Gateway show them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
import trustme
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.models import AccessKey, AuditEvent, Membership, Tag, User
from apps.control_plane.errors import AwsError
from apps.control_plane.wire.json_protocol import answer
from apps.control_plane.wire.messages import WireRequest
from apps.core import documents
from apps.core.documents import DomainDocument
from apps.core.sigv4 import SignedRequest
from apps.deployments.models import ConfigurationSection
from tests.conftest import ACCESS_KEY_ID

Aws = Callable[..., Any]
HOST = "api.example.com"
NOBODYS = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-4000-8000-000000000000"


def pem(*names: str) -> dict[str, Any]:
    issued = trustme.CA(organization_name="Tests").issue_cert(*(names or (HOST,)))
    first, *rest = (blob.bytes() for blob in issued.cert_chain_pems)
    chain = {"CertificateChain": b"".join(rest)} if rest else {}
    return {"Certificate": first, "PrivateKey": issued.private_key_pem.bytes(), **chain}


def imported(aws: Aws, *names: str, **members: Any) -> str:
    arn: str = aws("acm").import_certificate(**pem(*names), **members)["CertificateArn"]
    return arn


def an_rsa_certificate() -> dict[str, Any]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), 0x0A1B, now - timedelta(days=1), now + timedelta(days=9)
    )
    usage = x509.KeyUsage(True, False, True, False, False, False, False, False, False)
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), False).add_extension(usage, True)
    signed = made.sign(key, hashes.SHA256())
    return {
        "Certificate": signed.public_bytes(Encoding.PEM),
        "PrivateKey": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    }


def refused(call: Callable[..., Any], **request: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as found:
        call(**request)
    response = found.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def shown_at(name: str) -> str:
    document = documents.decode(
        ConfigurationSection.objects.get(name=documents.domain_section("us-east-1", name)).document.body
    )
    assert isinstance(document, DomainDocument)
    assert document.certificate is not None
    return document.certificate.certificate


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_name_shows_a_certificate_that_was_imported(aws: Aws, version: str) -> None:
    given = pem()
    arn = aws("acm").import_certificate(**given)["CertificateArn"]

    if version == "v1":
        regional = {"endpointConfiguration": {"types": ["REGIONAL"]}, "regionalCertificateArn": arn}
        made = aws("apigateway").create_domain_name(domainName=HOST, **regional)["domainNameArn"]
    else:
        configuration = [{"CertificateArn": arn, "EndpointType": "REGIONAL"}]
        names = aws("apigatewayv2")
        made = names.create_domain_name(DomainName=HOST, DomainNameConfigurations=configuration)["DomainNameArn"]

    assert shown_at(HOST).startswith(given["Certificate"].decode())
    assert aws("acm").describe_certificate(CertificateArn=arn)["Certificate"]["InUseBy"] == [made]
    assert refused(aws("acm").delete_certificate, CertificateArn=arn) == (400, "ResourceInUseException")


def test_a_certificate_that_is_imported_again_is_renewed(aws: Aws) -> None:
    arn = imported(aws)
    aws("apigatewayv2").create_domain_name(DomainName=HOST, DomainNameConfigurations=[{"CertificateArn": arn}])
    renewed = pem()

    again = aws("acm").import_certificate(**renewed, CertificateArn=arn)["CertificateArn"]

    assert again == arn
    assert shown_at(HOST).startswith(renewed["Certificate"].decode())
    tagged = [{"Key": "a", "Value": "b"}]
    found = refused(aws("acm").import_certificate, **renewed, CertificateArn=arn, Tags=tagged)
    assert found == (400, "InvalidParameterException")


def test_a_certificate_tells_what_it_says_of_itself(aws: Aws) -> None:
    arn = aws("acm").import_certificate(**an_rsa_certificate())["CertificateArn"]

    told = aws("acm").describe_certificate(CertificateArn=arn)["Certificate"]

    assert (told["DomainName"], told["SubjectAlternativeNames"], told["Status"]) == (HOST, [HOST], "ISSUED")
    assert (told["KeyAlgorithm"], told["SignatureAlgorithm"], told["Type"]) == ("RSA-2048", "SHA256WITHRSA", "IMPORTED")
    assert (told["Serial"], told["Subject"], told["Issuer"]) == ("0a:1b", f"CN={HOST}", HOST)
    assert told["KeyUsages"] == [{"Name": "DIGITAL_SIGNATURE"}, {"Name": "KEY_ENCIPHERMENT"}]
    assert told["NotBefore"] < told["ImportedAt"] < told["NotAfter"]
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=1)):
        assert aws("acm").list_certificates()["CertificateSummaryList"][0]["InUse"] is False


def test_a_certificate_is_read_without_its_key(aws: Aws) -> None:
    given = pem()
    arn = aws("acm").import_certificate(**given)["CertificateArn"]

    found = aws("acm").get_certificate(CertificateArn=arn)

    assert found["Certificate"] == given["Certificate"].decode()
    assert "PRIVATE" not in str(found)
    assert "PRIVATE" not in str(AuditEvent.objects.get(operation="ImportCertificate").request)


def test_certificates_are_listed_by_the_kind_of_their_keys_in_pages(aws: Aws) -> None:
    curves = [imported(aws) for _ in range(3)]
    plain = aws("acm").import_certificate(**an_rsa_certificate())["CertificateArn"]
    asked = {"Includes": {"keyTypes": ["EC_prime256v1"]}}

    pages = aws("acm").get_paginator("list_certificates").paginate(**asked, PaginationConfig={"PageSize": 2})
    by_page = [[item["CertificateArn"] for item in page["CertificateSummaryList"]] for page in pages]

    assert by_page == [curves[:2], curves[2:]]
    assert [item["CertificateArn"] for item in aws("acm").list_certificates()["CertificateSummaryList"]] == [plain]
    newest = aws("acm").list_certificates(**asked, SortBy="CREATED_AT", SortOrder="DESCENDING")
    assert [item["CertificateArn"] for item in newest["CertificateSummaryList"]] == curves[::-1]
    assert aws("acm").list_certificates(CertificateStatuses=["EXPIRED"])["CertificateSummaryList"] == []
    assert refused(aws("acm").list_certificates, NextToken="nonsense") == (400, "ValidationException")


def test_a_certificate_has_tags_until_it_is_deleted(aws: Aws) -> None:
    acm, arn = aws("acm"), imported(aws, Tags=[{"Key": "team", "Value": "pets"}])

    acm.add_tags_to_certificate(CertificateArn=arn, Tags=[{"Key": "stage", "Value": "prod"}, {"Key": "team"}])
    assert acm.list_tags_for_certificate(CertificateArn=arn)["Tags"] == [
        {"Key": "stage", "Value": "prod"},
        {"Key": "team", "Value": ""},
    ]
    acm.remove_tags_from_certificate(CertificateArn=arn, Tags=[{"Key": "stage", "Value": "test"}, {"Key": "team"}])
    assert [tag["Key"] for tag in acm.list_tags_for_certificate(CertificateArn=arn)["Tags"]] == ["stage"]
    many = [{"Key": f"k{number}"} for number in range(50)]
    assert refused(acm.add_tags_to_certificate, CertificateArn=arn, Tags=many) == (400, "TooManyTagsException")
    reserved = [{"Key": "aws:x"}]
    assert refused(acm.add_tags_to_certificate, CertificateArn=arn, Tags=reserved) == (400, "InvalidTagException")

    acm.delete_certificate(CertificateArn=arn)

    assert not Tag.objects.exists()
    assert refused(acm.describe_certificate, CertificateArn=arn) == (400, "ResourceNotFoundException")


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"Certificate": b"nonsense"}, "ValidationException"),
        ({"Certificate": b"\xff"}, "ValidationException"),
        ({"PrivateKey": trustme.CA().issue_cert(HOST).private_key_pem.bytes()}, "ValidationException"),
        ({"CertificateArn": NOBODYS}, "ResourceNotFoundException"),
        ({"CertificateArn": "arn:aws:acm:us-east-1:123456789012:nonsense"}, "InvalidArnException"),
    ],
)
def test_what_is_no_certificate_is_not_imported(aws: Aws, members: dict[str, Any], code: str) -> None:
    assert refused(aws("acm").import_certificate, **{**pem(), **members}) == (400, code)


def test_what_is_not_here_says_so_by_name(aws: Aws) -> None:
    filtered = {"Includes": {"exportOption": "ENABLED"}}

    assert refused(aws("acm").request_certificate, DomainName=HOST) == (501, "NotImplementedException")
    assert refused(aws("acm").list_certificates, **filtered) == (501, "NotImplementedException")


def test_who_only_reads_imports_nothing(aws: Aws, access_key: AccessKey) -> None:
    arn = imported(aws)
    user = User.objects.create(username="mira", email="mira@example.com")
    Membership.objects.create(user=user, account=access_key.account, role="viewer")
    AccessKey.objects.filter(pk=ACCESS_KEY_ID).update(user=user)

    assert refused(aws("acm").import_certificate, **pem()) == (403, "AccessDeniedException")
    assert aws("acm").describe_certificate(CertificateArn=arn)["Certificate"]["CertificateArn"] == arn


@given(st.binary(max_size=200), st.text(st.characters(codec="ascii"), max_size=60))
def test_whatever_is_sent_is_answered(body: bytes, target: str) -> None:
    def perform(name: str, shape: dict[str, Any]) -> dict[str, Any]:
        raise AwsError(name)

    for header in (target.encode(), b"CertificateManager.ImportCertificate"):
        request = WireRequest(SignedRequest("POST", b"/", b"", ((b"x-amz-target", header),), body), "127.0.0.1")
        assert 400 <= answer(request, perform).status < 500
