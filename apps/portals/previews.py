"""Addresses of previews: whoever has one sees the preview, for an hour. They are signed, and kept nowhere."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.utils import timezone

from apps.portals.aws_portals import Portal, PortalPublication

LASTS = timedelta(hours=1)


def preview_token(publication: PortalPublication) -> str:
    return _signer().sign(str(publication.pk))


def preview_url(publication: PortalPublication) -> str:
    return f"{settings.ENVIRONMENT.portal_url}/portals/preview/{preview_token(publication)}/"


def current_preview(portal: Portal) -> PortalPublication | None:
    """The portal's preview, as long as its address is good."""
    return portal.preview if portal.preview is not None and _lasts(portal.preview) else None


def previewed(token: str) -> PortalPublication | None:
    """The preview that an address leads to; None for one that is not ours or no longer good."""
    try:
        number = int(_signer().unsign(token))
    except (BadSignature, ValueError):
        return None
    found = PortalPublication.objects.select_related("portal").filter(pk=number, is_preview=True).first()
    return found if found is not None and found.portal.preview_id == found.pk and _lasts(found) else None


def _lasts(publication: PortalPublication) -> bool:
    return timezone.now() < publication.created + LASTS


def _signer() -> Signer:
    return Signer(salt="gatehouse.portal-preview")
