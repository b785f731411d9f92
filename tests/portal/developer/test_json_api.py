"""The portal's JSON API: what the pages do, for programs with tokens."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from openapi_spec_validator import validate

from apps.accounts.models import User
from apps.portals.models import Application, PortalToken
from portal.developer import calling
from portal.developer.api_access import SCOPES, make_token
from portal.developer.api_description import OPERATIONS, described
from portal.developer.pace import PACE
from portal.developer.urls import urlpatterns
from tests.portal.developer.people import browser, person
from tests.portal.developer.shops import Shop, make_product


class Program:
    """A program of Ada's with a token."""

    def __init__(self, user: User, *scopes: str) -> None:
        self.row, text = make_token(user, "robot", list(scopes or SCOPES), 30)
        self.client, self.headers = Client(), {"Authorization": f"Bearer {text}"}

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        call = getattr(self.client, method)
        sent = {} if body is None else {"data": body, "content_type": "application/json"}
        return call(f"/api/v1/{path}", headers=self.headers, **sent)


def test_everything_a_developer_does_on_the_pages_is_done_with_a_token(shop: Shop, ada: User) -> None:
    program = Program(ada)
    made = program("post", "applications/", {"name": "Robot"})
    app = f"applications/{made.json()['id']}/"
    assert (made.status_code, made.json()["role"]) == (201, "owner")

    assert program("post", f"{app}subscriptions/", {"product": "petstore", "plan": shop.free}).status_code == 201
    key = program("post", f"{app}keys/", {"label": "ci", "expires": "2100-01-01T00:00:00Z"}).json()
    assert program("get", f"{app}keys/{key['id']}/").json()["value"] == key["value"]
    assert program("patch", f"{app}keys/{key['id']}/", {"label": "deploy"}).json()["label"] == "deploy"
    assert program("patch", f"{app}keys/{key['id']}/", {}).status_code == 400
    limited = program("put", f"{app}keys/{key['id']}/limits/", {"websites": ["https://*.shop.example"]}).json()
    assert (limited["websites"], limited["networks"]) == (["https://*.shop.example"], [])
    assert program("put", f"{app}keys/{key['id']}/limits/", {"networks": ["nowhere"]}).status_code == 400
    fresh = program("post", f"{app}keys/{key['id']}/rotate/", {"overlapSeconds": 60}).json()
    assert fresh["value"] != key["value"]
    assert program("delete", f"{app}keys/{fresh['id']}/").status_code == 204
    member = program("post", f"{app}members/", {"email": "bob@example.com", "role": "viewer"}).json()["memberId"]
    assert program("patch", f"{app}members/{member}/", {"role": "manager"}).json()["role"] == "manager"
    assert program("delete", f"{app}members/{member}/").status_code == 204
    client = program("post", f"{app}clients/", {"name": "Robot", "grantType": "client_credentials"}).json()
    assert (
        program("post", f"{app}clients/{client['clientId']}/secret/").json()["clientSecret"] != client["clientSecret"]
    )
    assert len(program("get", f"{app}clients/").json()["items"]) == 1
    assert program("delete", f"{app}clients/{client['clientId']}/").status_code == 204
    subscription = program("get", app).json()["subscriptions"][0]["id"]
    assert program("delete", f"{app}subscriptions/{subscription}/").status_code == 204
    assert program("patch", app, {"name": "Robo"}).json()["name"] == "Robo"
    assert program("delete", app).status_code == 204
    assert not Application.objects.exists()


