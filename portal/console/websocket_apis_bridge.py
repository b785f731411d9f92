"""Which stages of WebSocket APIs the console's live client may connect to, by way of the portal's bridge."""

from __future__ import annotations

import re

from channels.db import database_sync_to_async

from apps.accounts.models import Membership
from apps.control_plane.errors import NotFoundException
from portal.console.entrance import provider_due
from portal.console.gate import console_of
from portal.console.v2_frame import own_url
from portal.socket_bridge import Place, Scope, request_of

_PATH = re.compile(r"/console/v2/([a-z0-9]{1,10})/stages/([A-Za-z0-9_-]{1,128})/socket/")


@database_sync_to_async
def stage_of_console(scope: Scope) -> Place | None:
    """The stage that the path names, for a signed-in person who may call it; else None."""
    found = _PATH.fullmatch(scope["path"])
    if found is None:
        return None
    request = request_of(scope)
    user = request.user
    console = console_of(request, user) if user.is_authenticated and not provider_due(request) else None
    if console is None or console.second_step_due or console.must_enrol:
        return None
    if console.caller.role_on(found[1]) not in (Membership.Role.EDITOR, Membership.Role.OWNER):
        return None
    try:
        api = console.caller.api(found[1])
    except NotFoundException:
        return None
    if not api.websocket or not api.stages.filter(name=found[2]).exists():
        return None
    return Place(own_url(api, found[2]), f"console:{user.pk}")
