"""Which patches each entity of V1 takes, after the tables of AWS's API reference ("Patch Operations") and what its clients send.

A row has a value for each operation that its path supports; what a row leaves out is refused. `before` makes what they need.
"""

from __future__ import annotations

from typing import NamedTuple

Patch = dict[str, str]


class Row(NamedTuple):
    """A path. An operation without a value of its own (`remove`) has an empty one."""

    path: str
    add: str | None = None
    replace: str | None = None
    remove: str | None = None
    copy: str | None = None
    before: tuple[Patch, ...] = ()


def _made(path: str, value: str = "", op: str = "add") -> tuple[Patch, ...]:
    return ({"op": op, "path": path, "value": value},)


def entry(path: str, value: str) -> Row:
    """A map's entry."""
    return Row(path, add=value, replace=value, remove="", before=_made(path, value))


ROLE = "arn:aws:iam::123456789012:role/gateway"
POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_b"
OTHER_CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/two"
OTHER_BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/b/50dc6c495c0c9199"
LOG_GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:calls"
SETTINGS = {
    "metrics/enabled": "true", "logging/loglevel": "INFO", "logging/dataTrace": "true", "throttling/burstLimit": "5",
    "throttling/rateLimit": "5", "caching/enabled": "true", "caching/ttlInSeconds": "60", "caching/dataEncrypted": "true",
    "caching/requireAuthorizationForCacheControl": "false",
    "caching/unauthorizedCacheControlHeaderStrategy": "FAIL_WITH_403",
}  # fmt: skip
COVERED = "/apiStages/{api}:prod/throttle/~1animals/GET"
CANARY = _made("/canarySettings/percentTraffic", "0.0", "replace")
OVERRIDE = _made("/canarySettings/stageVariableOverrides/color", "red", "replace")
TRUSTSTORE = _made("/mutualTlsAuthentication/truststoreUri", "s3://bucket/key.pem", "replace")

