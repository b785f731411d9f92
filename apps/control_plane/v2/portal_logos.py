"""Logos of portals: fetched from where `LogoUri` says before the change is made, so that no transaction waits for it."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from apps.control_plane.caller import Caller
from apps.control_plane.errors import BadRequestException
from apps.control_plane.gatehouse.portal_brand import MOST_LOGO_BYTES, picture_type
from apps.control_plane.picture_download import PictureUnavailable, download
from apps.control_plane.registry import Shape
from apps.control_plane.s3_objects import ObjectUnavailable, read_object
from apps.core.aws_access import AwsAccess
from apps.portals.aws_portals import Portal


@dataclass(frozen=True)
class Logo:
    content: bytes
    content_type: str


def with_logo(caller: Caller, request: Shape) -> Shape:
    """The request with the picture that its `LogoUri` leads to; raises BadRequestException for what is no logo."""
    uri = request.get("LogoUri")
    return {**request, "Logo": _fetch(caller, uri)} if uri else request


def set_logo(row: Portal, request: Shape) -> None:
    """Take a request's logo; an empty `LogoUri` takes the logo away."""
    if "LogoUri" not in request:
        return
    logo: Logo | None = request.get("Logo")
    row.logo_uri = request["LogoUri"] or ""
    row.logo, row.logo_content_type = (logo.content, logo.content_type) if logo else (None, "")
    row.logo_uploaded = timezone.now() if logo else None


def _fetch(caller: Caller, uri: str) -> Logo:
    if uri.startswith("data:"):
        content = _embedded(uri)
    elif uri.startswith("s3://"):
        content = _object(caller, uri)
    else:
        content = _downloaded(uri)
    kind = picture_type(content)
    if not kind:
        raise BadRequestException("Invalid logo. It must be a PNG, JPEG, GIF or WebP picture.")
    return Logo(content, kind)


def _embedded(uri: str) -> bytes:
    head, _, text = uri.partition(",")
    if not head.endswith(";base64"):
        raise BadRequestException("Invalid logo URI specified. A data URI must be in base64.")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequestException("Invalid logo URI specified. A data URI must be in base64.") from error


def _object(caller: Caller, uri: str) -> bytes:
    """What lies in S3, as far as the operator lets the account read there."""
    access: AwsAccess = settings.ENVIRONMENT.aws
    credentials = access.credentials_of(caller.account_id)
    if credentials is None:
        raise BadRequestException("The logo cannot be used: nothing may be read from Amazon S3 for this account.")
    try:
        return read_object(access, credentials, caller.region, uri, most=MOST_LOGO_BYTES)
    except ObjectUnavailable as error:
        raise BadRequestException(f"The logo cannot be used: {error}.") from error


def _downloaded(uri: str) -> bytes:
    if not uri.startswith(("https://", "http://")):
        raise BadRequestException("Invalid logo URI specified. It must be an s3, https, http or data URI.")
    try:
        return download(uri, most=MOST_LOGO_BYTES, allow_private=settings.ENVIRONMENT.allow_private_backends)
    except PictureUnavailable as error:
        raise BadRequestException(f"The logo cannot be used: {error}.") from error
