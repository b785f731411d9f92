"""The invocations of a function and what it printed, on its pages and for programs."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse

from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import AccessDeniedException, BadRequestException, NotFoundException
from tests.portal.console.reading import text, words

NOW = datetime.now(UTC)


def stamped(request_id: str, line: str, ago: float = 0) -> str:
    at = (NOW - timedelta(seconds=ago)).strftime("%Y-%m-%dT%H:%M:%S.000")
    return f"{at}Z ({request_id}) {line}"


def an_invocation(request_id: str, *printed: str, duration: float = 5, end: str = "", ago: float = 0) -> list[str]:
    """The lines of an invocation that has ended."""
    numbers = f"Duration: {duration:.2f} ms\tBilled Duration: {duration:.0f} ms\tMemory Size: 128 MB\tMax Memory Used: 120 MB\t"
    lines = [
        f"START RequestId: {request_id} Version: $LATEST",
        *printed,
        f"END RequestId: {request_id}",
        f"REPORT RequestId: {request_id}\t{numbers}{end}",
    ]
    return [stamped(request_id, line, ago) for line in lines]


def log_of(caller: Caller, name: str = "pets") -> Path:
    folder = Path(django_settings.ENVIRONMENT.data_dir) / "log" / "functions"
    return folder / caller.account_id / caller.region / f"{name}.log"


@pytest.fixture
def pets(caller: Caller) -> str:
    """A function that has not run yet."""
    log_of(caller).unlink(missing_ok=True)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): return 1")
    request = {"FunctionName": "pets", "Runtime": "python3.12", "Handler": "app.handler"}
    role, code = "arn:aws:iam::123456789012:role/x", {"ZipFile": made.getvalue()}
    registry.call(caller, "lambda", "CreateFunction", {**request, "Role": role, "Code": code})
    return "pets"


def wrote(caller: Caller, *lines: str, name: str = "pets") -> None:
    """The host has written these lines to the log of a function."""
    path = log_of(caller, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))


@pytest.fixture
def ran(caller: Caller, pets: str) -> str:
    """A function that has succeeded, failed, and taken too long."""
    wrote(
        caller,
        *an_invocation("r1", "hello", end="Init Duration: 70.00 ms\t", ago=7200),
        *an_invocation("r2", "no such pet", end="Status: error\tError Type: KeyError", ago=60),
        *an_invocation("r3", duration=3000, end="Status: timeout"),
    )
    return pets


def page(client: Client, view: str, **given: str) -> Any:
    return client.get(reverse(f"console:{view}", args=["pets"]), given)


def rows(client: Client, **given: str) -> list[str]:
    answer = page(client, "function_invocations", **given)
    return [one.shape["requestId"] for one in answer.context["invocations"]]


def lines(client: Client, **given: str) -> list[str]:
    return [one["message"] for one in page(client, "function_log", **given).context["found"]["items"]]


def ask(caller: Caller, operation: str, **request: Any) -> dict[str, Any]:
    return registry.call(caller, "gatehouse", operation, {"functionName": "pets", **request})


def test_invocations_are_listed_with_what_they_took_and_how_they_ended(owner: Client, ran: str) -> None:
    told = words(page(owner, "function_invocations"))

    assert "r3 timeout" in told
    assert "3000 ms 3000 ms tight 120 of 128 MB warm" in told
    assert "r2 error KeyError" in told
    assert "5 ms 5 ms tight 120 of 128 MB 70 ms" in told
    assert "Invocations shown 3 Failed 2 of those shown Median duration 5" in told


def test_invocations_are_filtered_by_how_they_ended_their_id_and_time(owner: Client, ran: str) -> None:
    assert rows(owner) == ["r3", "r2", "r1"]
    assert rows(owner, status="success") == ["r1"]
    assert rows(owner, status="error") == ["r2"]
    assert rows(owner, request_id="r1") == ["r1"]
    assert rows(owner, range="1h") == ["r3", "r2"]
    assert "Nothing fits" in words(page(owner, "function_invocations", request_id="r9"))


def test_an_invocation_leads_to_its_own_lines(owner: Client, ran: str) -> None:
    assert reverse("console:function_log", args=["pets"]) + "?request_id=r2" in text(
        page(owner, "function_invocations")
    )

    printed = lines(owner, request_id="r2")

    assert [line.split(" ")[0] for line in printed] == ["REPORT", "END", "no", "START"]


def test_lines_are_searched_for_text(owner: Client, ran: str) -> None:
    assert lines(owner, text="such pet") == ["no such pet"]


def test_a_long_list_goes_on_at_the_next_page(owner: Client, caller: Caller, pets: str) -> None:
    wrote(caller, *(line for number in range(130) for line in an_invocation(f"r{number}")))

    first = page(owner, "function_invocations")
    rest = owner.get(reverse("console:function_invocations", args=["pets"]) + first.context["next_url"])

    assert [len(one.context["invocations"]) for one in (first, rest)] == [100, 30]
    assert rest.context["invocations"][0].shape["requestId"] == "r29"


def test_a_page_that_shows_the_newest_is_not_sent_again(owner: Client, caller: Caller, ran: str) -> None:
    here = page(owner, "function_log").context["here"]
    again = reverse("console:function_log", args=["pets"]) + here
    assert owner.get(again).status_code == 204

    wrote(caller, *an_invocation("r4"), *an_invocation("r5"))

    assert owner.get(again).status_code == 200


def test_a_function_that_has_not_run_says_what_will_stand_there(owner: Client, pets: str) -> None:
    assert "It has not run yet" in words(page(owner, "function_invocations"))
    assert "Invocations" in words(owner.get(reverse("console:function", args=["pets"])))


def test_lines_of_before_they_told_their_time_are_read_too(owner: Client, caller: Caller, pets: str) -> None:
    wrote(caller, *(line.split(" ", 2)[2] for line in an_invocation("r1", "hello")))

    assert rows(owner) == ["r1"]
    assert lines(owner, text="hello") == ["hello"]


def test_programs_ask_for_the_same(caller: Caller, ran: str) -> None:
    newest = ask(caller, "ListFunctionInvocations", limit=1)
    (line,) = ask(caller, "ListFunctionLogEvents", text="hello")["items"]

    assert newest["items"] == [
        {
            "requestId": "r3",
            "timestamp": NOW.replace(microsecond=0),
            "status": "timeout",
            "duration": 3000.0,
            "billedDuration": 3000.0,
            "memorySize": 128.0,
            "maxMemoryUsed": 120.0,
        }
    ]
    assert line["requestId"] == "r1"
    older = ask(caller, "ListFunctionInvocations", nextToken=newest["nextToken"])
    assert [one["requestId"] for one in older["items"]] == ["r2", "r1"]


def test_what_cannot_be_asked_is_told(caller: Caller, ran: str) -> None:
    with pytest.raises(BadRequestException, match="status is one of success, error, timeout"):
        ask(caller, "ListFunctionInvocations", status="well")
    with pytest.raises(NotFoundException):
        ask(caller, "ListFunctionLogEvents", functionName="../../portal")
    with pytest.raises(NotFoundException):
        ask(replace(caller, region="eu-west-1"), "ListFunctionLogEvents")
    with pytest.raises(AccessDeniedException):
        ask(replace(caller, role=""), "ListFunctionLogEvents")
