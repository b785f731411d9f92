"""Rows → documents: what the control plane edits becomes what the runtime compiles.

These functions read rows and write nothing. Each needs a constant number of queries, however many rows an API has. What the
runtime cannot serve yet is refused here, all of it at once, so that nothing is published that would act differently from AWS.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from typing import Any

from django.db.models import Prefetch, QuerySet

from apps.accounts.models import AccountSettings
from apps.client_certificates.models import ClientCertificate
from apps.core import documents
from apps.deployments.credentials import document_seal
from apps.deployments.frozen_authorizers import frozen_authorizers
from apps.deployments.frozen_validation import FrozenValidation, frozen_validation
from apps.deployments.models import Stage
from apps.deployments.refusals import (
    NotDeployable,
    UnsupportedForDeployment,
    api_refusals,
    is_edge_optimized,
    is_private,
    method_refusals,
)
from apps.domain_names.certificates import shown_certificate, truststore_of
from apps.domain_names.models import DomainName, RoutingRule
from apps.rest_apis.models import (
    GatewayResponse,
    Integration,
    IntegrationResponse,
    Method,
    MethodResponse,
    Resource,
    RestApi,
)
from apps.usage_plans.models import ApiKey, QuotaExtension, UsagePlan, UsagePlanKey, UsagePlanStage

__all__ = [
    "NotDeployable",
    "UnsupportedForDeployment",
    "account_document",
    "domain_document",
    "freeze",
    "freeze_method",
    "keys_document",
    "keys_documents",
    "plan_document",
    "stage_document",
]


def freeze(rest_api: RestApi, deployment_id: str) -> documents.DeploymentDocument:
    """The API as it is now, under the id that its deployment will have.

    Raises `UnsupportedForDeployment` with everything the runtime cannot serve, or `NotDeployable` in AWS's words when the
    API is not complete.
    """
    resources = list(_resources_of(rest_api))
    methods = [(resource, method) for resource in resources for method in resource.methods.all()]
    if not methods:
        raise NotDeployable("The REST API doesn't contain any methods")
    if any(_integration_of(method) is None for _, method in methods):
        raise NotDeployable("No integration defined for method")
    if is_private(rest_api) and not rest_api.policy:
        raise NotDeployable("Private REST API doesn't have a resource policy attached to it")
    refusals = api_refusals(rest_api)
    for resource, method in methods:
        refusals += method_refusals(resource, method)
    if refusals:
        raise UnsupportedForDeployment(refusals)
    validation = frozen_validation(rest_api, [method for _, method in methods])
    authorizers = frozen_authorizers(rest_api, [method for _, method in methods])
    frozen = tuple(_resource(resource, validation) for resource in resources)
    return _document(rest_api, deployment_id, frozen, validation, authorizers)


def freeze_method(method: Method, deployment_id: str) -> documents.DeploymentDocument:
    """One method of an API as it is now, open to everybody: what a test call of it runs. Raises as `freeze` does."""
    if _integration_of(method) is None:
        raise NotDeployable("No integration defined for method")
    resource = method.resource
    # The row is not saved.
    method.authorization_type, method.authorizer_id, method.api_key_required = "NONE", None, False
    refusals = method_refusals(resource, method)
    if refusals:
        raise UnsupportedForDeployment(refusals)
    validation = frozen_validation(resource.rest_api, [method])
    alone = documents.Resource(id=resource.resource_id, path=resource.path, methods=(_method(method, validation),))
    return _document(resource.rest_api, deployment_id, (alone,), validation, {})


def _document(
    rest_api: RestApi,
    deployment_id: str,
    resources: tuple[documents.Resource, ...],
    validation: FrozenValidation,
    authorizers: dict[str, documents.Authorizer],
) -> documents.DeploymentDocument:
    return documents.DeploymentDocument(
        account_id=rest_api.account_id,
        region=rest_api.region,
        api_id=rest_api.id,
        api_name=rest_api.name,
        deployment_id=deployment_id,
        api_key_source=rest_api.api_key_source,
        binary_media_types=tuple(rest_api.binary_media_types),
        minimum_compression_size=rest_api.minimum_compression_size,
        resources=resources,
        gateway_responses={
            response.response_type: _gateway_response(response)
            for response in rest_api.gateway_responses.order_by("response_type")
        },
        models=validation.models,
        authorizers=authorizers,
        policy=rest_api.policy or None,
    )


def _gateway_response(response: GatewayResponse) -> documents.GatewayResponse:
    return documents.GatewayResponse(
        status_code=response.status_code,
        response_parameters=dict(response.response_parameters),
        response_templates=dict(response.response_templates),
    )


def _resources_of(rest_api: RestApi) -> QuerySet[Resource]:
    methods = (
        Method.objects.select_related("integration")
        .order_by("http_method")
        .prefetch_related(
            Prefetch("responses", MethodResponse.objects.order_by("status_code")),
            Prefetch("integration__responses", IntegrationResponse.objects.order_by("status_code")),
        )
    )
    return rest_api.resources.order_by("path").prefetch_related(Prefetch("methods", methods))


def _integration_of(method: Method) -> Integration | None:
    return getattr(method, "integration", None)


def _resource(resource: Resource, validation: FrozenValidation) -> documents.Resource:
    return documents.Resource(
        id=resource.resource_id,
        path=resource.path,
        methods=tuple(_method(method, validation) for method in resource.methods.all()),
    )


def _method(method: Method, validation: FrozenValidation) -> documents.Method:
    asked = validation.asked_of(method)
    return documents.Method(
        http_method=method.http_method,
        integration=_integration(method.integration),
        authorization_type=method.authorization_type,
        authorizer_id=method.authorizer_id,
        authorization_scopes=tuple(method.authorization_scopes),
        api_key_required=method.api_key_required,
        operation_name=method.operation_name,
        request_parameters=dict(method.request_parameters),
        request_models=dict(method.request_models),
        validate_parameters=asked.parameters,
        validate_body=asked.body,
        responses=tuple(
            documents.MethodResponse(
                status_code=response.status_code,
                response_parameters=dict(response.response_parameters),
                response_models=dict(response.response_models),
            )
            for response in method.responses.all()
        ),
    )


def _integration(integration: Integration) -> documents.Integration:
    return documents.Integration(
        type=integration.type,
        uri=integration.uri,
        http_method=integration.http_method,
        connection_type=integration.connection_type or "INTERNET",
        connection_id=integration.connection_id,
        credentials=integration.credentials,
        request_parameters=dict(integration.request_parameters),
        request_templates=dict(integration.request_templates),
        passthrough_behavior=integration.passthrough_behavior,
        content_handling=integration.content_handling,
        timeout_in_millis=integration.timeout_in_millis,
        cache_namespace=integration.cache_namespace,
        cache_key_parameters=tuple(integration.cache_key_parameters),
        insecure_skip_verification=bool((integration.tls_config or {}).get("insecureSkipVerification", False)),
        response_transfer_mode=integration.response_transfer_mode,
        integration_target=integration.integration_target,
        responses=tuple(
            documents.IntegrationResponse(
                status_code=response.status_code,
                selection_pattern=response.selection_pattern,
                response_parameters=dict(response.response_parameters),
                response_templates=dict(response.response_templates),
                content_handling=response.content_handling,
            )
            for response in integration.responses.all()
        ),
    )


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


def plan_document(plan: UsagePlan) -> documents.PlanDocument:
    """A usage plan with the stages it covers."""
    stages = plan.api_stages.order_by("rest_api_id", "stage_name")
    return documents.PlanDocument(
        account_id=plan.account_id,
        region=plan.region,
        plan_id=plan.plan_id,
        name=plan.name,
        throttle=_throttle(plan.throttle_rate_limit, plan.throttle_burst_limit),
        quota=_quota(plan),
        stages=tuple(_plan_stage(stage) for stage in stages),
    )


def _throttle(rate: float | None, burst: int | None) -> documents.Throttle | None:
    """A plan's throttle. With one of the two left out AWS reads it as 0, which lets nothing through."""
    if rate is None and burst is None:
        return None
    return documents.Throttle(rate=float(rate or 0), burst=int(burst or 0))


