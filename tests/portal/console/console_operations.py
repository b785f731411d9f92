"""Where a person finds each operation: the module of the page or form that performs it, or why there is none.

`test_every_operation_has_its_page` holds this table against the operations that are built and against the console's sources. A read
that a page shows from rows is named with the page that shows it.
"""

from __future__ import annotations

from typing import Final

SHOWN: Final = "shown by "
"""The page shows what the operation tells, from rows that it reads itself; the module follows."""
DEVELOPER: Final = "developer portal: "
"""Developers do it for themselves, in the developer portal; the module follows."""
COVERED: Final = "covered by "
"""Another operation does the same from its page, which follows."""
PROGRAMS: Final = "for programs: "
"""Nothing that a person would do by hand; the reason follows."""

V1: Final = {
    "api_keys": "CreateApiKey DeleteApiKey GetApiKey UpdateApiKey",
    "apis": "CreateRestApi",
    "account": "GetAccount UpdateAccount",
    "access_associations": "CreateDomainNameAccessAssociation DeleteDomainNameAccessAssociation "
    "GetDomainNameAccessAssociations RejectDomainNameAccessAssociation",
    "api_settings": "DeleteRestApi GetExport UpdateRestApi",
    "authorizers": "CreateAuthorizer DeleteAuthorizer GetAuthorizer GetAuthorizers TestInvokeAuthorizer UpdateAuthorizer",
    "client_certificates": "DeleteClientCertificate GenerateClientCertificate GetClientCertificate "
    "GetClientCertificates UpdateClientCertificate",
    "comparisons": "GetDeployment",
    "deployments": "CreateDeployment DeleteDeployment UpdateDeployment",
    "documentation": "CreateDocumentationPart DeleteDocumentationPart GetDocumentationPart UpdateDocumentationPart",
    "documentation_versions": "CreateDocumentationVersion DeleteDocumentationVersion GetDocumentationVersions "
    "ImportDocumentationParts UpdateDocumentationVersion",
    "domain_names": "CreateDomainName DeleteDomainName UpdateDomainName",
    "domain_page": "GetDomainName",
    "gateway_responses": "DeleteGatewayResponse GetGatewayResponse GetGatewayResponses PutGatewayResponse",
    "integrations": "PutIntegration UpdateIntegration",
    "key_life": "ImportApiKeys UpdateUsage",
    "methods": "DeleteMethod PutMethod UpdateMethod",
    "models": "CreateModel DeleteModel GetModel GetModelTemplate GetModels UpdateModel",
    "publication": "ImportRestApi PutRestApi",
    "request_validators": "CreateRequestValidator DeleteRequestValidator GetRequestValidator GetRequestValidators "
    "UpdateRequestValidator",
    "resources": "CreateResource DeleteResource UpdateResource",
    "responses": "DeleteIntegrationResponse DeleteMethodResponse PutIntegrationResponse PutMethodResponse",
    "stage_cache": "FlushStageCache",
    "stage_downloads": "GetSdk GetSdkType",
    "new_stage": "CreateStage",
    "stages": "DeleteStage FlushStageAuthorizersCache GetStage UpdateStage",
    "tags": "GetTags TagResource UntagResource",
    "test_calls": "TestInvokeMethod",
    "usage_plans": "CreateUsagePlan CreateUsagePlanKey DeleteUsagePlan DeleteUsagePlanKey UpdateUsagePlan",
    "vpc_links": "CreateVpcLink DeleteVpcLink GetVpcLink GetVpcLinks UpdateVpcLink",
    SHOWN + "api_keys": "GetApiKeys",
    SHOWN + "apis": "GetRestApi GetRestApis",
    SHOWN + "deployments": "GetDeployments",
    SHOWN + "documentation": "GetDocumentationParts",
    SHOWN + "documentation_versions": "GetDocumentationVersion",
    SHOWN + "domain_page": "GetBasePathMapping GetBasePathMappings",
    SHOWN + "domain_names": "GetDomainNames",
    SHOWN + "method_detail": "GetIntegration GetIntegrationResponse GetMethod GetMethodResponse",
    SHOWN + "resources": "GetResource GetResources",
    SHOWN + "stages": "GetSdkTypes GetStages",
    "usage_export": "GetUsage",
    SHOWN + "usage_plans": "GetUsagePlan GetUsagePlanKey GetUsagePlanKeys GetUsagePlans",
    COVERED + "domain_routes": "CreateBasePathMapping DeleteBasePathMapping UpdateBasePathMapping",
    COVERED + "gateway_responses": "UpdateGatewayResponse",
    COVERED + "integrations": "DeleteIntegration",
    COVERED + "responses": "UpdateIntegrationResponse UpdateMethodResponse",
}

