"""Small worlds made through the operations, for any test: an API, a stage of it, a plan and a key.

api = a_rest_api(caller, {"/pets/{petId}": {"GET": http("http://127.0.0.1:9000/pets/{petId}")}})
stage = a_stage(caller, api)
plan, key = a_plan(caller, (api, stage)), a_key(caller)
subscribe(caller, plan, key)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from apps.accounts.models import Account, Membership, User
from apps.control_plane import registry
from apps.control_plane.caller import Caller
from apps.control_plane.errors import AwsError
from apps.deployments.models import ConfigurationSection

Shape = dict[str, Any]
Methods = Mapping[str, Shape]


def a_caller(account_id: str = "123456789012", region: str = "us-east-1") -> Caller:
    """The owner of an account, which is created when there is none."""
    Account.objects.get_or_create(id=account_id, defaults={"name": f"Account {account_id}"})
    return Caller(account_id=account_id, region=region, principal=f"arn:aws:iam::{account_id}:user/owner", via="seed")


def a_member(account: Account, name: str, role: str) -> Caller:
    """Somebody in the account, who acts by the console."""
    user = User.objects.create_user(name, f"{name}@example.com")
    Membership.objects.create(user=user, account=account, role=role)
    principal = f"arn:aws:iam::{account.id}:user/{name}"
    return Caller(account_id=account.id, region="us-east-1", principal=principal, via="console", role=role)


def call(caller: Caller, operation: str, /, **request: Any) -> Shape:
    """An operation of V1."""
    return registry.call(caller, "apigateway", operation, request)


def ours(caller: Caller, operation: str, /, **request: Any) -> Shape:
    """An operation of our own."""
    return registry.call(caller, "gatehouse", operation, request)


def call_v2(caller: Caller, operation: str, /, **request: Any) -> Shape:
    """An operation of V2."""
    return registry.call(caller, "apigatewayv2", operation, request)


def refusal_v2(caller: Caller, operation: str, /, **request: Any) -> str:
    """How an operation of V2 is refused: its code and its words."""
    with pytest.raises(AwsError) as refused:
        call_v2(caller, operation, **request)
    return f"{refused.value.code}: {refused.value.message}"


def an_http_api(caller: Caller, *routes: str, target: str = "https://example.com", **members: Any) -> str:
    """The id of a new HTTP API with these routes, which all lead to `target`."""
    api_id: str = call_v2(caller, "CreateApi", **{"Name": "pets", "ProtocolType": "HTTP", **members})["ApiId"]
    proxy = {"IntegrationType": "HTTP_PROXY", "IntegrationMethod": "ANY", "PayloadFormatVersion": "1.0"}
    if routes:
        made = call_v2(caller, "CreateIntegration", ApiId=api_id, IntegrationUri=target, **proxy)["IntegrationId"]
        for key in routes:
            call_v2(caller, "CreateRoute", ApiId=api_id, RouteKey=key, Target=f"integrations/{made}")
    return api_id


def a_websocket_api(caller: Caller, **members: Any) -> str:
    """The id of a new WebSocket API without routes."""
    expression = "$request.body.action"
    defaults = {"Name": "chat", "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": expression}
    api_id: str = call_v2(caller, "CreateApi", **{**defaults, **members})["ApiId"]
    return api_id


COLORS = {
    "AccentColor": "#0e6c5b", "BackgroundColor": "#ffffff", "ErrorValidationColor": "#b2311d", "HeaderColor": "#15211e",
    "NavigationColor": "#f5f6f2", "TextColor": "#19211e",
}  # fmt: skip


def a_portal(caller: Caller, *product_arns: str, name: str = "Pet shop", **members: Any) -> str:
    """The id of a new portal of these products; whoever visits it need not sign in."""
    body = {
        "Authorization": {"None": {}},
        "EndpointConfiguration": {"None": {}},
        "PortalContent": {"DisplayName": name, "Theme": {"CustomColors": COLORS}},
        "IncludedPortalProductArns": list(product_arns),
    }
    portal_id: str = call_v2(caller, "CreatePortal", **{**body, **members})["PortalId"]
    return portal_id


def an_endpoint_page(
    caller: Caller, product_id: str, api: str, path: str = "/pets", method: str = "GET", **members: Any
) -> Shape:
    """A new page about a method of an API's stage `prod`."""
    parts = {"RestApiId": api, "Stage": "prod", "Path": path, "Method": method}
    return call_v2(
        caller,
        "CreateProductRestEndpointPage",
        PortalProductId=product_id,
        RestEndpointIdentifier={"IdentifierParts": parts},
        **members,
    )