def _quota(plan: UsagePlan) -> documents.Quota | None:
    if plan.quota_limit is None or plan.quota_period is None:
        return None
    return documents.Quota(limit=plan.quota_limit, period=plan.quota_period, offset=plan.quota_offset)


def _plan_stage(stage: UsagePlanStage) -> documents.PlanStage:
    throttles = {
        _plan_method(key): documents.Throttle(
            rate=float(limits.get("rateLimit") or 0), burst=int(limits.get("burstLimit") or 0)
        )
        for key, limits in (stage.throttle or {}).items()
    }
    return documents.PlanStage(api_id=stage.rest_api_id, stage_name=stage.stage_name, method_throttles=throttles)


def _plan_method(key: str) -> str:
    """`/pets/GET`, however many slashes it is written with: AWS's own keys of the root are `//GET` and `/GET`."""
    return "/" + "/".join(filter(None, key.split("/")))


def keys_document(account_id: str, region: str, shard: str) -> documents.KeysDocument:
    """The API keys of one shard; see `keys_documents` for several at once."""
    return keys_documents(account_id, region, [shard])[shard]


def keys_documents(account_id: str, region: str, shards: Iterable[str]) -> dict[str, documents.KeysDocument]:
    """The API keys of some shards, by shard; a shard without keys is an empty document."""
    wanted = set(shards)
    found: dict[str, list[documents.KeyDocument]] = {shard: [] for shard in sorted(wanted)}
    of_region = ApiKey.objects.filter(account_id=account_id, region=region)
    ids = [
        row
        for row, key_id in of_region.values_list("id", "key_id").order_by("key_id")
        if documents.key_shard(key_id) in wanted
    ]
    for row in _keys(ids):
        found[documents.key_shard(row.key_id)].append(_key(row))
    return {
        shard: documents.KeysDocument(account_id=account_id, region=region, shard=shard, keys=tuple(keys))
        for shard, keys in found.items()
    }


