"""Try-it for programs: an operation is called through the portal, with the keys of one's applications, and the answer told as JSON."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.decorators import api_view, permission_classes
from rest_framework.exceptions import Throttled, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from portal.developer import catalogue
from portal.developer.api_access import needs
from portal.developer.calling import call_api
from portal.developer.pace import PACE, visitor
from portal.developer.reference import OperationPage, Reference
from portal.developer.reference_pages import desk_for, sdk, with_token
from portal.developer.try_form import LONGEST_BODY, LONGEST_TOKEN, LONGEST_VALUE, read_attempt


class _Values(serializers.DictField):
    child = serializers.CharField(max_length=LONGEST_VALUE, allow_blank=True)


class CredentialsBody(serializers.Serializer[Any]):
    accessKeyId = serializers.CharField(max_length=128)  # noqa: N815 - a member of the API
    secretAccessKey = serializers.CharField(max_length=LONGEST_VALUE)  # noqa: N815 - a member of the API
    sessionToken = serializers.CharField(max_length=LONGEST_VALUE, required=False, default="")  # noqa: N815 - a member of the API


class CallBody(serializers.Serializer[Any]):
    api = serializers.CharField(max_length=160, required=False, default="")
    operation = serializers.CharField(max_length=1024)
    method = serializers.CharField(max_length=7, required=False, default="")
    path = _Values(required=False, default=dict)
    query = _Values(required=False, default=dict)
    header = _Values(required=False, default=dict)
    body = serializers.CharField(
        max_length=LONGEST_BODY, required=False, default="", allow_blank=True, trim_whitespace=False
    )
    application = serializers.CharField(max_length=32, required=False, default="")
    token = serializers.CharField(max_length=LONGEST_TOKEN, required=False, default="")
    client = serializers.CharField(max_length=255, required=False, default="")
    credentials = CredentialsBody(required=False, default=None, allow_null=True)


@api_view(["POST"])
@needs("call")
def call_operation(request: Request, slug: str) -> Response:
    """Call `operation` ("GET /pets/{petId}") of a product; 400 for what cannot be sent, 429 for more than three calls a second.

    The answer has status, headers, body (laid out where it is JSON), milliseconds and truncated.
    """
    offer = catalogue.offer(request.user, slug)
    body = CallBody(data=request.data)
    body.is_valid(raise_exception=True)
    given = body.validated_data
    api = offer.api(given["api"]) if given["api"] else next((one for one in offer.apis if not one.pending), None)
    operation = _named(api.reference, given["operation"]) if api is not None and not api.websocket else None
    if api is None or operation is None:
        raise Http404("No such operation.")
    desk = desk_for(request._request, offer, api, operation, given["application"])
    key = desk.key.value if desk.key else ""
    attempt = with_token(desk, read_attempt(operation, _posted(given), key, offer.product.region), given["client"])
    if attempt.problem():
        raise ValidationError({"detail": attempt.problem()})
    wait = PACE.wait_for(visitor(desk.request))
    if wait:
        raise Throttled(wait)
    answer = call_api(api, desk.key, attempt)
    if answer.problem:
        return Response({"detail": answer.problem}, status=502)
    return Response(
        {
            "status": answer.status,
            "headers": [list(header) for header in answer.headers],
            "body": answer.body,
            "milliseconds": answer.milliseconds,
            "truncated": answer.truncated,
        }
    )


@api_view(["GET"])
@permission_classes([AllowAny])
def client_of_api(request: Request, slug: str, kind: str) -> HttpResponse:
    """A client of a product's REST API as an archive; `?api=` chooses one of several. Kinds are python, javascript, java and ruby."""
    return sdk(request._request, slug, request.query_params.get("api", ""), kind)


def _named(reference: Reference, name: str) -> OperationPage | None:
    """The operation by method and path, or by what the pages call it."""
    return next((one for one in reference.operations() if name in (f"{one.method} {one.path}", one.anchor)), None)


def _posted(given: dict[str, Any]) -> dict[str, str]:
    """The same as the page's form posts it."""
    credentials = given["credentials"] or {}
    return {
        **{f"{where}:{name}": value for where in ("path", "query", "header") for name, value in given[where].items()},
        "method": given["method"],
        "body": given["body"],
        "token": given["token"],
        "access_key_id": credentials.get("accessKeyId", ""),
        "secret_access_key": credentials.get("secretAccessKey", ""),
        "session_token": credentials.get("sessionToken", ""),
    }
