"""The `$context` variables that AWS documents for access logs, by kind of API: the story in which each has a value, and what that looks like.

`tests/gateway_runtime/plane/test_context_variables.py` tells the stories; docs/compatibility.md lists the table.
"""

from __future__ import annotations

_TIME = r"\d\d/Nov/\d{4}:\d\d:\d\d:\d\d \+0000|\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000"
_NUMBER = r"\d+"
_UUID = r"[0-9a-f-]{36}"
_SHORT = r"[A-Za-z0-9+/]{15}="

_OF_CERTIFICATES = {
    "identity.clientCert.clientCertPem": ("mutual TLS", "PEM"),
    "identity.clientCert.issuerDN": ("mutual TLS", "CN=authority"),
    "identity.clientCert.serialNumber": ("mutual TLS", "0a:0b"),
    "identity.clientCert.subjectDN": ("mutual TLS", "CN=alice"),
    "identity.clientCert.validity.notAfter": ("mutual TLS", "the end"),
    "identity.clientCert.validity.notBefore": ("mutual TLS", "the beginning"),
}
_OF_SIGNERS = {
    "identity.accountId": ("signed", r"\d{12}"),
    "identity.caller": ("signed", r"AIDA[A-Z0-9]+"),
    "identity.user": ("signed", r"AIDA[A-Z0-9]+"),
    "identity.userArn": ("signed", r"arn:aws:iam::\d{12}:user/alice"),
}
_OF_AUTHORIZERS = {
    "authorizer.claims.sub": ("token", "alice"),
    "authorizer.colour": ("authorizer", "green"),
    "authorizer.error": ("turned away", "Unauthorized|UNAUTHORIZED"),
    "authorizer.principalId": ("authorizer", "alice"),
}
_OF_DECISIONS = {
    "authenticate.error": ("badly signed", ".*signature.*"),
    "authenticate.latency": ("signed", _NUMBER),
    "authenticate.status": ("signed", "200"),
    "authorizer.integrationLatency": ("authorizer", "40"),
    "authorizer.integrationStatus": ("authorizer", "200"),
    "authorizer.latency": ("authorizer", "40"),
    "authorizer.requestId": ("authorizer", "asked-1"),
    "authorizer.status": ("authorizer", "200"),
}
_EVERYWHERE = {
    "accountId": ("plain", r"\d{12}"),
    "apiId": ("plain", "[a-z0-9]{10}"),
    "awsEndpointRequestId": ("plain", "theirs-1"),
    "domainName": ("plain", r"[a-z0-9]{10}\.execute-api\.localhost"),
    "domainPrefix": ("plain", "[a-z0-9]{10}"),
    "extendedRequestId": ("plain", _SHORT),
    "identity.sourceIp": ("plain", "192.0.2.7"),
    "identity.userAgent": ("plain", "a browser"),
    "integration.error": ("broken", ".*unreadable.*"),
    "integration.integrationStatus": ("plain", "200"),
    "integration.latency": ("plain", _NUMBER),
    "integration.requestId": ("plain", "theirs-1"),
    "integration.status": ("plain", "200"),
    "integrationErrorMessage": ("broken", ".*unreadable.*"),
    "integrationLatency": ("plain", _NUMBER),
    "integrationStatus": ("plain", "200"),
    "requestTime": ("plain", _TIME),
    "requestTimeEpoch": ("plain", r"\d{13}"),
    "stage": ("plain", "prod"),
    "status": ("plain", "200"),
}
_OF_HTTP = {
    "awsEndpointRequestId2": ("plain", "more-1"),
    "customDomain.basePathMatched": ("custom domain name", "v1/shop"),
    "httpMethod": ("plain", "GET"),
    "path": ("plain", "/prod/pets/7"),
    "protocol": ("plain", r"HTTP/1\.1"),
    "responseLatency": ("plain", _NUMBER),
    "responseLength": ("plain", "2"),
}
_OF_ERRORS = {
    "error.message": ("refused", "Invalid request body|Not Found|Internal server error|Forbidden"),
    "error.messageString": ("refused", '"(Invalid request body|Not Found|Internal server error|Forbidden)"'),
    "error.responseType": ("refused", "[A-Z0-9_]+"),
}

