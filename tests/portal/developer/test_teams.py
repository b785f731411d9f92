"""Applications with several keys, colleagues and OAuth clients."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone

from apps.control_plane.errors import (
    AccessDeniedException,
    BadRequestException,
    ConflictException,
    LimitExceededException,
)
from apps.identity.models import OAuthClient
from apps.metering.models import TrafficMinute
from apps.portals import tasks
from apps.portals.models import Application, ApplicationClient, ApplicationMember
from tests.portal.developer.people import browser, person
from tests.portal.developer.shops import Shop


@pytest.fixture
def app(shop: Shop, signed_in: Client) -> Application:
    """Ada's application, which uses the PetStore under the plan Free."""
    signed_in.post("/products/petstore/access/")
    return Application.objects.get()


def place(app: Application, rest: str = "") -> str:
    return f"/apps/{app.application_id}/{rest}"


def member(app: Application, email: str, role: str) -> Client:
    """The browser of somebody who belongs to an application."""
    user = person(email)
    ApplicationMember.objects.create(application=app, email=email, user=user, role=role)
    return browser(user)


def text(client: Client, where: str) -> str:
    return client.get(where).content.decode()


def test_another_key_has_a_label_an_end_and_the_same_plans(app: Application, signed_in: Client) -> None:
    signed_in.post(place(app, "keys/"), {"additional": "1", "label": "staging", "expires": "2100-01-01"})

    first, second = app.keys.order_by("pk")
    assert (second.label, str(second.api_key.expires_at)) == ("staging", "2100-01-01 00:00:00+00:00")
    assert [one.plan_id for one in first.api_key.plans.all()] == [one.plan_id for one in second.api_key.plans.all()]
    signed_in.post(place(app, f"keys/{second.api_key.key_id}/label/"), {"label": "testing"})
    assert "testing" in text(signed_in, place(app))


@pytest.mark.parametrize("form", [{"expires": "2001-01-01"}, {"expires": "soon"}, {"label": "x" * 65}])
def test_what_is_wrong_with_a_key_makes_none(app: Application, signed_in: Client, form: dict[str, str]) -> None:
    signed_in.post(place(app, "keys/"), {"additional": "1", **form})

    assert app.keys.count() == 1


def test_a_rotated_key_keeps_its_label(app: Application, signed_in: Client) -> None:
    key = app.keys.get()
    signed_in.post(place(app, f"keys/{key.api_key.key_id}/label/"), {"label": "production"})
    signed_in.post(place(app, f"keys/{key.api_key.key_id}/rotate/"), {"overlap": "3600"})

    assert set(app.keys.values_list("label", flat=True)) == {"production"}


def test_a_key_tells_when_it_was_last_used(app: Application, signed_in: Client, shop: Shop) -> None:
    assert "not used in the last 35 days" in text(signed_in, place(app))
    TrafficMinute.objects.create(
        account_id=app.account_id, region=app.region, api_id=shop.api_id, stage_name="prod", resource="/pets", method="GET",
        key_id=app.keys.get().api_key.key_id, minute=timezone.now().replace(second=0, microsecond=0), count=1,
    )  # fmt: skip

    assert "last used" in text(signed_in, place(app))


def test_who_is_invited_joins_with_a_confirmed_address_and_a_press_of_a_button(
    app: Application, signed_in: Client
) -> None:
    signed_in.post(place(app, "members/"), {"email": "Bob@example.com", "role": "viewer"})
    tasks.send_mail_that_waits()
    link = mail.outbox[0].body.split("Join: ")[1].strip()
    where = "/apps/invitations/" + link.rstrip("/").rpartition("/")[2] + "/"
    bob = browser(person("bob@example.com"))

    assert bob.get(where).status_code == 200
    assert bob.get(place(app)).status_code == 404
    assert bob.post(where)["Location"] == place(app)
    assert "shared with you" in text(bob, "/apps/")
    assert bob.get(where).status_code == 404


def test_a_forwarded_invitation_lets_nobody_in(app: Application, signed_in: Client) -> None:
    signed_in.post(place(app, "members/"), {"email": "bob@example.com", "role": "manager"})
    where = f"/apps/invitations/{ApplicationMember.objects.get().member_id}/"
    bob, eve = person("bob@example.com"), person("eve@example.com")
    EmailAddress.objects.filter(user=bob).update(verified=False)

    for somebody in (browser(eve), browser(bob)):
        assert somebody.post(where).status_code == 200
        assert somebody.get(place(app)).status_code == 404


