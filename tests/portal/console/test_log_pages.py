"""The pages of log files: what was written, one log searched page by page, and how one is switched on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from apps.metering import log_files
from tests.builders import a_rest_api, a_stage, an_http_api, call
from tests.portal.console.reading import text, words

FORMAT = json.dumps(
    {
        "requestId": "$context.requestId",
        "time": "$context.requestTimeEpoch",
        "httpMethod": "$context.httpMethod",
        "path": "$context.path",
        "status": "$context.status",
    }
)


@pytest.fixture
def api_id(caller: Caller) -> str:
    """An API whose stage `prod` writes an access log."""
    api_id = a_rest_api(caller)
    a_stage(caller, api_id)
    patch = [{"op": "replace", "path": "/accessLogSettings/format", "value": FORMAT}]
    call(caller, "UpdateStage", restApiId=api_id, stageName="prod", patchOperations=patch)
    return api_id


def write(kind: str, api_id: str, *lines: str, stage_name: str = "prod") -> Path:
    path = Path(django_settings.ENVIRONMENT.data_dir) / "log" / kind / api_id / f"{stage_name}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def answered(number: int, status: int = 200) -> str:
    at = 1_700_000_000_000 + number * 1000
    return json.dumps(
        {
            "requestId": f"r{number}",
            "time": str(at),
            "httpMethod": "GET",
            "path": f"/prod/pets/{number}",
            "status": str(status),
        }
    )


def lines(client: Client, api_id: str, **given: str) -> Any:
    return client.get(reverse("console:log_lines"), {"kind": "access", "api": api_id, "stage": "prod", **given})


def test_every_log_is_listed_and_leads_to_its_lines(owner: Client, api_id: str) -> None:
    write("access", api_id, answered(1))
    write("execution", api_id, "2023-11-14T22:13:20.000Z (r1) Method completed with status: 200")

    page = words(owner.get(reverse("console:log_files")))

    assert "Access log of petstore" in page
    assert "Execution log of petstore" in page


def test_without_a_log_the_page_teaches_how_one_is_switched_on(owner: Client, caller: Caller) -> None:
    page = words(owner.get(reverse("console:log_files")))

    assert "No log has been written" in page
    assert "op=replace,path=/*/*/logging/loglevel,value=INFO" in page


def test_lines_come_newest_first_and_lead_to_their_stories(owner: Client, api_id: str) -> None:
    write("access", api_id, answered(1), answered(2, 504))

    page = text(lines(owner, api_id))

    assert page.index("/prod/pets/2") < page.index("/prod/pets/1")
    assert reverse("console:story", args=["r2"]) in page
    assert 'hx-trigger="every 2s"' in page
    assert "2023-11-14 22:13:22" in page


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"status": "5xx"}, {2}),
        ({"path": "pets/3"}, {3}),
        ({"request_id": "r1"}, {1}),
        ({"text": '"r3"'}, {3}),
        ({"from": "2023-11-14T22:13:22"}, {2, 3}),
        ({"to": "2023-11-14T22:13:21"}, {1}),
        ({"range": "1h"}, set()),
    ],
)
def test_filters_leave_what_was_asked(owner: Client, api_id: str, given: dict[str, str], found: set[int]) -> None:
    write("access", api_id, answered(1), answered(2, 504), answered(3))

    page = text(lines(owner, api_id, **given)).partition('id="lines"')[2]

    assert {number for number in (1, 2, 3) if f"/prod/pets/{number}" in page} == found


def test_pages_lead_back_in_time_and_stand_still(owner: Client, api_id: str) -> None:
    write("access", api_id, *(answered(number) for number in range(250)))

    first = lines(owner, api_id)
    url = first.context["next_url"]
    second = owner.get(reverse("console:log_lines") + url)

    assert "/prod/pets/249" in text(first)
    assert "/prod/pets/149" in text(second)
    assert "/prod/pets/150<" not in text(second)
    assert 'hx-trigger="every 2s"' not in text(second)
    assert "First page" in words(second)


def test_a_search_that_takes_long_says_how_far_it_came(
    owner: Client, api_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_files, "_MOST_BYTES", 1000)
    write("access", api_id, *(answered(number) for number in range(2_000)))

    page = lines(owner, api_id, status="504")

    assert "searched, back to 2023-11-14" in words(page)
    assert "Search further" in words(page)


def test_a_page_that_has_seen_everything_is_not_made_again(owner: Client, api_id: str) -> None:
    path = write("access", api_id, answered(1))
    here = lines(owner, api_id).context["here"]

    assert owner.get(reverse("console:log_lines") + here).status_code == 204
    with path.open("a") as file:
        file.write(answered(2) + "\n")
    assert "/prod/pets/2" in text(owner.get(reverse("console:log_lines") + here))


@pytest.mark.parametrize(
    ("kind", "said"), [("access", "This stage writes no access log"), ("execution", "No execution log yet")]
)
def test_a_stage_that_writes_none_is_told_where_to_turn_it_on(
    owner: Client, caller: Caller, kind: str, said: str
) -> None:
    api_id = a_rest_api(caller)
    a_stage(caller, api_id)

    page = lines(owner, api_id, kind=kind)

    assert said in words(page)
    assert reverse("console:stage", args=[api_id, "prod"]) in text(page)


def test_a_filter_that_lines_cannot_answer_says_so(owner: Client, caller: Caller, api_id: str) -> None:
    write("access", api_id, answered(1))

    assert "do not tell key" in words(lines(owner, api_id, key="abcd"))


def test_logs_of_an_http_api_are_found(owner: Client, caller: Caller) -> None:
    api_id = an_http_api(caller)
    write("access", api_id, "any line", stage_name="$default")

    page = owner.get(reverse("console:log_lines"), {"kind": "access", "api": api_id, "stage": "$default"})

    assert "any line" in text(page)


def test_nobody_reads_the_logs_of_another_account(owner: Client, elsewhere: Caller) -> None:
    theirs = a_rest_api(elsewhere)
    write("access", theirs, answered(1))

    assert lines(owner, theirs).status_code == 404
    assert theirs not in text(owner.get(reverse("console:log_files")))


@pytest.mark.parametrize("stage_name", ["../../secret", "/etc/passwd", "..", "prod.log"])
def test_no_name_of_a_stage_is_a_path(owner: Client, api_id: str, stage_name: str) -> None:
    assert lines(owner, api_id, stage=stage_name).status_code == 404


def test_what_callers_sent_is_shown_as_text(owner: Client, api_id: str) -> None:
    write("access", api_id, "<script>alert(1)</script>")

    assert "<script>alert" not in text(lines(owner, api_id))


def test_a_viewer_searches_logs_too(viewer: Client, api_id: str) -> None:
    write("access", api_id, answered(1))

    assert "/prod/pets/1" in text(lines(viewer, api_id))


def test_without_a_log_to_show_the_list_is_shown(owner: Client, caller: Caller) -> None:
    assert owner.get(reverse("console:log_lines"))["Location"] == reverse("console:log_files")
