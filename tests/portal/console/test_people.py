"""Who belongs to an account: operations of our own, the page that uses them, and how an invited person comes in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from apps.accounts.models import AccessKey, Account, AuditEvent, Membership, User
from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import AccessDeniedException, AwsError, BadRequestException, ConflictException
from apps.control_plane.gatehouse.memberships import invited
from tests.portal.console.reading import text, words

Member = Callable[[str], Client]
PASSWORD = "a long pass phrase"
NINA = {"invite-name": "nina", "invite-email": "nina@example.com", "invite-role": "editor"}


def perform(caller: Caller, name: str, **request: Any) -> dict[str, Any]:
    return registry.call(caller, "gatehouse", name, request)


def roles(caller: Caller) -> dict[str, str]:
    return {one["userName"]: one["role"] for one in perform(caller, "ListMemberships")["items"]}


def link_in(page: str) -> str:
    found = re.search(r"/console/welcome/[^\s\"<]+/", page)
    assert found is not None
    return found[0]


def test_an_invited_person_sets_a_password_and_comes_in(owner: Client, caller: Caller, client: Client) -> None:
    page = text(owner.post(reverse("console:invite"), NINA))

    link = link_in(page)
    assert "nina is invited" in words(owner.post(reverse("console:invite_again", args=["nina"])))
    assert link in mail.outbox[0].body
    assert mail.outbox[0].to == ["nina@example.com"]
    answer = client.post(link, {"new_password1": PASSWORD, "new_password2": PASSWORD})
    assert answer["Location"] == reverse("console:sign_in")
    assert client.get(link).status_code == 404
    client.post(reverse("console:sign_in"), {"username": "nina", "password": PASSWORD})
    assert client.get(reverse("console:home")).status_code == 200
    assert roles(caller) == {"nina": "editor", "owner": "owner"}


@pytest.mark.parametrize("password", ["short", "password123", "nina@example.com"])
def test_a_weak_password_is_not_taken(owner: Client, client: Client, password: str) -> None:
    link = link_in(text(owner.post(reverse("console:invite"), NINA)))

    answer = client.post(link, {"new_password1": password, "new_password2": password})

    assert answer.status_code == 422
    assert not User.objects.get(username="nina").has_usable_password()


@pytest.mark.parametrize("invitation", ["none", "MQ.none", "MQ.", "a.b", "////", "MQ.cx-" + "0" * 32])
def test_an_invitation_that_is_none_opens_nothing(client: Client, member: Member, invitation: str) -> None:
    member("owner")

    assert client.get(f"/console/welcome/{invitation}/").status_code == 404
    assert invited(invitation) is None


def test_a_link_is_made_only_for_somebody_who_belongs_to_this_account_alone(owner: Client, caller: Caller) -> None:
    owner.post(reverse("console:invite"), NINA)
    nina = User.objects.get(username="nina")
    Membership.objects.create(user=nina, account=Account.objects.create(name="other"), role="owner")

    with pytest.raises(ConflictException):
        perform(caller, "CreateInvitation", userName="nina")

    Membership.objects.exclude(account_id=caller.account_id).delete()
    nina.set_password(PASSWORD)
    nina.save()
    with pytest.raises(ConflictException):
        perform(caller, "CreateInvitation", userName="nina")


def test_the_audit_log_has_no_invitation(owner: Client) -> None:
    invitation = link_in(text(owner.post(reverse("console:invite"), NINA))).split("/")[-2]

    kept = str([[event.request, event.before, event.after] for event in AuditEvent.objects.all()])

    assert invitation not in kept
    assert AuditEvent.objects.filter(operation="CreateInvitation", resource="nina").exists()


def test_people_are_added_by_user_name_get_other_roles_and_go(owner: Client, member: Member, caller: Caller) -> None:
    member("nobody")
    owner.post(reverse("console:add_person"), {"add-name": "nobody", "add-role": "viewer"})
    assert roles(caller)["nobody"] == "viewer"

    owner.post(reverse("console:change_role", args=["nobody"]), {"role": "editor"})
    assert roles(caller)["nobody"] == "editor"

    AccessKey.objects.create(account_id=caller.account_id, user=User.objects.get(username="nobody"), secret="s")
    owner.post(reverse("console:remove_person", args=["nobody"]), {"confirmation": "nobody"})
    assert roles(caller) == {"owner": "owner"}
    assert not AccessKey.objects.exists()
    told = [(event.operation, event.before, event.after) for event in AuditEvent.objects.order_by("pk")]
    assert told[1] == ("PutMembership", {"role": "viewer"}, {"role": "editor"})


def test_an_address_that_nobody_confirmed_gets_no_role(owner: Client, member: Member, caller: Caller) -> None:
    member("nobody")

    answer = owner.post(reverse("console:add_person"), {"add-name": "nobody@example.com", "add-role": "owner"})

    assert "Nobody has this user name." in words(answer)
    assert roles(caller) == {"owner": "owner"}


def test_the_last_owner_stays(owner: Client, caller: Caller) -> None:
    with pytest.raises(ConflictException, match="needs an owner"):
        perform(caller, "PutMembership", userName="owner", role="viewer")
    page = words(owner.post(reverse("console:remove_person", args=["owner"]), {"confirmation": "owner"}, follow=True))

    assert "The account needs an owner" in page
    assert roles(caller) == {"owner": "owner"}


def test_others_may_leave_and_change_nobody(owner: Client, member: Member, caller: Caller) -> None:
    editor = member("editor")

    assert editor.get(reverse("console:people")).status_code == 200
    assert "Invite somebody" not in text(editor.get(reverse("console:people")))
    for name, args, data in (
        ("invite", [], NINA),
        ("add_person", [], {"add-name": "viewer", "add-role": "owner"}),
        ("change_role", ["owner"], {"role": "viewer"}),
        ("change_role", ["editor"], {"role": "owner"}),
        ("remove_person", ["owner"], {}),
    ):
        assert editor.post(reverse(f"console:{name}", args=args), data).status_code == 403
    assert roles(caller) == {"editor": "editor", "owner": "owner"}
    assert editor.post(reverse("console:remove_person", args=["editor"]))["Location"] == reverse("console:home")
    assert roles(caller) == {"owner": "owner"}


def test_people_of_other_accounts_are_unknown(owner: Client, elsewhere: Caller, caller: Caller) -> None:
    stranger = User.objects.create(username="other", email="other@example.com")
    Membership.objects.create(user=stranger, account_id=elsewhere.account_id, role="owner")

    assert roles(caller) == {"owner": "owner"}
    for name in ("GetMembership", "DeleteMembership", "CreateInvitation"):
        with pytest.raises(AwsError, match="Invalid user name specified"):
            perform(caller, name, userName="other")
    assert owner.post(reverse("console:change_role", args=["other"]), {"role": "viewer"}).status_code == 404


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"userName": "a b"}, BadRequestException),
        ({"userName": "-rf"}, BadRequestException),
        ({"email": "none"}, BadRequestException),
        ({"role": "king"}, BadRequestException),
        ({"userName": "OWNER"}, ConflictException),
        ({"email": "Owner@Example.com"}, ConflictException),
    ],
)
def test_what_makes_no_person_is_refused(
    owner: Client, caller: Caller, members: dict[str, str], error: type[AwsError]
) -> None:
    request = {"userName": "nina", "email": "nina@example.com", "role": "viewer", **members}

    with pytest.raises(error):
        perform(caller, "CreateUser", **request)

    assert User.objects.count() == 1


def test_an_access_key_of_an_editor_makes_no_people(caller: Caller) -> None:
    with pytest.raises(AccessDeniedException):
        perform(replace(caller, role="editor"), "CreateUser", userName="n", email="n@example.com", role="owner")


def test_staff_admin_shows_memberships_and_changes_none(owner: Client, caller: Caller) -> None:
    User.objects.filter(username="owner").update(is_staff=True, is_superuser=True)
    row = Membership.objects.get(user__username="owner")

    listed = words(owner.get(reverse("admin:accounts_membership_changelist")))
    owner.post(reverse("admin:accounts_membership_change", args=[row.pk]), {"role": "viewer"})
    owner.post(reverse("admin:accounts_membership_delete", args=[row.pk]), {"post": "yes"})
    added = owner.get(reverse("admin:accounts_membership_add"))

    assert "owner" in listed
    assert added.status_code == 403
    assert roles(caller) == {"owner": "owner"}
    assert owner.get(reverse("admin:accounts_user_change", args=[row.user_id])).status_code == 200
    assert owner.get(reverse("admin:accounts_account_add")).status_code == 200
