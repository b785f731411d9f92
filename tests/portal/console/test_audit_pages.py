"""The audit log's page and the files that it gives away."""

from __future__ import annotations

import csv
import io
import json

from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from tests.builders import a_rest_api, call
from tests.portal.console.reading import words

EXPORT = "/console/audit/export/"


def rename(caller: Caller, name: str) -> str:
    api = a_rest_api(caller)
    call(caller, "UpdateRestApi", restApiId=api, patchOperations=[{"op": "replace", "path": "/name", "value": name}])
    return api


def test_the_page_shows_what_was_before_and_after_a_change(owner: Client, caller: Caller) -> None:
    rename(caller, "animals")

    page = words(owner.get(reverse("console:audit"), {"operation": "UpdateRestApi"}))

    assert 'Before { "name" : "petstore" }' in page
    assert 'After { "name" : "animals" }' in page


def test_the_log_is_taken_away_as_json(owner: Client, caller: Caller) -> None:
    api = rename(caller, "animals")

    answer = owner.get(EXPORT, {"format": "json", "operation": "UpdateRestApi"})

    assert answer["Content-Disposition"] == f'attachment; filename="audit-{caller.account_id}-us-east-1.json"'
    (event,) = json.loads(answer.content)
    assert (event["resource"], event["before"], event["after"]) == (api, {"name": "petstore"}, {"name": "animals"})


def test_the_log_is_taken_away_as_a_table_without_formulas(owner: Client, caller: Caller) -> None:
    call(caller, "CreateApiKey", name="=cmd()", customerId="=1+1")
    rename(caller, "animals")

    answer = owner.get(EXPORT, {"format": "csv"})

    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert rows[0]["operation"] == "UpdateRestApi"
    assert json.loads(rows[0]["after"]) == {"name": "animals"}
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


def test_a_file_has_only_what_the_filters_let_through_and_nothing_of_others(
    owner: Client, caller: Caller, elsewhere: Caller
) -> None:
    rename(caller, "animals")
    rename(elsewhere, "theirs")

    found = json.loads(owner.get(EXPORT, {"format": "json", "outcome": "failed"}).content)
    everything = owner.get(EXPORT, {"format": "json"}).content.decode()

    assert found == []
    assert "theirs" not in everything
