"""Custom domain names: hosts of one's own under which APIs are reached."""

from __future__ import annotations

from typing import Any

from cryptography import x509
from django.db.models import Q
from django.utils import timezone

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException, too_many
from apps.control_plane.gatehouse.truststores import truststore_warnings
from apps.control_plane.locking import hold
from apps.control_plane.paging import page, paged
from apps.control_plane.registry import Shape, operation
from apps.control_plane.truststore_objects import fetched_for_v1
from apps.control_plane.v1.domain_name_checks import check_certificate, check_domain_name, check_name, check_policy
from apps.control_plane.v1.domain_name_patches import DOMAIN_NAME_PATCHES
from apps.control_plane.v1.tags import domain_name_path, drop_tags, put_tags, tags_of, tags_of_all
from apps.core import ids
from apps.core.secrets import Secret
from apps.deployments import publisher
from apps.domain_names import endpoints
from apps.domain_names.certificates import truststore_of
from apps.domain_names.management_policy import CREATE_ASSOCIATION, allows
from apps.domain_names.models import DomainName

MAX_PUBLIC_NAMES = 120
MAX_PRIVATE_NAMES = 50


@operation("CreateDomainName", prepare=fetched_for_v1)
def create_domain_name(caller: Caller, request: Shape) -> Shape:
    """A new name. A public one exists once in the installation; private ones are told apart by their ids."""
    row = _row(caller, request)
    if request.get("certificateBody") or request.get("certificatePrivateKey"):
        _keep_certificate(row, request)
    check_domain_name(row)
    # No constraint says that a public name is one account's in all regions: who asks first holds what all changes hold.
    with publisher.revision_lock():
        if _is_taken(row):
            raise BadRequestException("The domain name you provided already exists.")
        _check_count(row)
        row.save()
        publisher.publish_domain_name(row)
    put_tags(caller, domain_name_path(row), request.get("tags"))
    return domain_name_shape(row, tags_of(caller, domain_name_path(row)))


@operation("GetDomainName")
def get_domain_name(caller: Caller, request: Shape) -> Shape:
    """One name."""
    row = find_domain_name(caller, request)
    return domain_name_shape(row, tags_of(caller, domain_name_path(row)))


@operation("GetDomainNames")
def get_domain_names(caller: Caller, request: Shape) -> Shape:
    """The names, oldest first: one's own (SELF), private ones that others share (OTHER_ACCOUNTS), or both."""
    owner = request.get("resourceOwner")
    wanted = Q(pk__in=[]) if owner == "OTHER_ACCOUNTS" else Q(account_id=caller.account_id)
    if owner != "SELF":
        wanted |= Q(pk__in=[row.pk for row in shared_with(caller)])
    rows = DomainName.objects.filter(wanted, region=caller.region).defer("certificate_private_key")
    found, position = page(rows, request, "pk")
    tags = tags_of_all(caller, [domain_name_path(row) for row in found])
    return paged([domain_name_shape(row, tags[domain_name_path(row)]) for row in found], position)


@operation("UpdateDomainName", prepare=fetched_for_v1)
def update_domain_name(caller: Caller, request: Shape) -> Shape:
    """Patch a name. What AWS takes time to roll out shows as UPDATING for a moment."""
    row = find_domain_name(caller, request)
    hold(row)
    DOMAIN_NAME_PATCHES.apply(row, request.get("patchOperations"))
    check_domain_name(row)
    row.save()
    publisher.publish_domain_name(row)
    return domain_name_shape(row, tags_of(caller, domain_name_path(row)))


@operation("DeleteDomainName")
def delete_domain_name(caller: Caller, request: Shape) -> Shape:
    """Delete a name with its base path mappings and access associations."""
    row = find_domain_name(caller, request)
    path = domain_name_path(row)
    row.delete()
    if not row.private:
        publisher.retract_domain_name(row.region, row.name)
    drop_tags(caller, path)
    return {}


def find_domain_name(caller: Caller, request: Shape) -> DomainName:
    """The name that `domainName`, and for a private one `domainNameId`, say; raises NotFoundException in AWS's words."""
    return caller.find(
        DomainName,
        "Invalid domain name identifier specified",
        name=request["domainName"].lower(),
        domain_name_id=request.get("domainNameId") or "",
    )


def shared_with(caller: Caller) -> list[DomainName]:
    """Private names of other accounts to which their management policies let the caller associate endpoints."""
    rows = (
        DomainName.objects.filter(region=caller.region)
        .exclude(account_id=caller.account_id)
        .exclude(domain_name_id="")
        .exclude(management_policy=None)
        .defer("certificate_private_key")
    )
    return [row for row in rows if allows(row.management_policy, caller.account_id, CREATE_ASSOCIATION, row.arn)]


