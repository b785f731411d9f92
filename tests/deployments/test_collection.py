"""What nobody refers to goes away after a grace; what Redis should hold and does not comes back."""

from __future__ import annotations

import pytest

from apps.core import manifest
from apps.deployments import collection, publisher, tasks
from apps.deployments.models import ConfigurationDocument
from tests.rows import make_plan

pytestmark = pytest.mark.django_db(transaction=True)


def publish(plan, name):
    """Publish the plan under this name; answers its document's key in Valkey."""
    plan.name = name
    plan.save()
    publisher.publish_plan(plan)
    digest = plan.account.configurationsection_set.get().document_id
    return manifest.document_key(digest)


def test_a_replaced_document_ends_after_the_grace_and_the_current_one_stays(account, valkey):
    plan = make_plan(account)
    old, current = publish(plan, "old"), publish(plan, "current")

    collection.collect_documents()

    assert 0 < valkey.ttl(old) <= collection.GRACE_SECONDS
    assert valkey.ttl(current) == -1
    assert ConfigurationDocument.objects.count() == 2


def test_the_grace_is_not_prolonged_by_collecting_again(account, valkey):
    plan = make_plan(account)
    old, _ = publish(plan, "old"), publish(plan, "current")
    valkey.expire(old, 100)

    collection.collect_documents()

    assert valkey.ttl(old) <= 100


def test_a_document_that_ended_in_valkey_ends_in_the_database(account, valkey):
    plan = make_plan(account)
    old, current = publish(plan, "old"), publish(plan, "current")
    valkey.delete(old)

    collection.collect_documents()

    assert [manifest.document_key(row.digest) for row in ConfigurationDocument.objects.all()] == [current]


def test_a_document_that_is_wanted_again_does_not_end(account, valkey):
    plan = make_plan(account)
    first, _ = publish(plan, "first"), publish(plan, "second")
    collection.collect_documents()

    assert publish(plan, "first") == first

    assert valkey.ttl(first) == -1


def test_a_document_missing_in_valkey_is_announced_again(account, valkey):
    key = publish(make_plan(account), "plan")
    valkey.delete(key)

    tasks.collect_configuration()

    assert valkey.exists(key)
    assert valkey.get(manifest.REVISION) == b"2"


def test_a_manifest_changed_by_hand_is_announced_again(account, valkey):
    publish(make_plan(account), "plan")
    valkey.hset(manifest.MANIFEST, "plan/ghost", "0" * 64)

    tasks.collect_configuration()

    assert not valkey.hexists(manifest.MANIFEST, "plan/ghost")


def test_a_manifest_that_fits_is_left_alone(account, valkey):
    publish(make_plan(account), "plan")

    tasks.collect_configuration()

    assert valkey.get(manifest.REVISION) == b"1"


def test_an_unreachable_valkey_fails_no_task(account, settings):
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"

    tasks.catch_up_configuration()
    tasks.collect_configuration()
