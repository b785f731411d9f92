"""The pages of API Gateway's portals, live and in previews: products, what is written about them, their endpoints with try-it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_POST, require_safe

from apps.portals.aws_portals import PortalPublication
from portal.developer import tryit
from portal.developer.answer_lines import Trial, answer_in_lines
from portal.developer.explain import Explanation
from portal.developer.pace import visitor
from portal.developer.portals.door import entrance, leave
from portal.developer.portals.endpoint_calls import KEY, Endpoint, read_endpoint
from portal.developer.portals.look import style_sheet
from portal.developer.portals.visit import Document, Visit, page_context, visit
from portal.developer.portals.visitors import errand_of, needs_sign_in, visitor_of
from portal.developer.prose import render_markdown
from portal.developer.stream_pages import answer_parts
from portal.developer.try_form import fields
from portal.highlighting import highlight_json

LONGEST_SEARCH = 100
_A_DAY = "private, max-age=86400"

Page = Callable[..., HttpResponseBase]


def _for_everybody(page: Page) -> Page:
    """A page at both of its addresses, the portal's and the preview's."""

    @wraps(page)
    def view(request: HttpRequest, portal_id: str = "", token: str = "", **rest: Any) -> HttpResponseBase:
        found = visit(portal_id, token)
        response = page(request, found, **rest)
        if found.is_preview:
            response["X-Robots-Tag"] = "noindex"
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response

    return view


def _for_visitors(page: Page) -> Page:
    """The same, for those who may see the portal."""

    @wraps(page)
    def shown(request: HttpRequest, found: Visit, **rest: Any) -> HttpResponseBase:
        return entrance(request, found) or page(request, found, **rest)

    return _for_everybody(shown)


@require_safe
@_for_visitors
def home(request: HttpRequest, found: Visit) -> HttpResponse:
    """The portal's products, or those in which the words of `q` are."""
    search = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    shown = [product for product in found.products if _has(product, search)]
    return _page(request, found, "home", {"products": shown, "search": search})


@require_safe
@_for_visitors
def product(request: HttpRequest, found: Visit, product_id: str) -> HttpResponse:
    """A product's overview."""
    shown = found.product(product_id)
    return _page(request, found, "product", {"product": shown, "overview": render_markdown(shown["overview"])})


@require_safe
@_for_visitors
def written(request: HttpRequest, found: Visit, product_id: str, page_id: str) -> HttpResponse:
    """A page that was written about a product."""
    shown = found.product(product_id)
    page = found.page(shown, page_id)
    return _page(request, found, "written", {"product": shown, "page": page, "body": render_markdown(page["body"])})


@require_safe
@_for_visitors
def endpoint(request: HttpRequest, found: Visit, product_id: str, endpoint_id: str) -> HttpResponse:
    """A method of an API, with try-it."""
    shown = found.product(product_id)
    wanted = read_endpoint(found.endpoint(shown, endpoint_id), found.document)
    return _endpoint_page(request, found, shown, wanted, wanted.fresh())


@require_POST
@_for_visitors
def try_it(request: HttpRequest, found: Visit, product_id: str, endpoint_id: str) -> HttpResponse:
    """Call the endpoint's stage for a visitor without script; `try_stream` does so for all others. Previews call nobody."""
    shown, wanted = _tried_endpoint(found, product_id, endpoint_id)
    attempt = wanted.filled_in(request.POST)
    answer, explanation = wanted.call(attempt)
    return _endpoint_page(request, found, shown, wanted, attempt, **_tried(wanted, attempt, answer, explanation))


@require_POST
@_for_visitors
def try_stream(request: HttpRequest, found: Visit, product_id: str, endpoint_id: str) -> StreamingHttpResponse:
    """As `try_it`, and the answer as it comes."""
    _, wanted = _tried_endpoint(found, product_id, endpoint_id)
    attempt = wanted.filled_in(request.POST)

    def parts(answer: tryit.Answer, explanation: Explanation | None) -> dict[str, str]:
        return answer_parts(request, _tried(wanted, attempt, answer, explanation))

    refusal = wanted.refusal(attempt)
    return answer_in_lines(Trial(visitor(request), attempt, wanted.base(), refusal, fresh_key=False, parts=parts))


@require_POST
@_for_everybody
def sign_out(request: HttpRequest, found: Visit) -> HttpResponse:
    """Out of a portal whose visitors come from a pool."""
    return leave(request, found)


@require_safe
@_for_everybody
def style(request: HttpRequest, found: Visit) -> HttpResponse:
    """The theme's colours, which the page before the door has, too."""
    text = style_sheet(found.document["colors"])
    return HttpResponse(text, content_type="text/css; charset=utf-8", headers={"Cache-Control": _A_DAY})


@require_safe
@_for_everybody
def logo(request: HttpRequest, found: Visit) -> HttpResponse:
    """The portal's logo. Opened by itself it is a download, and may do nothing."""
    picture = PortalPublication.objects.values_list("logo", flat=True).get(pk=found.publication.pk)
    if picture is None:
        raise Http404("No logo.")
    return HttpResponse(
        bytes(picture),
        content_type=found.publication.logo_content_type,
        headers={
            "Cache-Control": _A_DAY,
            "Content-Disposition": "attachment",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


def _tried_endpoint(found: Visit, product_id: str, endpoint_id: str) -> tuple[Document, Endpoint]:
    """A product and one of its endpoints that may be tried; raises Http404."""
    shown = found.product(product_id)
    wanted = read_endpoint(found.endpoint(shown, endpoint_id), found.document)
    if found.is_preview or not wanted.document["try_it"]:
        raise Http404("This endpoint cannot be tried.")
    return shown, wanted


def _endpoint_page(
    request: HttpRequest, found: Visit, shown: Document, wanted: Endpoint, attempt: tryit.Attempt, **context: Any
) -> HttpResponse:
    base = {
        "product": shown,
        "endpoint": wanted.document,
        "operation": wanted.operation,
        "about": render_markdown(wanted.operation.description),
        "url": wanted.shown_url(),
        "attempt": attempt,
        "fields": fields(attempt),
        "methods": tryit.METHODS,
        "samples": wanted.samples(attempt),
        "key_name": KEY,
        "can_try": wanted.document["try_it"] and not found.is_preview,
    }
    return _page(request, found, "endpoint", {**base, **context})


def _tried(
    wanted: Endpoint, attempt: tryit.Attempt, answer: tryit.Answer, explanation: Explanation | None
) -> dict[str, Any]:
    return {
        "answer": answer,
        "explanation": explanation,
        "answer_body": highlight_json(answer.body) if answer.is_json else answer.body,
        "operation": wanted.operation,
        "key": attempt.key,
        "samples": wanted.samples(attempt),
    }


def _page(request: HttpRequest, found: Visit, name: str, context: dict[str, Any]) -> HttpResponse:
    own_people = needs_sign_in(found) and errand_of(request, found) is None
    shared = {**page_context(found), "guest": visitor_of(request, found), "own_people": own_people}
    return render(request, f"developer/portals/{name}.html", {**shared, **context})


def _has(product: Document, search: str) -> bool:
    """Whether all words are somewhere in what a product's pages and endpoints are called, or in what it says."""
    endpoints = [one for section in product["sections"] for one in section["endpoints"]]
    texts = [
        product["name"],
        product["description"],
        product["overview"],
        *(text for page in product["pages"] for text in (page["title"], page["body"])),
        *(text for one in endpoints for text in (one["name"], one["path"], one["method"], one["body"])),
    ]
    known = "\n".join(texts).lower()
    return all(word in known for word in search.lower().split())
