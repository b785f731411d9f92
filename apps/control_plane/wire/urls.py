"""The paths of the AWS API, taken from the models so that none is forgotten."""

from __future__ import annotations

import re

from django.urls import URLPattern, re_path

from apps.control_plane.wire.service_models import all_operations, operation_model
from apps.control_plane.wire.view import aws_api


def _first_segments() -> dict[str, bool]:
    """The first segment of every URI template, and whether any template goes on below it."""
    segments: dict[str, bool] = {}
    for service, name in all_operations():
        path = operation_model(service, name).http["requestUri"].partition("?")[0]
        first, _, rest = path.strip("/").partition("/")
        segments[first] = segments.get(first, False) or bool(rest)
    return segments


def _pattern(segment: str, *, goes_on: bool) -> str:
    return f"^{re.escape(segment)}{'(?:/|$)' if goes_on else '$'}"


urlpatterns: list[URLPattern] = [
    re_path(_pattern(segment, goes_on=goes_on), aws_api, name=f"aws-{segment}")
    for segment, goes_on in sorted(_first_segments().items())
]
