"""People in the console: a second factor set up and asked for, teams, policies, and what can be undone."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from playwright.sync_api import Page, expect

from apps.core import totp
from tests.browser.test_admin_journey import sign_in
from tests.browser.test_every_page import check_page
from tests.installation import Installation

pytestmark = pytest.mark.browser

PASSWORD = "a long pass phrase"


def invited(page: Page, name: str) -> str:
    """Invite somebody, as the owner who has signed in; the link they get."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name="People").click()
    form = page.locator("form", has=page.get_by_role("button", name="Invite"))
    form.get_by_label("User name").fill(name)
    form.get_by_label("E-mail").fill(f"{name}@example.com")
    form.get_by_role("button", name="Invite").click()
    return str(page.get_by_role("button", name="Copy the link").get_attribute("data-copy"))


def come_in(page: Page, link: str, name: str) -> None:
    """Follow the link, choose a password, and sign in with it."""
    page.goto(link)
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password confirmation").fill(PASSWORD)
    page.get_by_role("button", name="Set password").click()
    enter(page, name)


def enter(page: Page, name: str) -> None:
    page.goto("/console/sign-in/")
    page.get_by_label("E-mail or user name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def code(key: str, steps: int = 0) -> str:
    return totp.code_of(key.replace(" ", ""), totp.step_at(time.time()) + steps)


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1280, "light")])
def test_somebody_sets_up_an_app_and_is_asked_for_its_code(
    visit: Callable[..., Any], product: Installation, picture: Any, width: int, theme: str
):
    admin, page = visit().page, visit(width=width, theme=theme).page
    sign_in(admin, product)
    name = f"nina{theme}"
    come_in(page, invited(admin, name), name)
    page.goto("/console/second-factor/")
    check_page(page, "no second factor yet")
    page.get_by_role("button", name="Set up an authenticator app").click()
    key = str(page.get_by_role("button", name="Copy the key").get_attribute("data-copy"))
    check_page(page, "the picture")
    picture(page, f"second-factor-{theme}")
    page.get_by_label("Code", exact=True).fill(code(key))
    page.get_by_role("button", name="Confirm").click()
    codes = page.get_by_role("region", name="Recovery codes").get_by_role("listitem")
    expect(codes).to_have_count(10)
    recovery = codes.first.inner_text()
    check_page(page, "recovery codes")
    picture(page, f"recovery-codes-{theme}")

    page.context.clear_cookies()
    enter(page, name)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    check_page(page, "second step")
    picture(page, f"second-step-{theme}")
    page.get_by_label("Code", exact=True).fill("000000")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("That code is not right")).to_be_visible()
    page.get_by_label("Code", exact=True).fill(recovery)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name=re.compile("APIs"), level=1)).to_be_visible()

    admin.reload()
    admin.goto("/console/people/")
    admin.get_by_role("button", name=f"Reset the second factor of {name}").click()
    check_page(admin, "people")
    picture(admin, f"people-reset-{theme}")
    admin.get_by_label(f"Type {name} to confirm").fill(name)
    admin.get_by_role("dialog").get_by_role("button", name="Reset").click()
    expect(admin.get_by_text("signs in with the password alone")).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1280, "light")])
