"""Every operation of V2 as a table: a request that succeeds, in an order in which all of them do, and requests that are refused.

A text of the form `{name}` stands for what an earlier step kept under that name.
"""

from __future__ import annotations

import json

from tests.conformance.every_operation import NOBODY, Shape, Step

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/one"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:pets"
INVOCATION = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
LOGS = {"DestinationArn": "arn:aws:logs:us-east-1:123456789012:log-group:pets", "Format": "$context.requestId"}
DEFINITION = json.dumps({
    "openapi": "3.0.1",
    "info": {"title": "imported", "version": "1"},
    "paths": {
        "/cats": {
            "get": {
                "responses": {"default": {"description": "cats"}},
                "x-amazon-apigateway-integration": {
                    "type": "http_proxy",
                    "httpMethod": "GET",
                    "uri": "https://example.com/cats",
                    "payloadFormatVersion": "1.0",
                },
            }
        }
    },
})  # fmt: skip

HTTP = {"ApiId": "{http}"}
CHAT = {"ApiId": "{chat}"}
INTEGRATION = {**HTTP, "IntegrationId": "{integration}"}
ANSWERING = {**CHAT, "IntegrationId": "{answering}"}
INTEGRATION_RESPONSE = {**ANSWERING, "IntegrationResponseId": "{integration_response}"}
ROUTE = {**HTTP, "RouteId": "{route}"}
CONNECT = {**CHAT, "RouteId": "{connect}"}
ROUTE_RESPONSE = {**CONNECT, "RouteResponseId": "{route_response}"}
AUTHORIZER = {**HTTP, "AuthorizerId": "{authorizer}"}
MODEL = {**CHAT, "ModelId": "{model}"}
DEPLOYMENT = {**HTTP, "DeploymentId": "{deployment}"}
STAGE = {**HTTP, "StageName": "prod"}
LINK = {"VpcLinkId": "{link}"}
DOMAIN = {"DomainName": "api.example.com"}
MAPPING = {**DOMAIN, "ApiMappingId": "{mapping}"}
RULED = {"DomainName": "rules.example.com"}
RULE = {**RULED, "RoutingRuleId": "{rule}"}
RULE_BODY = {
    "Priority": 10,
    "Conditions": [{"MatchBasePaths": {"AnyOf": ["pets"]}}],
    "Actions": [{"InvokeApi": {"ApiId": "{rest}", "Stage": "prod", "StripBasePath": True}}],
}
PORTAL = {"PortalId": "{portal}"}
BUSY = {"PortalId": "{busy}"}
PRODUCT = {"PortalProductId": "{product}"}
PAGE = {**PRODUCT, "ProductPageId": "{page}"}
ENDPOINT_PAGE = {**PRODUCT, "ProductRestEndpointPageId": "{endpoint_page}"}
COLORS = {
    "AccentColor": "#0e6c5b", "BackgroundColor": "#ffffff", "ErrorValidationColor": "#b2311d", "HeaderColor": "#15211e",
    "NavigationColor": "#f5f6f2", "TextColor": "#19211e",
}  # fmt: skip
PORTAL_BODY = {
    "Authorization": {"None": {}},
    "EndpointConfiguration": {"None": {}},
    "PortalContent": {"DisplayName": "Pet shop", "Theme": {"CustomColors": COLORS}},
}
SHARING = json.dumps({
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "222222222222"}, "Action": "apigateway:GetPortalProduct", "Resource": "*"}
    ],
})  # fmt: skip
TOO_LONG = "x" * 2_000
TAGGED = {"ResourceArn": "arn:aws:apigateway:us-east-1::/apis/{http}"}
CONFIGURATION = [{"CertificateArn": CERTIFICATE, "EndpointType": "REGIONAL"}]

