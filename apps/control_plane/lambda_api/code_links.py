"""Links to deployment packages: for the function host, which shows its token, and for whoever GetFunction gave one."""

from __future__ import annotations

import hashlib
import hmac
import re
import time

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.functions.models import FunctionCode

LINK_SECONDS = 600
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


def code_link(portal_url: str, digest: str) -> str:
    """Where a package can be fetched for ten minutes, as AWS's presigned URLs can."""
    expires = str(int(time.time()) + LINK_SECONDS)
    return f"{portal_url}/_gatehouse/function-code/{digest}?expires={expires}&signature={_signature(digest, expires)}"


@require_safe
def function_code(request: HttpRequest, digest: str) -> HttpResponse:
    """A deployment package, to who shows the function host's token or a link that holds."""
    if not _may(request, digest):
        return HttpResponse(status=403)
    row = FunctionCode.objects.filter(digest=digest).first() if _DIGEST.fullmatch(digest) else None
    if row is None:
        return HttpResponse(status=404)
    return HttpResponse(bytes(row.body), content_type="application/zip")


def _may(request: HttpRequest, digest: str) -> bool:
    token = f"Bearer {settings.ENVIRONMENT.derived_key('functions').hex()}"
    if hmac.compare_digest(request.headers.get("Authorization", "").encode(), token.encode()):
        return True
    expires, signature = request.GET.get("expires", ""), request.GET.get("signature", "")
    if not expires.isascii() or not expires.isdigit() or len(expires) > 12 or int(expires) < time.time():
        return False
    return hmac.compare_digest(signature.encode(), _signature(digest, expires).encode())


def _signature(digest: str, expires: str) -> str:
    key = settings.ENVIRONMENT.derived_key("function-code-links")
    return hmac.new(key, f"{digest}:{expires}".encode(), hashlib.sha256).hexdigest()
