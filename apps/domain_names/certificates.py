"""Which certificate a custom domain name shows, and which trust store it has: what is here for the addresses that it names."""

from __future__ import annotations

import re
from typing import NamedTuple

from django.db.models import Q, QuerySet

from apps.domain_names.models import Certificate, DomainName, Truststore

_ACM = re.compile(r"arn:aws[a-z-]*:acm:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):certificate/(?P<id>.+)")


class Shown(NamedTuple):
    """A certificate with its chain, and its private key; both PEM."""

    certificate: str
    private_key: str


def shown_certificate(row: DomainName) -> Shown | None:
    """What callers are shown: the certificate that is here for the name's ARN, or else the one that was handed over with the name."""
    arn = certificate_arn(row)
    found = certificate_of(row.account_id, arn) if arn else None
    if found is not None:
        return Shown(f"{found.body}\n{found.chain}", found.private_key)
    if row.certificate_private_key:
        return Shown(f"{row.certificate_body}\n{row.certificate_chain}", row.certificate_private_key)
    return None


def certificate_arn(row: DomainName) -> str | None:
    return (row.regional_certificate_arn if "REGIONAL" in row.types else None) or row.certificate_arn


def certificate_of(account_id: str, arn: str) -> Certificate | None:
    """An account's certificate by its ARN."""
    parts = _ACM.fullmatch(arn)
    if parts is None or parts["account"] != account_id:
        return None
    return Certificate.objects.filter(account_id=account_id, region=parts["region"], certificate_id=parts["id"]).first()


def truststore_of(row: DomainName) -> Truststore | None:
    """The trust store that is here for what the name's mutual TLS names."""
    named = row.mutual_tls_authentication
    if not named:
        return None
    stores = Truststore.objects.filter(account_id=row.account_id, uri=named["truststoreUri"])
    return stores.filter(version=named.get("truststoreVersion") or "").first()


def names_showing(certificate: Certificate) -> QuerySet[DomainName]:
    """The names that have a certificate's ARN, in whatever region."""
    arn = certificate.arn
    rows = DomainName.objects.filter(Q(certificate_arn=arn) | Q(regional_certificate_arn=arn))
    return rows.filter(account_id=certificate.account_id).order_by("region", "name")


def names_trusting(truststore: Truststore) -> list[DomainName]:
    """The names whose mutual TLS names a trust store."""
    rows = DomainName.objects.filter(account_id=truststore.account_id).exclude(mutual_tls_authentication=None)
    return [
        row
        for row in rows.order_by("region", "name")
        if (row.mutual_tls_authentication or {}).get("truststoreUri") == truststore.uri
        and (row.mutual_tls_authentication.get("truststoreVersion") or "") == truststore.version
    ]
