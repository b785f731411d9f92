"""Stages as documents: what acts without deploying, republished whenever it changes."""

from __future__ import annotations

from typing import Any

from apps.client_certificates.models import ClientCertificate
from apps.core import documents
from apps.deployments.credentials import document_seal
from apps.deployments.models import Stage
from apps.deployments.refusals import is_edge_optimized, is_private


def stage_document(stage: Stage) -> documents.StageDocument:
    """The stage as it is now."""
    access_log = stage.access_log_settings or {}
    return documents.StageDocument(
        account_id=stage.rest_api.account_id,
        region=stage.rest_api.region,
        api_id=stage.rest_api_id,
        stage_name=stage.name,
        deployment_id=stage.deployment.deployment_id,
        variables={name: str(value) for name, value in (stage.variables or {}).items()},
        method_settings={key: _method_setting(value) for key, value in (stage.method_settings or {}).items()},
        access_log_format=access_log.get("format"),
        access_log_destination=access_log.get("destinationArn"),
        tracing_enabled=stage.tracing_enabled,
        disable_execute_api_endpoint=stage.rest_api.disable_execute_api_endpoint,
        endpoint_access_mode=stage.rest_api.endpoint_access_mode,
        private=is_private(stage.rest_api),
        edge_optimized=is_edge_optimized(stage.rest_api),
        client_certificate=_client_certificate(stage),
        cache_flushes=stage.cache_flushes,
        authorizers_cache_flushes=stage.authorizers_cache_flushes,
        cache_cluster_size=float(stage.cache_cluster_size or 0.5) if stage.cache_cluster_enabled else None,
        canary=_canary_release(stage),
    )


def _client_certificate(stage: Stage) -> documents.ClientCertificate | None:
    """What the stage shows back ends; a certificate that has been deleted meanwhile is shown no more."""
    if not stage.client_certificate_id:
        return None
    api = stage.rest_api
    found = ClientCertificate.objects.filter(account_id=api.account_id, region=api.region)
    row = found.filter(certificate_id=stage.client_certificate_id).first()
    if row is None:
        return None
    return documents.ClientCertificate(
        id=row.certificate_id,
        certificate=row.certificate,
        private_key=document_seal().seal(row.private_key, row.certificate_id),
    )


def _canary_release(stage: Stage) -> documents.CanaryRelease | None:
    """The stage's canary; one that takes no traffic is none to the runtime."""
    deployment_id = stage.serving_canary_id
    if deployment_id is None:
        return None
    settings = stage.canary_settings
    return documents.CanaryRelease(
        deployment_id=deployment_id,
        percent_traffic=float(settings["percentTraffic"]),
        stage_variable_overrides={
            name: str(value) for name, value in (settings.get("stageVariableOverrides") or {}).items()
        },
        use_stage_cache=bool(settings.get("useStageCache")),
    )


def _method_setting(setting: dict[str, Any]) -> documents.MethodSetting:
    """One method's settings from AWS's shape of them (`throttlingRateLimit`, …)."""
    rate, burst = setting.get("throttlingRateLimit"), setting.get("throttlingBurstLimit")
    return documents.MethodSetting(
        throttling_rate_limit=None if rate is None else float(rate),
        throttling_burst_limit=None if burst is None else int(burst),
        metrics_enabled=bool(setting.get("metricsEnabled", False)),
        logging_level=setting.get("loggingLevel") or "OFF",
        data_trace_enabled=bool(setting.get("dataTraceEnabled", False)),
        caching_enabled=bool(setting.get("cachingEnabled", False)),
        cache_ttl_in_seconds=int(setting.get("cacheTtlInSeconds", 300)),
        cache_data_encrypted=bool(setting.get("cacheDataEncrypted", False)),
        require_authorization_for_cache_control=bool(setting.get("requireAuthorizationForCacheControl", True)),
        unauthorized_cache_control_header_strategy=setting.get("unauthorizedCacheControlHeaderStrategy")
        or "SUCCEED_WITH_RESPONSE_HEADER",
    )
