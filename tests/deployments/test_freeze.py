"""Rows become documents, and what cannot be served is refused by name."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from apps.accounts.models import AccountSettings
from apps.client_certificates.models import ClientCertificate
from apps.core import documents
from apps.deployments import freeze
from apps.deployments.credentials import document_seal
from apps.rest_apis.models import ApiModel, RequestValidator
from apps.usage_plans.models import QuotaExtension, UsagePlanStage
from tests.rows import (
    REGION,
    deploy,
    integrate,
    make_api,
    make_key,
    make_method,
    make_plan,
    make_stage,
    respond,
    served_api,
)


def test_a_deployment_holds_everything_a_deployment_freezes(account):
    api = make_api(account, binary_media_types=["image/png"], api_key_source="AUTHORIZER", minimum_compression_size=10)
    method = make_method(api, api_key_required=True, request_parameters={"method.request.querystring.kind": False})
    integration = integrate(method, "HTTP", timeout_in_millis=3000, tls_config={"insecureSkipVerification": True})
    respond(integration, selection_pattern="2\\d\\d", response_templates={"application/json": '{"ok": true}'})

    document = freeze.freeze(api, "dep111")

    assert documents.decode(documents.encode(document)) == document
    assert (document.account_id, document.region, document.deployment_id) == (account.id, REGION, "dep111")
    assert (document.api_key_source, document.binary_media_types) == ("AUTHORIZER", ("image/png",))
    assert [resource.path for resource in document.resources] == ["/", "/pets"]
    frozen = document.resources[1].methods[0]
    assert frozen.api_key_required
    assert frozen.integration.timeout_in_millis == 3000
    assert frozen.integration.insecure_skip_verification
    assert frozen.integration.responses[0].selection_pattern == "2\\d\\d"


def test_the_same_rows_freeze_into_the_same_bytes(account):
    api = served_api(account)

    assert documents.encode(freeze.freeze(api, "a")) == documents.encode(freeze.freeze(api, "a"))


def test_freezing_asks_the_database_as_often_for_many_methods_as_for_one(account, django_assert_max_num_queries):
    api = served_api(account)
    for number in range(20):
        respond(integrate(make_method(api, f"/p{number}"), "HTTP"))

    with django_assert_max_num_queries(6):
        freeze.freeze(api, "a")


def test_an_api_without_methods_cannot_be_deployed(account):
    with pytest.raises(freeze.NotDeployable, match="doesn't contain any methods"):
        freeze.freeze(make_api(account), "a")


def test_a_method_without_integration_cannot_be_deployed(account):
    api = served_api(account)
    make_method(api, "/orders")

    with pytest.raises(freeze.NotDeployable, match="No integration defined for method"):
        freeze.freeze(api, "a")


def test_a_resource_policy_is_frozen_as_it_was_written(account):
    policy = '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}}'

    assert freeze.freeze(served_api(account, policy=policy), "a").policy == policy
    assert freeze.freeze(served_api(account), "a").policy is None


def test_a_private_api_is_not_deployed_without_a_resource_policy(account):
    api = served_api(account, endpoint_configuration={"types": ["PRIVATE"]})

    with pytest.raises(freeze.NotDeployable, match="Private REST API doesn't have a resource policy attached to it"):
        freeze.freeze(api, "a")

    api.policy = '{"Statement": []}'
    assert freeze.stage_document(make_stage(deploy(api))).private


def test_every_reason_to_refuse_is_told_at_once(account):
    api = served_api(account, policy='{"Statement": 1}')
    firehose = "arn:aws:apigateway:us-east-1:firehose:action/PutRecord"
    integrate(make_method(api, "/a", authorization_type="OTHER"), "AWS_PROXY", uri=firehose)
    integrate(make_method(api, "/b", "POST"), "MOCK", connection_type="VPC_LINK")
    streams = "lambda:path/2021-11-15/functions/fn/response-streaming-invocations"
    integrate(make_method(api, "/c"), "AWS", uri=f"arn:aws:apigateway:us-east-1:{streams}")
    integrate(make_method(api, "/d"), "HTTP", request_templates={"application/json": "$input.json('$'"})
    respond(integrate(make_method(api, "/e"), "MOCK"), response_templates={"application/json": "{\n#if(true)"})

    with pytest.raises(freeze.UnsupportedForDeployment) as refused:
        freeze.freeze(api, "a")

    assert refused.value.reasons == [
        "the API: its resource policy: A policy must have a Statement: an object, or a list of them.",
        "GET /a: OTHER authorization",
        "GET /a: AWS_PROXY integrations of firehose",
        "POST /b: VPC_LINK connections of MOCK integrations",
        "GET /c: a function's response streams where type AWS_PROXY, URI and response transfer mode all say so",
        "GET /d: the application/json request template: expected ')', found 'the end of the template' (line 1, column 16)",
        "GET /e: the application/json response template (of 200): #if has no #end (line 2, column 10)",
    ]


CALLERS = "credentials of the caller without AWS_IAM authorization"


@pytest.mark.parametrize(
    ("uri", "credentials", "reasons"),
    [
        ("dynamodb:action/Scan", "arn:aws:iam::123456789012:role/pets", []),
        ("s3:path/${stageVariables.bucket}/{key}", None, []),
        ("${stageVariables.service}:path/a", None, []),
        ("lambda:path/2015-03-31/functions/${stageVariables.arn}/invocations", None, []),
        ("s3:action/GetObject", None, ["actions of s3"]),
        ("dynamodb:action/Scan", "arn:aws:iam::*:user/*", [CALLERS]),
        ("lambda:path/2015-03-31/functions/fn/invocations", "arn:aws:iam::*:user/*", [CALLERS]),
    ],
)
def test_integrations_with_services_are_refused_where_they_cannot_be_called(account, uri, credentials, reasons):
    api = make_api(account)
    uri = f"arn:aws:apigateway:us-east-1:{uri}"
    integrate(make_method(api), "AWS", uri=uri, http_method="POST", credentials=credentials)

    try:
        assert freeze.freeze(api, "a") is not None
        told = []
    except freeze.UnsupportedForDeployment as refused:
        told = refused.reasons

    assert told == [f"GET /pets: {reason}" for reason in reasons]


def test_services_and_functions_may_be_called_as_who_signed(account):
    api = make_api(account)
    for path, service in (("/a", "dynamodb:action/Scan"), ("/b", "lambda:path/2015-03-31/functions/fn/invocations")):
        method = make_method(api, path, authorization_type="AWS_IAM")
        uri = f"arn:aws:apigateway:us-east-1:{service}"
        integrate(method, "AWS", uri=uri, http_method="POST", credentials="arn:aws:iam::*:user/*")

    assert freeze.freeze(api, "a")


@pytest.mark.parametrize(
    "template", ['{"statusCode": 200,\n}', "$input.json('$')", '#set($a = 1){"statusCode": 200}', None]
)
def test_templates_that_compile_are_served(account, template):
    api = make_api(account)
    integration = integrate(make_method(api), "MOCK", request_templates={"application/json": template})
    respond(integration, response_templates={"application/json": template})

    assert freeze.freeze(api, "a")


def test_an_ill_formed_jsonpath_is_refused(account):
    api = make_api(account)
    mapping = {
        "integration.request.header.a": "method.request.body.a[?(@.b",
        "integration.request.header.b": "method.request.body",
        "integration.request.header.c": "method.request.body.a[*].b",
    }
    integration = integrate(make_method(api), "HTTP", request_parameters=mapping)
    respond(integration, response_parameters={"method.response.header.a": "integration.response.body.a[0].b"})

    with pytest.raises(freeze.UnsupportedForDeployment) as refused:
        freeze.freeze(api, "a")

    assert refused.value.reasons == [
        "GET /pets: a parameter mapping: the JSONPath '$.a[?(@.b' is ill-formed at character 10"
    ]


def test_a_deployment_holds_what_validators_ask_for_and_the_models_that_this_needs(account):
    api = make_api(account)
    both = RequestValidator.objects.create(rest_api=api, validate_request_body=True, validate_request_parameters=True)
    parameters = RequestValidator.objects.create(rest_api=api, validate_request_parameters=True)
    reference = f'{{"$ref": "https://apigateway.amazonaws.com/restapis/{api.id}/models/Leg"}}'
    for name, schema in (("Pet", reference), ("Leg", "{}"), ("Shop", "{}")):
        ApiModel.objects.create(rest_api=api, name=name, schema=schema)
    for path, validator, model in (("/a", both, "Pet"), ("/b", parameters, "Shop"), ("/c", None, "Shop")):
        validator_id = validator and validator.validator_id
        integrate(make_method(api, path, request_validator_id=validator_id, request_models={"application/json": model}))

    document = freeze.freeze(api, "a")

    methods = [method for resource in document.resources for method in resource.methods]
    asked = [(method.validate_parameters, method.validate_body) for method in methods]
    assert asked == [(True, True), (True, False), (False, False)]
    assert document.models == {"Leg": "{}", "Pet": reference}


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ('{"type": "pet"}', "Pet: Unexpected type"),
        ('{"$ref": "https://apigateway.amazonaws.com/restapis/%s/models/Broken"}', "Broken: Unexpected type"),
        (None, "Pet: there is no such model"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused_by_name(account, schema, reason):
    api = make_api(account)
    validator = RequestValidator.objects.create(rest_api=api, validate_request_body=True)
    if schema:
        ApiModel.objects.create(rest_api=api, name="Pet", schema=schema.replace("%s", api.id))
    ApiModel.objects.create(rest_api=api, name="Broken", schema='{"type": "leg"}')
    method = make_method(api, request_validator_id=validator.validator_id, request_models={"application/json": "Pet"})
    integrate(method)

    for refused in (lambda: freeze.freeze(api, "a"), lambda: freeze.freeze_method(method, "a")):
        with pytest.raises(freeze.NotDeployable, match=f"Invalid model schema specified: {reason}"):
            refused()


def test_templates_of_a_proxy_are_kept_and_never_run(account):
    api = make_api(account)
    integrate(make_method(api), "HTTP_PROXY", request_templates={"application/json": "$input.body"})

    assert freeze.freeze(api, "a")


def test_a_stage_document_tells_the_stage_as_it_is_now(account):
    stage = make_stage(
        deploy(served_api(account, disable_execute_api_endpoint=True)),
        variables={"backend": "127.0.0.1:9"},
        method_settings={"*/*": {"throttlingRateLimit": 5, "throttlingBurstLimit": 2, "loggingLevel": "INFO"}},
        access_log_settings={"destinationArn": "arn:aws:logs:x", "format": "$context.requestId"},
    )

    document = freeze.stage_document(stage)

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

    shown = freeze.stage_document(stage).client_certificate

    assert (shown.id, shown.certificate) == (made.certificate_id, "CERTIFICATE")
    assert document_seal().open(shown.private_key, shown.id) == "KEY"
    assert freeze.stage_document(stage) == freeze.stage_document(stage)
    made.delete()
    assert freeze.stage_document(stage).client_certificate is None


@pytest.mark.parametrize(("size", "gigabytes"), [(None, 0.5), ("1.6", 1.6)])
def test_a_stage_document_carries_its_cache(account, size, gigabytes):
    setting = {"cachingEnabled": True, "cacheTtlInSeconds": 7, "cacheDataEncrypted": True}
    members = {"cache_cluster_enabled": True, "cache_cluster_size": size, "method_settings": {"*/*": setting}}
    stage = make_stage(deploy(served_api(account)), **members)

    document = freeze.stage_document(stage)

    assert document.cache_cluster_size == gigabytes
    assert document.method_settings["*/*"] == documents.MethodSetting(
        caching_enabled=True, cache_ttl_in_seconds=7, cache_data_encrypted=True
    )


def test_a_stage_document_carries_its_canary(account):
    settings = {"percentTraffic": 12.5, "deploymentId": "dep222", "stageVariableOverrides": {"a": "b"}}
    stage = make_stage(deploy(served_api(account)), canary_settings={**settings, "useStageCache": True})

    assert freeze.stage_document(stage).canary == documents.CanaryRelease(
        deployment_id="dep222", percent_traffic=12.5, stage_variable_overrides={"a": "b"}, use_stage_cache=True
    )


def test_a_canary_without_traffic_is_none_to_the_runtime(account):
    stage = make_stage(deploy(served_api(account)), canary_settings={"percentTraffic": 0.0, "deploymentId": "dep222"})

    assert freeze.stage_document(stage).canary is None


def test_a_plan_document_tells_limits_and_stages(account):
    plan = make_plan(
        account, throttle_rate_limit=5, throttle_burst_limit=10, quota_limit=1000, quota_period="WEEK", quota_offset=2
    )
    UsagePlanStage.objects.create(
        plan=plan, rest_api_id="a1", stage_name="prod", throttle={"/pets/GET": {"rateLimit": 1, "burstLimit": 2}}
    )

    document = freeze.plan_document(plan)

    assert document.throttle == documents.Throttle(rate=5.0, burst=10)
    assert document.quota == documents.Quota(limit=1000, period="WEEK", offset=2)
    assert document.stages[0].method_throttles == {"/pets/GET": documents.Throttle(rate=1.0, burst=2)}


@pytest.mark.parametrize("key", ["//GET", "/GET"])
def test_a_plan_s_throttle_of_the_root_has_one_key_however_it_is_written(account, key):
    plan = make_plan(account)
    UsagePlanStage.objects.create(
        plan=plan, rest_api_id="a1", stage_name="prod", throttle={key: {"rateLimit": 1, "burstLimit": 2}}
    )

    assert list(freeze.plan_document(plan).stages[0].method_throttles) == ["/GET"]


def test_a_plan_without_limits_has_none(account):
    document = freeze.plan_document(make_plan(account))

    assert (document.throttle, document.quota) == (None, None)


def test_a_keys_document_tells_plans_expiry_and_the_latest_extension(account):
    first, second = make_plan(account, "first"), make_plan(account, "second")
    key = make_key(account, "mine", second, first, expires_at=datetime(2030, 1, 1, tzinfo=UTC))
    membership = key.plans.get(plan=first)
    QuotaExtension.objects.create(membership=membership, period_start=date(2026, 2, 1), requests=7)
    QuotaExtension.objects.create(membership=membership, period_start=date(2026, 1, 1), requests=5)

    document = freeze.keys_document(account.id, REGION, documents.key_shard(key.key_id))

    assert len(document.keys) == 1
    told = document.keys[0]
    assert told.plan_ids == (second.plan_id, first.plan_id)
    assert told.expires_at == datetime(2030, 1, 1, tzinfo=UTC).timestamp()
    assert told.quota_extensions == {first.plan_id: documents.QuotaExtension(period_start="2026-02-01", requests=7)}
    assert b"value-of-mine" not in documents.encode(document)


def test_keys_are_read_with_as_many_queries_for_many_as_for_one(account, django_assert_max_num_queries):
    plan = make_plan(account)
    keys = [make_key(account, f"key{number}", plan) for number in range(30)]

    with django_assert_max_num_queries(5):
        found = freeze.keys_documents(account.id, REGION, {documents.key_shard(key.key_id) for key in keys})

    assert sum(len(document.keys) for document in found.values()) == 30


def test_an_account_document_tells_the_accounts_limits(account):
    settings = AccountSettings(account=account, region=REGION, throttle_rate_limit=100, throttle_burst_limit=50)

    assert freeze.account_document(settings).throttle == documents.Throttle(rate=100, burst=50)


def test_an_account_whose_limits_nobody_has_set_has_those_that_the_runtime_assumes(account):
    settings = AccountSettings(account=account, region=REGION)

    assert freeze.account_document(settings).throttle == documents.ACCOUNT_THROTTLE
