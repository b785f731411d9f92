"""The reference of a WebSocket API, and trying it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from portal.developer import catalogue
from portal.developer.addresses import socket_url, try_it_url
from portal.developer.applications import Access
from portal.developer.catalogue import Offer, OfferedApi
from portal.developer.first_call import PLACEHOLDER
from portal.developer.messages import read_conversation, socket_samples
from portal.developer.pace import PACE, visitor
from portal.developer.prose import render_markdown
from portal.developer.try_credentials import clients_of, usable_accesses
from portal.developer.trysocket import LISTEN_SECONDS, Log, talk


@never_cache
@require_POST
def try_socket(request: HttpRequest, slug: str, api: str) -> HttpResponse:
    """Talk to the API for browsers without script, which cannot hold a connection: messages stand one below the other, with an empty line between them."""
    offer = catalogue.offer(request.user, slug)
    shown = offer.api(api)
    if shown is None or not shown.websocket or shown.pending:
        raise Http404("No such API.")
    conversation = read_conversation(shown.row.reference)
    accesses = _accesses(request, offer)
    wanted = request.POST.get("application", "")
    chosen = next((one for one in accesses if one.application.id == wanted), None)
    if conversation.key_required and not request.user.is_authenticated:
        problem = "Create an account to get a key: connecting needs one."
        return conversation_page(request, offer, shown, problem=problem)
    wait = PACE.wait_for(visitor(request))
    if wait:
        problem = f"Slow down a little: try again in {wait} second{'' if wait == 1 else 's'}."
        return conversation_page(request, offer, shown, problem=problem)
    headers = {"x-api-key": str(chosen.key.value)} if chosen is not None and chosen.key is not None else {}
    messages = [
        part.strip() for part in request.POST.get("messages", "").replace("\r\n", "\n").split("\n\n") if part.strip()
    ]
    seconds = request.POST.get("seconds", "")
    listen = int(seconds) if seconds in {str(one) for one in LISTEN_SECONDS} else LISTEN_SECONDS[0]
    url = try_it_url(shown.api_id, shown.stage_name).replace("http", "ws", 1)
    log = talk(url, headers, messages, listen)
    return conversation_page(request, offer, shown, log=log, messages=request.POST.get("messages", ""))


def _accesses(request: HttpRequest, offer: Offer) -> list[Access]:
    return [access for access in usable_accesses(request.user, offer.product) if access.key]


def conversation_page(
    request: HttpRequest,
    offer: Offer,
    api: OfferedApi,
    *,
    log: Log | None = None,
    problem: str = "",
    messages: str = "",
) -> HttpResponse:
    """Where to connect, and every kind of message with an example."""
    conversation = read_conversation(api.row.reference)
    url = socket_url(api.api_id, api.stage_name)
    accesses = _accesses(request, offer)
    key = accesses[0].key if accesses else None
    shown_key = (key.value if key else PLACEHOLDER) if conversation.key_required else ""
    first = conversation.messages[0].example if conversation.messages else "hello"
    context = {
        "section": "products",
        "offer": offer,
        "api": api,
        "conversation": conversation,
        "about": render_markdown(conversation.description),
        "socket_url": url,
        "accesses": accesses,
        "can_connect": bool(accesses) or not conversation.key_required,
        "clients": clients_of(usable_accesses(request.user, offer.product)) if conversation.needs.token_header else [],
        "first": first,
        "log": log,
        "problem": problem,
        "written": messages or first,
        "listen_seconds": LISTEN_SECONDS,
        "samples": socket_samples(url, shown_key, first),
    }
    return render(request, "developer/conversation.html", context)
