"""Whatever is not one's own does not exist: every address below an application, for its owner, another developer and a stranger."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.portals.models import Application
from portal.developer.urls import urlpatterns
from tests.portal.developer.people import browser, person
from tests.portal.developer.shops import Shop

GETS = {"application": "", "application_usage": "usage/", "reveal_key": "keys/{key}/"}
POSTS = {
    "edit_application": "edit/",
    "create_key": "keys/",
    "label_key": "keys/{key}/label/",
    "limit_key": "keys/{key}/limits/",
    "invite_member": "members/",
    "member_role": "members/0123456789ab/role/",
    "remove_member": "members/0123456789ab/remove/",
    "create_client": "clients/",
    "rotate_secret": "clients/unknown/secret/",
    "delete_client": "clients/unknown/delete/",
    "rotate_key": "keys/{key}/rotate/",
    "revoke_key": "keys/{key}/revoke/",
    "end_subscription": "subscriptions/{subscription}/end/",
    "delete_application": "delete/",
}
API = {
    "api_application": "",
    "api_usage": "usage/",
    "api_key": "keys/{key}/",
    "api_members": "members/",
    "api_clients": "clients/",
}
API_CHANGES = {
    "api_keys": ("post", "keys/"),
    "api_rotate_key": ("post", "keys/{key}/rotate/"),
    "api_limit_key": ("put", "keys/{key}/limits/"),
    "api_subscriptions": ("post", "subscriptions/"),
    "api_subscription": ("delete", "subscriptions/{subscription}/"),
    "api_member": ("delete", "members/0123456789ab/"),
    "api_client": ("delete", "clients/unknown/"),
    "api_client_secret": ("post", "clients/unknown/secret/"),
}


@pytest.fixture
def adas(shop: Shop, ada: User) -> Application:
    """Ada's application, which uses the PetStore."""
    browser(ada).post("/products/petstore/access/")
    return Application.objects.get(owner=ada)


def address(application: Application, rest: str, prefix: str = "/apps/") -> str:
    key, subscription = application.keys.get(), application.subscriptions.get()
    filled = rest.format(key=key.api_key.key_id, subscription=subscription.subscription_id)
    return f"{prefix}{application.application_id}/{filled}"


def test_every_address_with_an_application_in_it_is_tried_here() -> None:
    portal: Any = urlpatterns[0]
    named = {pattern.name for pattern in portal.url_patterns if "application_id" in str(pattern.pattern)}

    assert named == {*GETS, *POSTS, *API, *API_CHANGES}


@pytest.mark.parametrize("name", GETS)
def test_the_owner_sees_what_is_theirs(name: str, adas: Application, ada: User) -> None:
    assert browser(ada).get(address(adas, GETS[name])).status_code == 200


@pytest.mark.parametrize("name", [*GETS, *POSTS])
def test_another_developer_gets_a_404(name: str, adas: Application, ada: User) -> None:
    bob = browser(person("bob@example.com"))
    url = address(adas, {**GETS, **POSTS}[name])

    answer = bob.get(url) if name in GETS else bob.post(url, {"overlap": "0", "name": "mine", "confirm": adas.name})

    assert answer.status_code == 404
    assert Application.objects.get(owner=ada).name == "My first app"
    assert adas.keys.get().api_key.enabled
    assert adas.subscriptions.exists()


@pytest.mark.parametrize("name", [*GETS, *POSTS])
def test_a_stranger_is_asked_to_sign_in(name: str, adas: Application) -> None:
    url = address(adas, {**GETS, **POSTS}[name])

    answer = Client().get(url) if name in GETS else Client().post(url)

    assert answer["Location"] == f"/sign-in/?next=/apps/{adas.application_id}/"


def test_a_fragment_that_outlived_its_session_leads_to_the_sign_in_page(adas: Application) -> None:
    answer = Client().get(address(adas, "usage/"), headers={"HX-Request": "true"})

    assert (answer.status_code, answer["HX-Redirect"].startswith("/sign-in/?next=")) == (204, True)


@pytest.mark.parametrize("name", API)
def test_the_api_knows_only_the_callers_own(name: str, adas: Application, ada: User) -> None:
    url = address(adas, API[name], "/api/v1/applications/")

    assert browser(ada).get(url).status_code == 200
    assert browser(person("bob@example.com")).get(url).status_code == 404
    assert Client().get(url).status_code in {401, 403}


@pytest.mark.parametrize("name", API_CHANGES)
def test_the_api_changes_only_the_callers_own(name: str, adas: Application) -> None:
    method, rest = API_CHANGES[name]
    url, bob = address(adas, rest, "/api/v1/applications/"), browser(person("bob@example.com"))
    body = {"product": "petstore", "plan": adas.subscriptions.get().product_plan.plan.plan_id}

    assert getattr(bob, method)(url, body, content_type="application/json").status_code == 404
    assert getattr(Client(), method)(url).status_code in {401, 403}
    assert (adas.keys.count(), adas.subscriptions.count()) == (1, 1)


def test_a_key_of_another_application_is_not_found_under_ones_own(adas: Application, ada: User) -> None:
    bob = person("bob@example.com")
    browser(bob).post("/products/petstore/access/")
    bobs = Application.objects.get(owner=bob)
    key = adas.keys.get().api_key.key_id

    for rest in (f"keys/{key}/rotate/", f"keys/{key}/revoke/"):
        assert browser(bob).post(f"/apps/{bobs.application_id}/{rest}", {"overlap": "0"}).status_code == 404
    assert browser(bob).get(f"/apps/{bobs.application_id}/keys/{key}/").status_code == 404
    assert adas.keys.get().api_key.enabled


def test_access_cannot_be_given_to_somebody_elses_application(adas: Application) -> None:
    bob = person("bob@example.com")

    browser(bob).post("/products/petstore/access/", {"application": adas.application_id})

    assert not Application.objects.filter(owner=bob).exists()


def test_try_it_does_not_lend_another_developers_key(adas: Application) -> None:
    bob = browser(person("bob@example.com"))

    page = bob.get(reverse("developer:reference", args=["petstore"]), {"app": adas.application_id}).content.decode()

    assert str(adas.keys.get().api_key.value) not in page
    assert adas.name not in page