V2: Final = {
    "aws_portal_pages": "CreateProductPage CreateProductRestEndpointPage DeleteProductPage "
    "DeleteProductRestEndpointPage GetProductPage GetProductRestEndpointPage UpdateProductPage "
    "UpdateProductRestEndpointPage",
    "aws_portal_products": "CreatePortalProduct DeletePortalProduct DeletePortalProductSharingPolicy GetPortalProduct "
    "GetPortalProductSharingPolicy ListPortalProducts ListProductPages ListProductRestEndpointPages "
    "PutPortalProductSharingPolicy UpdatePortalProduct",
    "aws_portals": "CreatePortal DeletePortal DisablePortal GetPortal ListPortals PreviewPortal PublishPortal "
    "UpdatePortal",
    "domain_routes": "CreateApiMapping CreateRoutingRule DeleteApiMapping DeleteRoutingRule "
    "PutRoutingRule UpdateApiMapping",
    "http_apis_cors": "DeleteCorsConfiguration UpdateApi",
    "openapi_parts": "ExportApi",
    "v2_apis": "CreateApi DeleteApi",
    "v2_authorizers": "CreateAuthorizer DeleteAuthorizer UpdateAuthorizer",
    "v2_deployments": "CreateDeployment DeleteDeployment UpdateDeployment",
    "v2_importing": "ImportApi ReimportApi",
    "v2_integrations": "CreateIntegration CreateIntegrationResponse DeleteIntegration DeleteIntegrationResponse "
    "GetIntegrationResponse UpdateIntegration UpdateIntegrationResponse",
    "v2_routes": "CreateRoute CreateRouteResponse DeleteRoute DeleteRouteResponse GetRouteResponses UpdateRoute",
    "v2_stages": "CreateStage DeleteAccessLogSettings DeleteRouteSettings DeleteStage ResetAuthorizersCache UpdateStage",
    "v2_vpc_links": "CreateVpcLink DeleteVpcLink UpdateVpcLink",
    "vpc_links": "GetVpcLinks",
    "websocket_apis_answers": "UpdateRouteResponse",
    "websocket_apis_models": "CreateModel DeleteModel GetModelTemplate UpdateModel",
    SHOWN + "apis": "GetApis",
    SHOWN + "domain_page": "GetApiMapping GetApiMappings GetRoutingRule ListRoutingRules",
    SHOWN + "v2_apis": "GetApi",
    SHOWN + "v2_authorizers": "GetAuthorizer GetAuthorizers",
    SHOWN + "v2_changes": "GetDeployment",
    SHOWN + "v2_deployments": "GetDeployments",
    SHOWN + "v2_integrations": "GetIntegration GetIntegrationResponses GetIntegrations",
    SHOWN + "v2_routes": "GetRoute GetRouteResponse GetRoutes",
    SHOWN + "v2_stages": "GetStage GetStages",
    SHOWN + "vpc_links": "GetVpcLink",
    SHOWN + "websocket_apis_models": "GetModel GetModels",
    COVERED + "domain_names": "CreateDomainName DeleteDomainName GetDomainName GetDomainNames UpdateDomainName",
    COVERED + "v2_routes": "DeleteRouteRequestParameter",
    COVERED + "tags": "GetTags TagResource UntagResource",
}

