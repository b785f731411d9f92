"""What AWS takes and refuses of the parts of HTTP and WebSocket APIs, what it fills in, and what a PATCH leaves alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from builders import a_websocket_api, an_http_api, call_v2
from issuer import Issuer

from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError
from apps.control_plane.v2.integration_subtypes import SUBTYPES

pytestmark = pytest.mark.django_db(transaction=True)

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:pets"
INVOCATION = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
ROLE = "arn:aws:iam::123456789012:role/pets"
PROXY = {
    "IntegrationType": "HTTP_PROXY",
    "IntegrationMethod": "GET",
    "IntegrationUri": "https://example.com",
    "PayloadFormatVersion": "1.0",
}
CALLED = {"IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION, "PayloadFormatVersion": "2.0"}


@pytest.fixture(autouse=True)
def _valkey(valkey: redis.Redis) -> None:
    """Changes are announced."""


@pytest.fixture(autouse=True, scope="module")
def issuer() -> Iterator[Issuer]:
    """Who issues the tokens of JWT authorizers is asked when they are made."""
    with ISSUER:
        yield ISSUER


@pytest.fixture
def http(caller: Caller) -> str:
    return an_http_api(caller)


@pytest.fixture
def chat(caller: Caller) -> str:
    return a_websocket_api(caller)


def refusal(caller: Caller, operation: str, **request: Any) -> str:
    """The code and the words of a refusal."""
    with pytest.raises(AwsError) as refused:
        call_v2(caller, operation, **request)
    return f"{refused.value.code}: {refused.value.message}"


# APIs ---------------------------------------------------------------------------------------------------------------


def test_a_new_http_api_has_awss_defaults(caller: Caller, http: str) -> None:
    api = call_v2(caller, "GetApi", ApiId=http)

    del api["CreatedDate"]
    assert api == {
        "ApiEndpoint": f"https://{http}.execute-api.us-east-1.amazonaws.com",
        "ApiId": http,
        "ApiKeySelectionExpression": "$request.header.x-api-key",
        "DisableExecuteApiEndpoint": False,
        "IpAddressType": "ipv4",
        "Name": "pets",
        "ProtocolType": "HTTP",
        "RouteSelectionExpression": "$request.method $request.path",
        "Tags": {},
    }


def test_a_websocket_api_needs_a_route_selection_expression(caller: Caller) -> None:
    answer = refusal(caller, "CreateApi", Name="chat", ProtocolType="WEBSOCKET")

    assert "A route selection expression is required" in answer


@pytest.mark.parametrize(
    "members",
    [
        {"ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.a", "Target": "https://example.com"},
        {"ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.a", "CorsConfiguration": {}},
        {"ProtocolType": "HTTP", "RouteSelectionExpression": "$request.body.action"},
        {"ProtocolType": "HTTP", "DisableSchemaValidation": True},
        {"ProtocolType": "HTTP", "RouteKey": "GET /pets"},
        {"ProtocolType": "HTTP", "Target": "somewhere"},
        {"ProtocolType": "HTTP", "Name": "x" * 129},
        {"ProtocolType": "HTTP", "ApiKeySelectionExpression": "$request.header.key"},
        {"ProtocolType": "GRPC"},
    ],
)
def test_apis_that_are_refused(caller: Caller, members: dict[str, Any]) -> None:
    assert refusal(caller, "CreateApi", **{"Name": "pets", **members}).startswith("BadRequestException")
    assert call_v2(caller, "GetApis")["Items"] == []


def test_a_patch_of_an_api_leaves_alone_what_it_does_not_name(caller: Caller) -> None:
    api = an_http_api(caller, Description="all", Version="7", CorsConfiguration={"AllowOrigins": ["*"], "MaxAge": 5})

    call_v2(caller, "UpdateApi", ApiId=api, Name="cats", Version="")
    found = call_v2(caller, "UpdateApi", ApiId=api, CorsConfiguration={"AllowOrigins": ["https://example.com"]})

    assert (found["Name"], found["Description"], found.get("Version")) == ("cats", "all", None)
    assert found["CorsConfiguration"] == {"AllowOrigins": ["https://example.com"]}


def test_quick_create_can_be_aimed_elsewhere(caller: Caller) -> None:
    api = an_http_api(caller, Target="https://example.com")

    call_v2(caller, "UpdateApi", ApiId=api, Target=FUNCTION, RouteKey="GET /pets", CredentialsArn=ROLE)

    (integration,) = call_v2(caller, "GetIntegrations", ApiId=api)["Items"]
    (route,) = call_v2(caller, "GetRoutes", ApiId=api)["Items"]
    assert (integration["IntegrationType"], integration["IntegrationUri"]) == ("AWS_PROXY", FUNCTION)
    assert (integration["CredentialsArn"], route["RouteKey"]) == (ROLE, "GET /pets")
    assert "quick create" in refusal(caller, "UpdateApi", ApiId=an_http_api(caller), Target=FUNCTION)


def test_what_quick_create_made_is_managed(caller: Caller) -> None:
    api = an_http_api(caller, Target="https://example.com")
    (integration,) = call_v2(caller, "GetIntegrations", ApiId=api)["Items"]
    (route,) = call_v2(caller, "GetRoutes", ApiId=api)["Items"]
    at = {"ApiId": api, "IntegrationId": integration["IntegrationId"]}

    assert (integration["ApiGatewayManaged"], route["ApiGatewayManaged"]) == (True, True)
    assert "managed by API Gateway" in refusal(caller, "DeleteIntegration", **at)
    assert "managed by API Gateway" in refusal(
        caller, "UpdateRoute", ApiId=api, RouteId=route["RouteId"], RouteKey="GET /pets"
    )
    assert call_v2(caller, "UpdateIntegration", **at, TimeoutInMillis=1000)["TimeoutInMillis"] == 1000


def test_pages_of_apis_end(caller: Caller) -> None:
    made = {an_http_api(caller) for _ in range(3)}

    first = call_v2(caller, "GetApis", MaxResults="2")
    rest = call_v2(caller, "GetApis", MaxResults="2", NextToken=first["NextToken"])

    assert {api["ApiId"] for api in [*first["Items"], *rest["Items"]]} == made
    assert "NextToken" not in rest
    for wrong in ({"MaxResults": "0"}, {"MaxResults": "many"}, {"MaxResults": "9" * 40}, {"NextToken": "nothing"}):
        assert refusal(caller, "GetApis", **wrong).startswith("BadRequestException: Invalid ")


# Integrations -------------------------------------------------------------------------------------------------------


def test_a_new_integration_has_awss_defaults(caller: Caller, http: str, chat: str) -> None:
    function = call_v2(caller, "CreateIntegration", ApiId=http, **CALLED)
    answering = call_v2(caller, "CreateIntegration", ApiId=chat, IntegrationType="AWS", IntegrationUri=INVOCATION)

    assert function == {
        **CALLED,
        "ConnectionType": "INTERNET",
        "IntegrationId": function["IntegrationId"],
        "IntegrationMethod": "POST",
        "TimeoutInMillis": 30_000,
    }
    assert (answering["TimeoutInMillis"], answering["PassthroughBehavior"]) == (29_000, "WHEN_NO_MATCH")
    assert answering["IntegrationResponseSelectionExpression"] == "${integration.response.body.errorMessage}"


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (
            {"IntegrationType": "AWS", "IntegrationUri": FUNCTION},
            "Currently, an API with a protocol type of HTTP may only be associated with proxy integrations (AWS_PROXY, HTTP_PROXY)",
        ),
        ({**CALLED, "PayloadFormatVersion": None}, "PayloadFormatVersion is a required parameter for integration"),
        ({**PROXY, "PayloadFormatVersion": "2.0"}, "not supported for integrations of this type"),
        ({**PROXY, "IntegrationUri": "ftp://example.com"}, "Invalid HTTP endpoint"),
        ({**PROXY, "IntegrationMethod": None}, "HttpMethod must be specified"),
        ({**PROXY, "IntegrationMethod": "FETCH"}, "Invalid HTTP method"),
        ({**CALLED, "IntegrationUri": "https://example.com"}, "Invalid integration URI"),
        ({**PROXY, "RequestTemplates": {"a": "b"}}, "only supported for WEBSOCKET APIs"),
        ({**PROXY, "ConnectionType": "VPC_LINK"}, "ConnectionId is required"),
        ({**PROXY, "ConnectionType": "VPC_LINK", "ConnectionId": "none"}, "Invalid connection ID"),
        ({**PROXY, "ConnectionId": "one"}, "ConnectionId can only be specified"),
        ({**PROXY, "TlsConfig": {"ServerNameToVerify": "a"}}, "private integrations"),
        ({**CALLED, "CredentialsArn": "me"}, "Invalid ARN"),
        ({"IntegrationType": "AWS_PROXY", "IntegrationSubtype": "S3-PutObject"}, "Invalid integration subtype"),
        (
            {"IntegrationType": "AWS_PROXY", "IntegrationSubtype": "SQS-SendMessage"},
            "Parameter: MessageBody is required",
        ),
    ],
)
def test_integrations_that_http_apis_refuse(caller: Caller, http: str, members: dict[str, Any], words: str) -> None:
    given = {name: value for name, value in members.items() if value is not None}

    answer = refusal(caller, "CreateIntegration", ApiId=http, **given)

    assert answer.startswith("BadRequestException")
    assert words in answer


@pytest.mark.parametrize("subtype", sorted(SUBTYPES))
def test_every_subtype_takes_its_arguments_and_no_other(caller: Caller, http: str, subtype: str) -> None:
    arguments = dict.fromkeys([*SUBTYPES[subtype].required, *SUBTYPES[subtype].optional], "$request.body.x")
    request = {"ApiId": http, "IntegrationType": "AWS_PROXY", "IntegrationSubtype": subtype, "CredentialsArn": ROLE}

    made = call_v2(caller, "CreateIntegration", **request, RequestParameters=arguments)

    assert (made["PayloadFormatVersion"], made["RequestParameters"]) == ("1.0", arguments)
    for name in SUBTYPES[subtype].required:
        fewer = {key: value for key, value in arguments.items() if key != name}
        assert f"Parameter: {name}" in refusal(caller, "CreateIntegration", **request, RequestParameters=fewer)
    more = {**arguments, "Nothing": "x"}
    assert "Parameter: Nothing" in refusal(caller, "CreateIntegration", **request, RequestParameters=more)


def test_maps_of_an_integration_change_key_by_key(caller: Caller, http: str) -> None:
    made = call_v2(
        caller,
        "CreateIntegration",
        ApiId=http,
        **PROXY,
        RequestParameters={"append:header.a": "1", "append:header.b": "2"},
        ResponseParameters={"200": {"append:header.a": "1"}, "404": {"overwrite:statuscode": "410"}},
    )

    found = call_v2(
        caller,
        "UpdateIntegration",
        ApiId=http,
        IntegrationId=made["IntegrationId"],
        RequestParameters={"append:header.b": "", "append:header.c": "3"},
        ResponseParameters={"200": {"append:header.x": "9"}, "404": {}},
    )

    assert found["RequestParameters"] == {"append:header.a": "1", "append:header.c": "3"}
    assert found["ResponseParameters"] == {"200": {"append:header.x": "9"}}


def test_an_integration_stays_while_routes_lead_to_it(caller: Caller) -> None:
    api = an_http_api(caller, "GET /pets")
    (route,) = call_v2(caller, "GetRoutes", ApiId=api)["Items"]
    integration = route["Target"].removeprefix("integrations/")

    answer = refusal(caller, "DeleteIntegration", ApiId=api, IntegrationId=integration)

    assert answer == (
        "ConflictException: Cannot delete Integration because it is referenced by the following Routes with Ids: "
        f"[{route['RouteId']}]"
    )


def test_integration_responses_are_for_websocket_apis(caller: Caller, http: str, chat: str) -> None:
    made = call_v2(caller, "CreateIntegration", ApiId=http, **PROXY)["IntegrationId"]
    at = {"ApiId": http, "IntegrationId": made, "IntegrationResponseKey": "$default"}
    assert "only supported for WEBSOCKET APIs" in refusal(caller, "CreateIntegrationResponse", **at)

    mock = call_v2(caller, "CreateIntegration", ApiId=chat, IntegrationType="MOCK")["IntegrationId"]
    for key in ("/(/", "400", "//"):
        at = {"ApiId": chat, "IntegrationId": mock, "IntegrationResponseKey": key}
        assert "Invalid integration response key" in refusal(caller, "CreateIntegrationResponse", **at)


# Routes -------------------------------------------------------------------------------------------------------------


def test_a_new_route_has_awss_defaults(caller: Caller, http: str) -> None:
    route = call_v2(caller, "CreateRoute", ApiId=http, RouteKey="GET /pets")

    assert len(route.pop("RouteId")) == 7
    assert route == {"ApiKeyRequired": False, "AuthorizationType": "NONE", "RouteKey": "GET /pets"}


def test_a_route_key_stands_once(caller: Caller) -> None:
    api = an_http_api(caller, "GET /pets")

    answer = refusal(caller, "CreateRoute", ApiId=api, RouteKey="GET /pets")

    assert answer == "ConflictException: Route with key GET /pets already exists for this API"


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"AuthorizationType": "JWT"}, "Setting the authorization type to JWT requires a valid JWT authorizer."),
        ({"AuthorizationType": "CUSTOM"}, "Invalid authorizer ID specified."),
        ({"AuthorizationType": "JWT", "AuthorizerId": "nobody"}, "Invalid authorizer ID specified."),
        ({"AuthorizationScopes": ["a"]}, "scopes"),
        ({"Target": "integrations/none"}, "Invalid target"),
        ({"Target": "https://example.com"}, "Invalid target"),
        ({"ApiKeyRequired": True}, "only supported for WEBSOCKET APIs"),
        ({"RequestModels": {"a": "b"}}, "only supported for WEBSOCKET APIs"),
        ({"RouteResponseSelectionExpression": "$default"}, "only supported for WEBSOCKET APIs"),
    ],
)
def test_routes_that_http_apis_refuse(caller: Caller, http: str, members: dict[str, Any], words: str) -> None:
    assert words in refusal(caller, "CreateRoute", ApiId=http, RouteKey="GET /pets", **members)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"RouteKey": "say", "AuthorizationType": "AWS_IAM"}, "Only the $connect route"),
        ({"RouteKey": "say", "RouteResponseSelectionExpression": "$other"}, "Only $default is supported"),
        ({"RouteKey": "say", "RequestModels": {"a": "Pet"}}, "model selection expression is required"),
        (
            {"RouteKey": "say", "RequestModels": {"a": "Pet"}, "ModelSelectionExpression": "$request.body.kind"},
            "Invalid model name",
        ),
        ({"RouteKey": "say", "RequestParameters": {"a": {"Required": True}}}, "Invalid request parameter"),
        ({"RouteKey": "$other"}, "must be one of"),
    ],
)
def test_routes_that_websocket_apis_refuse(caller: Caller, chat: str, members: dict[str, Any], words: str) -> None:
    assert words in refusal(caller, "CreateRoute", ApiId=chat, **members)


def test_a_route_that_is_open_again_lets_its_authorizer_go(caller: Caller, http: str) -> None:
    authorizer = call_v2(caller, "CreateAuthorizer", ApiId=http, **JWT)["AuthorizerId"]
    guarded = {"AuthorizationType": "JWT", "AuthorizerId": authorizer, "AuthorizationScopes": ["read"]}
    route = call_v2(caller, "CreateRoute", ApiId=http, RouteKey="GET /pets", **guarded)
    at = {"ApiId": http, "AuthorizerId": authorizer}
    assert refusal(caller, "DeleteAuthorizer", **at) == (
        "ConflictException: Cannot delete authorizer 'people', is referenced in route: GET /pets"
    )

    call_v2(
        caller, "UpdateRoute", ApiId=http, RouteId=route["RouteId"], AuthorizationType="NONE", AuthorizationScopes=[]
    )

    assert call_v2(caller, "DeleteAuthorizer", **at) == {}


# Authorizers --------------------------------------------------------------------------------------------------------

ISSUER = Issuer()
JWT = {
    "Name": "people",
    "AuthorizerType": "JWT",
    "IdentitySource": ["$request.header.Authorization"],
    "JwtConfiguration": {"Issuer": ISSUER.url, "Audience": ["pets"]},
}
LAMBDA = {
    "Name": "checked",
    "AuthorizerType": "REQUEST",
    "AuthorizerUri": INVOCATION,
    "AuthorizerPayloadFormatVersion": "2.0",
    "IdentitySource": ["$request.header.Authorization"],
}


def test_a_lambda_authorizer_caches_for_five_minutes_unless_it_says_otherwise(caller: Caller, http: str) -> None:
    made = call_v2(caller, "CreateAuthorizer", ApiId=http, **LAMBDA)
    without = call_v2(caller, "CreateAuthorizer", ApiId=http, **{**LAMBDA, "Name": "other", "IdentitySource": []})

    assert (made["AuthorizerResultTtlInSeconds"], without["AuthorizerResultTtlInSeconds"]) == (300, 0)
    assert made["EnableSimpleResponses"] is False


@pytest.mark.parametrize(
    "members",
    [
        {**JWT, "IdentitySource": []},
        {**JWT, "IdentitySource": ["$request.header.A", "$request.header.B"]},
        {**JWT, "IdentitySource": ["Authorization"]},
        {**JWT, "JwtConfiguration": {"Audience": ["pets"]}},
        {**JWT, "JwtConfiguration": {"Issuer": "http://issuer.example.com", "Audience": ["pets"]}},
        {**JWT, "JwtConfiguration": {"Issuer": "https://issuer.example.com"}},
        {**JWT, "JwtConfiguration": {"Issuer": "https://issuer.example.com", "Audience": ["a"] * 51}},
        {**JWT, "AuthorizerUri": INVOCATION},
        {**LAMBDA, "AuthorizerUri": FUNCTION},
        {**LAMBDA, "AuthorizerPayloadFormatVersion": "3.0"},
        {**LAMBDA, "AuthorizerPayloadFormatVersion": "1.0", "EnableSimpleResponses": True},
        {**LAMBDA, "IdentitySource": ["route.request.header.Authorization"]},
        {**LAMBDA, "IdentitySource": [], "AuthorizerResultTtlInSeconds": 60},
        {**LAMBDA, "JwtConfiguration": JWT["JwtConfiguration"]},
        {**LAMBDA, "AuthorizerResultTtlInSeconds": 3601},
    ],
)
def test_authorizers_that_http_apis_refuse(caller: Caller, http: str, members: dict[str, Any]) -> None:
    assert refusal(caller, "CreateAuthorizer", ApiId=http, **members).startswith("BadRequestException")


@pytest.mark.parametrize(
    "document", [{"issuer": "https://elsewhere.example.com", "jwks_uri": "https://elsewhere.example.com/keys"}, b"none"]
)
def test_an_issuer_has_to_show_its_discovery_document(
    caller: Caller, http: str, issuer: Issuer, document: bytes | dict[str, str]
) -> None:
    issuer.documents["/.well-known/openid-configuration"] = document

    answer = refusal(caller, "CreateAuthorizer", ApiId=http, **JWT)

    issuer.documents.clear()
    assert answer == (
        f"BadRequestException: Caught exception when connecting to {issuer.url}/.well-known/openid-configuration for issuer "
        f"{issuer.url}. Please try again later. Error: Invalid issuer: {issuer.url}. Issuer must have a valid discovery endpoint "
        "ended with '/.well-known/openid-configuration'"
    )


def test_an_issuer_is_asked_again_only_when_it_is_named(caller: Caller, http: str, issuer: Issuer) -> None:
    made = call_v2(caller, "CreateAuthorizer", ApiId=http, **JWT)
    issuer.requests.clear()

    call_v2(caller, "UpdateAuthorizer", ApiId=http, AuthorizerId=made["AuthorizerId"], Name="guests")

    assert issuer.requests == []


def test_authorizers_of_websocket_apis_are_functions_with_sources_of_their_own(caller: Caller, chat: str) -> None:
    function = {
        "Name": "checked",
        "AuthorizerType": "REQUEST",
        "AuthorizerUri": INVOCATION,
        "IdentitySource": ["route.request.querystring.token"],
    }

    assert "only supported for HTTP APIs" in refusal(caller, "CreateAuthorizer", ApiId=chat, **JWT)
    assert "only supported for HTTP APIs" in refusal(
        caller, "CreateAuthorizer", ApiId=chat, **function, AuthorizerPayloadFormatVersion="2.0"
    )
    assert call_v2(caller, "CreateAuthorizer", ApiId=chat, **function)["IdentitySource"] == function["IdentitySource"]


# Stages -------------------------------------------------------------------------------------------------------------

LOGS = {"DestinationArn": "arn:aws:logs:us-east-1:123456789012:log-group:pets", "Format": "$context.requestId"}


def test_a_new_stage_has_awss_defaults(caller: Caller, http: str, chat: str) -> None:
    stage = call_v2(caller, "CreateStage", ApiId=http, StageName="prod")

    del stage["CreatedDate"], stage["LastUpdatedDate"]
    assert stage == {
        "AutoDeploy": False,
        "DefaultRouteSettings": {"DetailedMetricsEnabled": False},
        "RouteSettings": {},
        "StageName": "prod",
        "StageVariables": {},
        "Tags": {},
    }
    settings = call_v2(caller, "CreateStage", ApiId=chat, StageName="prod")["DefaultRouteSettings"]
    assert settings == {"DataTraceEnabled": False, "DetailedMetricsEnabled": False, "LoggingLevel": "OFF"}


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"StageName": "a b"}, "Stage name only allows"),
        ({"StageName": "x" * 129}, "at most 128"),
        ({"DeploymentId": "none"}, "NotFoundException"),
        ({"AutoDeploy": True, "DeploymentId": "none"}, "NotFoundException"),
        (
            {"RouteSettings": {"GET /none": {}}},
            "Unable to find Route by key GET /none within the provided RouteSettings",
        ),
        ({"DefaultRouteSettings": {"LoggingLevel": "INFO"}}, "Execution logs are not supported on protocol type HTTP"),
        ({"DefaultRouteSettings": {"ThrottlingBurstLimit": -1}}, "must not be negative"),
        ({"AccessLogSettings": {"Format": "$context.requestId"}}, "Both a destination"),
        ({"AccessLogSettings": {**LOGS, "DestinationArn": "arn:aws:s3:::logs"}}, "Invalid ARN"),
        ({"AccessLogSettings": {**LOGS, "Format": "nothing"}}, "$context.requestId"),
        ({"ClientCertificateId": "abc123"}, "only supported for WEBSOCKET APIs"),
        ({"StageVariables": {"a b": "c"}}, "Invalid stage variable name"),
    ],
)
def test_stages_that_are_refused(caller: Caller, http: str, members: dict[str, Any], words: str) -> None:
    assert words in refusal(caller, "CreateStage", **{"ApiId": http, "StageName": "prod", **members})
    assert call_v2(caller, "GetStages", ApiId=http)["Items"] == []


def test_a_websocket_api_has_no_default_stage(caller: Caller, chat: str) -> None:
    assert "only supported for HTTP APIs" in refusal(caller, "CreateStage", ApiId=chat, StageName="$default")


def test_settings_of_a_stage_change_member_by_member(caller: Caller) -> None:
    api = an_http_api(caller, "GET /pets", "GET /cats")
    at = {"ApiId": api, "StageName": "prod"}
    call_v2(
        caller,
        "CreateStage",
        **at,
        StageVariables={"a": "1", "b": "2"},
        DefaultRouteSettings={"ThrottlingBurstLimit": 5},
        RouteSettings={"GET /pets": {"ThrottlingBurstLimit": 1}},
        AccessLogSettings=LOGS,
    )

    found = call_v2(
        caller,
        "UpdateStage",
        **at,
        StageVariables={"b": ""},
        DefaultRouteSettings={"ThrottlingRateLimit": 2.0},
        RouteSettings={"GET /cats": {"ThrottlingBurstLimit": 2}},
        AccessLogSettings={"Format": "$context.requestId $context.status"},
    )

    assert found["StageVariables"] == {"a": "1"}
    assert found["DefaultRouteSettings"] == {
        "DetailedMetricsEnabled": False,
        "ThrottlingBurstLimit": 5,
        "ThrottlingRateLimit": 2.0,
    }
    assert sorted(found["RouteSettings"]) == ["GET /cats", "GET /pets"]
    assert found["AccessLogSettings"]["DestinationArn"] == LOGS["DestinationArn"]


def test_a_deployment_stays_while_a_stage_points_at_it(caller: Caller) -> None:
    api = an_http_api(caller, "GET /pets")
    deployment = call_v2(caller, "CreateDeployment", ApiId=api)["DeploymentId"]
    call_v2(caller, "CreateStage", ApiId=api, StageName="prod", DeploymentId=deployment)

    assert "Active stages" in refusal(caller, "DeleteDeployment", ApiId=api, DeploymentId=deployment)


# Models -------------------------------------------------------------------------------------------------------------


def test_a_model_stays_while_a_route_refers_to_it(caller: Caller, chat: str, http: str) -> None:
    model = call_v2(caller, "CreateModel", ApiId=chat, Name="Pet", Schema='{"type": "object"}')["ModelId"]
    models = {"ModelSelectionExpression": "$request.body.kind", "RequestModels": {"pet": "Pet"}}
    call_v2(caller, "CreateRoute", ApiId=chat, RouteKey="say", **models)

    assert "is referenced in route: say" in refusal(caller, "DeleteModel", ApiId=chat, ModelId=model)
    assert "is referenced in route" in refusal(caller, "UpdateModel", ApiId=chat, ModelId=model, Name="Cat")
    assert "only supported for WEBSOCKET APIs" in refusal(caller, "CreateModel", ApiId=http, Name="Pet", Schema="{}")