def test_an_operation_is_called_through_the_portal_as_try_it_does(
    shop: Shop, ada: User, origin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    PACE.forget_everybody()
    monkeypatch.setattr(calling, "try_it_url", lambda *_: origin.url)
    browser(ada).post("/products/petstore/access/")
    program, reader = Program(ada), Program(ada, "read")
    place = "products/petstore/calls/"

    answer = program("post", place, {"operation": "GET /pets"})

    assert (answer.status_code, answer.json()["status"], answer.json()["body"]) == (200, 200, '{\n  "ok": true\n}')
    assert origin.asked[0].headers["x-api-key"] == Application.objects.get().keys.get().api_key.value
    assert reader("post", place, {"operation": "GET /pets"}).status_code == 403
    assert Client().post(f"/api/v1/{place}", {"operation": "GET /pets"}).status_code == 401
    assert program("post", place, {"operation": "GET /nothing"}).status_code == 404
    assert program("post", place, {"operation": 1, "query": []}).status_code == 400
    monkeypatch.setattr(PACE, "_clock", lambda: 0.0)  # so that no token comes back meanwhile
    assert 429 in [program("post", place, {"operation": "GET /health"}).status_code for _ in range(9)]


def test_a_token_does_what_its_scopes_say_and_no_more(shop: Shop, ada: User) -> None:
    browser(ada).post("/products/petstore/access/")
    row = Application.objects.get()
    app, key = f"applications/{row.application_id}/", row.keys.get().api_key.key_id
    reader, writer = Program(ada, "read"), Program(ada, "write")

    assert reader("get", app).status_code == 200
    assert reader("patch", app, {"name": "x"}).json() == {"detail": "The token lacks the scope write."}
    assert [one("get", f"{app}keys/{key}/").status_code for one in (reader, writer)] == [403, 403]
    assert writer("get", "applications/").status_code == 403
    assert writer("patch", app, {"name": "Renamed"}).status_code == 200


def test_a_token_that_has_expired_or_is_none_opens_nothing(ada: User) -> None:
    program = Program(ada)
    assert program("get", "applications/").status_code == 200
    PortalToken.objects.update(expires=timezone.now() - timedelta(seconds=1))

    assert program("get", "applications/").status_code == 401
    assert Client().get("/api/v1/applications/", headers={"Authorization": "Bearer ghp_wrong"}).status_code == 401
    assert PortalToken.objects.get().last_used is not None


def test_a_token_of_somebody_who_was_deactivated_ends(ada: User) -> None:
    program = Program(ada)
    User.objects.update(is_active=False)

    assert program("get", "applications/").status_code == 401


def test_a_session_changes_something_only_with_the_token_of_the_form(shop: Shop, ada: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ada, backend="allauth.account.auth_backends.AuthenticationBackend")

    answer = strict.post("/api/v1/applications/", {"name": "x"}, content_type="application/json")

    assert (answer.status_code, Application.objects.exists()) == (403, False)


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "x" * 129}, [], "text", {"name": {"a": 1}}])
def test_a_body_that_is_wrong_is_told_by_member(shop: Shop, ada: User, body: Any) -> None:
    assert Program(ada)("post", "applications/", body).status_code == 400


def test_what_an_operation_refuses_keeps_its_status(shop: Shop, ada: User) -> None:
    program = Program(ada)
    program("post", "applications/", {"name": "Robot"})

    answer = program("post", "applications/", {"name": "Robot"})
    assert (answer.status_code, "already have" in answer.json()["detail"]) == (409, True)


def test_lists_come_a_page_at_a_time(shop: Shop, ada: User) -> None:
    make_product(shop.caller, "another", "Another")
    first = Client().get("/api/v1/products/?limit=1").json()
    second = Client().get(f"/api/v1/products/?limit=1&position={first['position']}").json()

    assert [first["items"][0]["slug"], second["items"][0]["slug"], "position" in second] == [
        "another",
        "petstore",
        False,
    ]
    assert Client().get("/api/v1/products/?position=nonsense").status_code == 400
    assert Client().get("/products/?position=nonsense").status_code == 404


def test_the_description_is_openapi_and_has_every_address() -> None:
    document = described()
    validate(document)
    portal: Any = urlpatterns[0]
    addresses = {
        str(one.pattern).removeprefix("api/v1") for one in portal.url_patterns if str(one.pattern).startswith("api/v1")
    }

    assert {re.sub(r"<\w+:(\w+)>", r"{\1}", address) for address in addresses} == set(document["paths"])
    assert {scope for _, _, scope, _, _ in OPERATIONS} == {"", *SCOPES}
    assert Client().get("/api/v1/openapi.json").json() == document


