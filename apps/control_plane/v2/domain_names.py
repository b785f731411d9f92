"""Custom domain names through V2: the same names as V1's, in V2's shape."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException
from apps.control_plane.locking import hold
from apps.control_plane.registry import Shape, operation
from apps.control_plane.truststore_objects import fetched_for_v2
from apps.control_plane.v1 import domain_names as v1
from apps.control_plane.v1.domain_name_checks import check_domain_name, check_regional
from apps.control_plane.v1.tags import domain_name_path, tags_of, tags_of_all
from apps.control_plane.v2.members import page, paged
from apps.deployments import publisher
from apps.domain_names import endpoints
from apps.domain_names.models import ROLL_OUT, DomainName

_SELECTION = "$request.basepath"
_MODES = {
    "API_MAPPING_ONLY": "BASE_PATH_MAPPING_ONLY",
    "ROUTING_RULE_ONLY": "ROUTING_RULE_ONLY",
    "ROUTING_RULE_THEN_API_MAPPING": "ROUTING_RULE_THEN_BASE_PATH_MAPPING",
}
_MODES_OF_V1 = {v1_mode: mode for mode, v1_mode in _MODES.items()}


@operation("CreateDomainName", service="apigatewayv2", prepare=fetched_for_v2)
def create_domain_name(caller: Caller, request: Shape) -> Shape:
    """A new public name."""
    v1.create_domain_name(caller, _v1_request(request))
    row = _find(caller, request)
    return _shape(row, tags_of(caller, domain_name_path(row)))


@operation("GetDomainName", service="apigatewayv2")
def get_domain_name(caller: Caller, request: Shape) -> Shape:
    """One name."""
    row = _find(caller, request)
    return _shape(row, tags_of(caller, domain_name_path(row)))


@operation("GetDomainNames", service="apigatewayv2")
def get_domain_names(caller: Caller, request: Shape) -> Shape:
    """The public names of the account in the region."""
    rows = DomainName.objects.filter(account_id=caller.account_id, region=caller.region, domain_name_id="")
    found, token = page(rows.defer("certificate_private_key"), request, "pk")
    tags = tags_of_all(caller, [domain_name_path(row) for row in found])
    return paged([_shape(row, tags[domain_name_path(row)]) for row in found], token)


@operation("UpdateDomainName", service="apigatewayv2", prepare=fetched_for_v2)
def update_domain_name(caller: Caller, request: Shape) -> Shape:
    """Change a name. What AWS takes time to roll out shows as UPDATING for a moment."""
    row = _find(caller, request)
    hold(row)
    check_regional(row.types)
    if request.get("DomainNameConfigurations") is not None:
        _configure(row, _one_configuration(request))
    if "MutualTlsAuthentication" in request:
        given = request["MutualTlsAuthentication"]
        row.mutual_tls_authentication = _mutual_tls(given) if given.get("TruststoreUri") else None
    if request.get("RoutingMode"):
        row.routing_mode = _MODES[request["RoutingMode"]]
    row.rolled_out = timezone.now() + ROLL_OUT
    check_domain_name(row)
    row.save()
    publisher.publish_domain_name(row)
    return _shape(row, tags_of(caller, domain_name_path(row)))


@operation("DeleteDomainName", service="apigatewayv2")
def delete_domain_name(caller: Caller, request: Shape) -> Shape:
    """Delete a name with its mappings and rules."""
    return v1.delete_domain_name(caller, {"domainName": request["DomainName"]})


def _find(caller: Caller, request: Shape) -> DomainName:
    return v1.find_domain_name(caller, {"domainName": request["DomainName"]})


def _v1_request(request: Shape) -> Shape:
    """The request of V1's CreateDomainName that makes the same name."""
    configuration = _one_configuration(request)
    kind = configuration.get("EndpointType") or "REGIONAL"
    check_regional([kind])
    members: dict[str, Any] = {
        "domainName": request["DomainName"],
        "endpointConfiguration": {"types": [kind], "ipAddressType": configuration.get("IpAddressType") or "ipv4"},
        "regionalCertificateArn": configuration.get("CertificateArn"),
        "regionalCertificateName": configuration.get("CertificateName"),
        "ownershipVerificationCertificateArn": configuration.get("OwnershipVerificationCertificateArn"),
        "securityPolicy": configuration.get("SecurityPolicy"),
        "mutualTlsAuthentication": _mutual_tls(request.get("MutualTlsAuthentication")),
        "routingMode": _MODES.get(request.get("RoutingMode") or ""),
        "tags": request.get("Tags"),
    }
    return {name: value for name, value in members.items() if value is not None}


def _configure(row: DomainName, configuration: Shape) -> None:
    check_regional([configuration.get("EndpointType") or "REGIONAL"])
    if configuration.get("IpAddressType"):
        row.endpoint_configuration = {
            **row.endpoint_configuration, "ipAddressType": configuration["IpAddressType"],
        }  # fmt: skip
    if "CertificateArn" in configuration:
        row.regional_certificate_arn = configuration["CertificateArn"]
    if "CertificateName" in configuration:
        row.regional_certificate_name = configuration["CertificateName"]
    if "OwnershipVerificationCertificateArn" in configuration:
        row.ownership_verification_certificate_arn = configuration["OwnershipVerificationCertificateArn"] or None
    if configuration.get("SecurityPolicy"):
        row.security_policy = configuration["SecurityPolicy"]


def _one_configuration(request: Shape) -> Shape:
    configurations: list[Shape] = request.get("DomainNameConfigurations") or []
    if len(configurations) != 1:
        raise BadRequestException("Invalid number of domain name configurations specified. There must be exactly one")
    return configurations[0]


def _mutual_tls(given: Shape | None) -> Shape | None:
    """V1's shape of V2's members."""
    if not given:
        return None
    return {name[0].lower() + name[1:]: value for name, value in given.items() if value}


def _shape(row: DomainName, tags: dict[str, str]) -> Shape:
    """AWS's DomainName of V2."""
    shape: Shape = {
        "ApiMappingSelectionExpression": _SELECTION,
        "DomainName": row.name,
        "DomainNameArn": row.arn,
        "DomainNameConfigurations": [_configuration(row, kind) for kind in row.types],
        "RoutingMode": _MODES_OF_V1[row.routing_mode],
        "Tags": tags,
    }
    mutual_tls = v1.mutual_tls_shape(row)
    if mutual_tls:
        shape["MutualTlsAuthentication"] = {name[0].upper() + name[1:]: value for name, value in mutual_tls.items()}
    return shape


def _configuration(row: DomainName, kind: str) -> Shape:
    edge = kind == "EDGE"
    members = {
        "ApiGatewayDomainName": endpoints.distribution_domain_name(row)
        if edge
        else endpoints.regional_domain_name(row),
        "CertificateArn": row.certificate_arn if edge else row.regional_certificate_arn,
        "CertificateName": row.certificate_name if edge else row.regional_certificate_name,
        "CertificateUploadDate": row.certificate_upload_date if edge else None,
        "DomainNameStatus": row.status,
        "EndpointType": kind,
        "HostedZoneId": endpoints.DISTRIBUTION_ZONE if edge else endpoints.regional_hosted_zone_id(row.region),
        "IpAddressType": row.endpoint_configuration.get("ipAddressType") or "ipv4",
        "OwnershipVerificationCertificateArn": row.ownership_verification_certificate_arn,
        # V2 knows two policies; a name with one of V1's newer ones shows none.
        "SecurityPolicy": row.security_policy if row.security_policy in ("TLS_1_0", "TLS_1_2") else None,
    }
    return {name: value for name, value in members.items() if value is not None}
