"""Signing up and in: from "Get a key" to a key, and nothing told about who has an account."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from apps.accounts.models import User
from apps.portals.models import Application, Subscription
from tests.portal.developer.people import PASSWORD, browser
from tests.portal.developer.shops import Shop

SENDS_MAIL = "tests.portal.developer.post_office.PostOffice"
NEW = {"email": "new@example.com", "password1": PASSWORD}


def seen(answer: Any) -> str:
    """A page without its CSRF tokens, which differ every time, and without what was typed."""
    return re.sub(r'(value|"x-csrftoken")(=|: )"[^"]*"', "", answer.content.decode())


def confirmation(client: Client) -> str:
    """The link that the page shows where no mail leaves the machine."""
    page = client.get("/sign-up/check-your-email/").content.decode()
    found = re.search(r'href="(/sign-up/confirm/[^"]+)"', page)
    assert found, page
    return found[1]


def test_get_a_key_leads_through_signing_up_to_the_reference_with_the_key(shop: Shop) -> None:
    client = Client()

    asked = client.post("/products/petstore/access/")
    assert asked["Location"] == "/sign-up/"
    assert "PetStore" in client.get("/sign-up/").content.decode()
    assert client.post("/sign-up/", NEW)["Location"] == "/sign-up/check-your-email/"
    landed = client.get(confirmation(client), follow=True)

    application = Application.objects.get()
    assert (application.name, application.owner.email) == ("My first app", "new@example.com")
    subscription = application.subscriptions.get()
    assert (subscription.status, subscription.product_plan.plan.plan_id) == (Subscription.Status.ACTIVE, shop.free)
    page = landed.content.decode()
    assert landed.redirect_chain[-1][0].startswith(
        f"/products/petstore/reference/{shop.api_id}-prod/?operation=get-pets&app="
    )
    assert str(application.keys.get().api_key.value) in page
    assert "Send request" in page


def test_the_chosen_plan_is_the_one_that_one_gets(shop: Shop) -> None:
    client = Client()
    client.post("/products/petstore/access/", {"plan": shop.pro})
    client.post("/sign-up/", NEW)

    client.get(confirmation(client), follow=True)

    assert Subscription.objects.get().product_plan.plan.plan_id == shop.pro


def test_a_plan_with_approval_waits_and_says_so(shop: Shop) -> None:
    client = Client()
    client.post("/products/petstore/access/", {"plan": shop.partner})
    client.post("/sign-up/", NEW)

    landed = client.get(confirmation(client), follow=True)

    assert Subscription.objects.get().status == Subscription.Status.PENDING
    assert "Waiting for approval" in landed.content.decode()


def test_an_intent_survives_signing_in_instead(shop: Shop, ada: User) -> None:
    client = Client()
    client.post("/products/petstore/access/")

    landed = client.post("/sign-in/", {"login": ada.email, "password": PASSWORD}, follow=True)

    assert landed.redirect_chain[-1][0].startswith("/products/petstore/reference/")
    assert Subscription.objects.get().application.owner == ada


def test_carrying_on_twice_subscribes_once(shop: Shop, signed_in: Client) -> None:
    signed_in.post("/products/petstore/access/")
    signed_in.post("/products/petstore/access/")
    signed_in.get("/continue/")

    assert Subscription.objects.count() == Application.objects.count() == 1


def test_a_link_alone_gives_nobody_a_subscription(shop: Shop, signed_in: Client) -> None:
    assert signed_in.get("/products/petstore/access/").status_code == 405
    assert signed_in.get("/continue/?product=petstore")["Location"] == "/apps/"
    assert not Subscription.objects.exists()


def test_getting_access_needs_a_csrf_token(shop: Shop, ada: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada, backend="allauth.account.auth_backends.AuthenticationBackend")

    assert client.post("/products/petstore/access/").status_code == 403


def test_an_address_has_to_be_confirmed_before_one_is_in(db: None) -> None:
    client = Client()
    client.post("/sign-up/", NEW)

    assert client.get("/apps/").status_code == 302
    client.post("/sign-in/", {"login": NEW["email"], "password": PASSWORD})
    assert client.get("/apps/").status_code == 302


def test_the_link_signs_in_only_the_browser_that_signed_up(db: None) -> None:
    client, other = Client(), Client()
    client.post("/sign-up/", NEW)

    assert other.get(confirmation(client))["Location"] == "/sign-in/"
    assert other.get("/apps/").status_code == 302
    assert User.objects.get().emailaddress_set.get().verified


def test_a_used_or_made_up_link_says_so(db: None) -> None:
    assert "does not work any more" in Client().get("/sign-up/confirm/made-up:x:y/").content.decode()


def test_signing_up_gives_the_session_a_new_key(db: None) -> None:
    client = Client()
    client.post("/sign-up/", NEW)
    before = client.session.session_key

    client.get(confirmation(client))

    assert client.session.session_key != before


def test_with_a_mail_server_the_link_is_only_in_the_message(db: None, settings: Any) -> None:
    settings.EMAIL_BACKEND = SENDS_MAIL
    client = Client()
    client.post("/sign-up/", NEW)

    page = client.get("/sign-up/check-your-email/").content.decode()

    (message,) = mail.outbox
    link = re.search(r"http://testserver(/sign-up/confirm/\S+)", message.body)
    assert link
    assert "/sign-up/confirm/" not in page
    assert (message.subject, message.to) == ("Confirm your e-mail address", ["new@example.com"])
    assert client.get(link[1], follow=True).redirect_chain[-1][0] == "/apps/"


def test_a_known_address_signs_up_to_the_same_page_as_an_unknown_one(ada: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = SENDS_MAIL
    known, unknown = Client(), Client()

    answers = [
        client.post("/sign-up/", {"email": email, "password1": PASSWORD}, follow=True)
        for client, email in ((known, ada.email), (unknown, "nobody@example.com"))
    ]

    assert answers[0].redirect_chain == answers[1].redirect_chain
    assert seen(answers[0]) == seen(answers[1])
    assert mail.outbox[0].subject == "You have an account already"


def test_a_reset_tells_nothing_about_an_address(ada: User) -> None:
    answers = [
        Client().post("/password/reset/", {"email": email}, follow=True) for email in (ada.email, "nobody@example.com")
    ]

    assert seen(answers[0]) == seen(answers[1])
    assert "/password/reset/link/" not in answers[0].content.decode()


def test_a_forgotten_password_is_replaced_by_the_link_in_the_message(ada: User) -> None:
    client = Client()
    client.post("/password/reset/", {"email": ada.email})
    link = re.search(r"http://testserver(/password/reset/\S+)", mail.outbox[-1].body)
    assert link

    form = client.get(link[1], follow=True)
    changed = client.post(
        form.redirect_chain[-1][0],
        {"password1": "another long secret", "password2": "another long secret"},
        follow=True,
    )

    assert "Your password is changed" in changed.content.decode()
    assert Client().post("/sign-in/", {"login": ada.email, "password": "another long secret"})["Location"] == "/apps/"


def test_a_wrong_password_and_an_unknown_name_read_the_same(ada: User) -> None:
    names = (ada.email, "nobody@example.com")
    pages = [seen(Client().post("/sign-in/", {"login": name, "password": "wrong"})) for name in names]

    assert pages[0] == pages[1]
    assert "do not go together" in pages[0]


def test_too_many_wrong_passwords_lock_this_name_for_a_while(ada: User, settings: Any) -> None:
    client = Client()
    for _ in range(settings.AXES_FAILURE_LIMIT):
        client.post("/sign-in/", {"login": ada.email, "password": "wrong"})

    locked = client.post("/sign-in/", {"login": ada.email, "password": PASSWORD})

    assert locked.status_code == 429
    assert "Too many attempts" in locked.content.decode()
    assert client.get("/apps/").status_code == 302


@pytest.mark.parametrize(
    "goal", ["https://evil.example/", "//evil.example/", "/\\evil.example", "http:evil.example", "javascript:alert(1)"]
)
def test_signing_in_never_leads_to_another_site(goal: str, ada: User) -> None:
    answer = Client().post("/sign-in/", {"login": ada.email, "password": PASSWORD, "next": goal})

    assert answer["Location"] == "/apps/"


def test_signing_in_leads_back_to_the_page_that_asked(ada: User) -> None:
    client = Client()
    asked = client.get("/apps/")

    assert client.post(asked["Location"], {"login": ada.email, "password": PASSWORD})["Location"] == "/apps/"


def test_signing_out_is_a_post(ada: User) -> None:
    client = browser(ada)

    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/")["Location"] == "/"
    assert client.get("/apps/").status_code == 302


def test_a_password_is_changed_with_the_old_one(ada: User) -> None:
    client = browser(ada)
    wrong = {"oldpassword": "wrong", "password1": "another long secret", "password2": "another long secret"}

    assert "not your current password" in client.post("/password/change/", wrong).content.decode()
    assert client.post("/password/change/", {**wrong, "oldpassword": PASSWORD})["Location"] == "/apps/"
    assert client.get("/apps/").status_code == 200


def test_too_many_sign_ups_from_one_address_are_put_off(db: None) -> None:
    answers = [Client().post("/sign-up/", {"email": "no address", "password1": "x"}) for _ in range(21)]

    assert answers[-1].status_code == 429
    assert "Too many requests" in answers[-1].content.decode()
