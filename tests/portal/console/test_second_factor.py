"""Second factors: setting one up, the step that it adds to signing in, and what owners can ask of everybody."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Account, AuditEvent, Membership, RecoveryCode, SecondFactor, User
from apps.control_plane.caller import Caller, system_caller
from apps.control_plane.errors import AccessDeniedException, ConflictException
from apps.core import totp
from tests.builders import ours
from tests.portal.console.reading import text, words

Member = Callable[[str], Client]
PASSWORD = "a long pass phrase"
STEP = reverse("console:second_step")
PAGE = reverse("console:second_factor")


@pytest.fixture(autouse=True)
def clock(db: None) -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-03-04T05:06:07Z", tick=False) as clock:
        yield clock


@pytest.fixture
def mira(account: Account) -> User:
    user = User.objects.create_user("mira", "mira@example.com", PASSWORD)
    Membership.objects.create(user=user, account=account, role="viewer")
    return user


def signed_in(name: str = "mira") -> Client:
    browser = Client()
    browser.post(reverse("console:sign_in"), {"username": name, "password": PASSWORD})
    return browser


def code(name: str = "mira", steps: int = 0) -> str:
    secret = str(SecondFactor.objects.get(user__username=name).secret)
    return totp.code_of(secret, totp.step_at(time.time()) + steps)


def enrol(browser: Client, name: str = "mira") -> list[str]:
    """Set an app up; the recovery codes."""
    browser.post(reverse("console:begin_second_factor"))
    page = browser.post(PAGE, {"confirm-code": code(name, -1)})
    return re.findall(r"<li><code>([^<]+)</code></li>", text(page))


def answer(browser: Client, typed: str) -> Any:
    return browser.post(STEP, {"code": typed})


def inside(browser: Client) -> bool:
    return browser.get(reverse("console:home")).status_code == 200


def test_an_app_is_set_up_by_a_picture_and_asks_for_a_code_from_then_on(mira: User) -> None:
    browser = signed_in()
    browser.post(reverse("console:begin_second_factor"))
    page = text(browser.get(PAGE))
    assert "<svg" in page
    assert str(mira.second_factor.secret)[:4] in page

    codes = enrol(browser)

    assert len(codes) == 10
    assert inside(browser)  # this session has just shown a code
    assert codes[0] not in text(browser.get(PAGE))
    again = signed_in()
    assert again.get(reverse("console:audit"))["Location"] == f"{STEP}?next=%2Fconsole%2Faudit%2F"
    assert answer(again, code()).status_code == 302
    assert inside(again)


def test_after_the_code_one_is_where_one_wanted_to_go_in_a_new_session(mira: User) -> None:
    enrol(signed_in())
    browser = signed_in()
    before = browser.session.session_key

    there = browser.post(STEP, {"code": code(), "next": "/console/audit/"})
    elsewhere = signed_in().post(STEP, {"code": code("mira", 1), "next": "https://evil.example.com/"})

    assert there["Location"] == "/console/audit/"
    assert browser.session.session_key != before
    assert elsewhere["Location"] == reverse("console:home")


def test_no_page_no_fragment_and_no_staff_admin_opens_before_the_code(mira: User) -> None:
    enrol(signed_in())
    User.objects.filter(pk=mira.pk).update(is_staff=True, is_superuser=True)
    browser = signed_in()

    assert browser.get(reverse("admin:index"))["Location"].startswith(STEP)
    assert browser.post(reverse("console:create_access_key")).status_code == 302
    assert browser.get(reverse("console:palette"), headers={"HX-Request": "true"})["HX-Redirect"].startswith(STEP)
    assert browser.get(PAGE)["Location"].startswith(STEP)
    answer(browser, code())
    assert browser.get(reverse("admin:index")).status_code == 200


def test_a_code_is_taken_once(mira: User) -> None:
    enrol(signed_in())
    first, second = signed_in(), signed_in()

    assert answer(first, code()).status_code == 302
    assert answer(second, code()).status_code == 422
    assert answer(second, code("mira", -1)).status_code == 422  # nor one before it
    assert not inside(second)
    assert answer(second, code("mira", 1)).status_code == 302


def test_a_recovery_code_stands_in_once(mira: User) -> None:
    codes = enrol(signed_in())
    first, second = signed_in(), signed_in()

    answer(first, codes[3].upper().replace("-", " "))
    answer(second, codes[3])

    assert (inside(first), inside(second)) == (True, False)


def test_who_has_few_recovery_codes_left_is_told(mira: User) -> None:
    codes = enrol(signed_in())
    RecoveryCode.objects.filter(pk__in=RecoveryCode.objects.values("pk")[:6]).delete()
    browser = signed_in()

    assert "You have 3 recovery codes left" in words(browser.post(STEP, {"code": codes[-1]}, follow=True))


def test_wrong_codes_are_refused_and_lock_the_door_whatever_the_password_does(mira: User, settings: Any) -> None:
    enrol(signed_in())
    browser = signed_in()
    statuses = []
    for _ in range(settings.AXES_FAILURE_LIMIT):
        statuses.append(answer(browser, "000000").status_code)
        browser.post(reverse("console:sign_out"))
        browser = signed_in()  # a right password opens no lock of codes

    assert statuses == [422] * (settings.AXES_FAILURE_LIMIT - 1) + [429]
    assert answer(browser, code()).status_code == 429
    assert "Too many attempts" in text(answer(browser, code()))
    assert not inside(browser)


def test_a_right_code_forgets_the_wrong_ones(mira: User, settings: Any) -> None:
    enrol(signed_in())
    browser = signed_in()
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        answer(browser, "000000")
    answer(browser, code())
    other = signed_in()

    assert answer(other, "000000").status_code == 422


@pytest.mark.parametrize("typed", ["", " ", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "x" * 65])
def test_what_is_no_code_opens_nothing(mira: User, typed: str) -> None:
    enrol(signed_in())
    browser = signed_in()

    assert answer(browser, typed).status_code == 422
    assert not inside(browser)


def test_taking_the_app_away_needs_it(mira: User) -> None:
    browser = signed_in()
    enrol(browser)

    assert browser.post(reverse("console:remove_second_factor"), {"remove-code": "000000"}).status_code == 422
    assert SecondFactor.objects.exists()
    browser.post(reverse("console:remove_second_factor"), {"remove-code": code()})

    assert not SecondFactor.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert inside(signed_in())


def test_new_recovery_codes_end_the_old_ones(mira: User) -> None:
    browser = signed_in()
    old = enrol(browser)

    new = text(browser.post(reverse("console:renew_recovery_codes"), {"renew-code": code()}))

    assert old[0] not in new
    other = signed_in()
    assert answer(other, old[0]).status_code == 422


def test_an_app_that_was_not_confirmed_asks_for_nothing(mira: User) -> None:
    browser = signed_in()
    browser.post(reverse("console:begin_second_factor"))
    secret = str(SecondFactor.objects.get(user=mira).secret)

    assert browser.post(PAGE, {"confirm-code": "000000"}).status_code == 422
    assert inside(signed_in())
    assert secret[:4] + " " not in text(signed_in().get(PAGE))  # shown in the browser alone that began
    browser.post(reverse("console:begin_second_factor"))
    assert str(SecondFactor.objects.get(user=mira).secret) != secret


def test_an_app_that_asks_for_codes_is_not_replaced(mira: User) -> None:
    browser = signed_in()
    enrol(browser)
    secret = str(SecondFactor.objects.get(user=mira).secret)

    browser.post(reverse("console:begin_second_factor"))

    assert str(SecondFactor.objects.get(user=mira).secret) == secret


def test_an_app_set_up_anew_ends_the_sessions_of_the_one_before(mira: User) -> None:
    first = signed_in()
    enrol(first)
    second = signed_in()
    answer(second, code())
    second.post(reverse("console:remove_second_factor"), {"remove-code": code("mira", 1)})
    enrol(second)

    assert inside(second)
    assert not inside(first)


def test_where_everybody_needs_one_who_has_none_sets_it_up_first(owner: Client, mira: User) -> None:
    owner.post(reverse("console:require_second_factor"), {"required": "true"})
    browser = signed_in()

    assert browser.get(reverse("console:home"))["Location"].startswith(PAGE)
    assert "asks for a second factor" in words(browser.get(PAGE))
    enrol(browser)

    assert inside(browser)


def test_only_owners_ask_it_of_everybody(member: Member, account: Account) -> None:
    assert member("editor").post(reverse("console:require_second_factor"), {"required": "true"}).status_code == 403
    account.refresh_from_db()
    assert not account.second_factor_required


def test_an_owner_lets_somebody_in_who_has_lost_the_app(owner: Client, mira: User) -> None:
    enrol(signed_in())
    url = reverse("console:reset_second_factor", args=["mira"])
    assert "Reset the second factor of mira" in text(owner.get(reverse("console:people")))

    owner.post(url, {"confirmation": "somebody"})
    assert SecondFactor.objects.exists()
    owner.post(url, {"confirmation": "mira"})

    assert inside(signed_in())
    assert AuditEvent.objects.filter(operation="ResetSecondFactor", resource="mira", error="").exists()


def test_nobody_is_let_in_by_an_owner_where_other_accounts_depend_on_it(caller: Caller, mira: User) -> None:
    enrol(signed_in())
    Membership.objects.create(user=mira, account=Account.objects.create(name="other"), role="owner")

    with pytest.raises(ConflictException, match="other accounts"):
        ours(caller, "ResetSecondFactor", userName="mira")
    operator = system_caller(caller.account_id, caller.region, "seed", "operator")
    ours(operator, "ResetSecondFactor", userName="mira")

    assert not SecondFactor.objects.exists()


def test_an_editor_resets_nobody(member: Member, mira: User) -> None:
    enrol(signed_in())

    answer = member("editor").post(reverse("console:reset_second_factor", args=["mira"]), {"confirmation": "mira"})

    assert answer.status_code == 403
    assert SecondFactor.objects.exists()


def test_all_of_it_is_audited_and_no_secret_is_in_the_log_or_the_database(mira: User) -> None:
    browser = signed_in()
    codes = enrol(browser)
    secret, used = str(SecondFactor.objects.get(user=mira).secret), code()
    answer(signed_in(), "000000")
    answer(signed_in(), used)

    events = [(event.operation, event.error) for event in AuditEvent.objects.order_by("pk")]
    kept = json.dumps(list(AuditEvent.objects.values("request", "before", "after")))
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM accounts_secondfactor")
        sealed = str(cursor.fetchall())
        cursor.execute("SELECT digest FROM accounts_recoverycode")
        digests = str(cursor.fetchall())

    assert events == [
        ("CreateSecondFactor", ""), ("ConfirmSecondFactor", ""),
        ("VerifySecondFactor", "BadRequestException"), ("VerifySecondFactor", ""),
    ]  # fmt: skip
    for word in (secret, used, *codes):
        assert word not in kept
        assert word not in sealed + digests


def test_a_viewer_may_not_change_what_the_account_asks(caller: Caller, mira: User) -> None:
    viewer = Caller(account_id=caller.account_id, region=caller.region, principal="arn:aws:iam::1:user/mira", via="console", role="viewer")  # fmt: skip

    with pytest.raises(AccessDeniedException):
        ours(viewer, "PutAccountSecurity", secondFactorRequired=True)
