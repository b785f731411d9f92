"""From where the keys of applications may be used: their developers say so, as operators do of all others."""

from __future__ import annotations

from apps.control_plane.caller import Caller
from apps.control_plane.gatehouse.api_key_origins import limit_key
from apps.control_plane.gatehouse.application_keys import application_key_shape
from apps.control_plane.gatehouse.applications import find_application, find_key
from apps.control_plane.locking import hold
from apps.control_plane.registry import Shape, operation


@operation("PutApplicationKeyOrigins", "gatehouse")
def put_application_key_origins(caller: Caller, request: Shape) -> Shape:
    """Say from where a key of an application may be used, in place of what was said before. What is left out is not asked for."""
    key = find_key(find_application(caller, request), request["keyId"])
    hold(key.api_key)
    limit_key(key.api_key, request)
    return application_key_shape(key)