def test_a_team_opens_one_api_to_somebody_and_a_policy_lets_them_call_it(
    visit: Callable[..., Any], product: Installation, picture: Any, width: int, theme: str
):
    admin, page = visit(width=width, theme=theme).page, visit(width=width, theme=theme).page
    sign_in(admin, product)
    name, team = f"tess{theme}", f"Pets {theme}"
    admin.goto("/console/people/teams/new/")
    check_page(admin, "new team")
    admin.get_by_label("Name", exact=True).fill(team)
    admin.get_by_label("Role").select_option("editor")
    admin.get_by_label("For", exact=True).select_option("APIS")
    admin.get_by_label(re.compile("PetStore")).first.check()
    admin.get_by_role("button", name="Make team").click()
    expect(admin.get_by_role("heading", name=team, level=1)).to_be_visible()
    check_page(admin, "team")
    picture(admin, f"team-{theme}")

    admin.goto("/console/people/")
    form = admin.locator("form", has=admin.get_by_role("button", name="Invite"))
    form.get_by_label("User name").fill(name)
    form.get_by_label("E-mail").fill(f"{name}@example.com")
    form.get_by_label("Role").select_option("member")
    form.get_by_label("Team").select_option(team)
    form.get_by_role("button", name="Invite").click()
    link = str(admin.get_by_role("button", name="Copy the link").get_attribute("data-copy"))
    check_page(admin, "people with teams")
    picture(admin, f"people-{theme}")
    come_in(page, link, name)
    expect(page.get_by_role("main")).to_contain_text("PetStore")
    check_page(page, "APIs of a team")
    page.goto("/console/usage-plans/")
    expect(page.get_by_text("your teams give you a role for some of its APIs")).to_be_visible()
    check_page(page, "not for a team")
    picture(page, f"not-for-a-team-{theme}")

    admin.goto(f"/console/people/{name}/policies/?preset=Reading%20alone")
    admin.get_by_label("Name", exact=True).fill("reads")
    admin.get_by_role("button", name="Save policy").click()
    expect(admin.get_by_role("heading", name="reads")).to_be_visible()
    admin.get_by_label("Path", exact=True).fill("/pets")
    admin.get_by_role("button", name="Check").click()
    expect(admin.get_by_text("The policy reads allows the call.")).to_be_visible()
    check_page(admin, "policies of a member")
    picture(admin, f"user-policies-{theme}")


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1280, "light")])
def test_what_was_deleted_comes_back_and_what_cannot_is_asked_for_by_name(
    visit: Callable[..., Any], product: Installation, picture: Any, width: int, theme: str
):
    page = visit(width=width, theme=theme).page
    sign_in(page, product)
    page.goto("/console/api-keys/new/")
    page.get_by_label("Name", exact=True).fill(f"gone {theme}")
    page.get_by_role("button", name="Create API key").click()
    value = page.get_by_role("button", name="Copy value").get_attribute("data-copy")
    address = page.url
    page.get_by_role("button", name="Delete").first.click()
    page.get_by_label(f"Type gone {theme} to confirm").fill(f"gone {theme}")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    check_page(page, "undo is offered")
    picture(page, f"undo-{theme}")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("It is as it was before.")).to_be_visible()
    page.goto(address)
    expect(page.get_by_role("button", name="Copy value")).to_have_attribute("data-copy", str(value))

    page.goto("/console/access-keys/")
    page.get_by_role("button", name="Create access key").click()
    key = str(page.get_by_role("button", name="Copy access key id").get_attribute("data-copy"))
    page.goto("/console/access-keys/")
    page.get_by_role("button", name=f"Deactivate {key}").click()
    page.get_by_role("button", name=f"Delete {key}").click()
    expect(page.get_by_role("heading", name="Delete this access key?")).to_be_visible()
    check_page(page, "a name is asked for")
    picture(page, f"confirm-{theme}")
    expect(page.get_by_role("button", name="Delete")).to_be_disabled()
    page.get_by_label(f"Type {key} to confirm").fill(key)
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("The key is gone.")).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1280, "light")])
def test_many_keys_are_disabled_and_deleted_at_once(
    visit: Callable[..., Any], product: Installation, picture: Any, width: int, theme: str
):
    gateway = boto3.client("apigateway", **product.boto3_arguments())
    for number in range(30):
        gateway.create_api_key(name=f"{theme} robot {number}", enabled=True)
    page = visit(width=width, theme=theme).page
    sign_in(page, product)
    page.goto(f"/console/api-keys/?q={theme}+robot")
    check_page(page, "keys to choose")
    picture(page, f"bulk-{theme}")
    page.get_by_label("All on this page").check()
    expect(page.locator("input[name=key]:checked")).to_have_count(25)
    page.get_by_label("What to do").select_option("disable")
    page.get_by_role("button", name="Go", exact=True).click()
    expect(page.get_by_text("25 keys disabled.")).to_be_visible()

    page.get_by_label("All that match").check()
    page.get_by_label("What to do").select_option("delete")
    page.get_by_role("button", name="Go", exact=True).click()
    expect(page.get_by_role("heading", name="Delete 30 keys?")).to_be_visible()
    check_page(page, "many are deleted")
    picture(page, f"bulk-delete-{theme}")
    page.get_by_label("Type delete 30 keys to confirm").fill("delete 30 keys")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("30 keys deleted.")).to_be_visible()
    assert not [key for key in gateway.get_api_keys(limit=500)["items"] if key["name"].startswith(f"{theme} robot")]
