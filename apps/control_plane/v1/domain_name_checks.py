"""What has to hold of a custom domain name, in AWS's words."""

from __future__ import annotations

import json
import re

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings

from apps.control_plane.errors import BadRequestException
from apps.domain_names.models import DomainName

_NAME = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_CERTIFICATE = re.compile(
    r"arn:aws[a-z-]*:(?:acm:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):certificate"
    r"|iam::(?P<owner>\d{12}):server-certificate)/.+"
)
_TRUSTSTORE = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.+")
_EDGE_REGION = "us-east-1"
_POLICY = "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."


def check_name(name: str) -> str:
    """A host name in lower case, perhaps with `*` as its first label."""
    if not name:
        raise BadRequestException("No Domain Name specified")
    if len(name) > 253 or not _NAME.fullmatch(name) or ".execute-api." in f".{name}.":
        raise BadRequestException("Invalid domain name specified")
    if name in settings.ENVIRONMENT.own_hosts:
        raise BadRequestException("The domain name you provided is the one at which this installation is reached.")
    return name


def check_policy(document: str | None) -> str | None:
    """A policy is kept as it was written, but has to be JSON."""
    if not document:
        return None
    try:
        parsed = json.loads(document)
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        raise BadRequestException(_POLICY)
    return document


def check_certificate(body: str | None, private_key: str | None, chain: str | None) -> None:
    """A certificate that is handed over has its own private key; raises BadRequestException for what is no PEM."""
    if not body or not private_key:
        raise BadRequestException("Certificate body and certificate private key must be specified together")
    try:
        certificate = x509.load_pem_x509_certificate(body.encode())
        key = load_pem_private_key(private_key.encode(), None)
        if chain:
            x509.load_pem_x509_certificates(chain.encode())
    except (ValueError, TypeError) as error:
        raise BadRequestException("Invalid certificate specified. It must be PEM-encoded") from error
    if key.public_key() != certificate.public_key():
        raise BadRequestException("The certificate and the private key do not belong together")


def check_regional(types: list[str]) -> None:
    """V2 changes regional names alone."""
    if "REGIONAL" not in types:
        raise BadRequestException(
            "Only REGIONAL domain names can be managed through the API Gateway V2 API. For EDGE domain names, please use the "
            "API Gateway V1 API. Also note that only REST APIs can be attached to EDGE domain names."
        )


def check_domain_name(row: DomainName) -> None:
    """Raises BadRequestException for the first thing wrong with a domain name as a whole."""
    _check_types(row)
    _check_certificates(row)
    _check_security(row)
    _check_mutual_tls(row)
    if row.pk and row.routing_mode != "BASE_PATH_MAPPING_ONLY" and row.api_mappings.exists():
        raise BadRequestException("Routing rules are only supported for domain names whose mappings lead to REST APIs.")
    if not row.private and (row.policy or row.management_policy):
        raise BadRequestException("Policies can only be specified for private custom domain names.")


def _check_types(row: DomainName) -> None:
    if not row.types:
        raise BadRequestException("At least one endpoint type must be specified")
    if "PRIVATE" in row.types and row.types != ["PRIVATE"]:
        raise BadRequestException("Cannot specify more than one endpoint type")
    if row.private != (row.types == ["PRIVATE"]):
        raise BadRequestException("A custom domain name cannot be changed from public to private or back")
    if row.private and row.endpoint_configuration["ipAddressType"] != "dualstack":
        raise BadRequestException("Only dualstack ipAddressType is supported for private custom domain names.")
    if row.endpoint_configuration.get("vpcEndpointIds"):
        raise BadRequestException("VPCEndpoints can only be specified with PRIVATE apis.")


def _check_certificates(row: DomainName) -> None:
    for kind in row.types:
        if kind == "REGIONAL":
            provided = row.regional_certificate_arn or row.regional_certificate_name
        else:
            provided = row.certificate_arn or (row.certificate_name if kind == "EDGE" else None)
        if not provided:
            raise BadRequestException(f"A certificate was not provided for the endpoint type {kind}.")
    edge = "EDGE" in row.types
    for arn, region in (
        (row.certificate_arn, _EDGE_REGION if edge else row.region),
        (row.regional_certificate_arn, row.region),
        (row.ownership_verification_certificate_arn, row.region),
    ):
        if arn:
            _check_certificate_arn(row, arn, region)


def _check_certificate_arn(row: DomainName, arn: str, region: str) -> None:
    parts = _CERTIFICATE.fullmatch(arn)
    if parts is None:
        raise BadRequestException("Invalid certificate ARN specified")
    if (parts["account"] or parts["owner"]) != row.account_id:
        raise BadRequestException("The certificate provided must be owned by the account creating the domain.")
    if parts["region"] not in (None, region):
        raise BadRequestException(f"Invalid certificate ARN: {arn}. Certificate must be in '{region}'.")


def _check_security(row: DomainName) -> None:
    policy = row.security_policy
    if not policy.startswith("SecurityPolicy_"):
        if row.endpoint_access_mode:
            raise BadRequestException("Endpoint access mode is not supported for the specified security policy")
        if policy == "TLS_1_0" and row.private:
            raise BadRequestException("TLS_1_0 is not supported for private custom domain names.")
        return
    if not row.endpoint_access_mode:
        raise BadRequestException("Endpoint access mode is required for the specified security policy")
    if policy.endswith("_EDGE") != ("EDGE" in row.types):
        raise BadRequestException(
            f"Security policy {policy} is not supported for the endpoint type {', '.join(row.types)}"
        )


def _check_mutual_tls(row: DomainName) -> None:
    settings = row.mutual_tls_authentication
    if not settings:
        if row.ownership_verification_certificate_arn:
            raise BadRequestException(
                "An ownership verification certificate can only be specified with mutual TLS authentication."
            )
        return
    if row.types != ["REGIONAL"]:
        raise BadRequestException("Mutual TLS is only supported for regional custom domain names.")
    if row.security_policy == "TLS_1_0":
        raise BadRequestException("Mutual TLS requires a security policy of TLS 1.2 or higher.")
    if not _TRUSTSTORE.fullmatch(settings.get("truststoreUri") or ""):
        raise BadRequestException("Invalid truststore URI. It must be of the form s3://bucket-name/key-name")
