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
from tests.portal.developer.people import browser
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
