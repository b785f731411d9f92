"""The reference of a WebSocket API."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.developer.addresses import socket_url
from portal.developer.applications import applications_for
from portal.developer.catalogue import Offer, OfferedApi
from portal.developer.first_call import PLACEHOLDER
from portal.developer.messages import read_conversation, socket_samples
from portal.developer.prose import render_markdown


def conversation_page(request: HttpRequest, offer: Offer, api: OfferedApi) -> HttpResponse:
    """Where to connect, and every kind of message with an example."""
    conversation = read_conversation(api.row.reference)
    url = socket_url(api.api_id, api.stage_name)
    accesses = [access for access in applications_for(request.user, offer.product) if access.key]
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
        "samples": socket_samples(url, shown_key, first),
    }
    return render(request, "developer/conversation.html", context)