def test_a_viewer_sees_usage_and_no_key_and_changes_nothing(app: Application, signed_in: Client) -> None:
    bob = member(app, "bob@example.com", "viewer")
    key = app.keys.get().api_key

    assert "My first app" in text(bob, place(app))
    assert str(key.value) not in text(bob, f"{place(app)}?reveal={key.key_id}")
    assert bob.get(place(app, f"keys/{key.key_id}/")).status_code == 404
    for rest in ("keys/", f"keys/{key.key_id}/revoke/", "edit/", "members/", "clients/"):
        bob.post(
            place(app, rest), {"name": "x", "email": "x@example.com", "role": "viewer", "kind": "client_credentials"}
        )
    app.refresh_from_db()
    assert (app.name, app.keys.count(), app.members.count(), app.clients.count()) == ("My first app", 1, 1, 0)
    assert str(key.value) not in text(bob, "/products/petstore/reference/")


def test_a_manager_rotates_keys_and_cannot_delete_the_application(app: Application, signed_in: Client) -> None:
    bob = member(app, "bob@example.com", "manager")
    bob.post(place(app, f"keys/{app.keys.get().api_key.key_id}/rotate/"), {"overlap": "0"})
    bob.post(place(app, "delete/"), {"confirm": app.name})

    assert app.keys.count() == 2
    assert Application.objects.exists()
    assert str(app.keys.order_by("-pk").first().api_key.value) in text(bob, "/products/petstore/reference/")  # type: ignore[union-attr]


def test_a_member_leaves_and_another_role_acts_at_once(app: Application, signed_in: Client) -> None:
    bob = member(app, "bob@example.com", "manager")
    row = ApplicationMember.objects.get()
    signed_in.post(place(app, f"members/{row.member_id}/role/"), {"role": "viewer"})
    bob.post(place(app, "edit/"), {"name": "Bob's"})
    app.refresh_from_db()
    assert app.name == "My first app"

    assert bob.post(place(app, f"members/{row.member_id}/remove/"))["Location"] == "/apps/"
    assert bob.get(place(app)).status_code == 404


def test_somebody_is_invited_once_and_the_owner_never(app: Application, shop: Shop) -> None:
    shop.call("InviteApplicationMember", applicationId=app.application_id, email="bob@example.com", role="viewer")

    for email in ("BOB@example.com", "ada@example.com"):
        with pytest.raises(ConflictException):
            shop.call("InviteApplicationMember", applicationId=app.application_id, email=email, role="viewer")


def test_a_wrong_address_stands_in_the_form(app: Application, signed_in: Client) -> None:
    answer = signed_in.post(place(app, "members/"), {"email": "nobody", "role": "viewer"})

    assert (answer.status_code, "Enter a valid email address" in answer.content.decode()) == (422, True)


def made(page: str) -> tuple[str, str]:
    """Client id and secret, as the page shows them once."""
    id_, secret = (part.split("</code>")[0] for part in page.split('<dd><span class="secret"><code>')[1:3])
    return id_, secret


