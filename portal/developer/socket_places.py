"""Trying a WebSocket API with a connection that stays open: who may connect to which stage, and with which key, token or signature."""

from __future__ import annotations

import re

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from channels.db import database_sync_to_async
from django.http import Http404, HttpRequest

from portal.developer import catalogue
from portal.developer.addresses import try_it_url
from portal.developer.catalogue import Offer
from portal.developer.messages import Conversation, read_conversation
from portal.developer.pace import PACE, visitor
from portal.developer.try_credentials import clients_of, usable_accesses
from portal.developer.try_form import LONGEST_TOKEN, LONGEST_VALUE
from portal.oidc.tokens import token_for_itself
from portal.socket_bridge import Place, Said, Scope, request_of

_PATH = re.compile(r"/products/([A-Za-z0-9_-]{1,64})/reference/([a-z0-9]{1,10}-[A-Za-z0-9_$-]{1,128})/socket/")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\xff]")

Headers = list[tuple[str, str]]


@database_sync_to_async
def stage_of_product(scope: Scope) -> Place | None:
    """The stage that the path names, where whoever asks is shown its product; else None."""
    found = _PATH.fullmatch(scope["path"])
    if found is None:
        return None
    request = request_of(scope)
    try:
        offer = catalogue.offer(request.user, found[1])
    except Http404:
        return None
    api = offer.api(found[2])
    if api is None or not api.websocket or api.pending:
        return None
    conversation = read_conversation(api.row.reference)

    @database_sync_to_async
    def headers(said: Said, uri: str) -> Headers:
        return _headers(request, offer, conversation, said, uri)

    url = try_it_url(api.api_id, api.stage_name).replace("http", "ws", 1)
    return Place(url, visitor(request), headers, "Gatehouse-try-it")


def _headers(request: HttpRequest, offer: Offer, conversation: Conversation, said: Said, uri: str) -> Headers:
    """What the handshake carries for the reader; raises ValueError with what to do instead."""
    needs = conversation.needs
    if needs.key and not request.user.is_authenticated:
        raise ValueError("Create an account to get a key: connecting needs one.")
    wait = PACE.wait_for(visitor(request))
    if wait:
        raise ValueError(f"Slow down a little: try again in {wait} second{'' if wait == 1 else 's'}.")
    accesses = usable_accesses(request.user, offer.product)
    headers: Headers = []
    chosen = next((one for one in accesses if one.application.id == _text(said, "application")), None)
    if needs.key and chosen is not None and chosen.key is not None:
        headers.append(("x-api-key", str(chosen.key.value)))
    token = _text(said, "token", LONGEST_TOKEN)
    client = next((one for one in clients_of(accesses) if one.client_id == _text(said, "client")), None)
    if needs.token_header and not token and client is not None:
        token = f"Bearer {token_for_itself(client)}"
    if needs.token_header and token:
        if _UNPRINTABLE.search(token):
            raise ValueError("A token has printable characters of Latin-1 only, on one line.")
        headers.append((needs.token_header, token))
    if needs.signed:
        headers += _signature(said, uri, offer.product.region)
    return headers


def _signature(said: Said, uri: str, region: str) -> Headers:
    """The headers that sign a handshake with the access key that was typed; none without one."""
    key_id, secret = _text(said, "access_key_id"), _text(said, "secret_access_key")
    if not (key_id and secret):
        return []
    call = AWSRequest("GET", uri.replace("ws", "http", 1))
    credentials = Credentials(key_id, secret, _text(said, "session_token") or None)
    SigV4Auth(credentials, "execute-api", region).add_auth(call)
    return list(call.headers.items())


def _text(said: Said, name: str, longest: int = LONGEST_VALUE) -> str:
    value = said.get(name)
    return value.strip()[:longest] if isinstance(value, str) else ""