GATEHOUSE: Final = {
    "aws_portals": "ListPortalPublications RollBackPortal",
    "access_keys": "CreateAccessKey DeleteAccessKey UpdateAccessKey",
    "account": "UpdateAccountThrottle",
    "canaries": "DeleteCanaryGuard EndCanary PromoteCanary PutCanaryGuard",
    "certificates": "DeleteCertificate DeleteTruststore GenerateCertificate ImportCertificate ListCertificates "
    "ListTruststores PutTruststore",
    "cors": "EnableCors",
    "deployments": "RollbackStage",
    "function_logs": "ListFunctionInvocations ListFunctionLogEvents",
    "key_life": "PutApiKeyExpiry PutApiKeyOrigins RotateApiKey",
    "lifecycle": "CreateChangelogEntry DeleteChangelogEntry DeprecateProduct ReinstateProduct",
    "load_balancers": "DeleteLoadBalancer GetLoadBalancer ListLoadBalancers PutLoadBalancer",
    "log_files": "ListLogEvents ListLogGroups",
    "oauth_clients": "CreateOAuthClient DeleteOAuthClient GetOidcIssuer ListOAuthClients RotateOAuthClientSecret "
    "RotateOidcSigningKey",
    "people": "CreateInvitation CreateUser DeleteMembership GetMembership ListMemberships ListTeams PutAccountSecurity "
    "PutMembership ResetSecondFactor",
    "portal_brand": "DeletePortalLogo GetPortalBrand PutPortalBrand PutPortalLogo",
    "portal_pages": "DeleteAudience DeletePortalPage PutAudience PutPortalPage",
    "products": "CreateProduct DeleteProduct PublishProduct UpdateProduct",
    "second_factor": "ConfirmSecondFactor CreateRecoveryCodes CreateSecondFactor DeleteSecondFactor GetSecondFactor",
    "second_step": "VerifySecondFactor",
    "subscriptions": "ApproveSubscription RefuseSubscription",
    "teams": "DeleteTeam DeleteTeamMember GetTeam PutTeam PutTeamMember",
    "target_health": "GetTargetHealth",
    "undo": "UndoChanges",
    "v2_authorizers": "TestAuthorizer",
    "user_policies": "DeleteUserPolicy GetUserPolicy ListUserPolicies PutUserPolicy",
    "webhooks": "CreateWebhook DeleteWebhook GetWebhook RedeliverWebhook TestWebhook UpdateWebhook",
    "websocket_apis_connections": "ListConnections",
    SHOWN + "api_keys": "GetApiKeyOrigins",
    SHOWN + "canaries": "GetCanary",
    SHOWN + "certificates": "GetCertificate GetTruststore",
    SHOWN + "lifecycle": "ListChangelogEntries",
    SHOWN + "logs": "GetRequest ListRequests",
    SHOWN + "people": "GetAccountSecurity",
    SHOWN + "portal_pages": "GetAudience GetPortalPage ListAudiences ListPortalPages",
    SHOWN + "products": "GetProduct ListProducts",
    SHOWN + "subscriptions": "GetSubscription ListSubscriptions",
    SHOWN + "traffic": "GetTrafficMetrics",
    SHOWN + "v2_traffic": "GetApiMetrics",
    SHOWN + "webhooks": "ListWebhookDeliveries ListWebhooks",
    DEVELOPER + "access": "AcceptApplicationInvitation CreateApplication CreateApplicationKey Subscribe Unsubscribe",
    DEVELOPER
    + "application_pages": "DeleteApplication PutApplicationKeyOrigins RevokeApplicationKey RotateApplicationKey UpdateApplication "
    "UpdateApplicationKey",
    DEVELOPER + "application_team_pages": "CreateApplicationClient DeleteApplicationClient InviteApplicationMember "
    "RemoveApplicationMember RotateApplicationClientSecret UpdateApplicationMember",
    DEVELOPER + "api_changes": "ListApplicationClients ListApplicationMembers",
    SHOWN + "applications": "GetApplication ListApplications",
}

LAMBDA: Final = {
    "function_access": "AddPermission RemovePermission",
    "function_code": "UpdateFunctionCode",
    "function_invocations": "Invoke",
    "function_page": "GetFunction GetFunctionConcurrency GetFunctionConfiguration GetPolicy ListAliases "
    "ListVersionsByFunction",
    "function_versions": "CreateAlias DeleteAlias PublishVersion UpdateAlias",
    "functions": "CreateFunction DeleteFunction DeleteFunctionConcurrency ListFunctions PutFunctionConcurrency "
    "TagResource UntagResource UpdateFunctionConfiguration",
    SHOWN + "function_page": "GetAlias ListTags",
    COVERED + "function_invocations": "InvokeWithResponseStream",
}

STS: Final = {
    PROGRAMS
    + "they ask who they are, and for keys that end": "AssumeRole GetAccessKeyInfo GetCallerIdentity GetSessionToken"
}

ACM: Final = {
    COVERED + "certificates": "DeleteCertificate DescribeCertificate GetCertificate ImportCertificate ListCertificates",
    PROGRAMS + "tags of certificates decide nothing here": "AddTagsToCertificate ListTagsForCertificate "
    "RemoveTagsFromCertificate",
}
