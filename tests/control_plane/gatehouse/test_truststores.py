"""Trust stores: whom custom domain names with mutual TLS let in, put here or fetched from S3."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import trustme

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, ConflictException, NotFoundException
from apps.domain_names.models import Truststore
from tests.bucket import Bucket
from tests.builders import call
from tests.control_plane.gatehouse.test_certificates import HOST, a_name, imported, ours, published

URI = "s3://trust/roots.pem"
MUTUAL = {"truststoreUri": URI}


def roots(*authorities: trustme.CA) -> str:
    return "".join(authority.cert_pem.bytes().decode() for authority in authorities or (trustme.CA(),))


def test_what_is_put_at_an_address_is_what_names_trust(caller: Caller) -> None:
    first, second = roots(), roots(trustme.CA(), trustme.CA())
    put = ours(caller, "PutTruststore", truststoreUri=URI, certificates=f"# our clients\n{first}")
    name = a_name(caller, imported(caller)["certificateArn"], mutualTlsAuthentication=MUTUAL)

    assert (len(put["authorities"]), put["warnings"]) == (1, [])
    assert name["mutualTlsAuthentication"] == MUTUAL
    assert (published().mutual_tls, published().trust_store) == (True, first)

    again = ours(caller, "PutTruststore", truststoreUri=URI, certificates=second)
    assert (again["usedBy"], len(again["authorities"])) == ([HOST], 2)
    assert published().trust_store == second


def test_versions_of_an_address_are_apart(caller: Caller) -> None:
    old, new = roots(), roots()
    ours(caller, "PutTruststore", truststoreUri=URI, truststoreVersion="v1", certificates=old)
    ours(caller, "PutTruststore", truststoreUri=URI, truststoreVersion="v2", certificates=new)
    a_name(caller, imported(caller)["certificateArn"], mutualTlsAuthentication={**MUTUAL, "truststoreVersion": "v1"})
    assert published().trust_store == old

    patch = {"op": "replace", "path": "/mutualTlsAuthentication/truststoreVersion", "value": "v2"}
    call(caller, "UpdateDomainName", domainName=HOST, patchOperations=[patch])

    assert published().trust_store == new
    with pytest.raises(ConflictException, match="in use"):
        ours(caller, "DeleteTruststore", truststoreUri=URI, truststoreVersion="v2")
    ours(caller, "DeleteTruststore", truststoreUri=URI, truststoreVersion="v1")
    assert [row["truststoreVersion"] for row in ours(caller, "ListTruststores")["items"]] == ["v2"]


def test_a_name_whose_store_is_not_here_trusts_nobody_and_says_so(caller: Caller) -> None:
    name = a_name(caller, imported(caller)["certificateArn"], mutualTlsAuthentication=MUTUAL)

    assert "Nobody is let in" in name["mutualTlsAuthentication"]["truststoreWarnings"][0]
    assert (published().mutual_tls, published().trust_store) == (True, None)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"truststoreUri": "https://trust", "certificates": "x"}, "Invalid truststore URI"),
        ({"truststoreUri": URI, "certificates": "no PEM"}, "must be PEM-encoded"),
        ({"truststoreUri": URI, "certificates": "x" * (1024 * 1024 + 1)}, "at most 1 MB"),
    ],
)
def test_what_is_no_trust_store_is_refused(caller: Caller, request_: dict[str, str], message: str) -> None:
    with pytest.raises(BadRequestException, match=message):
        ours(caller, "PutTruststore", **request_)


def test_an_unknown_store_is_not_found(caller: Caller) -> None:
    for operation in ("GetTruststore", "DeleteTruststore"):
        with pytest.raises(NotFoundException):
            ours(caller, operation, truststoreUri=URI)


@pytest.fixture
def bucket(settings: Any) -> Iterator[Bucket]:
    with Bucket(roots().encode()) as made:
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, aws=made.access)
        yield made


def test_a_store_in_s3_is_fetched_with_the_operators_credentials(caller: Caller, bucket: Bucket) -> None:
    a_name(caller, imported(caller)["certificateArn"], mutualTlsAuthentication=MUTUAL)
    assert published().trust_store == bucket.body.decode()

    bucket.body = roots().encode()
    patch = {"op": "replace", "path": "/mutualTlsAuthentication/truststoreVersion", "value": "a b"}
    call(caller, "UpdateDomainName", domainName=HOST, patchOperations=[patch])

    assert published().trust_store == bucket.body.decode()
    assert [path for path, _ in bucket.asked] == ["/trust/roots.pem", "/trust/roots.pem?versionId=a%20b"]
    assert all("Credential=AKIDEXAMPLE/" in signed and "/us-east-1/s3/" in signed for _, signed in bucket.asked)


def test_v2_fetches_it_too(caller: Caller, bucket: Bucket) -> None:
    a_name(caller, imported(caller)["certificateArn"])

    registry.call(
        caller,
        "apigatewayv2",
        "UpdateDomainName",
        {"DomainName": HOST, "MutualTlsAuthentication": {"TruststoreUri": URI}},
    )

    assert published().trust_store == bucket.body.decode()


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (403, b"", "S3 answers 403"),
        (200, b"\xff\xfe", "it is no text"),
        (200, b"x" * (1024 * 1024 + 1), "more than 1,024 KB"),
        (200, b"no PEM", "PEM-encoded"),
    ],
)
def test_a_store_that_cannot_be_had_refuses_the_name(
    caller: Caller, bucket: Bucket, status: int, body: bytes, message: str
) -> None:
    bucket.status, bucket.body = status, body

    with pytest.raises(BadRequestException, match=message):
        a_name(caller, imported(caller)["certificateArn"], mutualTlsAuthentication=MUTUAL)
    assert not Truststore.objects.exists()
