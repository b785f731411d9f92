"""A stage's settings by method, its log formats, certificate and tags, its files, and deployments side by side."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.test import Client
from django.urls import reverse

from apps.control_plane.caller import Caller
from portal.console.stage_forms import ACCESS_LOG_PRESETS
from tests.builders import a_method, a_resource, a_rest_api, a_stage, call, mock
from tests.portal.console.reading import text, words

KEY = "~1pets/GET"


def url(view: str, *args: str) -> str:
    return reverse(f"console:{view}", args=args)


@pytest.fixture
def api(caller: Caller) -> str:
    api = a_rest_api(caller, {"/pets": {"GET": mock(), "POST": mock()}})
    a_stage(caller, api)
    return api


def stage_of(caller: Caller, api: str) -> dict[str, object]:
    return call(caller, "GetStage", restApiId=api, stageName="prod")


def test_a_method_gets_settings_of_its_own_and_loses_them(owner: Client, caller: Caller, api: str) -> None:
    given = {"rate": "5", "burst": "10", "log_level": "INFO", "metrics": "on", "ttl": "300"}

    owner.post(url("stage_method", api, "prod", "pets/GET"), given)

    settings = stage_of(caller, api)["methodSettings"][KEY]
    assert (settings["throttlingRateLimit"], settings["throttlingBurstLimit"]) == (5.0, 10)
    assert (settings["loggingLevel"], settings["metricsEnabled"], settings["dataTraceEnabled"]) == ("INFO", True, False)
    listed = words(owner.get(url("stage_methods", api, "prod")))
    assert "GET /pets own settings 5/s, burst 10 every request off on" in listed
    assert "POST /pets 10,000/s, burst 5,000 off off off" in listed

    owner.post(url("reset_stage_method", api, "prod", "pets/GET"))

    assert KEY not in stage_of(caller, api).get("methodSettings", {})


def test_a_method_without_settings_begins_with_the_stages(owner: Client, caller: Caller, api: str) -> None:
    patch = [{"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "7"}]
    call(caller, "UpdateStage", restApiId=api, stageName="prod", patchOperations=patch)

    page = owner.get(url("stage_method", api, "prod", "pets/GET"))

    assert page.context["form"].initial["rate"] == 7


def test_saving_a_method_again_writes_nothing(owner: Client, caller: Caller, api: str) -> None:
    given = {"rate": "5", "burst": "10", "ttl": "300"}
    owner.post(url("stage_method", api, "prod", "pets/GET"), given)
    before = stage_of(caller, api)

    owner.post(url("stage_method", api, "prod", "pets/GET"), given)

    assert stage_of(caller, api) == before


@pytest.mark.parametrize(
    ("given", "told"),
    [({"rate": "5", "ttl": "1"}, "Rate and burst go together"), ({"ttl": "4000"}, "less than or equal to 3600")],
)
def test_settings_of_a_method_that_cannot_be_are_told(
    owner: Client, caller: Caller, api: str, given: dict[str, str], told: str
) -> None:
    answer = owner.post(url("stage_method", api, "prod", "pets/GET"), given)

    assert (answer.status_code, told in words(answer)) == (422, True)
    assert KEY not in stage_of(caller, api).get("methodSettings", {})


def test_a_method_that_is_none_is_not_found(owner: Client, api: str) -> None:
    assert owner.get(url("stage_method", api, "prod", "nowhere/GET")).status_code == 404


def test_every_log_format_that_is_offered_can_be_saved(owner: Client, caller: Caller, api: str) -> None:
    for written in ACCESS_LOG_PRESETS.values():
        owner.post(url("stage", api, "prod"), {"log_access": "on", "log_format": written})

        assert stage_of(caller, api)["accessLogSettings"]["format"] == written


def test_certificate_tags_and_metrics_are_set_and_taken_away(owner: Client, caller: Caller, api: str) -> None:
    certificate = call(caller, "GenerateClientCertificate", description="ours")["clientCertificateId"]

    owner.post(url("stage", api, "prod"), {"certificate": certificate, "tags": "team = shop", "metrics": "on"})
    given = stage_of(caller, api)
    owner.post(url("stage", api, "prod"), {"tags": "cost = 7"})
    after = stage_of(caller, api)

    assert (given["clientCertificateId"], given["tags"]) == (certificate, {"team": "shop"})
    assert given["methodSettings"]["*/*"]["metricsEnabled"] is True
    assert (after.get("clientCertificateId"), after["tags"]) == (None, {"cost": "7"})


def test_a_refused_tag_changes_nothing_else(owner: Client, caller: Caller, api: str) -> None:
    answer = owner.post(url("stage", api, "prod"), {"description": "new", "tags": "aws:x = y"})

    assert answer.status_code == 422
    assert not stage_of(caller, api).get("description")


@pytest.mark.parametrize(("kind", "form", "begins"), [("oas30", "yaml", "openapi:"), ("swagger", "json", "{")])
def test_the_definition_of_a_stage_is_downloaded(viewer: Client, api: str, kind: str, form: str, begins: str) -> None:
    answer = viewer.get(url("export_stage", api, "prod") + f"?kind={kind}&format={form}")

    assert "attachment" in answer["Content-Disposition"]
    assert text(answer).lstrip().startswith(begins)


def test_an_sdk_that_needs_nothing_comes_at_once_and_another_asks(owner: Client, api: str) -> None:
    at = url("download_sdk", api, "prod")

    script = owner.get(at + "?kind=javascript")
    asked = owner.get(at + "?kind=android")
    refused = owner.post(at + "?kind=android", {})

    assert zipfile.ZipFile(io.BytesIO(script.content)).namelist()
    assert "Group ID" in words(asked)
    assert refused.status_code == 422


def test_two_deployments_are_compared_and_what_breaks_is_marked(owner: Client, caller: Caller, api: str) -> None:
    first = stage_of(caller, api)["deploymentId"]
    a_method(caller, api, "/cats", "GET", mock())
    a_resource(caller, api, "/pets")
    pets = next(row["id"] for row in call(caller, "GetResources", restApiId=api)["items"] if row["path"] == "/pets")
    call(caller, "DeleteMethod", restApiId=api, resourceId=pets, httpMethod="POST")
    second = call(caller, "CreateDeployment", restApiId=api)["id"]

    there = words(owner.get(url("compare_deployments", api) + f"?from={first}&to={second}"))
    back = words(owner.get(url("compare_deployments", api) + f"?from={second}&to={first}"))
    newest = words(owner.get(url("compare_deployments", api)))
    same = words(owner.get(url("compare_deployments", api) + f"?from={first}&to={first}"))

    assert "added: GET /cats" in there
    assert "removed: POST /pets breaking" in there
    assert "removed: GET /cats breaking" in back
    assert there.split("From", 1)[1] == newest.split("From", 1)[1]
    assert "No difference" in same


def test_a_deployment_of_another_api_is_not_compared(owner: Client, caller: Caller, api: str) -> None:
    other = a_rest_api(caller)
    foreign = call(caller, "CreateDeployment", restApiId=other)["id"]

    assert owner.get(url("compare_deployments", api) + f"?from={foreign}").status_code == 404


def test_a_viewer_reads_and_has_no_button(viewer: Client, api: str) -> None:
    assert ">Save<" not in text(viewer.get(url("stage_method", api, "prod", "pets/GET")))
    assert "Formats to begin with" not in text(viewer.get(url("stage", api, "prod")))