def a_portal_with_pages(caller: Caller, api: str) -> Shape:
    """A portal of one product with an overview and a page about `GET /pets`, by the members that name them."""
    product = call_v2(caller, "CreatePortalProduct", DisplayName="Pets", Description="All about pets.")
    of_product = {"PortalProductId": product["PortalProductId"]}
    content = {"Title": "Welcome", "Body": "# Welcome\n\nThese are **our** pets."}
    page = call_v2(caller, "CreateProductPage", **of_product, DisplayContent=content)
    endpoint = an_endpoint_page(caller, product["PortalProductId"], api, TryItState="ENABLED")
    section = {"SectionName": "Adopting", "ProductRestEndpointPageArns": [endpoint["ProductRestEndpointPageArn"]]}
    order = {"OverviewPageArn": page["ProductPageArn"], "Contents": [section]}
    call_v2(caller, "UpdatePortalProduct", **of_product, DisplayOrder=order)
    return {
        **of_product,
        "ProductPageId": page["ProductPageId"],
        "ProductRestEndpointPageId": endpoint["ProductRestEndpointPageId"],
        "PortalId": a_portal(caller, product["PortalProductArn"]),
    }


def mock(status: str = "200", *, body: str | None = None, api_key_required: bool = False) -> Shape:
    """A method whose MOCK integration answers `status`, with `body` as JSON when there is one."""
    return {
        "integration": {
            "type": "MOCK",
            "requestTemplates": {"application/json": f'{{"statusCode": {status}}}'},
        },
        "responses": {status: {"responseTemplates": {"application/json": body}} if body is not None else {}},
        "apiKeyRequired": api_key_required,
    }


def http(uri: str, *, method: str = "ANY", api_key_required: bool = False, **integration: Any) -> Shape:
    """A method that hands requests to a back end (HTTP_PROXY)."""
    return {
        "integration": {"type": "HTTP_PROXY", "uri": uri, "integrationHttpMethod": method, **integration},
        "apiKeyRequired": api_key_required,
    }


def a_rest_api(caller: Caller, paths: Mapping[str, Methods] | None = None, **members: Any) -> str:
    """The id of a new API with these methods by path and verb; without `paths` it has a mock at `GET /pets`."""
    api_id: str = call(caller, "CreateRestApi", **{"name": "petstore", **members})["id"]
    for path, methods in (paths if paths is not None else {"/pets": {"GET": mock()}}).items():
        for http_method, method in methods.items():
            a_method(caller, api_id, path, http_method, method)
    return api_id


def a_resource(caller: Caller, api_id: str, path: str) -> str:
    """The id of the resource at `path`, which is created with its parents where they are missing."""
    known = {item["path"]: item["id"] for item in call(caller, "GetResources", restApiId=api_id, limit=500)["items"]}
    at, resource_id = "", known["/"]
    for part in filter(None, path.split("/")):
        at = f"{at}/{part}"
        if at not in known:
            known[at] = call(caller, "CreateResource", restApiId=api_id, parentId=resource_id, pathPart=part)["id"]
        resource_id = known[at]
    return resource_id


def a_method(caller: Caller, api_id: str, path: str, http_method: str, method: Shape) -> None:
    """A method as `mock` and `http` describe it."""
    at = {"restApiId": api_id, "resourceId": a_resource(caller, api_id, path), "httpMethod": http_method}
    integration = dict(method["integration"])
    path_parameters = {
        f"method.request.path.{part.strip('{}+')}": True for part in path.split("/") if part.startswith("{")
    }
    call(
        caller,
        "PutMethod",
        **at,
        authorizationType="NONE",
        apiKeyRequired=method.get("apiKeyRequired", False),
        **({"requestParameters": path_parameters} if path_parameters else {}),
    )
    if path_parameters and integration["type"] != "MOCK" and "requestParameters" not in integration:
        integration["requestParameters"] = {
            name.replace("method.", "integration.", 1): name for name in path_parameters
        }
    call(caller, "PutIntegration", **at, **integration)
    for status, response in method.get("responses", {}).items():
        call(caller, "PutMethodResponse", **at, statusCode=status)
        call(caller, "PutIntegrationResponse", **at, statusCode=status, **response)


def a_stage(caller: Caller, api_id: str, name: str = "prod", **members: Any) -> str:
    """The name of a stage at which the API is deployed as it is now."""
    call(caller, "CreateDeployment", restApiId=api_id, stageName=name, **members)
    return name


def a_plan(caller: Caller, *stages: tuple[str, str], **members: Any) -> str:
    """The id of a usage plan that covers the stages `(restApiId, stageName)`."""
    covered = [{"apiId": api_id, "stage": stage} for api_id, stage in stages]
    plan_id: str = call(caller, "CreateUsagePlan", **{"name": "gold", "apiStages": covered, **members})["id"]
    return plan_id


def a_key(caller: Caller, **members: Any) -> Shape:
    """An enabled API key: AWS's ApiKey with its `value`."""
    return call(caller, "CreateApiKey", **{"name": "a key", "enabled": True, **members})


def subscribe(caller: Caller, plan_id: str, key: Shape) -> None:
    """Let a key draw on a plan."""
    call(caller, "CreateUsagePlanKey", usagePlanId=plan_id, keyId=key["id"], keyType="API_KEY")


def published() -> tuple[dict[str, str], dict[str, bytes]]:
    """What the runtime is told: the digests of all sections, and the documents by digest."""
    rows = ConfigurationSection.objects.exclude(document=None).select_related("document")
    found = [(row.name, row.document) for row in rows if row.document is not None]
    return (
        {name: document.digest for name, document in found},
        {document.digest: document.body.encode() for _, document in found},
    )
