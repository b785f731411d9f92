"""API keys imported, rotated, ended and given more, on the pages of the console."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from apps.usage_plans.models import ApiKey
from tests.builders import a_key, a_plan, a_rest_api, a_stage, call, subscribe
from tests.portal.console.reading import text, words

LINES = "Name,Key,Enabled\nacme,0123456789abcdefghij,true\n"


def url(view: str, *args: str) -> str:
    return reverse(f"console:{view}", args=args)


def names(caller: Caller) -> list[str]:
    return [key["name"] for key in call(caller, "GetApiKeys")["items"]]


@pytest.mark.parametrize("given", [{"text": LINES}, {"file": LINES}])
def test_keys_are_imported_from_a_text_or_a_file(owner: Client, caller: Caller, given: dict[str, str]) -> None:
    form = {"text": given.get("text", ""), "strict": "on"}
    if "file" in given:
        form["file"] = SimpleUploadedFile("keys.csv", given["file"].encode())  # type: ignore[assignment]

    page = words(owner.post(url("import_keys"), form, follow=True))

    assert "1 key imported." in page
    assert names(caller) == ["acme"]


def test_lines_that_cannot_be_imported_are_told_by_number(owner: Client, caller: Caller) -> None:
    page = words(owner.post(url("import_keys"), {"text": LINES + "bad,short,true\n"}))

    assert "1 key imported." in page
    assert "Line 3:" in page
    assert names(caller) == ["acme"]


def test_a_strict_import_leaves_nothing_behind(owner: Client, caller: Caller) -> None:
    answer = owner.post(url("import_keys"), {"text": LINES + "bad,short,true\n", "strict": "on"})

    assert (answer.status_code, "Line 3:" in words(answer)) == (422, True)
    assert names(caller) == []


def test_nothing_to_import_is_told(owner: Client) -> None:
    answer = owner.post(url("import_keys"), {"text": "  "})

    assert (answer.status_code, "Choose a file, or paste its lines." in words(answer)) == (422, True)


def test_a_rotated_key_leads_to_the_value_of_the_new_one(owner: Client, caller: Caller) -> None:
    old = a_key(caller, name="acme")["id"]

    page = owner.post(url("rotate_key", old), {"overlap": "3600"}, follow=True)

    (fresh,) = ApiKey.objects.exclude(key_id=old)
    assert str(fresh.value) in text(page)
    assert "Expires" in words(owner.get(url("api_key", old)))


def test_an_end_is_set_and_taken_back_and_nonsense_is_told(owner: Client, caller: Caller) -> None:
    key = a_key(caller)["id"]

    owner.post(url("end_key", key), {"expires": "2099-01-02T03:04"})
    page = text(owner.get(url("api_key", key)))
    nonsense = words(owner.post(url("end_key", key), {"expires": "soon"}, follow=True))
    owner.post(url("end_key", key), {"expires": ""})

    assert 'value="2099-01-02T03:04"' in page
    assert "This is no date and time" in nonsense
    assert ApiKey.objects.get(key_id=key).expires_at is None


def test_a_key_is_limited_to_networks_and_websites(owner: Client, caller: Caller) -> None:
    key = a_key(caller)["id"]

    given = {"networks": "192.0.2.0/24\n2001:db8::/32", "websites": "https://*.example.com"}
    limited = words(owner.post(url("limit_key", key), given, follow=True))
    refused = words(owner.post(url("limit_key", key), {"networks": "nowhere"}, follow=True))
    free = words(owner.post(url("limit_key", key), {}, follow=True))

    assert "The key works from there alone." in limited
    assert "192.0.2.0/24 2001:db8::/32" in limited
    assert "is no network" in refused
    assert "192.0.2.0/24" in refused
    assert "From everywhere." in free


def test_a_viewer_limits_no_key(viewer: Client, caller: Caller) -> None:
    key = a_key(caller)["id"]

    assert viewer.post(url("limit_key", key), {"networks": "192.0.2.0/24"}).status_code == 403


def test_a_key_is_given_more_of_its_quota(owner: Client, caller: Caller) -> None:
    api = a_rest_api(caller)
    plan = a_plan(caller, (api, a_stage(caller, api)), quota={"limit": 10, "period": "DAY"})
    key = a_key(caller)
    subscribe(caller, plan, key)

    owner.post(url("grant_usage", key["id"], plan), {"remaining": "500"})
    refused = words(owner.post(url("grant_usage", key["id"], plan), {"remaining": "many"}, follow=True))

    today = ApiKey.objects.get().created.date().isoformat()
    usage = call(caller, "GetUsage", usagePlanId=plan, keyId=key["id"], startDate=today, endDate=today)
    assert usage["items"][key["id"]][-1][1] == 500
    assert "Must be a non-negative number" in refused


def test_what_a_dialog_did_not_take_is_asked_for_again(owner: Client, caller: Caller) -> None:
    key = a_key(caller)["id"]

    late = owner.post(
        url("end_key", key), {"expires": "10000-01-01"}, headers={"Referer": f"http://testserver{url('api_key', key)}"}
    )
    elsewhere = owner.post(url("limit_key", key), {"networks": "nowhere", "websites": "https://a.example.com"})

    assert (late.status_code, elsewhere.status_code) == (422, 422)
    assert 'name="expires" value="10000-01-01"' in late.content.decode()
    assert f'href="http://testserver{url("api_key", key)}"' in late.content.decode()
    assert ">nowhere</textarea>" in elsewhere.content.decode()
    assert ">https://a.example.com</textarea>" in elsewhere.content.decode()


def test_a_viewer_may_do_none_of_it(viewer: Client, caller: Caller) -> None:
    key = a_key(caller)["id"]

    assert viewer.post(url("rotate_key", key), {}).status_code == 403
    assert viewer.post(url("import_keys"), {"text": LINES}).status_code == 403
    assert "Rotate" not in words(viewer.get(url("api_key", key)))
