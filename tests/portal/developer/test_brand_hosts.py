"""A brand on a name of its own, with a proxy for TLS before the portal: its forms are taken, and nobody else's."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.core import mail
from django.core.asgi import get_asgi_application

from apps.accounts.models import User
from portal.behind_proxies import BehindProxies
from tests.portal.developer.people import PASSWORD
from tests.portal.developer.shops import Shop

# The handler runs in threads of its own, which see what is committed.
pytestmark = pytest.mark.django_db(transaction=True)

BRAND, OURS = "apis.acme.example", "portal.example.com"
PROXY, STRANGER, PERSON = "10.0.0.7", "203.0.113.9", "198.51.100.4"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str


@dataclass
class Browser:
    """A browser that comes by way of `peer`, who says by `proto` how it came."""

    host: str = BRAND
    peer: str = PROXY
    proto: str = "https"
    cookies: SimpleCookie = field(default_factory=SimpleCookie)

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask("GET", path, b"", headers)

    def post(self, path: str, form: dict[str, str], **headers: str) -> Answer:
        """Send a form as a page of this host would, unless `headers` say otherwise."""
        token = {"csrfmiddlewaretoken": self.cookies["csrftoken"].value} if "csrftoken" in self.cookies else {}
        sent = {"origin": f"{self.proto}://{self.host}", "content-type": "application/x-www-form-urlencoded", **headers}
        return self._ask("POST", path, urlencode({**token, **form}).encode(), sent)

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        own = {
            "host": self.host,
            "x-forwarded-proto": self.proto,
            "x-forwarded-for": PERSON,
            "cookie": "; ".join(f"{name}={cookie.value}" for name, cookie in self.cookies.items()),
        }
        sent = {name: value for name, value in {**own, **headers}.items() if value}
        at = urlsplit(path)
        scope = {
            "type": "http", "method": method, "path": at.path, "query_string": at.query.encode(), "scheme": "http",
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "client": (self.peer, 40_000), "server": ("127.0.0.1", 8000), "http_version": "1.1", "asgi": {"version": "3.0"},
        }  # fmt: skip
        answer = async_to_sync(_exchange)(scope, body)
        for line in answer.headers.pop("set-cookie", "").split("\n"):
            self.cookies.load(line)
        return answer


async def _exchange(scope: dict[str, Any], body: bytes) -> Answer:
    portal = BehindProxies(get_asgi_application(), (ip_network("10.0.0.0/8"),))
    talk = ApplicationCommunicator(portal, scope)  # type: ignore[no-untyped-call]
    await talk.send_input({"type": "http.request", "body": body})
    start = await talk.receive_output(10)
    received = b""
    while True:
        part = await talk.receive_output(10)
        received += part.get("body", b"")
        if not part.get("more_body"):
            break
    headers: dict[str, str] = {}
    for name, value in start["headers"]:
        key, text = name.decode().lower(), value.decode()
        headers[key] = f"{headers[key]}\n{text}" if key in headers else text
    return Answer(start["status"], headers, received.decode())


@pytest.fixture(autouse=True)
def brand(shop: Shop, settings: Any) -> None:
    """The account's portal has a name of its own, which the operator lets in."""
    settings.ALLOWED_HOSTS = [OURS, BRAND]
    settings.CSRF_TRUSTED_ORIGINS = [f"https://{OURS}"]
    shop.call("PutPortalBrand", name="Acme APIs", domainName=BRAND)


SIGN_UP = {"email": "nora@example.com", "password1": "a long pass phrase", "password2": "a long pass phrase"}


def test_somebody_signs_up_at_the_brands_own_name(shop: Shop) -> None:
    browser = Browser()
    assert "Acme APIs" in browser.get("/sign-up/").text

    answer = browser.post("/sign-up/", SIGN_UP)

    assert (answer.status, answer.headers["location"]) == (302, "/sign-up/check-your-email/")
    (link,) = re.findall(r"https?://\S+/sign-up/confirm/\S+", mail.outbox[0].body)
    assert link.startswith(f"https://{BRAND}/")


def test_signing_in_leads_back_to_a_page_of_that_name(ada: User) -> None:
    browser = Browser()
    browser.get("/sign-in/?next=/apps/")

    answer = browser.post("/sign-in/", {"login": "ada@example.com", "password": PASSWORD, "next": "/apps/"})

    assert (answer.status, answer.headers.get("location")) == (302, "/apps/")
    assert browser.get("/apps/").status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": f"http://{BRAND}"},
        {"origin": f"https://{BRAND}.evil.example"},
        {"origin": f"https://{BRAND}:8443"},
        {"origin": "null"},
        {"origin": "", "referer": "https://evil.example/form"},
        {"origin": "", "referer": f"http://{BRAND}/sign-up/"},
        {"origin": "", "referer": ""},
    ],
)
def test_a_form_of_another_origin_is_refused(headers: dict[str, str]) -> None:
    browser = Browser()
    browser.get("/sign-up/")

    assert browser.post("/sign-up/", SIGN_UP, **headers).status == 403
    assert not User.objects.filter(email="nora@example.com").exists()


def test_a_form_with_a_referer_of_the_same_page_is_taken() -> None:
    browser = Browser()
    browser.get("/sign-up/")

    assert browser.post("/sign-up/", SIGN_UP, origin="", referer=f"https://{BRAND}/sign-up/").status == 302


@pytest.mark.parametrize("host", ["evil.example", f"{BRAND}.evil.example", f"evil.example#{BRAND}", "b.acme.example"])
def test_a_name_that_nobody_let_in_has_no_portal(host: str) -> None:
    assert Browser(host=host).get("/sign-up/").status == 400


def test_who_is_no_trusted_proxy_is_not_believed(lines_of_peers: Callable[[str], list[str]]) -> None:
    stranger = Browser(peer=STRANGER)
    stranger.get("/sign-up/")

    assert stranger.post("/sign-up/", SIGN_UP).status == 403
    assert lines_of_peers(STRANGER) == ["http", STRANGER]
    assert lines_of_peers(PROXY) == ["https", PERSON]


@pytest.fixture
def lines_of_peers() -> Callable[[str], list[str]]:
    """Scheme and caller of a request by way of a peer, as the application is told them."""

    def ask(peer: str) -> list[str]:
        told: list[str] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            told.extend([scope["scheme"], scope["client"][0]])

        headers = [(b"x-forwarded-proto", b"https"), (b"x-forwarded-for", PERSON.encode())]
        scope = {"type": "http", "scheme": "http", "client": (peer, 1), "headers": headers}
        async_to_sync(BehindProxies(application, (ip_network("10.0.0.0/8"),)))(scope, None, None)
        return told

    return ask
