"""Stages become documents: what acts without deploying."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from apps.client_certificates.models import ClientCertificate
from apps.core import documents
from apps.deployments.credentials import document_seal
from apps.deployments.stage_documents import stage_document
from tests.rows import REGION, deploy, make_stage, served_api


def test_a_stage_document_tells_the_stage_as_it_is_now(account):
    stage = make_stage(
        deploy(served_api(account, disable_execute_api_endpoint=True)),
        variables={"backend": "127.0.0.1:9"},
        method_settings={"*/*": {"throttlingRateLimit": 5, "throttlingBurstLimit": 2, "loggingLevel": "INFO"}},
        access_log_settings={"destinationArn": "arn:aws:logs:x", "format": "$context.requestId"},
    )

    document = stage_document(stage)

    assert document.deployment_id == "dep111"
    assert document.variables == {"backend": "127.0.0.1:9"}
    assert document.method_settings["*/*"].throttling_rate_limit == 5.0
    assert document.method_settings["*/*"].logging_level == "INFO"
    assert document.access_log_format == "$context.requestId"
    assert document.disable_execute_api_endpoint


def test_a_stage_document_carries_its_client_certificate_with_the_key_sealed(account):
    now = datetime.now(UTC)
    made = ClientCertificate.objects.create(
        account=account, region=REGION, certificate="CERTIFICATE", private_key="KEY", created=now, expires=now
    )
    stage = make_stage(deploy(served_api(account)), client_certificate_id=made.certificate_id)

    shown = stage_document(stage).client_certificate

    assert (shown.id, shown.certificate) == (made.certificate_id, "CERTIFICATE")
    assert document_seal().open(shown.private_key, shown.id) == "KEY"
    assert stage_document(stage) == stage_document(stage)
    made.delete()
    assert stage_document(stage).client_certificate is None


@pytest.mark.parametrize(("size", "gigabytes"), [(None, 0.5), ("1.6", 1.6)])
def test_a_stage_document_carries_its_cache(account, size, gigabytes):
    setting = {"cachingEnabled": True, "cacheTtlInSeconds": 7, "cacheDataEncrypted": True}
    members = {"cache_cluster_enabled": True, "cache_cluster_size": size, "method_settings": {"*/*": setting}}
    stage = make_stage(deploy(served_api(account)), **members)

    document = stage_document(stage)

    assert document.cache_cluster_size == gigabytes
    assert document.method_settings["*/*"] == documents.MethodSetting(
        caching_enabled=True, cache_ttl_in_seconds=7, cache_data_encrypted=True
    )


def test_a_stage_document_carries_its_canary(account):
    settings = {"percentTraffic": 12.5, "deploymentId": "dep222", "stageVariableOverrides": {"a": "b"}}
    stage = make_stage(deploy(served_api(account)), canary_settings={**settings, "useStageCache": True})

    assert stage_document(stage).canary == documents.CanaryRelease(
        deployment_id="dep222", percent_traffic=12.5, stage_variable_overrides={"a": "b"}, use_stage_cache=True
    )


def test_a_canary_without_traffic_is_none_to_the_runtime(account):
    stage = make_stage(deploy(served_api(account)), canary_settings={"percentTraffic": 0.0, "deploymentId": "dep222"})

    assert stage_document(stage).canary is None
