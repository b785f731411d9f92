"""How the portal's JSON API tells what was refused."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import exception_handler

from apps.control_plane.errors import AwsError


def answer_errors(error: Exception, context: dict[str, Any]) -> Response | None:
    """What an operation refused, as the API tells it: `{"detail": …}` with the operation's status."""
    if isinstance(error, AwsError):
        refusal = APIException(error.message, code=error.code)
        refusal.status_code = error.status
        error = refusal
    return exception_handler(error, context)
