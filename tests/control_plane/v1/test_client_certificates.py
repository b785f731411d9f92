"""Client certificates: real ones, whose private key stays here."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.db import connection

from apps.client_certificates.models import ClientCertificate
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, NotFoundException
from apps.deployments.models import ConfigurationSection
from tests.builders import a_caller, a_rest_api, a_stage, call


def show_on(caller: Caller, api: str, certificate_id: str) -> dict[str, Any]:
    patch = {"op": "replace", "path": "/clientCertificateId", "value": certificate_id}
    return call(caller, "UpdateStage", restApiId=api, stageName="prod", patchOperations=[patch])


def test_a_certificate_is_valid_for_a_year_from_now(caller: Caller) -> None:
    shape = call(caller, "GenerateClientCertificate", description="for the shop")

    certificate = x509.load_pem_x509_certificate(shape["pemEncodedCertificate"].encode())
    assert certificate.not_valid_before_utc == shape["createdDate"]
    assert certificate.not_valid_after_utc == shape["expirationDate"] == shape["createdDate"] + timedelta(days=365)
    assert certificate.signature_hash_algorithm is not None
    certificate.verify_directly_issued_by(certificate)
    assert (len(shape["clientCertificateId"]), shape["description"]) == (6, "for the shop")


def test_the_private_key_belongs_to_it_and_is_sealed_at_rest(caller: Caller) -> None:
    shape = call(caller, "GenerateClientCertificate")

    row = ClientCertificate.objects.get()
    key = load_pem_private_key(row.private_key.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    certificate = x509.load_pem_x509_certificate(shape["pemEncodedCertificate"].encode())
    assert certificate.public_key() == key.public_key()
    with connection.cursor() as cursor:
        cursor.execute("SELECT private_key FROM client_certificates_clientcertificate")
        assert "PRIVATE KEY" not in cursor.fetchone()[0]
    assert "PRIVATE KEY" not in repr(shape)


def test_it_is_described_listed_tagged_and_deleted_over_the_wire(aws: Callable[..., Any]) -> None:
    client = aws()
    made = [client.generate_client_certificate(tags={"team": "shop"})["clientCertificateId"] for _ in range(2)]

    patch = [{"op": "replace", "path": "/description", "value": "new"}]
    assert client.update_client_certificate(clientCertificateId=made[0], patchOperations=patch)["description"] == "new"
    pages = client.get_paginator("get_client_certificates").paginate(PaginationConfig={"PageSize": 1})
    assert [item["clientCertificateId"] for page in pages for item in page["items"]] == made
    arn = f"arn:aws:apigateway:us-east-1::/clientcertificates/{made[0]}"
    assert client.get_tags(resourceArn=arn)["tags"] == {"team": "shop"}

    client.delete_client_certificate(clientCertificateId=made[0])
    with pytest.raises(client.exceptions.NotFoundException, match="Invalid Client Certificate identifier specified"):
        client.get_client_certificate(clientCertificateId=made[0])
    certificate = client.get_client_certificate(clientCertificateId=made[1])
    assert ssl.PEM_cert_to_DER_cert(certificate["pemEncodedCertificate"])


def test_one_that_a_stage_shows_is_not_deleted(caller: Caller) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)
    certificate = call(caller, "GenerateClientCertificate")["clientCertificateId"]
    show_on(caller, api, certificate)

    with pytest.raises(BadRequestException, match=rf"is referenced in \[{api}:prod\]"):
        call(caller, "DeleteClientCertificate", clientCertificateId=certificate)

    show_on(caller, api, "")
    call(caller, "DeleteClientCertificate", clientCertificateId=certificate)
    assert call(caller, "GetClientCertificates")["items"] == []


def test_a_stage_is_published_with_the_certificate_that_it_shows(caller: Caller) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)
    certificate = call(caller, "GenerateClientCertificate")["clientCertificateId"]

    show_on(caller, api, certificate)

    assert call(caller, "GetStage", restApiId=api, stageName="prod")["clientCertificateId"] == certificate
    published = ConfigurationSection.objects.get(name=f"stage/{api}/prod").document
    assert published is not None
    assert "BEGIN CERTIFICATE" in published.body
    assert "PRIVATE KEY" not in published.body


def test_a_stage_shows_only_certificates_of_its_account(caller: Caller) -> None:
    api = a_rest_api(caller)
    a_stage(caller, api)
    foreign = call(a_caller("222222222222"), "GenerateClientCertificate")["clientCertificateId"]

    for unknown in (foreign, "nosuch"):
        with pytest.raises(NotFoundException, match="Invalid Client Certificate identifier specified"):
            show_on(caller, api, unknown)


def test_only_the_description_can_be_patched(caller: Caller) -> None:
    certificate = call(caller, "GenerateClientCertificate")["clientCertificateId"]
    patch = {"op": "replace", "path": "/pemEncodedCertificate", "value": "mine"}

    with pytest.raises(BadRequestException, match=r"Must be one of: \[/description\]"):
        call(caller, "UpdateClientCertificate", clientCertificateId=certificate, patchOperations=[patch])
