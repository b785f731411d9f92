"""A product's reference follows its stage's deployment."""

from __future__ import annotations

import pytest
from django.db import transaction

from apps.portals import references, tasks
from apps.portals.models import Product, ProductStage
from tests.rows import REGION, deploy, make_stage, served_api

pytestmark = pytest.mark.django_db


@pytest.fixture
def product_stage(account):
    deployment = deploy(served_api(account))
    deployment.openapi = {"openapi": "3.0.1", "info": {"title": "Pets"}}
    deployment.save()
    product = Product.objects.create(account=account, region=REGION, slug="pets", name="Pets")
    return ProductStage.objects.create(product=product, stage=make_stage(deployment))


def move(stage, deployment_id, openapi):
    stage.deployment = deploy(stage.rest_api, deployment_id)
    stage.deployment.openapi = openapi
    stage.deployment.save()
    stage.save()


def test_a_reference_is_the_document_of_the_stages_deployment(product_stage):
    tasks.publish_reference(product_stage.pk)

    product_stage.refresh_from_db()
    assert product_stage.reference == {"openapi": "3.0.1", "info": {"title": "Pets"}}
    assert product_stage.reference_deployment_id == "dep111"
    assert product_stage.reference_published


def test_rendering_again_changes_nothing(product_stage):
    assert [references.render(product_stage.pk), references.render(product_stage.pk)] == [True, False]


def test_a_stage_that_moves_leaves_its_reference_behind_until_it_is_rendered(product_stage):
    references.render(product_stage.pk)

    move(product_stage.stage, "next11", {"info": {"title": "Pets 2"}})
    assert list(references.behind()) == [product_stage]
    tasks.publish_missing_references()

    product_stage.refresh_from_db()
    assert product_stage.reference == {"info": {"title": "Pets 2"}}
    assert not references.behind().exists()


def test_a_reference_that_is_gone_fails_no_task(product_stage):
    number = product_stage.pk
    product_stage.delete()

    tasks.publish_reference(number)


@pytest.mark.django_db(transaction=True)
def test_without_a_broker_the_operation_succeeds_and_the_periodic_task_renders(product_stage, caplog):
    with transaction.atomic():
        references.publish_references_of(product_stage.stage)

    assert "rendered later" in caplog.text
    tasks.publish_missing_references()
    assert not references.behind().exists()


def test_the_beat_schedule_names_tasks_that_exist(settings):
    from portal.celery import app

    app.loader.import_default_modules()

    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)
