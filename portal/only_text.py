"""What is no text goes no further than here: pages ask the database for what they are sent, and no database takes it.

The AWS API has its own words for what it cannot read, and is let through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.shortcuts import render
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from apps.control_plane.wire.view import aws_api
from apps.core.storable import holds_unstorable, is_storable

REASON = "It holds a character that is no text: NUL, or half of a surrogate pair."

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class OnlyText:
    """Django middleware: a page whose address, query or fields hold NUL or half a surrogate pair answers 400."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # A session nobody can have is no session.
        request.COOKIES = {name: value for name, value in request.COOKIES.items() if is_storable(value)}
        if request.encoding is not None:
            # Pages are UTF-8, and so is what browsers send. `charset` may name codecs that are none of texts, or make half pairs.
            request.encoding = "utf-8"
        return self._get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if view is aws_api or all(map(is_storable, _sent(request))):
            return None
        if "text/html" in request.headers.get("Accept", ""):
            return render(request, "400.html", {"reason": REASON}, status=400)
        return JsonResponse({"detail": REASON}, status=400)


def _sent(request: HttpRequest) -> Iterable[str]:
    yield request.path_info
    for fields in (request.GET, request.POST):
        yield from _texts(fields)
    yield from request.FILES


def _texts(fields: QueryDict) -> Iterable[str]:
    for name, values in fields.lists():
        yield name
        yield from values


class TextJSONParser(JSONParser):
    """Bodies of the portal's JSON API, whose texts are kept too."""

    def parse(self, *args: Any, **options: Any) -> Any:
        parsed = super().parse(*args, **options)
        if holds_unstorable(parsed):
            raise ParseError(REASON)
        return parsed
