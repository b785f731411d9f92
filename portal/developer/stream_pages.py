"""Trying an operation of the storefront, with the answer as it comes."""

from __future__ import annotations

from django.http import HttpRequest, StreamingHttpResponse
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from portal.developer import tryit
from portal.developer.addresses import try_it_url
from portal.developer.answer_lines import Trial, answer_in_lines
from portal.developer.calling import is_fresh
from portal.developer.explain import Explanation
from portal.developer.pace import visitor
from portal.developer.reference_pages import posted_attempt, refusal_of


@never_cache
@require_POST
def try_stream(request: HttpRequest, slug: str, api: str) -> StreamingHttpResponse:
    """As `try_it`, and the answer as it comes."""
    desk, attempt = posted_attempt(request, slug, api)

    def parts(answer: tryit.Answer, explanation: Explanation | None) -> dict[str, str]:
        return answer_parts(request, {**desk.context(attempt), **desk.answer_context(answer, explanation)})

    base = try_it_url(desk.api.api_id, desk.api.stage_name)
    refusal = refusal_of(desk, attempt)
    return answer_in_lines(Trial(visitor(request), attempt, base, refusal, is_fresh(desk.key), parts))


def answer_parts(request: HttpRequest, context: dict[str, object]) -> dict[str, str]:
    """The parts of a page that an answer changes."""
    return {name: render_to_string(f"developer/parts/{name}.html", context, request) for name in ("answer", "samples")}
