"""A call of an API to begin with."""

from __future__ import annotations

import re

from django.db.models import QuerySet

from apps.rest_apis.models import Method
from portal.console import addresses
from portal.console.api_frame import ApiFrame
from portal.console.commands import curl

_FIRST = ("GET", "ANY", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")

BY_TOKEN = ("JWT", "COGNITO_USER_POOLS")
"""Authorizations by a token that callers get from somebody else; where it stands is nearly always this header."""


def methods_of(frame: ApiFrame) -> QuerySet[Method]:
    """The methods of the API as it is being edited."""
    return Method.objects.filter(resource__rest_api=frame.api).select_related("resource")


def first_call(frame: ApiFrame, stage_name: str) -> str:
    """A call that has a chance to work as it stands: a GET with as few variables in its path as there are."""
    methods = list(methods_of(frame).order_by("resource__path")[:200])
    url = addresses.path_style(frame.api.id, stage_name)
    if not methods:
        return curl("GET", f"{url}/")
    best = min(
        methods, key=lambda one: (_FIRST.index(one.http_method), one.resource.path.count("{"), len(one.resource.path))
    )
    headers = {"x-api-key": "YOUR_KEY"} if best.api_key_required else {}
    if best.authorization_type in BY_TOKEN:
        headers["Authorization"] = "Bearer YOUR_TOKEN"
    return curl(best.http_method, url + re.sub(r"\{[^}]+\}", "1", best.resource.path), headers)
