"""Webhooks: signed events that reach a program once or more, or are given up, and never leave for where they must not."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import AuditEvent
from apps.control_plane.caller import Caller
from apps.control_plane.errors import AccessDeniedException, BadRequestException, NotFoundException
from apps.control_plane.gatehouse import webhook_delivery
from apps.control_plane.guarded_post import NotDelivered, post
from apps.portals import outbox
from apps.portals.models import WebhookDelivery
from tests.builders import ours


@dataclass
class Listener:
    """A real server that keeps what it is sent, and answers with `status`."""

    url: str
    status: int = 204
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(found.status)
            if found.status == 302:
                self.send_header("Location", found.url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Tests read `got`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_address[1]}/hook?a=b"
    yield found
    server.shutdown()
    server.server_close()
    thread.join(5)


def deliver_all() -> None:
    """What the worker does for each delivery that is due."""
    webhook_delivery.deliver_what_waits()


def hurry() -> None:
    """Time goes on until everything that waits is due."""
    WebhookDelivery.objects.exclude(due=None).update(due=timezone.now() - timedelta(seconds=1))


def test_a_test_event_arrives_signed_with_the_secret_that_was_shown_once(caller: Caller, listener: Listener) -> None:
    hook = ours(caller, "CreateWebhook", url=listener.url)
    sent = ours(caller, "TestWebhook", webhookId=hook["webhookId"])
    deliver_all()

    headers, body = listener.got[0]
    time, mac = (part.partition("=")[2] for part in headers["gatehouse-signature"].split(","))
    assert mac == hmac.new(hook["secret"].encode(), f"{time}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["gatehouse-delivery"] == json.loads(body)["id"] == sent["deliveryId"]
    assert (json.loads(body)["event"], headers["gatehouse-event"]) == ("webhook.test", "webhook.test")
    log = ours(caller, "ListWebhookDeliveries", webhookId=hook["webhookId"])["items"]
    assert [(one["status"], one["responseStatus"]) for one in log] == [("delivered", 204)]
    assert "secret" not in ours(caller, "GetWebhook", webhookId=hook["webhookId"])


def test_neither_the_audit_log_nor_a_list_has_the_secret(caller: Caller, listener: Listener) -> None:
    hook = ours(caller, "CreateWebhook", url=listener.url)
    changed = ours(caller, "UpdateWebhook", webhookId=hook["webhookId"], rotateSecret=True)

    assert changed["secret"] != hook["secret"]
    kept = json.dumps(
        [list(AuditEvent.objects.values("request", "before", "after")), ours(caller, "ListWebhooks")], default=str
    )
    assert hook["secret"] not in kept
    assert changed["secret"] not in kept


def test_what_is_not_answered_with_2xx_is_tried_again_later_under_the_same_id(
    caller: Caller, listener: Listener
) -> None:
    hook = ours(caller, "CreateWebhook", url=listener.url)
    ours(caller, "TestWebhook", webhookId=hook["webhookId"])
    listener.status = 500
    deliver_all()
    deliver_all()
    assert len(listener.got) == 1

    listener.status = 200
    hurry()
    deliver_all()

    assert len({headers["gatehouse-delivery"] for headers, _ in listener.got}) == 1
    row = WebhookDelivery.objects.get()
    assert (row.status, row.attempts, row.due, row.error) == ("delivered", 2, None, "")


def test_a_program_that_never_answers_is_given_up_and_can_be_sent_the_event_again(
    caller: Caller, listener: Listener
) -> None:
    hook = ours(caller, "CreateWebhook", url=listener.url)
    sent = ours(caller, "TestWebhook", webhookId=hook["webhookId"])
    listener.status = 503
    for _ in range(webhook_delivery.MOST_ATTEMPTS + 3):
        hurry()
        deliver_all()
    assert len(listener.got) == webhook_delivery.MOST_ATTEMPTS
    assert WebhookDelivery.objects.get().status == "failed"

    listener.status = 200
    ours(caller, "RedeliverWebhook", webhookId=hook["webhookId"], deliveryId=sent["deliveryId"])
    deliver_all()
    assert WebhookDelivery.objects.get().status == "delivered"


def test_pauses_between_attempts_grow_up_to_an_hour() -> None:
    pauses = [outbox.backoff(attempts).total_seconds() for attempts in range(1, 13)]

    assert pauses[:4] == [10, 20, 40, 80]
    assert pauses[-1] == 3600
    assert sorted(pauses) == pauses


def test_two_workers_do_not_send_the_same_delivery_at_once(caller: Caller, listener: Listener) -> None:
    hook = ours(caller, "CreateWebhook", url=listener.url)
    ours(caller, "TestWebhook", webhookId=hook["webhookId"])
    number = WebhookDelivery.objects.get().pk

    assert outbox.claim(WebhookDelivery.objects.all(), number) is not None
    assert outbox.claim(WebhookDelivery.objects.all(), number) is None
    webhook_delivery.deliver(number)
    assert listener.got == []


def test_a_redirection_is_not_followed(caller: Caller, listener: Listener) -> None:
    hook = ours(caller, "CreateWebhook", url=listener.url)
    ours(caller, "TestWebhook", webhookId=hook["webhookId"])
    listener.status = 302
    deliver_all()

    assert len(listener.got) == 1
    assert WebhookDelivery.objects.get().error == "answered with 302"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0"]
)
def test_private_addresses_are_reached_only_where_they_are_allowed(host: str) -> None:
    with pytest.raises(NotDelivered, match="not permitted"):
        post(f"http://{host}:1/", b"", [], allow_private=False)


@pytest.mark.parametrize("host", ["169.254.169.254", "[fd00:ec2::254]", "0.0.0.0"])
def test_addresses_of_credentials_are_never_reached(host: str) -> None:
    with pytest.raises(NotDelivered, match="not permitted"):
        post(f"http://{host}/latest/meta-data/", b"", [], allow_private=True)


def test_events_go_to_those_who_ask_for_them(caller: Caller, listener: Listener) -> None:
    some = ours(caller, "CreateWebhook", url=listener.url, events=["application.created"])
    ours(caller, "CreateWebhook", url=listener.url, events=["key.revoked"])
    off = ours(caller, "CreateWebhook", url=listener.url)
    ours(caller, "UpdateWebhook", webhookId=off["webhookId"], enabled=False)

    from apps.accounts.models import User

    owner = User.objects.create_user("ada", "ada@example.com")
    ours(caller, "CreateApplication", ownerId=str(owner.pk), name="My app")

    assert [row.webhook.webhook_id for row in WebhookDelivery.objects.all()] == [some["webhookId"]]
    data = json.loads(WebhookDelivery.objects.get().payload)["data"]
    assert (data["applicationName"], data["owner"]) == ("My app", "ada@example.com")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://x/",
        "example.com",
        "http://",
        "http://a:b@x/",
        "http://x:99999/",
        "http://[::1",
        "http://x/ y",
        "javascript:1",
    ],
)
def test_what_is_no_address_to_post_to_is_refused(caller: Caller, url: str) -> None:
    with pytest.raises(Exception, match=r".") as refusal:
        ours(caller, "CreateWebhook", url=url)
    assert isinstance(refusal.value, BadRequestException) or "validation" in str(refusal.value).lower()


def test_webhooks_of_another_account_are_unknown_and_viewers_change_none(caller: Caller, listener: Listener) -> None:
    hook = ours(caller, "CreateWebhook", url=listener.url)["webhookId"]

    with pytest.raises(NotFoundException):
        ours(replace(caller, account_id="210987654321"), "GetWebhook", webhookId=hook)
    with pytest.raises(AccessDeniedException):
        ours(replace(caller, role="viewer"), "DeleteWebhook", webhookId=hook)