def domain_name_shape(row: DomainName, tags: dict[str, str] | None = None) -> Shape:
    """AWS's DomainName."""
    edge, regional = "EDGE" in row.types, "REGIONAL" in row.types
    members: dict[str, Any] = {
        "domainName": row.name,
        "domainNameId": row.domain_name_id or None,
        "domainNameArn": row.arn,
        "certificateName": row.certificate_name,
        "certificateArn": row.certificate_arn,
        "certificateUploadDate": row.certificate_upload_date,
        "regionalDomainName": endpoints.regional_domain_name(row) if regional else None,
        "regionalHostedZoneId": endpoints.regional_hosted_zone_id(row.region) if regional else None,
        "regionalCertificateName": row.regional_certificate_name,
        "regionalCertificateArn": row.regional_certificate_arn,
        "distributionDomainName": endpoints.distribution_domain_name(row) if edge else None,
        "distributionHostedZoneId": endpoints.DISTRIBUTION_ZONE if edge else None,
        "endpointConfiguration": row.endpoint_configuration,
        "domainNameStatus": row.status,
        "securityPolicy": row.security_policy,
        "endpointAccessMode": row.endpoint_access_mode,
        "tags": tags or None,
        "mutualTlsAuthentication": mutual_tls_shape(row),
        "ownershipVerificationCertificateArn": row.ownership_verification_certificate_arn,
        "managementPolicy": row.management_policy,
        "policy": row.policy,
        "routingMode": row.routing_mode,
    }
    return {name: value for name, value in members.items() if value is not None}


def mutual_tls_shape(row: DomainName) -> Shape | None:
    """AWS's MutualTlsAuthentication, with what may keep clients from getting in."""
    if not row.mutual_tls_authentication:
        return None
    truststore = truststore_of(row)
    if truststore is None:
        warnings = ["Nobody is let in: there is no truststore at this address."]
    else:
        warnings = truststore_warnings(x509.load_pem_x509_certificates(truststore.certificates.encode()))
    shape: Shape = dict(row.mutual_tls_authentication)
    return {**shape, "truststoreWarnings": warnings} if warnings else shape


def _row(caller: Caller, request: Shape) -> DomainName:
    """The row that a request describes, not yet checked as a whole."""
    given = request.get("endpointConfiguration") or {}
    types = list(given.get("types") or ("EDGE",))
    private = types == ["PRIVATE"]
    configuration = {
        "types": types,
        "ipAddressType": given.get("ipAddressType") or ("dualstack" if private else "ipv4"),
    }
    if given.get("vpcEndpointIds"):
        configuration["vpcEndpointIds"] = list(given["vpcEndpointIds"])
    certified = request.get("certificateArn") or request.get("certificateName")
    return DomainName(
        account_id=caller.account_id,
        region=caller.region,
        name=check_name(request["domainName"]),
        domain_name_id=ids.domain_name_id() if private else "",
        endpoint_configuration=configuration,
        certificate_name=request.get("certificateName"),
        certificate_arn=request.get("certificateArn"),
        certificate_upload_date=timezone.now() if certified else None,
        regional_certificate_name=request.get("regionalCertificateName"),
        regional_certificate_arn=request.get("regionalCertificateArn"),
        ownership_verification_certificate_arn=request.get("ownershipVerificationCertificateArn"),
        security_policy=request.get("securityPolicy") or "TLS_1_2",
        endpoint_access_mode=request.get("endpointAccessMode"),
        mutual_tls_authentication=request.get("mutualTlsAuthentication") or None,
        policy=check_policy(request.get("policy")),
        routing_mode=request.get("routingMode") or "BASE_PATH_MAPPING_ONLY",
    )


def _keep_certificate(row: DomainName, request: Shape) -> None:
    """Keep a certificate that is handed over instead of named by its ARN."""
    body, private_key = request.get("certificateBody"), request.get("certificatePrivateKey")
    check_certificate(body, private_key, request.get("certificateChain"))
    row.certificate_body, row.certificate_private_key = str(body), Secret(private_key)
    row.certificate_chain = request.get("certificateChain") or ""


def _is_taken(row: DomainName) -> bool:
    """Whether another may not have the name: a public one is one account's, a private one is its account's once in a region."""
    same = DomainName.objects.filter(name=row.name)
    if row.private:
        same = same.exclude(domain_name_id="").filter(account_id=row.account_id)
        return same.filter(region=row.region).exists()
    public = same.filter(domain_name_id="")
    return public.filter(~Q(account_id=row.account_id) | Q(region=row.region)).exists()


def _check_count(row: DomainName) -> None:
    rows = DomainName.objects.filter(account_id=row.account_id, region=row.region)
    used = rows.exclude(domain_name_id="").count() if row.private else rows.filter(domain_name_id="").count()
    if used >= (MAX_PRIVATE_NAMES if row.private else MAX_PUBLIC_NAMES):
        raise too_many("Domain Names")
