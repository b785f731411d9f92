"""What can be patched on a custom domain name."""

from __future__ import annotations

from functools import partial

from django.utils import timezone

from apps.control_plane.errors import BadRequestException
from apps.control_plane.patching import (
    LISTS_PATHS,
    Patch,
    PatchTable,
    Rule,
    Setter,
    assign,
    clear,
    one_of,
    optional_text,
)
from apps.control_plane.v1.domain_name_checks import check_policy
from apps.control_plane.wire.service_models import service_model
from apps.domain_names.models import ROLL_OUT, DomainName


def _values(shape: str) -> list[str]:
    values: list[str] = service_model("apigateway").shape_for(shape).enum
    return values


_endpoint_type = one_of(_values("EndpointType"), "Invalid EndpointTypes specified: [{value}]")


def _rolled_out(setter: Setter) -> Setter:
    """A setter of what takes AWS time to roll out."""

    def setting(row: DomainName, patch: Patch) -> None:
        setter(row, patch)
        row.rolled_out = timezone.now() + ROLL_OUT

    return setting


def _add_type(row: DomainName, patch: Patch) -> None:
    kind = _endpoint_type(patch.value)
    if row.endpoint_access_mode == "STRICT":
        raise BadRequestException("An endpoint type can only be added when the endpoint access mode is BASIC")
    _set_types(row, [*row.types, *([] if kind in row.types else [kind])])


def _replace_type(row: DomainName, patch: Patch) -> None:
    _set_types(row, [_endpoint_type(patch.value)])


def _swap_type(row: DomainName, patch: Patch) -> None:
    """A type is named by itself or by its place in the list."""
    old = _named_type(row, patch.names[0])
    _set_types(row, [_endpoint_type(patch.value) if kind == old else kind for kind in row.types])


def _remove_type(row: DomainName, patch: Patch) -> None:
    old = _named_type(row, patch.names[0] if patch.names else patch.value or "")
    _set_types(row, [kind for kind in row.types if kind != old])
    if old == "EDGE":
        row.certificate_arn = row.certificate_name = row.certificate_upload_date = None
        row.certificate_body = row.certificate_chain = ""
        row.certificate_private_key = None
    elif old == "REGIONAL":
        row.regional_certificate_arn = row.regional_certificate_name = None


def _named_type(row: DomainName, name: str) -> str:
    if name.isdigit() and int(name) < len(row.types):
        return row.types[int(name)]
    if name not in row.types:
        raise BadRequestException(f"Invalid EndpointTypes specified: [{name}]")
    return name


def _set_types(row: DomainName, types: list[str]) -> None:
    row.endpoint_configuration = {**row.endpoint_configuration, "types": list(dict.fromkeys(types))}


def _set_ip_address_type(row: DomainName, patch: Patch) -> None:
    kind = one_of(_values("IpAddressType"), "Invalid ipAddressType specified: {value}")(patch.value)
    row.endpoint_configuration = {**row.endpoint_configuration, "ipAddressType": kind}


def _set_edge_certificate(row: DomainName, patch: Patch) -> None:
    row.certificate_arn = optional_text(patch.value)
    row.certificate_upload_date = timezone.now()


def _set_truststore(member: str, row: DomainName, patch: Patch) -> None:
    """An empty URI ends mutual TLS."""
    settings = {**(row.mutual_tls_authentication or {}), member: patch.value or ""}
    kept = {name: value for name, value in settings.items() if value}
    row.mutual_tls_authentication = kept if kept.get("truststoreUri") else None


def _truststore_rule(member: str) -> Rule:
    setter = _rolled_out(partial(_set_truststore, member))
    return Rule(f"/mutualTlsAuthentication/{member}", {"add": setter, "replace": setter})


def _put(path: str, setter: Setter) -> Rule:
    """A member that can be added and replaced; either rolls out."""
    setting = _rolled_out(setter)
    return Rule(path, {"add": setting, "replace": setting})


DOMAIN_NAME_PATCHES = PatchTable(
    (
        _put("/certificateName", assign("certificate_name", optional_text)),
        _put("/certificateArn", _set_edge_certificate),
        _put("/regionalCertificateName", assign("regional_certificate_name", optional_text)),
        _put("/regionalCertificateArn", assign("regional_certificate_arn", optional_text)),
        _put(
            "/ownershipVerificationCertificateArn",
            assign("ownership_verification_certificate_arn", optional_text),
        ),
        _put(
            "/securityPolicy",
            assign("security_policy", one_of(_values("SecurityPolicy"), "Invalid SecurityPolicy specified: {value}")),
        ),
        Rule(
            "/endpointAccessMode",
            {
                "replace": _rolled_out(
                    assign(
                        "endpoint_access_mode",
                        one_of(_values("EndpointAccessMode"), "Invalid EndpointAccessMode specified: {value}"),
                    )
                ),
                "remove": _rolled_out(clear("endpoint_access_mode")),
            },
        ),
        Rule(
            "/endpointConfiguration/types",
            {
                "add": _rolled_out(_add_type),
                "replace": _rolled_out(_replace_type),
                "remove": _rolled_out(_remove_type),
            },
        ),
        Rule(
            "/endpointConfiguration/types/{type}",
            {"replace": _rolled_out(_swap_type), "remove": _rolled_out(_remove_type)},
        ),
        _put("/endpointConfiguration/ipAddressType", _set_ip_address_type),
        _truststore_rule("truststoreUri"),
        _truststore_rule("truststoreVersion"),
        Rule("/mutualTlsAuthentication", {"remove": _rolled_out(clear("mutual_tls_authentication"))}),
        Rule("/policy", {"replace": assign("policy", check_policy), "remove": clear("policy")}),
        Rule(
            "/managementPolicy",
            {"replace": assign("management_policy", check_policy), "remove": clear("management_policy")},
        ),
        Rule(
            "/routingMode",
            {
                "replace": assign(
                    "routing_mode", one_of(_values("RoutingMode"), "Invalid RoutingMode specified: {value}")
                )
            },
        ),
    ),
    LISTS_PATHS,
)
