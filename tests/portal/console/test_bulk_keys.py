"""Many API keys at once: chosen one by one or by what matches, done in steps, told in one message."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse

from apps.accounts.models import AuditEvent, UndoableChange
from apps.control_plane.caller import Caller
from apps.usage_plans.models import ApiKey, UsagePlanKey
from portal.console.bulk_keys import STEP
from tests.builders import a_key, a_plan, a_rest_api, a_stage, call
from tests.portal.console.reading import text, words

Member = Callable[[str], Client]
URL = reverse("console:bulk_keys")
NEXT = reverse("console:bulk_keys_step")


def keys(caller: Caller, count: int, name: str = "robot") -> list[str]:
    return [a_key(caller, name=f"{name} {number}")["id"] for number in range(count)]


def enabled() -> int:
    return ApiKey.objects.filter(enabled=True).count()


def run_on(browser: Client, answer: Any) -> tuple[int, Any]:
    """Take the steps that are left; how many, and the page at the end."""
    steps = 0
    while (state := re.search(r'name="run" value="([^"]+)"', text(answer))) is not None:
        steps += 1
        answer = browser.post(NEXT, {"run": state[1]}, follow=True)
    return steps, answer


def test_chosen_keys_are_disabled_and_enabled(owner: Client, caller: Caller) -> None:
    made = keys(caller, 4)

    page = owner.post(URL, {"action": "disable", "key": made[:2]}, follow=True)

    assert enabled() == 2
    assert "2 keys disabled." in words(page)
    owner.post(URL, {"action": "enable", "key": made[:1]})
    assert enabled() == 3


def test_all_that_match_are_done_in_steps_with_progress(owner: Client, caller: Caller) -> None:
    keys(caller, STEP * 2 + 3)
    keys(caller, 2, "person")

    first = owner.post(URL, {"action": "disable", "all": "true", "q": "robot"})
    assert f'max="{STEP * 2 + 3}" value="{STEP}"' in text(first)
    steps, page = run_on(owner, first)

    assert (steps, enabled()) == (2, 2)
    assert f"{STEP * 2 + 3} keys disabled." in words(page)
    assert not UndoableChange.objects.exists() or "undo-bar" not in text(page)
    assert page.request["QUERY_STRING"] == "q=robot"


@pytest.mark.parametrize("count", [STEP, STEP * 2])
def test_a_run_ends_where_a_step_does(owner: Client, caller: Caller, count: int) -> None:
    keys(caller, count)

    _, page = run_on(owner, owner.post(URL, {"action": "disable", "all": "true", "q": ""}, follow=True))

    assert f"{count} keys disabled." in words(page)


def test_keys_that_come_meanwhile_are_left_alone(owner: Client, caller: Caller) -> None:
    keys(caller, STEP + 1)
    first = owner.post(URL, {"action": "disable", "all": "true"})
    late = keys(caller, 1)

    run_on(owner, first)

    assert list(ApiKey.objects.filter(enabled=True).values_list("key_id", flat=True)) == late


def test_keys_are_deleted_once_their_number_has_been_typed(owner: Client, caller: Caller) -> None:
    made = keys(caller, 3)
    form = {"action": "delete", "key": made[:2]}

    asked = owner.post(URL, form)
    assert "Type delete 2 keys to confirm" in words(asked)
    assert "robot 0" in words(asked)
    assert owner.post(URL, {**form, "confirmation": "delete 3 keys"}).status_code == 422
    assert ApiKey.objects.count() == 3
    page = owner.post(URL, {**form, "confirmation": "delete 2 keys"}, follow=True)

    assert "2 keys deleted." in words(page)
    assert ApiKey.objects.count() == 1


def test_a_deletion_of_one_step_can_be_undone(owner: Client, caller: Caller) -> None:
    made = keys(caller, 2)
    page = owner.post(URL, {"action": "delete", "key": made, "confirmation": "delete 2 keys"}, follow=True)

    ids = re.findall(r'name="undo" value="([^"]+)"', text(page))
    owner.post(reverse("console:undo"), {"undo": ids})

    assert set(ApiKey.objects.values_list("key_id", flat=True)) == set(made)


def test_what_fails_is_told_by_name_and_the_rest_is_done(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    plan = a_plan(caller, (api, a_stage(caller, api)))
    made = keys(caller, 3)
    call(caller, "CreateUsagePlanKey", usagePlanId=plan, keyId=made[1], keyType="API_KEY")

    page = words(owner.post(URL, {"action": "plan", "plan": plan, "key": made}, follow=True))

    assert UsagePlanKey.objects.count() == 3
    assert "2 keys added to the plan. 1 not: robot 1 (" in page


def test_a_plan_of_somebody_else_takes_no_key(owner: Client, caller: Caller, elsewhere: Caller) -> None:
    theirs = call(elsewhere, "CreateUsagePlan", name="theirs")["id"]

    page = words(owner.post(URL, {"action": "plan", "plan": theirs, "key": keys(caller, 1)}, follow=True))

    assert "0 keys added to the plan. 1 not" in page
    assert not UsagePlanKey.objects.exists()


def test_keys_are_taken_away_as_a_file_without_their_values(owner: Client, caller: Caller) -> None:
    made = a_key(caller, name='=HYPERLINK("x")')
    keys(caller, 30)

    answer = owner.post(URL, {"action": "export", "all": "true", "q": ""})
    content = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]

    rows = list(csv.DictReader(io.StringIO(content)))
    assert len(rows) == 31
    assert rows[0]["Name"] == '\'=HYPERLINK("x")'
    assert rows[0]["Id"] == made["id"]
    assert made["value"] not in content


@pytest.mark.parametrize(
    "form", [{"action": "disable"}, {"action": "explode", "all": "true"}, {"action": "plan", "all": "true"}, {}, {"action": "delete", "key": ["no"]}]
)  # fmt: skip
def test_what_chooses_nothing_does_nothing(owner: Client, caller: Caller, form: dict[str, Any]) -> None:
    keys(caller, 1)

    assert owner.post(URL, form).status_code == 302
    assert (enabled(), AuditEvent.objects.filter(via="console").count()) == (1, 0)


def test_keys_of_other_accounts_are_not_chosen(owner: Client, caller: Caller, elsewhere: Caller) -> None:
    theirs = a_key(elsewhere)["id"]

    owner.post(URL, {"action": "disable", "key": [theirs]})
    owner.post(URL, {"action": "disable", "all": "true"})

    assert enabled() == 1


@pytest.mark.parametrize("action", ["disable", "delete", "plan"])
def test_a_viewer_changes_no_key(viewer: Client, caller: Caller, action: str) -> None:
    made = keys(caller, 1)

    assert (
        viewer.post(URL, {"action": action, "key": made, "plan": "x", "confirmation": "delete 1 key"}).status_code
        == 403
    )
    assert enabled() == 1


def test_a_run_goes_on_only_for_whoever_began_it(owner: Client, member: Member, caller: Caller) -> None:
    keys(caller, STEP + 1)
    state = re.search(r'name="run" value="([^"]+)"', text(owner.post(URL, {"action": "disable", "all": "true"})))
    assert state is not None

    assert "begun elsewhere" in words(member("editor").post(NEXT, {"run": state[1]}, follow=True))
    for forged in ("", state[1] + "x", signing.dumps({"action": "delete"}, salt="another")):
        assert "cannot be gone on with" in words(owner.post(NEXT, {"run": forged}, follow=True))
    assert enabled() == 1


def test_the_list_has_boxes_for_those_who_may_change_keys(owner: Client, viewer: Client, caller: Caller) -> None:
    made = keys(caller, 1)
    page = text(owner.get(reverse("console:api_keys"), {"q": "robot"}))

    assert f'name="key" value="{made[0]}"' in page
    assert 'name="q" value="robot"' in page
    assert 'name="key"' not in text(viewer.get(reverse("console:api_keys")))
