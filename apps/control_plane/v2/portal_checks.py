"""What has to hold of a portal: its colours, who may see it, its domain name and its products."""

from __future__ import annotations

import re

from django.conf import settings

from apps.control_plane.errors import BadRequestException
from apps.control_plane.registry import Shape
from apps.control_plane.v1.domain_name_checks import check_name
from apps.core.contrast import read_color
from apps.domain_names.models import DomainName
from apps.portals.aws_portals import Portal
from apps.portals.sharing import product_to_show

MAX_PRODUCTS_PER_PORTAL = 200
_CERTIFICATE = re.compile(r"arn:aws[a-z-]*:acm:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):certificate/.+")
_USER_POOL = re.compile(r"arn:aws[a-z-]*:cognito-idp:(?P<region>[a-z0-9-]+):\d{12}:userpool/[a-z0-9-]+_[A-Za-z0-9]+")

_SIGN_IN = re.compile(r"(?P<scheme>https?)://[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~/-]*)?")


def checked_colors(colors: Shape) -> Shape:
    """The six colours in lower case; each is `#rrggbb`."""
    for name, value in colors.items():
        try:
            read_color(value)
        except ValueError as error:
            raise BadRequestException(f"Invalid color specified for {name}. It must be of the form #rrggbb.") from error
    return {name: value.lower() for name, value in colors.items()}


def checked_authorization(authorization: Shape, region: str) -> Shape:
    """One way of seeing who visits: a user pool of the portal's region, or none."""
    kind = one_of(authorization, "authorization")
    if kind == "CognitoConfig":
        pool = _USER_POOL.fullmatch(authorization[kind]["UserPoolArn"])
        if pool is None:
            raise BadRequestException("Invalid user pool ARN specified")
        if pool["region"] != region:
            raise BadRequestException("The user pool must be in the same Region as the portal")
        if not sign_in_address(authorization[kind]["UserPoolDomain"]):
            raise BadRequestException("Invalid user pool domain specified. It must be a domain name or an https URL.")
    return {kind: authorization[kind]}


def sign_in_address(domain: str) -> str:
    """Where a user pool's hosted sign-in is, without a trailing slash; "" for what is no domain of a pool."""
    url = domain if "://" in domain else f"https://{domain}"
    found = _SIGN_IN.fullmatch(url.rstrip("/"))
    # Plain http is for pools of one's own, on a machine that may reach itself.
    usable = found is not None and (found["scheme"] == "https" or settings.ENVIRONMENT.allow_private_backends)
    return url.rstrip("/") if usable else ""


def set_endpoint(row: Portal, configuration: Shape) -> None:
    """Give a portal its own domain name, or the default one alone."""
    if one_of(configuration, "endpoint configuration") == "None":
        row.domain_name, row.certificate_arn = "", ""
        return
    wanted = configuration["AcmManaged"]
    name, certificate = check_name(wanted["DomainName"].lower()), wanted["CertificateArn"]
    parts = _CERTIFICATE.fullmatch(certificate)
    if parts is None or parts["account"] != row.account_id:
        raise BadRequestException("The certificate provided must be owned by the account creating the portal.")
    if parts["region"] != "us-east-1":
        raise BadRequestException(f"Invalid certificate ARN: {certificate}. Certificate must be in 'us-east-1'.")
    taken = Portal.objects.filter(domain_name=name).exclude(pk=row.pk).exists()
    if name.startswith("*") or taken or DomainName.objects.filter(name=name).exists():
        raise BadRequestException("The domain name you provided already exists.")
    row.domain_name, row.certificate_arn = name, certificate


def checked_products(row: Portal, arns: list[str]) -> list[str]:
    """Products that this account may show, each once."""
    if len(arns) > MAX_PRODUCTS_PER_PORTAL:
        raise BadRequestException(f"A portal can include at most {MAX_PRODUCTS_PER_PORTAL} portal products")
    if len(set(arns)) != len(arns):
        raise BadRequestException("A portal can include a portal product only once")
    for arn in arns:
        if product_to_show(arn, row.account_id, row.region) is None:
            raise BadRequestException(f"Invalid portal product ARN specified: {arn}")
    return list(arns)


def one_of(union: Shape, what: str) -> str:
    """The one member that a union has."""
    given = [name for name, value in union.items() if value is not None]
    if len(given) != 1:
        raise BadRequestException(f"Exactly one kind of {what} must be specified")
    return given[0]
