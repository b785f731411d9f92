"""What is published reaches Valkey: once for each transaction, in order, whatever fails on the way."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

import pytest
from django.db import connection, transaction

from apps.accounts.models import AccountSettings
from apps.core import documents, manifest
from apps.deployments import announcements, publisher
from apps.deployments.models import ConfigurationDocument, ConfigurationRevision, ConfigurationSection
from apps.usage_plans.models import UsagePlan
from tests.rows import REGION, deploy, make_key, make_plan, make_stage, served_api

pytestmark = pytest.mark.django_db(transaction=True)


def told(valkey):
    """The manifest and revision that a runtime would read."""
    sections = {name.decode(): digest.decode() for name, digest in valkey.hgetall(manifest.MANIFEST).items()}
    return int(valkey.get(manifest.REVISION) or 0), sections


def read_document(valkey, digest):
    return documents.decode(valkey.get(manifest.document_key(digest)))


@pytest.fixture
def listener(valkey):
    """Reads the changes announced since the test began."""
    channel = valkey.pubsub(ignore_subscribe_messages=True)
    channel.subscribe(manifest.ANNOUNCE)
    channel.get_message(timeout=5)

    def read():
        message = channel.get_message(timeout=5)
        return manifest.decode_change(message["data"]) if message else None

    yield read
    channel.close()


def counter():
    row = ConfigurationRevision.objects.get(pk=1)
    return row.number, row.announced


def test_a_published_stage_is_in_the_manifest_with_its_deployment(account, valkey):
    stage = make_stage(deploy(served_api(account)))

    publisher.publish_stage(stage)

    revision, sections = told(valkey)
    assert revision == 1
    assert set(sections) == {
        documents.stage_section(stage.rest_api_id, "prod"),
        documents.deployment_section(stage.rest_api_id, "dep111"),
    }
    document = read_document(valkey, sections[documents.stage_section(stage.rest_api_id, "prod")])
    assert document.deployment_id == "dep111"
    assert counter() == (1, 1)


def test_a_canary_s_deployment_is_published_while_it_takes_traffic(account, valkey):
    api = served_api(account)
    stage, canary = make_stage(deploy(api)), documents.deployment_section(api.id, "dep222")
    deploy(api, "dep222")
    stage.canary_settings = {"percentTraffic": 10.0, "deploymentId": "dep222"}
    stage.save()

    publisher.publish_stage(stage)
    assert canary in told(valkey)[1]
    publisher.publish_stage(make_stage(deploy(api, "dep333"), "dev"))
    assert canary in told(valkey)[1]

    stage.canary_settings = None
    stage.save()
    publisher.publish_stage(stage)
    assert canary not in told(valkey)[1]


def test_documents_are_found_under_the_digest_of_their_bytes(account, valkey):
    publisher.publish_plan(make_plan(account))

    _, sections = told(valkey)
    (digest,) = sections.values()
    assert documents.digest(valkey.get(manifest.document_key(digest))) == digest
    assert valkey.ttl(manifest.document_key(digest)) == -1


def test_all_changes_of_a_transaction_are_one_revision_and_one_announcement(account, valkey, listener):
    with transaction.atomic():
        publisher.publish_plan(make_plan(account, "one"))
        publisher.publish_plan(make_plan(account, "two"))
        publisher.publish_account(AccountSettings.objects.create(account=account, region=REGION))

    change = listener()
    assert (change.previous, change.revision) == (0, 1)
    assert len(change.sections) == 3
    assert counter() == (1, 1)


def test_a_section_that_did_not_change_makes_no_revision(account, valkey):
    plan = make_plan(account)
    publisher.publish_plan(plan)

    publisher.publish_plan(plan)

    assert counter() == (1, 1)


def test_a_transaction_that_rolls_back_publishes_nothing(account, valkey):
    with suppress(RuntimeError), transaction.atomic():
        publisher.publish_plan(make_plan(account))
        raise RuntimeError

    publisher.publish_plan(make_plan(account, "after"))

    assert told(valkey)[0] == 1
    assert len(told(valkey)[1]) == 1


def test_a_savepoint_that_rolls_back_leaves_the_rest_of_the_transaction_published(account, valkey):
    with transaction.atomic():
        with suppress(RuntimeError), transaction.atomic():
            publisher.publish_plan(make_plan(account, "dropped"))
            raise RuntimeError
        kept = make_plan(account, "kept")
        publisher.publish_plan(kept)

    revision, sections = told(valkey)
    assert revision == 1
    assert list(sections) == [documents.plan_section(account.id, REGION, kept.plan_id)]


def test_a_stage_that_moves_takes_its_old_deployment_out(account, valkey, listener):
    api = served_api(account)
    stage = make_stage(deploy(api, "first1"))
    publisher.publish_stage(stage)
    listener()

    stage.deployment = deploy(api, "second")
    stage.save()
    publisher.publish_stage(stage)

    assert listener().sections[documents.deployment_section(api.id, "first1")] is None
    assert documents.deployment_section(api.id, "first1") not in told(valkey)[1]
    assert documents.deployment_section(api.id, "second") in told(valkey)[1]


def test_a_deployment_that_another_stage_uses_stays(account, valkey):
    api = served_api(account)
    deployment = deploy(api)
    prod, dev = make_stage(deployment, "prod"), make_stage(deployment, "dev")
    publisher.publish_stage(prod)
    publisher.publish_stage(dev)

    dev.delete()
    publisher.retract_stage(api.id, "dev")

    sections = told(valkey)[1]
    assert documents.stage_section(api.id, "dev") not in sections
    assert documents.deployment_section(api.id, "dep111") in sections


def test_the_last_stage_takes_its_deployment_with_it(account, valkey):
    stage = make_stage(deploy(served_api(account)))
    publisher.publish_stage(stage)

    stage.delete()
    publisher.retract_stage(stage.rest_api_id, "prod")

    assert told(valkey)[1] == {}


def test_keys_are_published_by_shard_and_leave_it_when_deleted(account, valkey):
    plan = make_plan(account)
    key = make_key(account, "mine", plan)
    publisher.publish_keys(account.id, REGION, [key.key_id])
    name = documents.keys_section(account.id, REGION, documents.key_shard(key.key_id))
    assert read_document(valkey, told(valkey)[1][name]).keys[0].id == key.key_id

    key.delete()
    publisher.publish_keys(account.id, REGION, [key.key_id])

    assert told(valkey)[1] == {}


def test_retracting_what_was_never_published_changes_nothing(account, valkey):
    publisher.retract_plan(account.id, REGION, "nobody")
    publisher.retract_stage("nobody", "prod")

    assert counter()[0] == 0


def test_an_unreachable_valkey_costs_no_operation_and_is_told_later(account, valkey, settings):
    reachable = settings.REDIS_URL
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    publisher.publish_plan(make_plan(account))
    assert counter() == (1, 0)

    settings.REDIS_URL = reachable
    assert publisher.catch_up()

    assert counter() == (1, 1)
    assert len(told(valkey)[1]) == 1


def test_a_valkey_that_hangs_holds_an_operation_for_less_than_a_second(account, settings):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        started = time.monotonic()

        publisher.publish_plan(make_plan(account))

        assert time.monotonic() - started < 1.0
    assert counter() == (1, 0)


def test_a_valkey_that_lost_its_data_is_filled_again_with_what_is_left(account, valkey, listener):
    kept, gone = make_plan(account, "kept"), make_plan(account, "gone")
    publisher.publish_plan(kept)
    publisher.publish_plan(gone)
    publisher.retract_plan(account.id, REGION, gone.plan_id)
    before = told(valkey)
    valkey.flushall()

    assert publisher.catch_up()

    assert told(valkey) == before
    assert read_document(valkey, next(iter(before[1].values()))).plan_id == kept.plan_id


def test_a_valkey_that_is_behind_is_told_only_what_it_lacks(account, valkey, listener):
    publisher.publish_plan(make_plan(account, "one"))
    publisher.publish_plan(make_plan(account, "two"))
    listener(), listener()
    valkey.set(manifest.REVISION, 1)

    publisher.catch_up()

    change = listener()
    assert (change.previous, change.revision, len(change.sections)) == (1, 2, 1)


def test_a_database_restored_from_a_backup_overtakes_what_runtimes_know(account, valkey):
    plan = make_plan(account)
    publisher.publish_plan(plan)
    valkey.set(manifest.REVISION, 40)
    valkey.hset(manifest.MANIFEST, "plan/ghost", "0" * 64)

    publisher.catch_up()

    assert told(valkey)[0] == 41
    assert list(told(valkey)[1]) == [documents.plan_section(account.id, REGION, plan.plan_id)]
    publisher.publish_plan(make_plan(account, "next"))
    assert told(valkey)[0] == 42


def test_catching_up_with_nothing_to_tell_says_nothing(account, valkey, listener, django_assert_num_queries):
    publisher.publish_plan(make_plan(account))
    listener()

    with django_assert_num_queries(1):
        assert publisher.catch_up()


def test_transactions_that_publish_at_once_all_arrive_and_in_order(account, valkey):
    plans = [make_plan(account, f"plan {number}") for number in range(4)]

    def rename(plan):
        try:
            for number in range(5):
                with transaction.atomic():
                    UsagePlan.objects.filter(pk=plan.pk).update(name=f"{plan.plan_id} {number}")
                    publisher.publish_plan(UsagePlan.objects.get(pk=plan.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=rename, args=(plan,)) for plan in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    publisher.catch_up()

    revision, sections = told(valkey)
    assert revision == 20
    assert {read_document(valkey, digest).name for digest in sections.values()} == {
        f"{plan.plan_id} 4" for plan in plans
    }


def test_keys_of_one_shard_made_at_once_are_all_published(account, valkey):
    same_shard = [key_id for key_id in map(str, range(5000)) if documents.key_shard(key_id) == "00"][:12]

    def make(key_ids):
        try:
            for key_id in key_ids:
                with transaction.atomic():
                    make_key(account, f"key{key_id}", key_id=key_id)
                    publisher.publish_keys(account.id, REGION, [key_id])
        finally:
            connection.close()

    threads = [threading.Thread(target=make, args=(same_shard[number::3],)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    publisher.catch_up()

    digest = told(valkey)[1][documents.keys_section(account.id, REGION, "00")]
    assert {key.id for key in read_document(valkey, digest).keys} == set(same_shard)


def test_republishing_everything_repairs_sections_and_removes_ghosts(account, valkey):
    stage = make_stage(deploy(served_api(account)))
    plan = make_plan(account)
    key = make_key(account, "mine", plan)
    AccountSettings.objects.create(account=account, region=REGION)
    ConfigurationDocument.objects.create(digest="0" * 64, body="{}")
    ConfigurationSection.objects.create(name="plan/ghost", account=account, document_id="0" * 64, revision=0)

    publisher.republish_everything()

    assert set(told(valkey)[1]) == {
        documents.stage_section(stage.rest_api_id, "prod"),
        documents.deployment_section(stage.rest_api_id, "dep111"),
        documents.plan_section(account.id, REGION, plan.plan_id),
        documents.keys_section(account.id, REGION, documents.key_shard(key.key_id)),
        documents.account_section(account.id, REGION),
    }


def test_refilling_replaces_a_manifest_that_does_not_fit(account, valkey):
    publisher.publish_plan(make_plan(account))
    expected = told(valkey)[1]
    valkey.delete(manifest.MANIFEST)

    announcements.refill()

    assert told(valkey) == (2, expected)