REST = {
    **_EVERYWHERE, **_OF_HTTP, **_OF_ERRORS, **_OF_CERTIFICATES, **_OF_SIGNERS, **_OF_AUTHORIZERS, **_OF_DECISIONS,
    "deploymentId": ("plain", "dep001"),
    "authorize.error": ("denied by policy", ".*"),
    "authorize.latency": ("allowed by policy", _NUMBER),
    "authorize.status": ("allowed by policy", "200"),
    "cipherSuite": ("mutual TLS", "TLS_AES_256_GCM_SHA384"),
    "error.validationErrorString": ("refused", r".*required.*"),
    "identity.apiKey": ("plain", r"\*\*\*cret"),
    "identity.apiKeyId": ("plain", "key0000001"),
    "identity.vpcId": ("private", "vpc-1"),
    "identity.vpceId": ("private", "vpce-1"),
    "integration.responseTransferMode": ("streamed", "STREAMED"),
    "integration.timeToAllHeaders": ("streamed", _NUMBER),
    "integration.timeToFirstContent": ("streamed", _NUMBER),
    "isCanaryRequest": ("plain", "false"),
    "requestId": ("plain", _UUID),
    "requestOverride.header.x-pet": ("overridden", "cat"),
    "requestOverride.path.id": ("overridden", "8"),
    "requestOverride.querystring.q": ("overridden", "1"),
    "resourceId": ("plain", "r[0-9]+"),
    "resourcePath": ("plain", r"/pets/\{id\}"),
    "responseOverride.header.x-pet": ("overridden", "dog"),
    "responseOverride.status": ("overridden", "202"),
    "tlsVersion": ("mutual TLS", r"TLSv1\.3"),
    "xrayTraceId": ("plain", "Root=1-.*"),
}  # fmt: skip

HTTP = {
    **_EVERYWHERE, **_OF_HTTP, **_OF_ERRORS, **_OF_CERTIFICATES, **_OF_SIGNERS, **_OF_AUTHORIZERS,
    "dataProcessed": ("plain", "2"),
    "requestId": ("plain", _SHORT),
    "routeKey": ("plain", r"GET /pets/\{id\}"),
}  # fmt: skip

WEBSOCKET = {
    **_EVERYWHERE, **_OF_DECISIONS, **_OF_SIGNERS,
    "authorizer.colour": ("authorizer", "green"),
    "authorizer.error": ("turned away", "Unauthorized|UNAUTHORIZED"),
    "authorizer.principalId": ("authorizer", "alice"),
    "connectedAt": ("plain", r"\d{13}"),
    "connectionId": ("plain", r"\S+"),
    "error.message": ("broken", "Internal server error"),
    "error.messageString": ("broken", '"Internal server error"'),
    "error.responseType": ("broken", "[A-Z0-9_]+"),
    "error.validationErrorString": ("refused", r".*required.*"),
    "eventType": ("plain", "MESSAGE"),
    "identity.apiKey": ("with a key", r"\*\*\*cret"),
    "identity.apiKeyId": ("with a key", "key0000001"),
    "messageId": ("plain", r"\S+"),
    "requestId": ("plain", r"\S+"),
    "routeKey": ("plain", "say"),
}  # fmt: skip

ALL = {"REST": REST, "HTTP": HTTP, "WEBSOCKET": WEBSOCKET}

_NO_FIREWALL = "no web application firewall here"
_NO_POOLS = "no identity pools of Cognito here"
WITHOUT = {
    "identity.cognitoAuthenticationProvider": _NO_POOLS,
    "identity.cognitoAuthenticationType": _NO_POOLS,
    "identity.cognitoIdentityId": _NO_POOLS,
    "identity.cognitoIdentityPoolId": _NO_POOLS,
    "identity.principalOrgId": "no organizations here",
    "waf.error": _NO_FIREWALL,
    "waf.latency": _NO_FIREWALL,
    "waf.status": _NO_FIREWALL,
    "wafResponseCode": _NO_FIREWALL,
    "webaclArn": _NO_FIREWALL,
}
"""Documented variables that always show as `-`, and why."""