def test_a_client_gets_tokens_with_the_scopes_of_the_products_that_are_used(
    app: Application, signed_in: Client, shop: Shop
) -> None:
    shop.call("UpdateProduct", productId=shop.product_id, scopes=["pets/read"], audience="https://pets.example")
    page = signed_in.post(place(app, "clients/"), {"name": "Robot", "kind": "client_credentials"}).content.decode()
    id_, secret = made(page)

    def ask(scope: str) -> Any:
        form = {"grant_type": "client_credentials", "scope": scope, "client_id": id_, "client_secret": secret}
        return Client().post(f"/oidc/{app.account_id}/token", form)

    token = ask("pets/read").json()["access_token"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["scope"] == "pets/read"
    assert "https://pets.example" in claims["aud"]
    assert ask("admin").status_code == 400
    assert secret not in text(signed_in, place(app))


def test_scopes_go_with_the_subscription(app: Application, signed_in: Client, shop: Shop) -> None:
    shop.call("UpdateProduct", productId=shop.product_id, scopes=["pets/read"])
    signed_in.post(place(app, "clients/"), {"name": "Robot", "kind": "client_credentials"})
    assert OAuthClient.objects.get().scopes == ["pets/read"]

    shop.call("UpdateProduct", productId=shop.product_id, scopes=["pets/read", "pets/write"])
    assert OAuthClient.objects.get().scopes == ["pets/read", "pets/write"]
    signed_in.post(place(app, f"subscriptions/{app.subscriptions.get().subscription_id}/end/"))
    assert OAuthClient.objects.get().scopes == []


def test_a_client_for_people_needs_addresses_and_a_public_one_has_no_secret(
    app: Application, signed_in: Client
) -> None:
    refused = signed_in.post(place(app, "clients/"), {"name": "Page", "kind": "public"})
    assert (refused.status_code, "redirectUris" in refused.content.decode()) == (422, True)

    form = {"name": "Page", "kind": "public", "addresses": "https://app.example/callback"}
    page = signed_in.post(place(app, "clients/"), form).content.decode()
    assert "Client secret" not in page
    row = OAuthClient.objects.get()
    assert (row.client_type, row.redirect_uris) == ("public", "https://app.example/callback")


def test_another_secret_ends_the_one_before_and_a_client_goes_with_its_application(
    app: Application, signed_in: Client
) -> None:
    id_, secret = made(
        signed_in.post(place(app, "clients/"), {"name": "Robot", "kind": "client_credentials"}).content.decode()
    )
    page = signed_in.post(place(app, f"clients/{id_}/secret/")).content.decode()

    assert made(page)[0] == id_
    assert made(page)[1] != secret
    signed_in.post(place(app, "delete/"), {"confirm": app.name})
    assert not OAuthClient.objects.exists()


def test_a_client_is_deleted_alone(app: Application, signed_in: Client) -> None:
    id_, _ = made(
        signed_in.post(place(app, "clients/"), {"name": "Robot", "kind": "client_credentials"}).content.decode()
    )
    signed_in.post(place(app, f"clients/{id_}/delete/"))

    assert not ApplicationClient.objects.exists()


def test_clients_of_developers_do_not_use_up_those_of_the_account(app: Application, shop: Shop) -> None:
    wanted = {"applicationId": app.application_id, "grantType": "client_credentials"}
    for number in range(5):
        shop.call("CreateApplicationClient", name=f"Robot {number}", **wanted)

    with pytest.raises(LimitExceededException):
        shop.call("CreateApplicationClient", name="Robot 6", **wanted)


@pytest.mark.parametrize("operation", ["UpdateApplication", "DeleteApplication", "CreateApplicationKey"])
def test_operations_refuse_viewers_whoever_calls_them(app: Application, shop: Shop, operation: str) -> None:
    bob = person("bob@example.com")
    ApplicationMember.objects.create(application=app, email=bob.email, user=bob, role="viewer")

    with pytest.raises(AccessDeniedException):
        shop.call(operation, applicationId=app.application_id, ownerId=str(bob.pk))
    shown = shop.call("GetApplication", applicationId=app.application_id, ownerId=str(bob.pk), includeValues=True)
    assert "value" not in shown["keys"][0]


def test_a_scope_that_is_none_is_refused(shop: Shop) -> None:
    with pytest.raises(BadRequestException, match="scope"):
        shop.call("UpdateProduct", productId=shop.product_id, scopes=["two words"])


def test_a_key_is_limited_on_its_page_and_what_is_wrong_stays_in_the_form(app: Application, signed_in: Client) -> None:
    key = app.keys.get().api_key
    page = place(app, f"keys/{key.key_id}/limits/")

    wrong = signed_in.post(page, {"websites": "shop.example", "networks": "192.0.2.7"})
    assert wrong.status_code == 422
    assert "is no website" in str(wrong.context["form"].errors["websites"])
    assert "shop.example" in wrong.content.decode()
    signed_in.post(page, {"websites": "https://shop.example", "networks": "192.0.2.7\n\n2001:db8::/32"})

    key.refresh_from_db()
    assert (key.websites, key.source_networks) == (["https://shop.example"], ["192.0.2.7/32", "2001:db8::/32"])
    assert "works from https://shop.example" in signed_in.get(place(app)).content.decode()
    signed_in.post(page, {"websites": "", "networks": ""})
    key.refresh_from_db()
    assert (key.websites, key.source_networks) == ([], [])