PATCHES: dict[str, tuple[Row, ...]] = {
    "UpdateAccount": (
        Row("/cloudwatchRoleArn", replace=ROLE),
        Row("/features", add="UsagePlans"),
    ),
    "UpdateApiKey": (
        Row("/name", replace="mine"),
        Row("/description", replace="ours"),
        Row("/enabled", replace="false"),
        Row("/customerId", replace="c-1"),
        Row("/stages", add="{api}/prod", remove="{api}/prod"),
    ),
    "UpdateAuthorizer": (
        Row("/authType", replace="mine"),
        Row("/authorizerResultTtlInSeconds", replace="60"),
        Row("/identitySource", add="method.request.header.A", replace="method.request.header.A"),
        Row("/identityValidationExpression", replace="a.*"),
        Row("/name", replace="others"),
        Row("/providerARNs", add=POOL, remove=POOL),
        Row("/type", replace="COGNITO_USER_POOLS"),
    ),
    "UpdateBasePathMapping": (
        Row("/basePath", replace="animals"),
        Row("/restapiId", replace="{api}"),
        Row("/stage", replace="prod"),
    ),
    "UpdateClientCertificate": (Row("/description", replace="ours"),),
    "UpdateDeployment": (Row("/description", replace="ours"),),
    "UpdateDocumentationPart": (Row("/properties", replace="{}"),),
    "UpdateDocumentationVersion": (Row("/description", replace="ours"),),
    "UpdateDomainName": (
        Row("/certificateArn", add=OTHER_CERTIFICATE, replace=OTHER_CERTIFICATE),
        Row("/certificateName", add="two", replace="two"),
        Row("/securityPolicy", add="TLS_1_2", replace="TLS_1_2"),
        Row("/endpointConfiguration/ipAddressType", add="dualstack", replace="dualstack"),
        Row("/routingMode", replace="BASE_PATH_MAPPING_ONLY"),
    ),
    "UpdateGatewayResponse": (
        Row("/statusCode", replace="418"),
        entry("/responseParameters/gatewayresponse.header.A", "'a'"),
        entry("/responseTemplates/text~1plain", "no"),
    ),
    "UpdateIntegration": (
        Row("/cacheKeyParameters/method.request.header.a", add="", remove=""),
        Row("/cacheNamespace", replace="mine"),
        Row("/connectionId", replace="link"),
        Row("/connectionType", replace="INTERNET"),
        Row("/contentHandling", replace="CONVERT_TO_TEXT"),
        Row("/credentials", replace=ROLE),
        Row("/httpMethod", replace="POST"),
        Row("/passthroughBehavior", replace="NEVER"),
        Row("/responseTransferMode", replace="BUFFERED"),
        Row("/timeoutInMillis", replace="500"),
        Row("/uri", replace="http://a.example"),
        Row("/tlsConfig/insecureSkipVerification", add="true", replace="true"),
        entry("/requestParameters/integration.request.header.a", "'a'"),
        entry("/requestTemplates/text~1plain", "$input.body"),
    ),
    "UpdateIntegrationResponse": (
        Row("/contentHandling", replace="CONVERT_TO_TEXT"),
        Row("/selectionPattern", replace="2.."),
        entry("/responseParameters/method.response.header.a", "'a'"),
        entry("/responseTemplates/text~1plain", "$input.body"),
    ),
    "UpdateMethod": (
        Row("/apiKeyRequired", replace="true"),
        Row("/authorizationType", replace="AWS_IAM"),
        Row("/authorizationScopes", add="read", remove="read"),
        Row("/authorizerId", replace="{authorizer}"),
        Row("/operationName", replace="list"),
        Row("/requestValidatorId", replace="{validator}"),
        entry("/requestModels/application~1json", "Pet"),
        entry("/requestParameters/method.request.header.b", "true"),
    ),
    "UpdateMethodResponse": (
        entry("/responseModels/application~1json", "Pet"),
        entry("/responseParameters/method.response.header.b", "true"),
    ),
    "UpdateModel": (
        Row("/description", replace="ours"),
        Row("/schema", replace='{"type": "object"}'),
    ),
    "UpdateRequestValidator": (
        Row("/name", replace="others"),
        Row("/validateRequestBody", replace="true"),
        Row("/validateRequestParameters", replace="true"),
    ),
    "UpdateResource": (
        Row("/parentId", replace="{root}"),
        Row("/pathPart", replace="beasts"),
    ),
    "UpdateRestApi": (
        Row("/apiKeySource", replace="AUTHORIZER"),
        Row("/binaryMediaTypes/image~1png", add="", replace="image/gif", remove=""),
        Row("/description", replace="ours", remove=""),
        Row("/disableExecuteApiEndpoint", replace="true"),
        Row("/endpointConfiguration/types/EDGE", replace="REGIONAL"),
        Row("/endpointConfiguration/ipAddressType", replace="dualstack"),
        Row("/endpointConfiguration/vpcEndpointIds", add="vpce-1", remove="vpce-1",
            before=_made("/endpointConfiguration/types/EDGE", "PRIVATE", "replace")),
        Row("/minimumCompressionSize", replace="1024"),
        Row("/name", replace="animals"),
        Row("/policy", replace='{"Version": "2012-10-17", "Statement": []}'),
        Row("/securityPolicy", replace="TLS_1_2"),
    ),
    "UpdateStage": (
        Row("/accessLogSettings", remove=""),
        entry("/accessLogSettings/destinationArn", LOG_GROUP),
        entry("/accessLogSettings/format", "$context.requestId"),
        Row("/cacheClusterEnabled", replace="false"),
        Row("/cacheClusterSize", replace="0.5"),
        Row("/canarySettings", remove="", before=CANARY),
        Row("/canarySettings/deploymentId", replace="{deployment}"),
        Row("/canarySettings/percentTraffic", replace="0.0"),
        Row("/canarySettings/stageVariableOverrides", remove="", before=OVERRIDE),
        Row("/canarySettings/stageVariableOverrides/color", replace="red", remove="", before=OVERRIDE),
        Row("/canarySettings/useStageCache", replace="true"),
        Row("/deploymentId", replace="{deployment}", copy="/canarySettings/deploymentId", before=CANARY),
        Row("/description", replace="ours"),
        Row("/documentationVersion", replace="v1"),
        Row("/tracingEnabled", replace="false"),
        Row("/variables", copy="/canarySettings/stageVariableOverrides", before=CANARY),
        entry("/variables/size", "small"),
        *(Row(f"/*/*/{member}", add=value, replace=value) for member, value in SETTINGS.items()),
        Row("/*/*", remove="", before=_made("/*/*/metrics/enabled", "true", "replace")),
        *(Row(f"/~1animals/GET/{member}", add=value, replace=value) for member, value in SETTINGS.items()),
        Row("/~1animals/GET", remove="", before=_made("/~1animals/GET/metrics/enabled", "true", "replace")),
    ),
    "UpdateUsage": (Row("/remaining", replace="3"),),
    "UpdateUsagePlan": (
        Row("/apiStages", add="{api}:prod", remove="{api}:prod"),
        Row(COVERED, remove="", before=_made(f"{COVERED}/rateLimit", "5", "replace")),
        Row(f"{COVERED}/burstLimit", add="5", replace="5"),
        Row(f"{COVERED}/rateLimit", add="5", replace="5"),
        Row("/description", replace="ours"),
        Row("/name", replace="bronze"),
        Row("/productCode", add="p", replace="p", remove=""),
        Row("/quota", remove=""),
        Row("/quota/limit", add="5", replace="5"),
        Row("/quota/offset", add="0", replace="0"),
        Row("/quota/period", add="WEEK", replace="WEEK"),
        Row("/throttle", remove=""),
        Row("/throttle/burstLimit", add="5", replace="5"),
        Row("/throttle/rateLimit", add="5", replace="5"),
    ),
    "UpdateVpcLink": (
        Row("/description", replace="ours"),
        Row("/name", replace="outdoors"),
    ),
}  # fmt: skip
