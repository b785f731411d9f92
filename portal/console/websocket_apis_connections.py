"""Connections of a WebSocket API: which are open, and sending to one, asking about it and ending it.

`@connections` belongs to the data plane and takes signed requests: the portal signs them with credentials of a minute that act as an
access key of the person who asks.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect

from apps.accounts.models import AccessKey
from apps.control_plane.errors import AccessDeniedException, AwsError
from apps.core.session_tokens import SessionTokens
from portal.console.commands import Command
from portal.console.fields import CodeField, offer
from portal.console.gate import Console, Shape, console_page
from portal.console.v2_frame import V2Frame, v2_frame
from portal.developer.addresses import try_it_url

_PAGE = 100
_PATIENCE = 10  # seconds
_LIFETIME = timedelta(minutes=1)
_SERVICE = "execute-api"
_METHODS = {"post": "POST", "ask": "GET", "end": "DELETE"}

logger = logging.getLogger("gatehouse.console")


class ConnectionForm(forms.Form):
    """What to do with one connection."""

    stage = forms.ChoiceField()
    connection = forms.CharField(
        label="Connection id",
        max_length=128,
        help_text="What $context.connectionId is, and what functions and back ends are told.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )
    message = CodeField(label="Message", rows=4, required=False)

    def __init__(self, *args: Any, stages: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        offer(self, "stage", [(name, name) for name in stages])


@dataclass(frozen=True)
class Told:
    """What `@connections` said: an HTTP status, or 0 when it could not be asked, and its words."""

    status: int
    text: str

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


@console_page("GET", "POST")
def connections(console: Console, api_id: str) -> HttpResponseBase:
    """The open connections of a stage, and one of them to act on."""
    frame = v2_frame(console, api_id, "v2_connections")
    if not frame.api.websocket:
        raise Http404("only WebSocket APIs have connections")
    if console.request.method == "POST" and not console.may_write:
        raise AccessDeniedException("A viewer cannot manage connections.")
    stages = [stage.name for stage in frame.stages if stage.deployment]
    asked = console.request.GET.get("stage", "")
    stage = asked if asked in stages else next(iter(stages), "")
    chosen = {"stage": stage, "connection": console.request.GET.get("connection", "")}
    form = ConnectionForm(console.posted, stages=stages, initial=chosen)
    told: Told | None = None
    if form.is_valid():
        told = _act(console, frame, form)
        if told is not None and told.ok and console.request.POST.get("do") == "end":
            messages.success(console.request, "The connection is closed.")
            return redirect(f"{frame.url('v2_connections')}?stage={quote(form.cleaned_data['stage'])}")
    listed = _listed(console, frame, stage) if stage else {}
    return frame.page(
        "console/v2/connections.html",
        steps=("Connections",),
        form=form,
        stages=stages,
        stage_name=stage,
        told=told,
        facts=_facts(told),
        can_sign=_key(console) is not None,
        cli=[
            Command(
                "PostToConnection",
                {"ConnectionId": "CONNECTION_ID", "Data": "hello"},
                service="apigatewaymanagementapi",
            )
        ],
        **listed,
    )


def _listed(console: Console, frame: V2Frame, stage: str) -> dict[str, Any]:
    """A page of the open connections."""
    request: Shape = {"apiId": frame.api.id, "stageName": stage, "limit": _PAGE}
    position = console.request.GET.get("position", "")
    if position:
        request["position"] = position
    try:
        answer = console.call("ListConnections", request, "gatehouse")
    except AwsError as error:
        return {"unlisted": error.message}
    following = answer.get("position")
    return {
        "connections": answer.get("items", []),
        "total": answer.get("total", 0),
        "incomplete": not answer.get("isComplete", True),
        "next_url": f"?stage={quote(stage)}&position={quote(following)}" if following else "",
        "first_url": f"?stage={quote(stage)}" if position else "",
    }


def _act(console: Console, frame: V2Frame, form: ConnectionForm) -> Told | None:
    """Do what the button says; without an access key that is an error of the form."""
    key = _key(console)
    method = _METHODS.get(console.request.POST.get("do", "ask"), "GET")
    data = form.cleaned_data
    if key is None:
        form.add_error(
            None, "You have no active access key: make one, because connections are managed by signed requests."
        )
        return None
    base = try_it_url(frame.api.id, data["stage"])
    url = f"{base}/@connections/{quote(data['connection'], safe='')}"
    told = _signed(key, console.region, method, url, data["message"].encode() if method == "POST" else b"")
    if told.status == 410:
        form.add_error("connection", "This connection is closed.")
    elif not told.ok:
        form.add_error("connection", told.text or f"The gateway answered {told.status}.")
    return told


def _signed(key: AccessKey, region: str, method: str, url: str, body: bytes) -> Told:
    session = SessionTokens(settings.SESSION_TOKEN_KEY).issue(key.pk, datetime.now(UTC) + _LIFETIME)
    request = AWSRequest(method=method, url=url, data=body, headers={"content-type": "application/octet-stream"})
    SigV4Auth(Credentials(session.access_key_id, session.secret, session.token), _SERVICE, region).add_auth(request)
    try:
        with requests.Session() as client:
            client.trust_env = False
            answer = client.request(
                method, url, headers=dict(request.headers), data=body, timeout=_PATIENCE, allow_redirects=False
            )
    except requests.RequestException as error:
        logger.info("@connections could not be asked: %s", type(error).__name__)
        return Told(0, "The gateway could not be reached. It may be restarting: try again in a moment.")
    return Told(answer.status_code, _words(answer))


def _words(answer: requests.Response) -> str:
    text = answer.text[:4096]
    if answer.ok:
        return text
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return str(said.get("message") or said.get("Message") or text) if isinstance(said, dict) else text


def _facts(told: Told | None) -> list[dict[str, Any]]:
    """What GetConnection said, for a page."""
    try:
        said = json.loads(told.text) if told is not None and told.ok else {}
    except (ValueError, RecursionError):
        return []
    identity = said.get("identity", {})
    named = (
        ("Connected", said.get("connectedAt")),
        ("Last active", said.get("lastActiveAt")),
        ("Source IP", identity.get("sourceIp")),
        ("User agent", identity.get("userAgent")),
    )
    return [{"name": name, "value": value, "code": False, "block": False} for name, value in named if value]


def _key(console: Console) -> AccessKey | None:
    """An active access key of the person in the account."""
    rows = AccessKey.objects.filter(account_id=console.account_id, user=console.user, active=True)
    return rows.order_by("pk").first()
