"""Gateway responses, as the real service was recorded to answer."""

from __future__ import annotations

import json
from typing import Any

from tests.conformance.sequences import Client, Open, a_rest_api, replace

TEMPLATE = """{
     "message": $context.error.messageString,
     "type":  "$context.error.responseType",
     "stage":  "$context.stage",
     "resourcePath":  "$context.resourcePath",
     "stageVariables.a":  "$stageVariables.a",
     "statusCode": "'404'"
}"""
HEADER = "gatewayresponse.header."
FROM_REQUEST = {HEADER + "x-request-header": "method.request.header.Accept"}
PARAMETERS = {
    HEADER + "Access-Control-Allow-Origin": "'a.b.c'",
    **FROM_REQUEST,
    HEADER + "x-request-path": "method.request.path.petId",
    HEADER + "x-request-query": "method.request.querystring.q",
}
NO_API = {"restApiId": "fake-api-id"}


def test_putting(api_gateway: Client, recording: Open) -> None:
    replay, (api, _) = recording("test_gateway_response_put"), a_rest_api(api_gateway)
    template, parameters = {"responseTemplates": {"application/json": TEMPLATE}}, {"responseParameters": FROM_REQUEST}

    def put(name: str, kind: str, **members: Any) -> None:
        request = {"restApiId": api, "responseType": kind, **members}
        replay.check(f"put-gateway-response-{name}", api_gateway.put_gateway_response, **request)

    kind = "MISSING_AUTHENTICATION_TOKEN"
    put("all-value", kind, statusCode="404", responseParameters=PARAMETERS, **template)
    put("status-only", kind, statusCode="404")
    put("response-parameters-only", kind, **parameters)
    put("response-templates-only", kind, **template)
    put("default-5xx", "DEFAULT_5XX", statusCode="599", **parameters, **template)
    put("default-ignored", "AUTHORIZER_FAILURE", responseParameters={HEADER + "foo": "'bar'"})
    replay.check("get-gateway-responses", api_gateway.get_gateway_responses, restApiId=api)
    replay.finish()


def test_requests_that_are_refused(api_gateway: Client, recording: Open) -> None:
    replay, (api, _) = recording("test_gateway_response_validation"), a_rest_api(api_gateway)
    replay.check("get-gateway-responses-no-api", api_gateway.get_gateway_responses, **NO_API)
    replay.check(
        "delete-gateway-response-not-set",
        api_gateway.delete_gateway_response,
        restApiId=api,
        responseType="DEFAULT_4XX",
    )
    for verb in ("get", "delete", "update", "put"):
        call = getattr(api_gateway, f"{verb}_gateway_response")
        if verb != "put":
            replay.check(f"{verb}-gateway-response-no-api", call, **NO_API, responseType="DEFAULT_4XX")
        name = f"{verb}-gateway-response-wrong-response-type"
        replay.check(name, call, restApiId=api, responseType="FAKE_RESPONSE_TYPE")
    replay.finish()


def test_patching(api_gateway: Client, recording: Open) -> None:
    replay, (api, _) = recording("test_update_gateway_response"), a_rest_api(api_gateway)
    at = {"restApiId": api, "responseType": "DEFAULT_4XX"}

    def update(name: str, *operations: dict[str, str]) -> None:
        replay.check(name, api_gateway.update_gateway_response, **at, patchOperations=list(operations))

    status = replace("/statusCode", "444")
    update("update-gateway-response-not-set", status)
    replay.check("default-get-gateway-response", api_gateway.get_gateway_response, **at)
    text = json.dumps({"application/json": '{"message":$context.error.messageString}'})
    replay.check(
        "put-gateway-response",
        api_gateway.put_gateway_response,
        **at,
        statusCode="404",
        responseParameters=PARAMETERS,
        responseTemplates={"application/json": text},
    )
    xml = (
        "<gatewayResponse><message>$context.error.messageString</message>"
        "<type>$context.error.responseType</type></gatewayResponse>"
    )
    origin = "/responseParameters/gatewayresponse.header.Access-Control-Allow-Origin"
    update(
        "update-gateway-response",
        status,
        {"op": "add", "path": "/responseTemplates/application~1xml", "value": xml},
        replace(origin, "'example.com'"),
    )
    replay.check("get-gateway-response", api_gateway.get_gateway_response, **at)
    update("update-gateway-add-status-code", {**status, "op": "add"})
    update("update-gateway-remove-status-code", {"op": "remove", "path": "/statusCode"})
    update("update-gateway-no-path", {"op": "replace", "value": "1"})
    update("update-gateway-wrong-op", {**status, "op": "wrong-op"})
    update("update-gateway-wrong-path", replace("/wrongPath", "1"))
    update("update-gateway-replace-invalid-parameter", replace("/responseParameters/wrong", "'a'"))
    update(
        "update-gateway-replace-invalid-parameter-0-none",
        {"op": "replace", "path": "/responseTemplates/application~1json"},
    )
    update("update-gateway-replace-invalid-parameter-1-none", {"op": "replace", "path": origin})
    replay.finish()
