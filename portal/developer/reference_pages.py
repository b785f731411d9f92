"""The reference of a product's APIs, one operation at a time, with samples and try-it."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import sleep
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from portal.developer import catalogue, tryit
from portal.developer.addresses import public_url, try_it_url
from portal.developer.applications import Access, KeyOnPage, applications_for
from portal.developer.catalogue import Offer, OfferedApi
from portal.developer.conversation_pages import conversation_page
from portal.developer.explain import Explanation, explain
from portal.developer.first_call import PLACEHOLDER, operation_samples, simplest
from portal.developer.pace import Pace
from portal.developer.prose import render_markdown
from portal.developer.reference import OperationPage
from portal.developer.try_form import fields, fresh_attempt, read_attempt
from portal.highlighting import highlight_json

PACE = Pace(rate=3, burst=6)
NO_KEY = "none"
# A key reaches every process of the gateway within a second of its making.
_FRESH_SECONDS = 10
_TRIES_WITH_A_FRESH_KEY = 6


@dataclass(frozen=True)
class Desk:
    """Where a reader is: a product, one of its APIs, an operation, and the application whose key is used."""

    request: HttpRequest
    offer: Offer
    api: OfferedApi
    operation: OperationPage
    accesses: list[Access] = field(default_factory=list)
    chosen: Access | None = None

    @property
    def key(self) -> KeyOnPage | None:
        return self.chosen.key if self.chosen else None

    def page(self, attempt: tryit.Attempt, **context: Any) -> HttpResponse:
        return render(self.request, "developer/reference.html", {**self.context(attempt), **context})

    def context(self, attempt: tryit.Attempt) -> dict[str, Any]:
        shown_key = attempt.key or (self.key.value if self.key else PLACEHOLDER)
        shown = tryit.Attempt(attempt.operation, attempt.method, attempt.values, attempt.body, shown_key)
        return {
            "section": "products",
            "offer": self.offer,
            "api": self.api,
            "reference": self.api.reference,
            "operation": self.operation,
            "about": render_markdown(self.operation.description),
            "api_about": render_markdown(self.api.reference.description),
            "base_url": public_url(self.api.api_id, self.api.stage_name),
            "accesses": [access for access in self.accesses if access.key],
            "chosen": self.chosen,
            "key": self.key,
            "open_to_all": not self.operation.key_required,
            "attempt": attempt,
            "fields": fields(attempt),
            "methods": tryit.METHODS,
            "samples": operation_samples(self.api, shown),
        }


@never_cache
@require_safe
def reference(request: HttpRequest, slug: str, api: str = "") -> HttpResponse:
    """An operation of an API, the simplest one unless `operation` names it. While nothing is rendered the page looks again."""
    offer = catalogue.offer(request.user, slug)
    shown = _api(offer, api)
    if shown is not None and shown.websocket and not shown.pending:
        return conversation_page(request, offer, shown)
    operation = _operation(shown, request.GET.get("operation", "")) if shown else None
    if "poll" in request.GET:
        return HttpResponse(
            status=204 if operation is None else 200, headers={"HX-Refresh": "true"} if operation else {}
        )
    if shown is None or operation is None:
        context = {"section": "products", "offer": offer, "api": shown}
        return render(request, "developer/reference_pending.html", context)
    desk = _desk(request, offer, shown, operation, request.GET.get("app", ""))
    return desk.page(fresh_attempt(operation, desk.key.value if desk.key else ""))


@never_cache
@require_POST
def try_it(request: HttpRequest, slug: str, api: str) -> HttpResponse:
    """Call the API for the reader and show its answer. Only this installation's gateway and this API's stage are called."""
    offer = catalogue.offer(request.user, slug)
    shown = _api(offer, api)
    operation = shown.reference.find(request.POST.get("operation", "")) if shown else None
    if shown is None or operation is None:
        raise Http404("No such operation.")
    desk = _desk(request, offer, shown, operation, request.POST.get("application", ""))
    attempt = read_attempt(operation, request.POST, desk.key.value if desk.key else "")
    answer, explanation = _answer(desk, attempt)
    context = {
        "answer": answer,
        "explanation": explanation,
        "story_url": _story_url(desk, answer),
        "answer_body": highlight_json(answer.body) if answer.is_json else answer.body,
    }
    if request.headers.get("HX-Request") == "true":
        return render(request, "developer/parts/answer_update.html", {**desk.context(attempt), **context})
    return desk.page(attempt, **context)


def _answer(desk: Desk, attempt: tryit.Attempt) -> tuple[tryit.Answer, Explanation | None]:
    if attempt.operation.key_required and not desk.request.user.is_authenticated:
        text = "Create an account to get a key: this operation answers only with one."
        return tryit.Answer(), Explanation("info", "Sign up to try this", text)
    wait = PACE.wait_for(_visitor(desk.request))
    if wait:
        text = (
            f"The portal sends three requests a second for you. Try again in {wait} second{'' if wait == 1 else 's'}."
        )
        return tryit.Answer(), Explanation("warning", "Slow down a little", text)
    answer = _send(desk, attempt)
    return answer, explain(answer, attempt)


def _story_url(desk: Desk, answer: tryit.Answer) -> str:
    """Where the console tells why the gateway answered so, for those who operate the API."""
    user, request_id = desk.request.user, answer.header("x-amzn-requestid")
    if not request_id or not user.is_authenticated:
        return ""
    is_member = user.memberships.filter(account_id=desk.offer.product.account_id).exists()
    return reverse("console:story", args=[request_id]) if is_member else ""


def _send(desk: Desk, attempt: tryit.Attempt) -> tryit.Answer:
    """The gateway's answer. A refusal of a key that is seconds old may be the gateway not knowing it yet: it asked no back end."""
    base = try_it_url(desk.api.api_id, desk.api.stage_name)
    answer = tryit.send(attempt, base)
    fresh = desk.key is not None and (timezone.now() - desk.key.row.created).total_seconds() < _FRESH_SECONDS
    for _ in range(_TRIES_WITH_A_FRESH_KEY if fresh else 0):
        if answer.status != 403 or not answer.header("x-amzn-errortype").startswith("Forbidden"):
            break
        sleep(0.25)
        answer = tryit.send(attempt, base)
    return answer


def _api(offer: Offer, slug: str) -> OfferedApi | None:
    if not slug:
        return next((api for api in offer.apis if not api.pending), next(iter(offer.apis), None))
    api = offer.api(slug)
    if api is None:
        raise Http404("No such API in this product.")
    return api


def _operation(api: OfferedApi, anchor: str) -> OperationPage | None:
    return api.reference.find(anchor) or simplest(api)


def _desk(request: HttpRequest, offer: Offer, api: OfferedApi, operation: OperationPage, application: str) -> Desk:
    """The reader's desk; an application that is not theirs, or has no access, is as good as none named."""
    accesses = applications_for(request.user, offer.product)
    usable = [access for access in accesses if access.key]
    chosen = next((access for access in usable if access.application.id == application), None)
    if chosen is None and application != NO_KEY:
        chosen = next(iter(usable), None)
    return Desk(request, offer, api, operation, accesses, chosen)


def _visitor(request: HttpRequest) -> str:
    if request.user.is_authenticated:
        return f"user:{request.user.pk}"
    return f"address:{request.META.get('REMOTE_ADDR', '')}"
