"""The page of the search."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.developer.catalogue import LONGEST_SEARCH
from portal.developer.search import search


@never_cache
@require_safe
def search_everything(request: HttpRequest) -> HttpResponse:
    """What was found; a search by htmx gets the list alone."""
    words = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    context = {"section": "search", "search": words, "found": search(request.user, words)}
    fragment = request.headers.get("HX-Target") == "found"
    response = render(request, "developer/parts/found.html" if fragment else "developer/search.html", context)
    response["Vary"] = "HX-Target, Cookie"
    return response
