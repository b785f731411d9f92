"""Rows become documents, and what cannot be served is refused by name."""

from __future__ import annotations

import pytest

from apps.core import documents
from apps.deployments.freeze import NotDeployable, UnsupportedForDeployment, freeze, freeze_method
from apps.deployments.stage_documents import stage_document
from apps.rest_apis.models import ApiModel, RequestValidator
from tests.rows import REGION, deploy, integrate, make_api, make_method, make_stage, respond, served_api


def test_a_deployment_holds_everything_a_deployment_freezes(account):
    api = make_api(account, binary_media_types=["image/png"], api_key_source="AUTHORIZER", minimum_compression_size=10)
    method = make_method(api, api_key_required=True, request_parameters={"method.request.querystring.kind": False})
    integration = integrate(method, "HTTP", timeout_in_millis=3000, tls_config={"insecureSkipVerification": True})
    respond(integration, selection_pattern="2\\d\\d", response_templates={"application/json": '{"ok": true}'})

    document = freeze(api, "dep111")

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

    assert documents.encode(freeze(api, "a")) == documents.encode(freeze(api, "a"))


def test_freezing_asks_the_database_as_often_for_many_methods_as_for_one(account, django_assert_max_num_queries):
    api = served_api(account)
    for number in range(20):
        respond(integrate(make_method(api, f"/p{number}"), "HTTP"))

    with django_assert_max_num_queries(6):
        freeze(api, "a")


def test_an_api_without_methods_cannot_be_deployed(account):
    with pytest.raises(NotDeployable, match="doesn't contain any methods"):
        freeze(make_api(account), "a")


def test_a_method_without_integration_cannot_be_deployed(account):
    api = served_api(account)
    make_method(api, "/orders")

    with pytest.raises(NotDeployable, match="No integration defined for method"):
        freeze(api, "a")


def test_a_resource_policy_is_frozen_as_it_was_written(account):
    policy = '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}}'

    assert freeze(served_api(account, policy=policy), "a").policy == policy
    assert freeze(served_api(account), "a").policy is None


def test_a_private_api_is_not_deployed_without_a_resource_policy(account):
    api = served_api(account, endpoint_configuration={"types": ["PRIVATE"]})

    with pytest.raises(NotDeployable, match="Private REST API doesn't have a resource policy attached to it"):
        freeze(api, "a")

    api.policy = '{"Statement": []}'
    assert stage_document(make_stage(deploy(api))).private


def test_every_reason_to_refuse_is_told_at_once(account):
    api = served_api(account, policy='{"Statement": 1}')
    firehose = "arn:aws:apigateway:us-east-1:firehose:action/PutRecord"
    integrate(make_method(api, "/a", authorization_type="OTHER"), "AWS_PROXY", uri=firehose)
    integrate(make_method(api, "/b", "POST"), "MOCK", connection_type="VPC_LINK")
    streams = "lambda:path/2021-11-15/functions/fn/response-streaming-invocations"
    integrate(make_method(api, "/c"), "AWS", uri=f"arn:aws:apigateway:us-east-1:{streams}")
    integrate(make_method(api, "/d"), "HTTP", request_templates={"application/json": "$input.json('$'"})
    respond(integrate(make_method(api, "/e"), "MOCK"), response_templates={"application/json": "{\n#if(true)"})

    with pytest.raises(UnsupportedForDeployment) as refused:
        freeze(api, "a")

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
        assert freeze(api, "a") is not None
        told = []
    except UnsupportedForDeployment as refused:
        told = refused.reasons

    assert told == [f"GET /pets: {reason}" for reason in reasons]


def test_services_and_functions_may_be_called_as_who_signed(account):
    api = make_api(account)
    for path, service in (("/a", "dynamodb:action/Scan"), ("/b", "lambda:path/2015-03-31/functions/fn/invocations")):
        method = make_method(api, path, authorization_type="AWS_IAM")
        uri = f"arn:aws:apigateway:us-east-1:{service}"
        integrate(method, "AWS", uri=uri, http_method="POST", credentials="arn:aws:iam::*:user/*")

    assert freeze(api, "a")


@pytest.mark.parametrize(
    "template", ['{"statusCode": 200,\n}', "$input.json('$')", '#set($a = 1){"statusCode": 200}', None]
)
def test_templates_that_compile_are_served(account, template):
    api = make_api(account)
    integration = integrate(make_method(api), "MOCK", request_templates={"application/json": template})
    respond(integration, response_templates={"application/json": template})

    assert freeze(api, "a")


def test_an_ill_formed_jsonpath_is_refused(account):
    api = make_api(account)
    mapping = {
        "integration.request.header.a": "method.request.body.a[?(@.b",
        "integration.request.header.b": "method.request.body",
        "integration.request.header.c": "method.request.body.a[*].b",
    }
    integration = integrate(make_method(api), "HTTP", request_parameters=mapping)
    respond(integration, response_parameters={"method.response.header.a": "integration.response.body.a[0].b"})

    with pytest.raises(UnsupportedForDeployment) as refused:
        freeze(api, "a")

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

    document = freeze(api, "a")

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

    for refused in (lambda: freeze(api, "a"), lambda: freeze_method(method, "a")):
        with pytest.raises(NotDeployable, match=f"Invalid model schema specified: {reason}"):
            refused()


def test_templates_of_a_proxy_are_kept_and_never_run(account):
    api = make_api(account)
    integrate(make_method(api), "HTTP_PROXY", request_templates={"application/json": "$input.body"})

    assert freeze(api, "a")