STEPS = (
    Step("CreateApi", {"Name": "pets", "ProtocolType": "HTTP", "CorsConfiguration": {"AllowOrigins": ["*"]}}, {"http": "ApiId"}),
    Step(
        "CreateApi",
        {"Name": "chat", "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action"},
        {"chat": "ApiId"},
    ),
    Step("GetApi", HTTP),
    Step("GetApis", {}),
    Step("UpdateApi", {**HTTP, "Description": "all about pets"}),
    Step("DeleteCorsConfiguration", HTTP),
    Step(
        "CreateIntegration",
        {**HTTP, "IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION, "PayloadFormatVersion": "2.0"},
        {"integration": "IntegrationId"},
    ),
    Step("CreateIntegration", {**CHAT, "IntegrationType": "MOCK"}, {"answering": "IntegrationId"}),
    Step("GetIntegration", INTEGRATION),
    Step("GetIntegrations", HTTP),
    Step("UpdateIntegration", {**INTEGRATION, "TimeoutInMillis": 1000}),
    Step(
        "CreateIntegrationResponse",
        {**ANSWERING, "IntegrationResponseKey": "$default"},
        {"integration_response": "IntegrationResponseId"},
    ),
    Step("GetIntegrationResponse", INTEGRATION_RESPONSE),
    Step("GetIntegrationResponses", ANSWERING),
    Step("UpdateIntegrationResponse", {**INTEGRATION_RESPONSE, "ResponseTemplates": {"200": "{}"}}),
    Step("CreateModel", {**CHAT, "Name": "Pet", "Schema": '{"type": "object"}'}, {"model": "ModelId"}),
    Step("GetModel", MODEL),
    Step("GetModels", CHAT),
    Step("GetModelTemplate", MODEL),
    Step("UpdateModel", {**MODEL, "Description": "one pet"}),
    Step(
        "CreateAuthorizer",
        {
            **HTTP,
            "Name": "people",
            "AuthorizerType": "JWT",
            "IdentitySource": ["$request.header.Authorization"],
            "JwtConfiguration": {"Issuer": "{issuer}", "Audience": ["pets"]},
        },
        {"authorizer": "AuthorizerId"},
    ),
    Step("GetAuthorizer", AUTHORIZER),
    Step("GetAuthorizers", HTTP),
    Step("UpdateAuthorizer", {**AUTHORIZER, "Name": "guests"}),
    Step(
        "CreateRoute",
        {
            **HTTP,
            "RouteKey": "GET /pets",
            "Target": "integrations/{integration}",
            "AuthorizationType": "JWT",
            "AuthorizerId": "{authorizer}",
        },
        {"route": "RouteId"},
    ),
    Step("CreateRoute", {**HTTP, "RouteKey": "$default", "Target": "integrations/{integration}"}),
    Step(
        "CreateRoute",
        {
            **CHAT,
            "RouteKey": "$connect",
            "Target": "integrations/{answering}",
            "RequestParameters": {"route.request.querystring.token": {"Required": True}},
        },
        {"connect": "RouteId"},
    ),
    Step("GetRoute", ROUTE),
    Step("GetRoutes", HTTP),
    Step("UpdateRoute", {**ROUTE, "OperationName": "listPets"}),
    Step("CreateRouteResponse", {**CONNECT, "RouteResponseKey": "$default"}, {"route_response": "RouteResponseId"}),
    Step("GetRouteResponse", ROUTE_RESPONSE),
    Step("GetRouteResponses", CONNECT),
    Step("UpdateRouteResponse", {**ROUTE_RESPONSE, "ModelSelectionExpression": "$request.body.kind"}),
    Step("DeleteRouteRequestParameter", {**CONNECT, "RequestParameterKey": "route.request.querystring.token"}),
    Step("CreateDeployment", HTTP, {"deployment": "DeploymentId"}),
    Step("GetDeployment", DEPLOYMENT),
    Step("GetDeployments", HTTP),
    Step("UpdateDeployment", {**DEPLOYMENT, "Description": "the first"}),
    Step(
        "CreateStage",
        {
            **STAGE,
            "DeploymentId": "{deployment}",
            "AccessLogSettings": LOGS,
            "RouteSettings": {"GET /pets": {"ThrottlingBurstLimit": 1}},
        },
    ),
    Step("GetStage", STAGE),
    Step("GetStages", HTTP),
    Step("UpdateStage", {**STAGE, "StageVariables": {"color": "blue"}}),
    Step("DeleteRouteSettings", {**STAGE, "RouteKey": "GET /pets"}),
    Step("DeleteAccessLogSettings", STAGE),
    Step("ResetAuthorizersCache", STAGE),
    Step("TagResource", {**TAGGED, "Tags": {"team": "pets"}}),
    Step("GetTags", TAGGED),
    Step("UntagResource", {**TAGGED, "TagKeys": ["team"]}),
    Step("CreateVpcLink", {"Name": "inside", "SubnetIds": ["subnet-1"]}, {"link": "VpcLinkId"}),
    Step("GetVpcLink", LINK),
    Step("GetVpcLinks", {}),
    Step("UpdateVpcLink", {**LINK, "Name": "indoors"}),
    Step("CreateDomainName", {**DOMAIN, "DomainNameConfigurations": CONFIGURATION}),
    Step("CreateDomainName", {**RULED, "DomainNameConfigurations": CONFIGURATION, "RoutingMode": "ROUTING_RULE_ONLY"}),
    Step("GetDomainName", DOMAIN),
    Step("GetDomainNames", {}),
    Step("UpdateDomainName", {**DOMAIN, "DomainNameConfigurations": [{"SecurityPolicy": "TLS_1_2"}]}),
    Step("CreateApiMapping", {**DOMAIN, **HTTP, "Stage": "prod", "ApiMappingKey": "pets/v1"}, {"mapping": "ApiMappingId"}),
    Step("GetApiMapping", MAPPING),
    Step("GetApiMappings", DOMAIN),
    Step("UpdateApiMapping", {**MAPPING, **HTTP, "ApiMappingKey": "pets/v2"}),
    Step("CreateRoutingRule", {**RULED, **RULE_BODY}, {"rule": "RoutingRuleId"}),
    Step("GetRoutingRule", RULE),
    Step("ListRoutingRules", RULED),
    Step("PutRoutingRule", {**RULE, **RULE_BODY, "Priority": 20}),
    Step("ImportApi", {"Body": DEFINITION}, {"imported": "ApiId"}),
    Step("ReimportApi", {"ApiId": "{imported}", "Body": DEFINITION}),
    Step("ExportApi", {"ApiId": "{imported}", "Specification": "OAS30", "OutputType": "YAML"}),
    Step("CreatePortalProduct", {"DisplayName": "Pets"}, {"product": "PortalProductId", "product_arn": "PortalProductArn"}),
    Step("GetPortalProduct", PRODUCT),
    Step("ListPortalProducts", {}),
    Step("CreateProductPage", {**PRODUCT, "DisplayContent": {"Title": "Start", "Body": "# Start"}}, {"page": "ProductPageId", "page_arn": "ProductPageArn"}),
    Step("GetProductPage", PAGE),
    Step("ListProductPages", PRODUCT),
    Step("UpdateProductPage", {**PAGE, "DisplayContent": {"Title": "Start", "Body": "# Begin"}}),
    Step(
        "CreateProductRestEndpointPage",
        {
            **PRODUCT,
            "RestEndpointIdentifier": {
                "IdentifierParts": {"RestApiId": "{rest}", "Stage": "prod", "Path": "/pets", "Method": "GET"}
            },
            "TryItState": "ENABLED",
        },
        {"endpoint_page": "ProductRestEndpointPageId", "endpoint_page_arn": "ProductRestEndpointPageArn"},
    ),
    Step("GetProductRestEndpointPage", {**ENDPOINT_PAGE, "IncludeRawDisplayContent": "true"}),
    Step("ListProductRestEndpointPages", PRODUCT),
    Step("UpdateProductRestEndpointPage", {**ENDPOINT_PAGE, "DisplayContent": {"Overrides": {"OperationName": "Find pets"}}}),
    Step(
        "UpdatePortalProduct",
        {
            **PRODUCT,
            "DisplayOrder": {
                "OverviewPageArn": "{page_arn}",
                "Contents": [{"SectionName": "Pets", "ProductRestEndpointPageArns": ["{endpoint_page_arn}"]}],
            },
        },
    ),
    Step("PutPortalProductSharingPolicy", {**PRODUCT, "PolicyDocument": SHARING}),
    Step("GetPortalProductSharingPolicy", PRODUCT),
    Step("CreatePortal", {**PORTAL_BODY, "IncludedPortalProductArns": ["{product_arn}"]}, {"portal": "PortalId"}),
    Step("GetPortal", PORTAL),
    Step("ListPortals", {}),
    Step("UpdatePortal", {**PORTAL, "RumAppMonitorName": "visits"}),
    Step("PreviewPortal", PORTAL),
    Step("PublishPortal", {**PORTAL, "Description": "the first"}),
    Step("DisablePortal", PORTAL),
    Step("DeletePortal", PORTAL),
    Step("DeletePortalProductSharingPolicy", PRODUCT),
    Step("DeleteProductRestEndpointPage", ENDPOINT_PAGE),
    Step("DeleteProductPage", PAGE),
    Step("DeletePortalProduct", PRODUCT),
    Step("DeleteRoutingRule", RULE),
    Step("DeleteApiMapping", MAPPING),
    Step("DeleteDomainName", DOMAIN),
    Step("DeleteVpcLink", LINK),
    Step("DeleteStage", STAGE),
    Step("DeleteDeployment", DEPLOYMENT),
    Step("DeleteRouteResponse", ROUTE_RESPONSE),
    Step("DeleteRoute", ROUTE),
    Step("DeleteAuthorizer", AUTHORIZER),
    Step("DeleteModel", MODEL),
    Step("DeleteIntegrationResponse", INTEGRATION_RESPONSE),
    Step("CreateIntegration", {**HTTP, "IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION, "PayloadFormatVersion": "1.0"}, {"integration": "IntegrationId"}),
    Step("DeleteIntegration", INTEGRATION),
    Step("DeleteApi", CHAT),
)  # fmt: skip

MAKING = tuple(step for step in STEPS if not step.operation.startswith(("Delete", "Disable")))
REQUESTS = {step.operation: step.request for step in reversed(STEPS)}

# Refusals: by error, what is changed in the request that succeeds. -------------------------------------------------

UNKNOWN_ARN = "arn:aws:apigateway:us-east-1::/apis/zzzzzzzzzz"
TAKEN = [{"InvokeApi": {"ApiId": NOBODY, "Stage": "prod"}}]

REFUSED: dict[str, dict[str, Shape]] = {
    # An operation that names something by id needs no entry: another id is put in its place.
    "NotFoundException": {
        "CreateApiMapping": {"DomainName": "unknown.example.com"},
        "CreateRoutingRule": {"DomainName": "unknown.example.com"},
        "GetDomainName": {"DomainName": "unknown.example.com"},
        "UpdateDomainName": {"DomainName": "unknown.example.com"},
        "DeleteDomainName": {"DomainName": "unknown.example.com"},
        "GetApiMappings": {"DomainName": "unknown.example.com"},
        "ListRoutingRules": {"DomainName": "unknown.example.com"},
        "GetTags": {"ResourceArn": UNKNOWN_ARN},
        "TagResource": {"ResourceArn": UNKNOWN_ARN},
        "UntagResource": {"ResourceArn": UNKNOWN_ARN},
    },
    # One that lists needs no entry: no row at all is asked for.
    "BadRequestException": {
        "CreateApi": {"Name": ""},
        "CreateApiMapping": {"ApiMappingKey": "/"},
        "CreateAuthorizer": {"Name": ""},
        "CreateDeployment": {"ApiId": "{empty}"},
        "CreateDomainName": {"DomainName": "no name"},
        "CreateIntegration": {"IntegrationType": "AWS"},
        "CreateIntegrationResponse": {"IntegrationResponseKey": "none"},
        "CreateModel": {"Schema": "none"},
        "CreatePortal": {"Authorization": {}},
        "CreatePortalProduct": {"DisplayName": TOO_LONG},
        "CreateProductPage": {"DisplayContent": {"Title": TOO_LONG, "Body": "# Start"}},
        "CreateProductRestEndpointPage": {"RestEndpointIdentifier": {}},
        "CreateRoute": {"RouteKey": "none"},
        "CreateRouteResponse": {"RouteResponseKey": "none"},
        "CreateRoutingRule": {"Actions": []},
        "CreateStage": {"StageName": "no stage"},
        "CreateVpcLink": {"SubnetIds": []},
        "DeletePortal": BUSY,
        "ExportApi": {"Specification": "none"},
        "GetTags": {"ResourceArn": "none"},
        "ImportApi": {"Body": "none"},
        "PublishPortal": {"Description": TOO_LONG},
        "PutPortalProductSharingPolicy": {"PolicyDocument": "none"},
        "PutRoutingRule": {"Actions": []},
        "ReimportApi": {"Body": "none"},
        "TagResource": {"Tags": {"aws:mine": "no"}},
        "UntagResource": {"ResourceArn": "none"},
        "UpdateApi": {"Name": ""},
        "UpdateApiMapping": {"ApiMappingKey": "/"},
        "UpdateAuthorizer": {"Name": ""},
        "UpdateDomainName": {"DomainNameConfigurations": []},
        "UpdateIntegration": {"IntegrationType": "AWS"},
        "UpdateIntegrationResponse": {"IntegrationResponseKey": "none"},
        "UpdateModel": {"Schema": "none"},
        "UpdatePortal": {"Authorization": {}},
        "UpdatePortalProduct": {"DisplayName": TOO_LONG},
        "UpdateProductPage": {"DisplayContent": {"Title": TOO_LONG, "Body": "# Start"}},
        "UpdateProductRestEndpointPage": {"DisplayContent": {}},
        "UpdateRoute": {"RouteKey": "none"},
        "UpdateRouteResponse": {"RouteResponseKey": "none"},
        "UpdateStage": {"StageVariables": {"no name": "x"}},
        "UpdateVpcLink": {"Name": ""},
    },
    "ConflictException": {
        "CreateApiMapping": {"ApiMappingKey": "pets/v2"},
        "CreateAuthorizer": {"Name": "guests"},
        "CreateIntegrationResponse": {},
        "CreateModel": {},
        "CreateRoute": {},
        "CreateRouteResponse": {},
        "CreateRoutingRule": {"Priority": 20},
        "CreateStage": {},
        "DisablePortal": BUSY,
        "PreviewPortal": BUSY,
        "PublishPortal": BUSY,
        "PutRoutingRule": {"RoutingRuleId": "{another_rule}"},
        "UpdateApi": {"ApiId": "{quick}", "RouteKey": "GET /taken"},
        "UpdateApiMapping": {"ApiMappingId": "{another_mapping}"},
        "UpdateAuthorizer": {"AuthorizerId": "{another_authorizer}"},
        "UpdateIntegrationResponse": {
            "IntegrationResponseId": "{another_integration_response}",
            "IntegrationResponseKey": "$default",
        },
        "UpdateModel": {"ModelId": "{another_model}", "Name": "Pet"},
        "UpdatePortal": BUSY,
        "UpdateRoute": {"RouteKey": "$default"},
    },
}

# What the refusals need beside what the steps make.
MORE = (
    Step("CreateApi", {"Name": "empty", "ProtocolType": "HTTP"}, {"empty": "ApiId"}),
    Step("CreateApi", {"Name": "quick", "ProtocolType": "HTTP", "Target": "https://example.com"}, {"quick": "ApiId"}),
    Step("CreateRoute", {"ApiId": "{quick}", "RouteKey": "GET /taken"}),
    Step("CreateRoutingRule", {**RULED, **RULE_BODY, "Priority": 30}, {"another_rule": "RoutingRuleId"}),
    Step("CreateApiMapping", {**DOMAIN, **HTTP, "Stage": "prod", "ApiMappingKey": "cats"}, {"another_mapping": "ApiMappingId"}),
    Step(
        "CreateAuthorizer",
        {**REQUESTS["CreateAuthorizer"], "Name": "others"},
        {"another_authorizer": "AuthorizerId"},
    ),
    Step(
        "CreateIntegrationResponse",
        {**ANSWERING, "IntegrationResponseKey": "/other/"},
        {"another_integration_response": "IntegrationResponseId"},
    ),
    Step("CreateModel", {**CHAT, "Name": "Other", "Schema": "{}"}, {"another_model": "ModelId"}),
    Step("CreatePortal", PORTAL_BODY, {"busy": "PortalId"}),
    Step("PublishPortal", BUSY),
)  # fmt: skip

# Errors that the model names and no request causes here, each with the reason. -------------------------------------

NEVER = {
    "TooManyRequestsException": "The control plane sets its callers no rate; limits answer it: see test_v2_limits."
}

PORTALS = sorted({step.operation for step in STEPS if "Portal" in step.operation or "Product" in step.operation})
LEFT_OUT: dict[str, dict[str, list[str]]] = {
    "NotFoundException": {
        "It names nothing that could be missing.": ["CreateApi", "CreateDomainName", "GetApis", "GetDomainNames", "ImportApi"],
    },
    "BadRequestException": {
        "Whatever it is given names a row, or none.": [
            "DeleteApiMapping", "DeletePortalProduct", "DeletePortalProductSharingPolicy", "DeleteProductPage",
            "DeleteProductRestEndpointPage", "DeleteRoutingRule", "DisablePortal", "GetApiMapping", "GetPortal", "GetPortalProduct",
            "GetPortalProductSharingPolicy", "GetProductPage", "GetProductRestEndpointPage", "GetRoutingRule", "PreviewPortal",
            "UpdateDeployment",
        ],
    },
    "ConflictException": {
        "Two of the same name may stand beside each other.": ["CreateApi", "CreateDeployment", "CreateIntegration", "ImportApi"],
        "A name that is taken is a bad request, in AWS's words too.": ["CreateDomainName"],
        "A route has one response at most.": ["UpdateRouteResponse"],
        "A read changes nothing.": ["GetTags"],
        "Only a client that is faster can cause it: see tests/control_plane/v2/test_v2_concurrency.py.": [
            "ReimportApi", "TagResource", "UntagResource", "UpdateDeployment", "UpdateDomainName", "UpdateIntegration", "UpdateStage",
        ],
    },
    "AccessDeniedException": {"A role is refused before the operation: see test_v2_isolation.": ["CreateDomainName", *PORTALS]},
}  # fmt: skip