def _keys(ids: list[int]) -> Iterable[ApiKey]:
    """The rows of these keys, without the sealed value: opening it is slow and no document needs it."""
    memberships = (
        UsagePlanKey.objects.select_related("plan")
        .order_by("id")
        .prefetch_related(Prefetch("extensions", QuotaExtension.objects.order_by("period_start")))
    )
    rows = ApiKey.objects.filter(id__in=ids).defer("value").order_by("key_id")
    return rows.prefetch_related(Prefetch("plans", memberships))


def _key(key: ApiKey) -> documents.KeyDocument:
    memberships = list(key.plans.all())
    extensions = {}
    for membership in memberships:
        for extension in membership.extensions.all():
            # Rows come in the order of their periods: the last one of a plan is the one that can still matter.
            extensions[membership.plan.plan_id] = documents.QuotaExtension(
                period_start=extension.period_start.isoformat(), requests=extension.requests
            )
    return documents.KeyDocument(
        id=key.key_id,
        name=key.name,
        digest=key.value_digest,
        enabled=key.enabled,
        plan_ids=tuple(membership.plan.plan_id for membership in memberships),
        customer_id=key.customer_id,
        expires_at=key.expires_at.astimezone(UTC).timestamp() if key.expires_at else None,
        source_networks=tuple(key.source_networks),
        websites=tuple(key.websites),
        quota_extensions=extensions,
    )


def domain_document(domain_name: DomainName) -> documents.DomainDocument:
    """A public custom domain name with its mappings and rules, its certificate and whom it trusts."""
    truststore = truststore_of(domain_name)
    mappings = domain_name.base_path_mappings.order_by("base_path")
    to_v2_apis = domain_name.api_mappings.order_by("mapping_key")
    return documents.DomainDocument(
        account_id=domain_name.account_id,
        region=domain_name.region,
        name=domain_name.name,
        routing_mode=domain_name.routing_mode,
        mutual_tls=bool(domain_name.mutual_tls_authentication),
        mappings=tuple(
            documents.ApiMapping(api_id=row.rest_api_id, base_path=row.base_path, stage_name=row.stage or None)
            for row in mappings
        )
        + tuple(
            documents.ApiMapping(api_id=row.api_id, base_path=row.mapping_key, stage_name=row.stage)
            for row in to_v2_apis
        ),
        rules=tuple(_routing_rule(row) for row in domain_name.routing_rules.order_by("priority")),
        certificate=_server_certificate(domain_name),
        security_policy=domain_name.security_policy,
        trust_store=None if truststore is None else truststore.certificates,
    )


def _server_certificate(domain_name: DomainName) -> documents.ServerCertificate | None:
    """What the name shows; None where the installation has no certificate for it, and the gateway shows its own."""
    shown = shown_certificate(domain_name)
    if shown is None:
        return None
    place = documents.domain_section(domain_name.region, domain_name.name)
    return documents.ServerCertificate(
        certificate=shown.certificate, private_key=document_seal().seal(shown.private_key, place)
    )


def _routing_rule(row: RoutingRule) -> documents.RoutingRule:
    headers = [header for each in row.conditions for header in (each.get("MatchHeaders") or {}).get("AnyOf", ())]
    paths = [path for each in row.conditions for path in (each.get("MatchBasePaths") or {}).get("AnyOf", ())]
    return documents.RoutingRule(
        priority=row.priority,
        api_id=row.rest_api_id,
        stage_name=row.stage,
        headers=tuple(
            documents.HeaderCondition(header=each["Header"].lower(), value_glob=each["ValueGlob"]) for each in headers
        ),
        base_paths=tuple(paths),
        strip_base_path=row.strip_base_path,
    )


def account_document(settings: AccountSettings) -> documents.AccountDocument:
    """The limits that all APIs of an account share in a region."""
    return documents.AccountDocument(
        account_id=settings.account_id,
        region=settings.region,
        throttle=documents.Throttle(rate=settings.throttle_rate_limit, burst=settings.throttle_burst_limit),
    )