# What people do on each page, and where programs do the same: method and path of the JSON API, or why they do not.
_A = "/applications/{application_id}/"
TWINS: dict[str, tuple[str, ...] | str] = {
    "landing": ("get /",),
    "search": ("get /search/",),
    "guides": ("get /guides/",),
    "guide": ("get /guides/",),
    "support": ("get /guides/",),
    "products": ("get /products/",),
    "product": ("get /products/{slug}/",),
    "access": (f"post {_A}subscriptions/", "post /applications/"),
    "reference": ("get /products/{slug}/openapi.json",),
    "reference_of_api": ("get /products/{slug}/openapi.json",),
    "try_it": ("post /products/{slug}/calls/",),
    "try_stream": ("post /products/{slug}/calls/",),
    "try_socket": "a program connects to the address in get /products/{slug}/ itself",
    "sdk": ("get /products/{slug}/sdk/{kind}/",),
    "product_openapi": ("get /products/{slug}/openapi.json",),
    "mcp": "it is for programs",
    "llms": "it is for programs",
    "brand_style": "what a page looks like",
    "brand_logo": "what a page looks like",
    "tokens": "a token cannot make another one: that would outlive it",
    "delete_token": "made and ended by the person, in the browser",
    "carry_on": "where a person goes on after signing in",
    "applications": ("get /applications/", "post /applications/"),
    "join_application": ("post /invitations/{member_id}/",),
    "application": (f"get {_A}",),
    "application_usage": (f"get {_A}usage/",),
    "edit_application": (f"patch {_A}",),
    "delete_application": (f"delete {_A}",),
    "create_key": (f"post {_A}keys/",),
    "reveal_key": (f"get {_A}keys/{{key_id}}/",),
    "rotate_key": (f"post {_A}keys/{{key_id}}/rotate/",),
    "revoke_key": (f"delete {_A}keys/{{key_id}}/",),
    "limit_key": (f"put {_A}keys/{{key_id}}/limits/",),
    "label_key": (f"patch {_A}keys/{{key_id}}/",),
    "invite_member": (f"post {_A}members/", f"get {_A}members/"),
    "member_role": (f"patch {_A}members/{{member_id}}/",),
    "remove_member": (f"delete {_A}members/{{member_id}}/",),
    "create_client": (f"post {_A}clients/", f"get {_A}clients/"),
    "rotate_secret": (f"post {_A}clients/{{client_id}}/secret/",),
    "delete_client": (f"delete {_A}clients/{{client_id}}/",),
    "end_subscription": (f"delete {_A}subscriptions/{{subscription_id}}/",),
}


def test_every_page_has_its_twin_for_programs() -> None:
    portal: Any = urlpatterns[0]
    names = {one.name for one in portal.url_patterns}
    pages = {name for name in names if not name.startswith(("api_", "portal_")) and name != "portal"}

    assert pages == set(TWINS), "a page without a twin, or a twin without a page"
    described_here = {f"{method} {path}" for method, path, *_ in OPERATIONS}
    told = {one for twin in TWINS.values() if not isinstance(twin, str) for one in twin}
    assert told <= described_here
    assert described_here - told == {"get /openapi.json"}


def test_an_invitation_is_accepted_by_who_it_is_for_alone(shop: Shop, ada: User) -> None:
    program = Program(ada)
    app = f"applications/{program('post', 'applications/', {'name': 'Robot'}).json()['id']}/"
    bob, eve = person("bob@example.com"), person("eve@example.com")
    invited = program("post", f"{app}members/", {"email": bob.email, "role": "viewer"}).json()["memberId"]
    place = f"invitations/{invited}/"

    assert Program(eve)("post", place).status_code == 404
    assert Program(bob, "read")("post", place).status_code == 403
    joined = Program(bob)("post", place)
    assert (joined.status_code, joined.json()["role"]) == (201, "viewer")
    assert Program(bob)("post", place).status_code == 404


def test_a_client_of_an_api_is_fetched_with_a_token(shop: Shop, ada: User) -> None:
    PACE.forget_everybody()
    shop.call("UpdateProduct", productId=shop.product_id, visibility="signed-in")

    answer = Program(ada)("get", "products/petstore/sdk/python/")

    assert (answer.status_code, answer["Content-Type"], answer.content[:2]) == (200, "application/zip", b"PK")
    assert Client().get("/api/v1/products/petstore/sdk/python/").status_code == 404


def test_a_token_is_shown_once_on_its_page_and_deleted_there(signed_in: Client, ada: User) -> None:
    page = signed_in.post("/tokens/", {"name": "ci", "scopes": ["read"], "days": "7"}).content.decode()
    found = re.search(r"ghp_[\w-]+", page)
    assert found is not None
    assert found[0] not in signed_in.get("/tokens/").content.decode()
    row = PortalToken.objects.get()
    assert found[0] not in row.digest

    signed_in.post(f"/tokens/{row.token_id}/delete/")
    assert not PortalToken.objects.exists()
    assert signed_in.post("/tokens/", {"name": "ci"}).status_code == 422
    assert Client().get("/tokens/").status_code == 302
