"""Every operation of V1 as a table: a request that succeeds, in an order in which all of them do, and requests that are refused.

A text of the form `{name}` stands for what an earlier step kept under that name.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

Shape = dict[str, Any]

NOBODY = "zzzzzzzzzz"


class Step(NamedTuple):
    """A call that succeeds; `keeps` names members of its answer for later steps."""

    operation: str
    request: Shape
    keeps: dict[str, str] = {}


def change(path: str, value: str | None = None, op: str = "replace") -> Shape:
    patch = {"op": op, "path": path}
    return {"patchOperations": [patch if value is None else {**patch, "value": value}]}


CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/one"
DEFINITION = json.dumps({
    "openapi": "3.0.1",
    "info": {"title": "imported", "version": "1"},
    "paths": {"/cats": {"get": {"responses": {}, "x-amazon-apigateway-integration": {"type": "mock"}}}},
}).encode()  # fmt: skip
SCHEMA = '{"$schema": "http://json-schema.org/draft-04/schema#", "type": "object"}'


def documented(path: str) -> bytes:
    """A definition that says something of a path."""
    part = {"location": {"type": "RESOURCE", "path": path}, "properties": {"summary": "animals"}}
    return json.dumps({
        **json.loads(DEFINITION), "x-amazon-apigateway-documentation": {"documentationParts": [part]}
    }).encode()  # fmt: skip


POOLS = {
    "type": "COGNITO_USER_POOLS",
    "providerARNs": ["arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_a"],
    "identitySource": "method.request.header.Authorization",
}
API = {"restApiId": "{api}"}
RESOURCE = {**API, "resourceId": "{resource}"}
METHOD = {**RESOURCE, "httpMethod": "GET"}
STATUS = {**METHOD, "statusCode": "200"}
STAGE = {**API, "stageName": "prod"}
DEPLOYMENT = {**API, "deploymentId": "{deployment}"}
MODEL = {**API, "modelName": "Pet"}
AUTHORIZER = {**API, "authorizerId": "{authorizer}"}
VALIDATOR = {**API, "requestValidatorId": "{validator}"}
PART = {**API, "documentationPartId": "{part}"}
VERSION = {**API, "documentationVersion": "v1"}
RESPONSE = {**API, "responseType": "UNAUTHORIZED"}
KEY = {"apiKey": "{key}"}
PLAN = {"usagePlanId": "{plan}"}
PLAN_KEY = {**PLAN, "keyId": "{key}"}
LINK = {"vpcLinkId": "{link}"}
DOMAIN = {"domainName": "api.example.com"}
PRIVATE = {"domainName": "private.example.com", "domainNameId": "{name_id}"}
MAPPING = {**DOMAIN, "basePath": "pets"}
CLIENT_CERTIFICATE = {"clientCertificateId": "{certificate}"}
TAGGED = {"resourceArn": "arn:aws:apigateway:us-east-1::/restapis/{api}"}

STEPS = (
    Step("CreateRestApi", {"name": "pets"}, {"api": "id", "root": "rootResourceId"}),
    Step("GetRestApi", API),
    Step("GetRestApis", {}),
    Step("UpdateRestApi", {**API, **change("/description", "all about pets")}),
    Step("PutRestApi", {**API, "body": DEFINITION}),
    Step("ImportRestApi", {"body": DEFINITION}, {"imported": "id"}),
    Step("CreateResource", {**API, "parentId": "{root}", "pathPart": "pets"}, {"resource": "id"}),
    Step("GetResource", RESOURCE),
    Step("GetResources", API),
    Step("UpdateResource", {**RESOURCE, **change("/pathPart", "animals")}),
    Step("CreateModel", {**API, "name": "Pet", "contentType": "application/json", "schema": SCHEMA}),
    Step("GetModel", MODEL),
    Step("GetModels", API),
    Step("GetModelTemplate", MODEL),
    Step("UpdateModel", {**MODEL, **change("/description", "one pet")}),
    Step("CreateAuthorizer", {**API, "name": "pool", **POOLS}, {"authorizer": "id"}),
    Step("GetAuthorizer", AUTHORIZER),
    Step("GetAuthorizers", API),
    Step("UpdateAuthorizer", {**AUTHORIZER, **change("/name", "people")}),
    Step("TestInvokeAuthorizer", AUTHORIZER),
    Step("CreateRequestValidator", {**API, "name": "all", "validateRequestBody": True}, {"validator": "id"}),
    Step("GetRequestValidator", VALIDATOR),
    Step("GetRequestValidators", API),
    Step("UpdateRequestValidator", {**VALIDATOR, **change("/validateRequestBody", "false")}),
    Step("PutMethod", {**METHOD, "authorizationType": "NONE"}),
    Step("GetMethod", METHOD),
    Step("UpdateMethod", {**METHOD, **change("/operationName", "listPets")}),
    Step("PutMethodResponse", STATUS),
    Step("GetMethodResponse", STATUS),
    Step("UpdateMethodResponse", {**STATUS, **change("/responseParameters/method.response.header.a", "true", "add")}),
    Step("PutIntegration", {**METHOD, "type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}),
    Step("GetIntegration", METHOD),
    Step("UpdateIntegration", {**METHOD, **change("/timeoutInMillis", "1000")}),
    Step("PutIntegrationResponse", STATUS),
    Step("GetIntegrationResponse", STATUS),
    Step("UpdateIntegrationResponse", {**STATUS, **change("/selectionPattern", "2..")}),
    Step("TestInvokeMethod", METHOD),
    Step("PutGatewayResponse", {**RESPONSE, "statusCode": "401"}),
    Step("GetGatewayResponse", RESPONSE),
    Step("GetGatewayResponses", API),
    Step("UpdateGatewayResponse", {**RESPONSE, **change("/statusCode", "403")}),
    Step("CreateDocumentationPart", {**API, "location": {"type": "API"}, "properties": "{}"}, {"part": "id"}),
    Step("ImportDocumentationParts", {**API, "body": documented("/cats")}),
    Step("GetDocumentationPart", PART),
    Step("GetDocumentationParts", API),
    Step("UpdateDocumentationPart", {**PART, **change("/properties", '{"summary": "pets"}')}),
    Step("CreateDocumentationVersion", VERSION),
    Step("GetDocumentationVersion", VERSION),
    Step("GetDocumentationVersions", API),
    Step("UpdateDocumentationVersion", {**VERSION, **change("/description", "the first")}),
    Step("CreateDeployment", API, {"deployment": "id"}),
    Step("GetDeployment", {**DEPLOYMENT, "embed": ["apisummary"]}),
    Step("GetDeployments", API),
    Step("UpdateDeployment", {**DEPLOYMENT, **change("/description", "the first")}),
    Step("CreateStage", {**STAGE, "deploymentId": "{deployment}"}),
    Step("GetStage", STAGE),
    Step("GetStages", API),
    Step("UpdateStage", {**STAGE, **change("/variables/color", "blue")}),
    Step("FlushStageCache", STAGE),
    Step("FlushStageAuthorizersCache", STAGE),
    Step("GetExport", {**STAGE, "exportType": "oas30"}),
    Step("GetSdk", {**STAGE, "sdkType": "javascript"}),
    Step("GetSdkType", {"id": "javascript"}),
    Step("GetSdkTypes", {}),
    Step("TagResource", {**TAGGED, "tags": {"team": "pets"}}),
    Step("GetTags", TAGGED),
    Step("UntagResource", {**TAGGED, "tagKeys": ["team"]}),
    Step("CreateApiKey", {"name": "mine", "enabled": True, "value": "a-value-of-twenty-letters"}, {"key": "id"}),
    Step("ImportApiKeys", {"body": b"name,key\nother,another-value-of-letters\n", "format": "csv"}),
    Step("GetApiKey", KEY),
    Step("GetApiKeys", {}),
    Step("UpdateApiKey", {**KEY, **change("/name", "yours")}),
    Step(
        "CreateUsagePlan",
        {"name": "gold", "apiStages": [{"apiId": "{api}", "stage": "prod"}], "quota": {"limit": 9, "period": "DAY"}},
        {"plan": "id"},
    ),
    Step("GetUsagePlan", PLAN),
    Step("GetUsagePlans", {}),
    Step("UpdateUsagePlan", {**PLAN, **change("/name", "silver")}),
    Step("CreateUsagePlanKey", {**PLAN_KEY, "keyType": "API_KEY"}),
    Step("GetUsagePlanKey", PLAN_KEY),
    Step("GetUsagePlanKeys", PLAN),
    Step("GetUsage", {**PLAN, "startDate": "2026-01-01", "endDate": "2026-01-02"}),
    Step("UpdateUsage", {**PLAN_KEY, **change("/remaining", "5")}),
    Step("GetAccount", {}),
    Step("UpdateAccount", change("/cloudwatchRoleArn", "arn:aws:iam::123456789012:role/logs")),
    Step("GenerateClientCertificate", {}, {"certificate": "clientCertificateId"}),
    Step("GetClientCertificate", CLIENT_CERTIFICATE),
    Step("GetClientCertificates", {}),
    Step("UpdateClientCertificate", {**CLIENT_CERTIFICATE, **change("/description", "ours")}),
    Step(
        "CreateVpcLink",
        {"name": "inside", "targetArns": ["arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/a/50dc6c495c0c9188"]},
        {"link": "id"},
    ),
    Step("GetVpcLink", LINK),
    Step("GetVpcLinks", {}),
    Step("UpdateVpcLink", {**LINK, **change("/name", "indoors")}),
    Step(
        "CreateDomainName",
        {"domainName": "private.example.com", "certificateArn": CERTIFICATE, "endpointConfiguration": {"types": ["PRIVATE"]}},
        {"name_id": "domainNameId", "name_arn": "domainNameArn"},
    ),
    Step("CreateDomainName", {**DOMAIN, "certificateArn": CERTIFICATE}),
    Step("GetDomainName", DOMAIN),
    Step("GetDomainNames", {}),
    Step("UpdateDomainName", {**DOMAIN, **change("/securityPolicy", "TLS_1_2")}),
    Step("CreateBasePathMapping", {**MAPPING, "restApiId": "{api}", "stage": "prod"}),
    Step("GetBasePathMapping", MAPPING),
    Step("GetBasePathMappings", DOMAIN),
    Step("UpdateBasePathMapping", {**MAPPING, **change("/stage", "prod")}),
    Step(
        "CreateDomainNameAccessAssociation",
        {"domainNameArn": "{name_arn}", "accessAssociationSourceType": "VPCE", "accessAssociationSource": "vpce-1"},
        {"association": "domainNameAccessAssociationArn"},
    ),
    Step("GetDomainNameAccessAssociations", {}),
    Step("RejectDomainNameAccessAssociation", {"domainNameAccessAssociationArn": "{anothers}", "domainNameArn": "{name_arn}"}),
    Step("DeleteDomainNameAccessAssociation", {"domainNameAccessAssociationArn": "{association}"}),
    Step("DeleteBasePathMapping", MAPPING),
    Step("DeleteDomainName", DOMAIN),
    Step("DeleteVpcLink", LINK),
    Step("DeleteClientCertificate", CLIENT_CERTIFICATE),
    Step("DeleteUsagePlanKey", PLAN_KEY),
    Step("DeleteStage", STAGE),
    Step("DeleteUsagePlan", PLAN),
    Step("DeleteApiKey", KEY),
    Step("DeleteDeployment", DEPLOYMENT),
    Step("DeleteDocumentationVersion", VERSION),
    Step("DeleteDocumentationPart", PART),
    Step("DeleteGatewayResponse", RESPONSE),
    Step("DeleteIntegrationResponse", STATUS),
    Step("DeleteIntegration", METHOD),
    Step("DeleteMethodResponse", STATUS),
    Step("DeleteMethod", METHOD),
    Step("DeleteRequestValidator", VALIDATOR),
    Step("DeleteAuthorizer", AUTHORIZER),
    Step("DeleteModel", MODEL),
    Step("DeleteResource", RESOURCE),
    Step("DeleteRestApi", API),
)  # fmt: skip

MAKING = tuple(step for step in STEPS if not step.operation.startswith(("Delete", "Reject")))
REQUESTS = {step.operation: step.request for step in STEPS}

# Refusals: by error, what is changed in the request that succeeds. -------------------------------------------------

UNKNOWN_ARN = "arn:aws:apigateway:us-east-1::/restapis/zzzzzzzzzz"
UNKNOWN_ASSOCIATION = (
    "arn:aws:apigateway:us-east-1:123456789012:/domainnameaccessassociations"
    "/domainname/private.example.com/vpcesource/vpce-9"
)
UNKNOWN_NAME = "arn:aws:apigateway:us-east-1:123456789012:/domainnames/private.example.com+zzzzzzzzzz"
MANY_THROTTLES = [
    {"op": "replace", "path": f"/apiStages/{{api}}:prod/throttle/~1p{number}/GET/rateLimit", "value": "1"}
    for number in range(21)
]
MANY_AUTHORIZERS = json.dumps({
    **json.loads(DEFINITION),
    "components": {
        "securitySchemes": {
            f"pool{number}": {
                "type": "apiKey",
                "name": "Authorization",
                "in": "header",
                "x-amazon-apigateway-authtype": "cognito_user_pools",
                "x-amazon-apigateway-authorizer": {"type": "cognito_user_pools", "providerARNs": POOLS["providerARNs"]},
            }
            for number in range(10)
        }
    },
}).encode()  # fmt: skip

REFUSED: dict[str, dict[str, Shape]] = {
    # An operation that names something by id needs no entry: another id is put in its place.
    "NotFoundException": {
        "CreateApiKey": {"value": "yet-another-value-of-letters", "stageKeys": [{"restApiId": NOBODY, "stageName": "prod"}]},
        "CreateUsagePlan": {"apiStages": [{"apiId": NOBODY, "stage": "prod"}]},
        "CreateBasePathMapping": {"domainName": "unknown.example.com"},
        "GetSdkType": {"id": "cobol"},
        "GetBasePathMapping": {"basePath": "unknown"},
        "GetBasePathMappings": {"domainName": "unknown.example.com"},
        "UpdateBasePathMapping": {"basePath": "unknown"},
        "DeleteBasePathMapping": {"basePath": "unknown"},
        "GetDomainName": {"domainName": "unknown.example.com"},
        "UpdateDomainName": {"domainName": "unknown.example.com"},
        "DeleteDomainName": {"domainName": "unknown.example.com"},
        "GetTags": {"resourceArn": UNKNOWN_ARN},
        "TagResource": {"resourceArn": UNKNOWN_ARN},
        "UntagResource": {"resourceArn": UNKNOWN_ARN},
        "CreateDomainNameAccessAssociation": {"domainNameArn": UNKNOWN_NAME},
        "DeleteDomainNameAccessAssociation": {"domainNameAccessAssociationArn": UNKNOWN_ASSOCIATION},
        "RejectDomainNameAccessAssociation": {"domainNameAccessAssociationArn": UNKNOWN_ASSOCIATION},
    },
    # One that takes patch operations or a limit needs no entry: a path that there is none, or no row at all, is asked for.
    "BadRequestException": {
        "CreateApiKey": {"value": "short"},
        "CreateAuthorizer": {"name": ""},
        "CreateBasePathMapping": {"basePath": "a b"},
        "CreateDeployment": {"stageName": "no stage"},
        "CreateDocumentationPart": {"properties": "no JSON"},
        "CreateDocumentationVersion": {"documentationVersion": ""},
        "CreateDomainName": {"domainName": "no name"},
        "CreateDomainNameAccessAssociation": {"accessAssociationSource": "none"},
        "CreateModel": {"name": "no name!"},
        "CreateRequestValidator": {"restApiId": NOBODY},
        "CreateResource": {"pathPart": "a/b"},
        "CreateRestApi": {"name": ""},
        "CreateStage": {"stageName": "no stage"},
        "CreateUsagePlan": {"name": ""},
        "CreateUsagePlanKey": {"keyType": "NONE"},
        "CreateVpcLink": {"targetArns": ["none"]},
        "DeleteClientCertificate": {},
        "DeleteDeployment": {},
        "DeleteDomainNameAccessAssociation": {"domainNameAccessAssociationArn": "none"},
        "DeleteResource": {"resourceId": "{root}"},
        "DeleteRestApi": {},
        "DeleteStage": {},
        "DeleteUsagePlan": {},
        "DeleteVpcLink": {},
        "GenerateClientCertificate": {"tags": {"aws:mine": "no"}},
        "GetExport": {"exportType": "none"},
        "GetSdk": {"sdkType": "none"},
        "GetTags": {"resourceArn": "none"},
        "GetUsage": {"startDate": "never"},
        "ImportApiKeys": {"body": b"none"},
        "ImportDocumentationParts": {"body": b"none"},
        "ImportRestApi": {"body": b"none"},
        "PutGatewayResponse": {"responseParameters": {"none": "none"}},
        "PutIntegration": {"timeoutInMillis": 1},
        "PutIntegrationResponse": {"responseParameters": {"none": "none"}},
        "PutMethod": {"httpMethod": "NONE"},
        "PutMethodResponse": {"statusCode": "404", "responseParameters": {"none": True}},
        "PutRestApi": {"body": b"none"},
        "RejectDomainNameAccessAssociation": {"domainNameArn": "none"},
        "TagResource": {"tags": {"aws:mine": "no"}},
        "TestInvokeAuthorizer": {"pathWithQueryString": "/../secrets"},
        "TestInvokeMethod": {"resourceId": "{root}", "httpMethod": "PUT"},
        "UntagResource": {"resourceArn": "none"},
    },
    "ConflictException": {
        "CreateApiKey": {},
        "CreateAuthorizer": {"name": "people"},
        "CreateBasePathMapping": {},
        "CreateDocumentationPart": {},
        "CreateDocumentationVersion": {},
        "CreateDomainNameAccessAssociation": {},
        "CreateModel": {},
        "CreateResource": {"pathPart": "animals"},
        "CreateStage": {},
        "CreateUsagePlanKey": {},
        "DeleteAuthorizer": {},
        "DeleteDocumentationVersion": {},
        "DeleteModel": {},
        "DeleteRequestValidator": {},
        "PutMethod": {},
        "PutMethodResponse": {},
        "UpdateAuthorizer": change("/name", "guests"),
        "UpdateBasePathMapping": change("/basePath", "guests"),
        "UpdateResource": change("/pathPart", "cats"),
        "UpdateUsagePlan": {"usagePlanId": "{other_plan}", **change("/apiStages", "{api}:prod", "add")},
    },
    "LimitExceededException": {
        "CreateApiKey": {"value": "yet-another-value-of-letters"},
        "CreateAuthorizer": {"name": "one more"},
        "CreateDeployment": {"stageName": "more"},
        "CreateDocumentationPart": {"location": {"type": "RESOURCE", "path": "/more"}},
        "CreateDomainName": {"domainName": "more.example.com"},
        "CreateResource": {"pathPart": "more"},
        "CreateRestApi": {},
        "CreateStage": {"stageName": "more"},
        "CreateUsagePlan": {},
        "CreateUsagePlanKey": {"usagePlanId": "{new_plan}"},
        "CreateVpcLink": {},
        "GenerateClientCertificate": {},
        "ImportDocumentationParts": {
            "body": documented("/more")
        },
        "ImportRestApi": {},
        "PutRestApi": {"body": MANY_AUTHORIZERS},
        "UpdateUsagePlan": {"patchOperations": MANY_THROTTLES},
    },
}  # fmt: skip
