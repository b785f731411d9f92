"""The looks of an account's developer portal: its name, its colours and its logo."""

from __future__ import annotations

import hashlib

from django.conf import settings

from apps.accounts.models import Account
from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException
from apps.control_plane.registry import Shape, operation
from apps.control_plane.v1.domain_name_checks import check_name
from apps.domain_names.models import DomainName
from apps.portals.aws_portals import Portal
from apps.portals.models import PortalBrand
from apps.portals.palette import Shade, dark_shade, light_shade

MOST_LOGO_BYTES = 200 * 1024


@operation("GetPortalBrand", "gatehouse")
def get_portal_brand(caller: Caller, request: Shape) -> Shape:
    """The brand; empty members where none was chosen."""
    return _shape(PortalBrand.objects.filter(account_id=caller.account_id).first() or PortalBrand())


@operation("PutPortalBrand", "gatehouse")
def put_portal_brand(caller: Caller, request: Shape) -> Shape:
    """Replace name, tagline and colours; a member that is not given is Gatehouse's own again. The logo stays."""
    light, dark = (request.get(member) or "" for member in ("brandColor", "brandColorDark"))
    if dark and not light:
        raise BadRequestException("brandColorDark needs a brandColor")
    if light:
        _check_contrast("brandColor", light_shade(light))
        _check_contrast("brandColorDark", dark_shade(dark, light))
    row = _row(caller)
    row.name = (request.get("name") or "").strip()
    row.tagline = (request.get("tagline") or "").strip()
    row.brand_color, row.brand_color_dark = light.lower(), dark.lower()
    row.domain_name = _checked_name(row, (request.get("domainName") or "").strip().lower())
    row.save()
    return _shape(row)


@operation("PutPortalLogo", "gatehouse")
def put_portal_logo(caller: Caller, request: Shape) -> Shape:
    """Replace the logo. What it is is told by its first bytes, not by a name; drawings that could hold a script are refused."""
    content = request["logo"]
    if len(content) > MOST_LOGO_BYTES:
        raise BadRequestException(
            f"A logo has at most {MOST_LOGO_BYTES // 1024} KB; this one has {len(content) // 1024}"
        )
    kind = picture_type(content)
    if not kind:
        raise BadRequestException(
            "A logo is a PNG, JPEG, GIF or WebP picture; SVG is not taken, for it may hold scripts"
        )
    row = _row(caller)
    row.logo, row.logo_content_type, row.logo_size = content, kind, len(content)
    row.logo_digest = hashlib.sha256(content).hexdigest()[:16]
    row.save()
    return _shape(row)


@operation("DeletePortalLogo", "gatehouse")
def delete_portal_logo(caller: Caller, request: Shape) -> Shape:
    """Take the logo away."""
    row = _row(caller)
    row.logo, row.logo_content_type, row.logo_digest, row.logo_size = None, "", "", 0
    row.save()
    return _shape(row)


def picture_type(content: bytes) -> str:
    """The media type of a picture by its first bytes; "" for everything that is none of the four."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return ""


def _check_contrast(member: str, shade: Shade) -> None:
    if not shade.readable:
        raise BadRequestException(
            f"{member} {shade.color} cannot be read well: its contrast is {shade.ratio:.1f}:1, text needs 4.5:1. "
            f"{shade.suggestion} would do."
        )


def _checked_name(row: PortalBrand, name: str) -> str:
    """A name by which this account's portal alone is reached; raises BadRequestException for one that leads elsewhere."""
    if not name:
        return ""
    check_name(name)
    taken = PortalBrand.objects.filter(domain_name=name).exclude(pk=row.pk).exists()
    elsewhere = Portal.objects.filter(domain_name=name).exists() or DomainName.objects.filter(name=name).exists()
    if name.startswith("*") or name in settings.ENVIRONMENT.own_hosts or taken or elsewhere:
        raise BadRequestException(f"The domain name {name} leads somewhere else already")
    return name


def _row(caller: Caller) -> PortalBrand:
    row, _ = PortalBrand.objects.get_or_create(account=Account.objects.get(pk=caller.account_id))
    return row


def _shape(row: PortalBrand) -> Shape:
    shape: Shape = {
        "name": row.name,
        "tagline": row.tagline,
        "brandColor": row.brand_color,
        "brandColorDark": row.brand_color_dark,
        "domainName": row.domain_name,
    }
    if row.logo_digest:
        shape |= {"logoContentType": row.logo_content_type, "logoSize": row.logo_size}
    return shape
