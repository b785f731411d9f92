"""The first run makes an installation that works, and every later run leaves it as it is."""

from __future__ import annotations

import dataclasses
import json
from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command

from apps.accounts.models import AccessKey, Account, AuditEvent, Membership, User
from apps.control_plane import registry
from apps.control_plane.caller import system_caller
from apps.core import documents, manifest
from apps.deployments.models import ConfigurationRevision, Stage
from apps.portals.models import Product
from apps.usage_plans.models import UsagePlan
from portal.console.first_run import record_file

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def environment(settings, tmp_path, valkey):
    """Sets what the operator's environment says; the data directory is the test's own."""

    def choose(**members):
        settings.ENVIRONMENT = dataclasses.replace(settings.ENVIRONMENT, **members)

    choose(data_dir=tmp_path)
    return choose


def bootstrap(*arguments):
    output = StringIO()
    call_command("bootstrap", *(arguments or ("--backend", "127.0.0.1:9000")), stdout=output)
    return json.loads(output.getvalue())


def test_the_first_run_makes_an_account_with_an_administrator_and_a_key_pair(environment):
    said = bootstrap("--no-demo")

    admin = User.objects.get(username="admin")
    assert admin.check_password(said["admin_password"])
    assert (admin.is_staff, admin.is_superuser) == (True, True)
    assert EmailAddress.objects.get(user=admin, email="admin@gatehouse.localhost").verified
    assert Membership.objects.get(user=admin, account_id=said["account_id"]).role == Membership.Role.OWNER
    key = AccessKey.objects.get(pk=said["access_key_id"])
    assert (key.secret, key.account_id, key.active) == (said["secret_access_key"], said["account_id"], True)
    assert said["demo"] is None


def test_the_demo_is_deployed_published_and_announced(environment, valkey):
    said = bootstrap()

    demo = said["demo"]
    assert demo["invoke_path"] == f"/_aws/execute-api/{demo['api_id']}/prod"
    assert said["demo_url"].endswith(f"{demo['invoke_path']}/health")
    product = Product.objects.get(slug=demo["product_slug"])
    assert product.published
    assert product.stages.get().reference["info"]["title"] == "PetStore"
    assert [offered.plan.name for offered in product.plans.all()] == ["Free", "Pro"]
    sections = {name.decode() for name in valkey.hkeys(manifest.MANIFEST)}
    assert documents.stage_section(demo["api_id"], "prod") in sections
    assert documents.account_section(said["account_id"], said["region"]) in sections
    assert {name.split("/")[0] for name in sections} == {"stage", "deployment", "plan", "account", "credentials"}
    digest = valkey.hget(manifest.MANIFEST, documents.stage_section(demo["api_id"], "prod")).decode()
    assert documents.decode(valkey.get(manifest.document_key(digest))).variables == {"backend": "127.0.0.1:9000"}
    assert not AuditEvent.objects.exclude(error="").exists()


def test_a_second_run_changes_nothing_and_prints_the_same(environment):
    first = bootstrap()
    events, revision = AuditEvent.objects.count(), ConfigurationRevision.objects.get().number

    assert bootstrap() == first

    assert (AuditEvent.objects.count(), ConfigurationRevision.objects.get().number) == (events, revision)
    assert (Account.objects.count(), User.objects.count(), UsagePlan.objects.count()) == (1, 1, 2)


def test_a_back_end_that_moved_is_told_to_the_stage(environment):
    bootstrap()

    bootstrap("--backend", "127.0.0.1:9001")

    assert Stage.objects.get().variables == {"backend": "127.0.0.1:9001"}


def test_a_demo_that_was_deleted_stays_deleted(environment):
    said = bootstrap()
    caller = system_caller(said["account_id"], said["region"], "seed", "tests")
    request = {"restApiId": said["demo"]["api_id"], "stageName": "prod"}
    registry.call(caller, "apigateway", "DeleteStage", request)
    registry.call(caller, "apigateway", "DeleteRestApi", {"restApiId": said["demo"]["api_id"]})

    assert bootstrap()["demo"] is None


def test_the_environments_credentials_hold_at_every_start(environment):
    generated = bootstrap("--no-demo")
    environment(admin_password="a new password", access_key_id="AKIAGIVEN", secret_access_key="given")

    said = bootstrap("--no-demo")

    assert (said["access_key_id"], said["secret_access_key"]) == ("AKIAGIVEN", "given")
    assert said["admin_password"] == "a new password"
    assert User.objects.get().check_password("a new password")
    assert AccessKey.objects.get(pk="AKIAGIVEN").secret == "given"
    assert not AccessKey.objects.get(pk=generated["access_key_id"]).active


def test_half_a_key_pair_is_refused(environment):
    environment(access_key_id="AKIAGIVEN")

    with pytest.raises(CommandError, match="given together"):
        bootstrap("--no-demo")


def test_a_password_that_the_administrator_changed_is_neither_reset_nor_told(environment):
    bootstrap("--no-demo")
    admin = User.objects.get()
    admin.set_password("my own choice")
    admin.save()

    assert bootstrap("--no-demo")["admin_password"] is None
    admin.refresh_from_db()
    assert admin.check_password("my own choice")


def test_the_record_is_for_its_owner_only_and_sealed(environment):
    said = bootstrap("--no-demo")

    assert record_file().stat().st_mode & 0o777 == 0o600
    assert said["admin_password"] not in record_file().read_text()
    assert said["secret_access_key"] not in record_file().read_text()


def test_a_lost_record_costs_only_the_password(environment):
    first = bootstrap()
    record_file().unlink()

    again = bootstrap()

    assert again == first | {"admin_password": None}


def test_a_new_database_gets_the_recorded_credentials_and_a_new_demo(environment):
    first = bootstrap()
    for rows in (Product, Stage, UsagePlan, AccessKey, User, Account):
        rows.objects.all().delete()

    again = bootstrap()

    def credentials(said):
        return {name: said[name] for name in ("account_id", "admin_password", "access_key_id", "secret_access_key")}

    assert credentials(again) == credentials(first)
    assert again["demo"]["api_id"] != first["demo"]["api_id"]


@pytest.mark.parametrize("backend", ["nonsense", "http://127.0.0.1:9000", "127.0.0.1:"])
def test_a_back_end_that_is_no_address_is_refused(environment, backend):
    with pytest.raises(CommandError, match="HOST:PORT"):
        bootstrap("--backend", backend)


def test_a_demo_without_a_back_end_is_refused_in_words(environment, monkeypatch):
    monkeypatch.delenv("GATEHOUSE_DEMO_PORT", raising=False)

    with pytest.raises(CommandError, match="--no-demo"):
        bootstrap("--demo")
