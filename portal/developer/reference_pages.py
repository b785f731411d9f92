"""The reference of a product's APIs, one operation at a time, with samples and try-it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.control_plane import registry
from apps.control_plane.caller import system_caller
from apps.control_plane.errors import AwsError
from apps.identity.models import OAuthClient
from portal.developer import catalogue, tryit
from portal.developer.addresses import public_url
from portal.developer.applications import Access, KeyOnPage, applications_for
from portal.developer.calling import call_api
from portal.developer.catalogue import Offer, OfferedApi
from portal.developer.conversation_pages import conversation_page
from portal.developer.explain import Explanation, explain
from portal.developer.first_call import PLACEHOLDER, operation_samples, simplest
from portal.developer.pace import PACE, visitor
from portal.developer.prose import render_markdown
from portal.developer.reference import OperationPage
from portal.developer.sdks import SDK_SETTINGS, SDKS
from portal.developer.try_credentials import clients_of
from portal.developer.try_form import fields, fresh_attempt, read_attempt
from portal.highlighting import highlight_json
from portal.oidc.tokens import token_for_itself

NO_KEY = "none"


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

    @property
    def clients(self) -> list[OAuthClient]:
        """The OAuth clients that the portal may get a token for."""
        return clients_of(self.accesses)

    def page(self, attempt: tryit.Attempt, **context: Any) -> HttpResponse:
        return render(self.request, "developer/reference.html", {**self.context(attempt), **context})

    def context(self, attempt: tryit.Attempt) -> dict[str, Any]:
        shown_key = attempt.key or (self.key.value if self.key else PLACEHOLDER)
        token = attempt.token or ("Bearer YOUR_TOKEN" if self.operation.token_header else "")
        shown = tryit.Attempt(attempt.operation, attempt.method, attempt.values, attempt.body, shown_key, token)
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
            "waiting": next((access for access in self.accesses if access.pending), None),
            "chosen": self.chosen,
            "key": self.key,
            "open_to_all": self.operation.open,
            "clients": self.clients if self.operation.token_header else [],
            "sdks": SDKS if self.api.protocol == "REST" else (),
            "attempt": attempt,
            "fields": fields(attempt),
            "methods": tryit.METHODS,
            "samples": operation_samples(self.api, shown),
        }

    def answer_context(self, answer: tryit.Answer, explanation: Explanation | None) -> dict[str, Any]:
        """What `parts/answer.html` shows."""
        return {
            "answer": answer,
            "explanation": explanation,
            "story_url": _story_url(self, answer),
            "answer_body": highlight_json(answer.body) if answer.is_json else answer.body,
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
    desk = desk_for(request, offer, shown, operation, request.GET.get("app", ""))
    return desk.page(fresh_attempt(operation, desk.key.value if desk.key else ""))


@never_cache
@require_POST
def try_it(request: HttpRequest, slug: str, api: str) -> HttpResponse:
    """Call the API for the reader and show its answer, to browsers without script; `stream_pages` does so for all others.

    Only this installation's gateway and this API's stage are called.
    """
    desk, attempt = posted_attempt(request, slug, api)
    answer, explanation = _answer(desk, attempt)
    return desk.page(attempt, **desk.answer_context(answer, explanation))


def posted_attempt(request: HttpRequest, slug: str, api: str) -> tuple[Desk, tryit.Attempt]:
    """What the try-it form of an operation asks for; raises Http404 for an operation that is not shown."""
    offer = catalogue.offer(request.user, slug)
    shown = _api(offer, api)
    operation = shown.reference.find(request.POST.get("operation", "")) if shown else None
    if shown is None or operation is None:
        raise Http404("No such operation.")
    desk = desk_for(request, offer, shown, operation, request.POST.get("application", ""))
    attempt = read_attempt(operation, request.POST, desk.key.value if desk.key else "", offer.product.region)
    return desk, with_token(desk, attempt, request.POST.get("client", ""))


def _answer(desk: Desk, attempt: tryit.Attempt) -> tuple[tryit.Answer, Explanation | None]:
    refusal = refusal_of(desk, attempt)
    if refusal is not None:
        return tryit.Answer(), refusal
    answer = call_api(desk.api, desk.key, attempt)
    return answer, explain(answer, attempt)


def refusal_of(desk: Desk, attempt: tryit.Attempt) -> Explanation | None:
    """Why nothing is sent for the reader, and None where it may be."""
    if attempt.operation.key_required and not desk.request.user.is_authenticated:
        text = "Create an account to get a key: this operation answers only with one."
        return Explanation("info", "Sign up to try this", text)
    wait = PACE.wait_for(visitor(desk.request))
    if wait:
        text = (
            f"The portal sends three requests a second for you. Try again in {wait} second{'' if wait == 1 else 's'}."
        )
        return Explanation("warning", "Slow down a little", text)
    return None


def with_token(desk: Desk, attempt: tryit.Attempt, chosen: str) -> tryit.Attempt:
    """The attempt with a token of the chosen client, where one was chosen and nothing pasted. Its owner could get it, too."""
    client = next((one for one in desk.clients if one.client_id == chosen), None) if chosen else None
    if client is None or attempt.token or not attempt.operation.token_header:
        return attempt
    return replace(attempt, token=f"Bearer {token_for_itself(client)}")


@require_safe
def sdk(request: HttpRequest, slug: str, api: str, kind: str) -> HttpResponse:
    """A client of the API in a programming language, as an archive."""
    offer = catalogue.offer(request.user, slug)
    shown = _api(offer, api)
    if shown is None or shown.protocol != "REST" or kind not in dict(SDKS):
        raise Http404("No such SDK.")
    if PACE.wait_for(visitor(request)):
        return HttpResponse("Wait a few seconds, then ask again.\n", status=429, content_type="text/plain")
    caller = system_caller(offer.product.account_id, offer.product.region, "portal", "developer-portal")
    wanted = {
        "restApiId": shown.api_id,
        "stageName": shown.stage_name,
        "sdkType": kind,
        "parameters": SDK_SETTINGS[kind],
    }
    try:
        made = registry.call(caller, "apigateway", "GetSdk", wanted)
    except AwsError as error:
        raise Http404(error.message) from error
    headers = {"Content-Disposition": f'attachment; filename="{offer.slug}-{kind}.zip"'}
    body = made["body"]
    return HttpResponse(
        body if isinstance(body, bytes) else body.read(), content_type="application/zip", headers=headers
    )


def _story_url(desk: Desk, answer: tryit.Answer) -> str:
    """Where the console tells why the gateway answered so, for those who operate the API."""
    user, request_id = desk.request.user, answer.header("x-amzn-requestid")
    if not request_id or not user.is_authenticated:
        return ""
    is_member = user.memberships.filter(account_id=desk.offer.product.account_id).exists()
    return reverse("console:story", args=[request_id]) if is_member else ""


def _api(offer: Offer, slug: str) -> OfferedApi | None:
    if not slug:
        return next((api for api in offer.apis if not api.pending), next(iter(offer.apis), None))
    api = offer.api(slug)
    if api is None:
        raise Http404("No such API in this product.")
    return api


def _operation(api: OfferedApi, anchor: str) -> OperationPage | None:
    return api.reference.find(anchor) or simplest(api)


def desk_for(request: HttpRequest, offer: Offer, api: OfferedApi, operation: OperationPage, application: str) -> Desk:
    """The reader's desk; an application that is not theirs, or has no access, is as good as none named."""
    accesses = applications_for(request.user, offer.product)
    usable = [access for access in accesses if access.key]
    chosen = next((access for access in usable if access.application.id == application), None)
    if chosen is None and application != NO_KEY:
        chosen = next(iter(usable), None)
    return Desk(request, offer, api, operation, accesses, chosen)
